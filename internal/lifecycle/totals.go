package lifecycle

import "time"

// Totals are what the orders of a contact add up to.
type Totals struct {
	Orders  int
	Spent   Money // in the shop's currency, less refunds
	Foreign int   // orders in other currencies, counted in Orders, not in Spent
	First   time.Time
	Last    time.Time
	LastOne *OrderMark // nil when it rolled out of the record or there is none
}

// MeanGapDays is the mean distance of consecutive orders in days, 0 with fewer
// than two orders.
func (t Totals) MeanGapDays() float64 {
	if t.Orders < 2 {
		return 0
	}
	return t.Last.Sub(t.First).Hours() / 24 / float64(t.Orders-1)
}

// Totals adds up.
func (r *Rules) Totals(c *Contact) Totals {
	t := Totals{
		Orders: c.Older.Count, Foreign: c.Older.Foreign, First: c.Older.First, Last: c.Older.Last,
		Spent: Money{Minor: c.Older.Spent, Currency: r.Currency},
	}
	for i := range c.Orders {
		o := &c.Orders[i]
		if !o.Counts() {
			t.Spent.Minor += o.credit(r.Currency)
			continue
		}
		t.Orders++
		if o.Total.Currency == r.Currency {
			t.Spent.Minor += o.Total.Minor - o.Refunded()
		} else {
			t.Foreign++
		}
		if t.First.IsZero() || o.At.Before(t.First) {
			t.First = o.At
		}
		if t.LastOne == nil || !o.At.Before(t.Last) {
			t.Last, t.LastOne = o.At, o
		}
	}
	return t
}
