package stripe

import (
	"strconv"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// invoice in both generations: since basil its subscription stands in parent.
type invoice struct {
	ID           connectors.ID              `json:"id"`
	Number       connectors.Text            `json:"number"`
	Reason       connectors.Text            `json:"billing_reason"`
	Customer     connectors.ID              `json:"customer"`
	Email        connectors.Text            `json:"customer_email"`
	Name         connectors.Text            `json:"customer_name"`
	Phone        connectors.Text            `json:"customer_phone"`
	Address      connectors.Maybe[address]  `json:"customer_address"`
	Currency     connectors.Text            `json:"currency"`
	Total        connectors.Amount          `json:"total"`
	Subtotal     connectors.Amount          `json:"subtotal"`
	Attempts     connectors.Count           `json:"attempt_count"`
	NextTry      connectors.Unix            `json:"next_payment_attempt"`
	Subscription connectors.ID              `json:"subscription"`
	Intent       connectors.ID              `json:"payment_intent"`
	Metadata     connectors.Maybe[metadata] `json:"metadata"`
	Payments     connectors.Maybe[struct {
		Data connectors.List[invoicePayment] `json:"data"`
	}] `json:"payments"` // where the endpoint includes them
	Parent connectors.Maybe[struct {
		Subscription connectors.Maybe[struct {
			ID connectors.ID `json:"subscription"`
		}] `json:"subscription_details"`
	}] `json:"parent"`
	Transitions connectors.Maybe[struct {
		Paid connectors.Unix `json:"paid_at"`
	}] `json:"status_transitions"`
	Lines connectors.Maybe[struct {
		Data connectors.List[line] `json:"data"`
	}] `json:"lines"`
}

// line in both generations: since basil its product stands in pricing.
type line struct {
	Title        connectors.Text   `json:"description"`
	Amount       connectors.Amount `json:"amount"`
	Quantity     connectors.Count  `json:"quantity"`
	Subscription connectors.ID     `json:"subscription"`
	Parent       connectors.Maybe[struct {
		Item connectors.Maybe[struct {
			Subscription connectors.ID `json:"subscription"`
		}] `json:"subscription_item_details"`
	}] `json:"parent"`
	Pricing connectors.Maybe[struct {
		Price connectors.Maybe[struct {
			Product connectors.Text `json:"product"`
		}] `json:"price_details"`
	}] `json:"pricing"`
	Price connectors.Maybe[price] `json:"price"`
	Plan  connectors.Maybe[price] `json:"plan"`
}

type price struct {
	Product  connectors.Text `json:"product"`
	Nickname connectors.Text `json:"nickname"`
}

// invoicePaid reads a paid invoice: a purchase, a renewal, or nothing new.
func invoicePaid(d delivery) ([]lifecycle.Event, error) {
	i, err := readInvoice(d)
	if err != nil {
		return nil, err
	}
	at := firstKnown(i.Transitions.Value.Paid.Time, d.created)
	order, err := i.order(at)
	if err != nil {
		return nil, err
	}
	ev := lifecycle.Event{Type: lifecycle.OrderPlaced, At: at, Person: i.person(), Order: order, Also: i.names(d)}
	if id := i.subscription(); id != "" {
		ev.Subscription = &lifecycle.Subscription{ID: id}
	}
	free := order.Total.Minor == 0
	switch i.Reason {
	case "subscription_cycle", "subscription":
		ev.Type, order.Renewal = lifecycle.Renewed, true // also one of 0.00, by coupon or credit
	case "subscription_create":
		if subtotal, err := units(i.Subtotal, order.Total.Currency); free && err == nil && subtotal == 0 && ev.Subscription != nil {
			ev.Type, ev.Order, ev.Also = lifecycle.SubscriptionStarted, nil, nil // a trial begins, nothing is bought
		}
	case "subscription_update", "subscription_threshold":
		if free { // a change of plan that costs nothing
			return nil, nil
		}
	}
	return []lifecycle.Event{ev}, nil
}

func readInvoice(d delivery) (invoice, error) {
	i, err := object[invoice](d, "invoice")
	if err == nil && i.ID == "" {
		err = connectors.Malformed("/data/object/id", "is missing")
	}
	return i, err
}

// subscription is whose invoice it is, empty for a single one.
func (i invoice) subscription() string {
	if id := i.Parent.Value.Subscription.Value.ID; id != "" {
		return string(id)
	}
	if i.Subscription != "" {
		return string(i.Subscription)
	}
	for _, l := range i.Lines.Value.Data {
		if id := l.Parent.Value.Item.Value.Subscription; id != "" {
			return string(id)
		}
		if l.Subscription != "" {
			return string(l.Subscription)
		}
	}
	return ""
}

// order is the purchase. The invoice's id is its id: the one that every telling
// of it knows, in all API versions.
func (i invoice) order(at time.Time) (*lifecycle.Order, error) {
	if !i.Total.Known() {
		return nil, connectors.Malformed("/data/object/total", "is missing")
	}
	total, err := money(i.Total, i.Currency, "/data/object/total")
	if err != nil {
		return nil, err
	}
	var lines []valued
	for _, l := range i.Lines.Value.Data {
		item := lifecycle.Item{Product: l.product(), Title: l.Title.Line(maxTitle), Quantity: int(l.Quantity)}
		if item.Title == "" && item.Product == "" {
			continue
		}
		value, _ := l.Amount.Minor("JPY") // only for sorting
		lines = append(lines, valued{item, value})
	}
	return &lifecycle.Order{
		ID: string(i.ID), Number: i.Number.Line(maxCode), At: at, Status: lifecycle.OrderPaid, Total: total, Items: items(lines),
	}, nil
}

// names are the payments of the invoice, and the shop's own id of the order.
func (i invoice) names(d delivery) []lifecycle.OrderName {
	intents := []string{string(i.Intent)}
	for _, p := range i.Payments.Value.Data {
		intents = append(intents, string(p.Payment.Value.Intent))
	}
	return names(d, i.Metadata.Value, intents...)
}

func (l line) product() string {
	for _, t := range []connectors.Text{l.Pricing.Value.Price.Value.Product, l.Price.Value.Product, l.Plan.Value.Product} {
		if s := t.Line(maxCode); s != "" {
			return s
		}
	}
	return ""
}

func (i invoice) person() lifecycle.Person {
	return details{Email: i.Email, Phone: i.Phone, Name: i.Name, Address: i.Address}.person(i.Customer)
}

// invoiceFailed reads a renewal that was not paid. Stripe tries again; that is
// no cancellation. Invoices of no subscription are none of ours.
func invoiceFailed(d delivery) ([]lifecycle.Event, error) {
	i, err := readInvoice(d)
	if err != nil {
		return nil, err
	}
	id := i.subscription()
	if id == "" {
		return nil, nil
	}
	text := ""
	if i.Attempts > 0 {
		text = "attempt " + strconv.Itoa(int(i.Attempts))
	}
	if i.NextTry.IsZero() {
		text = joined(text, "the last one")
	}
	return []lifecycle.Event{{
		Type: lifecycle.PaymentFailed, At: d.created, Person: i.person(), Text: text,
		Subscription: &lifecycle.Subscription{ID: id, Involuntary: true},
	}}, nil
}
