package transport_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"ritorno/connectors/transport"
)

func TestReader(t *testing.T) {
	var n atomic.Int64
	first := "503"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case n.Add(1) > 1:
		case first == "503":
			w.WriteHeader(http.StatusServiceUnavailable)
		case first == "long":
			w.Header().Set("Retry-After", "86400")
			w.WriteHeader(http.StatusTooManyRequests)
		case first == "redirect":
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		}
	}))
	defer s.Close()
	c := transport.Reader(transport.Options{BaseURL: parse(t, s.URL)})
	get := func(how string) int {
		t.Helper()
		first = how
		n.Store(0)
		resp, err := c.Get("https://api.example.com/v3/x")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp.StatusCode
	}
	if got := get("503"); got != http.StatusOK || n.Load() != 2 {
		t.Errorf("after a 503: %d in %d tries, want 200 in 2", got, n.Load())
	}
	if got := get("long"); got != http.StatusTooManyRequests || n.Load() != 1 {
		t.Errorf("asked to wait a day: %d in %d tries, want 429 at once", got, n.Load())
	}
	if got := get("redirect"); got != http.StatusFound || n.Load() != 1 {
		t.Errorf("redirected: %d in %d tries, want 302 in 1", got, n.Load())
	}
	n.Store(0)
	if _, err := c.Post("https://api.example.com/v3/x", "text/plain", strings.NewReader("x")); !errors.Is(err, transport.ErrSecond) || n.Load() != 0 {
		t.Errorf("a POST: %v, %d requests; want ErrSecond and none", err, n.Load())
	}
}
