package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

func TestABrakeIsPutOnOnceAndReleased(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		never := map[string]time.Time{"sms:bottega": {}, "sms:": {}}
		put := func(why string, known map[string]time.Time, want bool) {
			t.Helper()
			if got := must[bool](t)(s.Brake(ctx, "sms:bottega", why, known)); got != want {
				t.Errorf("%s: put on %v, want %v", why, got, want)
			}
		}
		put("first", never, true)
		put("first", never, true) // the same call again, as after a lost answer
		put("second", never, false)
		ok(t, s.SetFlag(ctx, "pause:bottega", "by hand", 0))
		flag, brakes, err := s.Holding(ctx, "pause:bottega", "sms:bottega", "email:bottega", "sms:")
		if err != nil || flag != "by hand" || !cmp.Equal(brakes, []string{"first", "", ""}) {
			t.Errorf("holding: %q, %q, %v", flag, brakes, err)
		}
		ok(t, s.Release(ctx, "sms:bottega", sideNoon))
		put("judged before the release", never, false)
		put("after it", map[string]time.Time{"sms:bottega": sideNoon, "sms:": {}}, true)
		ok(t, s.Release(ctx, "sms:", sideNoon.Add(time.Hour)))
		want := store.Brakes{
			On:       map[string]string{"sms:bottega": "after it"},
			Released: map[string]time.Time{"sms:bottega": sideNoon, "sms:": sideNoon.Add(time.Hour)},
		}
		if diff := cmp.Diff(want, must[store.Brakes](t)(s.Brakes(ctx))); diff != "" {
			t.Errorf("brakes (-want +got):\n%s", diff)
		}
	})
}

// TestTalliesBelongToTheirHourAndComeOnce with the change that they are part of.
func TestTalliesBelongToTheirHourAndComeOnce(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		for i := range 8 { // over several shards, and each delivery twice
			for range 2 {
				_, err := s.Update(ctx, store.Request{ID: contactID(i), Create: true, Delivery: uint64(i + 1)}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
					c.Shop, c.MadeAt = "bottega", sideNoon
					return store.Change{Contact: c, Write: true, Counts: []store.Count{{Shop: "bottega", Field: "made", N: 1}}, Tallies: []store.Tally{
						{Hour: 1000, Field: "sent", N: 1}, {Hour: 1001 + int64(i%2), Field: "sent", N: 2},
					}}, nil
				})
				if err != nil && !errors.Is(err, store.ErrDuplicate) {
					t.Fatal(err)
				}
			}
		}
		got := must[map[int64]map[string]int64](t)(s.Tallies(ctx, 1000, 1001, 1002, 1003))
		want := map[int64]map[string]int64{1000: {"sent": 8}, 1001: {"sent": 8}, 1002: {"sent": 8}, 1003: {}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("tallies (-want +got):\n%s", diff)
		}
		if n := must[map[string]int64](t)(s.Counts(ctx, "bottega"))["made"]; n != 8 {
			t.Errorf("counted %d, want 8", n)
		}
		for shard := range s.Shards() {
			key := s.TallyKey(shard, 1000)
			if ttl := s.Client().TTL(ctx, key).Val(); s.Client().Exists(ctx, key).Val() == 1 && (ttl <= 25*time.Hour || ttl > 26*time.Hour) {
				t.Errorf("the hour of shard %d is kept for %s", shard, ttl)
			}
			if ttl := s.Client().TTL(ctx, s.CountsKey(shard, "bottega")).Val(); ttl > 0 {
				t.Errorf("exact counters are kept for %s only", ttl)
			}
		}
	})
}
