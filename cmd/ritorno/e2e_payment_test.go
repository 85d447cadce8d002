package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ritorno/connectors/connectorstest"
)

// signStripe makes a request of Stripe as if it were sent just now.
func (p posted) signStripe(secret string) posted {
	p.header = p.header.Clone()
	at := strconv.FormatInt(time.Now().Unix(), 10)
	p.header.Set("Stripe-Signature", "t="+at+",v1="+hexMAC(secret, at+"."+p.body))
	return p
}

// signRecharge does the same for Recharge, with the signatures that the request
// had.
func (p posted) signRecharge(secret string) posted {
	p.header = p.header.Clone()
	if at := strconv.FormatInt(time.Now().Unix(), 10); p.header.Get("X-Recharge-Webhook-Signature") != "" {
		p.header.Set("X-Recharge-Webhook-Timestamp", at)
		p.header.Set("X-Recharge-Webhook-Signature", "t="+at+",v1="+hexMAC(secret, at+"."+p.body))
	}
	if p.header.Get("X-Recharge-Hmac-Sha256") != "" {
		p.header.Set("X-Recharge-Hmac-Sha256", fmt.Sprintf("%x", sha256.Sum256([]byte(secret+p.body))))
	}
	return p
}

func hexMAC(secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return fmt.Sprintf("%x", mac.Sum(nil))
}

// payments are recorded requests of Stripe or Recharge, signed anew; the clock
// follows the times in their bodies.
func payments(t *testing.T, c connectorstest.Collection, kind string) []posted {
	t.Helper()
	var list []posted
	for _, p := range recorded(t, c, kind) {
		var body map[string]json.RawMessage
		if err := json.Unmarshal([]byte(p.body), &body); err != nil {
			t.Fatal(err)
		}
		if kind == "stripe" {
			var created int64
			if json.Unmarshal(body["created"], &created) == nil {
				p.triggered = time.Unix(created, 0)
			}
			list = append(list, p.signStripe(c.Secret))
			continue
		}
		for _, object := range []string{"subscription", "charge", "order", "customer"} {
			var o struct {
				Updated string `json:"updated_at"`
			}
			if json.Unmarshal(body[object], &o) != nil || o.Updated == "" {
				continue
			}
			at, err := time.Parse("2006-01-02T15:04:05", o.Updated[:19]) // all of them in UTC
			if err != nil {
				t.Fatal(err)
			}
			p.triggered = at
			break
		}
		list = append(list, p.signRecharge(c.Secret))
	}
	return list
}

// withSource is a world with one more source, called as its kind.
func withSource(t *testing.T, kind, secret, more string) *world {
	t.Helper()
	w := newWorld(t, worldOptions{})
	w.edit(func(src string) string {
		return strings.Replace(src, "    sources:\n", fmt.Sprintf("    sources:\n      %s: {kind: %s, secret: %s%s}\n", kind, kind, secret, more), 1)
	})
	w.serve("--dev-clock")
	return w
}

// ownStripe is examples/requests/stripe.
var ownStripe = []row{
	{file: "customer-created.json", answer: "accepted", then: "active, 0 for 0.00, email unknown, sms unknown"},
	{file: "payment-intent-succeeded.json", answer: "accepted", then: "active, 1 for 49.90, email unknown, sms unknown"},
	{file: "charge-succeeded.json", answer: "accepted", then: "active, 1 for 49.90, email unknown, sms unknown"},
	{file: "session-completed.json", answer: "accepted", then: "active, 1 for 49.90, email subscribed, sms unknown"},
	{file: "charge-refunded-partly.json", answer: "accepted", then: "active, 1 for 39.90, email subscribed, sms unknown"},
	{file: "refund-created.json", answer: "accepted", then: "active, 1 for 39.90, email subscribed, sms unknown"},
	{file: "refund-pending.json", answer: "ignored", then: "active, 1 for 39.90, email subscribed, sms unknown"},
	{file: "refund-failed.json", answer: "accepted", then: "active, 1 for 39.90, email subscribed, sms unknown"},
	{file: "charge-refunded.json", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms unknown"},
	{file: "dispute-created.json", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms unknown"},
	{file: "session-completed-subscription.json", answer: "accepted", then: "active, 1 for 24.90, email subscribed, sms unknown"},
	{file: "subscription-created.json", answer: "accepted", then: "active, 1 for 24.90, email subscribed, sms unknown"},
	{file: "invoice-paid-first.json", answer: "accepted", then: "active, 1 for 24.90, email subscribed, sms unknown"},
	{file: "payment-intent-of-an-invoice.json", answer: "ignored", then: "active, 1 for 24.90, email subscribed, sms unknown"},
	{file: "invoice-paid-renewal.json", answer: "accepted", then: "returning (won_by_order), 2 for 49.80, email subscribed, sms unknown"},
	{file: "invoice-failed.json", answer: "accepted", then: "dormant (inactive), 2 for 49.80, email subscribed, sms unknown"},
	{file: "subscription-past-due.json", answer: "accepted", then: "dormant (inactive), 2 for 49.80, email subscribed, sms unknown"},
	{file: "subscription-cancelling.json", answer: "accepted", then: "cancelled (cancelled), 2 for 49.80, email subscribed, sms unknown"},
	{file: "subscription-cancel-taken-back.json", answer: "accepted", then: "returning (resubscribed), 2 for 49.80, email subscribed, sms unknown"},
	{file: "subscription-collection-paused.json", answer: "accepted", then: "returning (resubscribed), 2 for 49.80, email subscribed, sms unknown"},
	{file: "subscription-collection-resumed.json", answer: "accepted", then: "returning (resubscribed), 2 for 49.80, email subscribed, sms unknown"},
	{file: "subscription-updated-quantity.json", answer: "ignored", then: "returning (resubscribed), 2 for 49.80, email subscribed, sms unknown"},
	{file: "subscription-deleted.json", answer: "accepted", then: "cancelled (cancelled), 2 for 49.80, email subscribed, sms unknown"},
	{file: "subscription-deleted-unpaid-2024.json", answer: "accepted", then: "cancelled (cancelled), 2 for 49.80, email subscribed, sms unknown"},
	{file: "subscription-paused.json", answer: "accepted", then: "cancelled (cancelled), 2 for 49.80, email subscribed, sms unknown"},
	{file: "subscription-resumed.json", answer: "accepted", then: "returning (resubscribed), 2 for 49.80, email subscribed, sms unknown"},
	{file: "invoice-paid-renewal-2024.json", answer: "accepted", then: "active (second_order), 3 for 74.70, email subscribed, sms unknown"},
	{file: "charge-refunded-2024.json", answer: "accepted", then: "returning (resubscribed), 2 for 49.80, email subscribed, sms unknown"},
	{file: "invoice-paid-trial.json", answer: "accepted", then: "returning (resubscribed), 2 for 49.80, email subscribed, sms unknown"},
	{file: "invoice-paid-renewal-free.json", answer: "accepted", then: "active (second_order), 3 for 49.80, email subscribed, sms unknown"},
	{file: "charge-succeeded-yen.json", answer: "accepted", then: "active (second_order), 4 for 49.80, email subscribed, sms unknown"},
	{file: "charge-succeeded-dinar.json", answer: "accepted", then: "active (second_order), 5 for 49.80, email subscribed, sms unknown"},
	{file: "charge-authorised.json", answer: "ignored", then: "active (second_order), 5 for 49.80, email subscribed, sms unknown"},
	{file: "session-unpaid.json", answer: "accepted", then: "active (second_order), 5 for 49.80, email subscribed, sms unknown"},
	{file: "session-paid-later.json", answer: "accepted", then: "active (second_order), 6 for 99.70, email subscribed, sms unknown"},
	{file: "session-free.json", answer: "accepted", then: "active (second_order), 7 for 99.70, email subscribed, sms unknown"},
	{file: "session-opted-out.json", answer: "accepted", then: "active (second_order), 7 for 99.70, email unsubscribed, sms unknown"},
	{file: "customer-updated.json", answer: "accepted", then: "active (second_order), 7 for 99.70, email unsubscribed, sms unknown"},
	{file: "customer-deleted.json", answer: "accepted", then: "active (second_order), 7 for 99.70, email unsubscribed, sms unknown"},
	{file: "account-deauthorised.json", answer: "accepted", then: "active (second_order), 7 for 99.70, email unsubscribed, sms unknown", again: "accepted"},
	{file: "test-mode.json", answer: "ignored", then: "active (second_order), 7 for 99.70, email unsubscribed, sms unknown"},
	{file: "unused-type.json", answer: "ignored", then: "active (second_order), 7 for 99.70, email unsubscribed, sms unknown"},
	{file: "thin.json", answer: "ignored", then: "active (second_order), 7 for 99.70, email unsubscribed, sms unknown"},
}

// ownRecharge is examples/requests/recharge.
var ownRecharge = []row{
	{file: "customer-created.json", answer: "accepted", then: "active, 0 for 0.00, email unknown, sms unknown"},
	{file: "charge-paid-checkout.json", answer: "accepted", then: "active, 1 for 24.90, email unknown, sms unknown"},
	{file: "subscription-created.json", answer: "accepted", then: "active, 1 for 24.90, email unknown, sms unknown"},
	{file: "charge-paid-recurring.json", answer: "accepted", then: "active, 2 for 49.80, email unknown, sms unknown"},
	{file: "charge-refunded-partly.json", answer: "accepted", then: "active, 2 for 39.80, email unknown, sms unknown"},
	{file: "charge-refunded.json", answer: "accepted", then: "active, 1 for 24.90, email unknown, sms unknown"},
	{file: "charge-failed.json", answer: "accepted", then: "dormant (inactive), 1 for 24.90, email unknown, sms unknown"},
	{file: "charge-max-retries.json", answer: "accepted", then: "dormant (inactive), 1 for 24.90, email unknown, sms unknown"},
	{file: "charge-upcoming.json", answer: "ignored", then: "dormant (inactive), 1 for 24.90, email unknown, sms unknown"},
	{file: "charge-paid-without-shop-order.json", answer: "accepted", then: "returning (won_by_order), 2 for 49.80, email unknown, sms unknown"},
	{file: "charge-paid-topic-unknown.json", answer: "accepted", then: "active (second_order), 3 for 74.70, email unknown, sms unknown"},
	{file: "subscription-updated.json", answer: "accepted", then: "active (second_order), 3 for 74.70, email unknown, sms unknown"},
	{file: "subscription-skipped.json", answer: "accepted", then: "active (second_order), 3 for 74.70, email unknown, sms unknown"},
	{file: "subscription-cancelled.json", answer: "accepted", then: "cancelled (cancelled), 3 for 74.70, email unknown, sms unknown"},
	{file: "subscription-activated.json", answer: "accepted", then: "returning (resubscribed), 3 for 74.70, email unknown, sms unknown"},
	{file: "subscription-cancelled-unpaid.json", answer: "accepted", then: "cancelled (payment_failed), 3 for 74.70, email unknown, sms unknown"},
	{file: "subscription-expired.json", answer: "accepted", then: "cancelled (payment_failed), 3 for 74.70, email unknown, sms unknown"},
	{file: "order-cancelled.json", answer: "accepted", then: "cancelled (payment_failed), 2 for 49.80, email unknown, sms unknown"},
	{file: "order-processed.json", answer: "ignored", then: "cancelled (payment_failed), 2 for 49.80, email unknown, sms unknown"},
	{file: "customer-updated.json", answer: "accepted", then: "cancelled (payment_failed), 2 for 49.80, email unknown, sms unknown"},
	{file: "customer-deactivated.json", answer: "accepted", then: "cancelled (payment_failed), 2 for 49.80, email unknown, sms unknown"},
	{file: "subscription-cancelled-2021-01.json", answer: "accepted", then: "cancelled (payment_failed), 2 for 49.80, email unknown, sms unknown"},
	{file: "charge-paid-2021-01.json", answer: "accepted", then: "returning (renewed), 3 for 72.21, email unknown, sms unknown"},
	{file: "customer-deleted.json", answer: "accepted", then: "returning (renewed), 3 for 72.21, email unknown, sms unknown"},
	{file: "address-updated.json", answer: "ignored", then: "returning (renewed), 3 for 72.21, email unknown, sms unknown"},
	{file: "uninstalled.json", answer: "accepted", then: "returning (renewed), 3 for 72.21, email unknown, sms unknown", again: "accepted"},
}

func TestOwnStripeSamplesGetTheirAnswers(t *testing.T) {
	t.Parallel()
	c := connectorstest.Own(t, "stripe")
	w := withSource(t, "stripe", c.Secret, "")
	old := recorded(t, c, "stripe")[0]
	old.header = old.header.Clone()
	old.header.Set("Stripe-Signature", "t=1763625621,v1="+hexMAC(c.Secret, "1763625621."+old.body))
	if got := w.post(old); got != "401" {
		t.Errorf("%s with an old time: %s, want 401", old.file, got)
	}
	w.walk(payments(t, c, "stripe"), ownStripe, "cus_Qsample0001")
}

func TestOwnRechargeSamplesGetTheirAnswers(t *testing.T) {
	t.Parallel()
	c := connectorstest.Own(t, "recharge")
	w := withSource(t, "recharge", c.Secret, "")
	forged := recorded(t, c, "recharge")[0].signRecharge("another_secret")
	if got := w.post(forged); got != "401" {
		t.Errorf("%s with another secret: %s, want 401", forged.file, got)
	}
	w.walk(payments(t, c, "recharge"), ownRecharge, "71000001")
}

// publishedStripe are the samples of others, which name their person by an id
// or by another address each. All but one are of test mode.
var publishedStripe = map[string]string{
	"customer.subscription.created.json":           "parked",
	"customer.subscription.deleted.json":           "parked",
	"invoice.paid.json":                            "parked",
	"charge.refunded.json":                         "parked",
	"checkout.session.completed.json":              "accepted",
	"invoice.payment_failed.json":                  "accepted",
	"checkout.session.completed-subscription.json": "accepted",
	"customer.subscription.updated.json":           "parked",
}

func TestPublishedPaymentSamplesGetTheirAnswers(t *testing.T) {
	t.Parallel()
	for kind, about := range map[string][]string{"stripe": {"signature-vectors.json", "signed-requests.json"}, "recharge": {"signed-requests.json"}} {
		c := connectorstest.Published(t, kind)
		all, err := filepath.Glob(filepath.Join(connectorstest.Fixtures(t, kind), "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		list := payments(t, c, kind)
		for _, f := range all {
			if name := filepath.Base(f); !slices.Contains(about, name) && !slices.ContainsFunc(list, func(p posted) bool { return p.file == name }) {
				t.Errorf("%s/%s is posted by nobody", kind, name)
			}
		}
	}
	t.Run("stripe, as a shop has it", func(t *testing.T) {
		c := connectorstest.Published(t, "stripe")
		w := withSource(t, "stripe", c.Secret, "")
		for _, p := range payments(t, c, "stripe") {
			want := "ignored" // test mode
			if p.file == "invoice.payment_failed.json" {
				want = "accepted"
			}
			if got := w.post(p); got != want {
				t.Errorf("%s: %s, want %s", p.file, got, want)
			}
		}
	})
	t.Run("stripe, with test events", func(t *testing.T) {
		c := connectorstest.Published(t, "stripe")
		w := withSource(t, "stripe", c.Secret, ", test_events: true")
		for _, p := range payments(t, c, "stripe") {
			if got := w.post(p); got != publishedStripe[p.file] {
				t.Errorf("%s: %s, want %s", p.file, got, publishedStripe[p.file])
			}
			if got := w.post(p); publishedStripe[p.file] == "accepted" && got != "duplicate" {
				t.Errorf("%s once more: %s, want duplicate", p.file, got)
			}
		}
		// The checkout made the customer known, and the invoice that had waited for
		// the id came in. Both name the same payment: one purchase.
		if st := w.record("stripe@example.com"); st.Orders != 1 {
			t.Errorf("%d orders, want 1", st.Orders)
		}
	})
	t.Run("recharge", func(t *testing.T) {
		c := connectorstest.Published(t, "recharge")
		w := withSource(t, "recharge", c.Secret, "")
		w.clockTo(time.Date(2026, 11, 20, 8, 1, 0, 0, time.UTC))
		for _, p := range payments(t, c, "recharge") {
			want := map[string]string{"subscription-cancelled.json": "parked", "customer-created.json": "accepted", "charge-paid.json": "accepted"}[p.file]
			if got := w.post(p); got != want {
				t.Errorf("%s: %s, want %s", p.file, got, want)
			}
		}
		if got, want := w.summary("ada@example.com"), "returning (renewed), 1 for 44.10, email unknown, sms unknown"; got != want {
			t.Errorf("support sees %q, want %q", got, want)
		}
		st := w.record("333333")
		if st.LastOrder == nil || st.LastOrder.ID != "3732192362600" {
			t.Errorf("last order %+v, want the shop's id", st.LastOrder)
		}
	})
}
