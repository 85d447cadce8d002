package engine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"ritorno/connectors"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

func TestAClockThatCannotBeRightHoldsSends(t *testing.T) {
	base := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	type look struct {
		real, host, boot time.Duration // since base, and since boot
		wrong            string        // a word of the reason; empty: right
	}
	for name, looks := range map[string][]look{
		"all go on":                        {{}, {time.Hour, time.Hour, time.Hour, ""}},
		"the two hosts differ":             {{0, 2 * time.Minute, 0, "differ"}},
		"they differ a little":             {{0, 50 * time.Second, 0, ""}},
		"both jump ahead":                  {{}, {90 * day, 90 * day, time.Minute, "jumped"}},
		"and are set right again":          {{}, {90 * day, 90 * day, time.Minute, "jumped"}, {time.Hour, time.Hour, time.Hour, ""}},
		"the machine slept":                {{}, {8 * time.Hour, 8 * time.Hour, 8 * time.Hour, ""}},
		"set back, and then going on":      {{}, {-time.Hour, -time.Hour, time.Minute, ""}, {-50 * time.Minute, -50 * time.Minute, 11 * time.Minute, ""}},
		"set back, and then ahead by more": {{}, {-time.Hour, -time.Hour, time.Minute, ""}, {0, 0, 2 * time.Minute, "jumped"}},
	} {
		t.Run(name, func(t *testing.T) {
			var g engine.ClockGuard
			for i, l := range looks {
				got := g.Wrong(base.Add(l.real), base.Add(l.host), l.boot)
				if (got == "") != (l.wrong == "") || !strings.Contains(got, l.wrong) {
					t.Fatalf("look %d: %q, want one with %q", i, got, l.wrong)
				}
			}
		})
	}
}

// TestAStoreThatForgotIsReminded: the store loses what it acknowledged since
// before the claim. The process remembers that the message left, so that it
// does not leave twice.
func TestAStoreThatForgotIsReminded(t *testing.T) {
	t.Parallel()
	b := due(t)
	before := b.find(t, "1")
	b.tick(t)
	after := b.find(t, "1")
	if after.Messages[0].Status != lifecycle.SentStatus || len(b.all()) != 1 {
		t.Fatalf("%+v", after.Messages)
	}
	if _, err := b.st.Update(b.ctx, store.Request{ID: after.ID}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
		before.Version = c.Version
		return store.Change{Contact: before, Write: true}, nil
	}); err != nil {
		t.Fatal(err)
	}
	b.RolledBack(0, 1)
	if why := b.Held(); len(why) == 0 {
		t.Error("nothing is held")
	}
	b.tick(t)
	b.tick(t)
	got := b.find(t, "1")
	if m := got.Messages[0]; len(b.all()) != 1 || b.all()[m.ID] != 1 || m.Status != lifecycle.SentStatus || m.ProviderID == "" {
		t.Fatalf("left %v, %+v", b.all(), m)
	}
	if why := b.Held(); len(why) > 0 {
		t.Errorf("held for ever: %v", why)
	}
	b.goTo(t, day0.Add(61*day))
	if len(b.all()) != 2 {
		t.Errorf("then left %v", b.all())
	}
}

// TestNothingIsWorkedOffWhileTheStoreIsCompared: neither sends nor entries.
func TestNothingIsWorkedOffWhileTheStoreIsCompared(t *testing.T) {
	t.Parallel()
	b := due(t)
	b.sms.answer(func(connectors.Outgoing) *lifecycle.Result {
		b.RolledBack(0, 1) // while the message is under way
		return &lifecycle.Result{Outcome: lifecycle.Ambiguous}
	})
	b.tick(t)
	b.tick(t)
	if m := b.find(t, "1").Messages; len(m) != 1 || m[0].Status != lifecycle.Uncertain {
		t.Fatalf("%+v", m)
	}
}

// TestAStoreThatMayForgetSendsNothing: without its append-only file a server
// forgets what was sent, and it would leave again.
func TestAStoreThatMayForgetSendsNothing(t *testing.T) {
	t.Parallel()
	url := redistest.Fresh(t)
	opt, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	admin := redis.NewClient(opt)
	defer func() { _ = admin.Close() }()
	if err := admin.ConfigSet(t.Context(), "appendonly", "no").Err(); err != nil {
		t.Fatal(err)
	}
	b := newBenchOn(t, url, prefixOf(t), shopYAML)
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
	b.goTo(t, day0.Add(31*day))
	if len(b.all()) != 0 || len(b.Held()) == 0 {
		t.Fatalf("sent %v, held for %v", b.all(), b.Held())
	}
}
