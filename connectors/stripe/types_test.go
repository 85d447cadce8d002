package stripe_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/connectors"
	"ritorno/connectors/stripe"
	"ritorno/internal/lifecycle"
)

var at = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

// event is the body of a live event. fields stand in data.object, previous in
// previous_attributes.
func event(kind, object, fields, previous string) string {
	return fmt.Sprintf(`{"id":"evt_1","object":"event","type":%q,"livemode":true,"created":%d,"data":{"object":{"object":%q,%s},"previous_attributes":{%s}}}`,
		kind, at.Unix(), object, fields, previous)
}

func told(t *testing.T, body string) ([]lifecycle.Event, error) {
	t.Helper()
	return source(t, "x").Normalise(connectors.Request{Header: http.Header{}, Body: []byte(body), Now: at.Add(time.Hour)})
}

// one is the only event that a body becomes.
func one(t *testing.T, body string) lifecycle.Event {
	t.Helper()
	events, err := told(t, body)
	if err != nil || len(events) != 1 {
		t.Fatalf("%d events, %v, want one: %s", len(events), err, body)
	}
	return events[0]
}

func TestEnvelope(t *testing.T) {
	const customer = `"id":"cus_1","email":"anna@example.com"`
	good := event("customer.created", "customer", customer, "")
	for name, tt := range map[string]struct{ body, want string }{
		"no event":                        {`{"object":"customer","id":"cus_1"}`, "/object: is not event"},
		"no type":                         {`{"object":"event"}`, "/type: is missing"},
		"no data":                         {`{"object":"event","type":"customer.created"}`, "/data: is missing"},
		"no object":                       {`{"object":"event","type":"customer.created","data":{}}`, "/data/object/object: is not customer"},
		"another object":                  {event("customer.created", "charge", customer, ""), "/data/object/object: is not customer"},
		"a customer without id":           {event("customer.created", "customer", `"email":"a@example.com"`, ""), "/data/object/id: is missing"},
		"a time in words":                 {strings.Replace(good, `"created":1788249600`, `"created":"now"`, 1), "/created: is not a time"},
		"an invoice without total":        {event("invoice.paid", "invoice", `"id":"in_1","currency":"eur"`, ""), "/data/object/total: is missing"},
		"an invoice without currency":     {event("invoice.paid", "invoice", `"id":"in_1","total":1`, ""), "/data/object/currency"},
		"a total in words":                {event("invoice.paid", "invoice", `"id":"in_1","currency":"eur","total":"ten"`, ""), "/data/object/total: not a decimal amount"},
		"a total beyond all bounds":       {event("charge.succeeded", "charge", `"id":"ch_1","currency":"eur","amount":1e17`, ""), "/data/object/amount"},
		"a subscription of nobody":        {event("customer.subscription.created", "subscription", `"id":"sub_1","status":"active"`, ""), "/data/object/customer: is missing"},
		"a refund of nothing":             {event("refund.created", "refund", `"id":"re_1","status":"succeeded","amount":1`, ""), "the payment that was refunded is"},
		"a refunded charge, no amount":    {event("charge.refunded", "charge", `"id":"ch_1","currency":"eur"`, ""), "/data/object/amount_refunded: is missing"},
		"a consent in other words":        {event("checkout.session.completed", "checkout.session", `"id":"cs_1","mode":"setup","consent":{"promotions":"maybe"}`, ""), "/data/object/consent/promotions"},
		"a subscription's checkout, bare": {event("checkout.session.completed", "checkout.session", `"id":"cs_1","mode":"subscription","payment_status":"paid"`, ""), "/data/object/subscription: is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := told(t, tt.body); !errors.Is(err, connectors.ErrMalformed) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want %q", err, tt.want)
			}
		})
	}
	if ev := one(t, strings.Replace(good, `,"created":1788249600`, "", 1)); !ev.At.Equal(at.Add(time.Hour)) {
		t.Errorf("without a time it was at %v, want the time of arrival", ev.At)
	}
}

func TestIgnored(t *testing.T) {
	for name, body := range map[string]string{
		"a type that we don't use":       event("payout.paid", "payout", `"id":"po_1"`, ""),
		"a thin event":                   `{"object":"v2.core.event","id":"evt_1","type":"v1.billing.meter.error_report_triggered","created":"2026-09-01T08:00:00Z"}`,
		"a subscription not yet paid":    event("customer.subscription.created", "subscription", `"id":"sub_1","customer":"cus_1","status":"incomplete"`, ""),
		"one that never was":             event("customer.subscription.updated", "subscription", `"id":"sub_1","customer":"cus_1","status":"incomplete_expired"`, `"status":"incomplete"`),
		"an update of no use":            event("customer.subscription.updated", "subscription", `"id":"sub_1","customer":"cus_1","status":"active"`, `"metadata":{}`),
		"the end of a trial, not paid":   event("customer.subscription.updated", "subscription", `"id":"sub_1","customer":"cus_1","status":"active"`, `"status":"trialing"`),
		"a change of plan for nothing":   event("invoice.paid", "invoice", `"id":"in_1","currency":"eur","total":0,"billing_reason":"subscription_update","subscription":"sub_1"`, ""),
		"a failed invoice, no renewal":   event("invoice.payment_failed", "invoice", `"id":"in_1","customer":"cus_1"`, ""),
		"a payment of an invoice, named": event("charge.succeeded", "charge", `"id":"ch_1","invoice":"in_1","amount":1,"currency":"eur"`, ""),
		"referenced":                     event("payment_intent.succeeded", "payment_intent", `"id":"pi_1","payment_details":{"order_reference":"in_1"},"amount":1,"currency":"eur"`, ""),
		"or described":                   event("payment_intent.succeeded", "payment_intent", `"id":"pi_1","description":"Payment for Invoice","amount":1,"currency":"eur"`, ""),
		"a refund still under way":       event("refund.updated", "refund", `"id":"re_1","payment_intent":"pi_1","status":"requires_action","amount":1,"currency":"eur"`, ""),
	} {
		if events, err := told(t, body); err != nil || events != nil {
			t.Errorf("%s: %+v, %v, want nothing", name, events, err)
		}
	}
}

// What test mode sends comes to nothing, unless the owner tries the source out.
func TestTestMode(t *testing.T) {
	body := strings.Replace(event("customer.created", "customer", `"id":"cus_1"`, ""), `"livemode":true`, `"livemode":false`, 1)
	if events, err := told(t, body); err != nil || events != nil {
		t.Errorf("%+v, %v, want nothing", events, err)
	}
	s, err := stripe.New(stripe.Options{Secrets: []string{"x"}, TestEvents: true})
	if err != nil {
		t.Fatal(err)
	}
	if events, err := s.Normalise(connectors.Request{Body: []byte(body)}); err != nil || len(events) != 1 {
		t.Errorf("with test_events: %+v, %v, want one event", events, err)
	}
}

// One purchase has one id, whoever tells it, in both generations of the API.
func TestOneIDForOnePurchase(t *testing.T) {
	const who = `"customer":"cus_1","currency":"eur",`
	for name, tt := range map[string]struct {
		want   string
		bodies []string
	}{
		"a single payment": {"pi_1", []string{
			event("checkout.session.completed", "checkout.session", who+`"id":"cs_1","mode":"payment","payment_status":"paid","payment_intent":"pi_1","amount_total":990`, ""),
			event("payment_intent.succeeded", "payment_intent", who+`"id":"pi_1","amount":990,"amount_received":990`, ""),
			event("charge.succeeded", "charge", who+`"id":"ch_1","payment_intent":"pi_1","amount":990,"captured":true`, ""),
			event("charge.captured", "charge", who+`"id":"ch_1","payment_intent":"pi_1","amount":990,"captured":true`, ""),
			event("charge.refunded", "charge", who+`"id":"ch_1","payment_intent":"pi_1","amount_refunded":100`, ""),
			event("refund.created", "refund", `"id":"re_1","charge":"ch_1","payment_intent":"pi_1","currency":"eur","amount":100,"status":"succeeded"`, ""),
			event("charge.dispute.created", "dispute", `"id":"du_1","charge":"ch_1","payment_intent":"pi_1"`, ""),
		}},
		"a charge of the oldest kind": {"ch_1", []string{
			event("charge.succeeded", "charge", who+`"id":"ch_1","payment_intent":null,"amount":990`, ""),
			event("charge.refunded", "charge", who+`"id":"ch_1","amount_refunded":100`, ""),
			event("refund.created", "refund", `"id":"re_1","charge":"ch_1","currency":"eur","amount":100,"status":"succeeded"`, ""),
		}},
		"an invoice": {"in_1", []string{
			event("invoice.paid", "invoice", who+`"id":"in_1","total":990,"payment_intent":"pi_1","charge":"ch_1","billing_reason":"manual"`, ""),
			event("invoice.payment_succeeded", "invoice", who+`"id":"in_1","total":990,"billing_reason":"manual"`, ""),
			event("charge.refunded", "charge", who+`"id":"ch_1","payment_intent":"pi_1","invoice":"in_1","amount_refunded":100`, ""),
			event("charge.refunded", "charge", who+`"id":"ch_1","payment_intent":"pi_1","payment_details":{"order_reference":"in_1"},"amount_refunded":100`, ""),
			event("checkout.session.completed", "checkout.session", who+`"id":"cs_1","mode":"payment","payment_status":"paid","payment_intent":"pi_1","invoice":"in_1","amount_total":990`, ""),
		}},
		"free of charge": {"cs_1", []string{
			event("checkout.session.completed", "checkout.session", who+`"id":"cs_1","mode":"payment","payment_status":"no_payment_required","amount_total":0`, ""),
		}},
	} {
		for _, body := range tt.bodies {
			ev := one(t, body)
			got := ""
			if ev.Order != nil {
				got = ev.Order.ID
			}
			if ev.Refund != nil && (got == "" || got == ev.Refund.OrderID) {
				got = ev.Refund.OrderID
			}
			if got != tt.want {
				t.Errorf("%s: told under %q, want %q: %s", name, got, tt.want, body)
			}
		}
	}
}

func TestInvoices(t *testing.T) {
	const base = `"id":"in_1","customer":"cus_1","currency":"eur",`
	const since = `"parent":{"subscription_details":{"subscription":"sub_1"}}`
	for name, tt := range map[string]struct {
		fields       string
		want         lifecycle.Type
		subscription string
		order        bool
	}{
		"a renewal":                           {`"total":990,"billing_reason":"subscription_cycle",` + since, lifecycle.Renewed, "sub_1", true},
		"a renewal before basil":              {`"total":990,"billing_reason":"subscription_cycle","subscription":"sub_1"`, lifecycle.Renewed, "sub_1", true},
		"a renewal of the oldest kind":        {`"total":990,"billing_reason":"subscription","subscription":"sub_1"`, lifecycle.Renewed, "sub_1", true},
		"named by its line":                   {`"total":990,"billing_reason":"subscription_cycle","lines":{"data":[{"parent":{"subscription_item_details":{"subscription":"sub_1"}}}]}`, lifecycle.Renewed, "sub_1", true},
		"named by its line, before basil":     {`"total":990,"billing_reason":"subscription_cycle","lines":{"data":[{"subscription":"sub_1"}]}`, lifecycle.Renewed, "sub_1", true},
		"both places: the new one holds":      {`"total":990,"billing_reason":"subscription_cycle","subscription":"sub_old",` + since, lifecycle.Renewed, "sub_1", true},
		"a renewal that credit paid":          {`"total":0,"subtotal":990,"billing_reason":"subscription_cycle",` + since, lifecycle.Renewed, "sub_1", true},
		"the first purchase":                  {`"total":990,"subtotal":990,"billing_reason":"subscription_create",` + since, lifecycle.OrderPlaced, "sub_1", true},
		"the first one, free by coupon":       {`"total":0,"subtotal":990,"billing_reason":"subscription_create",` + since, lifecycle.OrderPlaced, "sub_1", true},
		"a trial begins":                      {`"total":0,"subtotal":0,"billing_reason":"subscription_create",` + since, lifecycle.SubscriptionStarted, "sub_1", false},
		"a change of plan":                    {`"total":300,"billing_reason":"subscription_update",` + since, lifecycle.OrderPlaced, "sub_1", true},
		"made by hand":                        {`"total":990,"billing_reason":"manual"`, lifecycle.OrderPlaced, "", true},
		"one that gives credit costs nothing": {`"total":-500,"billing_reason":"manual"`, lifecycle.OrderPlaced, "", true},
		"a reason of a later year":            {`"total":990,"billing_reason":"half_moon"`, lifecycle.OrderPlaced, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			ev := one(t, event("invoice.paid", "invoice", base+tt.fields, ""))
			if ev.Type != tt.want || (ev.Order != nil) != tt.order {
				t.Fatalf("%s with order %v, want %s with %v", ev.Type, ev.Order != nil, tt.want, tt.order)
			}
			got := ""
			if ev.Subscription != nil {
				got = ev.Subscription.ID
			}
			if got != tt.subscription {
				t.Errorf("subscription %q, want %q", got, tt.subscription)
			}
			if tt.order && (ev.Order.Renewal != (tt.want == lifecycle.Renewed) || ev.Order.Total.Minor < 0) {
				t.Errorf("order %+v", *ev.Order)
			}
		})
	}
}

func TestSubscriptionUpdates(t *testing.T) {
	for name, tt := range map[string]struct {
		fields, previous string
		want             lifecycle.Type
	}{
		"leaves at the period's end": {`"status":"active","cancel_at_period_end":true,"canceled_at":1788163200`, `"cancel_at_period_end":false`, lifecycle.SubscriptionCancelled},
		"leaves on a day":            {`"status":"active","cancel_at":1790000000,"canceled_at":1788163200`, `"cancel_at":null`, lifecycle.SubscriptionCancelled},
		"left on the spot":           {`"status":"canceled","canceled_at":1788163200`, `"status":"active"`, lifecycle.SubscriptionCancelled},
		"leaving, told once more":    {`"status":"active","cancel_at_period_end":true,"canceled_at":1788163200`, `"metadata":{"a":"b"}`, lifecycle.SubscriptionCancelled},
		"taken back":                 {`"status":"active","cancel_at_period_end":false`, `"cancel_at_period_end":true`, lifecycle.SubscriptionStarted},
		"the day taken back":         {`"status":"active","cancel_at":null`, `"cancel_at":1790000000`, lifecycle.SubscriptionStarted},
		"paid for the first time":    {`"status":"active"`, `"status":"incomplete"`, lifecycle.SubscriptionStarted},
		"a renewal was not paid":     {`"status":"past_due"`, `"status":"active"`, lifecycle.PaymentFailed},
		"nor ever":                   {`"status":"unpaid"`, `"status":"past_due"`, lifecycle.PaymentFailed},
		"collection is paused":       {`"status":"active","pause_collection":{"behavior":"void"}`, `"pause_collection":null`, lifecycle.SubscriptionPaused},
		"collection goes on":         {`"status":"active","pause_collection":null`, `"pause_collection":{"behavior":"void"}`, lifecycle.SubscriptionStarted},
		"a trial ended without card": {`"status":"paused"`, `"status":"trialing"`, lifecycle.SubscriptionPaused},
		"and was taken up again":     {`"status":"active"`, `"status":"paused"`, lifecycle.SubscriptionStarted},
		"the payment was made good":  {`"status":"active"`, `"status":"past_due"`, ""},
		"a pause with another end":   {`"status":"active","pause_collection":{"resumes_at":2}`, `"pause_collection":{"resumes_at":1}`, ""},
		"paused, and something else": {`"status":"active","pause_collection":{"behavior":"void"}`, `"metadata":{"a":"b"}`, ""},
		"a status of a later year":   {`"status":"resting"`, `"status":"active"`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := told(t, event("customer.subscription.updated", "subscription", `"id":"sub_1","customer":"cus_1",`+tt.fields, tt.previous))
			if err != nil {
				t.Fatal(err)
			}
			got := lifecycle.Type("")
			if len(events) == 1 {
				got = events[0].Type
			}
			if got != tt.want {
				t.Fatalf("%q, want %q", got, tt.want)
			}
			if got == lifecycle.SubscriptionCancelled && !events[0].At.Equal(time.Unix(1788163200, 0)) {
				t.Errorf("cancelled at %v, want when it was decided", events[0].At)
			}
		})
	}
}

func TestCancellationReasons(t *testing.T) {
	for details, want := range map[string]lifecycle.Subscription{
		`null`:                                {},
		`{"reason":"cancellation_requested"}`: {Reason: "cancellation_requested"},
		`{"reason":"cancellation_requested","feedback":"too_expensive"}`:              {Reason: "too_expensive"},
		`{"reason":"cancellation_requested","feedback":"other","comment":"We\nmove"}`: {Reason: "other: We move"},
		`{"reason":"payment_failed"}`:                                                 {Reason: "payment_failed", Involuntary: true},
		`{"reason":"payment_disputed"}`:                                               {Reason: "payment_disputed", Involuntary: true, Disputed: true},
		`{"reason":"canceled_by_retention_policy"}`:                                   {Reason: "canceled_by_retention_policy"},
	} {
		ev := one(t, event("customer.subscription.deleted", "subscription", `"id":"sub_1","customer":"cus_1","status":"canceled","cancellation_details":`+details, ""))
		want.ID = "sub_1"
		if diff := cmp.Diff(want, *ev.Subscription); diff != "" {
			t.Errorf("%s (-want +got):\n%s", details, diff)
		}
	}
}

// Amounts are whole numbers of Stripe's own units.
func TestCurrencies(t *testing.T) {
	for currency, want := range map[string]string{
		"eur": "12345.60", "JPY": "1234560", "krw": "1234560", "kwd": "1234.560", "tnd": "1234.560",
		"isk": "12345", "ugx": "12345", "mga": "1234560.00",
	} {
		ev := one(t, event("charge.succeeded", "charge", `"id":"ch_1","amount":1234560,"currency":"`+currency+`"`, ""))
		if got := ev.Order.Total.String(); got != want {
			t.Errorf("%s: %s, want %s", currency, got, want)
		}
	}
}

func TestKey(t *testing.T) {
	first := event("customer.created", "customer", `"id":"cus_1"`, "")
	key := one(t, first).Key
	for name, tt := range map[string]struct {
		body string
		same bool
	}{
		"a retry":                  {first, true},
		"through another endpoint": {strings.Replace(first, `"id":"evt_1"`, `"id":"evt_1","pending_webhooks":0`, 1), true},
		"another event":            {strings.Replace(first, "evt_1", "evt_2", 1), false},
		"of a connected account":   {strings.Replace(first, `"id":"evt_1"`, `"id":"evt_1","account":"acct_1"`, 1), false},
		"an event without an id":   {strings.Replace(first, `"id":"evt_1",`, "", 1), false},
	} {
		if got := one(t, tt.body).Key; (got == key) != tt.same {
			t.Errorf("%s: key %q beside %q", name, got, key)
		}
	}
}
