package store_test

import (
	"testing"
	"time"

	"ritorno/internal/store"
)

const sideDay = 24 * time.Hour

func TestLookupOrder(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx, d := ctxOf(t), digestOf("order 1001")
		if id := must[string](t)(s.LookupOrder(ctx, d)); id != "" {
			t.Errorf("unknown order leads to %s", id)
		}
		ok(t, s.PointOrder(ctx, d, contactID(1), time.Now()))
		ok(t, s.PointOrder(ctx, d, contactID(1), time.Now()))
		if id := must[string](t)(s.LookupOrder(ctx, d)); id != contactID(1) {
			t.Errorf("got %q, want %s", id, contactID(1))
		}
		ok(t, s.PointOrder(ctx, d, contactID(2), time.Now()))
		if id := must[string](t)(s.LookupOrder(ctx, d)); id != contactID(2) {
			t.Errorf("after a merge: got %q, want %s", id, contactID(2))
		}
	})
}

// generationStart is when the present generation of order look-ups began: a
// test must not depend on the day it runs.
func generationStart() time.Time {
	length := (180 * sideDay).Milliseconds()
	return time.UnixMilli(time.Now().UnixMilli() / length * length)
}

func TestOrdersAreForgottenByGeneration(t *testing.T) {
	now := generationStart()
	for name, c := range map[string]struct {
		at    time.Time // of the order
		last  time.Time // still found
		never time.Time // found no more
	}{
		"a new order":                              {now, now.Add(540*sideDay - 1), now.Add(540 * sideDay)},
		"an order of ten years ago":                {now.AddDate(-10, 0, 0), now.Add(360*sideDay - 1), now.Add(360 * sideDay)},
		"an order of the last generation":          {now.Add(-sideDay), now.Add(360*sideDay - 1), now.Add(360 * sideDay)},
		"an order of a development clock's future": {now.AddDate(2, 0, 0), now.Add(540*sideDay - 1), now.Add(540 * sideDay)},
	} {
		t.Run(name, func(t *testing.T) {
			s, ctx, d := oneStore(t), ctxOf(t), digestOf(name)
			ok(t, s.PointOrderAt(ctx, d, contactID(1), c.at, now))
			for _, when := range []time.Time{now, c.last} {
				if id := must[string](t)(s.LookupOrderAt(ctx, d, when)); id != contactID(1) {
					t.Errorf("on %v: got %q, want %s", when, id, contactID(1))
				}
			}
			if id := must[string](t)(s.LookupOrderAt(ctx, d, c.never)); id != "" {
				t.Errorf("on %v: got %q, want nothing", c.never, id)
			}
		})
	}
}

func TestOrderBucketsExpireWithTheirGeneration(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx, d, now := ctxOf(t), digestOf("order"), time.Now()
		ok(t, s.PointOrder(ctx, d, contactID(1), now))
		got := time.UnixMilli(s.Client().PExpireTime(ctx, s.OrderKey(d, now)).Val().Milliseconds())
		if want := generationStart().Add(540 * sideDay); !got.Equal(want) {
			t.Errorf("bucket expires on %v, want %v", got, want)
		}
	})
}

func TestTheNewestGenerationHolds(t *testing.T) {
	s, ctx, d := oneStore(t), ctxOf(t), digestOf("order")
	now := time.Now()
	ok(t, s.PointOrderAt(ctx, d, contactID(1), now, now))
	later := now.Add(180 * sideDay)
	ok(t, s.PointOrderAt(ctx, d, contactID(2), later, later))
	if id := must[string](t)(s.LookupOrderAt(ctx, d, later)); id != contactID(2) {
		t.Errorf("got %q, want %s", id, contactID(2))
	}
}

func TestDropOrders(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx, now := ctxOf(t), time.Now()
		mine, old, other := digestOf("mine"), digestOf("old"), digestOf("other")
		ok(t, s.PointOrderAt(ctx, mine, contactID(1), now, now))
		ok(t, s.PointOrderAt(ctx, old, contactID(1), now.Add(-180*sideDay), now))
		ok(t, s.PointOrderAt(ctx, other, contactID(2), now, now))
		ok(t, s.DropOrders(ctx, contactID(1), []store.Digest{mine, old, other}))
		for d, want := range map[store.Digest]string{mine: "", old: "", other: contactID(2)} {
			if id := must[string](t)(s.LookupOrder(ctx, d)); id != want {
				t.Errorf("got %q, want %q", id, want)
			}
		}
	})
}
