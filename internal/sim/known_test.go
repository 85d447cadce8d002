package sim_test

import (
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// knownFaults are faults of the core that a seed found and that are not mended
// yet. Seeds that break a promise by one of them are counted, not failed. Who
// mends one takes its name off; the test below then guards it.
var knownFaults = map[string]bool{}

// revivedRun: an order ends a journey while its message is on the wire, so the
// step is not counted as handled. A refund of that order brings the journey
// back to life, and the same message is sent a second time.
const revivedRun = "revived run"

func TestAJourneyBroughtBackByARefundSendsNothingTwice(t *testing.T) {
	r := rules()
	now := epoch.Add(2 * time.Hour)
	c := lifecycle.Contact{ID: "c0000001", Shop: shopName}
	who := lifecycle.Person{CustomerID: "1", Email: "a@example.com"}
	apply := func(ev lifecycle.Event) lifecycle.Transition {
		tr := r.Decide(ev, c, now)
		c = tr.Contact
		now = now.Add(time.Second)
		return tr
	}
	order := func(id string) lifecycle.Event {
		return lifecycle.Event{Type: lifecycle.OrderPlaced, Source: "erp", Key: id, At: now, Person: who, Order: &lifecycle.Order{
			ID: id, At: now, Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: 1000, Currency: "EUR"},
		}}
	}
	apply(lifecycle.Event{Type: lifecycle.ContactChanged, Source: "erp", At: now, Person: who, Consents: []lifecycle.ConsentChange{{Channel: lifecycle.Email, State: lifecycle.Subscribed}}})
	apply(order("1"))
	apply(lifecycle.Event{Type: lifecycle.SubscriptionCancelled, Source: "erp", At: now, Person: who, Subscription: &lifecycle.Subscription{ID: "s"}})
	now = c.Due
	first := r.Decide(lifecycle.Event{Type: lifecycle.StepDue, At: now}, c, now).Send
	if first == nil {
		t.Fatalf("no message an hour after the cancellation: %+v", c.Run)
	}
	a := &lifecycle.Attempt{ID: first.ID + ".1", Message: *first}
	if tr := apply(lifecycle.Event{Type: lifecycle.Begin, At: now, Attempt: a}); !tr.Go {
		t.Fatalf("begin says no: %s", tr.Reason)
	}
	apply(order("2")) // while the message is on the wire
	apply(lifecycle.Event{Type: lifecycle.Sent, At: now, Result: &lifecycle.Result{AttemptID: a.ID, Outcome: lifecycle.Accepted, ProviderID: "SM1"}})
	apply(lifecycle.Event{Type: lifecycle.OrderRefunded, Source: "erp", At: now, Person: who, Refund: &lifecycle.Refund{OrderID: "2", ID: "r", Full: true}})
	if c.Due.After(now) {
		now = c.Due
	}
	again := r.Decide(lifecycle.Event{Type: lifecycle.StepDue, At: now}, c, now).Send
	twice := again != nil && again.ID == first.ID
	switch open := knownFaults[revivedRun]; {
	case twice && open:
		t.Skipf("known fault, not mended yet: %s was accepted and is planned again (status in the record: %s)", first.ID, c.Messages[0].Status)
	case twice:
		t.Errorf("%s was accepted and is planned again", first.ID)
	case open:
		t.Errorf("mended: take %q off knownFaults", revivedRun)
	}
}
