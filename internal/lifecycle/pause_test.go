package lifecycle_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/lifecycle"
)

func pause(at, until time.Time) lifecycle.Event {
	return lifecycle.Event{Type: lifecycle.Paused, Source: "page", At: at, Until: until}
}

func TestAPauseMayBeShortened(t *testing.T) {
	w := bought(t)
	w.until(day0.Add(day))
	w.apply(pause(w.now, w.now.Add(90*day)))
	w.until(day0.Add(2 * day))
	w.apply(pause(w.now, w.now.Add(40*day)))
	if want := day0.Add(42 * day); !w.c.PausedTo.Equal(want) {
		t.Fatalf("paused to %s, want %s", w.c.PausedTo, want)
	}
	w.until(day0.Add(42*day - time.Second))
	if len(w.sent) != 0 {
		t.Fatalf("sent during the pause: %v", w.sent)
	}
	w.until(day0.Add(42 * day))
	if diff := cmp.Diff([]string{"survey@sms"}, w.sent); diff != "" {
		t.Fatal(diff)
	}
}

func TestAPauseMayBeEnded(t *testing.T) {
	w := bought(t)
	w.until(day0.Add(day))
	w.apply(pause(w.now, w.now.Add(90*day)))
	w.until(day0.Add(3 * day))
	w.apply(pause(w.now, w.now))
	if !w.c.PausedTo.IsZero() {
		t.Fatalf("still paused to %s", w.c.PausedTo)
	}
	w.until(day0.Add(33 * day)) // a month after that answer
	if diff := cmp.Diff([]string{"survey@sms"}, w.sent); diff != "" {
		t.Fatal(diff)
	}
}

func TestAPauseThatEndsEarlyLetsTheJourneyGoOnInItsRhythm(t *testing.T) {
	w := bought(t)
	w.until(day0.Add(31 * day))
	w.apply(order("2", w.now, 100))
	w.until(day0.Add(31*day + time.Hour)) // the first welcome is out, the second is due on day 34
	w.apply(pause(w.now, w.now.Add(90*day)))
	w.until(day0.Add(32 * day))
	w.apply(pause(w.now, w.now))
	w.until(day0.Add(34*day - time.Minute))
	if n := len(w.sent); n != 2 {
		t.Fatalf("sent before its day: %v", w.sent)
	}
	for _, c := range []struct{ day, want int }{{35, 3}, {37, 3}, {39, 4}} {
		w.until(day0.Add(time.Duration(c.day) * day))
		if len(w.sent) != c.want {
			t.Fatalf("day %d: sent %v, want %d", c.day, w.sent, c.want)
		}
	}
}

func TestAPauseThatEndsLateSendsNothingInABurst(t *testing.T) {
	w := bought(t)
	w.until(day0.Add(31 * day))
	w.apply(order("2", w.now, 100))
	w.until(day0.Add(31*day + time.Hour))
	w.apply(pause(w.now, w.now.Add(90*day)))
	w.until(day0.Add(60 * day)) // two welcomes would have left meanwhile
	w.apply(pause(w.now, w.now))
	w.until(day0.Add(61 * day))
	if len(w.sent) != 3 {
		t.Fatalf("sent %v, want one welcome at once", w.sent)
	}
	w.until(day0.Add(64*day - time.Minute))
	if len(w.sent) != 3 {
		t.Fatalf("the next welcome came too early: %v", w.sent)
	}
	w.until(day0.Add(65 * day))
	if len(w.sent) != 4 {
		t.Fatalf("sent %v", w.sent)
	}
}

// TestTheLastWordAboutAPauseCounts, in whatever order the words come.
func TestTheLastWordAboutAPauseCounts(t *testing.T) {
	first, last := day0.Add(day), day0.Add(2*day)
	for name, c := range map[string]struct{ first, last time.Duration }{
		"longer": {10 * day, 90 * day}, "shorter": {90 * day, 10 * day}, "ended": {90 * day, 0}, "begun again": {0, 90 * day},
	} {
		t.Run(name, func(t *testing.T) {
			events := []lifecycle.Event{pause(first, first.Add(c.first)), pause(last, last.Add(c.last))}
			var got [2]lifecycle.Contact
			for i, order := range [][]int{{0, 1}, {1, 0, 0, 1}} {
				w := bought(t)
				w.until(day0.Add(3 * day))
				for _, n := range order {
					w.apply(events[n])
				}
				got[i] = w.c
			}
			if a, b := got[0], got[1]; !a.PausedTo.Equal(b.PausedTo) || !a.PausedAt.Equal(b.PausedAt) || !a.Due.Equal(b.Due) || len(a.Marks) != len(b.Marks) {
				t.Errorf("in order: to %s due %s; out of order: to %s due %s", a.PausedTo, a.Due, b.PausedTo, b.Due)
			}
			want := last.Add(c.last)
			if c.last == 0 {
				want = time.Time{}
			}
			if !got[0].PausedTo.Equal(want) {
				t.Errorf("paused to %s, want %s", got[0].PausedTo, want)
			}
		})
	}
}

func TestAMergeKeepsTheLastWordAboutAPause(t *testing.T) {
	for name, c := range map[string]struct{ kept, gone, want [2]time.Time }{ // until, asked
		"the other's is newer and shorter": {[2]time.Time{day0.Add(90 * day), day0}, [2]time.Time{day0.Add(9 * day), day0.Add(day)}, [2]time.Time{day0.Add(9 * day), day0.Add(day)}},
		"the other ended it":               {[2]time.Time{day0.Add(90 * day), day0}, [2]time.Time{{}, day0.Add(day)}, [2]time.Time{{}, day0.Add(day)}},
		"its own is newer":                 {[2]time.Time{day0.Add(9 * day), day0.Add(day)}, [2]time.Time{day0.Add(90 * day), day0}, [2]time.Time{day0.Add(9 * day), day0.Add(day)}},
		"both of an older release":         {[2]time.Time{day0.Add(9 * day)}, [2]time.Time{day0.Add(90 * day)}, [2]time.Time{day0.Add(90 * day)}},
	} {
		t.Run(name, func(t *testing.T) {
			w := bought(t)
			w.c.PausedTo, w.c.PausedAt = c.kept[0], c.kept[1]
			gone := lifecycle.Contact{ID: "2", Shop: w.c.Shop, MadeAt: day0, PausedTo: c.gone[0], PausedAt: c.gone[1]}
			got := w.rules.Absorb(w.c, gone, w.now).Contact
			if !got.PausedTo.Equal(c.want[0]) || !got.PausedAt.Equal(c.want[1]) {
				t.Errorf("paused to %s, asked at %s", got.PausedTo, got.PausedAt)
			}
		})
	}
}
