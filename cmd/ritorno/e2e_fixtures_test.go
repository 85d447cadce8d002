package main

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/connectors/connectorstest"
	"ritorno/handlers"
	"ritorno/internal/lifecycle"
)

// posted is one recorded request, ready to be sent.
type posted struct {
	file, source string
	header       http.Header
	body         string
	triggered    time.Time // what the sender says; zero: nothing
}

// recorded reads the requests of a collection in the order of its list.
func recorded(t *testing.T, c connectorstest.Collection, source string) []posted {
	t.Helper()
	var all []posted
	for i, r := range c.Requests {
		req := c.Request(t, i)
		p := posted{file: r.File, source: source, header: req.Header, body: string(req.Body)}
		for _, name := range []string{"X-Shopify-Triggered-At", "shopify-triggered-at"} {
			if at, err := time.Parse(time.RFC3339Nano, req.Header.Get(name)); err == nil {
				p.triggered = at
			}
		}
		var body struct{ Timestamp time.Time }
		if json.Unmarshal(req.Body, &body) == nil && p.triggered.IsZero() {
			p.triggered = body.Timestamp
		}
		all = append(all, p)
	}
	return all
}

// post sends it and tells the answer in one word.
func (w *world) post(p posted) string {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/hooks/bottega/"+p.source, strings.NewReader(p.body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header = p.header
	a := w.roundTrip(req)
	if a.status != http.StatusOK {
		return strconv.Itoa(a.status)
	}
	var got handlers.Accepted
	a.into(&got)
	if !got.Accepted {
		w.t.Errorf("%s: 200 without accepted: %s", p.file, a.body)
	}
	switch {
	case got.Dead:
		return "dead"
	case got.Duplicate:
		return "duplicate"
	case got.Parked:
		return "parked"
	case got.Ignored:
		return "ignored"
	}
	return "accepted"
}

// signNow makes a Standard Webhooks request as if it were sent just now, by
// the scheme that its signature names.
func (p posted) signNow(secret string) posted {
	p.header = p.header.Clone()
	family := "webhook-"
	if p.header.Get("svix-id") != "" {
		family = "svix-"
	}
	if p.header.Get(family+"id") == "" { // a bearer token, which the configuration refuses: sign it
		p.header.Set(family+"id", "msg_"+strings.TrimSuffix(p.file, ".json"))
	}
	p.header.Del("Authorization")
	at := strconv.FormatInt(time.Now().Unix(), 10)
	signed := fmt.Appendf(nil, "%s.%s.%s", p.header.Get(family+"id"), at, p.body)
	signature := "v1," + base64.StdEncoding.EncodeToString(macOf(secret, signed))
	if strings.HasPrefix(p.header.Get(family+"signature"), "v1a,") {
		seed := sha256.Sum256([]byte("ritorno sample sender, not a secret"))
		signature = "v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(ed25519.NewKeyFromSeed(seed[:]), signed))
	}
	p.header.Set(family+"timestamp", at)
	p.header.Set(family+"signature", signature)
	return p
}

func macOf(secret string, text []byte) []byte {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		panic(err) // a constant of the tests
	}
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}

// summary is what support sees of somebody, in one line.
func (w *world) summary(who string) string {
	w.t.Helper()
	a := w.look(who)
	if a.status == http.StatusNotFound {
		return "unknown"
	}
	var st lifecycle.Status
	a.is(200).into(&st)
	why := ""
	if st.StateReason != "" {
		why = " (" + string(st.StateReason) + ")"
	}
	return fmt.Sprintf("%s%s, %d for %s, email %s, sms %s", st.State, why, st.Orders, st.Spent, st.Consent["email"].State, st.Consent["sms"].State)
}

// row says what becomes of one recorded request.
type row struct {
	file, answer string
	then         string // what support sees of the collection's person afterwards
	again        string // the answer to the same delivery once more; empty: duplicate if it was accepted, else the same
}

func (r row) repeated() string {
	switch {
	case r.again != "":
		return r.again
	case r.answer == "accepted":
		return "duplicate"
	}
	return r.answer
}

// ownShopify is examples/requests/shopify, whose person is Anna.
var ownShopify = []row{
	{file: "order-created-pending.json", answer: "accepted", then: "active, 1 for 49.90, email subscribed, sms unknown"},
	{file: "order-paid.json", answer: "accepted", then: "active, 1 for 49.90, email subscribed, sms unknown"},
	{file: "order-fulfilled-new-headers.json", answer: "accepted", then: "active, 1 for 49.90, email subscribed, sms unknown"},
	{file: "order-updated-partially-refunded.json", answer: "accepted", then: "active, 1 for 39.90, email subscribed, sms unknown"},
	{file: "refund-created.json", answer: "accepted", then: "active, 1 for 39.90, email subscribed, sms unknown"},
	{file: "refund-without-money.json", answer: "ignored", then: "active, 1 for 39.90, email subscribed, sms unknown"},
	{file: "refund-in-the-buyers-currency.json", answer: "accepted", then: "active, 1 for 39.90, email subscribed, sms unknown"},
	{file: "order-updated-refunded.json", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms unknown"},
	{file: "order-cancelled.json", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms unknown"},
	{file: "order-deleted.json", answer: "accepted", then: "active, 0 for 0.00, email subscribed, sms unknown"},
	{file: "order-renewal.json", answer: "accepted", then: "active, 1 for 49.90, email subscribed, sms unknown"},
	{file: "order-imported-in-yen.json", answer: "accepted", then: "returning (came_back), 2 for 49.90, email subscribed, sms unknown"},
	{file: "order-free-customer-known-by-id.json", answer: "accepted", then: "active (second_order), 3 for 49.90, email subscribed, sms unknown"},
	{file: "order-at-the-till.json", answer: "ignored", then: "active (second_order), 3 for 49.90, email subscribed, sms unknown"},
	{file: "order-test.json", answer: "ignored", then: "active (second_order), 3 for 49.90, email subscribed, sms unknown"},
	{file: "order-edited.json", answer: "ignored", then: "active (second_order), 3 for 49.90, email subscribed, sms unknown"},
	{file: "order-created-2024-10.json", answer: "accepted", then: "active (second_order), 4 for 99.80, email subscribed, sms subscribed"},
	{file: "customer-created.json", answer: "accepted", then: "active (second_order), 4 for 99.80, email subscribed, sms subscribed"},
	{file: "customer-updated.json", answer: "accepted", then: "active (second_order), 4 for 99.80, email unknown, sms subscribed"},
	{file: "customer-updated-2024-10.json", answer: "accepted", then: "active (second_order), 4 for 99.80, email unknown, sms subscribed"},
	{file: "customer-deleted.json", answer: "accepted", then: "dormant (inactive), 4 for 99.80, email unknown, sms unknown"},
	{file: "customers-merged.json", answer: "accepted", then: "dormant (inactive), 4 for 99.80, email unknown, sms unknown"},
	{file: "customers-merge-in-progress.json", answer: "ignored", then: "dormant (inactive), 4 for 99.80, email unknown, sms unknown"},
	{file: "email-consent-subscribed.json", answer: "accepted", then: "dormant (inactive), 4 for 99.80, email unknown, sms unknown"},
	{file: "email-consent-never-given.json", answer: "accepted", then: "dormant (inactive), 4 for 99.80, email unknown, sms unknown"},
	{file: "email-consent-null.json", answer: "ignored", then: "dormant (inactive), 4 for 99.80, email unknown, sms unknown"},
	{file: "email-consent-redacted.json", answer: "accepted", then: "dormant (inactive), 4 for 99.80, email unsubscribed, sms unknown"},
	{file: "sms-consent-unsubscribed.json", answer: "accepted", then: "unsubscribed (opt_out), 4 for 99.80, email unsubscribed, sms unsubscribed"},
	{file: "subscription-created.json", answer: "accepted", then: "unsubscribed (opt_out), 4 for 99.80, email unsubscribed, sms unsubscribed"},
	{file: "subscription-paused.json", answer: "accepted", then: "unsubscribed (opt_out), 4 for 99.80, email unsubscribed, sms unsubscribed"},
	{file: "subscription-activated.json", answer: "accepted", then: "unsubscribed (opt_out), 4 for 99.80, email unsubscribed, sms unsubscribed"},
	{file: "subscription-cancelled.json", answer: "accepted", then: "unsubscribed (opt_out), 4 for 99.80, email unsubscribed, sms unsubscribed"},
	{file: "subscription-expired.json", answer: "accepted", then: "unsubscribed (opt_out), 4 for 99.80, email unsubscribed, sms unsubscribed"},
	{file: "subscription-failed.json", answer: "accepted", then: "unsubscribed (opt_out), 4 for 99.80, email unsubscribed, sms unsubscribed"},
	{file: "billing-succeeded.json", answer: "accepted", then: "unsubscribed (opt_out), 4 for 99.80, email unsubscribed, sms unsubscribed"},
	{file: "billing-failed.json", answer: "ignored", then: "unsubscribed (opt_out), 4 for 99.80, email unsubscribed, sms unsubscribed"},
	{file: "data-requested.json", answer: "accepted", then: "unsubscribed (opt_out), 4 for 99.80, email unsubscribed, sms unsubscribed"},
	{file: "customer-redacted.json", answer: "accepted", then: "unknown", again: "ignored"},
	{file: "shop-redacted.json", answer: "accepted", then: "unknown", again: "accepted"},
	{file: "app-uninstalled.json", answer: "accepted", then: "unknown", again: "accepted"},
}

// ownWebhook is examples/requests/webhook, each signed anew: what was recorded
// is too old. The untidy order has a national number and a country's name, so
// its number is read as one of the shop's country: another number than the one
// that Anna agreed to be written to.
var ownWebhook = []row{
	{file: "order-created.json", answer: "accepted", then: "active, 1 for 49.90, email subscribed, sms subscribed"},
	{file: "order-created-unpaid.json", answer: "accepted", then: "active, 2 for 99.80, email subscribed, sms subscribed"},
	{file: "order-paid.json", answer: "accepted", then: "active, 2 for 99.80, email subscribed, sms subscribed"},
	{file: "order-paid-untidy.json", answer: "accepted", then: "active, 3 for 1334.30, email subscribed, sms unknown"},
	{file: "order-updated-partly-refunded.json", answer: "accepted", then: "active, 3 for 1321.80, email subscribed, sms unknown"},
	{file: "order-cancelled.json", answer: "accepted", then: "active, 2 for 1271.90, email subscribed, sms unknown"},
	{file: "order-refunded.json", answer: "accepted", then: "active, 2 for 1271.90, email subscribed, sms unknown"},
	{file: "order-refunded-whole.json", answer: "accepted", then: "active, 1 for 1234.50, email subscribed, sms unknown"},
	{file: "subscription-started.json", answer: "accepted", then: "active, 1 for 1234.50, email subscribed, sms unknown"},
	{file: "subscription-renewed.json", answer: "accepted", then: "active, 2 for 1284.40, email subscribed, sms unknown"},
	{file: "subscription-renewed-without-order.json", answer: "accepted", then: "returning (renewed), 2 for 1284.40, email subscribed, sms unknown"},
	{file: "subscription-paused.json", answer: "accepted", then: "returning (renewed), 2 for 1284.40, email subscribed, sms unknown"},
	{file: "subscription-cancelled.json", answer: "accepted", then: "cancelled (cancelled), 2 for 1284.40, email subscribed, sms unknown"},
	{file: "payment-failed.json", answer: "accepted", then: "cancelled (cancelled), 2 for 1284.40, email subscribed, sms unknown"},
	{file: "contact-created.json", answer: "accepted", then: "cancelled (cancelled), 2 for 1284.40, email subscribed, sms unknown"},
	{file: "contact-updated.json", answer: "accepted", then: "cancelled (cancelled), 2 for 1284.40, email unknown, sms unknown"},
	{file: "contact-deleted.json", answer: "accepted", then: "cancelled (cancelled), 2 for 1284.40, email unknown, sms unknown"},
	{file: "contact-merged.json", answer: "accepted", then: "cancelled (cancelled), 2 for 1284.40, email unknown, sms unknown"},
	{file: "consent-changed.json", answer: "accepted", then: "cancelled (cancelled), 2 for 1284.40, email unsubscribed, sms unknown"},
	{file: "contact-erase.json", answer: "accepted", then: "unknown", again: "ignored"},
	{file: "unused-type.json", answer: "ignored", then: "unknown"},
}

// publishedShopify are Shopify's own samples, whose person is Bob; three of
// them are the test orders of Shopify's own notification test.
var publishedShopify = []row{
	{file: "orders-create.json", answer: "ignored", then: "unknown"},
	{file: "orders-create-2024-10.json", answer: "ignored", then: "unknown"},
	{file: "orders-updated.json", answer: "ignored", then: "unknown"},
	{file: "customers-create.json", answer: "accepted", then: "active, 0 for 0.00, email unknown, sms unknown"},
	{file: "customers-update-2024-10.json", answer: "accepted", then: "active, 0 for 0.00, email unknown, sms unknown"},
	{file: "customers_email_marketing_consent-update.json", answer: "accepted", then: "active, 0 for 0.00, email unknown, sms unknown"},
	{file: "customers-data_request.json", answer: "parked", then: "active, 0 for 0.00, email unknown, sms unknown"},
	{file: "customers-redact.json", answer: "ignored", then: "active, 0 for 0.00, email unknown, sms unknown"},
	{file: "shop-redact.json", answer: "accepted", then: "active, 0 for 0.00, email unknown, sms unknown", again: "accepted"},
	{file: "app-uninstalled.json", answer: "accepted", then: "active, 0 for 0.00, email unknown, sms unknown", again: "accepted"},
	{file: "refunds-create.json", answer: "parked", then: "active, 0 for 0.00, email unknown, sms unknown"},
	{file: "subscription_contracts-create.json", answer: "parked", then: "active, 0 for 0.00, email unknown, sms unknown"},
	{file: "subscription_billing_attempts-failure.json", answer: "parked", then: "active, 0 for 0.00, email unknown, sms unknown"},
	{file: "orders-create-shape-b2b-no-pii.json", answer: "dead", then: "active, 0 for 0.00, email unknown, sms unknown"},
	{file: "orders-paid-derived.json", answer: "accepted", then: "active, 0 for 0.00, email unknown, sms unknown"},
	{file: "orders-create-pos-no-customer-derived.json", answer: "ignored", then: "active, 0 for 0.00, email unknown, sms unknown"},
}

// walk posts all requests, each twice, and compares answers and records with
// the table. The clock goes along with the senders'.
func (w *world) walk(list []posted, table []row, who string) {
	w.t.Helper()
	if len(list) != len(table) {
		w.t.Errorf("%d requests, %d rows in the table", len(list), len(table))
	}
	var now time.Time
	for _, p := range list {
		i := slices.IndexFunc(table, func(r row) bool { return r.file == p.file })
		if i < 0 {
			w.t.Errorf("%s: a new sample: say in the table what becomes of it", p.file)
			continue
		}
		if p.triggered.After(now) {
			now = p.triggered
			w.clockTo(now)
		}
		want := table[i]
		if got := w.post(p); got != want.answer {
			w.t.Errorf("%s: %s, want %s", p.file, got, want.answer)
		}
		if got := w.summary(who); got != want.then {
			w.t.Errorf("after %s support sees %q, want %q", p.file, got, want.then)
		}
		if got := w.post(p); got != want.repeated() {
			w.t.Errorf("%s once more: %s, want %s", p.file, got, want.repeated())
		}
		if got := w.summary(who); got != want.then {
			w.t.Errorf("after %s once more support sees %q, want %q", p.file, got, want.then)
		}
	}
}

func TestOwnShopifySamplesGetTheirAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{})
	w.serve("--dev-clock")
	w.walk(recorded(t, connectorstest.Own(t, "shopify"), "shopify"), ownShopify, "9007199254740993")

	// The shop asked to forget it and uninstalled the app: shown to the owner,
	// and nothing more.
	out, errs, code := w.run("source", "status", "--json")
	var sources []handlers.SourceStatus
	if err := json.Unmarshal([]byte(out), &sources); err != nil || code != 0 || len(sources) != 2 || sources[1].LastTopic != "app/uninstalled" || sources[1].Gone == nil {
		t.Errorf("source status: exit %d, %s%s", code, out, errs)
	}
	forged := shopifyRequest(t.Context(), w.url, "orders/create", "forged", `{"id":1}`)
	forged.Header.Set("X-Shopify-Hmac-Sha256", base64.StdEncoding.EncodeToString(macOf("whsec_", []byte(`{"id":1}`))))
	w.roundTrip(forged).problem(401, "bad_signature")
}

func TestOwnWebhookSamplesGetTheirAnswers(t *testing.T) {
	t.Parallel()
	c := connectorstest.Own(t, "webhook")
	w := newWorld(t, worldOptions{})
	w.edit(func(s string) string {
		return strings.Replace(s, "secret: "+c.Secret, "secret: ["+c.Secret+", "+c.PublicKey+"]", 1)
	})
	w.serve("--dev-clock")
	var list []posted
	for _, p := range recorded(t, c, "erp") {
		if got := w.post(p); got != "401" {
			t.Errorf("%s with its old time: %s, want 401", p.file, got)
		}
		list = append(list, p.signNow(c.Secret))
	}
	w.walk(list, ownWebhook, "C-17")
}

func TestPublishedShopifySamplesGetTheirAnswers(t *testing.T) {
	t.Parallel()
	c := connectorstest.Published(t, "shopify")
	list := recorded(t, c, "shopify")
	all, err := filepath.Glob(filepath.Join(connectorstest.Fixtures(t, "shopify"), "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		switch name := filepath.Base(f); name {
		case "hmac-vectors.json", "signed-requests.json": // about signatures, and the list itself
		default:
			if !slices.ContainsFunc(list, func(p posted) bool { return p.file == name }) {
				t.Errorf("%s is posted by nobody", name)
			}
		}
	}
	w := newWorld(t, worldOptions{})
	w.serve("--dev-clock")
	w.walk(list, publishedShopify, "bob@biller.com")

	out, errs, code := w.run("status", "ada@example.com")
	want := []string{
		"Ada Example", "State active since 2026-11-20 08:00 UTC", "E-mail ada@example.com subscribed since 2026-11-20 08:00 UTC, told by shopify",
		"Phone +33639980102 unknown", "Orders 1, 404.95 EUR", "Last order 5550100200301, 404.95 EUR, 2026-11-20 08:00 UTC",
		"Next 2026-12-20 08:00 UTC: reactivation step 1, survey by email", "2026-11-20 08:00 UTC shopify Order 5550100200301, 404.95 EUR",
	}
	flat := strings.Join(strings.Fields(out), " ")
	for _, line := range want {
		if !strings.Contains(flat, line) {
			t.Errorf("status of Ada has no %q", line)
		}
	}
	if code != 0 || t.Failed() {
		t.Errorf("status: exit %d\n%s%s", code, out, errs)
	}
	st := w.status("ada@example.com")
	if diff := cmp.Diff(w.record("7001002003001"), st); diff != "" {
		t.Errorf("the command line and the route differ (-route +command):\n%s", diff)
	}

	// The sample with "example string" everywhere is kept and can be read.
	out, errs, code = w.run("deadletter", "list", "--json")
	var dead []struct{ ID, Source, Reason string }
	if err := json.Unmarshal([]byte(out), &dead); err != nil || code != 0 || len(dead) != 1 || dead[0].Source != "shopify" || !strings.HasSuffix(dead[0].Reason, "/current_total_price: not a decimal amount") {
		t.Fatalf("dead letters: exit %d, %v, %s%s", code, err, out, errs)
	}
	if out, errs, code = w.run("deadletter", "show", dead[0].ID); code != 0 || !strings.Contains(out, "example string") {
		t.Errorf("dead letter: exit %d, %s%s", code, out, errs)
	}
}

func TestPublishedStandardWebhooksGetTheirAnswers(t *testing.T) {
	t.Parallel()
	c := connectorstest.Published(t, "standard-webhooks")
	w := newWorld(t, worldOptions{})
	w.serve()
	for _, p := range recorded(t, c, "erp") {
		if got := w.post(p); got != "401" {
			t.Errorf("%s with its old time: %s, want 401", p.file, got)
		}
		fresh := p.signNow(c.Secret)
		if got := w.post(fresh); got != "accepted" {
			t.Errorf("%s signed now: %s, want accepted", p.file, got)
		}
		if got := w.post(fresh); got != "duplicate" {
			t.Errorf("%s once more: %s, want duplicate", p.file, got)
		}
		fresh.body += " "
		if got := w.post(fresh); got != "401" {
			t.Errorf("%s with another body: %s, want 401", p.file, got)
		}
	}
}
