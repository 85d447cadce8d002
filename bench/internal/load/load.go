// Package load posts prepared requests over a fixed number of kept-alive
// connections and measures. It does little for each request, because it shares
// the processor with what it measures.
package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ritorno/bench/internal/orders"
)

// requestLimit bounds one request: a server that hangs ends the run.
const requestLimit = 30 * time.Second

// Result is what a run measured.
type Result struct {
	Requests int
	Took     time.Duration
	P50, P99 time.Duration // until the answer was read
}

// PerSecond is the throughput.
func (r Result) PerSecond() float64 { return float64(r.Requests) / r.Took.Seconds() }

// Prepare renders orders as the HTTP requests that Shopify would send to path.
func Prepare(path string, list []orders.Order) [][]byte {
	all := make([][]byte, len(list))
	for i, o := range list {
		head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: bench.example\r\nContent-Type: application/json\r\nUser-Agent: Shopify-Captain-Hook\r\n"+
			"X-Shopify-Topic: %s\r\nX-Shopify-Hmac-Sha256: %s\r\nX-Shopify-Shop-Domain: bottega.myshopify.com\r\n"+
			"X-Shopify-API-Version: 2026-04\r\nX-Shopify-Webhook-Id: %s\r\nContent-Length: %d\r\n\r\n",
			path, orders.Topic, o.Signature, o.WebhookID, len(o.Body))
		all[i] = slices.Concat([]byte(head), o.Body)
	}
	return all
}

// Run posts all requests over conns connections to addr. Each must be answered
// with 200 and exactly the body want, line end apart; else Run fails.
func Run(ctx context.Context, addr string, conns int, requests [][]byte, want string) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	took := make([]time.Duration, len(requests))
	var next atomic.Int64
	var callers sync.WaitGroup
	began := time.Now()
	for range conns {
		callers.Go(func() {
			c := caller{addr: addr, want: want, requests: requests, took: took, next: &next}
			if err := c.run(ctx); err != nil {
				cancel(err)
			}
		})
	}
	callers.Wait()
	r := Result{Requests: len(requests), Took: time.Since(began)}
	if err := context.Cause(ctx); err != nil {
		return r, err
	}
	slices.Sort(took)
	if n := len(took); n > 0 {
		r.P50, r.P99 = took[n/2], took[n*99/100]
	}
	return r, nil
}

// caller is one connection.
type caller struct {
	addr, want string
	requests   [][]byte
	took       []time.Duration
	next       *atomic.Int64
}

func (c *caller) run(ctx context.Context) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // everything was read
	in := bufio.NewReader(conn)
	for ctx.Err() == nil {
		i := int(c.next.Add(1)) - 1
		if i >= len(c.requests) {
			return nil
		}
		began := time.Now()
		if err := conn.SetDeadline(began.Add(requestLimit)); err != nil {
			return err
		}
		if err := c.post(conn, in, c.requests[i]); err != nil {
			return fmt.Errorf("request %d to %s: %w", i, c.addr, err)
		}
		c.took[i] = time.Since(began)
	}
	return nil
}

func (c *caller) post(conn net.Conn, in *bufio.Reader, request []byte) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	answer, err := http.ReadResponse(in, nil)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK || string(bytes.TrimSpace(body)) != c.want {
		return fmt.Errorf("answered %s: %.200s", answer.Status, body)
	}
	return nil
}
