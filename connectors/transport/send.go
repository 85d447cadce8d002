package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"ritorno/internal/defect"
)

// ErrSecond: something tried to send the same message again. It never leaves.
var ErrSecond = errors.New("a send makes one request only")

var (
	errSwitched = errors.New("answer switches protocols")
	errLong     = errors.New("answer longer than 1 MiB")
)

// Evidence is what one send left behind. It is what outcomes are judged by.
type Evidence struct {
	// GotConn: a connection was obtained, TLS handshake included.
	GotConn bool
	// Wrote: bytes of the request were handed to the kernel. Never true
	// without GotConn.
	Wrote bool
	// Status is the HTTP status, 0 if no complete answer head came.
	Status int
	Header http.Header
	Body   []byte // at most 1 MiB
	// BodyErr: the answer's body broke or was longer than what is read.
	BodyErr error
}

// Send is one send. It is used by one goroutine.
type Send struct {
	ctx    context.Context
	cancel context.CancelFunc
	t      *Transport
	guard  *guard
	used   atomic.Bool
	got    Evidence
	done   atomic.Bool
}

// Begin prepares one send. No byte is written after deadline (zero: none) nor
// after Close; the whole send ends after the transport's SendTimeout.
func (t *Transport) Begin(ctx context.Context, deadline time.Time) *Send {
	ctx, cancel := context.WithTimeout(ctx, t.o.SendTimeout)
	s := &Send{cancel: cancel, t: t, guard: newGuard(deadline, time.Now())}
	s.ctx = s.guard.into(ctx)
	return s
}

// Client returns an HTTP client for exactly one request. A second one, also
// one made by a redirect or by a retry, gets ErrSecond.
func (s *Send) Client() *http.Client {
	rc := &retryablehttp.Client{
		HTTPClient:   &http.Client{Transport: s, CheckRedirect: refuseRedirect},
		RetryMax:     0, // the engine owns the schedule
		CheckRetry:   s.mayRepeat,
		Backoff:      retryablehttp.DefaultBackoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	c := rc.StandardClient()
	c.CheckRedirect = refuseRedirect
	return c
}

// mayRepeat is the one sound policy for a POST: only what surely was not
// accepted. With RetryMax 0 it is never acted on; it stands here so that
// raising that number cannot send a message twice.
func (s *Send) mayRepeat(_ context.Context, resp *http.Response, err error) (bool, error) {
	if err != nil {
		return !s.got.GotConn && s.ctx.Err() == nil && !errors.Is(err, ErrSecond), nil
	}
	return resp.StatusCode == http.StatusTooManyRequests, nil
}

// Evidence says what happened. Called before the request is over, it ends it.
func (s *Send) Evidence() Evidence {
	if !s.done.Load() {
		s.got.GotConn, s.got.Wrote = s.guard.seal()
	}
	return s.got
}

// Close ends the send and frees what it holds. The evidence stays.
func (s *Send) Close() {
	s.Evidence()
	s.cancel()
}

// RoundTrip carries the one request and reads its whole answer.
func (s *Send) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.used.Swap(true) && !defect.On("one_request") {
		closeBody(r)
		return nil, ErrSecond
	}
	defer s.finish()
	if s.guard.late(time.Now()) {
		closeBody(r)
		return nil, errLate
	}
	resp, err := s.t.base.RoundTrip(s.outgoing(r))
	if err != nil {
		return nil, err
	}
	s.got.Status, s.got.Header = resp.StatusCode, resp.Header
	s.got.Body, s.got.BodyErr = answer(resp)
	resp.Body = &replay{rest: s.got.Body, err: s.got.BodyErr}
	return resp, nil
}

func (s *Send) finish() {
	s.got.GotConn, s.got.Wrote = s.guard.seal()
	s.done.Store(true)
}

// outgoing is the request as it leaves. Without GetBody and without an
// idempotency header nothing in net/http can replay it.
func (s *Send) outgoing(r *http.Request) *http.Request {
	q := r.Clone(httptrace.WithClientTrace(s.ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { s.guard.connected() },
	}))
	q.GetBody = nil
	q.URL = s.t.o.address(q.URL)
	q.Host = ""
	q.Header.Del("Idempotency-Key")
	q.Header.Del("X-Idempotency-Key")
	if s.t.o.Authorize != nil {
		s.t.o.Authorize(q.Header)
	}
	return q
}

// answer reads a body to its end, so that the SDK above finds it complete or
// knows that it broke.
func answer(resp *http.Response) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }() // the connection is not used again
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return nil, errSwitched // its body is the open connection
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(b) > maxAnswer {
		return b[:maxAnswer], errLong
	}
	return b, err
}

// replay gives the read answer again, with the error it ended in.
type replay struct {
	rest []byte
	err  error // nil: a clean end
}

func (r *replay) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *replay) Close() error { return nil }

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close() // RoundTrip must close it; nothing was read
	}
}
