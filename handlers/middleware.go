package handlers

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	requestKey = "request"
	pageKey    = "page"

	// answerWithin bounds the work on one request, so that shops get their 503
	// before they give up by themselves.
	answerWithin = 10 * time.Second
)

// requestID is in every answer and every log line of a request.
func requestID(c echo.Context) string {
	id, _ := c.Get(requestKey).(string)
	return id
}

// The policies of pages and of everything else.
const (
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
	dataPolicy = "default-src 'none'; frame-ancestors 'none'"
)

// stamp names the request and sets the headers of every answer.
func (s *Server) stamp(next echo.HandlerFunc) echo.HandlerFunc {
	secure := strings.HasPrefix(s.o.PublicURL, "https://")
	return func(c echo.Context) error {
		id := rand.Text()
		c.Set(requestKey, id)
		h := c.Response().Header()
		h.Set("X-Request-Id", id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", dataPolicy)
		if secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		return next(c)
	}
}

// asPage marks the routes that people see: their errors are pages, too.
func asPage(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Set(pageKey, true)
		c.Response().Header().Set("Content-Security-Policy", pagePolicy)
		return next(c)
	}
}

// guardPanics turns a panic into a 500 and keeps the stack for the log.
func (s *Server) guardPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if abort, ok := p.(error); ok && errors.Is(abort, http.ErrAbortHandler) {
				panic(p)
			}
			s.log.Error("panic", "request", requestID(c), "route", s.routeOf(c), "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = &Fault{Status: 500, Code: "internal", Detail: "Something went wrong here. The log has it under X-Request-Id."}
		}()
		return next(c)
	}
}

// limitTime bounds the work on a request. The development clock takes its time.
func limitTime(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Path() == "/dev/clock" {
			return next(c)
		}
		ctx, cancel := context.WithTimeout(c.Request().Context(), answerWithin)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}

// extractor finds the caller's address. Only trusted proxies may name it.
func extractor(trusted []netip.Prefix) echo.IPExtractor {
	if trusted == nil {
		return echo.ExtractIPFromXFFHeader()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		bits := 128
		if p.Addr().Is4() {
			bits = 32
		}
		options = append(options, echo.TrustIPRange(&net.IPNet{IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), bits)}))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}
