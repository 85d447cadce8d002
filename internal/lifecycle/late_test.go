package lifecycle_test

import (
	"slices"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

func refundOf(id string, at time.Time) lifecycle.Event {
	return lifecycle.Event{Type: lifecycle.OrderRefunded, Source: "shopify", Key: "refund" + id, At: at, Person: anna(), Refund: &lifecycle.Refund{OrderID: id, ID: "r" + id, Full: true}}
}

func TestAnOrderInTheSecondOfTheEntryIsLaterThanIt(t *testing.T) {
	// Shops tell times in whole seconds: what was bought right after the
	// entry carries the time of its second's beginning.
	w := bought(t)
	w.now = day0.Add(30*day + 7*time.Millisecond)
	w.fire()
	wantState(t, w, lifecycle.Dormant, lifecycle.ReasonInactive)
	w.now = w.now.Add(400 * time.Millisecond)
	w.apply(order("2", w.now.Truncate(time.Second), 100))
	wantState(t, w, lifecycle.Returning, lifecycle.ReasonWonOrder)
}

func TestAmongEqualTimesArrivalDecides(t *testing.T) {
	cancelled, started := sub(lifecycle.SubscriptionCancelled, 1), sub(lifecycle.SubscriptionStarted, 1)
	renewed, again := renewal("2", at(1)), order("3", at(1), 100)
	for name, c := range map[string]struct {
		evs   []lifecycle.Event
		state lifecycle.State
		why   lifecycle.Reason
	}{
		"ordered, then cancelled":                   {[]lifecycle.Event{again, cancelled}, lifecycle.Cancelled, lifecycle.ReasonCancelled},
		"cancelled, then ordered":                   {[]lifecycle.Event{cancelled, again}, lifecycle.Returning, lifecycle.ReasonWonOrder},
		"cancelled, then renewed":                   {[]lifecycle.Event{cancelled, renewed}, lifecycle.Returning, lifecycle.ReasonRenewed},
		"cancelled, then taken up again":            {[]lifecycle.Event{cancelled, started}, lifecycle.Returning, lifecycle.ReasonResumed},
		"taken up, then cancelled":                  {[]lifecycle.Event{started, cancelled}, lifecycle.Cancelled, lifecycle.ReasonCancelled},
		"cancelled, renewed, the cancellation told": {[]lifecycle.Event{cancelled, renewed, cancelled}, lifecycle.Returning, lifecycle.ReasonRenewed},
	} {
		t.Run(name, func(t *testing.T) {
			w := bought(t)
			w.until(day0.Add(day))
			for _, ev := range c.evs {
				w.apply(ev)
			}
			wantState(t, w, c.state, c.why)
		})
	}
}

func TestARefundWhileDormantStartsNoSecondJourney(t *testing.T) {
	w := bought(t)
	w.apply(order("2", day0.Add(2*day), 100))
	w.until(day0.Add(32*day + time.Hour))
	wantState(t, w, lifecycle.Dormant, lifecycle.ReasonInactive)
	run := w.c.Run.ID
	w.apply(refundOf("2", w.now))
	wantState(t, w, lifecycle.Dormant, lifecycle.ReasonInactive)
	w.until(day0.Add(40 * day))
	if len(w.sent) != 1 || w.c.Run == nil || w.c.Run.ID != run {
		t.Fatalf("sent %v in run %+v, want one survey in run %s", w.sent, w.c.Run, run)
	}
}

func TestARefundOfTheOnlyOrderLeavesNothingToBeInactiveSince(t *testing.T) {
	w := bought(t)
	w.until(day0.Add(31 * day))
	w.apply(refundOf("1001", w.now))
	wantState(t, w, lifecycle.Active, "")
	if !w.c.Due.IsZero() {
		t.Fatalf("a timer runs at %s", w.c.Due)
	}
}

func TestAnOrderWithAnImpossibleTimeKeepsTheTimeOfItsFirstTelling(t *testing.T) {
	w := newWorld(t)
	old := order("1", time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), 100)
	old.Version = day0
	got := w.apply(old)
	if n := counted(got, "times_corrected"); n != 1 {
		t.Fatalf("counted %d, want 1", n)
	}
	due := w.c.Due
	w.until(day0.Add(5 * day))
	old.Key, old.Version, old.Order.Total.Minor = "paid", w.now, 200
	w.apply(old)
	if s := w.rules.Status(w.c, w.now); s.Spent != "2.00" || !s.LastOrder.At.Equal(day0) || !w.c.Due.Equal(due) {
		t.Fatalf("spent %s, at %s, due %s; want 2.00, %s, %s", s.Spent, s.LastOrder.At, w.c.Due, day0, due)
	}
}

func counted(t lifecycle.Transition, field string) (n int64) {
	for _, c := range t.Counts {
		if c.Field == field {
			n += c.N
		}
	}
	return n
}

func TestACancellationAfterARenewalIsANewOne(t *testing.T) {
	w := bought(t)
	w.until(day0.Add(4 * day))
	w.apply(sub(lifecycle.SubscriptionCancelled, 1))
	w.apply(order("2", day0.Add(2*day), 100))
	w.apply(renewal("3", day0.Add(3*day)))
	wantState(t, w, lifecycle.Active, lifecycle.ReasonSecondOrder)
	w.apply(sub(lifecycle.SubscriptionCancelled, 4))
	wantState(t, w, lifecycle.Cancelled, lifecycle.ReasonCancelled)
}

func TestAnOrderIsRememberedAlsoWhereItsRefundCameFirst(t *testing.T) {
	w := newWorld(t)
	w.apply(consentBoth(day0))
	w.apply(refundOf("1", day0))
	got := w.apply(order("1", day0, 100))
	if !slices.Equal(got.SeenOrders, []uint64{lifecycle.OrderKey("bottega", "1")}) {
		t.Fatalf("remembered %v: a refund that names the order alone finds nobody", got.SeenOrders)
	}
}
