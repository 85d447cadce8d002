package lifecycle_test

import (
	"testing"

	"ritorno/internal/lifecycle"
)

// running is what a source that repeats its states says of a subscription on a
// day; sub is about S1.
func running(id string, n int) lifecycle.Event {
	ev := sub(lifecycle.SubscriptionStarted, n)
	ev.Key += "running" + id
	ev.Subscription = &lifecycle.Subscription{ID: id, Running: true}
	return ev
}

func TestARunningSubscriptionTakesItsOwnCancellationBackAndNoOther(t *testing.T) {
	cancelled := sub(lifecycle.SubscriptionCancelled, 5)
	own := cancelled.Subscription.ID
	for name, c := range map[string]struct {
		evs   []lifecycle.Event
		state lifecycle.State
		why   lifecycle.Reason
	}{
		"nothing was cancelled":           {[]lifecycle.Event{running(own, 5)}, lifecycle.Active, ""},
		"its own cancellation":            {[]lifecycle.Event{cancelled, running(own, 6)}, lifecycle.Returning, lifecycle.ReasonResumed},
		"told again and again":            {[]lifecycle.Event{cancelled, running(own, 6), running(own, 7), running(own, 8)}, lifecycle.Returning, lifecycle.ReasonResumed},
		"that of another subscription":    {[]lifecycle.Event{cancelled, running("another", 6)}, lifecycle.Cancelled, lifecycle.ReasonCancelled},
		"what it said before, late":       {[]lifecycle.Event{cancelled, running(own, 4)}, lifecycle.Cancelled, lifecycle.ReasonCancelled},
		"cancelled once more":             {[]lifecycle.Event{cancelled, running(own, 6), sub(lifecycle.SubscriptionCancelled, 7)}, lifecycle.Cancelled, lifecycle.ReasonCancelled},
		"an order came back with it, too": {[]lifecycle.Event{cancelled, order("9", at(6), 100), running(own, 7)}, lifecycle.Returning, lifecycle.ReasonWonOrder},
	} {
		t.Run(name, func(t *testing.T) {
			w := bought(t)
			w.until(at(8))
			for _, ev := range c.evs {
				w.apply(ev)
			}
			wantState(t, w, c.state, c.why)
			lines := 0
			for _, e := range w.c.Timeline {
				if e.Type == lifecycle.SubscriptionStarted {
					lines++
				}
			}
			if lines > 1 {
				t.Errorf("%d lines of the timeline say that it goes on", lines)
			}
		})
	}
}
