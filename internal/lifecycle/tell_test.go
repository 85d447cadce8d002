package lifecycle_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// toldOf is what a transition tells, in short.
func toldOf(t lifecycle.Transition) []string {
	var all []string
	for _, n := range t.Tells {
		text := string(n.Kind)
		switch n.Kind {
		case lifecycle.TellState:
			text += fmt.Sprintf(" %s>%s %s", n.From, n.To, n.Reason)
		case lifecycle.TellConsent:
			text += fmt.Sprintf(" %s %s>%s by %s", n.Channel, n.From, n.To, n.Source)
		case lifecycle.TellWon:
			text += fmt.Sprintf(" %s %s %d", n.Journey, n.Reason, n.Messages)
		case lifecycle.TellSent:
			text += fmt.Sprintf(" %s %d %s %s", n.Journey, n.Step, n.Channel, n.Template)
		case lifecycle.TellCoupon:
			text += fmt.Sprintf(" %s %s", n.Coupon, n.Order)
		}
		all = append(all, text)
	}
	return all
}

func TestWhatAContactsLifeTells(t *testing.T) {
	w := newWorld(t)
	var told []string
	see := func(t lifecycle.Transition) {
		told = append(told, toldOf(t)...)
		if len(t.Tells) > 0 && !t.Changed {
			w.tb.Fatalf("%v is told of a record that did not change", t.Tells)
		}
	}
	expect := func(when string, want ...string) {
		t.Helper()
		if !slices.Equal(told, want) {
			t.Errorf("%s: told\n\t%s\nwant\n\t%s", when, strings.Join(told, "\n\t"), strings.Join(want, "\n\t"))
		}
		told = nil
	}
	order := lifecycle.Event{
		Type: lifecycle.OrderPlaced, Source: "shopify", At: w.now, Order: &lifecycle.Order{ID: "1", At: w.now, Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: 100, Currency: "EUR"}},
		Person:   lifecycle.Person{Email: "anna@example.com", Phone: "+393331230001"},
		Consents: []lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: lifecycle.Subscribed}},
	}
	see(w.apply(order))
	expect("a first order", "contact.consent_changed sms unknown>subscribed by shopify", "contact.state_changed >active ")
	see(w.apply(order))
	expect("the same again")
	w.now = day0.Add(30 * day)
	due := w.apply(lifecycle.Event{Type: lifecycle.StepDue, At: w.now})
	see(due)
	a := &lifecycle.Attempt{ID: due.Send.ID + ".1", Message: *due.Send}
	see(w.apply(lifecycle.Event{Type: lifecycle.Begin, At: w.now, Attempt: a}))
	accepted := lifecycle.Event{Type: lifecycle.Sent, At: w.now, Result: &lifecycle.Result{AttemptID: a.ID, Outcome: lifecycle.Accepted, ProviderID: "P1"}}
	see(w.apply(accepted))
	see(w.apply(accepted))
	expect("dormant", "contact.state_changed active>dormant inactive", "message.sent reactivation 1 sms survey")
	w.now = day0.Add(31 * day)
	again := order
	again.At, again.Order = w.now, &lifecycle.Order{ID: "2", At: w.now, Status: lifecycle.OrderPaid, Total: order.Order.Total}
	see(w.apply(again))
	expect("back", "contact.won_back reactivation won_by_order 1", "contact.state_changed dormant>returning won_by_order")
	stop := lifecycle.Event{Type: lifecycle.ConsentChanged, Source: "sms", At: w.now.Add(time.Hour), Consents: []lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: lifecycle.Unsubscribed, Source: "sms"}}}
	see(w.apply(stop))
	expect("STOP", "contact.consent_changed sms subscribed>unsubscribed by sms")
	stop.Consents = []lifecycle.ConsentChange{{Channel: lifecycle.Email, State: lifecycle.Unsubscribed, Source: "page"}}
	see(w.apply(stop))
	expect("no channel left", "contact.consent_changed email unknown>unsubscribed by page", "contact.state_changed returning>unsubscribed opt_out")
	see(w.apply(lifecycle.Event{Type: lifecycle.EraseRequested, At: w.now}))
	expect("erased")
}

func TestOldNewsIsToldToNobody(t *testing.T) {
	w := newWorld(t)
	ev := lifecycle.Event{
		Type: lifecycle.OrderPlaced, Source: "import", At: w.now.Add(-400 * day), Historical: true, Person: lifecycle.Person{Email: "anna@example.com"},
		Order: &lifecycle.Order{ID: "1", At: w.now.Add(-400 * day), Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: 100, Currency: "EUR"}},
	}
	if got := w.apply(ev); len(got.Tells) > 0 || got.Contact.State != lifecycle.Active {
		t.Errorf("told %v", toldOf(got))
	}
}

// consentOf is news of the e-mail consent by somebody.
func consentOf(source string, s lifecycle.ConsentState, at time.Time) lifecycle.Event {
	return lifecycle.Event{Type: lifecycle.ConsentChanged, Source: source, At: at, Consents: []lifecycle.ConsentChange{{Channel: lifecycle.Email, State: s, At: at, Source: source}}}
}

// An opt-in that a CRM repeats because we told it back is no newer than the one
// we told: a STOP that came while it was on its way holds.
func TestAnEchoUndoesNothing(t *testing.T) {
	const s, u = lifecycle.Subscribed, lifecycle.Unsubscribed
	optedIn := day0.Add(time.Hour)
	tell := lifecycle.Event{Type: lifecycle.ConsentTold, Source: "ritorno", Consents: []lifecycle.ConsentChange{{Channel: lifecycle.Email, State: s, At: optedIn, Source: "crm"}}}
	for name, c := range map[string]struct {
		events []lifecycle.Event
		want   lifecycle.ConsentState
	}{
		"an echo alone":                                  {[]lifecycle.Event{consentOf("crm", s, optedIn.Add(2*time.Minute))}, s},
		"an echo after an opt-out":                       {[]lifecycle.Event{consentOf("page", u, optedIn.Add(time.Minute)), consentOf("crm", s, optedIn.Add(2*time.Minute))}, u},
		"the opt-out comes after the echo":               {[]lifecycle.Event{consentOf("crm", s, optedIn.Add(2*time.Minute)), consentOf("page", u, optedIn.Add(time.Minute))}, u},
		"a second opt-in is no echo":                     {[]lifecycle.Event{consentOf("page", u, optedIn.Add(time.Minute)), consentOf("crm", s, optedIn.Add(2*time.Minute)), consentOf("crm", s, optedIn.Add(3*time.Minute))}, s},
		"nor one of somebody who was not told":           {[]lifecycle.Event{consentOf("page", u, optedIn.Add(time.Minute)), consentOf("shopify", s, optedIn.Add(2*time.Minute))}, s},
		"nor one that comes long after":                  {[]lifecycle.Event{consentOf("page", u, optedIn.Add(time.Minute)), consentOf("crm", s, optedIn.Add(3*time.Hour))}, s},
		"an opt-out of whom we told always counts":       {[]lifecycle.Event{consentOf("crm", u, optedIn.Add(2*time.Minute))}, u},
		"and so does their change of mind the day after": {[]lifecycle.Event{consentOf("crm", u, optedIn.Add(2*time.Minute)), consentOf("crm", s, optedIn.Add(day))}, s},
	} {
		w := newWorld(t)
		w.apply(lifecycle.Event{Type: lifecycle.ContactChanged, Source: "shopify", At: w.now, Person: lifecycle.Person{Email: "anna@example.com"}})
		w.now = optedIn
		w.apply(consentOf("page", s, optedIn))
		if got := w.apply(tell); !got.Go || len(got.Tells) > 0 || len(got.Contact.Told) != 1 {
			t.Fatalf("%s: the gate is shut: %+v", name, got.Reason)
		}
		for _, ev := range c.events {
			w.now = maxOf(w.now, ev.At)
			w.apply(ev)
		}
		if got := w.c.Consent[lifecycle.Email].State(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func maxOf(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// The gate opens only for an opt-in with us that still stands.
func TestTheGateBeforeAnOptInIsTold(t *testing.T) {
	at := day0.Add(time.Hour)
	for name, c := range map[string]struct {
		events []lifecycle.Event
		open   bool
	}{
		"opted in with us":         {[]lifecycle.Event{consentOf("page", lifecycle.Subscribed, at)}, true},
		"opted in at a shop":       {[]lifecycle.Event{consentOf("shopify", lifecycle.Subscribed, at)}, false},
		"opted out since":          {[]lifecycle.Event{consentOf("page", lifecycle.Subscribed, at), consentOf("page", lifecycle.Unsubscribed, at.Add(time.Second))}, false},
		"opted in once more since": {[]lifecycle.Event{consentOf("page", lifecycle.Subscribed, at), consentOf("page", lifecycle.Subscribed, at.Add(time.Second))}, false},
		"nobody ever decided":      {nil, false},
	} {
		w := newWorld(t)
		w.apply(lifecycle.Event{Type: lifecycle.ContactChanged, Source: "shopify", At: w.now, Person: lifecycle.Person{Email: "anna@example.com"}})
		w.now = at.Add(time.Minute)
		for _, ev := range c.events {
			w.apply(ev)
		}
		got := w.apply(lifecycle.Event{Type: lifecycle.ConsentTold, Source: "ritorno", Consents: []lifecycle.ConsentChange{{Channel: lifecycle.Email, State: lifecycle.Subscribed, At: at, Source: "crm"}}})
		if got.Go != c.open || got.Changed != c.open {
			t.Errorf("%s: open %v, want %v", name, got.Go, c.open)
		}
	}
}
