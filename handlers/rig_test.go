package handlers_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ritorno/connectors"
	"ritorno/connectors/shopify"
	"ritorno/connectors/webhook"
	"ritorno/handlers"
	"ritorno/handlers/api"
	"ritorno/internal/auth"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/message"
	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

func TestMain(m *testing.M) { os.Exit(redistest.Main(m)) }

const (
	publicURL     = "https://ritorno.example.com"
	shopifySecret = "shopify-secret-of-the-tests"
	erpToken      = "erp-token-of-the-tests"
)

// rig is the whole service on a real store, without a listener.
type rig struct {
	*testing.T
	server *handlers.Server
	http   http.Handler
	engine *engine.Engine
	store  *store.Store
	outbox *outbox
	log    *logBook
}

// outbox is a provider that takes everything.
type outbox struct {
	channel lifecycle.Channel
	mu      *sync.Mutex
	sent    *[]connectors.Outgoing
}

func (o outbox) Channel() lifecycle.Channel { return o.channel }

func (o outbox) Send(_ context.Context, m connectors.Outgoing) lifecycle.Result {
	o.mu.Lock()
	defer o.mu.Unlock()
	*o.sent = append(*o.sent, m)
	return lifecycle.Result{AttemptID: m.AttemptID, Outcome: lifecycle.Accepted, ProviderID: fmt.Sprintf("P%d", len(*o.sent)), Segments: 1}
}

// logBook keeps what was logged.
type logBook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBook) String() string {
	if l == nil {
		return ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// open makes a service with the shops bottega (Italian, with a contest) and
// teashop (English).
func open(t *testing.T, change ...func(*handlers.Options)) *rig {
	t.Helper()
	return openOn(t, redistest.Start(t), change...)
}

func openOn(t *testing.T, url string, change ...func(*handlers.Options)) *rig {
	t.Helper()
	return openShops(t, url, []engine.Shop{shopOf("bottega", "Bottega Rossi", "it", "IT"), shopOf("teashop", "The Tea Shop", "en", "GB")}, change...)
}

func openShops(t *testing.T, url string, shops []engine.Shop, change ...func(*handlers.Options)) *rig {
	t.Helper()
	ctx := t.Context()
	st, err := store.Open(ctx, store.Options{URL: url, Shards: 4, Prefix: "t" + strings.ToLower(rand.Text())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	set, problems := message.Load(nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	r := &rig{T: t, store: st, log: &logBook{}, outbox: &outbox{mu: &sync.Mutex{}, sent: &[]connectors.Outgoing{}}}
	log := slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	registry := prometheus.NewRegistry()
	r.engine = engine.New(engine.Options{
		Store: st, Templates: set, PublicURL: publicURL, SMSOptOut: message.OptOutStop, Exclusive: true, Log: log, Metrics: registry,
		Rate:  [2]float64{1000, 1000},
		Shops: shops,
		Senders: []connectors.Sender{
			outbox{lifecycle.SMS, r.outbox.mu, r.outbox.sent}, outbox{lifecycle.Email, r.outbox.mu, r.outbox.sent},
		},
	})
	o := handlers.Options{
		Engine: r.engine, Store: st, PublicURL: publicURL, DevClock: true, API: api.Mount, Log: log, Registry: registry,
		Sources: map[string]map[string]handlers.Source{
			"bottega": {
				"shopify": {Kind: "shopify", Source: must(shopify.New(shopify.Options{Secrets: []string{shopifySecret}}))(t)},
				"erp":     {Kind: "webhook", Source: must(webhook.New(webhook.Options{Secrets: []string{erpToken}, Auth: webhook.Auth{Scheme: webhook.Bearer}}))(t)},
				"crm":     {Kind: "activecampaign", Source: signed{}, Token: "crm-token-of-the-tests"},
			},
			"teashop": {"erp": {Kind: "webhook", Source: must(webhook.New(webhook.Options{Secrets: []string{erpToken + "2"}, Auth: webhook.Auth{Scheme: webhook.Bearer}}))(t)}},
		},
		Events: must(webhook.New(webhook.Options{Secrets: []string{"unused"}, Auth: webhook.Auth{Scheme: webhook.Bearer}}))(t),
	}
	for _, c := range change {
		c(&o)
	}
	r.server = handlers.New(o)
	r.http = r.server.Handler()
	return r
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func shopOf(id, name, locale, country string) engine.Shop {
	day := 24 * time.Hour
	step := func(after time.Duration, template string) lifecycle.Step {
		return lifecycle.Step{After: after, Channels: []lifecycle.Channel{lifecycle.SMS, lifecycle.Email}, Template: template}
	}
	return engine.Shop{Name: id, Sources: []string{"shopify", "erp", "crm", "api"}, Rules: lifecycle.Rules{
		Shop: id, Name: name, HomeURL: "https://" + id + ".example/", Locale: locale, Country: country, Currency: "EUR", Lapse: 90 * day,
		Contest: &lifecycle.Contest{RulesURL: "https://" + id + ".example/rules", Registration: "CO/1234/2026", From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)},
		Journeys: []lifecycle.Journey{{
			Name: "reactivation", Trigger: lifecycle.OnInactivity,
			Steps:  []lifecycle.Step{step(30*day, "survey"), step(60*day, "contest"), step(90*day, "coupon")},
			Finish: lifecycle.Finish{After: 7 * day, Otherwise: lifecycle.UnsubscribedState},
		}, {
			Name: "vip", Trigger: lifecycle.OnAPI, Reentry: lifecycle.Reentry{Never: true},
			Steps:  []lifecycle.Step{step(0, "survey")},
			Finish: lifecycle.Finish{After: 7 * day, Otherwise: lifecycle.Active},
		}},
	}}
}

// signed is a source that a header opens, with hand-made events.
type signed struct{}

func (signed) Verify(r connectors.Request) error {
	switch r.Query.Get("token") {
	case "crm-token-of-the-tests":
		return nil
	case "ping":
		return connectors.ErrPing
	}
	return fmt.Errorf("token: %w", connectors.ErrSignature)
}

func (signed) Normalise(r connectors.Request) ([]lifecycle.Event, error) {
	switch string(r.Body) {
	case "unused":
		return nil, nil
	case "panic":
		panic("a mistake with anna@example.com in it")
	case "gone":
		return []lifecycle.Event{{Type: lifecycle.SourceGone}}, nil
	case "nobody knows":
		return []lifecycle.Event{{Type: lifecycle.OrderRefunded, Key: "r1", Refund: &lifecycle.Refund{OrderID: "never-seen", ID: "r1", Full: true}}}, nil
	}
	return nil, fmt.Errorf("body: %w", connectors.ErrMalformed)
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
	t   *testing.T
	log *logBook // what the service logged, for answers that surprise
}

// code is the problem's code, or "" when the answer is no problem.
func (a answer) code() string {
	var p handlers.Problem
	if a.Header().Get("Content-Type") != "application/problem+json" {
		return ""
	}
	a.into(&p)
	if p.Status != a.Code {
		a.t.Errorf("problem says %d, the answer is %d", p.Status, a.Code)
	}
	return p.Code
}

func (a answer) into(v any) {
	a.t.Helper()
	if err := json.Unmarshal(a.Body.Bytes(), v); err != nil {
		a.t.Fatalf("answer %d is not the JSON wanted: %v\n%s", a.Code, err, a.Body)
	}
}

func (a answer) is(status int) answer {
	a.t.Helper()
	if a.Code != status {
		a.t.Fatalf("got %d, want %d: %s%s", a.Code, status, a.Body, a.log)
	}
	return a
}

// send makes one request; header pairs are name, value.
func (r *rig) send(method, target, body string, header ...string) answer {
	r.Helper()
	return r.sendBody(method, target, strings.NewReader(body), header...)
}

func (r *rig) sendBody(method, target string, body io.Reader, header ...string) answer {
	r.Helper()
	req := httptest.NewRequestWithContext(r.Context(), method, target, body)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	a := answer{httptest.NewRecorder(), r.T, r.log}
	r.http.ServeHTTP(a, req)
	hold(r.T, req, a.ResponseRecorder)
	return a
}

func (r *rig) get(target string, header ...string) answer {
	r.Helper()
	return r.send("GET", target, "", header...)
}

func (r *rig) form(target, body string, header ...string) answer {
	r.Helper()
	return r.send("POST", target, body, append(header, "Content-Type", "application/x-www-form-urlencoded")...)
}

// token makes an API token; shop "" covers all.
func (r *rig) token(role auth.Role, shop string) string {
	r.Helper()
	plain, hash, err := auth.NewToken(rand.Reader)
	if err != nil {
		r.Fatal(err)
	}
	if err := r.store.PutToken(r.Context(), store.Token{ID: store.NewID(), Name: "test", Role: string(role), Shop: shop, Hash: hash, Made: time.Now()}); err != nil {
		r.Fatal(err)
	}
	return plain
}

// erp posts one event of the webhook kind to bottega.
func (r *rig) erp(kind, data string) answer {
	r.Helper()
	return r.send("POST", "/hooks/bottega/erp", fmt.Sprintf(`{"type":%q,"data":%s}`, kind, data), "Authorization", "Bearer "+erpToken)
}

// anna ordered at an hour that her phone may ring at, and agreed to both
// channels.
func (r *rig) anna(more string) {
	r.Helper()
	r.erp("order.paid", `{"id":"1001","created_at":"2027-03-01T10:00:00Z","total":"49.90","currency":"EUR",
		"customer":{"id":"c1","email":"anna+x@example.com","phone":"+393331234567","first_name":"Anna"`+more+`},
		"consent":{"email":{"state":"subscribed"},"sms":{"state":"subscribed"}}}`).is(200)
}

func (r *rig) clock(body string) answer {
	r.Helper()
	return r.send("PUT", "/dev/clock", body, "Content-Type", "application/json")
}

func (r *rig) find(who string) lifecycle.Contact {
	r.Helper()
	return r.findIn("bottega", who)
}

func (r *rig) findIn(shop, who string) lifecycle.Contact {
	r.Helper()
	c, err := r.engine.Find(r.Context(), shop, who)
	if err != nil {
		r.Fatal(err)
	}
	return c
}

func shopifySign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(shopifySecret))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
