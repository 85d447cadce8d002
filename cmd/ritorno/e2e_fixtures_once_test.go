package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ritorno/connectors/connectorstest"
)

// onceWorld has the two kinds of source that send each delivery once. The
// mapping is that of the samples.
func onceWorld(t *testing.T, woo connectorstest.Collection, token string) *world {
	w := newWorld(t, worldOptions{})
	w.edit(func(s string) string {
		return strings.Replace(s, "    sources:\n", `    sources:
      woo:
        kind: woocommerce
        secret: `+woo.Secret+`
        fields: {email_consent: newsletter, locale: wpml_language, cancel_reason: cancellation_reason}
      crm:
        kind: activecampaign
        token: `+token+`
        tags: {cliente disdetto: subscription.cancelled, abbonato: subscription.started}
        lists: {7: sms, 9: ignore}
        fields: {locale: 40, cancel_reason: [39]}
`, 1)
	})
	w.serve("--dev-clock")
	return w
}

// dated tells when a request of these kinds says that it happened.
func dated(list []posted) []posted {
	for i, p := range list {
		var body struct {
			Modified string `json:"date_modified_gmt"`
		}
		if json.Unmarshal([]byte(p.body), &body) == nil && body.Modified != "" {
			list[i].triggered, _ = time.Parse("2006-01-02T15:04:05", body.Modified)
		}
		if form, err := url.ParseQuery(p.body); err == nil && form.Has("date_time") {
			list[i].triggered, _ = time.Parse(time.RFC3339, form.Get("date_time"))
		}
	}
	return list
}

// ownCRM are the samples of ActiveCampaign with their URLs.
func ownCRM(t *testing.T) []posted {
	t.Helper()
	c := connectorstest.Own(t, "activecampaign")
	list := recorded(t, c, "crm")
	for i := range list {
		list[i].source += "?" + c.Requests[i].Query
	}
	return dated(list)
}

func TestOwnWooCommerceSamplesGetTheirAnswers(t *testing.T) {
	t.Parallel()
	c := connectorstest.Own(t, "woocommerce")
	w := onceWorld(t, c, connectorstest.Own(t, "activecampaign").Token)
	w.walk(dated(recorded(t, c, "woo")), ownWoo, "anna.bianchi@example.com")
	w.wooNeedsItsSignature(t)
}

func (w *world) wooNeedsItsSignature(t *testing.T) {
	t.Helper()
	for name, header := range map[string]http.Header{
		"none":    {},
		"another": {"X-Wc-Webhook-Signature": {base64MAC("another secret", `{"id":1}`)}},
		"a ping":  {"Content-Type": {"application/x-www-form-urlencoded"}},
	} {
		header.Set("X-WC-Webhook-Topic", "order.deleted")
		if got := w.post(posted{file: name, source: "woo", header: header, body: `{"id":1}`}); got != "401" {
			t.Errorf("signature: %s: %s", name, got)
		}
	}
}

func TestOwnActiveCampaignSamplesGetTheirAnswers(t *testing.T) {
	t.Parallel()
	c := connectorstest.Own(t, "activecampaign")
	w := onceWorld(t, connectorstest.Own(t, "woocommerce"), c.Token)
	w.walk(ownCRM(t), ownActiveCampaign, "anna.bianchi@example.com")
	for _, query := range []string{"", "?token=", "?token=guess", "?event=cancelled"} {
		w.send(http.MethodPost, "/hooks/bottega/crm"+query, "type=subscribe&contact%5Bid%5D=1", "Content-Type", "application/x-www-form-urlencoded").problem(401, "bad_signature")
	}
	out, errs, code := w.run("source", "status")
	if code != 0 || !strings.Contains(out, "/hooks/bottega/crm?token=***") {
		t.Errorf("source status: exit %d, %s%s", code, out, errs)
	}
	if strings.Contains(out+errs+w.log.String(), c.Token) {
		t.Error("the token shows in the log or in the status")
	}
}

func TestPublishedWooCommerceSamplesGetTheirAnswers(t *testing.T) {
	t.Parallel()
	c := connectorstest.Published(t, "woocommerce")
	list := dated(recorded(t, c, "woo"))
	ping, err := os.ReadFile(filepath.Join(connectorstest.Fixtures(t, "woocommerce"), "ping.form"))
	if err != nil {
		t.Fatal(err)
	}
	list = append(list, posted{file: "ping.form", source: "woo", header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, body: string(ping)})
	allPosted(t, "woocommerce", list)
	slices.SortStableFunc(list, func(a, b posted) int { // in the order of their times, so that no timer is due when they come
		if a.triggered.IsZero() != b.triggered.IsZero() {
			return b.triggered.Compare(a.triggered)
		}
		return a.triggered.Compare(b.triggered)
	})
	w := onceWorld(t, c, connectorstest.Own(t, "activecampaign").Token)
	w.walk(list, publishedWoo, "john.doe@example.com")
	for who, want := range map[string]string{
		"2177025@example.net":       "dormant (unreachable), 1 for 0.00, email unknown, sms unknown",
		"scrambled@example.com":     "dormant (unreachable), 1 for 0.00, email unknown, sms unknown",
		"fakedata38165@example.com": "active, 0 for 0.00, email unknown, sms unknown",
	} {
		if got := w.summary(who); got != want {
			t.Errorf("%s: %q, want %q", who, got, want)
		}
	}
}

// allPosted finds published samples that nobody posts.
func allPosted(t *testing.T, kind string, list []posted) {
	t.Helper()
	files, err := os.ReadDir(connectorstest.Fixtures(t, kind))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		switch name := f.Name(); name {
		case "INDEX.md", "signed-requests.json":
		default:
			if !slices.ContainsFunc(list, func(p posted) bool { return p.file == name }) {
				t.Errorf("%s is posted by nobody", name)
			}
		}
	}
}

func TestPublishedActiveCampaignSamplesGetTheirAnswers(t *testing.T) {
	t.Parallel()
	dir := connectorstest.Fixtures(t, "activecampaign")
	const token = "token-of-the-published-samples"
	var list []posted
	for _, name := range []string{"automation-webhook.form", "subscribe.form", "contact_tag_added.form", "unsubscribe.form"} {
		body, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, posted{file: name, source: "crm?token=" + token, header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, body: string(body)})
	}
	allPosted(t, "activecampaign", list)
	w := onceWorld(t, connectorstest.Own(t, "woocommerce"), token)
	w.clockTo(time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC))
	w.walk(dated(list), publishedActiveCampaign, "jean.exemple@example.com")
	if got := w.summary("test@example.com"); got != "active, 0 for 0.00, email subscribed, sms unknown" {
		t.Errorf("the contact of subscribe.form: %q", got)
	}
}

// ownWoo is examples/requests/woocommerce, whose person is Anna. Times of the
// table are those of the bodies.
var ownWoo = []row{
	{file: "order-created-pending.json", answer: "ignored", then: "unknown"},
	{file: "order-checkout-draft.json", answer: "ignored", then: "unknown"},
	{file: "order-paid.json", answer: "accepted", then: "active, 1 for 49.90, email subscribed, sms unknown"},
	{file: "order-completed.json", answer: "accepted", then: "active, 1 for 49.90, email subscribed, sms unknown"},
	{file: "order-updated-partially-refunded.json", answer: "accepted", then: "active, 1 for 39.90, email subscribed, sms unknown"},
	{file: "order-updated-refunded.json", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms unknown"},
	{file: "order-on-hold.json", answer: "accepted", then: "active, 1 for 49.90, email subscribed, sms unknown"},
	{file: "order-cancelled-unpaid.json", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms unknown"},
	{file: "order-cancelled-paid.json", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms unknown"},
	{file: "order-failed.json", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms unknown"},
	{file: "order-trashed.json", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms unknown"},
	{file: "order-deleted.json", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms unknown"},
	{file: "order-restored.json", answer: "accepted", then: "active, 1 for 49.90, email subscribed, sms unknown"},
	{file: "order-free-of-a-guest.json", answer: "accepted", then: "active, 2 for 49.90, email subscribed, sms unknown"},
	{file: "order-at-the-till.json", answer: "ignored", then: "active, 2 for 49.90, email subscribed, sms unknown"},
	{file: "order-in-yen.json", answer: "accepted", then: "active, 3 for 49.90, email subscribed, sms unknown"},
	{file: "order-of-a-plugin-status.json", answer: "accepted", then: "active, 4 for 99.80, email subscribed, sms unknown"},
	{file: "order-renewal.json", answer: "accepted", then: "active, 5 for 149.70, email subscribed, sms unknown"},
	{file: "order-renewal-failed.json", answer: "accepted", then: "dormant (inactive), 5 for 149.70, email subscribed, sms unknown"},
	{file: "subscription-created.json", answer: "accepted", then: "dormant (inactive), 5 for 149.70, email subscribed, sms unknown"},
	{file: "subscription-pending.json", answer: "ignored", then: "dormant (inactive), 5 for 149.70, email subscribed, sms unknown"},
	{file: "subscription-on-hold.json", answer: "accepted", then: "dormant (inactive), 5 for 149.70, email subscribed, sms unknown"},
	{file: "subscription-pending-cancel.json", answer: "accepted", then: "cancelled (cancelled), 5 for 149.70, email subscribed, sms unknown"},
	{file: "subscription-active-again.json", answer: "accepted", then: "returning (resubscribed), 5 for 149.70, email subscribed, sms unknown"},
	{file: "subscription-cancelled.json", answer: "accepted", then: "cancelled (cancelled), 5 for 149.70, email subscribed, sms unknown"},
	{file: "subscription-expired.json", answer: "accepted", then: "cancelled (cancelled), 5 for 149.70, email subscribed, sms unknown"},
	{file: "subscription-switched.json", answer: "ignored", then: "cancelled (cancelled), 5 for 149.70, email subscribed, sms unknown"},
	{file: "subscription-deleted.json", answer: "ignored", then: "cancelled (cancelled), 5 for 149.70, email subscribed, sms unknown"},
	{file: "customer-created.json", answer: "accepted", then: "cancelled (cancelled), 5 for 149.70, email subscribed, sms unknown"},
	{file: "customer-updated.json", answer: "accepted", then: "cancelled (cancelled), 5 for 149.70, email unknown, sms unknown"},
	{file: "customer-deleted.json", answer: "accepted", then: "cancelled (cancelled), 5 for 149.70, email unknown, sms unknown"},
	{file: "shop-error-not-found.json", answer: "dead", then: "cancelled (cancelled), 5 for 149.70, email unknown, sms unknown"},
	{file: "product-updated.json", answer: "ignored", then: "cancelled (cancelled), 5 for 149.70, email unknown, sms unknown"},
	{file: "ping.form", answer: "accepted", then: "cancelled (cancelled), 5 for 149.70, email unknown, sms unknown", again: "accepted"},
}

// ownActiveCampaign is examples/requests/activecampaign; the same Anna.
var ownActiveCampaign = []row{
	{file: "subscribe.form", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms unknown"},
	{file: "subscribe-without-zone.form", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms unknown"},
	{file: "subscribe-sms-list.form", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms subscribed"},
	{file: "subscribe-internal-list.form", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms subscribed"},
	{file: "update.form", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms subscribed"},
	{file: "list-made.form", answer: "ignored", then: "active, 0 for 0.00, email subscribed, sms subscribed"},
	{file: "tag-added-abbonato.form", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms subscribed"},
	{file: "tag-added-unmapped.form", answer: "ignored", then: "active, 0 for 0.00, email subscribed, sms subscribed"},
	{file: "automation-renewed.form", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms subscribed"},
	{file: "tag-added-cliente-disdetto.form", answer: "accepted", then: "cancelled (cancelled), 0 for 0.00, email subscribed, sms subscribed"},
	{file: "tag-removed-cliente-disdetto.form", answer: "accepted", then: "returning (resubscribed), 0 for 0.00, email subscribed, sms subscribed"},
	{file: "automation-cancelled.form", answer: "accepted", then: "cancelled (cancelled), 0 for 0.00, email subscribed, sms subscribed"},
	{file: "automation.form", answer: "accepted", then: "cancelled (cancelled), 0 for 0.00, email subscribed, sms subscribed"},
	{file: "bounce.form", answer: "accepted", then: "cancelled (cancelled), 0 for 0.00, email unknown, sms subscribed"},
	{file: "unsubscribe-internal-list.form", answer: "ignored", then: "cancelled (cancelled), 0 for 0.00, email unknown, sms subscribed"},
	{file: "unsubscribe.form", answer: "accepted", then: "cancelled (cancelled), 0 for 0.00, email unsubscribed, sms subscribed"},
	{file: "sms-opt-out.form", answer: "accepted", then: "unsubscribed (opt_out), 0 for 0.00, email unsubscribed, sms unsubscribed"},
	{file: "open.form", answer: "ignored", then: "unsubscribed (opt_out), 0 for 0.00, email unsubscribed, sms unsubscribed"},
	{file: "deal-added.form", answer: "ignored", then: "unsubscribed (opt_out), 0 for 0.00, email unsubscribed, sms unsubscribed"},
}

// publishedWoo are public samples, whose person is John: his two orders are in
// dollars, so that their money is counted apart.
var publishedWoo = []row{
	{file: "customer-created.json", answer: "accepted", then: "active, 0 for 0.00, email unknown, sms unknown"},
	{file: "customer-created-doc.json", answer: "duplicate", then: "active, 0 for 0.00, email unknown, sms unknown"}, // the same bytes
	{file: "order-created-doc.json", answer: "accepted", then: "active, 1 for 0.00, email unknown, sms unknown"},
	{file: "order-created-renewal-derived.json", answer: "accepted", then: "active, 2 for 0.00, email unknown, sms unknown"},
	{file: "order-updated-coupon.json", answer: "accepted", then: "dormant (unreachable), 2 for 0.00, email unknown, sms unknown"},
	{file: "order-created-guest.json", answer: "accepted", then: "dormant (unreachable), 2 for 0.00, email unknown, sms unknown"},
	{file: "subscription-updated.json", answer: "accepted", then: "dormant (unreachable), 2 for 0.00, email unknown, sms unknown"},
	{file: "order-deleted.json", answer: "accepted", then: "dormant (unreachable), 1 for 0.00, email unknown, sms unknown"},
	{file: "error-body.json", answer: "dead", then: "dormant (unreachable), 1 for 0.00, email unknown, sms unknown"},
	{file: "ping.form", answer: "accepted", then: "dormant (unreachable), 1 for 0.00, email unknown, sms unknown", again: "accepted"},
}

// publishedActiveCampaign are public samples, whose person is Jean.
var publishedActiveCampaign = []row{
	{file: "automation-webhook.form", answer: "accepted", then: "active, 0 for 0.00, email unknown, sms unknown"},
	{file: "subscribe.form", answer: "accepted", then: "active, 0 for 0.00, email unknown, sms unknown"}, // of somebody else
	{file: "contact_tag_added.form", answer: "ignored", then: "active, 0 for 0.00, email unknown, sms unknown"},
	{file: "unsubscribe.form", answer: "accepted", then: "unsubscribed (opt_out), 0 for 0.00, email unsubscribed, sms unknown"},
}
