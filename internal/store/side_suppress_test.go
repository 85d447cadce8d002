package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/store"
)

func TestSuppress(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		dead, angry, fine := digestOf("dead"), digestOf("angry"), digestOf("fine")
		ok(t, s.Suppress(ctx, dead, "bounced"))
		ok(t, s.Suppress(ctx, angry, "complained"))
		ok(t, s.Suppress(ctx, angry, "erased"))
		got := must[[]string](t)(s.Suppressed(ctx, fine, dead, angry))
		if diff := cmp.Diff([]string{"", "bounced", "erased"}, got); diff != "" {
			t.Errorf("reasons (-want +got):\n%s", diff)
		}
		key, _ := s.SuppressKey(dead)
		if ttl := s.Client().PTTL(ctx, key).Val(); ttl != -1 {
			t.Errorf("the list expires in %v; it is for good", ttl)
		}
		ok(t, s.Unsuppress(ctx, dead))
		ok(t, s.Unsuppress(ctx, dead))
		got = must[[]string](t)(s.Suppressed(ctx, dead, angry))
		if diff := cmp.Diff([]string{"", "erased"}, got); diff != "" {
			t.Errorf("after Unsuppress (-want +got):\n%s", diff)
		}
	})
}

func TestSuppressTellsNeighboursApart(t *testing.T) {
	s, ctx := oneStore(t), ctxOf(t)
	d := digestOf("x")
	ok(t, s.Suppress(ctx, d, "bounced"))
	for i := range d {
		near := d
		near[i] ^= 1
		if got := must[[]string](t)(s.Suppressed(ctx, near))[0]; got != "" {
			t.Errorf("a digest that differs in byte %d is suppressed, too", i)
		}
	}
}

func TestSuppressNeedsAReason(t *testing.T) {
	s, ctx, d := oneStore(t), ctxOf(t), digestOf("x")
	for _, reason := range []string{"", string(make([]byte, 65))} {
		if s.Suppress(ctx, d, reason) == nil {
			t.Errorf("a reason of %d bytes was taken", len(reason))
		}
	}
	if got, err := s.Suppressed(ctx); err != nil || got != nil {
		t.Errorf("no digests: got %v, %v", got, err)
	}
}
