package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"ritorno/internal/engine"
)

// demoClock is the simulated time as the pretend providers see it: it runs on
// from where the play set it, as the program's own does.
type demoClock struct{ offset atomic.Int64 }

func (c *demoClock) now() time.Time  { return time.Now().Add(time.Duration(c.offset.Load())) }
func (c *demoClock) set(t time.Time) { c.offset.Store(int64(time.Until(t))) }

// setClock puts the program's clock back; the store is still empty.
func (d *demo) setClock(ctx context.Context, to time.Time) error {
	d.clock.set(to)
	return d.app.Engine.Advance(ctx, to)
}

// advance moves the program's clock to a time. Timers are visited one by one,
// so that people can react between two messages.
func (d *demo) advance(ctx context.Context, to time.Time) error {
	if to.After(d.clock.now()) {
		d.clock.set(to)
	}
	err := d.app.Engine.Advance(ctx, to)
	if errors.Is(err, engine.ErrPast) { // it ran on past there while we were busy
		_, err = d.app.Engine.Tick(ctx)
	}
	return err
}
