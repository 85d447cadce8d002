package load_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ritorno/bench/internal/load"
	"ritorno/bench/internal/orders"
)

func TestEachRequestArrivesOnceAndAWrongAnswerEndsTheRun(t *testing.T) {
	var got, bytes atomic.Int64
	bad := atomic.Bool{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got.Add(1)
		bytes.Add(int64(len(body)))
		if bad.Load() {
			_, _ = io.WriteString(w, "no")
			return
		}
		_, _ = io.WriteString(w, "yes\n")
	}))
	defer srv.Close()
	addr := strings.TrimPrefix(srv.URL, "http://")
	list := orders.NewMaker("secret", time.Now(), 25).Batch(100)
	want := int64(0)
	for _, o := range list {
		want += int64(len(o.Body))
	}
	requests := load.Prepare("/hooks/a/b", list)
	r, err := load.Run(context.Background(), addr, 4, requests, "yes")
	if err != nil {
		t.Fatal(err)
	}
	if got.Load() != 100 || bytes.Load() != want {
		t.Errorf("%d requests with %d bytes, want 100 with %d", got.Load(), bytes.Load(), want)
	}
	if r.Requests != 100 || r.P50 <= 0 || r.P99 < r.P50 || r.PerSecond() <= 0 {
		t.Errorf("measured %+v", r)
	}
	bad.Store(true)
	if _, err := load.Run(context.Background(), addr, 4, requests, "yes"); err == nil || !strings.Contains(err.Error(), "no") {
		t.Errorf("a wrong answer gave error %v", err)
	}
}
