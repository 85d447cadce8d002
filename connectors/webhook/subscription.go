package webhook

import (
	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// subscribed reads news about a subscription other than its renewal. Where
// data has no subscription object, its id and reason may stand in data.
func subscribed(kind lifecycle.Type) func(told) (lifecycle.Event, error) {
	return func(t told) (lifecycle.Event, error) {
		p, err := somebody(t.Customer, "/data/customer")
		if err != nil {
			return lifecycle.Event{}, err
		}
		s := t.subscription()
		if s.ID == "" {
			s.ID = string(t.ID)
		}
		if s.ID == "" {
			return lifecycle.Event{}, connectors.Malformed("/data/subscription/id", "is missing")
		}
		if s.Reason == "" {
			s.Reason = t.Reason.Line(maxReason)
		}
		return lifecycle.Event{Type: kind, At: firstKnown(t.At.Time, t.at), Person: p, Subscription: s}, nil
	}
}

// renewed reads a paid renewal: an order whose fields stand in data, if the
// sender has one, or the subscription alone.
func renewed(t told) (lifecycle.Event, error) {
	ev := lifecycle.Event{Type: lifecycle.Renewed, At: firstKnown(t.At.Time, t.Created.Time, t.at), Person: t.person()}
	if t.Subscription.Set {
		ev.Subscription = t.subscription()
	}
	if t.ID == "" {
		var err error
		if ev.Person, err = somebody(t.Customer, "/data/customer"); err == nil && ev.Subscription == nil {
			err = connectors.Malformed("/data/id", "is missing, as is a subscription: the renewal's order or what was renewed")
		}
		return ev, err
	}
	var err error
	if ev.Order, err = t.order(lifecycle.OrderPaid); err != nil {
		return ev, err
	}
	ev.Order.Renewal = true
	if ev.Order.Status != lifecycle.OrderPaid {
		return ev, connectors.Malformed("/data/status", "of a renewal is always paid; send payment.failed, order.refunded or order.cancelled instead")
	}
	return ev, nil
}

func (t told) subscription() *lifecycle.Subscription {
	s := t.Subscription.Value
	return &lifecycle.Subscription{
		ID:          string(s.ID),
		Reason:      s.Reason.Line(maxReason),
		Plan:        s.Plan.Line(maxName),
		Involuntary: s.Involuntary.On,
	}
}
