package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ritorno/internal/store"
)

// ask is a message that wants an offer which costs 3 of 10.
func ask(message string, at time.Time, fence uint64) store.OfferTake {
	return store.OfferTake{Shop: "bottega", Offer: "strong", Message: message, Cost: 3, Budget: 10, Now: at, Per: time.Hour, Fence: fence}
}

func TestABudgetBearsWhatItBearsAndNoMore(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		take := func(want bool, left int64, a store.OfferTake) {
			t.Helper()
			got, rest, err := s.TakeOffer(ctxOf(t), a)
			ok(t, err)
			if got != want || rest != left {
				t.Errorf("%s: taken %v, %d left; want %v, %d", a.Message, got, rest, want, left)
			}
		}
		take(true, 7, ask("m1", sideNoon, 1))
		take(true, 7, ask("m1", sideNoon, 2))
		take(true, 4, ask("m2", sideNoon.Add(time.Minute), 3))
		take(true, 1, ask("m3", sideNoon.Add(2*time.Minute), 4))
		take(false, 1, ask("m4", sideNoon.Add(3*time.Minute), 5))
		take(true, 1, ask("m3", sideNoon.Add(4*time.Minute), 6))
		other := ask("m4", sideNoon, 5)
		other.Offer = "usual"
		take(true, 7, other)
		other.Shop = "osteria"
		take(true, 7, other)
		take(true, 1, ask("m4", sideNoon.Add(time.Hour), 7)) // m1 is an hour ago
		take(false, 1, ask("m5", sideNoon.Add(time.Hour), 8))
		take(true, 7, ask("m6", sideNoon.Add(3*time.Hour), 9)) // all of them are
		if _, _, err := s.TakeOffer(ctxOf(t), store.OfferTake{Shop: "bottega", Offer: "strong", Message: "m", Cost: -1, Budget: 5}); err == nil {
			t.Error("a cost below nothing was taken")
		}
	})
}

func TestWhatIsGivenBackCanBeTakenAgain(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		for i, m := range []string{"m1", "m2", "m3"} {
			taken, _, err := s.TakeOffer(ctx, ask(m, sideNoon, uint64(i+1)))
			if ok(t, err); !taken {
				t.Fatal(m)
			}
		}
		ok(t, s.ReturnOffer(ctx, "bottega", "strong", "m2", 9)) // not ours any more
		if taken, _, err := s.TakeOffer(ctx, ask("m4", sideNoon, 4)); err != nil || taken {
			t.Errorf("taken %v, %v", taken, err)
		}
		for range 2 { // twice changes nothing
			ok(t, s.ReturnOffer(ctx, "bottega", "strong", "m2", 2))
		}
		if taken, left, err := s.TakeOffer(ctx, ask("m4", sideNoon, 4)); err != nil || !taken || left != 1 {
			t.Errorf("taken %v, %d left, %v", taken, left, err)
		}
	})
}

func TestManyAtOnceNeverOverspend(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		var wg sync.WaitGroup
		var taken atomic.Int64
		for worker := range 8 {
			wg.Go(func() {
				for i := range 10 {
					a := ask(fmt.Sprintf("m%d-%d", worker/2, i), sideNoon.Add(time.Duration(i)*time.Second), uint64(worker))
					a.Budget = 60
					got, _, err := s.TakeOffer(ctxOf(t), a)
					if err != nil {
						t.Error(err)
					}
					if got && worker%2 == 0 {
						taken.Add(1)
					}
				}
			})
		}
		wg.Wait()
		// Two workers ask for each message: who of them was first makes no difference.
		if n := taken.Load(); n > 20 {
			t.Errorf("%d messages took 3 of 60", n)
		}
		a := ask("one more", sideNoon.Add(time.Minute), 1)
		a.Budget = 60
		if got, left, err := s.TakeOffer(ctxOf(t), a); err != nil || got || left != 0 {
			t.Errorf("taken %v, %d left, %v", got, left, err)
		}
	})
}
