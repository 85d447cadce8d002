package store_test

import (
	"strings"
	"testing"
	"time"

	"ritorno/internal/store"
)

func TestFlags(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		for _, step := range []struct {
			value string
			ttl   time.Duration
		}{
			{"until further notice", 0},
			{"an hour", time.Hour},
			{"for good again", 0},
			{"", 0},
			{"", 0},
			{"rounded up", time.Nanosecond},
		} {
			ok(t, s.SetFlag(ctx, "hold:twilio {x}", step.value, step.ttl))
			ttl := s.Client().PTTL(ctx, s.FlagKey("hold:twilio {x}")).Val()
			if step.ttl == time.Nanosecond {
				if ttl == -1 {
					t.Error("a flag for a nanosecond stays for good")
				}
				continue
			}
			if got := must[string](t)(s.Flag(ctx, "hold:twilio {x}")); got != step.value {
				t.Errorf("got %q, want %q", got, step.value)
			}
			if step.ttl > 0 && (ttl <= 0 || ttl > step.ttl) || step.ttl == 0 && step.value != "" && ttl != -1 {
				t.Errorf("%q lives %v, want %v", step.value, ttl, step.ttl)
			}
		}
	})
}

func TestFlagsAreBounded(t *testing.T) {
	s, ctx := oneStore(t), ctxOf(t)
	if s.SetFlag(ctx, "", "x", 0) == nil || s.SetFlag(ctx, strings.Repeat("x", 129), "x", 0) == nil {
		t.Error("a name out of bounds was taken")
	}
	if s.SetFlag(ctx, "x", strings.Repeat("x", 4<<10+1), 0) == nil {
		t.Error("a value out of bounds was taken")
	}
	if _, err := s.Flag(ctx, ""); err == nil {
		t.Error("a flag without a name was read")
	}
	if got := must[string](t)(s.Flag(ctx, "x")); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}
