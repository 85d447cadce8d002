package lifecycle_test

import (
	"encoding/json"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// FuzzParkedEvent: an event that waited in the store as JSON is decided on,
// whatever became of it there, and the record stays within its bounds.
func FuzzParkedEvent(f *testing.F) {
	at := time.Date(2026, 1, 7, 12, 0, 0, 0, time.UTC)
	for _, ev := range []lifecycle.Event{
		order("1", at, 4990),
		consentBoth(at),
		{Type: lifecycle.OrderRefunded, Refund: &lifecycle.Refund{OrderID: "1", ID: "r", Full: true}},
		{Type: lifecycle.SubscriptionCancelled, Person: anna(), Subscription: &lifecycle.Subscription{ID: "S1", Reason: "too dear"}},
		{Type: lifecycle.Responded, Response: &lifecycle.Response{Kind: lifecycle.ResponseReply, Text: "ciao"}},
		{Type: lifecycle.Paused, Until: at.AddDate(9, 0, 0)},
		{Type: "order.dreamt"},
		{},
	} {
		text, err := json.Marshal(ev)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"Type":"consent.changed","Consents":[{"Channel":9,"State":200}]}`))
	f.Add([]byte(`{"Type":"order.placed","At":"9999-12-31T23:59:59Z","Order":{"ID":"","Total":{"Minor":-9223372036854775808}}}`))
	r := lifecycle.Rules{Shop: "bottega", Country: "IT", Currency: "EUR", Lapse: 90 * 24 * time.Hour}
	f.Fuzz(func(t *testing.T, text []byte) {
		var ev lifecycle.Event
		if json.Unmarshal(text, &ev) != nil || !parked(ev.Type) {
			return
		}
		c := lifecycle.Contact{ID: "aaaaaaaaaaaa", Shop: "bottega"}
		for range 2 { // of a new contact, and again of a known one
			c = r.Decide(ev, c, at).Contact
			if len(c.Timeline) > lifecycle.MaxTimeline || len(c.Orders) > lifecycle.MaxOrders || len(c.Ledger) > lifecycle.MaxLedger || len(c.Refs) > lifecycle.MaxRefs {
				t.Fatalf("out of its bounds: %+v", c)
			}
			r.Status(c, at)
		}
	})
}

// parked reports whether events of a type come from outside; those of the send
// path do not.
func parked(t lifecycle.Type) bool {
	switch t {
	case lifecycle.StepDue, lifecycle.Begin, lifecycle.Unbegin, lifecycle.Sent, lifecycle.Lost, lifecycle.Delivery, lifecycle.Settled, lifecycle.Recalled, lifecycle.ContactMerged:
		return false
	}
	return true
}
