package engine

import (
	"context"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// BeforeBegin calls f once for each message that is claimed and composed, right
// before the gate.
func (e *Engine) BeforeBegin(f func(lifecycle.Message)) { e.beforeBegin = f }

// OnPoint calls f at each named place of the protocol: claimed, clock, begin,
// begun, post, answered, recorded, looked.
func (e *Engine) OnPoint(f func(string)) { e.onPoint = f }

// RecoverAll takes over the leases of all other processes, as a start does that
// nobody shares the store with.
func (e *Engine) RecoverAll(ctx context.Context) error { return e.recoverAll(ctx, true) }

// ClockGuard holds the store's time against two witnesses.
type ClockGuard struct{ g clockGuard }

// Wrong says why the store's time is not to be believed.
func (g *ClockGuard) Wrong(real, host time.Time, boot time.Duration) string {
	return g.g.wrong(real, host, boot)
}

// ApplyAndDie takes an event in as Apply does, up to a crash right after the
// record was stored.
func (e *Engine) ApplyAndDie(ctx context.Context, shop string, ev lifecycle.Event) error {
	s := e.shops[shop]
	known, err := e.resolve(ctx, s, ev)
	if err != nil {
		return err
	}
	_, _, err = e.update(ctx, s, known.id, ev, known.fresh)
	return err
}

// ResolveAndDie finds or claims who an event is about as Apply does, up to a
// crash right before the record would be written.
func (e *Engine) ResolveAndDie(ctx context.Context, shop string, ev lifecycle.Event) error {
	_, err := e.resolve(ctx, e.shops[shop], ev)
	return err
}

// Pass lets real time pass as far as the order feeds are concerned.
func (e *Engine) Pass(d time.Duration) { e.passed += d }

// Judge is Watch that also judges the shares, whoever tallied.
func (e *Engine) Judge(ctx context.Context) error {
	e.guards.mu.Lock()
	e.guards.tallied++
	e.guards.mu.Unlock()
	return e.Watch(ctx)
}

// Tallies are a transition's as the store keeps them.
func (e *Engine) Tallies(shop string, t lifecycle.Transition) []store.Tally {
	return e.tallies(shop, t)
}

// SetGrace says how old a begin may be when the first byte leaves.
func (e *Engine) SetGrace(d time.Duration) { e.grace = d }

// AuditSkew is what an audit says of clocks that differ.
func (e *Engine) AuditSkew(ctx context.Context, skew time.Duration) (store.Findings, error) {
	c := checkup{e: e, f: &store.Findings{}, skew: skew}
	err := c.clock(ctx)
	return *c.f, err
}

// DropLookups lets nothing lead to a contact any more.
func (e *Engine) DropLookups(ctx context.Context, c lifecycle.Contact) error {
	return e.st.DropLookups(ctx, c.ID, e.lookups(e.shops[c.Shop], c))
}

// Merge joins two records by their ids as they were found before, whatever
// became of them since.
func (e *Engine) Merge(ctx context.Context, shop, a, b string) error {
	return e.merge(ctx, e.shops[shop], a, b)
}
