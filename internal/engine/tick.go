package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// Pace of the loops, in real time.
const (
	beatEvery    = 3 * time.Second
	recoverEvery = 5 * time.Second
	sealEvery    = 10 * time.Second // looks for servers that restarted under our hands
	sleepAtMost  = time.Minute
	backOffMax   = 15 * time.Second
	claimBatch   = 100
	spreadLate   = 15 * time.Minute // overdue steps are spread where the oldest is later than this …
	spreadCount  = 1000             // … and more than these wait
)

// Report is what a Tick did.
type Report struct {
	Claimed int
	Begun   int // messages handed to a provider, whatever the outcome
}

// Run works until ctx ends, then drains: what is under way is finished and
// recorded. It never ends on an error: it backs off and tries again.
func (e *Engine) Run(ctx context.Context) {
	var loops sync.WaitGroup
	loops.Go(func() { e.every(ctx, beatEvery, "heartbeat", e.st.Heartbeat) })
	if err := e.st.Heartbeat(ctx); err != nil {
		e.trouble("heartbeat", err)
	}
	if err := e.recoverAll(ctx, e.o.Exclusive); err != nil {
		e.trouble("recover", err)
	}
	loops.Go(func() {
		e.every(ctx, recoverEvery, "recover", func(ctx context.Context) error { return e.recoverAll(ctx, false) })
	})
	loops.Go(func() { e.every(ctx, sealEvery, "seal", e.st.SealRestarted) })
	if err := e.dropVersions(ctx); err != nil {
		e.trouble("versions", err)
	}
	loops.Go(func() { e.every(ctx, versionsEvery, "versions", e.readVersions) })
	loops.Go(func() { e.every(ctx, reconcileEvery, "reconcile", e.reconcile) })
	loops.Go(func() {
		if err := e.Rewrite(ctx); err != nil && ctx.Err() == nil {
			e.trouble("rewrite", err)
		}
		e.every(ctx, rewriteEvery, "rewrite", e.Rewrite)
	})
	loops.Go(func() { e.tellAll(ctx) })
	e.loop(ctx)
	loops.Wait()
	e.stopOnce.Do(func() { close(e.stopping) })
	e.background.Wait()
	bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := e.st.Goodbye(bye); err != nil {
		e.trouble("goodbye", err)
	}
}

func (e *Engine) loop(ctx context.Context) {
	var failed time.Duration
	for ctx.Err() == nil {
		_, err := e.Tick(ctx)
		wait := e.idle(ctx)
		if err != nil {
			failed = min(max(2*failed, 100*time.Millisecond), backOffMax)
			wait = failed/2 + rand.N(failed)
			if ctx.Err() == nil {
				e.trouble("tick", err)
			}
		} else {
			failed = 0
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-e.wake:
		case <-t.C:
		}
		t.Stop()
	}
}

func (e *Engine) trouble(place string, err error) {
	e.m.errors.WithLabelValues(place).Inc()
	e.log.Warn("the engine backs off and tries again", "place", place, "error", err.Error())
}

// idle is how long nothing is due.
func (e *Engine) idle(ctx context.Context) time.Duration {
	next, ok, err := e.st.NextDue(ctx)
	if err != nil || !ok {
		return sleepAtMost
	}
	if len(e.allHolds()) > 0 {
		return time.Second
	}
	_, now, err := e.st.Now(ctx)
	if err != nil {
		return time.Second
	}
	return min(max(next.Sub(now), time.Millisecond), sleepAtMost) + rand.N(5*time.Millisecond)
}

// every calls f until ctx ends.
func (e *Engine) every(ctx context.Context, d time.Duration, place string, f func(context.Context) error) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if err := f(ctx); err != nil && ctx.Err() == nil {
				e.trouble(place, err)
			}
		}
	}
}

// Tick works off everything that is due now and returns when it is done. A
// second Tick in this process waits for the first.
func (e *Engine) Tick(ctx context.Context) (Report, error) {
	e.ticks.Lock()
	defer e.ticks.Unlock()
	return e.tick(ctx)
}

func (e *Engine) tick(ctx context.Context) (Report, error) {
	var sum Report
	if err := e.needVersions(ctx); err != nil {
		return sum, err
	}
	for ctx.Err() == nil {
		real, now, err := e.st.Now(ctx)
		if err != nil {
			return sum, err
		}
		if e.mustWait(ctx, real) {
			return sum, nil
		}
		next, ok, err := e.st.NextDue(ctx)
		if err != nil {
			return sum, err
		}
		e.m.last.SetToCurrentTime()
		if !ok || next.After(now) {
			e.m.late.Set(0)
			return sum, nil
		}
		e.m.late.Set(now.Sub(next).Seconds())
		budget, err := e.budget(ctx, now)
		if err != nil {
			return sum, err
		}
		r, err := e.round(ctx, now, budget)
		sum.Claimed += r.Claimed
		sum.Begun += r.Begun
		if err != nil || r.Claimed == 0 || budget > 0 {
			return sum, err
		}
	}
	return sum, ctx.Err()
}

// mustWait reports whether no timer may be worked off just now, whoever's it is.
func (e *Engine) mustWait(ctx context.Context, real time.Time) bool {
	host := time.Now()
	e.m.skew.Set(real.Sub(host).Seconds())
	if why := e.clock.wrong(real, host, sinceBoot()); why != "" {
		if e.holding("clock") == "" {
			e.log.Error("sends are held", "reason", why)
		}
		e.hold("clock", why)
	} else {
		e.letGo("clock")
	}
	if err := e.remind(ctx); err != nil {
		e.trouble("remind", err)
	}
	if err := e.watchIfDue(ctx, real); err != nil {
		e.trouble("guard", err)
	}
	return len(e.allHolds()) > 0
}

// budget limits a round after a long downtime, so that the backlog leaves over
// at least a quarter of an hour; 0 means no limit.
func (e *Engine) budget(ctx context.Context, now time.Time) (int, error) {
	if e.moving {
		return 0, nil
	}
	n, oldest, err := e.st.Overdue(ctx, now)
	if err != nil || n <= spreadCount || now.Sub(oldest) <= spreadLate {
		return 0, err
	}
	return max(1, int(n/int64(spreadLate/time.Second))), nil
}

// round claims what is due in every shard and works it off with a bounded
// number of workers.
func (e *Engine) round(ctx context.Context, now time.Time, budget int) (Report, error) {
	work := make(chan store.Claimed)
	var begun atomic.Int64
	var workers sync.WaitGroup
	for range e.o.Workers {
		workers.Go(func() {
			for c := range work {
				if e.fire(ctx, c, now) {
					begun.Add(1)
				}
			}
		})
	}
	r, err := e.claimAll(ctx, now, budget, work)
	close(work)
	workers.Wait()
	r.Begun = int(begun.Load())
	if budget > 0 && err == nil { // the rest of the second belongs to webhooks
		t := time.NewTimer(time.Second)
		defer t.Stop()
		select {
		case <-ctx.Done():
		case <-t.C:
		}
	}
	return r, err
}

func (e *Engine) claimAll(ctx context.Context, now time.Time, budget int, work chan<- store.Claimed) (Report, error) {
	var r Report
	shards, err := e.st.DueShards(ctx, now)
	if err != nil || len(shards) == 0 {
		return r, err
	}
	start := rand.IntN(len(shards))
	for i := range shards {
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		n := claimBatch
		if budget > 0 { // the same from each shard, so that the oldest of all go first
			n = min(n, (budget+len(shards)-1)/len(shards), budget-r.Claimed)
		}
		if n <= 0 {
			return r, nil
		}
		claimed, err := e.st.Claim(ctx, shards[(start+i)%len(shards)], now, n)
		if err != nil {
			return r, err
		}
		e.m.claimed.Add(float64(len(claimed)))
		for _, c := range claimed {
			if c.Missing {
				continue
			}
			r.Claimed++
			work <- c
		}
	}
	return r, nil
}

// fire works off one claimed contact. A panic in one contact stops neither the
// shard nor the process: its lease is kept, and recovered by the next start.
func (e *Engine) fire(ctx context.Context, c store.Claimed, now time.Time) (begun bool) {
	defer func() {
		if p := recover(); p != nil {
			e.m.errors.WithLabelValues("panic").Inc()
			e.log.Error("one contact could not be worked off and is left alone until the next start", "contact", c.ID, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	s, ok := e.shops[c.Contact.Shop]
	if !ok {
		e.log.Error("a contact of a shop that is not in the configuration is left alone until the next start", "shop", c.Contact.Shop)
		return false
	}
	if c.Contact.Sending != nil { // taken over from a process that ended in the middle
		e.lose(ctx, s, c)
		return false
	}
	t := s.Rules.Decide(lifecycle.Event{Type: lifecycle.StepDue, At: now}, c.Contact, now)
	if t.Send != nil && e.open(t.Send.Channel) {
		return e.send(ctx, s, c, t)
	}
	if t.Send != nil {
		e.release(ctx, c, e.refused(s, now, lifecycle.ReasonAccount))
		return false
	}
	var placed *lifecycle.Grant
	e.release(ctx, c, func(con lifecycle.Contact, _ store.Known) (store.Change, error) {
		t, err := e.stepDue(ctx, s, con, now, &placed)
		return e.change(s.Name, t), err
	})
	return false
}

// release records a decision and gives the lease back, for as long as it takes.
func (e *Engine) release(ctx context.Context, c store.Claimed, fn func(lifecycle.Contact, store.Known) (store.Change, error)) {
	req := store.Request{ID: c.ID, Fence: c.Fence, Release: true}
	e.insist(ctx, "release", func(ctx context.Context) error {
		got, err := e.st.Update(ctx, req, func(con lifecycle.Contact, known store.Known) (store.Change, error) {
			if con.Forward != "" { // merged meanwhile: the joined record decides
				return keep(con, known)
			}
			return fn(con, known)
		})
		if err == nil {
			e.due(got)
		}
		return err
	})
}

// insist repeats a write of the send path until it is confirmed. It outlives
// the caller's cancellation, but not the process: then the lease ends and the
// contact is recovered.
func (e *Engine) insist(ctx context.Context, place string, f func(context.Context) error) {
	ctx = context.WithoutCancel(ctx)
	wait := 50 * time.Millisecond
	for try := 0; ; try++ {
		err := once(ctx, f)
		if err == nil || errors.Is(err, store.ErrFence) || errors.Is(err, store.ErrNotFound) {
			return
		}
		e.trouble(place, err)
		if try == 2 { // do not hold the round up for a store that is away
			e.background.Go(func() { e.insistOn(ctx, place, f) })
			return
		}
		time.Sleep(wait)
		wait *= 2
	}
}

func (e *Engine) insistOn(ctx context.Context, place string, f func(context.Context) error) {
	for wait := time.Second; ; wait = min(2*wait, backOffMax) {
		t := time.NewTimer(wait)
		select {
		case <-e.stopping:
			t.Stop()
			if err := once(ctx, f); err != nil {
				e.trouble(place, err)
			}
			return
		case <-t.C:
		}
		err := once(ctx, f)
		if err == nil || errors.Is(err, store.ErrFence) || errors.Is(err, store.ErrNotFound) {
			return
		}
		e.trouble(place, err)
	}
}

// recordFor bounds one try to record something.
const recordFor = 5 * time.Second

func once(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, recordFor)
	defer cancel()
	return f(ctx)
}
