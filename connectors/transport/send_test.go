package transport_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ritorno/connectors/transport"
	"ritorno/internal/lifecycle"
)

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func post(t *testing.T, target string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, target, strings.NewReader("Body=ciao"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestASendMakesOneRequest(t *testing.T) {
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { n.Add(1) }))
	defer s.Close()
	send := transport.New(transport.Options{}).Begin(t.Context(), time.Time{})
	defer send.Close()
	if _, err := send.Client().Do(post(t, s.URL)); err != nil {
		t.Fatal(err)
	}
	_, err := send.Client().Do(post(t, s.URL))
	if !errors.Is(err, transport.ErrSecond) {
		t.Errorf("the second request: %v, want ErrSecond", err)
	}
	if n.Load() != 1 {
		t.Errorf("%d requests arrived, want 1", n.Load())
	}
	if ev := send.Evidence(); ev.Status != http.StatusOK || !ev.GotConn || !ev.Wrote {
		t.Errorf("evidence of the first: %+v", ev)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		var n atomic.Int64
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n.Add(1)
			http.Redirect(w, r, "/elsewhere", status)
		}))
		send := transport.New(transport.Options{}).Begin(t.Context(), time.Time{})
		resp, err := send.Client().Do(post(t, s.URL))
		if err != nil || resp.StatusCode != status {
			t.Errorf("%d: got %v, %v", status, resp, err)
		}
		if n.Load() != 1 {
			t.Errorf("%d: %d requests, want 1", status, n.Load())
		}
		send.Close()
		s.Close()
	}
}

func TestARequestLeavesReadyToBeSentOnce(t *testing.T) {
	var got *http.Request
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r }))
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	base := parse(t, s.URL+"/proxy/")
	send := transport.New(transport.Options{
		BaseURL: base, TLS: &tls.Config{RootCAs: pool},
		Authorize: func(h http.Header) { h.Set("Authorization", "secret") },
	}).Begin(t.Context(), time.Now().Add(time.Minute))
	defer send.Close()
	r := post(t, "https://api.example.com/v3/mail?x=1")
	r.Header.Set("Idempotency-Key", "k")
	r.Header.Set("X-Idempotency-Key", "k")
	if _, err := send.Client().Do(r); err != nil {
		t.Fatal(err)
	}
	switch {
	case got.ProtoMajor != 1:
		t.Errorf("HTTP/%d to a server that offers 2", got.ProtoMajor)
	case got.Host != base.Host || got.RequestURI != "/proxy/v3/mail?x=1":
		t.Errorf("called %s%s", got.Host, got.RequestURI)
	case !got.Close:
		t.Error("the connection would be kept")
	case got.Header.Get("Authorization") != "secret":
		t.Error("not authorized")
	case got.Header.Get("Idempotency-Key")+got.Header.Get("X-Idempotency-Key") != "":
		t.Error("an idempotency header left")
	case r.Header.Get("Authorization") != "" || r.GetBody == nil:
		t.Error("the caller's request was changed")
	}
}

func TestNoByteLeavesAfterTheDeadline(t *testing.T) {
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { n.Add(1) }))
	defer s.Close()
	deadline := time.Now().Add(50 * time.Millisecond)
	// The connection stands in time, and then the process is held up.
	held := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { <-time.After(time.Until(deadline) + time.Millisecond) },
	})
	send := transport.New(transport.Options{}).Begin(held, deadline)
	defer send.Close()
	if _, err := send.Client().Do(post(t, s.URL)); err == nil {
		t.Error("it was sent")
	}
	ev := send.Evidence()
	if !ev.GotConn || ev.Wrote || transport.Classify(ev) != lifecycle.NotSent {
		t.Errorf("evidence %+v, outcome %v; want a connection, nothing written, not sent", ev, transport.Classify(ev))
	}
	if n.Load() != 0 {
		t.Error("the request arrived")
	}
}

func TestNoByteLeavesAfterClose(t *testing.T) {
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { n.Add(1) }))
	defer s.Close()
	send := transport.New(transport.Options{}).Begin(context.Background(), time.Time{})
	send.Close()
	if _, err := send.Client().Do(post(t, s.URL)); err == nil {
		t.Error("it was sent")
	}
	if n.Load() != 0 || transport.Classify(send.Evidence()) != lifecycle.NotSent {
		t.Errorf("%d requests arrived, outcome %v", n.Load(), transport.Classify(send.Evidence()))
	}
}

func TestTheWholeSendIsLimited(t *testing.T) {
	gone := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-gone }))
	defer s.Close()
	defer close(gone)
	send := transport.New(transport.Options{SendTimeout: 50 * time.Millisecond}).Begin(t.Context(), time.Time{})
	defer send.Close()
	_, err := send.Client().Do(post(t, s.URL))
	if !errors.Is(err, context.DeadlineExceeded) || transport.Classify(send.Evidence()) != lifecycle.Ambiguous {
		t.Errorf("error %v, outcome %v; want a time-out and ambiguous", err, transport.Classify(send.Evidence()))
	}
}

func TestAnAnswerIsReadInBounds(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.CopyN(w, zeros{}, 3<<20)
	}))
	defer s.Close()
	send := transport.New(transport.Options{}).Begin(t.Context(), time.Time{})
	defer send.Close()
	resp, err := send.Client().Do(post(t, s.URL))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if ev := send.Evidence(); len(b) != 1<<20 || err == nil || ev.BodyErr == nil || len(ev.Body) != 1<<20 {
		t.Errorf("read %d bytes, %v; evidence %d bytes, %v", len(b), err, len(ev.Body), ev.BodyErr)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
