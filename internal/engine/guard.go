package engine

import (
	"context"
	"sync"
	"time"

	"ritorno/internal/defect"
	"ritorno/internal/guard"
	"ritorno/internal/lifecycle"
)

// Pace of the guards, in real time.
const (
	guardEvery = 30 * time.Second // looks at the feeds, and at what others braked
	brakeEvery = 5 * time.Second  // looks at the shares, while this process tallies …
	brakeAfter = 50               // … and at the latest after so many tallies
)

// guards is what this process knows of silent feeds and of brakes.
type guards struct {
	one sync.Mutex // one look at a time

	mu      sync.Mutex // guards all below
	looked  time.Time  // real time of the last look at everything; zero: none yet, or one is wanted
	judged  time.Time  // … and at the shares
	tallied int        // since then
	quiet   map[string][]guard.Verdict
	paused  map[string]bool      // by hand
	brakes  map[string]Brake     // by scope
	freed   map[string]time.Time // scope -> program time of its last release
	finish  map[int64]tallied    // hours that are over, as last read
	read    time.Time            // real time at which they were last read
	shown   map[[2]string]string // shop and guard -> why, as last told to the operator
}

// Watch looks at the order feeds, the pauses and the brakes of all shops, and
// tells the operator what changed.
func (e *Engine) Watch(ctx context.Context) error {
	real, _, err := e.st.Now(ctx)
	if err != nil {
		return err
	}
	e.guards.one.Lock()
	defer e.guards.one.Unlock()
	return e.watch(ctx, real)
}

// watchIfDue is Watch where the last look is too long ago. While somebody else
// looks, what was seen last holds.
func (e *Engine) watchIfDue(ctx context.Context, real time.Time) error {
	all, shares := e.guards.due(real)
	if !all && !shares || !e.guards.one.TryLock() {
		return nil
	}
	defer e.guards.one.Unlock()
	if all {
		return e.watch(ctx, real)
	}
	return e.watchShares(ctx, real)
}

func (g *guards) due(real time.Time) (all, shares bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	all = g.looked.IsZero() || real.Sub(g.looked).Abs() >= guardEvery
	shares = g.tallied >= brakeAfter || g.tallied > 0 && real.Sub(g.judged).Abs() >= brakeEvery
	return all, shares
}

func (e *Engine) watch(ctx context.Context, real time.Time) error {
	if err := e.watchFeeds(ctx); err != nil {
		return err
	}
	if err := e.watchPauses(ctx); err != nil {
		return err
	}
	if err := e.watchShares(ctx, real); err != nil {
		return err
	}
	if err := e.watchOutgoing(ctx); err != nil {
		return err
	}
	if err := e.watchPools(ctx); err != nil {
		return err
	}
	e.guards.mu.Lock()
	defer e.guards.mu.Unlock()
	e.guards.looked = real
	return nil
}

// again lets the next look come at once.
func (g *guards) again() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.looked = time.Time{}
}

// heldBy is why a message of a shop must wait, empty when it need not: a pause
// by hand, a brake, or a silent feed where the message's reason is that no
// order came. What cannot be read holds: somebody wanted it.
func (e *Engine) heldBy(ctx context.Context, s *Shop, c *lifecycle.Contact, ch lifecycle.Channel, real time.Time) (lifecycle.Reason, error) {
	if err := e.watchIfDue(ctx, real); err != nil {
		return "", err
	}
	paused, brakes, err := e.st.Holding(ctx, pauseFlag(s.Name), brakeScope(s.Name, ch), brakeScope(everyShop, ch))
	if err != nil {
		return "", err
	}
	switch {
	case paused != "":
		return lifecycle.ReasonShopPaused, nil
	case brakes[0] != "" || brakes[1] != "":
		return lifecycle.ReasonBraked, nil
	case c.Run != nil && c.Run.Trigger.AwaitsOrder() && e.guards.silent(s.Name) && !defect.On("feed"):
		return lifecycle.ReasonFeedSilent, nil
	}
	return "", nil
}

// silent reports whether a feed of the shop holds its messages.
func (g *guards) silent(shop string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, v := range g.quiet[shop] {
		if v.Holds() {
			return true
		}
	}
	return false
}

// show tells the operator, once, that a guard of a shop acts or does so no more.
func (e *Engine) show(shop, name, why, began, ended string) {
	key := [2]string{shop, name}
	was := e.guards.shown[key]
	if was == why {
		return
	}
	if e.guards.shown == nil {
		e.guards.shown = map[[2]string]string{}
	}
	if e.guards.shown[key] = why; why != "" {
		e.m.guards.WithLabelValues(shop, name).Set(1)
		if was == "" {
			e.log.Error(began, "shop", shop, "guard", name, "reason", why)
		}
		return
	}
	delete(e.guards.shown, key)
	e.m.guards.WithLabelValues(shop, name).Set(0)
	e.log.Info(ended, "shop", shop, "guard", name)
}
