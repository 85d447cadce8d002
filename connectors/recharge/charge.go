package recharge

import (
	"strings"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

type charge struct {
	ID            connectors.ID              `json:"id"`
	Customer      connectors.Maybe[customer] `json:"customer"`
	CustomerID    connectors.ID              `json:"customer_id"`      // 2021-01 only
	Email         connectors.Text            `json:"email"`            // 2021-01 only
	FirstName     connectors.Text            `json:"first_name"`       // 2021-01 only
	LastName      connectors.Text            `json:"last_name"`        // 2021-01 only
	ShopifyOrder  connectors.ID              `json:"shopify_order_id"` // 2021-01 only
	ExternalOrder connectors.Maybe[external] `json:"external_order_id"`
	Billing       connectors.Maybe[address]  `json:"billing_address"`
	Currency      connectors.Text            `json:"currency"`
	Total         connectors.Amount          `json:"total_price"`
	GivenBack     connectors.Amount          `json:"total_refunds"`
	Status        connectors.Text            `json:"status"`
	Type          connectors.Text            `json:"type"`
	Codes         connectors.List[code]      `json:"discounts"`
	OldCodes      connectors.List[code]      `json:"discount_codes"` // 2021-01 only
	Lines         connectors.List[line]      `json:"line_items"`
	Processed     connectors.Stamp           `json:"processed_at"`
	Created       connectors.Stamp           `json:"created_at"`
	Updated       connectors.Stamp           `json:"updated_at"`
	ErrorType     connectors.Text            `json:"error_type"`
}

type code struct {
	Code connectors.Text `json:"code"`
}

type line struct {
	PurchaseID     connectors.ID              `json:"purchase_item_id"`
	PurchaseType   connectors.Text            `json:"purchase_item_type"`
	SubscriptionID connectors.ID              `json:"subscription_id"` // 2021-01 only
	Product        connectors.Maybe[external] `json:"external_product_id"`
	ShopifyProduct connectors.ID              `json:"shopify_product_id"` // 2021-01 only
	Title          connectors.Text            `json:"title"`
	Quantity       connectors.Count           `json:"quantity"`
}

// chargeTold reads a charge by its status.
func chargeTold(d delivery) ([]lifecycle.Event, error) {
	if !d.Charge.Set {
		return nil, unfit("/charge")
	}
	c := d.Charge.Value
	if c.ID == "" {
		return nil, connectors.Malformed("/charge/id", "is missing")
	}
	switch status := strings.ToLower(strings.TrimSpace(string(c.Status))); {
	case status == "error" && !d.is("paid", "success", "refunded"):
		return c.failed(d)
	case status == "success" && !d.is("failed", "max_retries_reached", "refunded"):
		return c.paid(d)
	case (status == "refunded" || status == "partially_refunded") && !d.is("failed", "max_retries_reached"):
		return c.paid(d)
	case status == "error", status == "success", status == "refunded", status == "partially_refunded":
		return nil, unfit("/charge/status")
	}
	return nil, nil // queued, skipped, pending: no money moved yet
}

// order is the shop system's order, by which that tells the same purchase
// itself, and whose id that is. A charge without one has Recharge's own number,
// marked as such.
func (c charge) order(shop string) (id, owner string) {
	switch id := first(string(c.ExternalOrder.Value.Ecommerce), string(c.ShopifyOrder)); {
	case id == "" || id == "0":
		return "recharge:" + string(c.ID), lifecycle.OwnerRecharge
	case c.ShopifyOrder != "" && c.ExternalOrder.Value.Ecommerce == "":
		return id, lifecycle.OwnerShopify
	default:
		return id, shop
	}
}

// also is Recharge's own name of the charge, which later news may have alone.
func (c charge) also(owner string) []lifecycle.OrderName {
	if owner == lifecycle.OwnerRecharge || c.ID == "" {
		return nil
	}
	return []lifecycle.OrderName{{Owner: lifecycle.OwnerRecharge, ID: "recharge:" + string(c.ID)}}
}

// paid is the purchase, or a renewal, with what was given back of it in all.
//
// Its version is the time of payment, whatever happens later: of an order that
// the shop system tells as well, the shop system knows the newest state. What
// was given back counts by its size, not by its version.
func (c charge) paid(d delivery) ([]lifecycle.Event, error) {
	at := firstKnown(c.Processed.Time, c.Created.Time)
	if at.IsZero() {
		return nil, connectors.Malformed("/charge/processed_at", "is missing, as is created_at")
	}
	if !c.Total.Known() {
		return nil, connectors.Malformed("/charge/total_price", "is missing")
	}
	id, owner := c.order(d.shop)
	o := &lifecycle.Order{ID: id, At: at, Status: lifecycle.OrderPaid, Items: c.items(), Codes: c.codes()}
	var err error
	if o.Total, err = money(c.Total, c.Currency, "/charge/total_price"); err != nil {
		return nil, err
	}
	back, err := money(c.GivenBack, c.Currency, "/charge/total_refunds")
	if err != nil {
		return nil, err
	}
	o.Refunded = back.Minor
	ev := lifecycle.Event{Type: lifecycle.OrderPlaced, At: at, Version: at, Person: c.person(), Order: o, Owner: owner, Also: c.also(owner), Subscription: c.subscription()}
	if strings.EqualFold(string(c.Type), "recurring") {
		ev.Type, o.Renewal = lifecycle.Renewed, true
	}
	if strings.EqualFold(string(c.Status), "refunded") {
		o.Refunded = o.Total.Minor
		ev.Refund = &lifecycle.Refund{OrderID: o.ID, ID: "recharge:" + string(c.ID), Full: true}
	}
	return []lifecycle.Event{ev}, nil
}

// failed is a renewal that was not paid. Recharge tries again; that is no
// cancellation.
func (c charge) failed(d delivery) ([]lifecycle.Event, error) {
	at := firstKnown(c.Updated.Time, c.Processed.Time, d.now)
	ev := lifecycle.Event{
		Type: lifecycle.PaymentFailed, At: at, Version: at, Person: c.person(), Subscription: c.subscription(),
		Text: c.ErrorType.Line(maxCode),
	}
	if ev.Subscription != nil {
		ev.Subscription.Involuntary = true
	}
	if d.is("max_retries_reached") {
		ev.Text = strings.TrimPrefix(ev.Text+": the last attempt", ": ")
	}
	if ev.Person == (lifecycle.Person{}) {
		return nil, connectors.Malformed("/charge/customer", "is missing")
	}
	return []lifecycle.Event{ev}, nil
}

// subscription is the first one that the charge was for.
func (c charge) subscription() *lifecycle.Subscription {
	for _, l := range c.Lines {
		id := string(l.SubscriptionID)
		if strings.EqualFold(string(l.PurchaseType), "subscription") {
			id = first(string(l.PurchaseID), id)
		}
		if id != "" {
			return &lifecycle.Subscription{ID: id}
		}
	}
	return nil
}

func (c charge) person() lifecycle.Person {
	p, home := c.Customer.Value.person(), c.Billing.Value
	p.CustomerID = first(p.CustomerID, string(c.CustomerID))
	p.Email = first(p.Email, c.Email.Line(maxAddress))
	p.FirstName = first(p.FirstName, c.FirstName.Line(maxName), home.FirstName.Line(maxName))
	p.LastName = first(p.LastName, c.LastName.Line(maxName), home.LastName.Line(maxName))
	p.Phone = first(p.Phone, home.Phone.Line(maxPhone))
	p.Country = country(home.CountryCode)
	p.Region = lifecycle.RegionOf(p.Country, home.Province.Line(maxName), home.Zip.Line(maxPhone))
	return p
}

func (c charge) items() []lifecycle.Item {
	var out []lifecycle.Item
	for _, l := range c.Lines {
		item := lifecycle.Item{
			Product: first(string(l.Product.Value.Ecommerce), string(l.ShopifyProduct)), Title: l.Title.Line(maxTitle), Quantity: int(l.Quantity),
		}
		if len(out) < maxItems && (item.Product != "" || item.Title != "") {
			out = append(out, item)
		}
	}
	return out
}

func (c charge) codes() []string {
	var out []string
	for _, list := range []connectors.List[code]{c.Codes, c.OldCodes} {
		for _, c := range list {
			if s := c.Code.Line(maxCode); s != "" && len(out) < maxItems {
				out = append(out, s)
			}
		}
	}
	return out
}

// order is told by its charge and by the shop system; only its cancellation is
// read.
type order struct {
	ID            connectors.ID              `json:"id"`
	Status        connectors.Text            `json:"status"`
	Customer      connectors.Maybe[customer] `json:"customer"`
	ExternalOrder connectors.Maybe[external] `json:"external_order_id"`
	ShopifyOrder  connectors.ID              `json:"shopify_order_id"` // 2021-01 only
	Charge        connectors.Maybe[struct {
		ID connectors.ID `json:"id"`
	}] `json:"charge"`
	ChargeID connectors.ID    `json:"charge_id"` // 2021-01 only
	Updated  connectors.Stamp `json:"updated_at"`
}

// orderTold reads a cancelled order. Of a prepaid charge each order but the
// first has an id of its own, under which nothing was bought.
func orderTold(d delivery) ([]lifecycle.Event, error) {
	if !d.Order.Set {
		return nil, unfit("/order")
	}
	o := d.Order.Value
	if !strings.EqualFold(strings.TrimSpace(string(o.Status)), "cancelled") {
		return nil, unfit("/order/status")
	}
	bought := charge{ID: connectors.ID(first(string(o.Charge.Value.ID), string(o.ChargeID))), ExternalOrder: o.ExternalOrder, ShopifyOrder: o.ShopifyOrder}
	id, owner := bought.order(d.shop)
	if id == "recharge:" {
		return nil, connectors.Malformed("/order/charge/id", "is missing, as is external_order_id")
	}
	at := firstKnown(o.Updated.Time, d.now)
	return []lifecycle.Event{{
		Type: lifecycle.OrderCancelled, At: at, Version: at, Person: o.Customer.Value.person(),
		Order: &lifecycle.Order{ID: id, Status: lifecycle.OrderVoid, Partial: true}, Owner: owner,
	}}, nil
}
