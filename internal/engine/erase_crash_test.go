package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// dies runs f up to the named place, where the process is killed.
func (b *bench) dies(t *testing.T, place string, f func() error) {
	t.Helper()
	b.OnPoint(func(at string) {
		if at == place {
			panic("killed at " + place)
		}
	})
	defer b.OnPoint(nil)
	defer func() {
		if p := recover(); p != "killed at "+place {
			t.Fatalf("it was not killed at %s: %v", place, p)
		}
	}()
	t.Fatalf("it came to its end: %v", f())
}

// reconcileAt lets somebody look at what is open, real time from now.
func (b *bench) reconcileAfter(t *testing.T, d time.Duration) {
	t.Helper()
	real, _, err := b.st.Now(b.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Reconcile(b.ctx, real.Add(d)); err != nil {
		t.Fatal(err)
	}
}

// keysOf are the server's keys of this test that match a pattern.
func (b *bench) keysOf(t *testing.T, pattern string) []string {
	t.Helper()
	keys, err := redisOf(t, b).Keys(b.ctx, prefixOf(t)+pattern).Result()
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// full gives a person everything that an erasure must reach.
func full(t *testing.T, b *bench) lifecycle.Contact {
	t.Helper()
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("ord-1", day0, named("cust-77", annaMail, annaPhone))))
	b.tell(t, orderOf("ord-2", day0, named("", otherMail, "")))
	b.tell(t, lifecycle.Event{Type: lifecycle.ContactMerged, Source: "shopify", Key: "m", Person: lifecycle.Person{CustomerID: "cust-77"}, Merged: &lifecycle.Person{Email: otherMail}})
	b.goTo(t, day0.Add(31*day))
	b.letter(t, `{"email":"anna@example.com"}`)
	waits := refund("ord-9", "r9", 100, named("", annaMail, ""))
	b.park(t, waits)
	if len(b.keysOf(t, ":ln:*")) != 1 {
		t.Fatal("there is no link to remove")
	}
	return b.find(t, annaMail)
}

// nothingLeft holds that no step of an erasure is missing.
func nothingLeft(t *testing.T, b *bench) {
	t.Helper()
	for _, pattern := range []string{":{s*}:c:*", ":{s*}:look", ":{s*}:due:*", ":ln:*", ":lk:*", ":lo:*", ":{dl:*}:d:*", ":{pk*"} {
		if keys := b.keysOf(t, pattern); len(keys) > 0 {
			t.Errorf("left behind: %v", keys)
		}
	}
	if n, err := b.st.Contacts(b.ctx); err != nil || n != 0 {
		t.Errorf("%d contacts counted, %v", n, err)
	}
	if n, err := b.Counts(b.ctx, "bottega"); err != nil || n["erased"] != 1 || n["state:active"]+n["state:dormant"]+n["state:unsubscribed"] != 0 {
		t.Errorf("counts %v, %v", n, err)
	}
	b.tell(t, allowed(importOf(orderOf("ord-1", day0, named("cust-77", annaMail, annaPhone)))))
	if c := b.find(t, annaMail); c.State != lifecycle.UnsubscribedState {
		t.Errorf("an import makes the person %s", c.State)
	}
}

func importOf(ev lifecycle.Event) lifecycle.Event {
	ev.Historical, ev.Source, ev.Key = true, "import", "import "+ev.Key
	return ev
}

// TestAnErasureKilledAnywhereIsFinishedByAnother kills the process at each step
// of an erasure. What began is finished by whoever looks next, without anybody
// asking again.
func TestAnErasureKilledAnywhereIsFinishedByAnother(t *testing.T) {
	for _, place := range []string{"erase.buried", "erase.suppressed", "erase.swept", "erase.orders", "erase.lookups"} {
		for name, ask := range map[string]func(b *bench) error{
			"by hand": func(b *bench) error { _, err := b.Erase(b.ctx, "bottega", annaMail); return err },
			"by a source": func(b *bench) error {
				_, err := b.Apply(b.ctx, "bottega", lifecycle.Event{Type: lifecycle.EraseRequested, Source: "shopify", Key: "e", Person: lifecycle.Person{Email: annaMail}})
				return err
			},
		} {
			t.Run(place+" "+name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				full(t, b)
				b.dies(t, place, func() error { return ask(b) })
				b.restart(t)
				if _, err := b.Find(b.ctx, "bottega", annaMail); !errors.Is(err, store.ErrNotFound) {
					t.Fatalf("half erased, the person is there: %v", err)
				}
				if len(b.contacts(t)) != 0 {
					t.Fatal("half erased, the person is on a list")
				}
				b.reconcileAfter(t, 0)
				if len(b.keysOf(t, ":{s*}:look")) == 0 {
					t.Fatal("whoever asked may still be at work: nobody else goes on within a minute")
				}
				b.reconcileAfter(t, 2*time.Minute)
				nothingLeft(t, b)
			})
		}
	}
}

// TestAnErasureThatStoppedIsFinishedWhenAskedAgain: the caller got no answer.
func TestAnErasureThatStoppedIsFinishedWhenAskedAgain(t *testing.T) {
	for _, who := range []string{annaMail, annaPhone, "cust-77", otherMail, ""} {
		t.Run("by "+who, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if c := full(t, b); who == "" {
				who = c.ID
			}
			b.dies(t, "erase.suppressed", func() error { _, err := b.Erase(b.ctx, "bottega", annaMail); return err })
			b.restart(t)
			got, err := b.Erase(b.ctx, "bottega", who)
			if err != nil || got.Contacts != 1 || got.DeadLetters != 1 || got.Parked != 1 {
				t.Fatalf("%+v, %v", got, err)
			}
			if _, err := b.Erase(b.ctx, "bottega", who); !errors.Is(err, store.ErrNotFound) {
				t.Fatalf("there is nobody to be erased a second time: %v", err)
			}
			nothingLeft(t, b)
		})
	}
}

// TestNewsInTheMiddleOfAnErasureRevivesNobody: at each step of an erasure news
// of the person comes in. It is about somebody new, who is never written to.
func TestNewsInTheMiddleOfAnErasureRevivesNobody(t *testing.T) {
	for _, place := range []string{"erase.buried", "erase.suppressed", "erase.swept", "erase.orders", "erase.lookups", "erase.cleared"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			old := full(t, b)
			told := 0
			b.OnPoint(func(at string) {
				if at != place {
					return
				}
				b.OnPoint(nil)
				told++
				news := allowed(orderOf("ord-3", day0.Add(20*day), named("cust-77", strings.ToUpper(annaMail), annaPhone)))
				for i := range news.Consents {
					news.Consents[i].At = day0 // as before the erasure
				}
				b.tell(t, news)
			})
			if _, err := b.Erase(b.ctx, "bottega", annaMail); err != nil || told != 1 {
				t.Fatal(err, told)
			}
			b.OnPoint(nil)
			all := b.contacts(t)
			if len(all) != 1 || all[0].ID == old.ID || all[0].State != lifecycle.UnsubscribedState {
				t.Fatalf("old id %s, records %+v", old.ID, all)
			}
			for _, who := range []string{annaMail, annaPhone, "cust-77"} {
				if c := b.find(t, who); c.ID != all[0].ID {
					t.Errorf("%s leads to %s", who, c.ID)
				}
			}
			if _, err := b.Find(b.ctx, "bottega", otherMail); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("the former address: %v", err)
			}
			n := len(b.sms.all()) + len(b.mail.all())
			b.goTo(t, day0.Add(200*day))
			if more := len(b.sms.all()) + len(b.mail.all()); more != n {
				t.Fatalf("%d messages to somebody who was erased", more-n)
			}
			b.reconcileAfter(t, 2*time.Minute)
			if len(b.contacts(t)) != 1 || len(b.keysOf(t, ":{s*}:c:*")) != 1 {
				t.Fatal("more than the one new record is left")
			}
		})
	}
}

// TestNewsThatWasLookedUpBeforeAnErasureRevivesNobody: who the news is about
// was found, and then the person was erased, whole.
func TestNewsThatWasLookedUpBeforeAnErasureRevivesNobody(t *testing.T) {
	for _, known := range []bool{true, false} {
		t.Run(fmt.Sprintf("known %v", known), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.goTo(t, day0)
			first := allowed(orderOf("1", day0, named("1", annaMail, annaPhone)))
			if known {
				b.tell(t, first)
			}
			var old string
			b.OnPoint(func(at string) {
				if at != "resolved" {
					return
				}
				b.OnPoint(nil)
				if !known { // another delivery makes the record under the id that was claimed
					b.tell(t, first)
				}
				old = b.find(t, annaMail).ID
				if _, err := b.Erase(b.ctx, "bottega", annaMail); err != nil {
					t.Error(err)
				}
			})
			news := orderOf("2", day0, named("1", annaMail, annaPhone))
			news.Consents = []lifecycle.ConsentChange{{Channel: lifecycle.Email, State: lifecycle.Subscribed, At: day0.Add(-day)}}
			b.tell(t, news)
			all := b.contacts(t)
			if len(all) != 1 || all[0].ID == old || all[0].State != lifecycle.UnsubscribedState {
				t.Fatalf("old id %s, records %+v", old, all)
			}
			if b.find(t, annaMail).ID != all[0].ID || b.find(t, "1").ID != all[0].ID {
				t.Fatal("look-ups lead elsewhere")
			}
		})
	}
}

// TestAMergeKilledHalfWayIsFinishedOrErased: the younger record forwards to the
// older, and nobody absorbed it. Whoever looks finishes that; where the person
// was erased meanwhile, it goes, too.
func TestAMergeKilledHalfWayIsFinishedOrErased(t *testing.T) {
	for _, erased := range []bool{false, true} {
		t.Run(fmt.Sprintf("erased %v", erased), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.goTo(t, day0)
			b.tell(t, allowed(orderOf("ord-1", day0, named("cust-77", annaMail, annaPhone))))
			b.goTo(t, day0.Add(time.Minute))
			b.tell(t, orderOf("ord-2", day0, named("", otherMail, "")))
			b.dies(t, "merge.forwarded", func() error {
				_, err := b.Apply(b.ctx, "bottega", lifecycle.Event{Type: lifecycle.ContactMerged, Source: "shopify", Key: "m", Person: lifecycle.Person{CustomerID: "cust-77"}, Merged: &lifecycle.Person{Email: otherMail}})
				return err
			})
			b.restart(t)
			if erased {
				if _, err := b.Erase(b.ctx, "bottega", annaMail); err != nil {
					t.Fatal(err)
				}
			}
			b.reconcileAfter(t, 0)
			if erased {
				if keys := slices.Concat(b.keysOf(t, ":{s*}:c:*"), b.keysOf(t, ":lk:*"), b.keysOf(t, ":{s*}:look")); len(keys) > 0 {
					t.Fatalf("left behind: %v", keys)
				}
				return
			}
			if c := b.find(t, otherMail); len(c.Orders) != 2 || len(b.contacts(t)) != 1 || len(b.keysOf(t, ":{s*}:look")) != 0 {
				t.Fatalf("not joined: %+v", b.contacts(t))
			}
		})
	}
}
