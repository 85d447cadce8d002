package shopify

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/outbound"
)

// FuzzReadAnswers: no answer of a shop's API panics or reaches our texts, and
// what it brings can be read or refused as a webhook can.
func FuzzReadAnswers(f *testing.F) {
	src, err := New(Options{Secrets: []string{"x"}})
	if err != nil {
		f.Fatal(err)
	}
	for _, body := range []string{`{"data":{"orders":{"pageInfo":{"hasNextPage":true,"endCursor":"x"},"nodes":[{"id":"gid://shopify/Order/1","createdAt":"2027-03-01T12:00:00Z","currencyCode":"EUR","totalPriceSet":{"shopMoney":{"amount":"1.00","currencyCode":"EUR"}}}]}}}`, `{"errors":[{"extensions":{"code":"THROTTLED"}}]}`, `{"errors":"no"}`, `[]`} {
		f.Add(200, []byte(body))
		f.Add(400, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		m, err := NewMaker(MakerOptions{URL: "https://x.myshopify.com", Token: "t", Client: outbound.New(outbound.Options{})})
		if err != nil {
			t.Fatal(err)
		}
		p, err := (&Reader{m}).judge(t.Context(), outbound.Answer{Status: status, Body: body}, "x.myshopify.com")
		var fault *connectors.ReadFault
		if err != nil && (!errors.As(err, &fault) || !strings.HasPrefix(fault.Text, "Shopify: ") || len(fault.Text) > 400 || fault.Name == "") {
			t.Errorf("told as %q", err)
		}
		if len(p.Next) > 1024 {
			t.Errorf("a mark of %d bytes", len(p.Next))
		}
		for _, d := range p.Deliveries {
			d.Now = time.Unix(1788249600, 0)
			if _, err := src.Normalise(d); err != nil && !errors.Is(err, connectors.ErrMalformed) {
				t.Errorf("%v", err)
			}
		}
	})
}
