package shopify

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// maxItems is how many lines of an order we keep: the most valuable ones.
const maxItems = 5

// order is the part of Shopify's order that we use.
type order struct {
	ID            connectors.ID              `json:"id"`
	GID           connectors.Text            `json:"admin_graphql_api_id"`
	Name          connectors.Text            `json:"name"`
	Email         connectors.Text            `json:"email"`
	ContactEmail  connectors.Text            `json:"contact_email"`
	Phone         connectors.Text            `json:"phone"`
	Locale        connectors.Text            `json:"customer_locale"`
	Created       connectors.Stamp           `json:"created_at"`
	Processed     connectors.Stamp           `json:"processed_at"`
	Updated       connectors.Stamp           `json:"updated_at"`
	Cancelled     connectors.Stamp           `json:"cancelled_at"`
	CancelReason  connectors.Text            `json:"cancel_reason"`
	Test          connectors.Flag            `json:"test"`
	Currency      connectors.Text            `json:"currency"`
	Total         connectors.Amount          `json:"total_price"`
	TotalSet      connectors.Maybe[moneySet] `json:"total_price_set"`
	Current       connectors.Amount          `json:"current_total_price"`
	CurrentSet    connectors.Maybe[moneySet] `json:"current_total_price_set"`
	Status        connectors.Text            `json:"financial_status"`
	Origin        connectors.Text            `json:"source_name"`
	OptIn         connectors.Flag            `json:"buyer_accepts_marketing"`
	Customer      connectors.Maybe[customer] `json:"customer"`
	Billing       connectors.Maybe[address]  `json:"billing_address"`
	Shipping      connectors.Maybe[address]  `json:"shipping_address"`
	Lines         connectors.List[line]      `json:"line_items"`
	DiscountCodes connectors.List[code]      `json:"discount_codes"`
	Refunds       connectors.List[refund]    `json:"refunds"`
}

type line struct {
	Product  connectors.Text   `json:"product_id"`
	Title    connectors.Text   `json:"title"`
	Name     connectors.Text   `json:"name"`
	Quantity connectors.Count  `json:"quantity"`
	Price    connectors.Amount `json:"price"`
}

type code struct {
	Code connectors.Text `json:"code"`
}

// orderTold reads an order in its newest version. Which topic brought it does
// not matter: Shopify tells the same order up to four times, in any order.
func orderTold(d delivery) ([]lifecycle.Event, error) {
	var o order
	if err := connectors.Decode(d.body, &o); err != nil {
		return nil, err
	}
	if o.Test.On {
		return nil, nil // a trial of the shop's owner, or the admin's test notification
	}
	told, err := o.read()
	if err != nil {
		return nil, err
	}
	ev := lifecycle.Event{
		Type:    lifecycle.OrderPlaced,
		At:      told.At,
		Version: timeOf(o.Updated.Time, d.triggered),
		Person:  o.person(),
		Order:   told,
	}
	switch {
	case told.Status == lifecycle.OrderVoid:
		ev.Type = lifecycle.OrderCancelled
		ev.At = timeOf(o.Cancelled.Time, ev.Version)
		ev.Text = o.CancelReason.Line(maxReason)
	case told.Renewal && told.Status == lifecycle.OrderPaid:
		ev.Type = lifecycle.Renewed
	}
	ev.Consents = o.consents(told, ev.Version)
	return []lifecycle.Event{ev}, nil
}

// timeOf is the object's own time if it has one, else the fallback.
func timeOf(own, fallback time.Time) time.Time {
	if own.IsZero() {
		return fallback
	}
	return own
}

// read is the order in our words.
func (o order) read() (*lifecycle.Order, error) {
	id, err := objectID(o.ID, o.GID, "Order")
	if err != nil {
		return nil, err
	}
	if !o.Total.Known() && !o.TotalSet.Set && len(o.Lines) == 0 {
		return nil, connectors.Malformed("/total_price", "is missing, as are the lines: this is no order")
	}
	// processed_at is when people bought; created_at of a draft or an imported
	// order is when somebody typed it in.
	at := timeOf(o.Processed.Time, o.Created.Time)
	if at.IsZero() {
		return nil, connectors.Malformed("/created_at", "is missing: when the order was placed")
	}
	told := &lifecycle.Order{
		ID:      id,
		Number:  o.Name.Line(maxCode),
		At:      at,
		Renewal: strings.HasPrefix(strings.ToLower(string(o.Origin)), "subscription_contract"),
		Items:   items(o.Lines),
		Codes:   codes(o.DiscountCodes),
	}
	if told.Total, told.Partial, err = o.total(); err != nil {
		return nil, err
	}
	told.Status = o.status()
	told.Refunded, err = o.refunded(told.Status, told.Total)
	return told, err
}

// total is the price as placed, in the shop's currency. partial means that the
// body does not tell it.
func (o order) total() (total lifecycle.Money, partial bool, err error) {
	return inShopMoney(o.TotalSet, o.Total, o.Currency, "/total_price")
}

// inShopMoney prefers the amount that says itself to be in the shop's currency.
func inShopMoney(set connectors.Maybe[moneySet], plain connectors.Amount, code connectors.Text, at string) (lifecycle.Money, bool, error) {
	if shop := set.Value.Shop.Value; shop.Amount.Known() && shop.Currency != "" {
		plain, code, at = shop.Amount, shop.Currency, at+"_set/shop_money/amount"
	}
	if !plain.Known() {
		return lifecycle.Money{}, true, nil
	}
	m, err := amount(plain, currency(code), at)
	if err == nil && m.Minor < 0 {
		err = connectors.Malformed(at, "is below zero")
	}
	return m, false, err
}

// status is what became of the order. A status that we do not know counts as
// paid: authorized, partially_paid, partially_refunded and what Shopify may add.
func (o order) status() lifecycle.OrderStatus {
	switch status := strings.ToLower(string(o.Status)); {
	case !o.Cancelled.IsZero(), status == "voided", status == "expired":
		return lifecycle.OrderVoid
	case status == "refunded":
		return lifecycle.OrderRefundedFully
	case status == "pending":
		return lifecycle.OrderOpen
	}
	return lifecycle.OrderPaid
}

// refunded is what was given back so far: the money that moved, if the order
// lists it in the shop's currency, else the whole total (refunded) or what edits
// and refunds took from it (partially_refunded).
func (o order) refunded(status lifecycle.OrderStatus, total lifecycle.Money) (int64, error) {
	full := status == lifecycle.OrderRefundedFully
	if !full && !strings.EqualFold(string(o.Status), "partially_refunded") || total.Currency == "" {
		return 0, nil
	}
	sum := int64(0)
	for _, r := range o.Refunds {
		n, known, err := r.moved(total.Currency)
		if err != nil {
			return 0, err
		}
		if !known {
			sum = 0
			break
		}
		sum += n
	}
	if sum > 0 {
		return sum, nil
	}
	if full {
		return total.Minor, nil
	}
	left, unknown, err := inShopMoney(o.CurrentSet, o.Current, o.Currency, "/current_total_price")
	if err != nil || unknown || left.Currency != total.Currency {
		return 0, err
	}
	return max(0, total.Minor-left.Minor), nil
}

// items are the most valuable lines, in Shopify's order among equals.
func items(lines []line) []lifecycle.Item {
	type valued struct {
		item  lifecycle.Item
		value int64
	}
	all := make([]valued, 0, len(lines))
	for _, l := range lines {
		item := lifecycle.Item{
			Product:  l.Product.Line(maxCode),
			Title:    first(l.Title.Line(maxTitle), l.Name.Line(maxTitle)),
			Quantity: int(l.Quantity),
		}
		if item.Title == "" && item.Product == "" {
			continue
		}
		// Only for sorting, so any currency serves, and a price that cannot be
		// counted is no reason to lose an order.
		price, _ := l.Price.Minor("")
		all = append(all, valued{item, min(price, 1e9) * int64(l.Quantity)})
	}
	slices.SortStableFunc(all, func(a, b valued) int { return cmp.Compare(b.value, a.value) })
	var out []lifecycle.Item
	for _, v := range all[:min(len(all), maxItems)] {
		out = append(out, v.item)
	}
	return out
}

// codes are the discount codes that the buyer typed in.
func codes(list []code) []string {
	var out []string
	for _, c := range list {
		if s := c.Code.Line(maxCode); s != "" && len(out) < maxItems {
			out = append(out, s)
		}
	}
	return out
}
