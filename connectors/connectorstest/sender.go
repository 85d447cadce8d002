package connectorstest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// SenderCase is a sender and what is known about its provider.
type SenderCase struct {
	// New makes the sender for a provider at baseURL, with the credentials
	// named in Secrets.
	New      func(baseURL string) connectors.Sender
	Outgoing connectors.Outgoing // a message that the sender would really send
	// Accepted writes the provider's answer to a message it took: with Status,
	// and with ID in it.
	Accepted func(w http.ResponseWriter)
	Status   int
	ID       string
	Secrets  []string // what must never be seen outside a request
}

// Sender asserts what every sender must keep to: one request and no more,
// whatever happens, and an outcome that claims nothing the wire did not prove.
// Nothing of a secret, an address or the message may show in results or logs.
func Sender(t *testing.T, c SenderCase) {
	t.Helper()
	leaks := watchLeaks(t, c)
	t.Run("every status gets one request and its outcome", func(t *testing.T) { everyStatus(t, c, leaks) })
	t.Run("a message that was taken has the provider's id", func(t *testing.T) { taken(t, c, leaks) })
	t.Run("a broken line proves no more than it does", func(t *testing.T) { brokenLines(t, c, leaks) })
	t.Run("sends at the same time do not mix", func(t *testing.T) { manyAtOnce(t, c) })
	leaks.inLogs(t)
}

// wantFor is the outcome of a complete answer that says nothing but its status.
func wantFor(c SenderCase, status int) []lifecycle.Outcome {
	switch {
	case status == c.Status:
		return []lifecycle.Outcome{lifecycle.Accepted}
	case status == http.StatusTooManyRequests:
		return []lifecycle.Outcome{lifecycle.NotSent}
	case status >= 400 && status <= 499 && status != http.StatusRequestTimeout && status != 499:
		return []lifecycle.Outcome{lifecycle.RejectedContent, lifecycle.RejectedAccount}
	}
	return []lifecycle.Outcome{lifecycle.Ambiguous}
}

func everyStatus(t *testing.T, c SenderCase, leaks *leaks) {
	var status, requests atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Location", r.URL.RequestURI()) // whoever follows comes back here
		w.WriteHeader(int(status.Load()))
		if n := status.Load(); n != http.StatusNoContent && n != http.StatusNotModified {
			_, _ = io.WriteString(w, "{}")
		}
	}))
	defer s.Close()
	sender := c.New(s.URL)
	for n := 200; n <= 599; n++ {
		status.Store(int64(n))
		requests.Store(0)
		r := sender.Send(t.Context(), c.Outgoing)
		leaks.inResult(t, r)
		if !among(r.Outcome, wantFor(c, n)) {
			t.Errorf("status %d: outcome %v, want one of %v", n, r.Outcome, wantFor(c, n))
		}
		if requests.Load() != 1 {
			t.Errorf("status %d: %d requests, want 1", n, requests.Load())
		}
		if r.Outcome != lifecycle.Accepted && r.Reason == "" {
			t.Errorf("status %d: no reason", n)
		}
		if r.AttemptID != c.Outgoing.AttemptID {
			t.Errorf("status %d: attempt %q, want %q", n, r.AttemptID, c.Outgoing.AttemptID)
		}
	}
}

func taken(t *testing.T, c SenderCase, leaks *leaks) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.Accepted(w) }))
	defer s.Close()
	r := c.New(s.URL).Send(t.Context(), c.Outgoing)
	leaks.inResult(t, r)
	if r.Outcome != lifecycle.Accepted || r.ProviderID != c.ID || r.Reason != "" {
		t.Errorf("got %v, id %q, reason %q; want accepted, id %q and no reason", r.Outcome, r.ProviderID, r.Reason, c.ID)
	}
}

// manyAtOnce sends many messages through one sender; each must arrive once.
func manyAtOnce(t *testing.T, c SenderCase) {
	const many = 64
	var mu sync.Mutex
	var bodies []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		bodies = append(bodies, string(b))
		mu.Unlock()
		c.Accepted(w)
	}))
	defer s.Close()
	sender := c.New(s.URL)
	results := make([]lifecycle.Result, many)
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			m := c.Outgoing
			m.AttemptID = attempt(i)
			results[i] = sender.Send(context.WithoutCancel(t.Context()), m)
		})
	}
	wg.Wait()
	if len(bodies) != many {
		t.Errorf("%d requests, want %d", len(bodies), many)
	}
	all := strings.Join(bodies, "\n")
	for i, r := range results {
		if n := strings.Count(all, attempt(i)); n != 1 {
			t.Errorf("attempt %d arrived %d times, want once", i, n)
		}
		if r.AttemptID != attempt(i) || r.Outcome != lifecycle.Accepted {
			t.Errorf("attempt %d: result %v for %q", i, r.Outcome, r.AttemptID)
		}
	}
}

func attempt(i int) string { return fmt.Sprintf("contact.%06dX", i) }

func among(o lifecycle.Outcome, list []lifecycle.Outcome) bool {
	for _, w := range list {
		if o == w {
			return true
		}
	}
	return false
}
