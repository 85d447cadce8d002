package orders_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"ritorno/bench/internal/orders"
	"ritorno/connectors"
	"ritorno/connectors/shopify"
	"ritorno/internal/lifecycle"
)

func TestOrdersAreWhatTheConnectorReadsAsPaidOrdersOfDifferentPeople(t *testing.T) {
	source, err := shopify.New(shopify.Options{Secrets: []string{"secret"}})
	if err != nil {
		t.Fatal(err)
	}
	maker := orders.NewMaker("secret", time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), 25)
	seen, keys := map[string]bool{}, map[string]bool{}
	for _, o := range maker.Batch(2000) {
		if n := len(o.Body); n < 3000 || n > 4500 {
			t.Fatalf("order %d has %d bytes, want 3 to 4.5 KB", o.Number, n)
		}
		if !json.Valid(o.Body) {
			t.Fatalf("order %d is no JSON: %s", o.Number, o.Body)
		}
		r := connectors.Request{Header: http.Header{}, Body: o.Body, Now: time.Now()}
		r.Header.Set("X-Shopify-Topic", orders.Topic)
		r.Header.Set("X-Shopify-Hmac-Sha256", o.Signature)
		r.Header.Set("X-Shopify-Webhook-Id", o.WebhookID)
		if err := source.Verify(r); err != nil {
			t.Fatal(err)
		}
		events, err := source.Normalise(r)
		if err != nil || len(events) != 1 {
			t.Fatalf("%d events, error %v", len(events), err)
		}
		ev := events[0]
		if ev.Type != lifecycle.OrderPlaced || ev.Order.Total.Minor == 0 || ev.Person.Phone == "" || ev.Person.CustomerID == "" {
			t.Fatalf("order %d became %+v", o.Number, ev)
		}
		if seen[ev.Order.ID] || keys[ev.Key] {
			t.Fatalf("order %s was made twice", ev.Order.ID)
		}
		seen[ev.Order.ID], keys[ev.Key] = true, true
	}
	if n := maker.People(); n < 500 || n > 900 {
		t.Errorf("%d people in 2000 orders of which a quarter and the first 200 are by new ones", n)
	}
}
