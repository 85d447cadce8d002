package woocommerce

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

const (
	// maxItems is how many lines of an order we keep: the most valuable ones.
	maxItems = 5
	// restoredWithin is how fresh the last change of a restored order must be: the
	// restoring itself is one.
	restoredWithin = 24 * time.Hour
)

// order is the part of WooCommerce's order that we use.
type order struct {
	ID        connectors.ID             `json:"id"`
	Number    loose                     `json:"number"`
	Status    connectors.Text           `json:"status"`
	Via       connectors.Text           `json:"created_via"`
	Currency  connectors.Text           `json:"currency"`
	Total     connectors.Amount         `json:"total"`
	Customer  connectors.ID             `json:"customer_id"`
	Billing   connectors.Maybe[address] `json:"billing"`
	Created   connectors.Stamp          `json:"date_created_gmt"`
	CreatedAt connectors.Stamp          `json:"date_created"` // the shop's local time
	Modified  connectors.Stamp          `json:"date_modified_gmt"`
	Paid      connectors.Stamp          `json:"date_paid_gmt"`
	Lines     connectors.List[line]     `json:"line_items"`
	Coupons   connectors.List[coupon]   `json:"coupon_lines"`
	Refunds   connectors.List[refund]   `json:"refunds"`
	Payment   loose                     `json:"transaction_id"`
	Meta      connectors.List[meta]     `json:"meta_data"`
	// Fields of other objects.
	Period connectors.Seen `json:"billing_period"`
	Role   connectors.Seen `json:"role"`
}

type line struct {
	Product  loose `json:"product_id"`
	Name     loose `json:"name"`
	Quantity loose `json:"quantity"` // may be a fraction
	Total    loose `json:"total"`
}

type coupon struct {
	Code loose `json:"code"`
}

type refund struct {
	Total connectors.Amount `json:"total"` // below zero
}

// orderTold reads an order in its newest version. Which topic brought it does
// not matter: the status decides.
func orderTold(d delivery) ([]lifecycle.Event, error) {
	var o order
	if err := connectors.Decode(d.body, &o); err != nil {
		return nil, err
	}
	id, err := objectID(o.ID)
	switch {
	case err != nil:
		return nil, err
	case bool(o.Period || o.Role):
		return nil, connectors.Malformed("", "is no order")
	case !o.Total.Known() && len(o.Lines) == 0:
		return nil, connectors.Malformed("/total", "is missing, as are the lines: this is no order")
	}
	version := o.version(d)
	paid := !o.Paid.IsZero()
	switch status := o.status(); status {
	case "processing", "completed":
		return o.placed(d, id, version, lifecycle.OrderPaid)
	case "refunded":
		return o.placed(d, id, version, lifecycle.OrderRefundedFully)
	case "on-hold": // placed; a bank transfer or a check is on its way
		if paid {
			return o.placed(d, id, version, lifecycle.OrderPaid)
		}
		return o.placed(d, id, version, lifecycle.OrderOpen)
	case "cancelled", "failed", "trash":
		if paid {
			return o.placed(d, id, version, lifecycle.OrderVoid)
		}
		return o.neverPaid(id, version, status), nil
	case "auto-draft", "draft", "checkout-draft":
		return nil, nil // a checkout under way
	}
	if paid { // pending again, or a status that a plugin made
		return o.placed(d, id, version, lifecycle.OrderPaid)
	}
	return nil, nil // pending: a checkout that was begun is no purchase yet
}

// payments are the names by which Stripe tells this order, where it was paid
// through its plugin.
func (o order) payments() []lifecycle.OrderName {
	var out []lifecycle.OrderName
	for _, id := range []string{valueOf(o.Meta, "_stripe_intent_id").line(maxCode), o.Payment.line(maxCode)} {
		stripe := strings.HasPrefix(id, "pi_") || strings.HasPrefix(id, "ch_") || strings.HasPrefix(id, "py_")
		name := lifecycle.OrderName{Owner: lifecycle.OwnerStripe, ID: id}
		if stripe && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func (o order) status() string {
	return strings.TrimPrefix(strings.ToLower(strings.TrimSpace(string(o.Status))), "wc-")
}

// version is when the order was changed last. A restored order is newer than its
// deletion, of which we know the time of arrival only; its body was made for this
// very delivery.
func (o order) version(d delivery) time.Time {
	v := known(o.Modified.Time, o.Paid.Time, d.now)
	if age := d.now.Sub(v); d.topic == "order.restored" && age > 0 && age < restoredWithin {
		return d.now
	}
	return v
}

// placed is an order that is, or was, a purchase.
func (o order) placed(d delivery, id string, version time.Time, status lifecycle.OrderStatus) ([]lifecycle.Event, error) {
	told, err := o.read(id, status)
	if err != nil {
		return nil, err
	}
	ev := lifecycle.Event{
		Type: lifecycle.OrderPlaced, At: told.At, Version: version,
		Person: personOf(o.Customer, o.Billing.Value, o.Meta, d.fields), Order: told, Also: o.payments(),
	}
	switch {
	case status == lifecycle.OrderVoid:
		ev.Type, ev.At = lifecycle.OrderCancelled, version
	case told.Renewal && status == lifecycle.OrderPaid:
		ev.Type = lifecycle.Renewed
	}
	if told.Renewal {
		ev.Subscription = &lifecycle.Subscription{ID: valueOf(o.Meta, "_subscription_renewal").line(maxCode)}
	} else { // a renewal repeats the fields of the first order, which nobody ticked anew
		ev.Consents = d.fields.ticked(o.Meta, told.At, "order "+first(told.Number, told.ID))
	}
	return []lifecycle.Event{ev}, nil
}

// neverPaid is an order that came to nothing: a failed card, a cart that the
// shop cancelled by itself. Where it was counted before, because it was on hold,
// it no longer is; else it says nothing of anybody. A failed renewal does.
func (o order) neverPaid(id string, version time.Time, status string) []lifecycle.Event {
	p := lifecycle.Person{}
	if o.Customer != "0" {
		p.CustomerID = string(o.Customer)
	}
	void := lifecycle.Event{
		Type: lifecycle.OrderCancelled, At: version, Version: version, Person: p,
		Order: &lifecycle.Order{ID: id, Status: lifecycle.OrderVoid, Partial: true}, Text: status,
	}
	if !o.renewal() || status != "failed" {
		return []lifecycle.Event{void}
	}
	return []lifecycle.Event{{
		Type: lifecycle.PaymentFailed, At: version, Version: version,
		Person: personOf(o.Customer, o.Billing.Value, nil, Fields{}),
		Subscription: &lifecycle.Subscription{
			ID: valueOf(o.Meta, "_subscription_renewal").line(maxCode), Involuntary: true,
		},
	}}
}

// renewal reports whether a subscription made this order.
func (o order) renewal() bool {
	return strings.EqualFold(string(o.Via), "subscription") || valueOf(o.Meta, "_subscription_renewal") != ""
}

// read is the order in our words.
func (o order) read(id string, status lifecycle.OrderStatus) (*lifecycle.Order, error) {
	// The local time is hours off at most: better than no order at all.
	at := known(o.Created.Time, o.Paid.Time, o.CreatedAt.Time)
	if at.IsZero() {
		return nil, connectors.Malformed("/date_created_gmt", "is missing: when the order was placed")
	}
	told := &lifecycle.Order{
		ID: id, Number: o.Number.line(maxCode), At: at, Status: status, Renewal: o.renewal(),
		Items: items(o.Lines), Codes: codes(o.Coupons), Partial: !o.Total.Known(),
	}
	if told.Partial {
		return told, nil
	}
	code := currency(o.Currency)
	if code == "" {
		return nil, connectors.Malformed("/currency", "is not the code of a currency")
	}
	n, err := o.Total.Minor(code)
	switch {
	case err != nil:
		return nil, connectors.Malformed("/total", err.Error())
	case n < 0:
		return nil, connectors.Malformed("/total", "is below zero")
	}
	told.Total = lifecycle.Money{Minor: n, Currency: code}
	told.Refunded, err = o.refunded(told)
	return told, err
}

// refunded is what was given back so far: total stays as placed, each refund
// stands beside it with a total below zero. A status of refunded means all of
// it, whatever is listed.
func (o order) refunded(told *lifecycle.Order) (int64, error) {
	if told.Status == lifecycle.OrderRefundedFully {
		return told.Total.Minor, nil
	}
	sum := int64(0)
	for _, r := range o.Refunds {
		n, err := r.Total.Minor(told.Total.Currency)
		if err != nil {
			return 0, connectors.Malformed("/refunds", "holds "+err.Error())
		}
		sum += max(n, -n)
	}
	return min(sum, told.Total.Minor), nil
}

// orderDeleted reads {id}: moved to the trash, or deleted for good.
func orderDeleted(d delivery) ([]lifecycle.Event, error) {
	id, err := deleted(d)
	if err != nil {
		return nil, err
	}
	return []lifecycle.Event{{
		Type: lifecycle.OrderCancelled, At: d.now, Version: d.now,
		Order: &lifecycle.Order{ID: id, Status: lifecycle.OrderVoid, Partial: true}, Text: "deleted in the shop",
	}}, nil
}

// items are the most valuable lines, in the shop's order among equals.
func items(lines []line) []lifecycle.Item {
	sorted := slices.Clone(lines)
	slices.SortStableFunc(sorted, func(a, b line) int { return cmp.Compare(b.Total.hundredths(), a.Total.hundredths()) })
	var out []lifecycle.Item
	for _, l := range sorted {
		product := l.Product.line(maxCode)
		if product == "0" {
			product = ""
		}
		item := lifecycle.Item{
			Product: product, Title: l.Name.line(maxTitle),
			Quantity: int(min(l.Quantity.hundredths()+99, 1e9) / 100), // a begun piece is one
		}
		if (item.Title != "" || item.Product != "") && len(out) < maxItems {
			out = append(out, item)
		}
	}
	return out
}

// codes are the coupon codes that the buyer used.
func codes(list []coupon) []string {
	var out []string
	for _, c := range list {
		if s := c.Code.line(maxCode); s != "" && len(out) < maxItems {
			out = append(out, s)
		}
	}
	return out
}
