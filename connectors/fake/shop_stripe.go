package fake

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Charge makes a payment of the order, in Stripe's words, and the event about
// it. The id of its customer begins with cus_.
func (s *Shop) Charge(p Purchase) {
	s.Buy(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.bought[len(s.bought)-1]
	s.told = append([]any{map[string]any{
		"id": fmt.Sprintf("evt_%d", len(s.told)+1), "object": "event", "api_version": "2026-01-28.basil", "type": "charge.succeeded",
		"created": o.Created.Unix(), "livemode": true, "pending_webhooks": 1, "data": map[string]any{"object": o.charge()},
	}}, s.told...)
}

// charge is the payment as the API has it.
func (p Purchase) charge() map[string]any {
	var customer any
	if p.Customer != 0 {
		customer = fmt.Sprintf("cus_%d", p.Customer)
	}
	cents, _ := strconv.Atoi(strings.ReplaceAll(p.Total, ".", ""))
	return map[string]any{
		"id": fmt.Sprintf("ch_%d", p.ID), "object": "charge", "status": "succeeded", "paid": true, "captured": true, "livemode": true,
		"payment_intent": fmt.Sprintf("pi_%d", p.ID), "customer": customer, "amount": cents, "currency": strings.ToLower(p.Currency),
		"created": p.Created.Unix(), "billing_details": map[string]any{"email": p.Email, "name": p.Name, "address": map[string]any{"country": p.Country}},
	}
}

// stripeParams are what the lists take, as far as they are asked for.
var stripeParams = []string{"limit", "created[gte]", "starting_after", "customer", "status", "email"}

// stripeList answers one of the lists, newest first.
func (s *Shop) stripeList(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, param string) {
		writeJSON(w, status, map[string]any{"error": map[string]any{"type": "invalid_request_error", "param": param, "message": "Sorry."}})
	}
	if s.o.StripeKey == "" || !same(r.Header.Get("Authorization"), "Bearer "+s.o.StripeKey) {
		refuse(http.StatusUnauthorized, "")
		return
	}
	q := r.URL.Query()
	for name := range q {
		if !slices.Contains(stripeParams, name) {
			refuse(http.StatusBadRequest, name)
			return
		}
	}
	var all []any
	switch r.PathValue("list") {
	case "events":
		s.mu.Lock()
		all = slices.Clone(s.told)
		s.mu.Unlock()
	case "charges":
		for _, p := range s.orders(func(p Purchase) bool { return fmt.Sprintf("cus_%d", p.Customer) == q.Get("customer") }) {
			all = append([]any{p.charge()}, all...)
		}
	case "customers":
		for _, p := range s.orders(func(p Purchase) bool { return p.Customer != 0 && p.Email == q.Get("email") }) {
			all = []any{map[string]any{"id": fmt.Sprintf("cus_%d", p.Customer), "object": "customer", "email": p.Email, "created": p.Created.Unix()}}
		}
	case "invoices":
	default:
		refuse(http.StatusNotFound, "")
		return
	}
	since, _ := strconv.ParseInt(q.Get("created[gte]"), 10, 64)
	all = slices.DeleteFunc(all, func(o any) bool { return o.(map[string]any)["created"].(int64) < since })
	if after := q.Get("starting_after"); after != "" {
		i := slices.IndexFunc(all, func(o any) bool { return o.(map[string]any)["id"] == after })
		if i < 0 {
			refuse(http.StatusBadRequest, "starting_after")
			return
		}
		all = all[i+1:]
	}
	limit, _ := strconv.Atoi(cmp.Or(q.Get("limit"), "10"))
	if limit < 1 || limit > 100 {
		refuse(http.StatusBadRequest, "limit")
		return
	}
	data := slices.Concat([]any{}, all[:min(len(all), limit)])
	writeJSON(w, http.StatusOK, map[string]any{"object": "list", "url": r.URL.Path, "has_more": len(all) > limit, "data": data})
}

// ACContact is a contact of a pretend ActiveCampaign account.
type ACContact struct {
	ID      int
	Email   string
	Name    string // first name
	Updated time.Time
	Lists   map[int]ACPlace // by the list's id
}

// ACPlace is a contact's place on a list.
type ACPlace struct {
	Left bool // unsubscribed
	At   time.Time
}
