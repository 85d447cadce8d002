package handlers

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"ritorno/connectors"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/point"
	"ritorno/internal/store"
)

// maxHook is the longest webhook body in bytes, as read.
const maxHook = 1 << 20

// Accepted is the answer to a delivery that was stored.
type Accepted struct {
	Accepted  bool `json:"accepted"`
	Ignored   bool `json:"ignored,omitempty"`   // of no use to us: nothing was stored
	Duplicate bool `json:"duplicate,omitempty"` // stored before: nothing changed
	Parked    bool `json:"parked,omitempty"`    // kept until the person becomes known
	Dead      bool `json:"dead,omitempty"`      // not understood: kept as a dead letter
	Spooled   bool `json:"spooled,omitempty"`   // kept on disk until the store is back

	orders int // that were not known before
}

// hook takes one delivery of a source.
func (s *Server) hook(c echo.Context) error {
	body, err := readBody(c, maxHook)
	if err != nil {
		return err
	}
	req := s.Request(c, body)
	d := delivery{shop: Param(c, "shop"), source: Param(c, "source"), req: req}
	src, known := s.o.Sources[d.shop][d.source]
	if !known {
		s.pretend(body)
		return s.limitFailure(c, errNotFound)
	}
	d.kind = src.Kind
	err = src.Source.Verify(req)
	switch {
	case errors.Is(err, connectors.ErrPing):
		return c.JSON(http.StatusOK, Accepted{Accepted: true})
	case err != nil:
		return s.badSignature(c, d, err)
	}
	out, err := s.keep(c.Request().Context(), d, src)
	if err != nil {
		return err
	}
	point.At("stored")
	return answer(c, src.Source, d.req, out)
}

// answer is ours, or the one that the sender waits for.
func answer(c echo.Context, src connectors.Source, r connectors.Request, out Accepted) error {
	if a, ok := src.(connectors.Answerer); ok {
		if contentType, body := a.Answer(r); len(body) > 0 {
			return c.Blob(http.StatusOK, contentType, body)
		}
	}
	return c.JSON(http.StatusOK, out)
}

// keep stores what a verified delivery says, or spools it.
func (s *Server) keep(ctx context.Context, d delivery, src Source) (out Accepted, err error) {
	if src.Once && s.o.Spool.Len() > 0 {
		return s.spool(d) // behind those that wait
	}
	if d.req.Now, err = s.now(ctx); err == nil {
		out, err = s.take(ctx, d, src.Source)
	}
	if err != nil && src.Once && s.o.Spool != nil && Unconfirmed(err) {
		return s.spool(d)
	}
	return out, err
}

// take turns a verified delivery into stored events, or into a dead letter. An
// error means that nothing may be acknowledged; the sender repeats, and what
// was stored already is known by its key.
func (s *Server) take(ctx context.Context, d delivery, src connectors.Source) (Accepted, error) {
	if n, ok := src.(connectors.Namer); ok {
		d.called = n.Topic(d.req)
	}
	events, err := normalise(src, d.req)
	if err != nil {
		s.log.Warn("delivery not understood", "shop", d.shop, "source", d.source, "error", err)
		if err := s.salvage(ctx, d, events); err != nil {
			return Accepted{}, err
		}
		return s.bury(ctx, d, "malformed", err)
	}
	if len(events) == 0 {
		s.note(ctx, d, store.OutcomeIgnored, nil)
		return Accepted{Accepted: true, Ignored: true}, nil
	}
	out, err := s.Apply(ctx, d.shop, d.source, events)
	switch {
	case err == nil:
	case Unconfirmed(err):
		return Accepted{}, err
	default: // a mistake of ours: repeating would fail again, so keep it
		s.log.Error("delivery not applied", "shop", d.shop, "source", d.source, "error", err)
		return s.bury(ctx, d, "not_applied", nil)
	}
	s.note(ctx, d, outcomeOf(out), events)
	return out, nil
}

// salvage applies what could be read of a delivery that becomes a dead letter.
// A replay of the letter knows these events by their keys, which are kept for
// longer than any letter.
func (s *Server) salvage(ctx context.Context, d delivery, events []lifecycle.Event) error {
	if len(events) == 0 {
		return nil
	}
	_, err := s.Apply(ctx, d.shop, d.source, events)
	if err != nil && !Unconfirmed(err) {
		s.log.Error("delivery not applied", "shop", d.shop, "source", d.source, "error", err)
		err = nil // all of it is in the letter
	}
	return err
}

// Apply takes in all events of one delivery.
func (s *Server) Apply(ctx context.Context, shop, source string, events []lifecycle.Event) (Accepted, error) {
	if slices.ContainsFunc(events, func(ev lifecycle.Event) bool { return ev.Type == lifecycle.EraseRequested }) {
		if err := s.BeforeErasing(ctx); err != nil {
			return Accepted{}, err
		}
	}
	sum := Accepted{Accepted: true, Ignored: true, Duplicate: true}
	for _, ev := range events {
		ev.Source = source
		out, err := s.engine.Apply(ctx, shop, ev)
		if err != nil {
			return Accepted{}, err
		}
		sum.add(out, ev.Type)
	}
	return sum, nil
}

// add keeps ignored and duplicate only where they hold for every event.
func (a *Accepted) add(out engine.Outcome, t lifecycle.Type) {
	a.Ignored = a.Ignored && out.Ignored && t != lifecycle.SourceGone
	a.Duplicate = a.Duplicate && out.Duplicate
	a.Parked = a.Parked || out.Parked
	if out.NewOrder {
		a.orders++
	}
}

func outcomeOf(a Accepted) store.Outcome {
	switch {
	case a.Duplicate:
		return store.OutcomeDuplicate
	case a.Parked:
		return store.OutcomeParked
	case a.Ignored:
		return store.OutcomeIgnored
	}
	return store.OutcomeAccepted
}

// normalise keeps a mistake in a connector from disabling the shop's hook: the
// body becomes a dead letter.
func normalise(src connectors.Source, r connectors.Request) (events []lifecycle.Event, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic of kind %T in Normalise: %w\n%s", p, connectors.ErrMalformed, debug.Stack())
		}
	}()
	return src.Normalise(r)
}

// badSignature answers 401, or 429 to an address that tries too often. Good
// signatures are never limited.
func (s *Server) badSignature(c echo.Context, d delivery, err error) error {
	if !errors.Is(err, connectors.ErrSignature) {
		err = fmt.Errorf("%w: %w", connectors.ErrSignature, err)
	}
	answer := s.limitFailure(c, err)
	if errors.Is(answer, connectors.ErrSignature) {
		s.note(c.Request().Context(), d, store.OutcomeBadSignature, nil)
	}
	return answer
}

// limitFailure is err, or 429 once the address sent too many of them.
func (s *Server) limitFailure(c echo.Context, err error) error {
	now, address := time.Now(), c.RealIP()
	if !s.failures.Allow(address, now) {
		return tooMany(s.failures.Wait(address, now))
	}
	return err
}

// pretend spends the time of a signature check on a source that does not
// exist, so that time does not tell which ones do.
func (s *Server) pretend(body []byte) {
	mac := hmac.New(sha256.New, s.decoy)
	mac.Write(body)
	hmac.Equal(mac.Sum(nil), s.decoy)
}

func decoyKey() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails; see crypto/rand
	return key
}

// readBody reads at most limit bytes, exactly as they were sent.
func readBody(c echo.Context, limit int64) ([]byte, error) {
	r := c.Request()
	if e := r.Header.Get(echo.HeaderContentEncoding); e != "" && e != "identity" {
		return nil, errEncoding
	}
	if r.ContentLength > limit {
		return nil, errTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, limit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, errTooLarge
	case err != nil:
		return nil, errUnreadable
	}
	return body, nil
}

// Request is the call without the framework, as the sender made it.
func (s *Server) Request(c echo.Context, body []byte) connectors.Request {
	r := c.Request()
	return connectors.Request{
		Method: r.Method, URL: s.o.PublicURL + r.URL.RequestURI(), Header: r.Header, Query: r.URL.Query(),
		Body: body, ReceivedAt: time.Now(),
	}
}

// ReadBody reads the body of a call of at most limit bytes, for handlers/api.
func ReadBody(c echo.Context, limit int64) ([]byte, error) { return readBody(c, limit) }

// ReadRequest reads a call of at most 1 MiB with the program's time.
func (s *Server) ReadRequest(c echo.Context) (connectors.Request, error) {
	body, err := readBody(c, maxHook)
	if err != nil {
		return connectors.Request{}, err
	}
	req := s.Request(c, body)
	req.Now, err = s.now(c.Request().Context())
	return req, err
}

// now is the program's time.
func (s *Server) now(ctx context.Context) (time.Time, error) {
	_, program, err := s.engine.Now(ctx)
	return program, err
}
