package engine

import (
	"context"

	"ritorno/internal/lifecycle"
)

// BeforeBegin calls f once for each message that is claimed and composed, right
// before the gate.
func (e *Engine) BeforeBegin(f func(lifecycle.Message)) { e.beforeBegin = f }

// AfterNow calls f right after the look at the clock by which a send is judged.
func (e *Engine) AfterNow(f func()) { e.afterNow = f }

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
