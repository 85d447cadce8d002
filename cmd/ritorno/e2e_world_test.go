package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"ritorno/connectors/fake"
	"ritorno/internal/lifecycle"
)

// Credentials of the tests. Their texts are marked, so that a search of logs
// and answers finds them.
const (
	twilioSID   = "ACe2e0000000000000000000000000000a"
	twilioToken = "secretTwilioTokenOfTheTests00000"
	sendgridKey = "SG.secretSendGridKeyOfTheTests"
	smsNumber   = "+390600000000"
)

// world is an installation with both providers, as an outside tester has it:
// he posts, reads status pages and looks into the providers' outboxes.
type world struct {
	*instance
	fake   *fake.Provider
	front  *front
	tokens map[string]string // by role
	errors *refusals
}

// refusals are the bodies of all answers that refused something.
type refusals struct {
	mu     sync.Mutex
	bodies []string
}

// worldOptions are what a test wants differently.
type worldOptions struct {
	fate  func(fake.Sent) fake.Fate
	down  bool     // the providers' port refuses connections until front.up
	lines []string // of the shop
}

// newWorld writes the configuration and starts the providers; serve is up to
// the test.
func newWorld(t *testing.T, o worldOptions) *world {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	f := newFront(t)
	in := newInstance(t, fmt.Sprintf(`twilio: {account_sid: %s, auth_token: %s, from: "%s", rate: 1000, base_url: %s}
sendgrid:
  api_key: %s
  from: {email: ciao@bottega.example, name: Bottega Rossi}
  base_url: %s
  webhook_public_key: %s`, twilioSID, twilioToken, smsNumber, f.url, sendgridKey, f.url, base64.StdEncoding.EncodeToString(der)), o.lines...)
	w := &world{instance: in, front: f, tokens: map[string]string{}, errors: &refusals{}}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of the service's log:\n%s", lastLines(in.log.String(), 30))
		}
	})
	w.fake = fake.New(fake.Options{
		AccountSID: twilioSID, AuthToken: twilioToken, APIKey: sendgridKey, SendGridKey: key,
		EventsURL: in.url + "/callbacks/sendgrid/events", CallbackClient: &http.Client{Timeout: 20 * time.Second}, Fate: o.fate,
	})
	t.Cleanup(w.fake.Close)
	f.behind(w.fake.Handler())
	if !o.down {
		f.up()
	}
	return w
}

// during is the same world for a subtest.
func (w *world) during(t *testing.T) *world {
	in, copied := *w.instance, *w
	in.t, copied.instance = t, &in
	return &copied
}

func lastLines(text string, n int) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// edit changes the configuration before serve.
func (in *instance) edit(change func(string) string) {
	in.t.Helper()
	src, err := os.ReadFile(in.config())
	if err != nil {
		in.t.Fatal(err)
	}
	after := change(string(src))
	if after == string(src) {
		in.t.Fatal("the change of the configuration changed nothing")
	}
	if err := os.WriteFile(in.config(), []byte(after), 0o600); err != nil {
		in.t.Fatal(err)
	}
}

// answer is what the service said.
type answer struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   string
}

// is ends the test unless the status is as expected.
func (a answer) is(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: answered %d, want %d: %s", a.what, a.status, status, a.body)
	}
	return a
}

// problem checks an error answer's form and code.
func (a answer) problem(status int, code string) answer {
	a.t.Helper()
	a.is(status)
	var p struct {
		Code   string `json:"code"`
		Status int    `json:"status"`
		Title  string `json:"title"`
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || p.Code != code || p.Status != status || p.Title == "" ||
		a.header.Get("Content-Type") != "application/problem+json" {
		a.t.Errorf("%s: answered %s %s, want a problem with code %s", a.what, a.header.Get("Content-Type"), a.body, code)
	}
	return a
}

func (a answer) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		a.t.Fatalf("%s: %v in %s", a.what, err, a.body)
	}
}

// client never follows redirects: an outside tester looks at them.
var client = &http.Client{
	Timeout:       60 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// send makes one request. header is pairs of name and value.
func (w *world) send(method, path, body string, header ...string) answer {
	w.t.Helper()
	target := path
	if !strings.HasPrefix(path, "http") {
		target = w.url + path
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return w.roundTrip(req)
}

func (w *world) roundTrip(req *http.Request) answer {
	w.t.Helper()
	resp, err := client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if resp.StatusCode >= 400 {
		w.errors.mu.Lock()
		w.errors.bodies = append(w.errors.bodies, string(b))
		w.errors.mu.Unlock()
	}
	return answer{w.t, req.Method + " " + req.URL.Path, resp.StatusCode, resp.Header, string(b)}
}

// clock moves the program's clock and returns when that is done.
func (w *world) clock(body string) time.Time {
	w.t.Helper()
	var now struct{ Now time.Time }
	w.send(http.MethodPut, "/dev/clock", body).is(200).into(&now)
	return now.Now
}

func (w *world) clockTo(at time.Time) {
	w.t.Helper()
	w.clock(fmt.Sprintf(`{"now":%q}`, at.UTC().Format(time.RFC3339Nano)))
}

// token makes a token by the command line, once for each role.
func (w *world) token(role string) string {
	w.t.Helper()
	if w.tokens[role] == "" {
		out, errs, code := w.run("token", "create", "--role", role, "--name", "e2e "+role)
		if code != 0 || strings.Count(out, "\n") != 1 {
			w.t.Fatalf("token create: exit %d, stdout %q, stderr %q", code, out, errs)
		}
		w.tokens[role] = strings.TrimSpace(out)
	}
	return w.tokens[role]
}

// look asks for somebody's status page as support does.
func (w *world) look(who string) answer {
	w.t.Helper()
	return w.send(http.MethodGet, "/status/"+url.PathEscape(who)+"?shop=bottega", "", "Authorization", "Bearer "+w.token("support"))
}

// record is the status of somebody who is known.
func (w *world) record(who string) lifecycle.Status {
	w.t.Helper()
	var st lifecycle.Status
	w.look(who).is(200).into(&st)
	return st
}

// outbox is what one person got so far, by SMS and e-mail.
func (w *world) outbox(p person) []fake.Sent {
	var got []fake.Sent
	for _, s := range w.fake.Outbox() {
		if s.To == p.email || s.To == p.phone {
			got = append(got, s)
		}
	}
	return got
}

// report lets the providers call back about all they took.
func (w *world) report() {
	w.t.Helper()
	if err := w.fake.Flush(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// person is a customer of the shop.
type person struct {
	name, email, phone string
	customer           int
}

func someone(name string, n int) person {
	return person{name, strings.ToLower(name) + "@example.com", "+39333123" + fmt.Sprintf("%04d", n), 7_000_000_000_000 + n}
}

// consents of an order.
const (
	noConsent = 0
	byMail    = 1
	bySMS     = 2
)

// shopOrder is the body of an order as Shopify tells it; consent says which
// channels the customer agreed to at checkout.
func shopOrder(p person, id int, at time.Time, consent int) string {
	when := at.UTC().Format(time.RFC3339)
	customer := map[string]any{"id": p.customer, "first_name": p.name, "email": p.email, "phone": p.phone}
	if consent&bySMS != 0 {
		customer["sms_marketing_consent"] = map[string]string{"state": "subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": when}
	}
	b, err := json.Marshal(map[string]any{
		"id": id, "name": "#" + strconv.Itoa(id), "email": p.email, "phone": p.phone, "customer_locale": "it-IT",
		"created_at": when, "processed_at": when, "updated_at": when, "financial_status": "paid", "source_name": "web", "test": false,
		"currency": "EUR", "total_price": "49.90", "buyer_accepts_marketing": consent&byMail != 0, "customer": customer,
		"billing_address": map[string]string{"country_code": "IT"},
		"line_items":      []any{map[string]any{"product_id": 1, "title": "Olio extravergine", "quantity": 1, "price": "49.90"}},
	})
	if err != nil {
		panic(err) // text and numbers only
	}
	return string(b)
}

// order posts a signed order and expects it to be accepted.
func (w *world) order(p person, id int, at time.Time, consent int) {
	w.t.Helper()
	a := w.hook(id, shopOrder(p, id, at, consent)).is(200)
	if strings.TrimSpace(a.body) != `{"accepted":true}` {
		w.t.Fatalf("order %d: %s", id, a.body)
	}
}

func (w *world) hook(id int, body string) answer {
	w.t.Helper()
	return w.roundTrip(shopifyRequest(w.t.Context(), w.url, "orders/create", strconv.Itoa(id), body))
}

// until waits for something another process does.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited 60 s: %s", what)
		}
		<-time.After(20 * time.Millisecond) // polling another process; nothing else tells
	}
}

// mode is how the front treats a request.
type mode struct {
	refuse int           // status to answer with, without asking the provider; 0: ask
	delay  time.Duration // before it is passed on
}

// front is the address of the providers. Its port is reserved from the start,
// and refuses connections until up.
type front struct {
	t   *testing.T
	url string
	on  func() // starts to listen

	mu      sync.Mutex
	handler http.Handler
	mode    mode
	seen    int
}

func (f *front) behind(h http.Handler) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.handler = h
}

// set changes how requests are treated from now on.
func (f *front) set(m mode) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mode, f.seen = m, 0
}

// requests since set.
func (f *front) requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	h, m := f.handler, f.mode
	f.seen++
	f.mu.Unlock()
	if m.refuse != 0 {
		body, _ := io.ReadAll(r.Body) // providers like to repeat what they refuse
		told, _ := json.Marshal(map[string]any{"code": 20000, "message": "refused: " + string(body), "errors": []any{map[string]string{"message": "refused: " + string(body)}}})
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(m.refuse)
		_, _ = w.Write(told)
		return
	}
	if m.delay > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), m.delay)
		<-ctx.Done()
		cancel()
	}
	h.ServeHTTP(w, r)
}
