package store_test

import (
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/store"
)

func orderAt(at time.Time, day, hour int) store.NewOrder {
	return store.NewOrder{At: at, Real: at.Add(time.Second), Day: day, Hour: hour, Keep: 56}
}

func TestOrdersOfASourceLeaveTheirHours(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		for _, o := range []store.NewOrder{
			orderAt(sideNoon, 100, 12), orderAt(sideNoon.Add(time.Minute), 100, 12), orderAt(sideNoon.Add(11*time.Hour), 100, 23),
			orderAt(sideNoon.Add(2*time.Hour), 100, 14), // noted late
			orderAt(sideNoon.Add(36*time.Hour), 102, 0),
		} {
			ok(t, s.NoteOrder(ctx, "bottega", "main", o))
		}
		want := store.Feed{
			First: sideNoon, Last: sideNoon.Add(36 * time.Hour), LastReal: sideNoon.Add(36*time.Hour + time.Second), Orders: 5,
			Days: map[int]uint32{100: 1<<12 | 1<<14 | 1<<23, 102: 1},
		}
		if diff := cmp.Diff(want, must[store.Feed](t)(s.Feed(ctx, "bottega", "main"))); diff != "" {
			t.Errorf("feed (-want +got):\n%s", diff)
		}
		ok(t, s.WaiveSilence(ctx, "bottega", "main", want.Last))
		if got := must[store.Feed](t)(s.Feed(ctx, "bottega", "main")); !got.Waived.Equal(want.Last) {
			t.Errorf("waived: %s", got.Waived)
		}
		if got := must[store.Feed](t)(s.Feed(ctx, "bottega", "crm")); got.Orders != 0 || !got.Last.IsZero() {
			t.Errorf("a source that never brought an order: %+v", got)
		}
	})
}

func TestTheHoursOfASourceAreBounded(t *testing.T) {
	s, ctx := oneStore(t), ctxOf(t)
	for day := range 200 {
		ok(t, s.NoteOrder(ctx, "bottega", "main", orderAt(sideNoon.AddDate(0, 0, day), 20000+day, day%24)))
	}
	got := must[store.Feed](t)(s.Feed(ctx, "bottega", "main"))
	if len(got.Days) != 56 || got.Orders != 200 || !got.First.Equal(sideNoon) {
		t.Errorf("%d days of %d orders since %s", len(got.Days), got.Orders, got.First)
	}
	for day := range got.Days {
		if day < 20000+144 {
			t.Errorf("day %d is kept", day)
		}
	}
}

func TestOrdersThatComeAtOnceAreAllCounted(t *testing.T) {
	s, ctx := oneStore(t), ctxOf(t)
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			if err := s.NoteOrder(ctx, "bottega", "main", orderAt(sideNoon.Add(time.Duration(i)*time.Second), 100, i%24)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := must[store.Feed](t)(s.Feed(ctx, "bottega", "main")); got.Orders != 100 || got.Days[100] != 1<<24-1 || !got.Last.Equal(sideNoon.Add(99*time.Second)) {
		t.Errorf("%+v", got)
	}
}

func TestOrdersAreChecked(t *testing.T) {
	s, ctx := oneStore(t), ctxOf(t)
	for name, o := range map[string]store.NewOrder{"hour 24": orderAt(sideNoon, 1, 24), "hour -1": orderAt(sideNoon, 1, -1), "no day to keep": {At: sideNoon}} {
		if s.NoteOrder(ctx, "bottega", "main", o) == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzDecodeFeed(f *testing.F) {
	f.Add("n", "1", "last", "1772366400000")
	f.Add("d:20513", "4096", "first", "x")
	f.Add("d:x", "1", "d:1", "16777216")
	f.Add("later", "anything", "waived", "-1")
	f.Fuzz(func(t *testing.T, a, av, b, bv string) {
		fields := map[string]string{a: av, b: bv}
		kept := maps.Clone(fields)
		feed, err := store.DecodeFeed(fields)
		for day, hours := range feed.Days {
			if hours >= 1<<24 {
				t.Errorf("day %d has hours %b", day, hours)
			}
		}
		if err == nil && len(feed.Days) > len(fields) || !maps.Equal(kept, fields) {
			t.Errorf("%v became %+v", fields, feed)
		}
	})
}
