package lifecycle_test

import (
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

var day0 = time.Date(2026, 1, 7, 12, 0, 0, 0, time.UTC) // a Wednesday

const day = 24 * time.Hour

// rules are the contract's built-in journeys without quiet hours.
func rules() lifecycle.Rules {
	both := []lifecycle.Channel{lifecycle.SMS, lifecycle.Email}
	mail := []lifecycle.Channel{lifecycle.Email}
	return lifecycle.Rules{
		Shop: "bottega", Name: "Bottega Rossi", Locale: "it", Country: "IT", Currency: "EUR", Lapse: 90 * day, Lawless: true,
		Journeys: []lifecycle.Journey{
			{Name: "reactivation", Trigger: lifecycle.OnInactivity, Steps: []lifecycle.Step{
				{After: 30 * day, Channels: both, Template: "survey"},
				{After: 60 * day, Channels: both, Template: "contest"},
				{After: 90 * day, Channels: both, Template: "coupon"},
			}, Finish: lifecycle.Finish{After: 7 * day, Otherwise: lifecycle.UnsubscribedState}},
			{Name: "welcome_back", Trigger: lifecycle.OnReturn, Steps: []lifecycle.Step{
				{After: 0, Channels: mail, Template: "welcome_back_memory"},
				{After: 3 * day, Channels: mail, Template: "welcome_back_news"},
				{After: 7 * day, Channels: mail, Template: "welcome_back_stay"},
			}, Finish: lifecycle.Finish{Otherwise: lifecycle.Active}},
			{Name: "cancellation", Trigger: lifecycle.OnCancellation, Steps: []lifecycle.Step{
				{After: time.Hour, Channels: mail, Template: "cancellation_sorry"},
				{After: 14 * day, Channels: mail, Template: "cancellation_offer"},
			}, Finish: lifecycle.Finish{After: 14 * day, Otherwise: lifecycle.Dormant}},
		},
	}
}

// world is one contact on a clock of its own. Sends are accepted at once
// unless fail says otherwise.
type world struct {
	tb      failer
	rules   lifecycle.Rules
	c       lifecycle.Contact
	now     time.Time
	sent    []string // template@channel day
	fail    func(m lifecycle.Message) *lifecycle.Result
	grant   func(lifecycle.Ask) time.Time // the place of an entry; nil: at once
	counted func(lifecycle.Transition)    // sees every change; may be nil
	tries   int
	tally   [lifecycle.TallyKinds][2]int // what the brakes would count
}

func newWorld(tb failer) *world {
	return &world{tb: tb, rules: rules(), c: lifecycle.Contact{ID: "c00000000001", Shop: "bottega"}, now: day0}
}

func (w *world) apply(ev lifecycle.Event) lifecycle.Transition {
	t := w.rules.Decide(ev, w.c, w.now)
	if t.Reason == "" {
		w.tb.Fatalf("%s: a decision without a reason", ev.Type)
	}
	w.c = t.Contact
	w.told(t)
	w.count(t)
	w.check()
	return t
}

func (w *world) told(t lifecycle.Transition) {
	if w.counted != nil && t.Changed {
		w.counted(t)
	}
}

// count adds up the tallies: each message that left counts once, and each harm
// once for its message, whatever is told and however often.
func (w *world) count(t lifecycle.Transition) {
	w.tb.Helper()
	for _, n := range t.Tallies {
		w.tally[n.Kind][n.Channel]++
		if n.At.IsZero() || n.At.After(w.now) {
			w.tb.Fatalf("%s of a message that left at %s", n.Kind, n.At)
		}
		if sent := w.tally[lifecycle.TallySent][n.Channel]; w.tally[n.Kind][n.Channel] > sent {
			w.tb.Fatalf("%s: %d of %d messages", n.Kind, w.tally[n.Kind][n.Channel], sent)
		}
	}
	if len(t.Tallies) > 0 && !t.Changed {
		w.tb.Fatalf("%v of a change that is none", t.Tallies)
	}
}

// check holds the invariants after every event.
func (w *world) check() {
	w.tb.Helper()
	c := w.c
	if c.State == lifecycle.UnsubscribedState && !c.Due.IsZero() {
		w.tb.Fatalf("an unsubscribed contact has a timer at %s for %s", c.Due, c.DueWhy)
	}
	if c.Sending != nil && !c.Due.IsZero() {
		w.tb.Fatalf("a timer runs while a message is under way")
	}
	for _, r := range c.Runs {
		if c.Run != nil && r.ID == c.Run.ID || r.Outcome == "" {
			w.tb.Fatalf("two live journeys: %+v", r)
		}
	}
	if len(c.Orders) > lifecycle.MaxOrders || len(c.Marks) > lifecycle.MaxMarks || len(c.Messages) > lifecycle.MaxMessages || len(c.Timeline) > lifecycle.MaxTimeline {
		w.tb.Fatalf("the record outgrew its bounds")
	}
}

// until moves the clock, firing each timer at its own time.
func (w *world) until(t time.Time) {
	w.tb.Helper()
	for n := 0; !w.c.Due.IsZero() && !w.c.Due.After(t); n++ {
		if n > 500 {
			w.tb.Fatalf("the timer of %s does not come to rest (%s): state %s (%s) run %+v\nmarks %+v\norders %+v\nbase %+v", w.c.Due, w.c.DueWhy, w.c.State, w.c.Reason, w.c.Run, w.c.Marks, w.c.Orders, w.c.Base)
		}
		if w.c.Due.After(w.now) {
			w.now = w.c.Due
		}
		w.fire()
	}
	w.now = t
}

func (w *world) fire() {
	w.tb.Helper()
	t := w.rules.Decide(lifecycle.Event{Type: lifecycle.StepDue, At: w.now}, w.c, w.now)
	if ask := t.Ask; ask != nil {
		at := w.now
		if w.grant != nil {
			at = w.grant(*ask)
		}
		t = w.rules.Decide(lifecycle.Event{Type: lifecycle.StepDue, At: w.now, Grant: &lifecycle.Grant{Run: ask.Run, At: at}}, w.c, w.now)
		if t.Ask != nil && t.Ask.Run == ask.Run { // another one is asked for at the next firing
			w.tb.Fatalf("asks again for the place it got: %+v", *t.Ask)
		}
		w.c = t.Contact
		w.told(t)
		w.check()
		return
	}
	if t.Send == nil {
		w.c = t.Contact
		w.told(t)
		w.check()
		return
	}
	w.tries++
	a := &lifecycle.Attempt{ID: t.Send.ID + ".1", Message: *t.Send}
	begun := w.apply(lifecycle.Event{Type: lifecycle.Begin, Attempt: a})
	if !begun.Go {
		w.tb.Fatalf("begin of an unchanged record says no: %s", begun.Reason)
	}
	res := lifecycle.Result{Outcome: lifecycle.Accepted, ProviderID: "P-" + t.Send.ID}
	if w.fail != nil {
		if r := w.fail(*t.Send); r != nil {
			res = *r
		}
	}
	res.AttemptID = a.ID
	w.apply(lifecycle.Event{Type: lifecycle.Sent, Result: &res, Source: "provider"})
	if res.Outcome == lifecycle.Accepted {
		w.sent = append(w.sent, t.Send.Template+"@"+t.Send.Channel.String())
	}
}

func anna() lifecycle.Person {
	return lifecycle.Person{CustomerID: "17", Email: "Anna@example.com", Phone: "+393331234567", FirstName: "Anna", Locale: "it", Country: "IT"}
}

func consentBoth(at time.Time) lifecycle.Event {
	return lifecycle.Event{Type: lifecycle.ConsentChanged, Source: "shopify", Key: "consent" + at.String(), At: at, Person: anna(), Consents: []lifecycle.ConsentChange{
		{Channel: lifecycle.Email, State: lifecycle.Subscribed, At: at}, {Channel: lifecycle.SMS, State: lifecycle.Subscribed, At: at},
	}}
}

func order(id string, at time.Time, cents int64) lifecycle.Event {
	return lifecycle.Event{Type: lifecycle.OrderPlaced, Source: "shopify", Key: id + at.String(), At: at, Person: anna(), Order: &lifecycle.Order{
		ID: id, At: at, Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: cents, Currency: "EUR"}, Items: []lifecycle.Item{{Title: "Olio"}},
	}}
}

func wantState(t *testing.T, w *world, s lifecycle.State, why lifecycle.Reason) {
	t.Helper()
	if w.c.State != s || w.c.Reason != why {
		t.Fatalf("state %s (%s), want %s (%s); timeline %+v", w.c.State, w.c.Reason, s, why, w.c.Timeline)
	}
}

// failer is what a world needs of a test; a rapid check is one too.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}
