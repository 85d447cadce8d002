package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// ShopPause is why a shop sends nothing.
type ShopPause struct {
	Reason string    `json:"reason"`
	At     time.Time `json:"at"` // real time
	By     string    `json:"by"`
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

// ResumeShop ends a pause; what waited leaves within a quarter of an hour. It
// reports whether there was one.
func (e *Engine) ResumeShop(ctx context.Context, shop string) (bool, error) {
	p, err := e.PauseOf(ctx, shop)
	if err != nil || p == nil {
		return false, err
	}
	return true, e.st.SetFlag(ctx, pauseFlag(shop), "", 0)
}

// PauseOf is a shop's pause, nil when there is none.
func (e *Engine) PauseOf(ctx context.Context, shop string) (*ShopPause, error) {
	if _, ok := e.shops[shop]; !ok {
		return nil, fmt.Errorf("shop %q: %w", shop, ErrShop)
	}
	text, err := e.st.Flag(ctx, pauseFlag(shop))
	if err != nil || text == "" {
		return nil, err
	}
	var p ShopPause
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return nil, fmt.Errorf("the pause of shop %q cannot be read: set it anew with ritorno pause, or end it with ritorno resume: %w", shop, err)
	}
	return &p, nil
}

// paused reports whether a shop's messages must wait. What cannot be read
// counts as a pause: somebody wanted one.
func (e *Engine) paused(ctx context.Context, shop string) (bool, error) {
	text, err := e.st.Flag(ctx, pauseFlag(shop))
	return text != "", err
}
