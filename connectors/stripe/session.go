package stripe

import (
	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// session is a Checkout session. It lists no items.
type session struct {
	ID            connectors.ID              `json:"id"`
	Mode          connectors.Text            `json:"mode"`
	PaymentStatus connectors.Text            `json:"payment_status"`
	Total         connectors.Amount          `json:"amount_total"`
	Subtotal      connectors.Amount          `json:"amount_subtotal"`
	Currency      connectors.Text            `json:"currency"`
	Customer      connectors.ID              `json:"customer"`
	Details       connectors.Maybe[details]  `json:"customer_details"`
	Email         connectors.Text            `json:"customer_email"` // only if it was filled in beforehand
	Locale        connectors.Text            `json:"locale"`
	Consent       connectors.Maybe[promises] `json:"consent"`
	Subscription  connectors.ID              `json:"subscription"`
	Invoice       connectors.ID              `json:"invoice"`
	Intent        connectors.ID              `json:"payment_intent"`
	Metadata      connectors.Maybe[metadata] `json:"metadata"`
}

// promises are the boxes at checkout. Terms of service accepted are no consent
// to marketing.
type promises struct {
	Promotions connectors.Text `json:"promotions"`
}

// sessionTold reads a checkout that was completed, or paid later: a
// subscription, an order, or, as long as it is unpaid, only who it was.
func sessionTold(d delivery) ([]lifecycle.Event, error) {
	s, err := object[session](d, "checkout.session")
	if err != nil {
		return nil, err
	}
	if s.ID == "" {
		return nil, connectors.Malformed("/data/object/id", "is missing")
	}
	var events []lifecycle.Event
	if s.Mode == "subscription" && s.paid() {
		if s.Subscription == "" {
			return nil, connectors.Malformed("/data/object/subscription", "is missing")
		}
		events = append(events, lifecycle.Event{
			Type: lifecycle.SubscriptionStarted, Subscription: &lifecycle.Subscription{ID: string(s.Subscription)},
		})
	}
	order, err := s.order(d)
	if err != nil {
		return nil, err
	}
	if order != nil {
		events = append(events, lifecycle.Event{Type: lifecycle.OrderPlaced, Order: order, Also: s.names(d, order.ID)})
	}
	if len(events) == 0 {
		events = []lifecycle.Event{{Type: lifecycle.ContactChanged}}
	}
	for i := range events {
		events[i].At, events[i].Person = d.created, s.person()
	}
	if events[0].Consents, err = s.consents(d); err != nil {
		return nil, err
	}
	return events, nil
}

// names are the payment beside the invoice, and the shop's own id of the order.
func (s session) names(d delivery, order string) []lifecycle.OrderName {
	intent := string(s.Intent)
	if intent == order {
		intent = ""
	}
	return names(d, s.Metadata.Value, intent)
}

func (s session) paid() bool {
	return s.PaymentStatus == "paid" || s.PaymentStatus == "no_payment_required"
}

// order is what was bought, nil for none: nothing is paid yet, a trial begins,
// or the invoice that will tell it is not named.
func (s session) order(d delivery) (*lifecycle.Order, error) {
	id := s.Intent
	switch {
	case !s.paid() || s.Mode == "setup":
		return nil, nil
	case s.Mode == "subscription" || s.Invoice != "":
		id = s.Invoice
		if subtotal, err := units(s.Subtotal, ""); id == "" || err != nil || s.Mode == "subscription" && subtotal == 0 {
			return nil, nil
		}
	case id == "": // free of charge
		id = s.ID
	}
	if !s.Total.Known() {
		return nil, connectors.Malformed("/data/object/amount_total", "is missing")
	}
	total, err := money(s.Total, s.Currency, "/data/object/amount_total")
	return &lifecycle.Order{ID: string(id), At: d.created, Status: lifecycle.OrderPaid, Total: total}, err
}

func (s session) person() lifecycle.Person {
	p := s.Details.Value.person(s.Customer)
	if p.Email == "" {
		p.Email = s.Email.Line(maxAddress)
	}
	p.Locale = locale(s.Locale)
	return p
}

// consents are the box for promotions, where Checkout showed one.
func (s session) consents(d delivery) ([]lifecycle.ConsentChange, error) {
	c := lifecycle.ConsentChange{Channel: lifecycle.Email, At: d.created, Evidence: "Stripe Checkout, consent to promotions: " + s.Consent.Value.Promotions.Line(maxCode)}
	switch s.Consent.Value.Promotions {
	case "":
		return nil, nil
	case "opt_in":
		c.State = lifecycle.Subscribed
	case "opt_out":
		c.State = lifecycle.Unsubscribed
	default:
		return nil, connectors.Malformed("/data/object/consent/promotions", "is neither opt_in nor opt_out")
	}
	return []lifecycle.ConsentChange{c}, nil
}
