package stripe_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"ritorno/connectors"
	"ritorno/connectors/stripe"
	"ritorno/internal/lifecycle"
)

// all are the events that a body becomes.
func all(t *testing.T, body string) []lifecycle.Event {
	t.Helper()
	events, err := told(t, body)
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return events
}

// A refund of an invoice's payment that names no invoice is told under the
// payment, which another event links with the invoice.
func TestRefundOfAnUnnamedInvoice(t *testing.T) {
	ev := one(t, event("charge.refunded", "charge", `"id":"ch_1","customer":"cus_1","payment_intent":"pi_1","description":"Subscription update","currency":"eur","amount_refunded":990`, ""))
	if ev.Type != lifecycle.OrderRefunded || ev.Order == nil || ev.Order.ID != "pi_1" || ev.Order.Refunded != 990 || !strings.HasPrefix(ev.Text, "9.90 EUR of an invoice") {
		t.Errorf("%+v, want a refund of pi_1 with the reason why it may wait", ev)
	}
	link := one(t, event("invoice_payment.paid", "invoice_payment", `"id":"inpay_1","invoice":"in_1","status":"paid","payment":{"type":"payment_intent","payment_intent":"pi_1"}`, ""))
	if !link.Order.Partial || link.Order.ID != "in_1" || !slices.Equal(link.Also, []lifecycle.OrderName{{ID: "pi_1"}}) {
		t.Errorf("%+v, want in_1 also known as pi_1", link)
	}
	if got := all(t, event("invoice_payment.paid", "invoice_payment", `"id":"inpay_1","invoice":"in_1","payment":{"type":"out_of_band"}`, "")); len(got) != 0 {
		t.Errorf("%+v, want nothing of a payment outside of Stripe", got)
	}
}

// A credit note gives back what its refunds and what was paid outside of Stripe
// give back, each by its own id; credit for the next invoice is no money.
func TestCreditNotes(t *testing.T) {
	const base = `"id":"cn_1","invoice":"in_1","customer":"cus_1","currency":"eur","total":2490,`
	for fields, want := range map[string]string{
		`"refunds":[{"amount_refunded":990,"refund":"re_1"},{"amount_refunded":500,"refund":"re_2"}]`: "re_1 990, re_2 500",
		`"refunds":[],"customer_balance_transaction":"cbtxn_1"`:                                       "",
		`"refund":"re_1"`:                                                  "re_1 2490",
		`"refund":"re_1","out_of_band_amount":490`:                         "cn_1 490, re_1 2000",
		`"refund":"re_1","customer_balance_transaction":"cbtxn_1"`:         "",
		`"out_of_band_amount":2490,"refunds":[]`:                           "cn_1 2490",
		`"pre_payment_amount":2490,"post_payment_amount":0,"refunds":null`: "",
	} {
		var got []string
		for _, ev := range all(t, event("credit_note.created", "credit_note", base+fields, "")) {
			if ev.Type != lifecycle.OrderRefunded || ev.Refund.OrderID != "in_1" || ev.Person.CustomerID != "cus_1" {
				t.Errorf("%s: %+v", fields, ev)
			}
			got = append(got, fmt.Sprint(ev.Refund.ID, " ", ev.Refund.Amount))
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %q, want %q", fields, got, want)
		}
	}
}

// The shop's own order id beside a payment counts only where the owner says
// whose it is.
func TestTheShopsOrderIDBesideAPayment(t *testing.T) {
	body := event("charge.succeeded", "charge", `"id":"ch_1","payment_intent":"pi_1","amount":990,"currency":"eur","metadata":{"order_id":"1001"}`, "")
	if ev := one(t, body); ev.Order.ID != "pi_1" || len(ev.Also) != 0 {
		t.Errorf("%+v, want pi_1 alone", ev)
	}
	s, err := stripe.New(stripe.Options{Secrets: []string{"whsec_x"}, OrdersOf: "woo"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Normalise(connectors.Request{Header: http.Header{}, Body: []byte(body)})
	if err != nil || len(got) != 1 || !slices.Equal(got[0].Also, []lifecycle.OrderName{{Owner: "woo", ID: "1001"}}) {
		t.Errorf("%+v, %v, want also woo's 1001", got, err)
	}
}
