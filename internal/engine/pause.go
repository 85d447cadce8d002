package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"ritorno/internal/guard"
	"ritorno/internal/lifecycle"
)

// Who pauses besides people.
const (
	ByFeedGuard = "feed guard"
	ByBrake     = "brake"
)

// ShopPause is why a shop sends nothing, or less.
type ShopPause struct {
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`                // real time; feed guard: program time of the last order
	By     string    `json:"by"`                // a person, "feed guard" or "brake"
	Source string    `json:"source,omitempty"`  // feed guard: the silent source
	Only   string    `json:"only,omitempty"`    // brake: the channel that waits; else all
	Shared bool      `json:"account,omitempty"` // brake: of the provider account, for all shops
}

// pauseFlag names the flag that holds a shop's pause.
func pauseFlag(shop string) string { return "pause:" + shop }

// PauseShop holds every message of a shop until ResumeShop: no begin that comes
// after its return lets one leave. News is taken in as before, and steps wait.
func (e *Engine) PauseShop(ctx context.Context, shop, reason, by string) (ShopPause, error) {
	if _, ok := e.shops[shop]; !ok {
		return ShopPause{}, fmt.Errorf("shop %q: %w", shop, ErrShop)
	}
	real, _, err := e.st.Now(ctx)
	if err != nil {
		return ShopPause{}, err
	}
	p := ShopPause{Reason: reason, At: real.Truncate(time.Second), By: by}
	b, err := json.Marshal(p)
	if err != nil {
		return p, err
	}
	return p, e.st.SetFlag(ctx, pauseFlag(shop), string(b), 0)
}

// ResumeShop ends the pauses of a shop and returns them: that of a person, its
// brakes, whose numbers begin anew, and the silence of a feed, which is passed
// over until orders flow again. What waited leaves within a quarter of an hour.
// The brake of a provider account stays: see ResumeChannel.
func (e *Engine) ResumeShop(ctx context.Context, shop string) (ended []ShopPause, err error) {
	all, err := e.Pauses(ctx, shop)
	if err != nil {
		return nil, err
	}
	_, now, err := e.st.Now(ctx)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		switch {
		case p.Shared:
			continue
		case p.By == ByBrake && p.Only != "":
			ch, _ := lifecycle.ParseChannel(p.Only)
			err = e.st.Release(ctx, brakeScope(shop, ch), now)
		case p.By == ByFeedGuard && p.Source != "":
			err = e.waive(ctx, shop, p.Source)
		default:
			err = e.st.SetFlag(ctx, pauseFlag(shop), "", 0)
		}
		if err != nil {
			return ended, err
		}
		ended = append(ended, p)
	}
	e.guards.again()
	return ended, nil
}

// waive passes over the silence of a source as it is now.
func (e *Engine) waive(ctx context.Context, shop, source string) error {
	f, err := e.st.Feed(ctx, shop, source)
	if err != nil {
		return err
	}
	return e.st.WaiveSilence(ctx, shop, source, f.Last)
}

// ResumeChannel releases the brake of the provider account of a channel, for
// all shops; their numbers on it begin anew. It reports whether it was on.
func (e *Engine) ResumeChannel(ctx context.Context, ch lifecycle.Channel) (bool, error) {
	b, err := e.st.Brakes(ctx)
	if err != nil {
		return false, err
	}
	scope := brakeScope(everyShop, ch)
	if _, on := b.On[scope]; !on {
		return false, nil
	}
	_, now, err := e.st.Now(ctx)
	if err != nil {
		return false, err
	}
	defer e.guards.again()
	return true, e.st.Release(ctx, scope, now)
}

// PauseOf is what holds a shop's messages, the first of Pauses; nil when
// nothing does.
func (e *Engine) PauseOf(ctx context.Context, shop string) (*ShopPause, error) {
	all, err := e.Pauses(ctx, shop)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &all[0], nil
}

// Pauses are all that hold a shop's messages: a person's pause, then brakes,
// then silent feeds.
func (e *Engine) Pauses(ctx context.Context, shop string) (all []ShopPause, err error) {
	if _, ok := e.shops[shop]; !ok {
		return nil, fmt.Errorf("shop %q: %w", shop, ErrShop)
	}
	text, err := e.st.Flag(ctx, pauseFlag(shop))
	if err != nil {
		return nil, err
	}
	if text != "" {
		all = append(all, pauseOf(text))
	}
	b, err := e.st.Brakes(ctx)
	if err != nil {
		return nil, err
	}
	for _, scope := range slices.Sorted(maps.Keys(b.On)) {
		if ch, of, ok := splitScope(scope); ok && (of == shop || of == everyShop) {
			on := brakeOf(b.On[scope])
			all = append(all, ShopPause{Reason: on.Reason, At: on.At, By: ByBrake, Only: ch.String(), Shared: of == everyShop})
		}
	}
	feeds, err := e.Feeds(ctx, shop)
	return append(all, silences(feeds)...), err
}

// pauseOf reads a person's pause; one that cannot be read is one all the same.
func pauseOf(text string) ShopPause {
	var p ShopPause
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return ShopPause{Reason: "a pause that this release cannot read", By: "unknown"}
	}
	return p
}

func silences(feeds []guard.Verdict) (all []ShopPause) {
	for _, v := range feeds {
		if v.Holds() {
			all = append(all, ShopPause{Reason: silence(v), At: v.Since, By: ByFeedGuard, Source: v.Name})
		}
	}
	return all
}
