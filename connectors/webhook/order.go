package webhook

import (
	"regexp"
	"strings"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// Bounds of what is taken from a body, in bytes, and of lists.
const (
	maxName    = 100
	maxTitle   = 200
	maxCode    = 64
	maxReason  = 200
	maxAddress = 320
	maxPhone   = 64
	maxItems   = 5
)

// orderTold reads an order; status counts where the body tells none.
func orderTold(status lifecycle.OrderStatus) func(told) (lifecycle.Event, error) {
	return func(t told) (lifecycle.Event, error) {
		o, err := t.order(status)
		if err != nil {
			return lifecycle.Event{}, err
		}
		ev := lifecycle.Event{Type: lifecycle.OrderPlaced, At: firstKnown(t.At.Time, o.At), Person: t.person(), Order: o}
		if o.Status == lifecycle.OrderVoid {
			ev.Type, ev.At, ev.Text = lifecycle.OrderCancelled, firstKnown(t.At.Time, t.at), t.Reason.Line(maxReason)
		}
		return ev, nil
	}
}

// order reads the order whose fields stand in data.
func (t told) order(status lifecycle.OrderStatus) (*lifecycle.Order, error) {
	if t.ID == "" {
		return nil, connectors.Malformed("/data/id", "is missing: the order's id")
	}
	o := &lifecycle.Order{
		ID:     string(t.ID),
		Number: t.Number.Line(maxCode),
		Items:  t.items(),
		Codes:  t.codes(),
	}
	var err error
	if o.Status, err = t.status(status); err != nil {
		return nil, err
	}
	// An update says when it was made; only the order itself knows when it was
	// placed.
	switch t.kind {
	case "order.updated", "order.cancelled":
		o.At = t.Created.Time
	default:
		o.At = firstKnown(t.Created.Time, t.At.Time, t.at)
	}
	if o.At.IsZero() && t.kind == "order.updated" {
		return nil, connectors.Malformed("/data/created_at", "is missing: when the order was placed")
	}
	if o.Total, o.Partial, err = t.money(t.Total, "/data/total"); err != nil {
		return nil, err
	}
	back, _, err := t.money(t.Refunded, "/data/refunded")
	if err != nil {
		return nil, err
	}
	o.Refunded = back.Minor
	if o.Status == lifecycle.OrderRefundedFully && !t.Refunded.Known() {
		o.Refunded = o.Total.Minor
	}
	if o.Partial && t.kind != "order.cancelled" {
		return nil, connectors.Malformed("/data/total", "is missing; write 0 for an order that cost nothing")
	}
	return o, nil
}

// ownerName is how a source may be called in the configuration.
var ownerName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// owner is whose id the order's is, empty for the sender's own.
func (t told) owner() (string, error) {
	s := strings.TrimSpace(string(t.Owner))
	if s != "" && !ownerName.MatchString(s) {
		return "", connectors.Malformed("/data/order_source", "is no name: give that of a source in the configuration, or shopify, stripe or recharge")
	}
	return s, nil
}

// status is the word in the body, else the one that the type implies. A
// cancellation stays one whatever else the body says.
func (t told) status(implied lifecycle.OrderStatus) (lifecycle.OrderStatus, error) {
	if implied == lifecycle.OrderVoid {
		return implied, nil
	}
	switch strings.ToLower(strings.TrimSpace(string(t.Status))) {
	case "":
		return implied, nil
	case "open", "pending":
		return lifecycle.OrderOpen, nil
	case "paid":
		return lifecycle.OrderPaid, nil
	case "refunded":
		return lifecycle.OrderRefundedFully, nil
	case "cancelled", "canceled":
		return lifecycle.OrderVoid, nil
	}
	return 0, connectors.Malformed("/data/status", "is none of open, paid, refunded, cancelled")
}

// money counts an amount in the body's currency. unknown means that there is
// none.
func (t told) money(a connectors.LooseAmount, at string) (m lifecycle.Money, unknown bool, err error) {
	if !a.Known() {
		return m, true, nil
	}
	code := strings.ToUpper(strings.TrimSpace(string(t.Currency)))
	if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return m, false, connectors.Malformed("/data/currency", "is missing or no ISO 4217 code, such as EUR")
	}
	n, err := a.Minor(code)
	switch {
	case err != nil:
		return m, false, connectors.Malformed(at, err.Error())
	case n < 0:
		return m, false, connectors.Malformed(at, "is below zero")
	}
	return lifecycle.Money{Minor: n, Currency: code}, false, nil
}

func (t told) items() []lifecycle.Item {
	var out []lifecycle.Item
	for _, i := range t.Items {
		if len(out) == maxItems {
			break
		}
		out = append(out, lifecycle.Item{
			Product:  i.Product.Line(maxCode),
			Title:    i.Title.Line(maxTitle),
			Category: i.Category.Line(maxName),
			Quantity: int(i.Quantity),
		})
	}
	return out
}

func (t told) codes() []string {
	var out []string
	for _, c := range t.Codes {
		if s := c.Line(maxCode); s != "" && len(out) < maxItems {
			out = append(out, s)
		}
	}
	return out
}

// refunded reads money that went back for one order.
func refunded(t told) (lifecycle.Event, error) {
	switch {
	case t.ID == "":
		return lifecycle.Event{}, connectors.Malformed("/data/id", "is missing: the order's id")
	case !t.Refund.Set:
		return lifecycle.Event{}, connectors.Malformed("/data/refund", "is missing: an amount, or full")
	}
	given := t.Refund.Value
	back, unknown, err := t.money(given.Amount, "/data/refund/amount")
	if err != nil {
		return lifecycle.Event{}, err
	}
	if unknown && !given.Full.On {
		return lifecycle.Event{}, connectors.Malformed("/data/refund/amount", "is missing; say full instead if nothing is left")
	}
	id := string(given.ID)
	if id == "" {
		id = t.key // each delivery is a refund of its own
	}
	return lifecycle.Event{
		Type:   lifecycle.OrderRefunded,
		At:     firstKnown(t.At.Time, t.at),
		Person: t.person(),
		Refund: &lifecycle.Refund{OrderID: string(t.ID), ID: id, Amount: back.Minor, Full: given.Full.On},
	}, nil
}
