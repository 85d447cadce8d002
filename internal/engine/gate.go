package engine

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// holdAtMost is how long one refusal slows a provider.
const holdAtMost = 2 * time.Second

// lookRate is how many questions a second go to one provider's records.
const lookRate = 5

// gate keeps the pace of one provider account: a rate, and a short hold after
// it refused or the line was cut. Times are real.
type gate struct {
	limit *rate.Limiter
	looks *rate.Limiter // questions to the provider's records

	mu    sync.Mutex
	until time.Time
	why   string // an account fault that a person must mend; empty: none
}

func newGate(perSecond float64) *gate {
	return &gate{
		limit: rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond))),
		looks: rate.NewLimiter(lookRate, lookRate),
	}
}

// pass waits for the gate to open.
func (g *gate) pass(ctx context.Context) error {
	g.mu.Lock()
	wait := time.Until(g.until)
	g.mu.Unlock()
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.C:
		}
	}
	return g.limit.Wait(ctx)
}

// slow holds the gate shut for a moment.
func (g *gate) slow(wish time.Duration) {
	if wish <= 0 {
		wish = 200 * time.Millisecond
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.until = time.Now().Add(min(wish, holdAtMost))
}

// fault remembers an account fault, or clears it.
func (g *gate) fault(why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.why = why
}

func (g *gate) faulty() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.why
}
