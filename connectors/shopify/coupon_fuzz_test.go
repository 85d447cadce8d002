package shopify

import (
	"strings"
	"testing"

	"ritorno/connectors/outbound"
)

// FuzzAnswers: no answer of a shop panics, reaches our texts, or counts as made
// unless it says so.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		`{"data":{"discountCodeBasicCreate":{"codeDiscountNode":{"id":"1"},"userErrors":[]}}}`,
		`{"data":{"discountCodeBasicCreate":{"userErrors":[{"field":["basicCodeDiscount","code"],"code":"TAKEN"}]}}}`,
		`{"errors":[{"extensions":{"code":"THROTTLED"}}]}`, `{"errors":"x"}`, `{"access_token":"shpat_x","expires_in":86399}`, `null`, ``,
	} {
		f.Add(200, []byte(body))
		f.Add(401, []byte(body))
	}
	f.Fuzz(func(t *testing.T, code int, body []byte) {
		a := outbound.Answer{Status: code, Body: body}
		fault := judge(a)
		if fault == nil && code != 200 {
			t.Errorf("status %d counts as made: %q", code, body)
		}
		if fault != nil && (!strings.HasPrefix(fault.Text, "Shopify: ") || len(fault.Text) > 400) {
			t.Errorf("told as %q", fault.Text)
		}
		if token, lasts, fault := grant(a); fault == nil && (token == "" || strings.ContainsAny(token, "\r\n ") || lasts < 0) {
			t.Errorf("token %q for %s", token, lasts)
		}
	})
}
