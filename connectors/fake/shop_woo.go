package fake

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// wooCoupon creates a coupon. Like the real shop it keeps codes in small
// letters and does not look at date_expires_gmt.
func (s *Shop) wooCoupon(w http.ResponseWriter, r *http.Request) {
	key, secret, ok := r.BasicAuth()
	if !ok || s.o.Key == "" || !same(key, s.o.Key) || !same(secret, s.o.Secret) {
		wooFault(w, http.StatusUnauthorized, "woocommerce_rest_cannot_create")
		return
	}
	var in struct {
		Code       string `json:"code"`
		Type       string `json:"discount_type"`
		Amount     string `json:"amount"`
		About      string `json:"description"`
		Expires    string `json:"date_expires"`
		ExpiresGMT string `json:"date_expires_gmt"`
		Limit      int    `json:"usage_limit"`
		LimitEach  int    `json:"usage_limit_per_user"`
	}
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		wooFault(w, http.StatusBadRequest, "rest_invalid_json")
		return
	}
	amount, err := strconv.ParseFloat(in.Amount, 64)
	end, badTime := time.Parse(time.RFC3339, in.Expires)
	switch {
	case in.Code == "":
		wooFault(w, http.StatusBadRequest, "woocommerce_rest_empty_coupon_code")
		return
	case err != nil || amount <= 0 || badTime != nil || in.Type != "percent" && in.Type != "fixed_cart":
		wooFault(w, http.StatusBadRequest, "rest_invalid_param")
		return
	}
	d := Discount{Code: strings.ToLower(in.Code), Title: in.About, Limit: in.Limit, End: end}
	if d.Amount = in.Amount; in.Type == "percent" {
		d.Amount, d.Percent = "", amount
	}
	id, fresh := s.add(d)
	if !fresh {
		wooFault(w, http.StatusBadRequest, "woocommerce_rest_coupon_code_already_exists")
		return
	}
	writeJSON(w, http.StatusCreated, map[string]any{
		"id": id, "code": d.Code, "amount": in.Amount, "discount_type": in.Type, "usage_limit": in.Limit, "date_expires_gmt": end.UTC().Format("2006-01-02T15:04:05"),
	})
}

func wooFault(w http.ResponseWriter, status int, code string) {
	writeJSON(w, status, map[string]any{"code": code, "message": "Sorry.", "data": map[string]any{"status": status}})
}
