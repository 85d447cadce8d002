package handlers

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"ritorno/connectors"
	"ritorno/internal/engine"
	"ritorno/internal/link"
	"ritorno/internal/store"
)

// Fault is an answer other than success that a handler asks for. Its text is
// shown to the client, so it is made of constants.
type Fault struct {
	Status int
	Code   string        // stable, for programs
	Detail string        // what to do, for people
	Retry  time.Duration // for Retry-After; 0: none
}

// Error is the fault's code.
func (f *Fault) Error() string { return f.Code }

// Problem is the body of an error answer: RFC 9457 with a stable code.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Code   string `json:"code"`
}

// The faults that have no error of another package behind them.
var (
	errNoToken      = &Fault{Status: 401, Code: "token_missing", Detail: "Send Authorization: Bearer with a token made by `ritorno token create`."}
	errBadToken     = &Fault{Status: 401, Code: "token_unknown", Detail: "The token is unknown or was revoked: make another with `ritorno token create`."}
	errRole         = &Fault{Status: 403, Code: "role_too_low", Detail: "The token's role may not do this: use a token with a higher role."}
	errShopNeeded   = &Fault{Status: 400, Code: "shop_missing", Detail: "Add ?shop= with the name of a shop from the configuration."}
	errNotFound     = &Fault{Status: 404, Code: "not_found", Detail: "There is nothing by this name."}
	errTooLarge     = &Fault{Status: 413, Code: "body_too_large", Detail: "The body is over the limit of this route."}
	errEncoding     = &Fault{Status: 415, Code: "content_encoding", Detail: "Send the body as it is, without Content-Encoding."}
	errUnreadable   = &Fault{Status: 400, Code: "body_unreadable", Detail: "The body ended early or came too slowly."}
	errUnconfigured = &Fault{Status: 404, Code: "not_configured", Detail: "This provider is not in the configuration."}
)

// tooMany is the answer to a caller over a limit.
func tooMany(wait time.Duration) *Fault {
	return &Fault{Status: 429, Code: "too_many_requests", Detail: "Wait as long as Retry-After says.", Retry: max(wait, time.Second)}
}

// retryUnavailable is what a sender is asked to wait while the store is away.
const retryUnavailable = 5 * time.Second

// faultOf is the only place where an error becomes a status and a code.
func faultOf(err error) *Fault {
	var f *Fault
	var h *echo.HTTPError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, connectors.ErrSignature):
		return &Fault{Status: 401, Code: "bad_signature", Detail: "The signature does not fit this URL's secret."}
	case errors.Is(err, connectors.ErrMalformed):
		return &Fault{Status: 422, Code: "malformed", Detail: "The body is not in the documented form."}
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &Fault{Status: 503, Code: "store_unavailable", Detail: "The store cannot be reached. Nothing was accepted: send it again.", Retry: retryUnavailable}
	case errors.Is(err, store.ErrNotFound), errors.Is(err, engine.ErrShop), errors.Is(err, link.ErrToken):
		return errNotFound
	case errors.Is(err, engine.ErrPast):
		return &Fault{Status: 409, Code: "clock_past", Detail: "The clock can go back only while the store holds no contact."}
	case errors.Is(err, store.ErrCrowded):
		return &Fault{Status: 409, Code: "full", Detail: "There are as many as the store keeps: remove some first."}
	case errors.As(err, &large):
		return errTooLarge
	case errors.As(err, &h):
		return routeFault(h.Code)
	}
	return &Fault{Status: 500, Code: "internal", Detail: "Something went wrong here. The log has it under X-Request-Id."}
}

// routeFault is for what the router refuses.
func routeFault(status int) *Fault {
	switch status {
	case http.StatusNotFound:
		return &Fault{Status: status, Code: "no_route", Detail: "There is no such route."}
	case http.StatusMethodNotAllowed:
		return &Fault{Status: status, Code: "method_not_allowed", Detail: "This route does not know the method."}
	}
	return &Fault{Status: status, Code: "refused", Detail: http.StatusText(status)}
}

// fail answers an error and logs it, once. The client never sees the error's
// own text.
func (s *Server) fail(err error, c echo.Context) {
	f := faultOf(err)
	s.logFault(c, f, err)
	if c.Response().Committed {
		return
	}
	h := c.Response().Header()
	if f.Retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int((f.Retry+time.Second-1)/time.Second)))
	}
	if f.Status == http.StatusUnauthorized && (f == errNoToken || f == errBadToken) {
		h.Set("WWW-Authenticate", `Bearer realm="ritorno"`)
	}
	var answered error
	switch {
	case c.Request().Method == http.MethodHead:
		answered = c.NoContent(f.Status)
	case c.Get(pageKey) != nil:
		answered = s.failPage(c, f)
	default:
		h.Set(echo.HeaderContentType, "application/problem+json")
		answered = c.JSON(f.Status, Problem{Type: "about:blank", Title: http.StatusText(f.Status), Status: f.Status, Detail: f.Detail, Code: f.Code})
	}
	if answered != nil {
		s.log.Debug("answer not written", "request", requestID(c), "error", answered)
	}
}

func (s *Server) logFault(c echo.Context, f *Fault, err error) {
	level := slog.LevelInfo
	if f.Status >= 500 {
		level = slog.LevelError
	}
	args := []any{"request", requestID(c), "route", s.routeOf(c), "status", f.Status, "code", f.Code}
	if err.Error() != f.Code {
		args = append(args, "error", err)
	}
	s.log.Log(c.Request().Context(), level, "request refused", args...)
}
