package generate_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ritorno/internal/generate"
	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
)

func usual(t *testing.T) generate.Options {
	t.Helper()
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2025, 5, 1, 0, 0, 0, 0, rome)
	return generate.Options{From: from, To: from.AddDate(0, 18, 0), Zone: rome}
}

func TestTheSameSeedIsTheSameLife(t *testing.T) {
	o := usual(t)
	private := cmpopts.IgnoreUnexported(generate.Person{})
	a, b, other := generate.New(7, o), generate.New(7, o), generate.New(8, o)
	if diff := cmp.Diff(a.Events, b.Events); diff != "" {
		t.Errorf("events differ:\n%s", diff)
	}
	if diff := cmp.Diff(a.People, b.People, private); diff != "" {
		t.Errorf("people differ:\n%s", diff)
	}
	if cmp.Equal(a.Events, other.Events) {
		t.Error("another seed made the same life")
	}
	at := o.From.AddDate(0, 4, 0)
	for n := range a.People {
		x, y := a.React(n, 1, lifecycle.SMS, "survey", at), b.React(n, 1, lifecycle.SMS, "survey", at)
		if x != y {
			t.Fatalf("person %d reacts as %+v and as %+v", n, x, y)
		}
	}
}

func TestAYearAndAHalfLooksLikeAShops(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3, 42} {
		t.Run("seed "+strconv.FormatUint(seed, 10), func(t *testing.T) {
			o := usual(t)
			l := generate.New(seed, o)
			var orders, refunds, voided, boxes, left int
			december, year := 0, 0
			bought := map[int][]time.Time{}
			for _, ev := range l.Events {
				switch ev.Kind {
				case generate.Bought:
					orders++
					bought[ev.Person] = append(bought[ev.Person], ev.At)
					if ev.At.Before(o.From.AddDate(1, 0, 0)) {
						year++
						if ev.At.Month() == time.December {
							december++
						}
					}
				case generate.Renewed:
					boxes++
				case generate.Refunded:
					refunds++
				case generate.OrderVoided:
					voided++
				case generate.Unsubscribed:
					left++
				}
			}
			once, gaps, days := 0, 0, 0.0
			for _, at := range bought {
				if len(at) == 1 {
					once++
				}
				for i := 1; i < len(at); i++ {
					gaps++
					days += at[i].Sub(at[i-1]).Hours() / 24
				}
			}
			within(t, "people who bought", float64(len(bought)), 300, 400)
			within(t, "orders", float64(orders), 1500, 2600)
			within(t, "share of people who bought once", float64(once)/float64(len(bought)), 0.3, 0.6)
			within(t, "mean days between orders", days/float64(gaps), 20, 45)
			within(t, "share of December in the first year", float64(december)/float64(year), 0.09, 0.25)
			within(t, "share of refunds", float64(refunds)/float64(orders), 0.01, 0.06)
			within(t, "cancelled orders", float64(voided), 5, 80)
			within(t, "renewals of the box", float64(boxes), 20, 300)
			within(t, "boxes cancelled", float64(left), 3, 40)
		})
	}
}

func within(t *testing.T, what string, got, low, high float64) {
	t.Helper()
	if got < low || got > high {
		t.Errorf("%s: %.2f, want %.2f to %.2f", what, got, low, high)
	}
}

func TestEventsAreInOrderAndMakeSense(t *testing.T) {
	o := usual(t)
	l := generate.New(5, o)
	known, seen, orders := map[int]bool{}, map[string]bool{}, map[string]*generate.Order{}
	for i, ev := range l.Events {
		switch {
		case i > 0 && ev.At.Before(l.Events[i-1].At):
			t.Fatalf("event %d comes before the one in front of it", i)
		case ev.At.Before(o.From.Add(-24*time.Hour)) || !ev.At.Before(o.To):
			t.Errorf("event %d at %v is outside the life", i, ev.At)
		case ev.Kind == generate.SignedUp:
			known[ev.Person] = true
		case !known[ev.Person]:
			t.Errorf("event %d is about somebody who has not signed up", i)
		}
		switch ev.Kind {
		case generate.Bought, generate.Renewed, generate.Subscribed:
			if seen[ev.Order.ID] {
				t.Errorf("order %s twice", ev.Order.ID)
			}
			seen[ev.Order.ID], orders[ev.Order.ID] = true, ev.Order
			if n, err := strconv.ParseUint(ev.Order.ID, 10, 64); err != nil || n <= 1<<53 {
				t.Errorf("order id %s is no number above 2^53", ev.Order.ID)
			}
			if ev.Order.Total <= 0 || len(ev.Order.Items) == 0 || !ev.Order.At.Equal(ev.At) {
				t.Errorf("order %+v", ev.Order)
			}
		case generate.Refunded:
			if o := orders[ev.Order.ID]; o == nil || ev.Amount <= 0 || ev.Amount > o.Total {
				t.Errorf("refund of %d for %+v", ev.Amount, o)
			}
		case generate.OrderVoided, generate.Unsubscribed:
			if orders[ev.Order.ID] == nil {
				t.Errorf("event %d takes back an order that nobody placed", i)
			}
		}
	}
}

func TestNobodySharesAnAddress(t *testing.T) {
	emails, phones := map[string]int{}, map[string]int{}
	for n := range 5000 {
		p := generate.Someone(3, n)
		if p.Email == "" && p.Phone == "" {
			t.Fatalf("person %d cannot be found", n)
		}
		if p.Email != "" {
			if _, ok := identity.Email(p.Email); !ok {
				t.Errorf("person %d has the address %s", n, p.Email)
			}
			if m, twice := emails[p.Email]; twice {
				t.Errorf("persons %d and %d share %s", m, n, p.Email)
			}
			emails[p.Email] = n
		}
		if p.Phone != "" {
			if e164, ok := identity.Phone(p.Phone, "IT"); !ok || e164 != p.Phone {
				t.Errorf("person %d has the number %s", n, p.Phone)
			}
			if m, twice := phones[p.Phone]; twice {
				t.Errorf("persons %d and %d share %s", m, n, p.Phone)
			}
			phones[p.Phone] = n
		}
		if p.EmailConsent && p.Email == "" || p.SMSConsent && p.Phone == "" {
			t.Errorf("person %d agreed to a channel without an address", n)
		}
	}
}

func TestReactionsAreAsMixedAsPeople(t *testing.T) {
	o := usual(t)
	l := generate.New(9, o)
	end := o.To // everybody has bought for the last time
	var opened, seen, answered, stopped, left, bought int
	for n := range l.People {
		for step, template := range []string{"survey", "contest", "coupon"} {
			r := l.React(n, step+1, lifecycle.SMS, template, end)
			opened += count(r.Opens > 0)
			seen += count(r.Seen)
			answered += count(r.Answer != "")
			stopped += count(r.Reply == "STOP" || r.Reply == "Basta, grazie")
			left += count(r.Leaves)
			bought += count(r.Buys > 0)
			if r.Opens == 0 && (r.Seen || r.Answer != "" || r.Leaves) {
				t.Fatalf("somebody answers a page that they never opened: %+v", r)
			}
			if r.Answer != "" && template == "survey" && !slices.Contains(generate.Choices, r.Answer) {
				t.Errorf("answer %q is none of the choices", r.Answer)
			}
			if early := l.React(n, step+1, lifecycle.SMS, template, o.From.Add(-time.Hour)); early.Buys > 0 {
				t.Error("somebody who will buy anyway buys because of a message")
			}
		}
	}
	all := float64(3 * len(l.People))
	within(t, "share opened", float64(opened)/all, 0.25, 0.55)
	within(t, "share seen in person", float64(seen)/all, 0.15, 0.4)
	within(t, "share answered", float64(answered)/all, 0.03, 0.2)
	within(t, "share stopped", float64(stopped)/all, 0.005, 0.06)
	within(t, "share left by the page", float64(left)/all, 0.001, 0.05)
	within(t, "share bought", float64(bought)/all, 0.04, 0.15)
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestAComebackGoesOnAsThePersonDoes(t *testing.T) {
	o := usual(t)
	l := generate.New(11, o)
	at := o.From.AddDate(0, 6, 0)
	again := 0
	for n := range l.People {
		once := l.Comeback(n, at, 0, false)
		if len(once) != 1 || once[0].Kind != generate.Bought || !once[0].At.Equal(at) {
			t.Fatalf("a single comeback is %+v", once)
		}
		second := l.Comeback(n, at, 1, false)
		if second[0].Order.ID == once[0].Order.ID {
			t.Error("two comebacks are the same order")
		}
		again += count(len(l.Comeback(n, at, 0, true)) > 1)
		if late := l.Comeback(n, o.To, 0, true); len(late) != 0 {
			t.Errorf("a comeback after the end: %+v", late)
		}
	}
	within(t, "share that goes on buying", float64(again)/float64(len(l.People)), 0.4, 0.75)
}
