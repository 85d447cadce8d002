package stripe

import (
	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// metadata is what the shop's own system wrote beside a payment. Plugins put
// their order's id there.
type metadata struct {
	Order connectors.Text `json:"order_id"`
}

// names are further names of an order: payments of Stripe, and the order's own
// id in the shop, where the owner says whose that is.
func names(d delivery, m metadata, intents ...string) []lifecycle.OrderName {
	var out []lifecycle.OrderName
	for _, id := range intents {
		if id != "" && len(out) < maxItems {
			out = append(out, lifecycle.OrderName{ID: id})
		}
	}
	if id := m.Order.Line(maxCode); id != "" && d.shop != "" {
		out = append(out, lifecycle.OrderName{Owner: d.shop, ID: id})
	}
	return out
}

// invoicePayment says with which payment an invoice was paid. Since basil it is
// the only one to say so: a refund names the payment alone.
type invoicePayment struct {
	Invoice connectors.ID            `json:"invoice"`
	Status  connectors.Text          `json:"status"`
	Payment connectors.Maybe[paidBy] `json:"payment"`
}

type paidBy struct {
	Intent connectors.ID `json:"payment_intent"`
	Charge connectors.ID `json:"charge"`
}

// invoicePaymentPaid gives an invoice's order its payment's name. It names no
// customer: the order leads there.
func invoicePaymentPaid(d delivery) ([]lifecycle.Event, error) {
	p, err := object[invoicePayment](d, "invoice_payment")
	if err != nil {
		return nil, err
	}
	if p.Invoice == "" {
		return nil, connectors.Malformed("/data/object/invoice", "is missing")
	}
	also := names(d, metadata{}, string(p.Payment.Value.Intent), string(p.Payment.Value.Charge))
	if len(also) == 0 {
		return nil, nil // paid outside of Stripe
	}
	return []lifecycle.Event{{
		Type: lifecycle.OrderPlaced, At: d.created, Also: also,
		Order: &lifecycle.Order{ID: string(p.Invoice), Partial: true},
	}}, nil
}

// creditNote takes something off an invoice.
type creditNote struct {
	ID        connectors.ID     `json:"id"`
	Invoice   connectors.ID     `json:"invoice"`
	Customer  connectors.ID     `json:"customer"`
	Currency  connectors.Text   `json:"currency"`
	Total     connectors.Amount `json:"total"`
	Outside   connectors.Amount `json:"out_of_band_amount"`
	Balance   connectors.ID     `json:"customer_balance_transaction"`
	OldRefund connectors.ID     `json:"refund"` // gone since basil
	Refunds   connectors.List[struct {
		Amount connectors.Amount `json:"amount_refunded"`
		Refund connectors.ID     `json:"refund"`
	}] `json:"refunds"`
}

// creditNoteTold reads the money of a credit note that really went back: refunds,
// by their own ids so that they count once whoever tells them, and what was paid
// back outside of Stripe. Credit for the next invoice is none.
func creditNoteTold(d delivery) ([]lifecycle.Event, error) {
	n, err := object[creditNote](d, "credit_note")
	switch {
	case err != nil:
		return nil, err
	case n.ID == "" || n.Invoice == "":
		return nil, connectors.Malformed("/data/object/invoice", "is missing, or the credit note's id is")
	}
	var events []lifecycle.Event
	add := func(id connectors.ID, a connectors.Amount, less int64, at string) error {
		back, err := money(a, n.Currency, at)
		if err != nil {
			return err
		}
		if back.Minor -= less; back.Minor > 0 && id != "" {
			events = append(events, lifecycle.Event{
				Type: lifecycle.OrderRefunded, At: d.created, Person: lifecycle.Person{CustomerID: string(n.Customer)},
				Refund: &lifecycle.Refund{OrderID: string(n.Invoice), ID: string(id), Amount: back.Minor},
			})
		}
		return nil
	}
	outside := int64(0)
	if n.Outside.Known() {
		if err := add(n.ID, n.Outside, 0, "/data/object/out_of_band_amount"); err != nil {
			return nil, err
		}
		if len(events) > 0 {
			outside = events[0].Refund.Amount
		}
	}
	for _, r := range n.Refunds {
		if err := add(r.Refund, r.Amount, 0, "/data/object/refunds"); err != nil {
			return nil, err
		}
	}
	// The older form has one refund and not its amount: it is what is left.
	if len(n.Refunds) == 0 && n.OldRefund != "" && n.Balance == "" {
		if err := add(n.OldRefund, n.Total, outside, "/data/object/total"); err != nil {
			return nil, err
		}
	}
	return events, nil
}
