package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/store"
)

func TestHowFarASourceWasRead(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		r, now, err := s.TakeReading(ctx, "bottega", "main", time.Minute, false)
		if err != nil || r != (store.Reading{}) || time.Since(now).Abs() > time.Hour {
			t.Fatalf("never read: %+v at %s, %v", r, now, err)
		}
		at := store.Reading{
			Since: sideNoon, Next: "page 2", Began: sideNoon.Add(time.Minute), Tried: sideNoon.Add(2 * time.Minute),
			Error: "throttled", Text: "wait", FailedAt: sideNoon.Add(2 * time.Minute),
		}
		ok(t, s.SaveReading(ctx, "bottega", "main", store.Step{Reading: at, Read: 25, Found: 2}, time.Minute))
		at.Next, at.Error, at.Text, at.Whole, at.Began = "", "", "", at.Began, time.Time{}
		ok(t, s.SaveReading(ctx, "bottega", "main", store.Step{Reading: at, Read: 5, Found: 1, Finished: true}, 0))
		at.Rounds, at.Read, at.Found = 1, 30, 3
		got := must[[]store.Reading](t)(s.Readings(ctx, [2]string{"bottega", "main"}, [2]string{"bottega", "crm"}))
		if diff := cmp.Diff([]store.Reading{at, {}}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if r, _, err := s.TakeReading(ctx, "bottega", "main", time.Minute, false); err != nil || r != at {
			t.Errorf("taken again: %+v, %v", r, err)
		}
		if err := s.SaveReading(ctx, "bottega", "main", store.Step{Reading: store.Reading{Next: strings.Repeat("x", 2000)}}, 0); err == nil {
			t.Error("a mark without bounds was kept")
		}
	})
}

// One process at a time reads a source; whoever lost the lease keeps nothing.
func TestOneProcessReadsASource(t *testing.T) {
	where := oneNode(t)
	where.Process = "one"
	a := open(t, where)
	where.Process = "other"
	b := open(t, where)
	ctx := ctxOf(t)
	take := func(s *store.Store, lease time.Duration, force bool) error {
		_, _, err := s.TakeReading(ctx, "bottega", "main", lease, force)
		return err
	}
	ok(t, take(a, time.Minute, false))
	ok(t, take(a, time.Minute, false)) // its own
	if err := take(b, time.Minute, false); !errors.Is(err, store.ErrLeased) {
		t.Fatalf("taken from another: %v", err)
	}
	ok(t, take(b, time.Minute, true))
	if err := a.SaveReading(ctx, "bottega", "main", store.Step{}, 0); !errors.Is(err, store.ErrLeased) {
		t.Errorf("kept without the lease: %v", err)
	}
	ok(t, b.SaveReading(ctx, "bottega", "main", store.Step{}, 0))
	ok(t, take(a, time.Millisecond, false))
	for { // the lease ends by itself, by the server's clock
		err := take(b, time.Minute, false)
		if err == nil {
			return
		}
		if !errors.Is(err, store.ErrLeased) {
			t.Fatal(err)
		}
	}
}
