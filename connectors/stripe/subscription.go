package stripe

import (
	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// subscription names its customer by id alone.
type subscription struct {
	ID        connectors.ID                      `json:"id"`
	Customer  connectors.ID                      `json:"customer"`
	Status    connectors.Text                    `json:"status"`
	AtEnd     connectors.Flag                    `json:"cancel_at_period_end"`
	CancelAt  connectors.Unix                    `json:"cancel_at"`
	Canceled  connectors.Unix                    `json:"canceled_at"` // when it was decided, also for the period's end
	Ended     connectors.Unix                    `json:"ended_at"`
	Why       connectors.Maybe[why]              `json:"cancellation_details"`
	Paused    connectors.Maybe[connectors.Seen]  `json:"pause_collection"`
	Items     connectors.Maybe[subscriptionItem] `json:"items"`
	Plan      connectors.Maybe[price]            `json:"plan"`
	CreatedAt connectors.Unix                    `json:"created"`
}

type subscriptionItem struct {
	Data connectors.List[struct {
		Price connectors.Maybe[price] `json:"price"`
		Plan  connectors.Maybe[price] `json:"plan"`
	}] `json:"data"`
}

// why is the reason of a cancellation: whose it was, and the customer's own
// choice and words.
type why struct {
	Reason   connectors.Text `json:"reason"`
	Feedback connectors.Text `json:"feedback"`
	Comment  connectors.Text `json:"comment"`
}

// before is what an update changed: the values that held until then.
type before struct {
	Status   connectors.Text                   `json:"status"`
	AtEnd    connectors.Flag                   `json:"cancel_at_period_end"`
	CancelAt connectors.Unix                   `json:"cancel_at"`
	Paused   connectors.Maybe[connectors.Seen] `json:"pause_collection"`
}

func readSubscription(d delivery) (subscription, error) {
	s, err := object[subscription](d, "subscription")
	switch {
	case err != nil:
	case s.ID == "":
		err = connectors.Malformed("/data/object/id", "is missing")
	case s.Customer == "":
		err = connectors.Malformed("/data/object/customer", "is missing: whose subscription it is")
	}
	return s, err
}

// event is news of one kind about the subscription.
func (s subscription) event(kind lifecycle.Type, d delivery) lifecycle.Event {
	return lifecycle.Event{
		Type: kind, At: d.created, Person: lifecycle.Person{CustomerID: string(s.Customer)},
		Subscription: &lifecycle.Subscription{ID: string(s.ID), Plan: s.plan()},
	}
}

// plan is the name that the shop gave its price.
func (s subscription) plan() string {
	for _, i := range s.Items.Value.Data {
		for _, p := range []price{i.Price.Value, i.Plan.Value} {
			if name := p.Nickname.Line(maxName); name != "" {
				return name
			}
		}
	}
	return s.Plan.Value.Nickname.Line(maxName)
}

// running reports whether the subscription is on, paid or in its trial.
func (s subscription) running() bool { return s.Status == "active" || s.Status == "trialing" }

// leaving reports whether it is decided that the subscription ends.
func (s subscription) leaving() bool { return s.AtEnd.On || !s.CancelAt.IsZero() }

// subscriptionCreated: one whose first payment is still open starts later, by an
// update.
func subscriptionCreated(d delivery) ([]lifecycle.Event, error) {
	s, err := readSubscription(d)
	if err != nil || !s.running() {
		return nil, err
	}
	return []lifecycle.Event{s.event(lifecycle.SubscriptionStarted, d)}, nil
}

// cancelled is the decision, at its own time: told again at the end of the paid
// period it is the same one.
func (s subscription) cancelled(d delivery) lifecycle.Event {
	ev := s.event(lifecycle.SubscriptionCancelled, d)
	ev.At = firstKnown(s.Canceled.Time, s.Ended.Time, d.created)
	w := s.Why.Value
	reason := w.Reason.Line(maxCode)
	ev.Subscription.Disputed = reason == "payment_disputed"
	ev.Subscription.Involuntary = ev.Subscription.Disputed || reason == "payment_failed"
	if ev.Subscription.Reason = joined(w.Feedback.Line(maxCode), w.Comment.Line(maxReason)); ev.Subscription.Reason == "" {
		ev.Subscription.Reason = reason
	}
	return ev
}

func subscriptionDeleted(d delivery) ([]lifecycle.Event, error) {
	s, err := readSubscription(d)
	if err != nil {
		return nil, err
	}
	return []lifecycle.Event{s.cancelled(d)}, nil
}

// subscriptionUpdated reads the most common event of all. Most updates are of
// no use: what matters is what changed.
func subscriptionUpdated(d delivery) ([]lifecycle.Event, error) {
	s, err := readSubscription(d)
	if err != nil {
		return nil, err
	}
	var body struct {
		Data struct {
			Before connectors.Maybe[before] `json:"previous_attributes"`
		} `json:"data"`
	}
	if err := connectors.Decode(d.body, &body); err != nil {
		return nil, err
	}
	was := body.Data.Before.Value
	kind, text := s.changed(was)
	switch kind {
	case "":
		return nil, nil
	case lifecycle.SubscriptionCancelled:
		return []lifecycle.Event{s.cancelled(d)}, nil
	}
	ev := s.event(kind, d)
	ev.Text = text
	ev.Subscription.Involuntary = kind == lifecycle.PaymentFailed
	ev.Subscription.Running = was.Status == "paused" || was.Paused.Set // a pause that ended is no return
	return []lifecycle.Event{ev}, nil
}

// changed says what an update means, empty for nothing. A decision to leave is
// told by every update until the end: it is the same decision each time.
func (s subscription) changed(was before) (kind lifecycle.Type, text string) {
	switch {
	case s.Status == "canceled":
		return lifecycle.SubscriptionCancelled, ""
	case s.Status == "incomplete" || s.Status == "incomplete_expired":
		return "", "" // never paid, so never begun
	case s.leaving():
		return lifecycle.SubscriptionCancelled, ""
	case was.AtEnd.On, !was.CancelAt.IsZero(): // taken back
		return lifecycle.SubscriptionStarted, ""
	case was.Status != "" && (s.Status == "past_due" || s.Status == "unpaid"):
		return lifecycle.PaymentFailed, string(s.Status)
	case was.Status != "" && s.Status == "paused", bool(was.Paused.Present) && s.Paused.Set && !was.Paused.Set:
		return lifecycle.SubscriptionPaused, ""
	case s.running() && (was.Status == "incomplete" || was.Status == "paused" || was.Paused.Set && !s.Paused.Set):
		return lifecycle.SubscriptionStarted, ""
	}
	return "", ""
}

func subscriptionPaused(d delivery) ([]lifecycle.Event, error) {
	s, err := readSubscription(d)
	if err != nil {
		return nil, err
	}
	return []lifecycle.Event{s.event(lifecycle.SubscriptionPaused, d)}, nil
}

func subscriptionResumed(d delivery) ([]lifecycle.Event, error) {
	s, err := readSubscription(d)
	if err != nil {
		return nil, err
	}
	ev := s.event(lifecycle.SubscriptionStarted, d)
	ev.Subscription.Running = true
	return []lifecycle.Event{ev}, nil
}
