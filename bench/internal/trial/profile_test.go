package trial_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ritorno/bench/internal/baseline"
	"ritorno/bench/internal/orders"
	"ritorno/bench/internal/trial"
)

// BenchmarkHook is one order through the whole handler, without the network, on
// a store that waits for the disk: what to profile.
//
//	go test ./internal/trial -run - -bench Hook -benchtime 20000x -cpuprofile /tmp/cpu
func BenchmarkHook(b *testing.B) {
	house, err := trial.Open(context.Background(), b.TempDir(), "always")
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := house.Close(); err != nil {
			b.Error(err)
		}
	}()
	maker := orders.NewMaker("shpss_bench", time.Now(), 25)
	list := maker.Batch(b.N)
	var next atomic.Int64
	b.SetParallelism(16)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			o := list[next.Add(1)-1]
			r := httptest.NewRequest(http.MethodPost, baseline.Path, bytes.NewReader(o.Body))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-Shopify-Topic", orders.Topic)
			r.Header.Set("X-Shopify-Hmac-Sha256", o.Signature)
			r.Header.Set("X-Shopify-Shop-Domain", "bottega.myshopify.com")
			r.Header.Set("X-Shopify-Webhook-Id", o.WebhookID)
			w := httptest.NewRecorder()
			house.Handler.ServeHTTP(w, r)
			if w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != baseline.Answer {
				b.Errorf("order %d: %d %s", o.Number, w.Code, w.Body)
				return
			}
		}
	})
}

// BenchmarkImport is one order of a history, five of each customer, sorted by
// customer and by time: what to profile.
//
//	go test ./internal/trial -run - -bench Import/Time -benchtime 100000x -cpuprofile /tmp/cpu
func BenchmarkImport(b *testing.B) {
	b.Run("Customer", func(b *testing.B) { benchmarkImport(b, false) })
	b.Run("Time", func(b *testing.B) { benchmarkImport(b, true) })
}

func benchmarkImport(b *testing.B, timely bool) {
	ctx := context.Background()
	house, err := trial.Open(ctx, b.TempDir(), "always")
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := house.Close(); err != nil {
			b.Error(err)
		}
	}()
	defer debug.SetGCPercent(debug.SetGCPercent(trial.ImportGC))
	file := trial.HistoryFile(b.N, 1, timely)
	b.ReportAllocs()
	b.ResetTimer()
	if err := house.TakeIn(ctx, "import", file); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	commands, err := house.Commands(ctx)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("what the store did: %s", commands)
}
