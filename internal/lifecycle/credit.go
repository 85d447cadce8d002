package lifecycle

// A credit is an order with a total below zero: a line of an order history
// that gives money back and does not say for which order. It is no purchase and
// no sign of life; its money is taken off what the contact spent. It is
// remembered beside the order of the same id, where there is one.

func (o *Order) isCredit() bool { return !o.Partial && o.Total.Minor < 0 }

// credit is what a mark takes off the money spent in this currency, in minor
// units, never above zero.
func (o *OrderMark) credit(currency string) int64 {
	if o.Partial || o.Status > OrderPaid || o.Total.Currency != currency {
		return 0
	}
	return min(o.Total.Minor, 0)
}

// OrderID is the id of the order that an event is about; empty: of none.
func (ev *Event) OrderID() string {
	switch {
	case ev.Order != nil:
		return ev.Order.ID
	case ev.Refund != nil:
		return ev.Refund.OrderID
	}
	return ""
}
