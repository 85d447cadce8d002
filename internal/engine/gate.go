package engine

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"ritorno/internal/lifecycle"
)

// holdAtMost is how long one refusal slows a provider.
const holdAtMost = 2 * time.Second

// lookRates are how many questions a second go to a channel's records. Those of
// SMS are plain reads of one account; those of e-mail are a search, whose limit
// is not documented. A 429 slows either further.
var lookRates = map[lifecycle.Channel]rate.Limit{lifecycle.SMS: 20, lifecycle.Email: 5}

// gate keeps the pace of one provider account: a rate, and a short hold after
// it refused or the line was cut. Times are real.
type gate struct {
	limit *rate.Limiter
	looks *rate.Limiter // questions to the provider's records

	mu    sync.Mutex
	until time.Time
	row   int    // faults in a row
	why   string // an account fault that a person must mend; empty: none
}

func newGate(ch lifecycle.Channel, perSecond float64) *gate {
	return &gate{
		limit: rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond))),
		looks: rate.NewLimiter(lookRates[ch], int(lookRates[ch])),
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
	g.mu.Lock()
	defer g.mu.Unlock()
	if wish <= 0 { // one cut line says little, several in a row say more
		wish = 20 * time.Millisecond << min(g.row, 3)
	}
	g.row++
	g.until = time.Now().Add(min(wish, holdAtMost))
}

// works ends what faults before began.
func (g *gate) works() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.row = 0
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
