package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/store"
)

func TestACouponIsKeptAsTheFirstTryMadeIt(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		first := store.Coupon{Code: "BCDF2345", Expires: sideNoon}
		later := store.Coupon{Code: "BCDF2345", Expires: sideNoon.Add(time.Hour)}
		for _, c := range []store.Coupon{first, later} {
			if got := must[store.Coupon](t)(s.KeepCoupon(ctx, "c1-abc", c, time.Hour)); got != first {
				t.Errorf("kept %+v", got)
			}
		}
		ok(t, s.CouponMade(ctx, "c1-abc", first, time.Hour))
		made := first
		made.Made = true
		if got := must[store.Coupon](t)(s.KeepCoupon(ctx, "c1-abc", later, time.Hour)); got != made {
			t.Errorf("made: %+v", got)
		}
		if got := must[store.Coupon](t)(s.KeepCoupon(ctx, "c1-abd", later, time.Hour)); got != later {
			t.Errorf("another message: %+v", got)
		}
		if _, err := s.KeepCoupon(ctx, "c1-abe", store.Coupon{Code: "two words"}, time.Hour); err == nil {
			t.Error("a code with a space was kept")
		}
	})
}

func TestACodeOfThePoolIsTakenOncePerMessage(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		take := func(message string) (store.Coupon, int64, bool) {
			t.Helper()
			c, left, found, err := s.TakeCoupon(ctx, "bottega", message, sideNoon)
			ok(t, err)
			return c, left, found
		}
		if c, left, found := take("m0"); found || left != 0 {
			t.Errorf("from an empty pool: %+v, %d left", c, left)
		}
		codes := []store.Coupon{{Code: "OLD", Expires: sideNoon}, {Code: "AAA", Expires: sideNoon.Add(time.Hour)}, {Code: "BBB"}}
		if n := must[int64](t)(s.AddCoupons(ctx, "bottega", codes)); n != 3 {
			t.Errorf("%d added", n)
		}
		again := append([]store.Coupon{{Code: "aaa"}, {Code: "CCC"}}, codes...)
		if n := must[int64](t)(s.AddCoupons(ctx, "bottega", again)); n != 1 {
			t.Errorf("%d added the second time: letter case does not make another code", n)
		}
		for range 2 {
			if c, left, found := take("m1"); !found || c.Code != "AAA" || !c.Expires.Equal(sideNoon.Add(time.Hour)) || left != 2 {
				t.Errorf("took %+v, %d left", c, left)
			}
		}
		if c, left, found := take("m2"); !found || c.Code != "BBB" || !c.Expires.IsZero() || left != 1 {
			t.Errorf("took %+v, %d left", c, left)
		}
		if n := must[int64](t)(s.AddCoupons(ctx, "bottega", codes)); n != 0 {
			t.Errorf("%d that were used are added again", n)
		}
		want := store.Pool{Free: 1, Taken: 2, Known: 4}
		if diff := cmp.Diff(want, must[store.Pool](t)(s.CouponPool(ctx, "bottega"))); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(store.Pool{}, must[store.Pool](t)(s.CouponPool(ctx, "osteria"))); diff != "" {
			t.Error(diff)
		}
		if _, err := s.AddCoupons(ctx, "bottega", []store.Coupon{{Code: "a b"}}); err == nil {
			t.Error("a code with a space was added")
		}
	})
}

// Many messages at once, and many codes that are over: each code goes to one.
func TestNoCodeIsTakenTwice(t *testing.T) {
	s := oneStore(t)
	ctx := ctxOf(t)
	const over, good, messages = 2500, 30, 40
	var codes []store.Coupon
	for i := range over {
		codes = append(codes, store.Coupon{Code: fmt.Sprintf("O%d", i), Expires: sideNoon.Add(-time.Hour)})
	}
	for i := range good {
		codes = append(codes, store.Coupon{Code: fmt.Sprintf("G%d", i)})
	}
	if n := must[int64](t)(s.AddCoupons(ctx, "bottega", codes)); n != over+good {
		t.Fatalf("%d added", n)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	who, without := map[string]int{}, 0
	for i := range messages {
		wg.Go(func() {
			c, _, found, err := s.TakeCoupon(ctx, "bottega", fmt.Sprint("m", i), sideNoon)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				t.Error(err)
			case !found:
				without++
			default:
				who[c.Code]++
			}
		})
	}
	wg.Wait()
	if len(who) != good || without != messages-good {
		t.Fatalf("%d codes, %d messages without", len(who), without)
	}
}
