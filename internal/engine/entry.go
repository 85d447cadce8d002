package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// stepDue lets a contact's timer fire. Where an entry asks for a place among
// the day's it is taken here, once for all repeats of the same change.
func (e *Engine) stepDue(ctx context.Context, s *Shop, c lifecycle.Contact, now time.Time, placed **lifecycle.Grant) (lifecycle.Transition, error) {
	ev := lifecycle.Event{Type: lifecycle.StepDue, At: now}
	t := s.Rules.Decide(ev, c, now)
	if t.Ask == nil {
		return t, nil
	}
	if p := *placed; p == nil || p.Run != t.Ask.Run {
		at, err := e.place(ctx, s, *t.Ask, now)
		if err != nil {
			return t, err
		}
		*placed = &lifecycle.Grant{Run: t.Ask.Run, At: at}
	}
	ev.Grant = *placed
	return s.Rules.Decide(ev, c, now), nil
}

// place takes a place for an entry: today if there is one, else on the next day
// with room.
func (e *Engine) place(ctx context.Context, s *Shop, ask lifecycle.Ask, now time.Time) (time.Time, error) {
	loc := s.Rules.Location
	if loc == nil {
		loc = time.UTC
	}
	today := lifecycle.DayOf(now.In(loc))
	for day := today; day < today+lifecycle.EntryDays; {
		from, over := lifecycle.Midnight(day, loc), lifecycle.Midnight(day+1, loc)
		at, next, ok, err := e.st.Enter(ctx, s.Name, ask.Journey, store.EntryDay{Day: day, From: from, Over: over}, now, ask.PerDay)
		if err != nil {
			return time.Time{}, err
		}
		if ok {
			return at, nil
		}
		day = max(next, day+1)
	}
	return time.Time{}, fmt.Errorf("journey %s of shop %s has no place for an entry in the next %d days: raise entries_per_day", ask.Journey, s.Name, lifecycle.EntryDays)
}

// Errors of StartJourney.
var (
	// ErrJourney: the shop has no journey of that name that a program may start.
	// Answer 404.
	ErrJourney = errors.New("no journey of that name has the trigger api")
	// ErrUnsubscribed: nothing may be sent to the contact. Answer 409.
	ErrUnsubscribed = errors.New("the contact is unsubscribed")
)

// StartJourney lets a contact enter a journey that waits for a program's call,
// and says why they are not in it, if they are not: another journey goes first,
// the day's entries are taken, or they may not enter again. The same key twice
// starts it once.
func (e *Engine) StartJourney(ctx context.Context, shop, who, journey, key string) (string, lifecycle.Reason, error) {
	c, err := e.Find(ctx, shop, who)
	if err != nil {
		return "", "", err
	}
	s, ok := e.shops[c.Shop]
	if !ok {
		return "", "", fmt.Errorf("shop %q: %w", c.Shop, ErrShop)
	}
	starts := slices.ContainsFunc(s.Rules.Journeys, func(j lifecycle.Journey) bool {
		return j.Name == journey && j.Trigger == lifecycle.OnAPI
	})
	switch {
	case !starts:
		return "", "", fmt.Errorf("journey %q: %w", journey, ErrJourney)
	case c.State == lifecycle.UnsubscribedState:
		return "", "", ErrUnsubscribed
	}
	out, err := e.ApplyTo(ctx, c.ID, lifecycle.Event{Type: lifecycle.Started, Source: "api", Key: key, Journey: journey})
	if err != nil {
		return "", "", err
	}
	if c, err = e.load(ctx, out.Contact); err != nil {
		return "", "", err
	}
	_, now, err := e.st.Now(ctx)
	return c.ID, s.Rules.Kept(&c, journey, now), err
}
