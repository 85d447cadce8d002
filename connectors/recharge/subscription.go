package recharge

import (
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

type subscription struct {
	ID         connectors.ID    `json:"id"`
	CustomerID connectors.ID    `json:"customer_id"`
	Email      connectors.Text  `json:"email"` // 2021-01 only
	Status     connectors.Text  `json:"status"`
	Reason     connectors.Text  `json:"cancellation_reason"`
	Comments   connectors.Text  `json:"cancellation_reason_comments"`
	Cancelled  connectors.Stamp `json:"cancelled_at"`
	Created    connectors.Stamp `json:"created_at"`
	Updated    connectors.Stamp `json:"updated_at"`
	Title      connectors.Text  `json:"product_title"`
	MaxRetries connectors.Flag  `json:"max_retries_reached"`
}

// person is the owner: the customer beside the subscription where the webhook
// includes it, else an id alone.
func (s subscription) person(beside connectors.Maybe[customer]) lifecycle.Person {
	p := lifecycle.Person{CustomerID: string(s.CustomerID), Email: s.Email.Line(maxAddress)}
	if c := beside.Value.person(); beside.Set && (p.CustomerID == "" || c.CustomerID == p.CustomerID) {
		c.Email = first(c.Email, p.Email)
		return c
	}
	return p
}

// subscriptionTold reads a subscription by its status; the topic tells news of
// the same status apart.
func subscriptionTold(d delivery) ([]lifecycle.Event, error) {
	if !d.Subscription.Set {
		return nil, unfit("/subscription")
	}
	s := d.Subscription.Value
	if s.ID == "" {
		return nil, connectors.Malformed("/subscription/id", "is missing")
	}
	ev := lifecycle.Event{
		Person: s.person(d.Customer), Subscription: &lifecycle.Subscription{ID: string(s.ID), Plan: s.Title.Line(maxName)},
		Version: firstKnown(s.Updated.Time, s.Created.Time, d.now),
	}
	if ev.Person == (lifecycle.Person{}) {
		return nil, connectors.Malformed("/subscription/customer_id", "is missing")
	}
	switch status := strings.ToLower(strings.TrimSpace(string(s.Status))); {
	case d.is("deleted"):
		ev.Type, ev.At, ev.Subscription.Reason = lifecycle.SubscriptionCancelled, ev.Version, "deleted"
	case status == "cancelled" && !d.is("activated"):
		s.cancelled(&ev)
	case status == "expired" && !d.is("activated", "created"):
		ev.Type, ev.At, ev.Subscription.Reason = lifecycle.SubscriptionCancelled, ev.Version, "expired"
	case status == "active" && !d.is("cancelled"):
		ev.Type, ev.At, ev.Subscription.Running = s.active(d)
	case status == "cancelled", status == "expired", status == "active":
		return nil, unfit("/subscription/status")
	}
	if ev.Type == "" {
		return nil, nil
	}
	return []lifecycle.Event{ev}, nil
}

func (s subscription) cancelled(ev *lifecycle.Event) {
	ev.Type, ev.At = lifecycle.SubscriptionCancelled, firstKnown(s.Cancelled.Time, ev.Version)
	ev.Subscription.Reason = s.Reason.Line(maxReason)
	if c := s.Comments.Line(maxReason); c != "" {
		ev.Subscription.Reason = strings.TrimPrefix(ev.Subscription.Reason+": "+c, ": ")
	}
	ev.Subscription.Involuntary = s.MaxRetries.On // nobody decided to leave: the card was refused to the end
}

// newborn is how long after its making an update counts as the making itself,
// where no topic tells.
const newborn = time.Minute

// active is what an active subscription tells: begun, taken up again, paused,
// or, where nothing says what changed, that it is running.
func (s subscription) active(d delivery) (news lifecycle.Type, at time.Time, running bool) {
	now := firstKnown(s.Updated.Time, s.Created.Time, d.now)
	begun := firstKnown(s.Created.Time, now)
	switch {
	case d.is("created"):
		return lifecycle.SubscriptionStarted, begun, false
	case d.is("activated"):
		return lifecycle.SubscriptionStarted, now, false
	case d.is("paused", "skipped"):
		return lifecycle.SubscriptionPaused, now, false
	case d.topic == "" && now.Sub(begun) < newborn:
		return lifecycle.SubscriptionStarted, begun, false
	}
	return lifecycle.SubscriptionStarted, now, true
}
