package connectors_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ritorno/connectors"
	"ritorno/connectors/recharge"
	"ritorno/connectors/shopify"
	"ritorno/connectors/stripe"
	"ritorno/connectors/woocommerce"
	"ritorno/internal/lifecycle"
)

// telling is one delivery of one source about somebody's purchase.
type telling struct {
	source, topic, body string
}

// tellers are the real readers.
func tellers(t *testing.T) map[string]connectors.Source {
	t.Helper()
	shop, err := shopify.New(shopify.Options{Secrets: []string{"x"}})
	if err != nil {
		t.Fatal(err)
	}
	app, err := recharge.New(recharge.Options{Secrets: []string{"x"}})
	if err != nil {
		t.Fatal(err)
	}
	pay, err := stripe.New(stripe.Options{Secrets: []string{"x"}, OrdersOf: "woo2"})
	if err != nil {
		t.Fatal(err)
	}
	woo, err := woocommerce.New(woocommerce.Options{Secrets: []string{"x"}})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]connectors.Source{"shopify": shop, "recharge": app, "stripe": pay, "woo": woo, "woo2": woo}
}

// read turns tellings into events.
func read(t *testing.T, all []telling) []lifecycle.Event {
	t.Helper()
	var out []lifecycle.Event
	readers := tellers(t)
	for _, one := range all {
		r := connectors.Request{Header: http.Header{}, Body: []byte(one.body), Now: bought.Add(time.Hour)}
		r.Header.Set("X-Shopify-Topic", one.topic)
		r.Header.Set("X-Recharge-Topic", one.topic)
		r.Header.Set("X-WC-Webhook-Topic", one.topic)
		events, err := readers[one.source].Normalise(r)
		if err != nil || len(events) == 0 {
			t.Fatalf("%s %s: %d events, %v", one.source, one.topic, len(events), err)
		}
		for _, ev := range events {
			ev.Source = one.source
			out = append(out, ev)
		}
	}
	return out
}

var bought = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

// shopifyOrder is the order in one version, that many minutes after it was
// placed.
func shopifyOrder(topic string, minutes int, status, more string) telling {
	return telling{"shopify", topic, fmt.Sprintf(`{"id":6200000000000000202,"created_at":"2026-09-01T08:00:00Z","updated_at":%q,"email":"anna@example.com",
		"customer":{"id":7},"currency":"EUR","total_price":"24.90","financial_status":%q,"line_items":[{"title":"Tea","quantity":1,"price":"24.90"}]%s}`,
		bought.Add(time.Duration(minutes)*time.Minute).Format(time.RFC3339), status, more)}
}

func shopifyRefund(id int, amount string) telling {
	return telling{"shopify", "refunds/create", fmt.Sprintf(`{"id":%d,"order_id":6200000000000000202,"created_at":"2026-09-03T08:00:00Z","transactions":[{"kind":"refund","status":"success","amount":%q,"currency":"EUR"}]}`, id, amount)}
}

// rechargeCharge is the charge that made the order. Its clock is three seconds
// behind the shop's.
func rechargeCharge(topic, status, refunded string) telling {
	return telling{"recharge", topic, fmt.Sprintf(`{"charge":{"id":202,"customer":{"id":71,"email":"anna@example.com"},"external_order_id":{"ecommerce":"6200000000000000202"},
		"currency":"EUR","total_price":"24.90","total_refunds":%q,"status":%q,"type":"recurring","created_at":"2026-08-01T08:00:00","processed_at":"2026-09-01T07:59:57","updated_at":"2026-09-09T08:00:00"}}`, refunded, status)}
}

// stripeEvent is one event, that many seconds after the purchase.
func stripeEvent(kind string, seconds int, object string) telling {
	return telling{"stripe", kind, fmt.Sprintf(`{"id":"evt_%s","object":"event","type":%q,"livemode":true,"created":%d,"data":{"object":{%s}}}`,
		strings.ReplaceAll(kind, ".", "_")+fmt.Sprint(seconds), kind, bought.Unix()+int64(seconds), object)}
}

const (
	payer   = `"customer":"cus_1","currency":"eur",`
	charged = `"object":"charge","id":"ch_1","payment_intent":"pi_1","amount":2490,"captured":true,"billing_details":{"email":"anna@example.com"},` + payer
)

// wooOrder is order 202 of a WooCommerce shop, paid with some transaction.
func wooOrder(source, payment, more string) telling {
	return telling{source, "order.updated", fmt.Sprintf(`{"id":202,"number":"202","status":"completed","currency":"EUR","total":"24.90","customer_id":7,
		"billing":{"email":"anna@example.com"},"date_created_gmt":"2026-09-01T08:00:00","date_modified_gmt":"2026-09-01T08:05:00","date_paid_gmt":"2026-09-01T08:00:05",
		"transaction_id":%q,"line_items":[{"name":"Tea","quantity":1,"total":"24.90"}],"coupon_lines":[{"code":"CIAO5"}],"refunds":[]%s}`, payment, more)}
}

// outcome is what everybody must agree on: one line for orders, money and state.
func outcome(r *lifecycle.Rules, c lifecycle.Contact) string {
	t := r.Totals(&c)
	return fmt.Sprintf("%d for %s, last %s, %s, due %s", t.Orders, t.Spent, t.Last.Format(time.TimeOnly), c.State, c.Due.Format(time.DateTime))
}

// One purchase counts once, whoever tells it, how often and in which order.
func TestAPurchaseCountsOnce(t *testing.T) {
	create, paid, updated := shopifyOrder("orders/create", 0, "pending", ""), shopifyOrder("orders/paid", 1, "paid", ""), shopifyOrder("orders/updated", 2, "paid", "")
	partly := shopifyOrder("orders/updated", 3000, "partially_refunded", `,"refunds":[{"id":1,"transactions":[{"kind":"refund","status":"success","amount":"10.00","currency":"EUR"}]}]`)
	wholly := shopifyOrder("orders/updated", 4000, "refunded", `,"refunds":[{"id":1,"transactions":[{"kind":"refund","status":"success","amount":"10.00","currency":"EUR"}]},{"id":2,"transactions":[{"kind":"refund","status":"success","amount":"14.90","currency":"EUR"}]}]`)
	edited := strings.Replace(shopifyOrder("orders/updated", 30, "paid", "").body, "24.90", "34.90", 1)
	cancelled := shopifyOrder("orders/cancelled", 5000, "paid", `,"cancelled_at":"2026-09-04T19:20:00Z"`)
	charge := rechargeCharge("charge/paid", "success", "0.00")
	session := stripeEvent("checkout.session.completed", 2, `"object":"checkout.session","id":"cs_1","mode":"payment","payment_status":"paid","payment_intent":"pi_1","amount_total":2490,"customer_details":{"email":"anna@example.com"},`+strings.TrimSuffix(payer, ","))
	intent := stripeEvent("payment_intent.succeeded", 1, `"object":"payment_intent","id":"pi_1","amount":2490,"amount_received":2490,"receipt_email":"anna@example.com",`+strings.TrimSuffix(payer, ","))
	settled := stripeEvent("charge.succeeded", 0, charged+`"amount_refunded":0`)
	invoice := stripeEvent("invoice.paid", 5, `"object":"invoice","id":"in_1","billing_reason":"subscription_create","subscription":"sub_1","total":2490,"subtotal":2490,"customer_email":"anna@example.com","status_transitions":{"paid_at":1788249603},`+strings.TrimSuffix(payer, ","))
	for name, tt := range map[string]struct {
		tellings []telling
		want     string
	}{
		"told by Shopify":                            {[]telling{create, paid, updated}, "1 for 24.90, last 08:00:00"},
		"by Shopify and Recharge":                    {[]telling{create, paid, updated, charge}, "1 for 24.90, last 08:00:00"},
		"by Recharge, later changed there":           {[]telling{create, paid, updated, charge, rechargeCharge("charge/updated", "success", "0.00")}, "1 for 24.90, last 08:00:00"},
		"given back in part, told four ways":         {[]telling{create, paid, charge, partly, shopifyRefund(1, "10.00"), rechargeCharge("charge/refunded", "partially_refunded", "10.00")}, "1 for 14.90, last 08:00:00"},
		"given back in two parts, told seven ways":   {[]telling{paid, charge, partly, wholly, shopifyRefund(1, "10.00"), shopifyRefund(2, "14.90"), rechargeCharge("charge/refunded", "refunded", "24.90")}, "0 for 0.00, last 00:00:00"},
		"given back, which only Recharge tells":      {[]telling{paid, charge, rechargeCharge("charge/refunded", "refunded", "24.90")}, "0 for 0.00, last 00:00:00"},
		"edited in the shop":                         {[]telling{create, paid, charge, {"shopify", "orders/updated", edited}}, "1 for 34.90, last 08:00:00"},
		"cancelled in the shop":                      {[]telling{create, paid, charge, cancelled, rechargeCharge("charge/updated", "success", "0.00")}, "0 for 0.00, last 00:00:00"},
		"told by Stripe in three ways":               {[]telling{session, intent, settled}, "1 for 24.90, last 08:00:02"},
		"by Stripe, given back in part, in two ways": {[]telling{session, intent, settled, stripeEvent("charge.refunded", 90, charged+`"amount_refunded":1000`), stripeEvent("refund.created", 90, `"object":"refund","id":"re_1","payment_intent":"pi_1","amount":1000,"currency":"eur","status":"succeeded"`)}, "1 for 14.90, last 08:00:02"},
		"by Stripe, given back in two parts": {[]telling{
			session, settled,
			stripeEvent("charge.refunded", 90, charged+`"amount_refunded":1000`), stripeEvent("charge.refunded", 95, charged+`"amount_refunded":2490,"refunded":true`),
			stripeEvent("refund.created", 90, `"object":"refund","id":"re_1","payment_intent":"pi_1","amount":1000,"currency":"eur","status":"succeeded"`),
			stripeEvent("refund.updated", 95, `"object":"refund","id":"re_2","payment_intent":"pi_1","amount":1490,"currency":"eur","status":"succeeded"`),
		}, "0 for 0.00, last 00:00:00"},
		"by Stripe, an invoice, given back in part": {[]telling{
			invoice, stripeEvent("invoice_payment.paid", 4, `"object":"invoice_payment","id":"inpay_1","invoice":"in_1","status":"paid","payment":{"type":"payment_intent","payment_intent":"pi_1"}`),
			stripeEvent("charge.refunded", 90, charged+`"description":"Subscription update","amount_refunded":1000`),
			stripeEvent("refund.created", 90, `"object":"refund","id":"re_1","payment_intent":"pi_1","amount":1000,"currency":"eur","status":"succeeded"`),
			stripeEvent("credit_note.created", 91, `"object":"credit_note","id":"cn_1","invoice":"in_1","total":1000,"refunds":[{"amount_refunded":1000,"refund":"re_1"}],`+strings.TrimSuffix(payer, ",")),
		}, "1 for 14.90, last 08:00:03"},
		"by Stripe, an invoice, by a credit note alone": {[]telling{
			invoice, stripeEvent("credit_note.created", 91, `"object":"credit_note","id":"cn_1","invoice":"in_1","total":2490,"refunds":[{"amount_refunded":2490,"refund":"re_1"}],`+strings.TrimSuffix(payer, ",")),
		}, "0 for 0.00, last 00:00:00"},
		"by WooCommerce and by Stripe, whose payment it names": {[]telling{wooOrder("woo", "pi_1", ""), intent, settled}, "1 for 24.90, last 08:00:00"},
		"by WooCommerce, whose payment only its plugin names": {[]telling{
			wooOrder("woo", "ch_1", `,"meta_data":[{"id":1,"key":"_stripe_intent_id","value":"pi_1"}]`), intent, settled,
			stripeEvent("charge.refunded", 90, charged+`"amount_refunded":1000`),
		}, "1 for 14.90, last 08:00:00"},
		"by WooCommerce and by Stripe, which names the order": {[]telling{
			wooOrder("woo2", "", ""), stripeEvent("charge.succeeded", 0, charged+`"amount_refunded":0,"metadata":{"order_id":"202"}`),
		}, "1 for 24.90, last 08:00:00"},
		"by two shops that count alike": {[]telling{wooOrder("woo", "", ""), wooOrder("woo2", "", "")}, "2 for 49.80, last 08:00:00"},
		"by Recharge, which learns the shop's id later": {[]telling{
			{"recharge", "charge/paid", strings.Replace(charge.body, `"6200000000000000202"`, "null", 1)}, charge, paid,
		}, "1 for 24.90, last 08:00:00"},
		"two purchases whose sources count alike": {[]telling{
			{"shopify", "orders/paid", strings.ReplaceAll(paid.body, "6200000000000000202", "202")},
			{"recharge", "charge/paid", strings.Replace(charge.body, `"6200000000000000202"`, "null", 1)},
		}, "2 for 49.80, last 08:00:00"},
	} {
		t.Run(name, func(t *testing.T) {
			rules := lifecycle.Rules{
				Owners: map[string]string{"shopify": lifecycle.OwnerShopify, "recharge": lifecycle.OwnerRecharge, "woo": "source:woo", "woo2": "source:woo2", "stripe": lifecycle.OwnerStripe},
				Shop:   "bottega", Country: "IT", Currency: "EUR", Lapse: 90 * 24 * time.Hour,
				Journeys: []lifecycle.Journey{{Name: "reactivation", Trigger: lifecycle.OnInactivity, Steps: []lifecycle.Step{{After: 60 * 24 * time.Hour, Channels: []lifecycle.Channel{lifecycle.Email}, Template: "survey"}}}},
			}
			events := read(t, tt.tellings)
			now := bought.Add(30 * 24 * time.Hour)
			first := ""
			rapid.Check(t, func(t *rapid.T) {
				again := rapid.SliceOfN(rapid.SampledFrom(events), 0, 4).Draw(t, "repeated")
				order := rapid.Permutation(append(append([]lifecycle.Event{}, events...), again...)).Draw(t, "deliveries")
				c := lifecycle.Contact{ID: "c00000000001", Shop: "bottega"}
				for _, ev := range order {
					c = rules.Decide(ev, c, now).Contact
				}
				got := outcome(&rules, c)
				if !strings.HasPrefix(got, tt.want) {
					t.Fatalf("%s, want %s", got, tt.want)
				}
				if first == "" {
					first = got
				}
				if diff := cmp.Diff(first, got); diff != "" {
					t.Fatalf("another order of deliveries, another record (-first +this):\n%s", diff)
				}
			})
		})
	}
}
