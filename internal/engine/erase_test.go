package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

// TestErasureLeavesNoByteOfThePerson reads every key of the store, as the
// server would dump it, after a person with a full life was erased.
func TestErasureLeavesNoByteOfThePerson(t *testing.T) {
	b := newBenchOn(t, redistest.Fresh(t), prefixOf(t), shopYAML)
	b.goTo(t, day0)
	p := named("cust-77", annaMail, annaPhone)
	p.FirstName, p.LastName = "Ermenegilda", "Quattrociocchi"
	b.tell(t, refund("ord-4711", "r", 100, lifecycle.Person{CustomerID: "cust-77", Email: annaMail})) // parked, or kept
	b.tell(t, allowed(orderOf("ord-4711", day0, p)))
	b.tell(t, orderOf("ord-4712", day0, named("", otherMail, "")))
	b.tell(t, lifecycle.Event{Type: lifecycle.ContactMerged, Source: "shopify", Key: "m", Person: lifecycle.Person{CustomerID: "cust-77"}, Merged: &lifecycle.Person{Email: otherMail}})
	b.goTo(t, day0.Add(31*day))
	if _, err := b.Reply(b.ctx, replyFrom(annaPhone, "Grazie, sono Ermenegilda")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.st.PutDead(b.ctx, store.DeadLetter{Shop: "bottega", Source: "shopify", Body: []byte(`{"email":"Anna@Example.com"}`), Reason: "x", At: day0}); err != nil {
		t.Fatal(err)
	}
	needles := []string{"ermenegilda", "quattrociocchi", annaMail, "anna@example", otherMail, "anna.rossi", strings.TrimPrefix(annaPhone, "+"), "3331234567", "cust-77", "ord-4711", "ord-4712"}
	before := dump(t, b.ctx, redisOf(t, b))
	for _, n := range needles[:2] {
		if !strings.Contains(before, n) {
			t.Fatalf("the search does not find %q while the person is there: it proves nothing", n)
		}
	}
	got, err := b.Erase(b.ctx, "bottega", annaMail)
	if err != nil || got.Contacts != 1 || got.DeadLetters != 1 || got.Orders != 2 || got.Messages == 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	after := dump(t, b.ctx, redisOf(t, b))
	for _, n := range needles {
		if i := strings.Index(after, n); i >= 0 {
			t.Errorf("%q is still there: %q", n, after[max(0, i-60):min(len(after), i+60)])
		}
	}
	if n, err := b.Counts(b.ctx, "bottega"); err != nil || n["state:active"]+n["state:dormant"]+n["state:returning"] != 0 || n["erased"] != 1 {
		t.Fatalf("counts %v, %v", n, err)
	}
	for _, who := range []string{annaMail, annaPhone, "cust-77", otherMail} {
		if _, err := b.Find(b.ctx, "bottega", who); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", who, err)
		}
	}
}

func redisOf(t *testing.T, b *bench) *redis.Client {
	o, err := redis.ParseURL(b.url)
	if err != nil {
		t.Fatal(err)
	}
	r := redis.NewClient(o)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// dump is every key and value of a server in lower case.
func dump(t *testing.T, ctx context.Context, r *redis.Client) string {
	t.Helper()
	var all strings.Builder
	keys, err := r.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	put := func(parts []string, err error) {
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(strings.Join(parts, "\x00") + "\x00")
	}
	for _, k := range keys {
		all.WriteString(k + "\x00")
		switch kind := r.Type(ctx, k).Val(); kind {
		case "string":
			v, err := r.Get(ctx, k).Result()
			put([]string{v}, err)
		case "hash":
			v, err := r.HGetAll(ctx, k).Result()
			for f, x := range v {
				put([]string{f, x}, err)
			}
		case "set":
			put(r.SMembers(ctx, k).Result())
		case "zset":
			put(r.ZRange(ctx, k, 0, -1).Result())
		case "list":
			put(r.LRange(ctx, k, 0, -1).Result())
		case "stream":
			v, err := r.XRange(ctx, k, "-", "+").Result()
			for _, m := range v {
				for f, x := range m.Values {
					s, _ := x.(string)
					put([]string{f, s}, err)
				}
			}
		default:
			t.Fatalf("key %s is a %s: teach the search to read it", k, kind)
		}
	}
	return strings.ToLower(all.String())
}

// TestAnErasedPersonComesBackOnlyByThemselves: an import of old data brings the
// record back, but no message; a fresh opt-in does.
func TestAnErasedPersonComesBackOnlyByThemselves(t *testing.T) {
	for name, ask := range map[string]func(b *bench) error{
		"erased by hand": func(b *bench) error { _, err := b.Erase(b.ctx, "bottega", annaMail); return err },
		"erased by the source": func(b *bench) error {
			_, err := b.Apply(b.ctx, "bottega", lifecycle.Event{Type: lifecycle.EraseRequested, Source: "shopify", Key: "e", Person: named("1", annaMail, annaPhone)})
			return err
		},
		"erased by phone": func(b *bench) error {
			_, err := b.Apply(b.ctx, "bottega", lifecycle.Event{Type: lifecycle.EraseRequested, Source: "shopify", Key: "e", Person: lifecycle.Person{Phone: annaPhone}})
			if err == nil { // the e-mail is told in a request of its own
				_, err = b.Apply(b.ctx, "bottega", lifecycle.Event{Type: lifecycle.EraseRequested, Source: "shopify", Key: "e2", Person: lifecycle.Person{Email: annaMail}})
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.goTo(t, day0)
			b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
			if err := ask(b); err != nil {
				t.Fatal(err)
			}
			if len(b.contacts(t)) != 0 {
				t.Fatal("is still there")
			}
			b.goTo(t, day0.Add(day))
			old := allowed(orderOf("2", day0.Add(-10*day), named("1", annaMail, annaPhone)))
			old.Historical = true
			b.tell(t, old)
			if c := b.find(t, annaMail); c.State != lifecycle.UnsubscribedState || c.Reason != lifecycle.ReasonOptOut {
				t.Fatalf("%s (%s)", c.State, c.Reason)
			}
			b.goTo(t, day0.Add(200*day))
			if n := len(b.sms.all()) + len(b.mail.all()); n != 0 {
				t.Fatalf("%d messages", n)
			}
			b.tell(t, allowed(orderOf("3", day0.Add(200*day), named("1", annaMail, annaPhone))))
			b.goTo(t, day0.Add(235*day))
			if n := len(b.sms.all()) + len(b.mail.all()); n == 0 {
				t.Fatal("a fresh opt-in of their own must count")
			}
		})
	}
}

// TestACrashWhileAnErasedPersonComesBack: the look-ups are claimed, the record
// is not written, and the retry must still know of the erasure.
func TestACrashWhileAnErasedPersonComesBack(t *testing.T) {
	b := newBench(t)
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, ""))))
	if _, err := b.Erase(b.ctx, "bottega", annaMail); err != nil {
		t.Fatal(err)
	}
	b.goTo(t, day0.Add(day))
	old := allowed(orderOf("2", day0.Add(-10*day), named("1", annaMail, "")))
	if err := b.ResolveAndDie(b.ctx, "bottega", old); err != nil {
		t.Fatal(err)
	}
	b.tell(t, old)
	if c := b.find(t, annaMail); c.State != lifecycle.UnsubscribedState {
		t.Fatalf("%s, e-mail %s", c.State, c.Consent[lifecycle.Email].State())
	}
}

func TestErasedWhileAMessageIsUnderWay(t *testing.T) {
	b := newBench(t)
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
	b.sms.answer(func(connectors.Outgoing) *lifecycle.Result {
		if _, err := b.Erase(b.ctx, "bottega", annaMail); err != nil {
			t.Error(err)
		}
		return nil
	})
	b.goTo(t, day0.Add(60*day))
	if len(b.contacts(t)) != 0 || len(b.sms.all()) != 1 {
		t.Fatalf("%d contacts, %d messages", len(b.contacts(t)), len(b.sms.all()))
	}
	n := lifecycle.News{MessageID: b.sms.all()[0].MessageID, Status: lifecycle.Delivered}
	if err := b.Delivered(b.ctx, "twilio", n, time.Time{}, "late"); err != nil {
		t.Fatal(err)
	}
}
