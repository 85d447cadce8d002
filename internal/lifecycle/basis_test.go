package lifecycle_test

import (
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// softly is a shop that states a soft opt-in, and a contact who never said
// anything.
func softly(t *testing.T) *world {
	w := newWorld(t)
	w.rules.Soft = lifecycle.Soft{Email: true}
	return w
}

func (w *world) basis() lifecycle.Basis {
	return w.rules.Basis(&w.c, lifecycle.Email, w.now)
}

func TestASoftOptInEndsWithAnOptOut(t *testing.T) {
	w := softly(t)
	w.apply(order("1", day0, 4990))
	w.until(day0.Add(30 * day))
	if len(w.sent) != 1 || w.sent[0] != "survey@email" {
		t.Fatalf("sent %v", w.sent)
	}
	if x := w.c.Messages[0].Receipt; x.Basis != lifecycle.SoftOptIn || x.Order != "1" || !x.At.Equal(day0) || x.Source != "shopify" || x.Evidence != "" {
		t.Fatalf("receipt %+v", x)
	}
	w.apply(lifecycle.Event{Type: lifecycle.ConsentChanged, Source: "one-click", At: w.now, Consents: []lifecycle.ConsentChange{{Channel: lifecycle.Email, State: lifecycle.Unsubscribed}}})
	w.until(w.now.Add(time.Hour))
	w.apply(order("2", w.now, 4990)) // buys again: that is no consent
	w.until(day0.Add(200 * day))
	if len(w.sent) != 1 {
		t.Fatalf("written to after an opt-out: %v", w.sent)
	}
}

func TestASoftOptInIsForTheAddressOfTheSale(t *testing.T) {
	told := func(email string, at time.Time) lifecycle.Event {
		p := anna()
		p.Email, p.Authoritative = email, true
		return lifecycle.Event{Type: lifecycle.ContactChanged, Source: "shopify", Key: email, At: at, Person: p}
	}
	later := order("2", day0.Add(2*day), 100)
	later.Person.Email = "new@example.com"
	for name, tt := range map[string]struct {
		evs  []lifecycle.Event
		want lifecycle.Basis
	}{
		"the address of the sale":                 {[]lifecycle.Event{order("1", day0, 100), told("anna@example.com", day0.Add(day))}, lifecycle.SoftOptIn},
		"another address, told after the sale":    {[]lifecycle.Event{order("1", day0, 100), told("new@example.com", day0.Add(day))}, lifecycle.NoBasis},
		"another address, told late":              {[]lifecycle.Event{told("new@example.com", day0.Add(day)), order("1", day0, 100), told("anna@example.com", day0)}, lifecycle.NoBasis},
		"another address, and a sale after that":  {[]lifecycle.Event{order("1", day0, 100), told("new@example.com", day0.Add(day)), later}, lifecycle.SoftOptIn},
		"another address, told by the sale":       {[]lifecycle.Event{order("1", day0, 100), later}, lifecycle.SoftOptIn},
		"no sale at all":                          {[]lifecycle.Event{told("anna@example.com", day0)}, lifecycle.NoBasis},
		"a sale that was refunded":                {[]lifecycle.Event{order("1", day0, 100), refunded("1", day0.Add(day))}, lifecycle.NoBasis},
		"a sale in the time to come is none yet":  {[]lifecycle.Event{order("1", day0.Add(40*time.Hour), 100)}, lifecycle.SoftOptIn},
		"an address that nobody ever bought with": {nil, lifecycle.NoBasis},
	} {
		t.Run(name, func(t *testing.T) {
			w := softly(t)
			w.now = day0.Add(3 * day)
			for _, ev := range tt.evs {
				w.apply(ev)
			}
			if got := w.basis(); got != tt.want {
				t.Fatalf("%s, want %s; e-mail %+v", got, tt.want, w.c.Email)
			}
		})
	}
}

func refunded(id string, at time.Time) lifecycle.Event {
	return lifecycle.Event{Type: lifecycle.OrderRefunded, Source: "shopify", Key: "r" + id, At: at, Person: anna(), Refund: &lifecycle.Refund{OrderID: id, ID: "r1", Full: true}}
}

func TestASoftOptInGrowsOld(t *testing.T) {
	w := softly(t)
	w.apply(order("1", day0, 100))
	for months, want := range map[int]lifecycle.Basis{23: lifecycle.SoftOptIn, 24: lifecycle.SoftOptIn, 25: lifecycle.NoBasis} {
		w.now = day0.AddDate(0, months, 0)
		if got := w.basis(); got != want {
			t.Errorf("after %d months %s, want %s", months, got, want)
		}
	}
	w.rules.Soft.Months = 6
	if w.now = day0.AddDate(0, 7, 0); w.basis() != lifecycle.NoBasis {
		t.Error("the shop's own months do not count")
	}
}
