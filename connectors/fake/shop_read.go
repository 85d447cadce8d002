package fake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Purchase is an order as a pretend shop keeps it. Every API tells it in its
// own words.
type Purchase struct {
	ID       int64 // also the customer's id
	Customer int64 // 0: a guest
	Email    string
	Name     string // first name
	Country  string // default IT
	Total    string // such as "49.90"
	Currency string // default EUR
	// Status in WooCommerce's words: processing (default), cancelled, refunded, trash.
	Status   string
	Created  time.Time
	Modified time.Time // zero: Created
}

// Buy puts an order into the shop, or changes the one with its id.
func (s *Shop) Buy(p Purchase) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.Country, p.Currency, p.Status = cmp.Or(p.Country, "IT"), cmp.Or(p.Currency, "EUR"), cmp.Or(p.Status, "processing")
	if p.Modified.IsZero() {
		p.Modified = p.Created
	}
	p.Created, p.Modified = p.Created.UTC().Truncate(time.Second), p.Modified.UTC().Truncate(time.Second)
	s.bought = slices.DeleteFunc(s.bought, func(o Purchase) bool { return o.ID == p.ID })
	s.bought = append(s.bought, p)
}

// orders are those that keep lets through, by change and id.
func (s *Shop) orders(keep func(Purchase) bool) []Purchase {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Purchase
	for _, p := range s.bought {
		if keep(p) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b Purchase) int {
		return cmp.Or(a.Modified.Compare(b.Modified), cmp.Compare(a.ID, b.ID))
	})
	return out
}

var (
	searchTerm = regexp.MustCompile(`^(updated_at|created_at|customer_id|email):(>=)?'?([^']+)'?$`)
	orderQuery = "orders(first: $first, after: $after, query: $query, sortKey: $sort, reverse: $reverse)"
)

// shopifyOrders answers the query orders, by the search syntax of the Admin API.
func (s *Shop) shopifyOrders(w http.ResponseWriter, body []byte) {
	var in struct {
		Variables struct {
			First   int    `json:"first"`
			After   string `json:"after"`
			Query   string `json:"query"`
			Sort    string `json:"sort"`
			Reverse bool   `json:"reverse"`
		} `json:"variables"`
	}
	refuse := func(code string) {
		writeJSON(w, http.StatusOK, map[string]any{"errors": []any{map[string]any{"message": "not understood", "extensions": map[string]any{"code": code}}}})
	}
	v := &in.Variables
	if json.Unmarshal(body, &in) != nil || v.First < 1 || v.First > 250 || v.Sort != "UPDATED_AT" && v.Sort != "CREATED_AT" {
		refuse("INVALID_VARIABLE")
		return
	}
	match, ok := shopifySearch(v.Query)
	if !ok {
		refuse("INVALID_FIELD_ARGUMENTS")
		return
	}
	list := s.orders(match)
	if v.Sort == "CREATED_AT" {
		slices.SortStableFunc(list, func(a, b Purchase) int { return a.Created.Compare(b.Created) })
	}
	if v.Reverse {
		slices.Reverse(list)
	}
	if v.After != "" { // names the last order seen and when it had changed
		at, id, ok := parseCursor(v.After)
		if !ok || v.Reverse {
			refuse("INVALID_CURSOR")
			return
		}
		list = slices.DeleteFunc(list, func(p Purchase) bool {
			return cmp.Or(p.Modified.Compare(at), cmp.Compare(p.ID, id)) <= 0
		})
	}
	more := len(list) > v.First
	nodes := []any{}
	end := ""
	for _, p := range list[:min(len(list), v.First)] {
		nodes = append(nodes, p.shopify())
		end = fmt.Sprintf("%d_%d", p.Modified.Unix(), p.ID)
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"data": map[string]any{"orders": map[string]any{"pageInfo": map[string]any{"hasNextPage": more, "endCursor": end}, "nodes": nodes}},
		"extensions": map[string]any{"cost": map[string]any{
			"requestedQueryCost": 32 * v.First, "actualQueryCost": 32 * len(nodes),
			"throttleStatus": map[string]any{"maximumAvailable": 2000.0, "currentlyAvailable": 1900, "restoreRate": 100.0},
		}},
	})
}

func parseCursor(text string) (time.Time, int64, bool) {
	at, id, _ := strings.Cut(text, "_")
	sec, err := strconv.ParseInt(at, 10, 64)
	n, err2 := strconv.ParseInt(id, 10, 64)
	return time.Unix(sec, 0).UTC(), n, err == nil && err2 == nil
}

// shopifySearch reads terms that are joined by blanks, which means and.
func shopifySearch(query string) (func(Purchase) bool, bool) {
	var all []func(Purchase) bool
	for _, term := range strings.Fields(query) {
		m := searchTerm.FindStringSubmatch(term)
		if m == nil {
			return nil, false
		}
		at, err := time.Parse(time.RFC3339, m[3])
		switch {
		case m[1] == "updated_at" && m[2] == ">=" && err == nil:
			all = append(all, func(p Purchase) bool { return !p.Modified.Before(at) })
		case m[1] == "created_at" && m[2] == ">=" && err == nil:
			all = append(all, func(p Purchase) bool { return !p.Created.Before(at) })
		case m[1] == "customer_id" && m[2] == "":
			all = append(all, func(p Purchase) bool { return strconv.FormatInt(p.Customer, 10) == m[3] })
		case m[1] == "email" && m[2] == "":
			all = append(all, func(p Purchase) bool { return strings.EqualFold(p.Email, m[3]) })
		default:
			return nil, false
		}
	}
	return func(p Purchase) bool {
		return !slices.ContainsFunc(all, func(f func(Purchase) bool) bool { return !f(p) })
	}, len(all) > 0
}

// shopify is the order as the GraphQL type Order has it.
func (p Purchase) shopify() map[string]any {
	money := func(amount string) any {
		return map[string]any{"shopMoney": map[string]any{"amount": amount, "currencyCode": p.Currency}}
	}
	status, cancelled, back := "PAID", any(nil), "0.0"
	switch p.Status {
	case "cancelled", "trash":
		cancelled = p.Modified.Format(time.RFC3339)
	case "refunded":
		status, back = "REFUNDED", p.Total
	}
	var customer any
	if p.Customer != 0 {
		customer = map[string]any{
			"id": fmt.Sprintf("gid://shopify/Customer/%d", p.Customer), "firstName": p.Name, "lastName": nil,
			"defaultEmailAddress": map[string]any{"emailAddress": p.Email}, "defaultPhoneNumber": nil,
		}
	}
	return map[string]any{
		"id": fmt.Sprintf("gid://shopify/Order/%d", p.ID), "name": fmt.Sprintf("#%d", p.ID), "email": p.Email, "phone": nil, "customerLocale": "it",
		"createdAt": p.Created.Format(time.RFC3339), "processedAt": p.Created.Format(time.RFC3339), "updatedAt": p.Modified.Format(time.RFC3339),
		"cancelledAt": cancelled, "cancelReason": nil, "test": false, "currencyCode": p.Currency, "displayFinancialStatus": status,
		"sourceName": "web", "customerAcceptsMarketing": false, "discountCodes": []string{},
		"totalPriceSet": money(p.Total), "currentTotalPriceSet": money(p.Total), "totalRefundedSet": money(back), "customer": customer,
		"billingAddress":  map[string]any{"firstName": p.Name, "lastName": nil, "phone": nil, "countryCodeV2": p.Country},
		"shippingAddress": nil,
		"lineItems": map[string]any{"nodes": []any{map[string]any{
			"title": "Tea", "quantity": 1, "product": map[string]any{"id": "gid://shopify/Product/7"}, "originalUnitPriceSet": money(p.Total),
		}}},
	}
}

// wooParams are what the list of orders takes, as far as it is asked for.
var wooParams = []string{"status", "modified_after", "after", "dates_are_gmt", "orderby", "order", "per_page", "page", "customer", "search"}

const wooTime = "2006-01-02T15:04:05"

// wooOrders lists orders.
func (s *Shop) wooOrders(w http.ResponseWriter, r *http.Request) {
	key, secret, ok := r.BasicAuth()
	if !ok || s.o.Key == "" || !same(key, s.o.Key) || !same(secret, s.o.Secret) {
		wooFault(w, http.StatusUnauthorized, "woocommerce_rest_cannot_view")
		return
	}
	q := r.URL.Query()
	match, ok := wooSearch(q)
	size, _ := strconv.Atoi(cmp.Or(q.Get("per_page"), "10"))
	page, _ := strconv.Atoi(cmp.Or(q.Get("page"), "1"))
	by := cmp.Or(q.Get("orderby"), "date")
	if !ok || size < 1 || size > 100 || page < 1 || by != "date" && by != "modified" {
		wooFault(w, http.StatusBadRequest, "rest_invalid_param")
		return
	}
	list := s.orders(match)
	if by == "date" {
		slices.SortStableFunc(list, func(a, b Purchase) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	}
	if cmp.Or(q.Get("order"), "desc") == "desc" {
		slices.Reverse(list)
	}
	w.Header().Set("X-WP-Total", strconv.Itoa(len(list)))
	w.Header().Set("X-WP-TotalPages", strconv.Itoa((len(list)+size-1)/size))
	out := []any{}
	for i := (page - 1) * size; i < min(page*size, len(list)); i++ {
		out = append(out, list[i].woo())
	}
	writeJSON(w, http.StatusOK, out)
}

// wooSearch reads the filters. Its after is exclusive, and of the shop's local
// time unless dates_are_gmt says otherwise; this shop's local time is an hour
// ahead, so that who forgets it is found out.
func wooSearch(q url.Values) (func(Purchase) bool, bool) {
	for name := range q {
		if !slices.Contains(wooParams, name) {
			return nil, false
		}
	}
	zone := time.FixedZone("shop", 3600)
	if q.Get("dates_are_gmt") == "true" {
		zone = time.UTC
	}
	since := func(name string) (time.Time, bool) {
		if q.Get(name) == "" {
			return time.Time{}, true
		}
		t, err := time.ParseInLocation(wooTime, q.Get(name), zone)
		return t, err == nil
	}
	modified, ok := since("modified_after")
	after, ok2 := since("after")
	status := cmp.Or(q.Get("status"), "any")
	return func(p Purchase) bool {
		switch {
		case status == "any" && p.Status == "trash", status != "any" && p.Status != status,
			!modified.IsZero() && !p.Modified.After(modified), !after.IsZero() && !p.Created.After(after),
			q.Has("customer") && q.Get("customer") != strconv.FormatInt(p.Customer, 10),
			q.Has("search") && !strings.Contains(p.Email, q.Get("search")):
			return false
		}
		return true
	}, ok && ok2
}

// woo is the order as the REST API and the webhooks have it.
func (p Purchase) woo() map[string]any {
	paid := any(p.Created.Format(wooTime))
	return map[string]any{
		"id": p.ID, "number": strconv.FormatInt(p.ID, 10), "status": p.Status, "created_via": "checkout", "currency": p.Currency,
		"total": p.Total, "customer_id": p.Customer,
		"billing":          map[string]any{"first_name": p.Name, "last_name": "", "email": p.Email, "phone": "", "country": p.Country},
		"date_created_gmt": p.Created.Format(wooTime), "date_created": p.Created.Add(time.Hour).Format(wooTime),
		"date_modified_gmt": p.Modified.Format(wooTime), "date_paid_gmt": paid,
		"line_items":   []any{map[string]any{"product_id": 7, "name": "Tea", "quantity": 1, "total": p.Total}},
		"coupon_lines": []any{}, "refunds": []any{}, "meta_data": []any{},
		"_links": map[string]any{"self": []any{map[string]any{"href": fmt.Sprintf("https://shop.example.com/wp-json/wc/v3/orders/%d", p.ID)}}},
	}
}
