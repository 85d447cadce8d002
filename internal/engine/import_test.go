package engine_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
)

// from hands events out, as a file does.
func from(evs []lifecycle.Event) engine.Next {
	return func() (lifecycle.Event, error) {
		if len(evs) == 0 {
			return lifecycle.Event{}, io.EOF
		}
		ev := evs[0]
		evs = evs[1:]
		return ev, nil
	}
}

func (b *bench) takeIn(t fataler, evs []lifecycle.Event) engine.Imported {
	t.Helper()
	n := 1 + len(evs)%3
	got, err := b.Import(b.ctx, "bottega", engine.InParts(n, func(part int) (engine.Next, error) {
		some := slices.DeleteFunc(slices.Clone(evs), func(ev lifecycle.Event) bool { return engine.PartOf(ev.Person, n) != part })
		return from(some), nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

type fataler interface {
	Helper()
	Fatal(...any)
}

// people are all records of a shop, without what hangs on chance: ids, and the
// run's id and message ids that follow from none of the events.
func (b *bench) people(t fataler) []lifecycle.Contact {
	t.Helper()
	var all []lifecycle.Contact
	err := b.st.Scan(b.ctx, func(c lifecycle.Contact) error {
		if c.Forward == "" {
			all = append(all, c)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b lifecycle.Contact) int { return cmpText(nameOf(a), nameOf(b)) })
	return all
}

func nameOf(c lifecycle.Contact) string {
	return c.Email.Key + "|" + c.Phone.Key + "|" + fmt.Sprint(c.Refs)
}

func cmpText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// byChance are fields that two ways to the same record need not share: the id,
// how often it was written, and times that are the engine's own.
var byChance = []cmp.Option{
	cmpopts.IgnoreFields(lifecycle.Contact{}, "ID", "Version", "MadeAt", "Unknown"),
	cmpopts.IgnoreFields(lifecycle.Run{}, "Began", "Handled", "Ended"),
	cmpopts.IgnoreFields(lifecycle.Former{}, "Lookup", "Suppress"), // keyed by the installation
	cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(time.Minute),
}

// counters are the shop's, without those at 0.
func (b *bench) counters(t fataler) map[string]int64 {
	t.Helper()
	n, err := b.Counts(b.ctx, "bottega")
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(n, func(_ string, n int64) bool { return n == 0 })
	return n
}

// past makes old news of a few people: purchases, returns, void and foreign
// orders, some told twice, some under another customer id or phone number.
func past(t *rapid.T, now time.Time) []lifecycle.Event {
	pick := func(name string, n int) int { return rapid.IntRange(0, n-1).Draw(t, name) }
	n := rapid.IntRange(1, 60).Draw(t, "events")
	var evs []lifecycle.Event
	for i := range n {
		who := pick("who", 5)
		p := lifecycle.Person{CustomerID: fmt.Sprint(who), FirstName: []string{"Anna", "", "Anne"}[pick("name", 3)]}
		if who < 4 { // the last one has no address at all
			p.Email = fmt.Sprintf("c%d@example.com", who)
			switch pick("addresses", 6) {
			case 0: // a guest
				p.CustomerID = ""
			case 1:
				p.Phone = fmt.Sprintf("+39333100000%d", pick("phone", 3))
			case 2:
				p.CustomerID += "b"
			}
		}
		at := now.Add(-time.Duration(pick("days", 500)) * 24 * time.Hour).Truncate(time.Second)
		o := &lifecycle.Order{ID: fmt.Sprint("o", i), At: at, Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: int64(pick("total", 9000)), Currency: "EUR"}}
		switch pick("kind", 8) {
		case 0:
			o.Total.Minor = -o.Total.Minor - 1
		case 1:
			o.Total.Currency = "USD"
		case 2:
			o.Status = lifecycle.OrderVoid
		case 3:
			o.Refunded = o.Total.Minor / 2
		}
		ev := lifecycle.Event{Type: lifecycle.OrderPlaced, Source: "import", At: at, Version: at, Historical: true, Person: p, Order: o}
		if pick("consent", 4) == 0 {
			ev.Consents = []lifecycle.ConsentChange{{Channel: lifecycle.Channel(pick("channel", 2)), State: lifecycle.ConsentState(pick("state", 4)), At: at, Source: "desk"}}
		}
		evs = append(evs, ev)
	}
	for range pick("again", 4) {
		evs = append(evs, evs[pick("which", len(evs))])
	}
	return evs
}

// TestImportIsApplyManyTimes holds the fast way to the slow one: the same old
// news, event by event or in batches, whole, in parts and repeated, makes the
// same records and the same counters.
func TestImportIsApplyManyTimes(t *testing.T) {
	node := redistest.Start(t)
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		slow := newBenchOn(t, node, fmt.Sprintf("%s-slow-%d", prefixOf(t), n), shopWith())
		fast := newBenchOn(t, node, fmt.Sprintf("%s-fast-%d", prefixOf(t), n), shopWith())
		evs := past(rt, slow.now(t))
		for _, ev := range evs {
			if _, err := slow.Apply(slow.ctx, "bottega", ev); err != nil {
				rt.Fatal(err)
			}
		}
		cut := rapid.IntRange(0, len(evs)).Draw(rt, "cut")
		fast.takeIn(rt, evs[:cut])
		fast.takeIn(rt, evs[cut:])
		if diff := cmp.Diff(slow.people(rt), fast.people(rt), byChance...); diff != "" {
			rt.Fatalf("records (-one by one +in batches):\n%s", diff)
		}
		if diff := cmp.Diff(slow.counters(rt), fast.counters(rt)); diff != "" {
			rt.Fatalf("counters (-one by one +in batches):\n%s", diff)
		}
		before := fast.people(rt)
		fast.whole(t)
		again := fast.takeIn(rt, evs)
		if diff := cmp.Diff(before, fast.people(rt)); diff != "" || again.Orders != 0 || again.Made != 0 || again.Changed != 0 {
			rt.Fatalf("the same again: %+v (-before +after):\n%s", again, diff)
		}
	})
}

// standing is what must not hang on the order in which news becomes known.
type standing struct {
	Who, State, Next, Email, SMS string
	Orders, Foreign              int
	Spent                        int64
	Last                         time.Time
}

func (b *bench) standings(t fataler) []standing {
	t.Helper()
	rules := b.Shops()[0].Rules
	var all []standing
	for _, c := range b.people(t) {
		sum := rules.Totals(&c)
		all = append(all, standing{
			nameOf(lifecycle.Contact{Email: c.Email}), c.State.String(), c.Due.Format(time.DateOnly), c.Consent[lifecycle.Email].State().String(), c.Consent[lifecycle.SMS].State().String(),
			sum.Orders, sum.Foreign, sum.Spent.Minor, sum.Last,
		})
	}
	return all
}

// TestImportedNewsMayComeInAnyOrder: orders, money, consent, state and next due
// time are those of the events, however the file is shuffled.
func TestImportedNewsMayComeInAnyOrder(t *testing.T) {
	node := redistest.Start(t)
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 1))
		a := newBenchOn(t, node, fmt.Sprintf("%s-a%d", prefixOf(t), seed), shopWith())
		b := newBenchOn(t, node, fmt.Sprintf("%s-b%d", prefixOf(t), seed), shopWith())
		now := a.now(t)
		var evs []lifecycle.Event
		for i := range 400 {
			who := r.IntN(40)
			at := now.Add(-time.Duration(r.IntN(900))*24*time.Hour - time.Duration(i)*time.Minute).Truncate(time.Second)
			ev := lifecycle.Event{
				Type: lifecycle.OrderPlaced, Source: "import", At: at, Version: at, Historical: true,
				Person: lifecycle.Person{CustomerID: fmt.Sprint(who), Email: fmt.Sprintf("c%02d@example.com", who)},
				Order:  &lifecycle.Order{ID: fmt.Sprint(i), At: at, Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: int64(r.IntN(9000) - 1500), Currency: "EUR"}},
			}
			if r.IntN(5) == 0 {
				ev.Consents = []lifecycle.ConsentChange{{Channel: lifecycle.Email, State: lifecycle.ConsentState(1 + r.IntN(2)), At: at, Source: "desk"}}
			}
			evs = append(evs, ev)
		}
		a.takeIn(t, evs)
		r.Shuffle(len(evs), func(i, j int) { evs[i], evs[j] = evs[j], evs[i] })
		b.takeIn(t, evs[:150])
		b.takeIn(t, evs[100:])
		b.whole(t)
		if diff := cmp.Diff(a.standings(t), b.standings(t)); diff != "" {
			t.Errorf("seed %d (-in time's order +shuffled):\n%s", seed, diff)
		}
	}
}

// TestImportMeetsWhatIsKnown: people who came in by webhook, an order that
// waits for its person, and somebody who asked to be forgotten.
func TestImportMeetsWhatIsKnown(t *testing.T) {
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), shopWith())
	now := b.now(t)
	apply := func(ev lifecycle.Event) engine.Outcome {
		t.Helper()
		out, err := b.Apply(b.ctx, "bottega", ev)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	old := func(id, customer, mail string, minor int64) lifecycle.Event {
		at := now.Add(-20 * 24 * time.Hour)
		return lifecycle.Event{
			Type: lifecycle.OrderPlaced, Source: "shopify", At: at, Version: at, Historical: true, Person: lifecycle.Person{CustomerID: customer, Email: mail},
			Order: &lifecycle.Order{ID: id, At: at, Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: minor, Currency: "EUR"}},
		}
	}
	live := old("1", "77", "anna@example.com", 5000)
	live.Historical, live.Key, live.At, live.Version, live.Order = false, "k1", now, now, &lifecycle.Order{ID: "1", At: now, Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: 5000, Currency: "EUR"}}
	apply(live)
	if out := apply(lifecycle.Event{Type: lifecycle.OrderRefunded, Source: "shopify", Key: "k2", At: now, Refund: &lifecycle.Refund{OrderID: "9", ID: "r", Amount: 100}}); !out.Parked {
		t.Fatalf("a refund of an order nobody knows: %+v", out)
	}
	apply(lifecycle.Event{Type: lifecycle.ContactChanged, Source: "shopify", Key: "k3", At: now, Person: lifecycle.Person{Email: "gone@example.com"}})
	if _, err := b.Erase(b.ctx, "bottega", "gone@example.com"); err != nil {
		t.Fatal(err)
	}
	b.takeIn(t, []lifecycle.Event{
		old("1", "77", "anna@example.com", 5000), // known by the webhook
		old("8", "", "anna@example.com", 700),
		old("9", "78", "bruno@example.com", 2000),
		old("10", "79", "gone@example.com", 300),
	})
	for who, want := range map[string][2]string{"anna@example.com": {"2", "57.00"}, "bruno@example.com": {"1", "19.00"}, "gone@example.com": {"1", "3.00"}} {
		st, err := b.Status(b.ctx, "bottega", who)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{fmt.Sprint(st.Orders), st.Spent}; got != want {
			t.Errorf("%s has %v, want %v", who, got, want)
		}
		if who == "gone@example.com" && st.Consent["email"].State != "unsubscribed" {
			t.Errorf("an old import brought an erased person back: %+v", st.Consent)
		}
	}
}

// TestALongFileIsReadInParts: people who come once in a long while are best read
// in parts; part after part, with its end between.
func TestALongFileIsReadInParts(t *testing.T) {
	made := func(n, people int) engine.Next {
		i := 0
		return func() (lifecycle.Event, error) {
			if i == n {
				return lifecycle.Event{}, io.EOF
			}
			i++
			return lifecycle.Event{Text: fmt.Sprint(i), Person: lifecycle.Person{CustomerID: fmt.Sprint(i % people)}}, nil
		}
	}
	const sample = 32_768
	for _, tt := range []struct{ n, people, want int }{{10, 5, 1}, {200_000, 40_000, 25}, {200_000, 10, 1}, {sample, 30_000, 5}, {40_000_000, 1_000_000, 128}} {
		got, err := engine.ImportParts(made(tt.n, tt.people), func() float64 { return float64(sample) / float64(tt.n) })
		if err != nil || got != tt.want {
			t.Errorf("%d rows of %d people: %d parts, %v, want %d", tt.n, tt.people, got, err, tt.want)
		}
	}
	opened := 0
	next := engine.InParts(3, func(part int) (engine.Next, error) {
		if part != opened {
			t.Errorf("part %d comes as %d", opened, part)
		}
		opened++
		all := made(1000, 70)
		return func() (lifecycle.Event, error) {
			for {
				if ev, err := all(); err != nil || engine.PartOf(ev.Person, 3) == part {
					return ev, err
				}
			}
		}, nil
	})
	told, ends := 0, 0
	for {
		ev, err := next()
		switch {
		case errors.Is(err, engine.ErrEndOfPart):
			ends++
			continue
		case errors.Is(err, io.EOF):
			if told != 1000 || opened != 3 || ends != 2 {
				t.Errorf("%d events in %d parts with %d ends between", told, opened, ends)
			}
			return
		case err != nil:
			t.Fatal(err)
		}
		if told++; engine.PartOf(ev.Person, 3) != ends {
			t.Fatalf("%s is told of in part %d", ev.Person.CustomerID, ends)
		}
	}
}
