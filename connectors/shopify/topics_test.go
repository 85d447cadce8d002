package shopify_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/internal/lifecycle"
)

// call is a delivery that is verified already.
func call(topic, body string, more ...string) connectors.Request {
	h := http.Header{}
	h.Set("X-Shopify-Topic", topic)
	for i := 0; i+1 < len(more); i += 2 {
		h.Set(more[i], more[i+1])
	}
	return connectors.Request{Header: h, Body: []byte(body)}
}

// Nothing but the body is signed, so a genuine body under another topic must
// come to nothing.
func TestReplayUnderAnotherTopic(t *testing.T) {
	c := connectorstest.Own(t, "shopify")
	s := source(t, c.Secret)
	// Topics that read the same kind of body.
	family := func(topic string) string {
		switch topic {
		case "orders/create", "orders/updated", "orders/paid", "orders/cancelled", "orders/fulfilled":
			return "an order"
		case "customers/create", "customers/update":
			return "a customer"
		case "subscription_billing_attempts/success", "subscription_billing_attempts/failure":
			return "a billing attempt" // the vendor's bodies are alike
		case "subscription_contracts/create", "subscription_contracts/activate":
			return "an active contract"
		}
		return topic
	}
	topics := map[string]bool{}
	for i := range c.Requests {
		topics[c.Request(t, i).Header.Get("X-Shopify-Topic")] = true
	}
	delete(topics, "")
	delete(topics, "orders/edited") // ignored
	for i, r := range c.Requests {
		genuine := c.Request(t, i).Header.Get("X-Shopify-Topic")
		if r.File == "order-test.json" || genuine == "" || genuine == "orders/edited" {
			continue
		}
		for topic := range topics {
			if family(topic) == family(genuine) {
				continue
			}
			// {"id": 1} may be the id of anything: it deletes nobody else.
			if genuine == "orders/delete" && topic == "customers/delete" {
				continue
			}
			request := c.Request(t, i)
			request.Header.Set("X-Shopify-Topic", topic)
			if events, err := s.Normalise(request); !errors.Is(err, connectors.ErrMalformed) {
				t.Errorf("%s under %s: %d events, %v, want ErrMalformed", r.File, topic, len(events), err)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	s := source(t, "x")
	for name, tt := range map[string]struct {
		r    connectors.Request
		want string // of the error; empty: ignored
	}{
		"XML":                       {call("orders/create", "<order/>", "Content-Type", "application/xml; charset=utf-8"), "choose JSON"},
		"XML as text":               {call("orders/create", "<order/>", "Content-Type", "text/xml"), "choose JSON"},
		"no topic":                  {call("", "{}"), "X-Shopify-Topic is missing"},
		"a topic that we don't use": {call("themes/publish", "not even JSON"), ""},
		"another tag of a customer": {call("customer.tags_added", `{"customerId":"gid://shopify/Customer/1"}`), ""},
		"a summary":                 {call("customers/purchasing_summary", `{}`), ""},
		"a contract's update":       {call("subscription_contracts/update", `{}`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := s.Normalise(tt.r)
			if events != nil {
				t.Errorf("events %+v, want none", events)
			}
			if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, connectors.ErrMalformed) || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("err = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestKey(t *testing.T) {
	s := source(t, "x")
	key := func(r connectors.Request) string {
		t.Helper()
		events, err := s.Normalise(r)
		if err != nil || len(events) != 1 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		return events[0].Key
	}
	const body = `{"id":1}`
	first := key(call("orders/delete", body, "X-Shopify-Event-Id", "e", "X-Shopify-Webhook-Id", "w"))
	for name, tt := range map[string]struct {
		r    connectors.Request
		same bool
	}{
		"a retry":                       {call("orders/delete", body, "X-Shopify-Event-Id", "e", "X-Shopify-Webhook-Id", "w", "X-Shopify-Triggered-At", "2026-01-01T00:00:00Z"), true},
		"through a second subscription": {call("orders/delete", body, "X-Shopify-Event-Id", "e", "X-Shopify-Webhook-Id", "w2"), true},
		"under the new header names":    {call("orders/delete", body, "Shopify-Event-Id", "e"), true},
		"another event":                 {call("orders/delete", body, "X-Shopify-Event-Id", "e2", "X-Shopify-Webhook-Id", "w"), false},
		"another topic":                 {call("customers/delete", body, "X-Shopify-Event-Id", "e"), false},
		"another shop":                  {call("orders/delete", body, "X-Shopify-Event-Id", "e", "X-Shopify-Shop-Domain", "b.myshopify.com"), false},
		"another body":                  {call("orders/delete", `{"id":2}`, "X-Shopify-Event-Id", "e"), false},
		"without ids":                   {call("orders/delete", body), false},
		"a webhook id of that text":     {call("orders/delete", body, "X-Shopify-Webhook-Id", "e"), false},
	} {
		if got := key(tt.r); (got == first) != tt.same {
			t.Errorf("%s: same key = %v, want %v", name, got == first, tt.same)
		}
	}
}

// an order with one field changed.
func orderWith(field, value string) string {
	fields := map[string]string{
		"id": "1", "created_at": `"2026-09-01T10:00:00Z"`, "currency": `"EUR"`, "total_price": `"10.00"`,
		"financial_status": `"paid"`, "email": `"anna@example.com"`,
	}
	fields[field] = value
	var parts []string
	for k, v := range fields {
		if v != "" {
			parts = append(parts, fmt.Sprintf("%q:%s", k, v))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestOrderFields(t *testing.T) {
	s := source(t, "x")
	for name, tt := range map[string]struct {
		field, value string
		want         string // of the error; empty: understood
	}{
		"ids above 2^53 stay whole":            {"id", "18446744073709551615", ""},
		"an id in words":                       {"id", `"one"`, "/id: is missing or not a number"},
		"no id":                                {"id", "", "/id: is missing or not a number"},
		"a GraphQL id of something else":       {"admin_graphql_api_id", `"gid://shopify/Customer/1"`, "/admin_graphql_api_id"},
		"a GraphQL id that is a web address":   {"admin_graphql_api_id", `"https://www.example.com/"`, ""},
		"money as a number":                    {"total_price", "10", ""},
		"money in words":                       {"total_price", `"ten"`, "/total_price: not a decimal amount"},
		"money below zero":                     {"total_price", `"-1.00"`, "/total_price: is below zero"},
		"money beyond all bounds":              {"total_price", `"1e30"`, "/total_price"},
		"no total":                             {"total_price", "", "this is no order"},
		"no currency":                          {"currency", "null", "/currency"},
		"a currency in words":                  {"currency", `"Euro"`, "/currency"},
		"a lower-case currency":                {"currency", `"eur"`, ""},
		"no time":                              {"created_at", "null", "/created_at: is missing"},
		"a time in words":                      {"created_at", `"yesterday"`, "/created_at: not a time in ISO 8601"},
		"a status of a later year":             {"financial_status", `"half_paid"`, ""},
		"an empty customer as PHP would write": {"customer", "[]", ""},
		"a customer as text":                   {"customer", `"anna@example.com"`, "/customer: want an object, got text"},
		"a consent of a later year":            {"customer", `{"id":1,"email_marketing_consent":{"state":"sleepy"}}`, ""},
		"lines as an object":                   {"line_items", `{"0":{}}`, "/line_items: want an array, got an object"},
		"a line without anything":              {"line_items", `[{}]`, ""},
		"a price that cannot be counted":       {"line_items", `[{"title":"x","price":"1e300","quantity":1}]`, "/line_items/0/price: not a decimal amount"},
		"control characters in a name":         {"customer", `{"first_name":"A\u0000\u202enna"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := s.Normalise(call("orders/create", orderWith(tt.field, tt.value)))
			if tt.want == "" {
				if err != nil || len(events) != 1 {
					t.Fatalf("%d events, %v, want one", len(events), err)
				}
				return
			}
			if !errors.Is(err, connectors.ErrMalformed) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestOrderStatus(t *testing.T) {
	s := source(t, "x")
	for status, want := range map[string]struct {
		status lifecycle.OrderStatus
		event  lifecycle.Type
	}{
		"pending":            {lifecycle.OrderOpen, lifecycle.OrderPlaced},
		"authorized":         {lifecycle.OrderPaid, lifecycle.OrderPlaced},
		"partially_paid":     {lifecycle.OrderPaid, lifecycle.OrderPlaced},
		"paid":               {lifecycle.OrderPaid, lifecycle.OrderPlaced},
		"PAID":               {lifecycle.OrderPaid, lifecycle.OrderPlaced},
		"partially_refunded": {lifecycle.OrderPaid, lifecycle.OrderPlaced},
		"refunded":           {lifecycle.OrderRefundedFully, lifecycle.OrderPlaced},
		"voided":             {lifecycle.OrderVoid, lifecycle.OrderCancelled},
		"expired":            {lifecycle.OrderVoid, lifecycle.OrderCancelled},
	} {
		events, err := s.Normalise(call("orders/updated", orderWith("financial_status", `"`+status+`"`)))
		if err != nil || len(events) != 1 {
			t.Fatalf("%s: %d events, %v", status, len(events), err)
		}
		if got := events[0]; got.Order.Status != want.status || got.Type != want.event {
			t.Errorf("%s: %s with status %d, want %s with %d", status, got.Type, got.Order.Status, want.event, want.status)
		}
	}
}

func TestConsentStates(t *testing.T) {
	s := source(t, "x")
	for state, want := range map[string]lifecycle.ConsentState{
		"subscribed": lifecycle.Subscribed, "Unsubscribed": lifecycle.Unsubscribed, "pending": lifecycle.Pending,
		"NOT_SUBSCRIBED": lifecycle.Unknown, "redacted": lifecycle.Unsubscribed, "invalid": lifecycle.Pending,
	} {
		for channel, r := range map[lifecycle.Channel]connectors.Request{
			lifecycle.Email: call("customers_email_marketing_consent/update", `{"customer_id":1,"email_address":null,"email_marketing_consent":{"state":"`+state+`"}}`),
			lifecycle.SMS:   call("customers_marketing_consent/update", `{"id":1,"phone":null,"sms_marketing_consent":{"state":"`+state+`"}}`),
		} {
			events, err := s.Normalise(r)
			if err != nil || len(events) != 1 || len(events[0].Consents) != 1 {
				t.Fatalf("%s: %+v, %v", state, events, err)
			}
			if got := events[0].Consents[0]; got.State != want || got.Channel != channel {
				t.Errorf("%s: %s %s, want %s %s", state, got.Channel, got.State, channel, want)
			}
		}
	}
	for name, body := range map[string]string{
		"an unknown state": `{"customer_id":1,"email_marketing_consent":{"state":"sleepy"}}`,
		"no consent":       `{"customer_id":1,"email_address":"a@example.com"}`,
		"nobody":           `{"email_marketing_consent":{"state":"subscribed"}}`,
		"an odd id":        `{"customer_id":"x","email_marketing_consent":{"state":"subscribed"}}`,
	} {
		if _, err := s.Normalise(call("customers_email_marketing_consent/update", body)); !errors.Is(err, connectors.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", name, err)
		}
	}
}
