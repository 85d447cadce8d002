package engine_test

import (
	"errors"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

const (
	annaMail, annaPhone = "anna@example.com", "+393331234567"
	otherMail           = "anna.rossi@example.org"
)

// TestWhoIsWho tells stories of identity: events, and how many people they are.
func TestWhoIsWho(t *testing.T) {
	for name, c := range map[string]struct {
		people []lifecycle.Person // each places an order
		want   int
	}{
		"id, e-mail and phone lead to the same person":        {[]lifecycle.Person{named("1", annaMail, annaPhone), named("1", "", ""), named("", annaMail, ""), named("", "", annaPhone)}, 1},
		"two ids of one source with one e-mail":               {[]lifecycle.Person{named("1", annaMail, ""), named("2", annaMail, "")}, 1},
		"one phone never fuses two e-mails":                   {[]lifecycle.Person{named("1", annaMail, annaPhone), named("2", otherMail, annaPhone)}, 2},
		"nor without ids":                                     {[]lifecycle.Person{named("", annaMail, annaPhone), named("", otherMail, annaPhone)}, 2},
		"a guest with a phone, then a customer with both":     {[]lifecycle.Person{named("", "", annaPhone), named("1", annaMail, annaPhone)}, 1},
		"a guest with an e-mail, then a customer":             {[]lifecycle.Person{named("", annaMail, ""), named("1", annaMail, annaPhone)}, 1},
		"an e-mail in other letters":                          {[]lifecycle.Person{named("", annaMail, ""), named("", " Anna@Example.COM ", "")}, 1},
		"a phone as it is written at home":                    {[]lifecycle.Person{named("", "", annaPhone), named("", "", "333 123 4567")}, 1},
		"two records that turn out to be one":                 {[]lifecycle.Person{named("1", "", annaPhone), named("", annaMail, ""), named("1", annaMail, "")}, 1},
		"a phone of two people and three orders without more": {[]lifecycle.Person{named("", annaMail, annaPhone), named("", otherMail, annaPhone), named("", "", annaPhone), named("", "", annaPhone), named("", "", annaPhone)}, 3},
		"two ids of one source with one phone":                {[]lifecycle.Person{named("1", "", annaPhone), named("2", "", annaPhone)}, 2},
		"fillers lead to nobody":                              {[]lifecycle.Person{named("1", "noreply@example.com", annaPhone), named("2", "noreply@example.com", "+393337654321")}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.goTo(t, day0)
			for i, p := range c.people {
				b.tell(t, orderOf("o"+string(rune('a'+i)), day0, p))
			}
			got := b.contacts(t)
			orders := 0
			for _, c := range got {
				st := b.StatusOf(c, day0)
				orders += st.Orders
			}
			if len(got) != c.want || orders != len(c.people) {
				t.Fatalf("%d people with %d orders, want %d with %d", len(got), orders, c.want, len(c.people))
			}
		})
	}
}

func TestAChangedAddressKeepsThePerson(t *testing.T) {
	b := newBench(t)
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
	b.tell(t, changed("c1", day0.Add(time.Minute), named("1", otherMail, annaPhone)))
	c := b.find(t, otherMail)
	if c.Email.Key != otherMail || len(b.contacts(t)) != 1 {
		t.Fatalf("e-mail %s", c.Email.Key)
	}
	if got := c.Consent[lifecycle.Email].State(); got != lifecycle.Unknown {
		t.Fatalf("consent for the old address holds for the new one: %s", got)
	}
	if old := b.find(t, annaMail); old.ID != c.ID {
		t.Fatal("the old address leads to somebody else")
	}
}

// TestAClaimThatWasNeverWrittenStopsNobody: a process died between pointing an
// address at a new record and writing it.
func TestAClaimThatWasNeverWrittenStopsNobody(t *testing.T) {
	for name, claim := range map[string]func(k identity.Keys) []identity.Digest{
		"of the e-mail": func(k identity.Keys) []identity.Digest { return []identity.Digest{k.Email("bottega", annaMail)} },
		"of the customer id": func(k identity.Keys) []identity.Digest {
			return []identity.Digest{k.Ref("bottega", "shopify", "1")}
		},
		"of both, for two records": func(k identity.Keys) []identity.Digest {
			return []identity.Digest{k.Email("bottega", annaMail), k.Ref("bottega", "shopify", "1")}
		},
	} {
		for _, known := range []lifecycle.Person{{}, named("1", "", annaPhone), named("", annaMail, "")} {
			t.Run(name+", known by "+known.CustomerID+known.Email, func(t *testing.T) {
				t.Parallel()
				b := newBench(t)
				b.goTo(t, day0)
				for _, d := range claim(identity.NewKeys(b.st.Secret())) {
					if _, err := b.st.ClaimLookup(b.ctx, store.Digest(d), store.NewID()); err != nil {
						t.Fatal(err)
					}
				}
				want := 1
				if known.Email+known.Phone != "" {
					b.tell(t, orderOf("0", day0, known))
					want++
				}
				b.tell(t, orderOf("1", day0, named("1", annaMail, "")))
				got := b.contacts(t)
				if len(got) != 1 || b.StatusOf(got[0], day0).Orders != want {
					t.Fatalf("%d people: %+v", len(got), got)
				}
				if b.find(t, annaMail).ID != got[0].ID || b.find(t, "1").ID != got[0].ID {
					t.Fatal("look-ups lead elsewhere")
				}
			})
		}
	}
}

func TestAMergeThatASourceTells(t *testing.T) {
	for name, c := range map[string]struct{ kept, gone lifecycle.Person }{
		"by customer ids": {lifecycle.Person{CustomerID: "1"}, lifecycle.Person{CustomerID: "2"}},
		"by e-mail":       {lifecycle.Person{Email: annaMail}, lifecycle.Person{Email: otherMail}},
		"by both":         {lifecycle.Person{CustomerID: "1"}, lifecycle.Person{Email: otherMail}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.goTo(t, day0)
			b.tell(t, orderOf("1", day0, named("1", annaMail, "")))
			b.tell(t, orderOf("2", day0, named("2", otherMail, "")))
			merge := lifecycle.Event{Type: lifecycle.ContactMerged, Source: "shopify", Key: "m", At: day0, Person: c.kept, Merged: &c.gone}
			for range 2 {
				b.tell(t, merge)
			}
			got := b.contacts(t)
			if len(got) != 1 || b.StatusOf(got[0], day0).Orders != 2 {
				t.Fatalf("%d people: %+v", len(got), got)
			}
			for _, who := range []string{"1", "2", annaMail, otherMail} {
				if b.find(t, who).ID != got[0].ID {
					t.Errorf("%s leads to somebody else", who)
				}
			}
			if n, err := b.Counts(b.ctx, "bottega"); err != nil || n["state:active"] != 1 {
				t.Fatalf("counts %v, %v", n, err)
			}
		})
	}
}

func TestACrashBetweenTheStepsOfAMergeLosesNothing(t *testing.T) {
	b := newBench(t)
	b.goTo(t, day0)
	b.tell(t, orderOf("1", day0, named("1", annaMail, "")))
	b.tell(t, orderOf("2", day0, named("2", otherMail, "")))
	keep, gone := b.find(t, "1"), b.find(t, "2")
	_, err := b.st.Update(b.ctx, store.Request{ID: gone.ID}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
		c.Forward, c.Due = keep.ID, time.Time{}
		return store.Change{Contact: c, Write: true}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b.tell(t, orderOf("3", day0, named("2", "", ""))) // whoever comes next finishes it
	got := b.contacts(t)
	if len(got) != 1 || b.StatusOf(got[0], day0).Orders != 3 {
		t.Fatalf("%d people, %+v", len(got), got)
	}
	if shell, err := b.st.Load(b.ctx, gone.ID); err != nil || shell.Email.Key != "" || shell.Forward != keep.ID {
		t.Fatalf("what is left: %+v, %v", shell, err)
	}
	if n, err := b.Counts(b.ctx, "bottega"); err != nil || n["state:active"] != 1 {
		t.Fatalf("counts %v, %v", n, err)
	}
}

// TestAMergeWithAMessageUnderWay lets the records become one while the provider
// thinks: the answer is kept, and the step does not leave twice.
func TestAMergeWithAMessageUnderWay(t *testing.T) {
	b := newBench(t)
	b.goTo(t, day0)
	b.tell(t, changed("c", day0, named("2", otherMail, "")))
	b.tell(t, allowed(orderOf("1", day0.Add(time.Second), named("1", annaMail, annaPhone))))
	b.sms.answer(func(connectors.Outgoing) *lifecycle.Result {
		b.tell(t, lifecycle.Event{Type: lifecycle.ContactMerged, Source: "shopify", Key: "m", Person: lifecycle.Person{CustomerID: "2"}, Merged: &lifecycle.Person{CustomerID: "1"}})
		return nil
	})
	b.goTo(t, day0.Add(40*day))
	c := b.find(t, "1")
	if len(b.sms.all())+len(b.mail.all()) != 1 || len(b.contacts(t)) != 1 {
		t.Fatalf("%d messages, %d people", len(b.sms.all())+len(b.mail.all()), len(b.contacts(t)))
	}
	if len(c.Messages) != 1 || c.Messages[0].Status != lifecycle.SentStatus || c.Messages[0].ProviderID == "" {
		t.Fatalf("messages %+v", c.Messages)
	}
}

func TestFindNamesWhatItDoesNotKnow(t *testing.T) {
	b := newBench(t)
	for _, who := range []string{"", "nobody@example.com", "+393330000000", "abcdefghijkl", "42"} {
		if _, err := b.Find(b.ctx, "bottega", who); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%q: %v", who, err)
		}
	}
}
