package engine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrPast: the clock may be set back only while the store holds no contact.
var ErrPast = errors.New("the clock cannot go back while there are contacts")

// Advance sets the program's clock to a later time as if time had passed: each
// due instant on the way is visited in order, and sends in flight are waited
// for. Into the past it goes only while the store holds no contact.
func (e *Engine) Advance(ctx context.Context, to time.Time) error {
	e.ticks.Lock()
	defer e.ticks.Unlock()
	e.moving = true
	defer func() { e.moving = false }()
	real, now, err := e.st.Now(ctx)
	if err != nil {
		return err
	}
	if to.Before(now) {
		return e.setBack(ctx, real, to)
	}
	if _, err := e.tick(ctx); err != nil {
		return err
	}
	for idle := 0; idle < idleRounds; {
		next, ok, err := e.st.NextDue(ctx)
		if err != nil {
			return err
		}
		if !ok || next.After(to) {
			return e.arrive(ctx, to)
		}
		if err := e.setClock(ctx, next); err != nil {
			return err
		}
		r, err := e.tick(ctx)
		if err != nil {
			return err
		}
		if idle++; r.Claimed > 0 {
			idle = 0
		}
	}
	return fmt.Errorf("the clock stands still: a timer due on the way to %s does not fire", to.Format(time.RFC3339))
}

// idleRounds is how many due times may turn out to be left over in the index:
// the claim that meets one removes it.
const idleRounds = 100

func (e *Engine) arrive(ctx context.Context, to time.Time) error {
	if err := e.setClock(ctx, to); err != nil {
		return err
	}
	_, err := e.tick(ctx)
	return err
}

// setClock moves the clock forward to t; it never moves it back.
func (e *Engine) setClock(ctx context.Context, t time.Time) error {
	real, now, err := e.st.Now(ctx)
	if err != nil || !t.After(now) {
		return err
	}
	return e.st.SetOffset(ctx, upToMilli(t.Sub(real)))
}

// upToMilli rounds up to what the store keeps, so that the clock never stands
// just before the instant it was set to.
func upToMilli(d time.Duration) time.Duration {
	if short := d % time.Millisecond; short > 0 {
		return d - short + time.Millisecond
	}
	return d
}

func (e *Engine) setBack(ctx context.Context, real, to time.Time) error {
	n, err := e.st.Contacts(ctx)
	if err != nil {
		return err
	}
	if n > 0 {
		return ErrPast
	}
	if err := e.st.SetOffset(ctx, upToMilli(to.Sub(real))); err != nil {
		return err
	}
	return e.st.ResetMarks(ctx)
}
