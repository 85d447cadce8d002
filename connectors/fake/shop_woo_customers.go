package fake

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// wooKnows checks the key of WooCommerce's REST API.
func (s *Shop) wooKnows(r *http.Request) bool {
	key, secret, ok := r.BasicAuth()
	return ok && s.o.Key != "" && same(key, s.o.Key) && same(secret, s.o.Secret)
}

// wooCustomers lists the customers of an e-mail address.
func (s *Shop) wooCustomers(w http.ResponseWriter, r *http.Request) {
	if !s.wooKnows(r) {
		wooFault(w, http.StatusUnauthorized, "woocommerce_rest_cannot_view")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	for _, c := range s.people {
		if email := r.URL.Query().Get("email"); email == "" || strings.EqualFold(c.Email, email) {
			list = append(list, c.woo())
		}
	}
	writeJSON(w, http.StatusOK, list)
}

func (c *Customer) woo() map[string]any {
	meta := []any{}
	for i, key := range slices.Sorted(maps.Keys(c.Meta)) {
		meta = append(meta, map[string]any{"id": i + 1, "key": key, "value": c.Meta[key]})
	}
	return map[string]any{"id": c.ID, "email": c.Email, "role": "customer", "meta_data": meta}
}

// wooCustomer changes the meta_data of a customer: an entry of a key that is
// there is replaced.
func (s *Shop) wooCustomer(w http.ResponseWriter, r *http.Request) {
	if !s.wooKnows(r) {
		wooFault(w, http.StatusUnauthorized, "woocommerce_rest_cannot_edit")
		return
	}
	var in struct {
		Meta []struct {
			Key   string `json:"key"`
			Value string `json:"value"`
		} `json:"meta_data"`
	}
	if strict(r.Body, &in) != nil {
		wooFault(w, http.StatusBadRequest, "rest_invalid_json")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	c := s.person(id)
	if err != nil || c == nil {
		wooFault(w, http.StatusBadRequest, "woocommerce_rest_invalid_id")
		return
	}
	for _, m := range in.Meta {
		c.Meta[m.Key] = m.Value
	}
	writeJSON(w, http.StatusOK, c.woo())
}
