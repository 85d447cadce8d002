package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ritorno/connectors/fake"
	"ritorno/internal/engine"
)

// Keys of the pretend APIs, marked like the providers'.
const (
	crmKey     = "secretKeyOfTheCRMOfTheTests"
	payKey     = "rk_test_secretKeyOfTheTests"
	hookSecret = "c2VjcmV0T2ZUaGVSZWNlaXZlck9mVGhlVGVzdHMh" // base64, behind whsec_
	oldSecret  = "b2xkIHNlY3JldCBvZiB0aGUgcmVjZWl2ZXIgLi4u"
)

// receiver is a webhook of the owner's. It believes nothing but what is signed
// with its secret, and counts the rest.
type receiver struct {
	mu     sync.Mutex
	status int // it answers with instead; 0: it takes them
	posts  int
	events []received
	bad    []string
}

type received struct {
	ID   string
	Type string
	Data struct {
		Contact struct {
			ID, Email, Phone string
			CustomerIDs      []struct{ Source, ID string } `json:"customer_ids"`
		}
		From, To, Reason, Channel, Source string
	}
}

// ServeHTTP checks the signature by the words of Standard Webhooks alone.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.posts++; r.status != 0 {
		w.WriteHeader(r.status)
		return
	}
	id, stamp := req.Header.Get("webhook-id"), req.Header.Get("webhook-timestamp")
	secret, _ := base64.StdEncoding.DecodeString(hookSecret)
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%s.%s", id, stamp, body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	at, err := strconv.ParseInt(stamp, 10, 64)
	var e received
	switch {
	case err != nil || time.Since(time.Unix(at, 0)).Abs() > 5*time.Minute:
		r.bad = append(r.bad, "time "+stamp)
	case !slices.Contains(strings.Fields(req.Header.Get("webhook-signature")), want):
		r.bad = append(r.bad, "signature "+req.Header.Get("webhook-signature"))
	case json.Unmarshal(body, &e) != nil || id == "" || req.Method != http.MethodPost:
		r.bad = append(r.bad, "body "+string(body))
	default:
		e.ID = id
		r.events = append(r.events, e)
		return
	}
	w.WriteHeader(http.StatusUnauthorized)
}

func (r *receiver) answers(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// got are the events so far, each once, as type and what changed.
func (r *receiver) got() (list []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := map[string]bool{}
	for _, e := range r.events {
		if !seen[e.ID] {
			list = append(list, strings.TrimRight(fmt.Sprintf("%s %s %s>%s %s", e.Type, e.Data.Channel, e.Data.From, e.Data.To, e.Data.Reason), " >"))
		}
		seen[e.ID] = true
	}
	return list
}

func (r *receiver) requests() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.posts
}

// everybody is an installation that tells a CRM, two shops, a payment account
// and a webhook.
type everybody struct {
	*world
	shop *fake.Shop // Shopify's
	woo  *fake.Shop
	crm  *fake.CRM
	pay  *fake.Payments
	hook *receiver
	down *atomic.Int64 // the status that all pretend APIs answer with; 0: they work
}

func tellEverybody(t *testing.T, top string) *everybody {
	t.Helper()
	e := &everybody{down: &atomic.Int64{}, hook: &receiver{}}
	fault := func(int) int { return int(e.down.Load()) }
	e.shop = fake.NewShop(fake.ShopOptions{ClientID: shopAppID, ClientSecret: shopSecret, Fault: fault})
	e.woo = fake.NewShop(fake.ShopOptions{Key: shopAppID, Secret: shopSecret, Fault: fault})
	e.crm, e.pay = fake.NewCRM(crmKey, fault), fake.NewPayments(payKey, fault)
	var urls []any
	for _, h := range []http.Handler{e.shop.Handler(), e.woo.Handler(), e.crm.Handler(), e.pay.Handler(), e.hook} {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		urls = append(urls, s.URL)
	}
	e.world = newWorld(t, worldOptions{})
	e.edit(func(src string) string {
		src = strings.Replace(src, "      shopify: {kind: shopify, secret: shpss_fixture_dev_secret}\n", fmt.Sprintf(`      shopify: {kind: shopify, secret: shpss_fixture_dev_secret, api_url: %s, api_key: %s, api_secret: %s, tell_back: {state: tag, consent: true}}
      woo: {kind: woocommerce, secret: s, api_url: %s, api_key: %s, api_secret: %s, tell_back: {state: meta, consent: true}}
      crm: {kind: activecampaign, token: secretTokenOfTheHook, api_url: %s, api_key: %s, lists: {7: sms}, tell_back: {state: tag, consent: true, fields: {state: 11, last_message: 12}}}
      stripe: {kind: stripe, secret: s, api_url: %s, api_key: %s, tell_back: {state: meta, consent: true}}
`, urls[0], shopAppID, shopSecret, urls[1], shopAppID, shopSecret, urls[2], crmKey, urls[3], payKey), 1)
		return top + src + fmt.Sprintf("    webhooks:\n      erp: {url: %s/in, secret: [whsec_%s, whsec_%s]}\n", urls[4], oldSecret, hookSecret)
	})
	return e
}

const openLoopback = "outbound: {allow: [127.0.0.0/8]}\n"

// knows makes somebody known to all of them, long ago.
func (e *everybody) knows(p person) {
	long := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	in := fake.Box{State: "SUBSCRIBED", Updated: long}
	e.shop.AddCustomer(fake.Customer{ID: int64(p.customer), Email: p.email, Phone: p.phone, Tags: []string{"vip"}, EmailBox: in, SMSBox: in})
	e.woo.AddCustomer(fake.Customer{ID: 31, Email: p.email})
	e.crm.Add(fake.CRMContact{ID: "41", Email: p.email, Lists: map[string]fake.CRMListed{"3": {Status: "1", Updated: long}, "7": {Status: "1", Updated: long}}})
	e.pay.Add(fake.Payer{ID: "cus_51", Email: p.email, Metadata: map[string]string{"theirs": "stays"}})
}

// told reports whether everybody has a contact in this state, without SMS.
func (e *everybody) told(p person, state string) bool {
	shop, _ := e.shop.Customer(int64(p.customer))
	woo, _ := e.woo.Customer(31)
	crm, tags := e.crm.Contact("41")
	pay := e.pay.Metadata("cus_51")
	return slices.Equal(shop.Tags, []string{"vip", "ritorno-" + state}) && shop.SMSBox.State == "UNSUBSCRIBED" && shop.EmailBox.State == "SUBSCRIBED" &&
		woo.Meta["_ritorno_state"] == state && woo.Meta["_ritorno_sms_consent"] == "unsubscribed" && woo.Meta["_ritorno_email_consent"] == "" &&
		slices.Equal(tags, []string{"ritorno-" + state, "ritorno-sms-unsubscribed"}) && crm.Lists["3"].Status == "1" && crm.Lists["7"].Status == "2" && crm.Fields["11"] == state &&
		pay["ritorno_state"] == state && pay["ritorno_sms_consent"] == "unsubscribed" && pay["theirs"] == "stays"
}

func (e *everybody) stops(p person) {
	e.t.Helper()
	status, err := e.fake.Reply(e.t.Context(), smsNumber, p.phone, "STOP", e.url+"/callbacks/twilio/inbound")
	if err != nil || status != http.StatusOK {
		e.t.Fatalf("STOP answered %d, %v", status, err)
	}
}

// An opt-out by STOP arrives in every system of the owner's, and at a receiver
// that verifies the signature itself; what the shop answers with by webhook
// changes nothing.
func TestSTOPIsToldToEverybody(t *testing.T) {
	t.Parallel()
	e := tellEverybody(t, openLoopback)
	e.serve("--dev-clock")
	anna := someone("Anna", 1)
	e.knows(anna)
	start := time.Date(2027, 3, 2, 8, 0, 0, 0, time.UTC)
	e.clockTo(start)
	e.order(anna, 1001, start, bySMS|byMail)
	e.clockTo(start.Add(31 * 24 * time.Hour))
	e.stops(anna)
	until(t, "everybody is told", func() bool { return e.told(anna, "dormant") })
	want := []string{
		"contact.consent_changed email unknown>subscribed", "contact.consent_changed sms unknown>subscribed", "contact.state_changed  >active",
		"contact.state_changed  active>dormant inactive", "message.sent sms", "contact.consent_changed sms subscribed>unsubscribed",
	}
	until(t, "the receiver has all events", func() bool { return len(e.hook.got()) >= len(want) })
	if got := e.hook.got(); !slices.Equal(got, want) || len(e.hook.bad) > 0 {
		t.Fatalf("got\n\t%s\nwant\n\t%s\nnot believed: %v", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"), e.hook.bad)
	}
	if c := e.hook.events[5].Data.Contact; c.Email != anna.email || c.Phone != anna.phone || len(c.CustomerIDs) != 1 || c.CustomerIDs[0].ID != strconv.Itoa(anna.customer) {
		t.Errorf("the event is about %+v", c)
	}
	until(t, "nothing waits", func() bool { return strings.Count(e.outgoing(), "\n") == 1 })

	before := e.record(anna.email)
	writes := e.shop.Writes() + e.woo.Writes() + e.crm.Writes() + e.pay.Requests() + e.hook.requests()
	box, _ := e.shop.Customer(int64(anna.customer))
	at := box.SMSBox.Updated.Format(time.RFC3339)
	for topic, body := range map[string]string{
		"customers/update":                   fmt.Sprintf(`{"id":%d,"email":%q,"phone":%q,"first_name":"Anna","created_at":"2026-01-01T09:00:00Z","updated_at":%q,"tags":"vip, ritorno-dormant","state":"enabled"}`, anna.customer, anna.email, anna.phone, at),
		"customers_marketing_consent/update": fmt.Sprintf(`{"id":%d,"phone":%q,"sms_marketing_consent":{"state":"unsubscribed","opt_in_level":"single_opt_in","consent_updated_at":%q}}`, anna.customer, anna.phone, at),
	} {
		e.roundTrip(shopifyRequest(t.Context(), e.url, topic, "echo-"+topic, body)).is(200)
	}
	e.clockTo(start.Add(31*24*time.Hour + time.Minute))
	after := e.record(anna.email)
	if b, a := fmt.Sprint(before.State, before.StateSince, before.Consent, before.Timeline), fmt.Sprint(after.State, after.StateSince, after.Consent, after.Timeline); a != b {
		t.Errorf("the shop's answer changed\n%s\nto\n%s", b, a)
	}
	if out := e.outgoing(); strings.Count(out, "\n") != 1 {
		t.Errorf("it is told round and round:\n%s", out)
	}
	if n := e.shop.Writes() + e.woo.Writes() + e.crm.Writes() + e.pay.Requests() + e.hook.requests(); n != writes {
		t.Errorf("%d calls more", n-writes)
	}
	for _, not := range []string{anna.email, anna.phone, crmKey, payKey, shopSecret, hookSecret} {
		if strings.Contains(e.log.String(), not) {
			t.Errorf("%q is in the log", not)
		}
	}
}

// outgoing is what the command lists.
func (e *everybody) outgoing(args ...string) string {
	e.t.Helper()
	out, errs, code := e.run(append([]string{"outgoing", "list"}, args...)...)
	if code != 0 {
		e.t.Fatalf("outgoing list: exit %d: %s", code, errs)
	}
	return out
}

// A kill between the change and the telling loses nothing: what was acknowledged
// is told once everybody is back, and the operator sees it wait meanwhile.
func TestAKillLosesNothingThatWaits(t *testing.T) {
	t.Parallel()
	e := tellEverybody(t, openLoopback)
	e.serve("--dev-clock")
	anna := someone("Anna", 1)
	e.knows(anna)
	start := time.Date(2027, 3, 2, 8, 0, 0, 0, time.UTC)
	e.clockTo(start)
	e.order(anna, 1001, start, bySMS|byMail)
	e.clockTo(start.Add(31 * 24 * time.Hour))
	until(t, "dormant is told", func() bool { return e.pay.Metadata("cus_51")["ritorno_state"] == "dormant" && len(e.hook.got()) == 5 })
	e.down.Store(503)
	e.hook.answers(503)
	e.stops(anna)
	e.kill() // as soon as the STOP was answered
	e.serve("--dev-clock")
	until(t, "somebody was tried in vain", func() bool { return strings.Contains(e.outgoing(), "status 503") })
	if out, errs, code := e.run("doctor"); code != 0 || !strings.Contains(out, "outgoing_failing") {
		t.Errorf("doctor: exit %d\n%s%s", code, out, errs)
	}
	e.api(t)
	e.kill()
	e.down.Store(0)
	e.hook.answers(0)
	e.serve("--dev-clock")
	if out, errs, code := e.run("outgoing", "replay", "--all"); code != 0 || !strings.Contains(out, "is tried now by serve") {
		t.Fatalf("replay: exit %d: %s%s", code, out, errs)
	}
	until(t, "everybody is told", func() bool { return e.told(anna, "dormant") })
	until(t, "the receiver has the opt-out", func() bool {
		got := e.hook.got()
		return len(got) == 6 && got[5] == "contact.consent_changed sms subscribed>unsubscribed"
	})
}

// api looks at the queue as a program does.
func (e *everybody) api(t *testing.T) {
	t.Helper()
	owner := []string{"Authorization", "Bearer " + e.token("owner")}
	var list struct{ Outgoing []engine.Outgoing }
	e.send(http.MethodGet, "/api/v1/outgoing?shop=bottega", "", owner...).is(200).into(&list)
	i := slices.IndexFunc(list.Outgoing, func(o engine.Outgoing) bool { return o.Destination == "webhook.erp" })
	if i < 0 {
		t.Fatalf("%+v", list)
	}
	id := list.Outgoing[i].ID
	e.send(http.MethodGet, "/api/v1/outgoing/"+id+"?shop=bottega", "", owner...).is(200)
	e.send(http.MethodPost, "/api/v1/outgoing/"+id+"/replay?shop=bottega", "", owner...).is(204)
	e.send(http.MethodPost, "/api/v1/outgoing/"+id+"/replay?shop=bottega", "", "Authorization", "Bearer "+e.token("support")).problem(403, "role_too_low")
	e.send(http.MethodGet, "/api/v1/outgoing/nobody?shop=bottega", "", owner...).problem(404, "not_found")
	e.send(http.MethodDelete, "/api/v1/outgoing/000000000000.webhook.erp?shop=bottega", "", owner...).problem(404, "not_found")
	if out, _, code := e.run("outgoing", "show", id); code != 0 || !strings.Contains(out, "contact.consent_changed") {
		t.Errorf("show: exit %d: %s", code, out)
	}
	if _, errs, code := e.run("outgoing", "drop", "000000000000.webhook.erp"); code != 1 || !strings.Contains(errs, "ritorno outgoing list") {
		t.Errorf("drop: exit %d: %s", code, errs)
	}
	for _, text := range []string{e.outgoing("--json"), e.outgoing()} {
		if strings.Contains(text, "@example.com") || strings.Contains(text, "+39333") {
			t.Errorf("an address in %s", text)
		}
	}
}

// Addresses inside the operator's network are not called unless he opens it.
func TestInternalDestinationsAreNotCalled(t *testing.T) {
	t.Parallel()
	e := tellEverybody(t, "")
	e.serve("--dev-clock")
	anna := someone("Anna", 1)
	e.knows(anna)
	start := time.Date(2027, 3, 2, 8, 0, 0, 0, time.UTC)
	e.clockTo(start)
	e.order(anna, 1001, start, bySMS|byMail)
	e.clockTo(start.Add(31 * 24 * time.Hour))
	until(t, "all five are refused", func() bool { return strings.Count(e.outgoing(), "outbound.allow") == 5 })
	if n := e.shop.Requests() + e.woo.Requests() + e.crm.Requests() + e.pay.Requests() + e.hook.requests(); n != 0 {
		t.Errorf("%d requests", n)
	}
	if out, _, code := e.run("outgoing", "drop", "--destination", "webhook.erp"); code != 0 || !strings.Contains(out, "1 dropped") || strings.Contains(e.outgoing(), "webhook.erp") {
		t.Errorf("drop: exit %d: %s", code, out)
	}
}
