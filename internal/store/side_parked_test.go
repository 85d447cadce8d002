package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/store"
)

func TestPark(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		anna, bruno := digestOf("anna"), digestOf("bruno")
		for _, item := range []string{"z first", "a second", "binary \x00\xff"} {
			ok(t, s.Park(ctx, anna, []byte(item)))
			ok(t, s.Park(ctx, anna, []byte(item)))
		}
		ok(t, s.Park(ctx, bruno, []byte("z first")))

		want := [][]byte{[]byte("z first"), []byte("a second"), []byte("binary \x00\xff")}
		if diff := cmp.Diff(want, must[[][]byte](t)(s.Parked(ctx, anna))); diff != "" {
			t.Errorf("parked (-want +got):\n%s", diff)
		}
		wantCount(t, s, 4)

		ok(t, s.Unpark(ctx, anna, []byte("a second")))
		ok(t, s.Unpark(ctx, anna, []byte("a second")))
		ok(t, s.Unpark(ctx, anna, []byte("never parked")))
		want = [][]byte{want[0], want[2]}
		if diff := cmp.Diff(want, must[[][]byte](t)(s.Parked(ctx, anna))); diff != "" {
			t.Errorf("after Unpark (-want +got):\n%s", diff)
		}
		wantCount(t, s, 3)
		if got := must[[][]byte](t)(s.Parked(ctx, digestOf("nobody"))); len(got) != 0 {
			t.Errorf("nobody has %d events", len(got))
		}
	})
}

func wantCount(t *testing.T, s *store.Store, want int64) {
	t.Helper()
	if n := must[int64](t)(s.ParkedCount(ctxOf(t))); n != want {
		t.Errorf("count is %d, want %d", n, want)
	}
}

func TestEventsParkedInOneMillisecondKeepTheirOrder(t *testing.T) {
	s, ctx, d, now := oneStore(t), ctxOf(t), digestOf("anna"), time.Now()
	var want [][]byte
	for i := range 20 {
		item := fmt.Appendf(nil, "%02d", 20-i) // bytes sort the other way round
		want = append(want, item)
		ok(t, s.ParkAt(ctx, d, item, now.Add(-time.Duration(i)*time.Millisecond))) // a clock that goes back, too
	}
	if diff := cmp.Diff(want, must[[][]byte](t)(s.Parked(ctx, d))); diff != "" {
		t.Errorf("parked (-want +got):\n%s", diff)
	}
}

func TestParkIsBounded(t *testing.T) {
	for name, c := range map[string]struct{ size, fit int }{
		"100 events":      {8, 100},
		"256 KiB":         {64 << 10, 4},
		"one giant event": {256<<10 + 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, ctx, d := oneStore(t), ctxOf(t), digestOf(name)
			item := func(i int) []byte { return append(fmt.Appendf(nil, "%08d", i), make([]byte, c.size-8)...) }
			for i := range c.fit {
				ok(t, s.Park(ctx, d, item(i)))
			}
			if err := s.Park(ctx, d, item(c.fit)); !errors.Is(err, store.ErrCrowded) {
				t.Fatalf("one more: got %v, want ErrCrowded", err)
			}
			if n := len(must[[][]byte](t)(s.Parked(ctx, d))); n != c.fit {
				t.Errorf("%d events are kept, want %d", n, c.fit)
			}
			wantCount(t, s, int64(c.fit))
			if c.fit > 0 {
				ok(t, s.Park(ctx, d, item(0))) // a repetition needs no room
				ok(t, s.Unpark(ctx, d, item(0)))
				ok(t, s.Park(ctx, d, item(c.fit)))
			}
		})
	}
}

func TestParkRefusesNothing(t *testing.T) {
	s, ctx, d := oneStore(t), ctxOf(t), digestOf("x")
	if s.Park(ctx, d, nil) == nil {
		t.Error("an event without bytes was parked")
	}
}

func TestEachParkedEventIsForgottenAfter90Days(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx, d, now := ctxOf(t), digestOf("anna"), time.Now()
		ok(t, s.ParkAt(ctx, d, []byte("old"), now))
		ok(t, s.ParkAt(ctx, d, []byte("new"), now.Add(89*sideDay)))
		last := now.Add(90*sideDay - time.Millisecond)
		if n := len(must[[][]byte](t)(s.ParkedAt(ctx, d, last))); n != 2 {
			t.Errorf("on day 90: %d events, want 2", n)
		}
		end := now.Add(90*sideDay + time.Millisecond)
		want := [][]byte{[]byte("new")}
		if diff := cmp.Diff(want, must[[][]byte](t)(s.ParkedAt(ctx, d, end))); diff != "" {
			t.Errorf("after day 90 (-want +got):\n%s", diff)
		}
		if n := must[int64](t)(s.ParkedCountAt(ctx, end)); n != 1 {
			t.Errorf("count after day 90 is %d, want 1", n)
		}
		// The next event sweeps the old one away, and it may come again.
		ok(t, s.ParkAt(ctx, d, []byte("next"), end))
		list, index := s.ParkedKeys(d)
		for _, key := range []string{list, index} {
			if n := s.Client().ZCard(ctx, key).Val(); n != 2 {
				t.Errorf("%d entries are stored, want 2", n)
			}
			if ttl := s.Client().PTTL(ctx, key).Val(); ttl <= 0 || ttl > 90*sideDay {
				t.Errorf("key lives %v, want at most 90 days", ttl)
			}
		}
		ok(t, s.ParkAt(ctx, d, []byte("old"), end))
		if n := len(must[[][]byte](t)(s.ParkedAt(ctx, d, end))); n != 3 {
			t.Errorf("%d events, want 3", n)
		}
	})
}

func TestConcurrentParksOfOneEventKeepOne(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx, d := ctxOf(t), digestOf("anna")
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				if err := s.Park(ctx, d, bytes.Repeat([]byte{byte('a' + i%5)}, 10)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := len(must[[][]byte](t)(s.Parked(ctx, d))); n != 5 {
			t.Errorf("%d events, want 5", n)
		}
		wantCount(t, s, 5)
	})
}
