package activecampaign

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// ecomOrder is the type under which an order is handed to Normalise. No webhook
// of ActiveCampaign's own has it.
const ecomOrder = "ecom_order"

// apiOrder is an order that a shop synced. Amounts are hundredths.
type apiOrder struct {
	ExternalID text `json:"externalid"` // the shop's own id; empty: a cart
	Number     text `json:"orderNumber"`
	Email      text `json:"email"`
	State      text `json:"state"` // 0 pending, 1 completed, 2 abandoned, 3 recovered, 4 waits for its payment
	Total      text `json:"totalPrice"`
	Currency   text `json:"currency"` // lower case
	Placed     text `json:"externalCreatedDate"`
	Created    text `json:"createdDate"`
	Updated    text `json:"updatedDate"`
}

// placed is when the order was placed in the shop.
func (o apiOrder) placed() time.Time {
	t, _ := connectors.ParseTime(string(o.Placed)) // unreadable: as if long ago; Normalise tells
	return t
}

// changed is when ActiveCampaign heard of the order last.
func (o apiOrder) changed() time.Time {
	t, err := connectors.ParseTime(string(o.Updated))
	if err != nil || t.IsZero() {
		t, _ = connectors.ParseTime(string(o.Created))
	}
	return t
}

// orders reads by when an order was placed, newest first: what comes meanwhile
// stands in front and pushes the others back, so that one may come twice and
// none is passed over.
// https://developers.activecampaign.com/reference/list-all-orders
func (r *Reader) orders(ctx context.Context, since time.Time, offset int) (connectors.Page, error) {
	list, err := r.orderList(ctx, url.Values{"limit": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(offset)}})
	if err != nil {
		var fault *connectors.ReadFault
		if errors.As(err, &fault) && fault.Refused && offset == 0 {
			return connectors.Page{}, nil // the account's plan has no orders; the key is good, it read the contacts
		}
		return connectors.Page{}, err
	}
	var p connectors.Page
	for _, o := range list {
		if !o.changed().Before(since) {
			p.Deliveries = append(p.Deliveries, o.delivery())
		}
	}
	if n := len(list); n >= pageSize && !list[n-1].placed().Before(since.Add(-orderLag)) {
		p.Next = "orders " + strconv.Itoa(offset+n)
	}
	return p, nil
}

// orderList is a page of orders that are none but carts.
func (r *Reader) orderList(ctx context.Context, q url.Values) ([]apiOrder, error) {
	q.Set("orders[external_created_date]", "DESC")
	var got struct {
		Orders []apiOrder `json:"ecomOrders"`
	}
	err := r.get(ctx, "ecomOrders", q, &got)
	return got.Orders, err
}

// delivery is the order in the form that ordered reads.
func (o apiOrder) delivery() connectors.Request {
	return posted(url.Values{
		"type": {ecomOrder}, "date_time": {string(o.Updated)}, "contact[email]": {string(o.Email)},
		"order[id]": {string(o.ExternalID)}, "order[number]": {string(o.Number)}, "order[state]": {string(o.State)},
		"order[total]": {string(o.Total)}, "order[currency]": {string(o.Currency)}, "order[placed]": {string(o.Placed)},
	})
}

// ordered reads an order that was read through the API.
func (s *Source) ordered(p post) ([]lifecycle.Event, error) {
	var id, number, state, total, currency, placed string
	for key, to := range map[string]*string{
		"order[id]": &id, "order[number]": &number, "order[state]": &state, "order[total]": &total, "order[currency]": &currency, "order[placed]": &placed,
	} {
		var err error
		if *to, err = p.get(key, maxWord); err != nil {
			return nil, err
		}
	}
	status := map[string]lifecycle.OrderStatus{"1": lifecycle.OrderPaid, "3": lifecycle.OrderPaid, "4": lifecycle.OrderOpen}
	st, bought := status[state]
	if !bought || id == "" { // a cart
		return nil, nil
	}
	at, err := connectors.ParseTime(placed)
	if err != nil || at.IsZero() {
		return nil, connectors.Malformed("/order_placed", "is not when the order was placed")
	}
	sum, err := hundredths(total, currency)
	if err != nil {
		return nil, err
	}
	return []lifecycle.Event{{
		Type: lifecycle.OrderPlaced, At: at, Version: p.at,
		Order: &lifecycle.Order{ID: id, Number: number, At: at, Status: st, Total: sum},
	}}, nil
}

// hundredths turns ActiveCampaign's whole number into minor units of ISO 4217.
func hundredths(total, code string) (lifecycle.Money, error) {
	code = strings.ToUpper(code)
	if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return lifecycle.Money{}, connectors.Malformed("/order_currency", "is not the code of a currency")
	}
	n, err := connectors.Amount(total).Minor("JPY") // as it stands: a whole number
	if err != nil {
		return lifecycle.Money{}, connectors.Malformed("/order_total", err.Error())
	}
	for have := 2; have < lifecycle.Decimals(code); have++ {
		n *= 10
	}
	for have := 2; have > lifecycle.Decimals(code); have-- {
		n /= 10
	}
	return lifecycle.Money{Minor: max(0, n), Currency: code}, nil
}
