package recharge_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/internal/lifecycle"
)

// told reads a body under a topic, which may be empty.
func told(t *testing.T, topic, body string) ([]lifecycle.Event, error) {
	t.Helper()
	r := connectors.Request{Header: http.Header{}, Body: []byte(body), Now: time.Date(2026, 9, 9, 8, 0, 0, 0, time.UTC)}
	if topic != "" {
		r.Header.Set("X-Recharge-Topic", topic)
	}
	return source(t, "x").Normalise(r)
}

// kind is what a body becomes in one word.
func kind(t *testing.T, topic, body string) string {
	t.Helper()
	events, err := told(t, topic, body)
	switch {
	case errors.Is(err, connectors.ErrMalformed):
		return "malformed"
	case err != nil:
		t.Fatalf("err = %v, want ErrMalformed", err)
	case len(events) == 0:
		return "ignored"
	}
	return string(events[0].Type)
}

func subscription(fields string) string {
	return `{"subscription":{"id":1,"customer_id":2,"created_at":"2026-09-01T08:00:00+00:00",` + fields + `}}`
}

func charge(fields string) string {
	return `{"charge":{"id":1001,"customer":{"id":2},"currency":"EUR","total_price":"24.90","processed_at":"2026-09-01T08:00:00+00:00",` + fields + `}}`
}

// The body decides. A topic, which nobody signs, tells news of the same body
// apart; one that does not fit is refused.
func TestTopicAndStatus(t *testing.T) {
	active := subscription(`"status":"active","updated_at":"2026-09-05T08:00:00+00:00"`)
	gone := subscription(`"status":"CANCELLED","cancelled_at":"2026-09-05T08:00:00+00:00"`)
	paid, failed := charge(`"status":"success","type":"recurring"`), charge(`"status":"error","type":"recurring"`)
	back := charge(`"status":"partially_refunded","total_refunds":"5.00","type":"recurring"`)
	who := `{"customer":{"id":2,"email":"anna@example.com"}}`
	for name, tt := range map[string]struct{ topic, body, want string }{
		"begun":                            {"subscription/created", active, "subscription.started"},
		"taken up again":                   {"subscription/activated", active, "subscription.started"},
		"active, no topic":                 {"", active, "subscription.started"},
		"changed":                          {"subscription/updated", active, "subscription.started"},
		"paused":                           {"subscription/paused", active, "subscription.paused"},
		"skipped":                          {"subscription/skipped", active, "subscription.paused"},
		"deleted":                          {"subscription/deleted", active, "subscription.cancelled"},
		"active under cancelled":           {"subscription/cancelled", active, "malformed"},
		"cancelled":                        {"subscription/cancelled", gone, "subscription.cancelled"},
		"cancelled, no topic":              {"", gone, "subscription.cancelled"},
		"cancelled, told by an update":     {"subscription/updated", gone, "subscription.cancelled"},
		"cancelled under activated":        {"subscription/activated", gone, "malformed"},
		"ran out":                          {"", subscription(`"status":"expired"`), "subscription.cancelled"},
		"bought once":                      {"", subscription(`"status":"onetime"`), "ignored"},
		"paid":                             {"charge/paid", paid, "subscription.renewed"},
		"paid, under its old name":         {"charge/success", paid, "subscription.renewed"},
		"paid, no topic":                   {"", paid, "subscription.renewed"},
		"paid, as an update":               {"charge/updated", paid, "subscription.renewed"},
		"the first order":                  {"charge/paid", charge(`"status":"success","type":"checkout"`), "order.placed"},
		"paid under failed":                {"charge/failed", paid, "malformed"},
		"paid under refunded":              {"charge/refunded", paid, "malformed"},
		"failed":                           {"charge/failed", failed, "payment.failed"},
		"failed for good":                  {"charge/max_retries_reached", failed, "payment.failed"},
		"failed, no topic":                 {"", failed, "payment.failed"},
		"failed under paid":                {"charge/paid", failed, "malformed"},
		"part given back":                  {"charge/refunded", back, "subscription.renewed"},
		"part given back, no topic":        {"", back, "subscription.renewed"},
		"given back under failed":          {"charge/failed", back, "malformed"},
		"to come":                          {"", charge(`"status":"queued"`), "ignored"},
		"to come, by its topic":            {"charge/upcoming", charge(`"status":"queued"`), "ignored"},
		"skipped charge":                   {"", charge(`"status":"skipped"`), "ignored"},
		"a subscription under charge/paid": {"charge/paid", active, "malformed"},
		"a charge under subscription":      {"subscription/cancelled", paid, "malformed"},
		"a charge under customer":          {"customer/deleted", paid, "malformed"},
		"a customer under uninstalled":     {"recharge/uninstalled", who, "malformed"},
		"a customer":                       {"customer/created", who, "contact.changed"},
		"a customer, no topic":             {"", who, "contact.changed"},
		"without subscriptions left":       {"customer/deactivated", who, "contact.changed"},
		"deleted customer":                 {"customer/deleted", who, "contact.deleted"},
		"a customer beside an order":       {"customer/updated", `{"order":{"id":1},"customer":{"id":2}}`, "malformed"},
		"an order":                         {"", `{"order":{"id":1,"status":"success"}}`, "ignored"},
		"an order, cancelled":              {"", `{"order":{"id":1,"status":"cancelled","charge":{"id":3}}}`, "order.cancelled"},
		"an order that is not":             {"order/cancelled", `{"order":{"id":1,"status":"success","charge":{"id":3}}}`, "malformed"},
		"an order of no charge":            {"order/cancelled", `{"order":{"id":1,"status":"cancelled"}}`, "malformed"},
		"an address":                       {"", `{"address":{"id":1},"customer":{"id":2}}`, "ignored"},
		"a topic that we don't use":        {"bundle/created", `not even JSON`, "ignored"},
		"nothing that we know":             {"", `{"bundle":{"id":1}}`, "malformed"},
		"the app went":                     {"recharge/uninstalled", `{}`, "source.gone"},
	} {
		if got := kind(t, tt.topic, tt.body); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// Where nothing says what changed, an active subscription is running, which
// takes its own cancellation back and says nothing else.
func TestRunning(t *testing.T) {
	old := subscription(`"status":"active","updated_at":"2026-09-05T08:00:00+00:00"`)
	fresh := subscription(`"status":"active","updated_at":"2026-09-01T08:00:02+00:00"`)
	for name, tt := range map[string]struct {
		topic, body string
		running     bool
	}{
		"begun":                {"subscription/created", fresh, false},
		"begun, told late":     {"subscription/created", old, false},
		"taken up again":       {"subscription/activated", old, false},
		"changed":              {"subscription/updated", old, true},
		"changed at once":      {"subscription/updated", fresh, true},
		"no topic, just begun": {"", fresh, false},
		"no topic, later":      {"", old, true},
	} {
		events, err := told(t, tt.topic, tt.body)
		if err != nil || len(events) != 1 || events[0].Subscription.Running != tt.running {
			t.Errorf("%s: %+v, %v, want running %v", name, events, err, tt.running)
		}
	}
}

// The owner may write the topic into the URL; a header counts more.
func TestTopicOfTheURL(t *testing.T) {
	r := connectors.Request{Header: http.Header{}, Query: url.Values{"topic": {"Subscription/Paused"}}, Body: []byte(subscription(`"status":"active"`))}
	events, err := source(t, "x").Normalise(r)
	if err != nil || len(events) != 1 || events[0].Type != lifecycle.SubscriptionPaused {
		t.Fatalf("%+v, %v, want a pause", events, err)
	}
	r.Header.Set("X-Recharge-Topic", "subscription/created")
	if events, err = source(t, "x").Normalise(r); err != nil || events[0].Type != lifecycle.SubscriptionStarted {
		t.Errorf("%+v, %v, want the header's topic", events, err)
	}
}

func TestWrongBodies(t *testing.T) {
	for name, tt := range map[string]struct{ body, want string }{
		"a subscription without id": {`{"subscription":{"status":"active"}}`, "/subscription/id: is missing"},
		"a subscription of nobody":  {`{"subscription":{"id":1,"status":"active"}}`, "/subscription/customer_id: is missing"},
		"a charge without id":       {`{"charge":{"status":"success"}}`, "/charge/id: is missing"},
		"a charge without time":     {`{"charge":{"id":1,"status":"success","total_price":"1.00","currency":"EUR"}}`, "/charge/processed_at: is missing"},
		"a charge without total":    {`{"charge":{"id":1,"status":"success","created_at":"2026-09-01","currency":"EUR"}}`, "/charge/total_price: is missing"},
		"a charge without currency": {strings.Replace(charge(`"status":"success"`), `"EUR"`, "null", 1), "/charge/currency"},
		"a total in words":          {strings.Replace(charge(`"status":"success"`), `"24.90"`, `"much"`, 1), "/charge/total_price: not a decimal amount"},
		"a total below zero":        {strings.Replace(charge(`"status":"success"`), `"24.90"`, `"-1"`, 1), "/charge/total_price: is below zero"},
		"a refund below zero":       {charge(`"status":"refunded","total_refunds":-1`), "/charge/total_refunds: is below zero"},
		"a failed charge of nobody": {`{"charge":{"id":1,"status":"error"}}`, "/charge/customer: is missing"},
		"a customer without id":     {`{"customer":{"email":"a@example.com"}}`, "/customer/id: is missing"},
		"an array of charges":       {`[{"charge":{}}]`, "/: want an object, got an array"},
		"a charge as text":          {`{"charge":"paid"}`, "/charge: want an object, got text"},
		"a time in words":           {charge(`"status":"success","updated_at":"now"`), "/charge/updated_at: not a time in ISO 8601"},
	} {
		if _, err := told(t, "", tt.body); !errors.Is(err, connectors.ErrMalformed) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: err = %v, want %q", name, err, tt.want)
		}
	}
}

// The shop system's order id is the order's id; Recharge's own small number
// never meets that of another source.
func TestOrderID(t *testing.T) {
	for fields, want := range map[string]string{
		`"external_order_id":{"ecommerce":"3732192362600"}`: "3732192362600",
		`"external_order_id":{"ecommerce":3732192362600}`:   "3732192362600",
		`"shopify_order_id":"3732192362600"`:                "3732192362600",
		`"external_order_id":{"ecommerce":null}`:            "recharge:1001",
		`"external_order_id":null,"shopify_order_id":"0"`:   "recharge:1001",
		`"external_order_id":[]`:                            "recharge:1001",
	} {
		events, err := told(t, "charge/paid", charge(`"status":"success",`+fields))
		if err != nil || len(events) != 1 || events[0].Order.ID != want {
			t.Errorf("%s: %+v, %v, want order %s", fields, events, err, want)
		}
	}
}

func TestCancellation(t *testing.T) {
	decided := time.Date(2026, 9, 5, 8, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		fields string
		want   lifecycle.Subscription
		at     time.Time
	}{
		"a reason and words":    {`"cancellation_reason":"Too expensive","cancellation_reason_comments":"We\nmove"`, lifecycle.Subscription{Reason: "Too expensive: We move"}, decided},
		"a reason":              {`"cancellation_reason":"Too expensive","cancellation_reason_comments":""`, lifecycle.Subscription{Reason: "Too expensive"}, decided},
		"words alone":           {`"cancellation_reason":null,"cancellation_reason_comments":"Bye"`, lifecycle.Subscription{Reason: "Bye"}, decided},
		"neither":               {`"cancellation_reason":null`, lifecycle.Subscription{}, decided},
		"no payment in the end": {`"cancellation_reason":"Max retries","max_retries_reached":true`, lifecycle.Subscription{Reason: "Max retries", Involuntary: true}, decided},
	} {
		events, err := told(t, "subscription/cancelled", subscription(`"status":"cancelled","cancelled_at":"2026-09-05T08:00:00.000000+00:00",`+tt.fields))
		if err != nil || len(events) != 1 {
			t.Fatalf("%s: %d events, %v", name, len(events), err)
		}
		tt.want.ID = "1"
		if diff := cmp.Diff(tt.want, *events[0].Subscription); diff != "" || !events[0].At.Equal(tt.at) {
			t.Errorf("%s at %v (-want +got):\n%s", name, events[0].At, diff)
		}
	}
}

// A customer that the webhook includes says who it is; one of somebody else,
// which nobody should send, does not.
func TestIncludedCustomer(t *testing.T) {
	with := func(id string) lifecycle.Person {
		body := strings.TrimSuffix(subscription(`"status":"active"`), "}") + `,"customer":{"id":` + id + `,"email":"anna@example.com"}}`
		events, err := told(t, "subscription/created", body)
		if err != nil || len(events) != 1 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		return events[0].Person
	}
	if p := with("2"); p.Email != "anna@example.com" || p.CustomerID != "2" || p.Authoritative {
		t.Errorf("the owner: %+v", p)
	}
	if p := with("3"); p != (lifecycle.Person{CustomerID: "2"}) {
		t.Errorf("somebody else: %+v", p)
	}
}

// Recharge's samples as others recorded them.
func TestPublishedSamples(t *testing.T) {
	c := connectorstest.Published(t, "recharge")
	s := source(t, c.Secret)
	connectorstest.Source(t, s, samples(t, c))
	at := time.Date(2026, 11, 20, 8, 0, 21, 0, time.UTC)
	want := map[string]lifecycle.Event{
		"subscription-cancelled.json": {
			Type: lifecycle.SubscriptionCancelled, At: time.Date(2022, 3, 11, 10, 19, 18, 637636000, time.UTC), Version: time.Date(2022, 3, 11, 10, 19, 18, 0, time.UTC),
			Person:       lifecycle.Person{CustomerID: "333333"},
			Subscription: &lifecycle.Subscription{ID: "11111", Reason: "some reason: comments go here", Plan: "Test product"},
		},
		"customer-created.json": {
			Type: lifecycle.ContactChanged, At: time.Date(2022, 3, 9, 2, 31, 39, 0, time.UTC), Version: time.Date(2022, 3, 9, 2, 31, 39, 0, time.UTC),
			Person: lifecycle.Person{CustomerID: "82939898", Email: "testtesttest4@example.com", FirstName: "Niels", LastName: "Bohr", Authoritative: true},
		},
		"charge-paid.json": {
			Type: lifecycle.Renewed, At: at, Version: at,
			Person: lifecycle.Person{CustomerID: "333333", Email: "ada@example.com", Phone: "+33639980102", FirstName: "Ada", LastName: "Example", Country: "FR"},
			Order: &lifecycle.Order{
				ID: "3732192362600", At: at, Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: 4410, Currency: "EUR"}, Renewal: true,
				Items: []lifecycle.Item{{Product: "123123123", Title: "Test product", Quantity: 1}}, Codes: []string{"STAY10"},
			},
			Owner: lifecycle.OwnerShopify, Also: []lifecycle.OrderName{{Owner: lifecycle.OwnerRecharge, ID: "recharge:545267001"}},
			Subscription: &lifecycle.Subscription{ID: "11111"},
		},
	}
	for i, r := range c.Requests {
		if err := s.Verify(c.Request(t, i)); err != nil {
			t.Errorf("%s: %v", r.File, err)
		}
		events, err := s.Normalise(c.Request(t, i))
		if err != nil || len(events) != 1 {
			t.Fatalf("%s: %d events, %v, want one", r.File, len(events), err)
		}
		events[0].Key = ""
		if diff := cmp.Diff(want[r.File], events[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", r.File, diff)
		}
	}
}
