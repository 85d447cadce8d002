package stripe

import (
	"strings"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// payment is a payment intent or a charge: Stripe tells each payment as both.
type payment struct {
	ID          connectors.ID              `json:"id"`
	Intent      connectors.ID              `json:"payment_intent"` // charge only, null for the oldest way to pay
	Invoice     connectors.ID              `json:"invoice"`        // gone since basil
	Customer    connectors.ID              `json:"customer"`
	Currency    connectors.Text            `json:"currency"`
	Amount      connectors.Amount          `json:"amount"`
	Received    connectors.Amount          `json:"amount_received"` // intent only
	Captured    connectors.Flag            `json:"captured"`        // charge only
	GivenBack   connectors.Amount          `json:"amount_refunded"` // charge only, in all
	Refunded    connectors.Flag            `json:"refunded"`        // charge only: nothing is left
	Description connectors.Text            `json:"description"`
	Receipt     connectors.Text            `json:"receipt_email"`
	Metadata    connectors.Maybe[metadata] `json:"metadata"`
	Billing     connectors.Maybe[details]  `json:"billing_details"`
	Shipping    connectors.Maybe[details]  `json:"shipping"`
	Reference   connectors.Maybe[struct {
		Order connectors.Text `json:"order_reference"`
	}] `json:"payment_details"`
}

// invoices' payments carry one of these descriptions, by which they are known
// where the API version names no invoice.
var invoiced = []string{"Subscription creation", "Subscription update", "Payment for Invoice"}

// order is the id of the purchase that was paid, and whether an invoice tells
// it. One purchase has one id, whoever tells it: its invoice's, else its
// intent's, else its charge's.
func (p payment) order() (id string, invoice bool) {
	switch ref := p.Reference.Value.Order.Line(maxCode); {
	case p.Invoice != "":
		return string(p.Invoice), true
	case strings.HasPrefix(ref, "in_"):
		return ref, true
	}
	for _, text := range invoiced {
		invoice = invoice || strings.EqualFold(string(p.Description), text)
	}
	if p.Intent != "" {
		return string(p.Intent), invoice
	}
	return string(p.ID), invoice
}

// names are the further names of the order: its payment's beside its invoice's,
// and the shop's own.
func (p payment) names(d delivery, order string) []lifecycle.OrderName {
	intent := string(p.Intent)
	if intent == order || !strings.HasPrefix(order, "in_") {
		intent = ""
	}
	return names(d, p.Metadata.Value, intent)
}

func (p payment) person() lifecycle.Person {
	who := p.Billing.Value.person(p.Customer)
	to := p.Shipping.Value.person(p.Customer)
	if who.Email == "" {
		who.Email = p.Receipt.Line(maxAddress)
	}
	if who.FirstName == "" && who.LastName == "" {
		who.FirstName, who.LastName = to.FirstName, to.LastName
	}
	if who.Country == "" {
		who.Country, who.Region = to.Country, to.Region
	}
	if who.Phone == "" {
		who.Phone = to.Phone
	}
	return who
}

func readPayment(d delivery, kind string) (payment, error) {
	p, err := object[payment](d, kind)
	if err == nil && p.ID == "" {
		err = connectors.Malformed("/data/object/id", "is missing")
	}
	return p, err
}

// intentTold reads a payment that went through.
func intentTold(d delivery) ([]lifecycle.Event, error) {
	p, err := readPayment(d, "payment_intent")
	if err != nil {
		return nil, err
	}
	paid, at := p.Received, "/data/object/amount_received"
	if !paid.Known() {
		paid, at = p.Amount, "/data/object/amount"
	}
	return p.told(d, paid, at)
}

// chargeTold reads a charge; one that is only authorised tells again when the
// money is taken.
func chargeTold(d delivery) ([]lifecycle.Event, error) {
	p, err := readPayment(d, "charge")
	if err != nil || p.Captured.Known && !p.Captured.On {
		return nil, err
	}
	return p.told(d, p.Amount, "/data/object/amount")
}

// told is the order that was paid. What an invoice tells is not told twice.
func (p payment) told(d delivery, paid connectors.Amount, at string) ([]lifecycle.Event, error) {
	id, invoice := p.order()
	if invoice {
		return nil, nil
	}
	if !paid.Known() {
		return nil, connectors.Malformed(at, "is missing")
	}
	total, err := money(paid, p.Currency, at)
	if err != nil {
		return nil, err
	}
	return []lifecycle.Event{{
		Type: lifecycle.OrderPlaced, At: d.created, Person: p.person(),
		Order: &lifecycle.Order{ID: id, At: d.created, Status: lifecycle.OrderPaid, Total: total}, Also: p.names(d, id),
	}}, nil
}

// chargeRefunded reads what was given back of a charge in all: the sum of its
// refunds, so that it never adds to one of them that is told by itself.
func chargeRefunded(d delivery) ([]lifecycle.Event, error) {
	p, err := readPayment(d, "charge")
	if err != nil {
		return nil, err
	}
	if !p.GivenBack.Known() {
		return nil, connectors.Malformed("/data/object/amount_refunded", "is missing")
	}
	back, err := money(p.GivenBack, p.Currency, "/data/object/amount_refunded")
	if err != nil {
		return nil, err
	}
	id, invoice := p.order()
	ev := lifecycle.Event{
		Type: lifecycle.OrderRefunded, At: d.created, Person: p.person(),
		Order: &lifecycle.Order{ID: id, Partial: true, Refunded: back.Minor}, Also: p.names(d, id),
	}
	if invoice && !strings.HasPrefix(id, "in_") {
		ev.Text = back.String() + " " + back.Currency + " of an invoice given back; taken off once invoice_payment.paid says of which"
	}
	if p.Refunded.On {
		ev.Refund = &lifecycle.Refund{OrderID: id, ID: string(p.ID), Full: true}
	}
	return []lifecycle.Event{ev}, nil
}

// refund is one refund. It names no customer: the order leads there.
type refund struct {
	ID       connectors.ID     `json:"id"`
	Charge   connectors.ID     `json:"charge"`
	Intent   connectors.ID     `json:"payment_intent"`
	Status   connectors.Text   `json:"status"`
	Amount   connectors.Amount `json:"amount"`
	Currency connectors.Text   `json:"currency"`
}

func readRefund(d delivery) (refund, string, error) {
	r, err := object[refund](d, "refund")
	if err != nil {
		return r, "", err
	}
	id := r.Intent
	if id == "" {
		id = r.Charge
	}
	if r.ID == "" || id == "" {
		return r, "", connectors.Malformed("/data/object/id", "is missing, or the payment that was refunded is")
	}
	return r, string(id), nil
}

// refundTold reads one refund once the money has gone.
func refundTold(d delivery) ([]lifecycle.Event, error) {
	r, order, err := readRefund(d)
	switch {
	case err != nil:
		return nil, err
	case r.Status == "failed":
		return refundFailed(d)
	case r.Status != "succeeded":
		return nil, nil
	case !r.Amount.Known():
		return nil, connectors.Malformed("/data/object/amount", "is missing")
	}
	back, err := money(r.Amount, r.Currency, "/data/object/amount")
	if err != nil {
		return nil, err
	}
	return []lifecycle.Event{{
		Type: lifecycle.OrderRefunded, At: d.created,
		Refund: &lifecycle.Refund{OrderID: order, ID: string(r.ID), Amount: back.Minor},
	}}, nil
}

// refundFailed: the customer's bank sent the money back. Rare, and for a person
// to mend: shown to support.
func refundFailed(d delivery) ([]lifecycle.Event, error) {
	_, order, err := readRefund(d)
	if err != nil {
		return nil, err
	}
	return []lifecycle.Event{noted(d, order, "a refund failed in Stripe; pay it back another way")}, nil
}

// disputeTold notes that a customer has the bank take a payment back. It names
// no customer either.
func disputeTold(d delivery) ([]lifecycle.Event, error) {
	c, err := object[struct {
		Charge connectors.ID   `json:"charge"`
		Intent connectors.ID   `json:"payment_intent"`
		Reason connectors.Text `json:"reason"`
		Status connectors.Text `json:"status"`
	}](d, "dispute")
	if err != nil {
		return nil, err
	}
	id := c.Intent
	if id == "" {
		id = c.Charge
	}
	if id == "" {
		return nil, connectors.Malformed("/data/object/charge", "is missing")
	}
	text := "payment disputed: " + c.Reason.Line(maxCode)
	if d.kind == "charge.dispute.closed" {
		text = "dispute closed: " + c.Status.Line(maxCode)
	}
	return []lifecycle.Event{noted(d, string(id), text)}, nil
}

// noted is a line for support about somebody who is found by the order.
func noted(d delivery, order, text string) lifecycle.Event {
	return lifecycle.Event{Type: lifecycle.Noted, At: d.created, Text: text, Order: &lifecycle.Order{ID: order, Partial: true}}
}
