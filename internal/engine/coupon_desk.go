package engine

import (
	"context"
	"slices"
	"sync"
	"time"

	"ritorno/internal/lifecycle"
)

// deskMost is the longest a shop that fails is not asked at all.
const deskMost = time.Minute

// desk is how making coupons goes for one shop, in this process: while the shop
// does not answer, steps wait at once instead of holding a worker up each.
type desk struct {
	mu    sync.Mutex
	until time.Time        // real time before which it is not asked
	row   int              // failures in a row
	last  lifecycle.Result // of the last of them
	why   string           // what the operator was told; empty: all is well
}

// shut says how the last try ended while the shop is not to be asked; nil: it
// may be.
func (d *desk) shut() *lifecycle.Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !time.Now().Before(d.until) {
		return nil
	}
	res := d.last
	return &res
}

// fail shuts the desk for a while, which doubles from one second on, and says
// what the step waits for.
func (d *desk) fail(res lifecycle.Result) *lifecycle.Result {
	d.mu.Lock()
	defer d.mu.Unlock()
	pause := min(max(time.Second<<min(d.row, 6), res.RetryAfter), deskMost)
	d.row++
	d.until, d.last = time.Now().Add(pause), res
	return &res
}

// couponFault counts what went wrong and tells the operator once.
func (e *Engine) couponFault(s *Shop, outcome, why string) {
	e.m.coupons.WithLabelValues(s.Name, outcome).Inc()
	e.couponTell(s, outcome, why)
}

func emptyPool(shop string) string {
	return "the pool has no coupon codes left: messages with a coupon wait; ritorno coupon import FILE.csv --shop " + shop + " adds some"
}

func (e *Engine) couponTell(s *Shop, outcome, why string) {
	d := e.desks[s.Name]
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.why != why {
		d.why = why
		e.log.Error("messages with a coupon wait", "shop", s.Name, "outcome", outcome, "reason", why)
	}
}

// couponWorks ends what faults before began.
func (e *Engine) couponWorks(s *Shop, outcome string) {
	e.m.coupons.WithLabelValues(s.Name, outcome).Inc()
	e.couponMended(s)
}

func (e *Engine) couponMended(s *Shop) {
	d := e.desks[s.Name]
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.why != "" {
		e.log.Info("coupons are there again", "shop", s.Name)
	}
	d.why, d.row, d.until = "", 0, time.Time{}
}

// couponFaults are the reasons why messages with a coupon wait, by shop.
func (e *Engine) couponFaults() []string {
	var reasons []string
	for i := range e.o.Shops {
		d := e.desks[e.o.Shops[i].Name]
		d.mu.Lock()
		if d.why != "" {
			reasons = append(reasons, "shop "+e.o.Shops[i].Name+": "+d.why)
		}
		d.mu.Unlock()
	}
	return reasons
}

// watchPools looks how many codes are left, also where another process takes
// them or an import added some.
func (e *Engine) watchPools(ctx context.Context) error {
	for i := range e.o.Shops {
		s := &e.o.Shops[i]
		if s.Coupon == nil || s.Coupon.Maker != nil {
			continue
		}
		p, err := e.st.CouponPool(ctx, s.Name)
		if err != nil {
			return err
		}
		e.m.pool.WithLabelValues(s.Name).Set(float64(p.Free))
		switch {
		case p.Free > 0:
			e.couponMended(s)
		case offers(s): // before the first message needs one
			e.couponTell(s, "exhausted", emptyPool(s.Name))
		}
	}
	return nil
}

// offers reports whether a journey of the shop has a message with a coupon.
func offers(s *Shop) bool {
	for _, j := range s.Rules.Journeys {
		for _, st := range j.Steps {
			if slices.ContainsFunc(st.Templates(), lifecycle.Offers) {
				return true
			}
		}
	}
	return false
}
