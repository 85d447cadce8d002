package woocommerce

import (
	"strings"
	"testing"

	"ritorno/connectors/outbound"
)

// FuzzAnswers: no answer of a shop panics, reaches our texts, or counts as made
// unless it says so.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{`{"id":7,"code":"bcdf2345"}`, `{"code":"woocommerce_rest_coupon_code_already_exists"}`, `{"code":"rest_no_route"}`, `[]`, ``} {
		f.Add(201, []byte(body))
		f.Add(400, []byte(body))
	}
	f.Fuzz(func(t *testing.T, code int, body []byte) {
		fault := judge(outbound.Answer{Status: code, Body: body}, "BCDF2345")
		if fault == nil && code != 200 && code != 201 && code != 400 {
			t.Errorf("status %d counts as made: %q", code, body)
		}
		if fault != nil && (!strings.HasPrefix(fault.Text, "WooCommerce: ") || len(fault.Text) > 400) {
			t.Errorf("told as %q", fault.Text)
		}
	})
}
