package lifecycle_test

import (
	"slices"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// Two sources that tell one purchase know its time to the second only. Nobody is
// welcomed twice for that.
func TestAPurchaseToldBySeveralSourcesWelcomesOnce(t *testing.T) {
	for name, away := range map[string]time.Duration{"a second earlier": -time.Second, "at the same time": 0, "a second later": time.Second} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(consentBoth(day0))
			w.apply(order("1", day0, 1000))
			w.until(day0.Add(10 * day))
			w.apply(lifecycle.Event{Type: lifecycle.SubscriptionCancelled, Source: "recharge", At: w.now, Person: anna(), Subscription: &lifecycle.Subscription{ID: "S"}})
			back := day0.Add(20 * day)
			w.until(back)
			ev := order("2", back, 1000)
			ev.Source, ev.Type, ev.Order.Renewal = "recharge", lifecycle.Renewed, true
			w.apply(ev)
			w.until(back.Add(time.Hour))
			again := order("2", back.Add(away), 1000)
			again.Version = back.Add(time.Minute)
			w.apply(again)
			w.until(back.Add(2 * day))
			want := []string{"cancellation_sorry@email", "welcome_back_memory@email"}
			if !slices.Equal(w.sent, want) {
				t.Errorf("sent %v, want %v", w.sent, want)
			}
			wantState(t, w, lifecycle.Returning, lifecycle.ReasonRenewed)
		})
	}
}

// A shop knows its order, but not that a subscription app placed it: whichever
// of them tells last, it is a renewal.
func TestARenewalStaysOne(t *testing.T) {
	shop, app := order("2", day0.Add(20*day), 1000), order("2", day0.Add(20*day), 1000)
	shop.Version = shop.At.Add(time.Minute)
	app.Source, app.Type, app.Order.Renewal = "recharge", lifecycle.Renewed, true
	gone := lifecycle.Event{Type: lifecycle.SubscriptionCancelled, Source: "recharge", At: day0.Add(10 * day), Person: anna(), Subscription: &lifecycle.Subscription{ID: "S"}}
	for name, tellings := range map[string][]lifecycle.Event{"the app first": {app, shop}, "the shop first": {shop, app}} {
		w := newWorld(t)
		w.apply(order("1", day0, 1000))
		w.now = day0.Add(20*day + time.Hour)
		w.apply(gone)
		for _, ev := range tellings {
			w.apply(ev)
		}
		if got := w.c.Orders[1]; !got.Renewal || w.c.Reason != lifecycle.ReasonRenewed || w.rules.Totals(&w.c).Orders != 2 {
			t.Errorf("%s: renewal %v, reason %s", name, got.Renewal, w.c.Reason)
		}
	}
}
