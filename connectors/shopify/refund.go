package shopify

import (
	"slices"
	"strings"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// refund is one refund, on its own or within an order.
type refund struct {
	ID           connectors.ID                `json:"id"`
	GID          connectors.Text              `json:"admin_graphql_api_id"`
	OrderID      connectors.ID                `json:"order_id"`
	Created      connectors.Stamp             `json:"created_at"`
	Processed    connectors.Stamp             `json:"processed_at"`
	Transactions connectors.List[transaction] `json:"transactions"`
	Duties       connectors.Maybe[moneySet]   `json:"total_duties_set"`
	Lines        connectors.List[refundLine]  `json:"refund_line_items"`
}

type refundLine struct {
	Subtotal connectors.Maybe[moneySet] `json:"subtotal_set"`
}

type transaction struct {
	Kind     connectors.Text   `json:"kind"`
	Status   connectors.Text   `json:"status"`
	Test     connectors.Flag   `json:"test"`
	Amount   connectors.Amount `json:"amount"`
	Currency connectors.Text   `json:"currency"`
	Payment  connectors.Text   `json:"authorization"` // the payment's id at whoever moved the money
}

// refunded reads refunds/create. It names no customer: the order leads there.
func refunded(d delivery) ([]lifecycle.Event, error) {
	var r refund
	if err := connectors.Decode(d.body, &r); err != nil {
		return nil, err
	}
	id, err := objectID(r.ID, r.GID, "Refund")
	if err != nil {
		return nil, err
	}
	if !allDigits(string(r.OrderID)) {
		return nil, connectors.Malformed("/order_id", "is missing or not a number")
	}
	sum, known, err := r.moved(r.shopCurrency())
	if err != nil {
		return nil, err
	}
	if known && sum == 0 {
		return nil, nil // goods came back or a payment is pending: no money moved
	}
	at := timeOf(r.Processed.Time, r.Created.Time)
	return []lifecycle.Event{{
		Type:    lifecycle.OrderRefunded,
		At:      timeOf(at, d.triggered),
		Version: timeOf(d.triggered, at),
		Refund:  &lifecycle.Refund{OrderID: string(r.OrderID), ID: id, Amount: sum},
		Also:    r.payments(),
	}}, nil
}

// payments are the names by which Stripe tells the order, where the shop is paid
// through it.
func (r refund) payments() []lifecycle.OrderName {
	var out []lifecycle.OrderName
	for _, t := range r.Transactions {
		id := t.Payment.Line(maxCode)
		name := lifecycle.OrderName{Owner: lifecycle.OwnerStripe, ID: id}
		if (strings.HasPrefix(id, "pi_") || strings.HasPrefix(id, "ch_")) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// moved sums the money that really went back, in minor units of the shop's
// currency. known is false when that cannot be told: the transactions are in the
// buyer's currency, or the shop's is unknown. The order's own news then tell.
func (r refund) moved(currencyCode string) (sum int64, known bool, err error) {
	for _, t := range r.Transactions {
		if !strings.EqualFold(string(t.Kind), "refund") || !strings.EqualFold(string(t.Status), "success") || t.Test.On {
			continue
		}
		if code := currency(t.Currency); currencyCode == "" || code != "" && code != currencyCode {
			return 0, false, nil
		}
		n, err := t.Amount.Minor(currencyCode)
		if err != nil {
			return 0, false, connectors.Malformed("/transactions", "holds "+err.Error())
		}
		sum += max(n, -n)
	}
	return sum, true, nil
}

// shopCurrency is the currency in which the shop counts. A refund does not name
// it on its own, the amounts in it do.
func (r refund) shopCurrency() string {
	if code := currency(r.Duties.Value.Shop.Value.Currency); code != "" {
		return code
	}
	for _, l := range r.Lines {
		if code := currency(l.Subtotal.Value.Shop.Value.Currency); code != "" {
			return code
		}
	}
	for _, t := range r.Transactions {
		if code := currency(t.Currency); code != "" {
			return code
		}
	}
	return ""
}
