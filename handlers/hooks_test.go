package handlers_test

import (
	"bytes"
	"compress/gzip"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ritorno/handlers"
	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

const orderBody = `{"id":820982911946154508,"email":"anna@example.com","created_at":"2027-03-01T10:00:00Z","updated_at":"2027-03-01T10:00:00Z",` +
	`"currency":"EUR","total_price":"49.90","financial_status":"paid","test":false,"line_items":[],` +
	`"customer":{"id":115310627314723954,"email":"anna@example.com","first_name":"Anna"}}`

func (r *rig) shopify(body string, header ...string) answer {
	r.Helper()
	h := append([]string{
		"X-Shopify-Topic", "orders/create", "X-Shopify-Hmac-Sha256", shopifySign([]byte(body)), "X-Shopify-Webhook-Id", "w1",
		"X-Shopify-Shop-Domain", "rossi.myshopify.com", "X-Shopify-Triggered-At", "2027-03-01T10:00:01Z", "Content-Type", "application/json",
	}, header...)
	return r.send("POST", "/hooks/bottega/shopify", body, h...)
}

func (r *rig) deadLetters() []store.DeadLetter {
	r.Helper()
	all, err := r.store.ListDead(r.Context(), "bottega", "", 100)
	if err != nil {
		r.Fatal(err)
	}
	return all
}

func (r *rig) contacts() int64 {
	r.Helper()
	n, err := r.store.Contacts(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	return n
}

func TestASignedOrderIsStoredOnceHoweverOftenItComes(t *testing.T) {
	r := open(t)
	var first, second handlers.Accepted
	r.shopify(orderBody).is(200).into(&first)
	if first != (handlers.Accepted{Accepted: true}) {
		t.Errorf("first delivery: %+v", first)
	}
	r.shopify(orderBody).is(200).into(&second)
	if !second.Accepted || !second.Duplicate {
		t.Errorf("second delivery: %+v, want accepted as a duplicate", second)
	}
	if c := r.find("anna@example.com"); len(c.Orders) != 1 || c.Orders[0].ID != "820982911946154508" {
		t.Errorf("orders of the contact: %+v", c.Orders)
	}
	st, err := r.store.SourceStatus(t.Context(), "bottega", "shopify")
	if err != nil {
		t.Fatal(err)
	}
	if st.LastTopic != "orders/create" || st.Domain != "rossi.myshopify.com" || st.Counts[store.OutcomeAccepted] != 1 || st.Counts[store.OutcomeDuplicate] != 1 {
		t.Errorf("status of the source: %+v", st)
	}
}

func TestBadInputOfHooks(t *testing.T) {
	r := open(t)
	sign := func(body string) []string {
		return []string{"X-Shopify-Topic", "orders/create", "X-Shopify-Hmac-Sha256", shopifySign([]byte(body))}
	}
	zipped := gzipped(t, orderBody)
	tests := map[string]struct {
		target, body string
		header       []string
		status       int
		code         string
		dead         int
	}{
		"an unknown shop":                       {"/hooks/nobody/shopify", orderBody, sign(orderBody), 404, "not_found", 0},
		"an unknown source":                     {"/hooks/bottega/magento", orderBody, sign(orderBody), 404, "not_found", 0},
		"a source of another shop":              {"/hooks/teashop/shopify", orderBody, sign(orderBody), 404, "not_found", 0},
		"no signature":                          {"/hooks/bottega/shopify", orderBody, nil, 401, "bad_signature", 0},
		"a forged signature":                    {"/hooks/bottega/shopify", orderBody, sign(orderBody + " "), 401, "bad_signature", 0},
		"a body cut short under its signature":  {"/hooks/bottega/shopify", orderBody[:100], sign(orderBody), 401, "bad_signature", 0},
		"a wrong token in the URL":              {"/hooks/bottega/crm?token=guess", "x", nil, 401, "bad_signature", 0},
		"a body over 1 MiB":                     {"/hooks/bottega/shopify", strings.Repeat(" ", 1<<20+1), nil, 413, "body_too_large", 0},
		"a compressed body":                     {"/hooks/bottega/shopify", zipped, append(sign(zipped), "Content-Encoding", "gzip"), 415, "content_encoding", 0},
		"nothing, signed":                       {"/hooks/bottega/shopify", "", sign(""), 200, "", 1},
		"half an object, signed":                {"/hooks/bottega/shopify", orderBody[:50], sign(orderBody[:50]), 200, "", 1},
		"an array where an object belongs":      {"/hooks/bottega/shopify", "[]", sign("[]"), 200, "", 1},
		"bytes that are no UTF-8, signed":       {"/hooks/bottega/shopify", "{\"id\":1,\"email\":\"\xff\xfe\"}", sign("{\"id\":1,\"email\":\"\xff\xfe\"}"), 200, "", 1},
		"a field of the wrong type, signed":     {"/hooks/bottega/shopify", `{"id":{"a":1},"email":[1,2]}`, sign(`{"id":{"a":1},"email":[1,2]}`), 200, "", 1},
		"a body nested 5,000 deep, signed":      {"/hooks/bottega/shopify", deep(5000), sign(deep(5000)), 200, "", 1},
		"a connector that panics":               {"/hooks/bottega/crm?token=crm-token-of-the-tests", "panic", nil, 200, "", 1},
		"a set-up call":                         {"/hooks/bottega/crm?token=ping", "webhook_id=7", nil, 200, "", 0},
		"a topic that we do not use":            {"/hooks/bottega/crm?token=crm-token-of-the-tests", "unused", nil, 200, "", 0},
		"news of an order nobody knows":         {"/hooks/bottega/crm?token=crm-token-of-the-tests", "nobody knows", nil, 200, "", 0},
		"a shop that disconnected":              {"/hooks/bottega/crm?token=crm-token-of-the-tests", "gone", nil, 200, "", 0},
		"a GET where only POST belongs":         {"GET /hooks/bottega/shopify", "", nil, 405, "method_not_allowed", 0},
		"a path with more parts than the route": {"/hooks/bottega/shopify/more", orderBody, sign(orderBody), 404, "not_found", 0},
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			r := &rig{T: t, http: r.http, store: r.store, engine: r.engine, log: r.log}
			before := len(r.deadLetters())
			method, target, found := strings.Cut(c.target, " ")
			if !found {
				method, target = "POST", c.target
			}
			a := r.send(method, target, c.body, c.header...).is(c.status)
			if a.code() != c.code {
				t.Errorf("code %q, want %q", a.code(), c.code)
			}
			if c.status == 200 && !strings.Contains(a.Body.String(), `"accepted":true`) {
				t.Errorf("answer %s does not say accepted", a.Body)
			}
			if got := len(r.deadLetters()) - before; got != c.dead {
				t.Errorf("%d dead letters, want %d", got, c.dead)
			}
			if n := r.contacts(); n != 0 {
				t.Errorf("%d contacts were made", n)
			}
		})
	}
	for _, secret := range []string{shopifySecret, "crm-token-of-the-tests", "anna@example.com", "token=guess", erpToken} {
		if strings.Contains(r.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	for _, l := range r.deadLetters() {
		if strings.Contains(l.Query, "token") {
			t.Errorf("a dead letter kept the token: %q", l.Query)
		}
	}
}

func TestAnswersOfHooksSayWhatBecameOfTheDelivery(t *testing.T) {
	r := open(t)
	crm := func(body string) (out handlers.Accepted) {
		r.send("POST", "/hooks/bottega/crm?token=crm-token-of-the-tests", body).is(200).into(&out)
		return out
	}
	for body, want := range map[string]handlers.Accepted{
		"unused":       {Accepted: true, Ignored: true},
		"nobody knows": {Accepted: true, Parked: true},
		"gone":         {Accepted: true},
		"nonsense":     {Accepted: true, Dead: true},
	} {
		if got := crm(body); got != want {
			t.Errorf("%q: %+v, want %+v", body, got, want)
		}
	}
	st, err := r.store.SourceStatus(t.Context(), "bottega", "crm")
	if err != nil {
		t.Fatal(err)
	}
	if st.Gone.IsZero() {
		t.Error("the source is not marked as disconnected")
	}
	if st.Counts[store.OutcomeDead] != 1 || st.Counts[store.OutcomeIgnored] != 1 || st.Counts[store.OutcomeParked] != 1 {
		t.Errorf("counts %v", st.Counts)
	}
}

func TestFailedSignaturesAreLimitedByAddressAndGoodOnesAreNot(t *testing.T) {
	r := open(t)
	status := map[int]int{}
	for range 400 {
		status[r.send("POST", "/hooks/bottega/shopify", "{}", "X-Shopify-Hmac-Sha256", "AAAA").Code]++
	}
	if status[401] < 300 || status[429] == 0 {
		t.Errorf("answers of 400 forged deliveries: %v; want at least 300 times 401, then 429", status)
	}
	r.shopify(orderBody).is(200)
	// The test's own address is public, so nobody may name another: a caller who
	// could hide would be refused with 401 each time. (A few tries come back
	// with time, so one answer alone proves nothing.)
	hidden := map[int]int{}
	for range 100 {
		hidden[r.send("POST", "/hooks/bottega/shopify", "{}", "X-Shopify-Hmac-Sha256", "AAAA", "X-Forwarded-For", "203.0.113.9").Code]++
	}
	if hidden[429] == 0 {
		t.Errorf("a caller hid behind X-Forwarded-For: %v", hidden)
	}
}

func TestOnlyTrustedProxiesNameTheCaller(t *testing.T) {
	r := open(t)
	forged := func(from string) answer {
		req := httptest.NewRequest("POST", "/hooks/bottega/shopify", strings.NewReader("{}"))
		req.RemoteAddr = "10.1.2.3:4000"
		req.Header.Set("X-Forwarded-For", from)
		a := answer{httptest.NewRecorder(), t, r.log}
		r.http.ServeHTTP(a, req)
		return a
	}
	for range 400 {
		forged("203.0.113.9")
	}
	forged("203.0.113.9").is(429)
	forged("203.0.113.10").is(401)
}

func TestWithoutTheStoreNothingIsAcknowledged(t *testing.T) {
	node := redistest.NewNode(t)
	r := openOn(t, node.URL)
	r.shopify(orderBody).is(200)
	node.Stop(t)
	a := r.shopify(strings.ReplaceAll(orderBody, "anna@", "bea@"), "X-Shopify-Webhook-Id", "w2").is(503)
	if a.code() != "store_unavailable" || a.Header().Get("Retry-After") == "" {
		t.Errorf("code %q, Retry-After %q", a.code(), a.Header().Get("Retry-After"))
	}
	r.send("POST", "/hooks/bottega/crm?token=crm-token-of-the-tests", "nonsense").is(503)
	r.send("POST", "/hooks/bottega/shopify", "{}", "X-Shopify-Hmac-Sha256", "AAAA").is(401)
	r.get("/healthz").is(200)
	r.get("/readyz").is(503)
	r.get("/metrics").is(200)
	node.Start(t)
	deadline := time.Now().Add(20 * time.Second)
	for r.get("/readyz").Code != 200 {
		if time.Now().After(deadline) {
			t.Fatal("not ready again within 20 s")
		}
	}
	r.shopify(strings.ReplaceAll(orderBody, "anna@", "bea@"), "X-Shopify-Webhook-Id", "w2").is(200)
}

func deep(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
