package shopify

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/outbound"
)

// Bounds of one read.
const (
	// pageOrders keeps the asked cost of a page (docs/catch-up.md) under the 1,000
	// points that one query may have, and leaves most of a shop's bucket to others.
	pageOrders = 25
	// newestOrders of one customer are enough to see that they bought.
	newestOrders = 5
	maxRead      = 8 << 20 // bytes of an answer
	maxCursor    = 1 << 10
	// pauseMost bounds a wish of the shop that is worked out from its figures.
	pauseMost = time.Minute
)

// Reader reads orders from one shop's Admin API. It needs the scope read_orders,
// and Shopify's consent to protected customer data for names and addresses.
type Reader struct{ m *Maker }

var _ connectors.Reader = (*Reader)(nil)

// NewReader makes a reader. It takes the same access as a maker of coupons.
func NewReader(o MakerOptions) (*Reader, error) {
	m, err := NewMaker(o)
	if err != nil {
		return nil, err
	}
	return &Reader{m}, nil
}

// Changes reads orders by their last change, oldest first. Shopify's cursor
// names the last order that was seen and when it changed, so an order that
// changes meanwhile moves behind it and is not passed over.
// https://shopify.dev/docs/api/admin-graphql/2026-01/queries/orders
func (r *Reader) Changes(ctx context.Context, since time.Time, next string) (connectors.Page, error) {
	vars := map[string]any{
		"first": pageOrders, "sort": "UPDATED_AT", "reverse": false, "after": nil,
		"query": "updated_at:>='" + since.UTC().Format(time.RFC3339) + "'",
	}
	if next != "" {
		vars["after"] = next
	}
	return r.page(ctx, vars)
}

// Purchases reads the newest orders of one customer.
func (r *Reader) Purchases(ctx context.Context, who connectors.Customer, since time.Time) (connectors.Page, error) {
	query := filter(who)
	if query == "" {
		return connectors.Page{}, nil
	}
	if !since.IsZero() {
		query += " created_at:>='" + since.UTC().Format(time.RFC3339) + "'"
	}
	p, err := r.page(ctx, map[string]any{"first": newestOrders, "sort": "CREATED_AT", "reverse": true, "after": nil, "query": query})
	p.Next = ""
	return p, err
}

// filter finds a customer's orders by their newest id, else by e-mail; empty:
// there is nothing to search by.
// https://shopify.dev/docs/api/usage/search-syntax
func filter(who connectors.Customer) string {
	for i := len(who.IDs) - 1; i >= 0; i-- {
		if allDigits(who.IDs[i]) {
			return "customer_id:" + who.IDs[i]
		}
	}
	if who.Email == "" || strings.ContainsAny(who.Email, `'"\`) || len(who.Email) > maxAddress {
		return ""
	}
	return "email:'" + who.Email + "'"
}

// page makes one call.
func (r *Reader) page(ctx context.Context, vars map[string]any) (connectors.Page, error) {
	body, err := json.Marshal(map[string]any{"query": ordersQuery, "variables": vars})
	if err != nil {
		return connectors.Page{}, &connectors.ReadFault{Refused: true, Name: "not_understood", Text: "Shopify: the question cannot be written as JSON"}
	}
	for try := 0; ; try++ {
		token, fault := r.m.access(ctx)
		if fault != nil {
			return connectors.Page{}, r.fault(ctx, fault)
		}
		a, err := r.m.o.Client.PostFor(ctx, r.m.o.URL+"/admin/api/"+r.m.o.Version+"/graphql.json", http.Header{
			"Content-Type": {"application/json"}, "Accept": {"application/json"}, "X-Shopify-Access-Token": {token},
		}, body, maxRead)
		switch {
		case ctx.Err() != nil:
			return connectors.Page{}, ctx.Err()
		case errors.Is(err, outbound.ErrBusy):
			return connectors.Page{}, &connectors.ReadFault{Name: "busy", Text: "Shopify: " + err.Error()}
		case err != nil:
			return connectors.Page{}, r.fault(ctx, unreached(err))
		}
		if a.Status == http.StatusUnauthorized && try == 0 && r.m.token.forget(token) {
			continue
		}
		return r.judge(ctx, a, domainOf(r.m.o.URL))
	}
}

// fault is how the maker judges, in the words of a read.
func (r *Reader) fault(ctx context.Context, f *connectors.CouponFault) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	name := "unreachable"
	if f.Refused {
		name = "refused"
	}
	return &connectors.ReadFault{Refused: f.Refused, Name: name, Text: f.Text, RetryAfter: f.RetryAfter}
}

// read is what the Admin API answers to ordersQuery.
type read struct {
	Errors json.RawMessage `json:"errors"`
	Data   *struct {
		Orders *struct {
			Page struct {
				More bool   `json:"hasNextPage"`
				End  string `json:"endCursor"`
			} `json:"pageInfo"`
			Nodes []node `json:"nodes"`
		} `json:"orders"`
	} `json:"data"`
	Extensions struct {
		Cost cost `json:"cost"`
	} `json:"extensions"`
}

// cost is what a query took from the shop's bucket of points, which refills by
// a rate per second.
// https://shopify.dev/docs/api/usage/limits
type cost struct {
	Asked    float64 `json:"requestedQueryCost"`
	Throttle struct {
		Most float64 `json:"maximumAvailable"`
		Left float64 `json:"currentlyAvailable"`
		Rate float64 `json:"restoreRate"`
	} `json:"throttleStatus"`
}

// refill is how long it takes until a query as dear as this one is let in
// again and half of the bucket is left for the shop's other programs.
func (c cost) refill() time.Duration {
	want := max(c.Asked, c.Throttle.Most/2)
	if c.Throttle.Rate <= 0 || c.Throttle.Left >= want {
		return 0
	}
	seconds := math.Ceil((want - c.Throttle.Left) / c.Throttle.Rate)
	return min(time.Duration(seconds)*time.Second, pauseMost)
}

func (r *Reader) judge(ctx context.Context, a outbound.Answer, domain string) (connectors.Page, error) {
	if f := status(a); f != nil {
		err := r.fault(ctx, f)
		if fault := (*connectors.ReadFault)(nil); a.Status == http.StatusTooManyRequests && errors.As(err, &fault) {
			fault.Name = "throttled"
		}
		return connectors.Page{}, err
	}
	var got read
	if json.Unmarshal(a.Body, &got) != nil {
		return connectors.Page{}, notUnderstood("its answer is not understood; is api_url the address of a Shopify shop?")
	}
	if fault := readErrors(got); fault != nil {
		return connectors.Page{}, fault
	}
	if got.Data == nil || got.Data.Orders == nil {
		return connectors.Page{}, notUnderstood("its answer holds no orders")
	}
	p := connectors.Page{Pause: got.Extensions.Cost.refill()}
	for _, n := range got.Data.Orders.Nodes {
		d, err := n.delivery(domain)
		if err != nil {
			return connectors.Page{}, notUnderstood("an order of its answer cannot be written as a webhook has it")
		}
		p.Deliveries = append(p.Deliveries, d)
	}
	if page := got.Data.Orders.Page; page.More {
		if page.End == "" || len(page.End) > maxCursor {
			return connectors.Page{}, notUnderstood("it does not say where the next page begins")
		}
		p.Next = page.End
	}
	return p, nil
}

// readErrors judges the errors beside the data.
func readErrors(got read) *connectors.ReadFault {
	var list []struct {
		Path       []any `json:"path"`
		Extensions struct {
			Code string `json:"code"`
		} `json:"extensions"`
	}
	text := strings.TrimSpace(string(got.Errors))
	if text == "" || text == "null" || text == "[]" {
		return nil
	}
	if json.Unmarshal(got.Errors, &list) != nil || len(list) == 0 {
		return &connectors.ReadFault{Refused: true, Name: "refused", Text: "Shopify: it refuses our access: look at api_token, or at api_key and api_secret"}
	}
	switch code := list[0].Extensions.Code; code {
	case "THROTTLED":
		return &connectors.ReadFault{Name: "throttled", Text: "Shopify: its limit of calls is used up (THROTTLED)", RetryAfter: max(time.Second, got.Extensions.Cost.refill())}
	case "INTERNAL_SERVER_ERROR", "TIMEOUT":
		return &connectors.ReadFault{Name: "unreachable", Text: "Shopify: it cannot just now (" + code + ")"}
	case "ACCESS_DENIED":
		return &connectors.ReadFault{Refused: true, Name: "refused", Text: "Shopify: the app may not read orders with their customers: give it the scopes read_orders and read_customers and access to protected customer data, and install it again"}
	default:
		f := &connectors.ReadFault{Refused: true, Name: "not_understood", Text: "Shopify: it does not understand us (" + word(code) + "): look at api_version"}
		f.Restart = code == "INVALID_CURSOR" || code == "argumentLiteralsIncompatible" || code == ""
		return f
	}
}

func notUnderstood(text string) *connectors.ReadFault {
	return &connectors.ReadFault{Name: "not_understood", Text: "Shopify: " + text}
}

// domainOf is the shop's own name, as its webhooks have it.
func domainOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
