package lifecycle_test

import (
	"slices"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// TestARecordThatContradictsItselfSaysSo: each contradiction by itself, and
// none in a record that is whole.
func TestARecordThatContradictsItselfSaysSo(t *testing.T) {
	at := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	whole := func() lifecycle.Contact {
		c := lifecycle.Contact{ID: "anna", Shop: "bottega", State: lifecycle.Dormant, Due: at, MadeAt: at}
		c.Run = &lifecycle.Run{ID: "i1", Journey: "reactivation", Step: 1}
		c.Messages = []lifecycle.Message{
			{ID: "anna-1", Status: lifecycle.Uncertain, Run: "i1", Step: 1},
			{ID: "anna-2", Status: lifecycle.Queued, Run: "i1", Step: 2, Channel: lifecycle.SMS},
		}
		c.Looks = []lifecycle.Look{{Message: "anna-1", Started: at}}
		return c
	}
	for _, c := range []struct {
		name, want string
		do         func(*lifecycle.Contact)
	}{
		{"whole", "", func(*lifecycle.Contact) {}},
		{"an unsubscribed contact's timer", lifecycle.FaultTimer, func(c *lifecycle.Contact) { c.State = lifecycle.UnsubscribedState }},
		{"a merged contact's timer", lifecycle.FaultTimer, func(c *lifecycle.Contact) { c.Forward = "berta" }},
		{"what a merged record keeps until it is absorbed", "", func(c *lifecycle.Contact) {
			c.Forward, c.Due, c.Run = "berta", time.Time{}, nil
		}},
		{"what an erasure leaves", "", func(c *lifecycle.Contact) { c.Erasing, c.Run = &lifecycle.Erasing{}, nil }},
		{"a queued message on a channel left", lifecycle.FaultOptedOut, func(c *lifecycle.Contact) {
			c.Consent[lifecycle.SMS] = lifecycle.Consent{Decided: lifecycle.Unsubscribed, At: at}
		}},
		{"a queued message of another run", lifecycle.FaultIdle, func(c *lifecycle.Contact) { c.Run.ID = "i2" }},
		{"a queued message of a step before", lifecycle.FaultIdle, func(c *lifecycle.Contact) { c.Run.Step = 2 }},
		{"a queued message without a run", lifecycle.FaultIdle, func(c *lifecycle.Contact) { c.Run = nil }},
		{"the same message twice", lifecycle.FaultTwice, func(c *lifecycle.Contact) { c.Messages = append(c.Messages, c.Messages[0]) }},
		{"a message taken twice", lifecycle.FaultDoubled, func(c *lifecycle.Contact) {
			c.Timeline = append(c.Timeline, lifecycle.Entry{At: at, Type: "message.doubled"})
		}},
		{"sending and not under way", lifecycle.FaultSending, func(c *lifecycle.Contact) { c.Messages[1].Status = lifecycle.Sending }},
		{"under way and not sending", lifecycle.FaultSending, func(c *lifecycle.Contact) {
			c.Sending = &lifecycle.Attempt{Message: c.Messages[1]}
		}},
		{"uncertain and not asked about", lifecycle.FaultUnasked, func(c *lifecycle.Contact) { c.Looks = nil }},
		{"a question about nothing", lifecycle.FaultIdleQuestion, func(c *lifecycle.Contact) { c.Looks = append(c.Looks, lifecycle.Look{Message: "anna-9"}) }},
		{"too many orders", lifecycle.FaultBounds, func(c *lifecycle.Contact) { c.Orders = make([]lifecycle.OrderMark, lifecycle.MaxOrders+1) }},
	} {
		contact := whole()
		c.do(&contact)
		var got []string
		for _, f := range contact.Faults() {
			if got = append(got, f.Kind); f.Text == "" {
				t.Errorf("%s: no text", c.name)
			}
		}
		if want := []string{c.want}; c.want == "" && len(got) > 0 || c.want != "" && !slices.Equal(got, want) {
			t.Errorf("%s: found %v, want %q", c.name, got, c.want)
		}
	}
}
