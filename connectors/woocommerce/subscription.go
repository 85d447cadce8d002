package woocommerce

import (
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// subscription is the part of a subscription that we use. Times that are not
// set are "".
type subscription struct {
	ID        connectors.ID             `json:"id"`
	Status    connectors.Text           `json:"status"`
	Customer  connectors.ID             `json:"customer_id"`
	Billing   connectors.Maybe[address] `json:"billing"`
	Modified  connectors.Stamp          `json:"date_modified_gmt"`
	Started   connectors.Stamp          `json:"start_date_gmt"`
	Cancelled connectors.Stamp          `json:"cancelled_date_gmt"`
	Ended     connectors.Stamp          `json:"end_date_gmt"`
	Lines     connectors.List[line]     `json:"line_items"`
	Meta      connectors.List[meta]     `json:"meta_data"`
	Period    connectors.Seen           `json:"billing_period"`
}

// subscriptionTold reads a subscription in its newest state. It is told at every
// save, with no word on what changed.
func subscriptionTold(d delivery) ([]lifecycle.Event, error) {
	var s subscription
	if err := connectors.Decode(d.body, &s); err != nil {
		return nil, err
	}
	id, err := objectID(s.ID)
	if err != nil {
		return nil, err
	}
	if !s.Period {
		return nil, connectors.Malformed("/billing_period", "is missing: this is no subscription")
	}
	version := known(s.Modified.Time, d.now)
	ev := lifecycle.Event{
		At: version, Version: version, Person: personOf(s.Customer, s.Billing.Value, s.Meta, d.fields),
		Subscription: &lifecycle.Subscription{ID: id},
	}
	if lines := items(s.Lines); len(lines) > 0 {
		ev.Subscription.Plan = lines[0].Title
	}
	switch strings.TrimPrefix(strings.ToLower(strings.TrimSpace(string(s.Status))), "wc-") {
	case "active":
		return s.running(ev), nil
	case "on-hold": // paused, or a renewal waits for its payment
		ev.Type, ev.Text = lifecycle.SubscriptionPaused, "on hold"
	case "pending-cancel", "cancelled": // the customer decides with the first of the two
		ev.Type, ev.At = lifecycle.SubscriptionCancelled, earliest(known(s.Cancelled.Time, version), version)
		ev.Subscription.Reason = valueOf(s.Meta, d.fields.CancelReason...).line(maxReason)
	case "expired": // ran to its last payment; nobody decided to leave
		ev.Type, ev.At = lifecycle.SubscriptionCancelled, earliest(known(s.Ended.Time, version), version)
		ev.Subscription.Reason = "expired"
	default: // pending: not paid yet; switched: goes on as another; what plugins add
		return nil, nil
	}
	return []lifecycle.Event{ev}, nil
}

// running is an active subscription: it started when it did, and if its
// cancellation was told before, that is taken back now.
func (s subscription) running(ev lifecycle.Event) []lifecycle.Event {
	ev.Type = lifecycle.SubscriptionStarted
	start := ev
	start.At = earliest(known(s.Started.Time, ev.At), ev.At)
	still, again := *ev.Subscription, ev
	still.Running = true
	again.Subscription = &still
	return []lifecycle.Event{start, again}
}

// earliest is the earlier of two times.
func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
