package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

// audited are the kinds that an audit found, each once.
func (b *bench) audited(t *testing.T, o engine.AuditOptions) (kinds []string, f *store.Findings) {
	t.Helper()
	o.Own = true
	if o.Pause == 0 {
		o.Pause = time.Millisecond
	}
	f, err := b.Audit(b.ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range f.List {
		if x.Level == store.LevelOK {
			continue
		}
		if x.Level == "" || x.Mend == "" || x.Text == "" {
			t.Errorf("a finding without level, mend or text: %+v", x)
		}
		kinds = append(kinds, string(x.Kind))
	}
	slices.Sort(kinds)
	return slices.Compact(kinds), f
}

// TestAuditTellsWhatNeedsSomebody: each kind of warning by itself.
func TestAuditTellsWhatNeedsSomebody(t *testing.T) {
	t.Parallel()
	anna := named("1", "anna@example.com", "+393331234567")
	note := func(b *bench, t *testing.T, source string, n store.Note) {
		t.Helper()
		if err := b.st.NoteDelivery(b.ctx, "bottega", source, n); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, found string
		do          func(t *testing.T, b *bench)
	}{
		{"nothing", "", func(*testing.T, *bench) {}},
		{"a shop is paused", "shop_paused", func(t *testing.T, b *bench) {
			if _, err := b.PauseShop(b.ctx, "bottega", "a test", "somebody"); err != nil {
				t.Fatal(err)
			}
		}},
		{"a dead letter", "dead_letters", func(t *testing.T, b *bench) {
			if _, err := b.st.PutDead(b.ctx, store.DeadLetter{Shop: "bottega", Source: "erp", Reason: "not JSON", Method: "POST", Body: []byte("x"), At: b.now(t)}); err != nil {
				t.Fatal(err)
			}
		}},
		{"nobody works", "nobody_works", func(t *testing.T, b *bench) {
			if err := b.st.Goodbye(b.ctx); err != nil {
				t.Fatal(err)
			}
		}},
		{"the store forgot", "sends_held", func(_ *testing.T, b *bench) { b.RolledBack(0, 3) }},
		{"a source went", "source_gone", func(t *testing.T, b *bench) {
			note(b, t, "shopify", store.Note{At: b.now(t), Outcome: store.OutcomeAccepted, Gone: true})
		}},
		{"a source fails", "source_failing", func(t *testing.T, b *bench) {
			note(b, t, "erp", store.Note{At: b.now(t).Add(time.Second), Outcome: store.OutcomeBadSignature})
		}},
		{"the clock was moved, and sources are silent since", "clock_moved source_silent", func(t *testing.T, b *bench) { b.goTo(t, b.now(t).Add(8*day)) }},
		{"a timer is late", "clock_moved timers_late", func(t *testing.T, b *bench) {
			b.tell(t, allowed(orderOf("1", b.now(t), anna)))
			if err := b.st.SetOffset(b.ctx, 31*day); err != nil {
				t.Fatal(err)
			}
			for _, s := range []string{"shopify", "erp"} {
				note(b, t, s, store.Note{At: b.now(t), Outcome: store.OutcomeAccepted})
			}
		}},
		{"an uncertain message", "uncertain_old", func(t *testing.T, b *bench) {
			b.tell(t, orderOf("1", b.now(t), anna))
			began := b.now(t).Add(-25 * time.Hour)
			_, err := b.st.Update(b.ctx, store.Request{ID: b.find(t, "anna@example.com").ID}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
				m := lifecycle.Message{ID: c.ID + "-1", Status: lifecycle.Uncertain}
				c.Messages, c.Looks = []lifecycle.Message{m}, []lifecycle.Look{{Message: m.ID, Started: began}}
				return store.Change{Contact: c, Write: true}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			for _, s := range []string{"shopify", "erp"} {
				note(b, t, s, store.Note{At: b.now(t), Outcome: store.OutcomeAccepted})
			}
			c.do(t, b)
			if kinds, f := b.audited(t, engine.AuditOptions{}); strings.Join(kinds, " ") != c.found || f.Faults != 0 {
				t.Errorf("found %v, want %s: %+v", kinds, c.found, f.List)
			}
		})
	}
}

func TestAuditTellsOfSourcesThatNeverDelivered(t *testing.T) {
	t.Parallel()
	if kinds, f := newBench(t).audited(t, engine.AuditOptions{}); strings.Join(kinds, " ") != "source_never" || f.Counts["source_never"] != 2 {
		t.Errorf("found %v: %+v", kinds, f.List)
	}
}

func TestAuditTellsOfClocksThatDiffer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for skew, want := range map[time.Duration]string{time.Second: "", -3 * time.Second: "differ by -3s", 2 * time.Minute: "sends are held"} {
		f, err := b.AuditSkew(b.ctx, skew)
		if err != nil || (want == "") != (f.Warnings == 0) || want != "" && !strings.Contains(f.List[0].Text, want) {
			t.Errorf("%s: %+v, %v", skew, f.List, err)
		}
	}
}

// TestALostLookupIsMended: by the look-ups' true keys.
func TestALostLookupIsMended(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tell(t, orderOf("1", b.now(t), named("1", "anna@example.com", "+393331234567")))
	c := b.find(t, "anna@example.com")
	if err := b.DropLookups(b.ctx, c); err != nil {
		t.Fatal(err)
	}
	if kinds, f := b.audited(t, engine.AuditOptions{Repair: true}); !slices.Contains(kinds, "lookup_missing") || f.Repaired != 3 || f.Faults != 0 {
		t.Errorf("found %v, repaired %d: %+v", kinds, f.Repaired, f.List)
	}
	if got := b.find(t, "+393331234567"); got.ID != c.ID {
		t.Errorf("found %s, want %s", got.ID, c.ID)
	}
	b.whole(t)
}

// TestAuditWhileTheEngineWorks: webhooks come in, timers fire, messages leave,
// people are merged and erased, and nothing of that is a fault, however often
// one looks.
func TestAuditWhileTheEngineWorks(t *testing.T) {
	t.Parallel()
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), shopWith())
	b.goTo(t, day0)
	ctx, stop := context.WithCancel(b.ctx)
	errs := make(chan error, 8)
	var busy sync.WaitGroup
	busy.Go(func() { b.Run(ctx) })
	busy.Go(func() {
		for ctx.Err() == nil {
			if err := b.onward(b.ctx, 11*time.Hour); err != nil {
				errs <- err
				return
			}
		}
	})
	for w := range 3 {
		busy.Go(func() {
			if err := b.webhooks(ctx, w); err != nil {
				errs <- err
			}
		})
	}
	for range 6 {
		if _, f := b.audited(t, engine.AuditOptions{Pause: 20 * time.Millisecond}); f.Faults > 0 {
			t.Errorf("while it works: %+v", f.List)
		}
	}
	stop()
	busy.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	if len(b.all()) == 0 {
		t.Error("no message left meanwhile")
	}
	b.whole(t)
}

// onward moves the clock.
func (b *bench) onward(ctx context.Context, by time.Duration) error {
	_, now, err := b.st.Now(ctx)
	if err != nil {
		return err
	}
	return b.Advance(ctx, now.Add(by))
}

// webhooks tells of a few people until ctx ends.
func (b *bench) webhooks(ctx context.Context, w int) error {
	r := rand.New(rand.NewPCG(1, uint64(w)))
	for i := 0; ctx.Err() == nil; i++ {
		who := r.IntN(30)
		p := named(strconv.Itoa(who), fmt.Sprintf("p%d@example.com", who), fmt.Sprintf("+39333100%04d", who/2))
		_, now, err := b.st.Now(b.ctx)
		if err != nil {
			return err
		}
		ev := allowed(orderOf(fmt.Sprintf("%d-%d", w, i), now, p))
		switch k := r.IntN(12); {
		case k == 0:
			ev.Type, ev.Order, ev.Key = lifecycle.EraseRequested, nil, fmt.Sprintf("e%d-%d", w, i)
		case k == 1:
			ev.Type, ev.Order, ev.Key, ev.Consents = lifecycle.ContactMerged, nil, fmt.Sprintf("m%d-%d", w, i), nil
			ev.Person, ev.Merged = lifecycle.Person{CustomerID: strconv.Itoa(who)}, &lifecycle.Person{CustomerID: strconv.Itoa(r.IntN(30))}
		case k == 2:
			ev.Person.CustomerID = ""
		case k == 3:
			ev.Type, ev.Order, ev.Key = lifecycle.ConsentChanged, nil, fmt.Sprintf("c%d-%d", w, i)
			ev.Consents = []lifecycle.ConsentChange{{Channel: lifecycle.Channel(r.IntN(2)), State: lifecycle.Unsubscribed}}
		case k < 8: // long ago, so that steps are due
			ev.Order.At = now.Add(-29 * day)
			ev.At = ev.Order.At
		}
		if _, err := b.Apply(b.ctx, "bottega", ev); err != nil {
			return fmt.Errorf("%s: %w", ev.Type, err)
		}
	}
	return nil
}
