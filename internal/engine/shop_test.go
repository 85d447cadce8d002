package engine_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ritorno/config"
	"ritorno/connectors"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/message"
	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

// outbox is a sender that costs nothing.
type outbox struct {
	ch lifecycle.Channel

	mu      sync.Mutex
	sent    []connectors.Outgoing
	asked   []connectors.Attempted
	records string                                      // what Find says
	mode    string                                      // "", "refuses", "cuts", "account", "number"
	hook    func(connectors.Outgoing) *lifecycle.Result // answers instead, where it does
}

func (o *outbox) Channel() lifecycle.Channel { return o.ch }

func (o *outbox) Send(_ context.Context, m connectors.Outgoing) lifecycle.Result {
	o.mu.Lock()
	hook := o.hook
	o.mu.Unlock()
	if hook != nil {
		if res := hook(m); res != nil {
			return *res
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	switch o.mode {
	case "refuses":
		return lifecycle.Result{Outcome: lifecycle.NotSent}
	case "account":
		return lifecycle.Result{Outcome: lifecycle.RejectedAccount, Reason: lifecycle.ReasonAccount}
	case "number":
		return lifecycle.Result{Outcome: lifecycle.RejectedContact, Reason: lifecycle.ReasonInvalid}
	}
	o.sent = append(o.sent, m)
	if o.mode == "cuts" { // it took the message, and the line broke
		return lifecycle.Result{Outcome: lifecycle.Ambiguous}
	}
	return lifecycle.Result{Outcome: lifecycle.Accepted, ProviderID: fmt.Sprintf("P%d", len(o.sent))}
}

func (o *outbox) set(mode string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mode = mode
}

func (o *outbox) all() []connectors.Outgoing {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]connectors.Outgoing(nil), o.sent...)
}

// Find answers as the provider's records would: "show" all that was taken,
// "deny" all although they reach far enough, else nothing is proven.
func (o *outbox) Find(_ context.Context, a connectors.Attempted) (connectors.Evidence, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, a)
	switch o.records {
	case "show":
		for i, m := range o.sent {
			if m.MessageID == a.MessageID {
				return connectors.Evidence{Found: true, ProviderID: fmt.Sprintf("P%d", i+1), Status: lifecycle.SentStatus, What: "found"}, nil
			}
		}
	case "deny":
		return connectors.Evidence{Fresh: true, Newest: a.Started.Add(time.Hour), What: "not there, and newer ones are"}, nil
	case "fail":
		return connectors.Evidence{}, &connectors.LookupError{Lookup: "records", Err: connectors.ErrCredentials}
	}
	return connectors.Evidence{What: "nothing newer of ours either"}, nil
}

// bench is an engine on a real store with a shop of its own.
type bench struct {
	*engine.Engine
	st       *store.Store
	url      string
	options  engine.Options
	sms      *outbox
	mail     *outbox
	ctx      context.Context
	template *message.Set
}

const shopYAML = `public_url: https://ritorno.example.com
shops:
  bottega:
    name: Bottega Rossi
    home_url: https://bottega.example
    locale: it
    timezone: Europe/Rome
    country: IT
    currency: EUR
    sources:
      shopify: {kind: shopify, secret: s}
      erp: {kind: webhook, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}
`

// newBench takes lines that go into the shop's configuration.
func newBench(t *testing.T, extra ...string) *bench {
	t.Helper()
	return newBenchOn(t, redistest.Start(t), prefixOf(t), shopWith(extra...))
}

// shopWith is the configuration with further lines of the shop.
func shopWith(extra ...string) string {
	src := shopYAML
	for _, line := range extra {
		src += "    " + line + "\n"
	}
	return src
}

func prefixOf(t *testing.T) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, t.Name())
}

func newBenchOn(t *testing.T, url, prefix, src string, with ...func(*engine.Options)) *bench {
	t.Helper()
	c, problems := config.Parse("shop.yaml", []byte(src), func(string) (string, bool) { return "", false })
	for _, p := range problems {
		if !p.Warning {
			t.Fatal(p.String())
		}
	}
	set, bad := message.Load(nil)
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	ctx := t.Context()
	st, err := store.Open(ctx, store.Options{URL: url, Shards: 4, Prefix: prefix, Process: "test-" + prefix + time.Now().String()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	b := &bench{st: st, url: url, sms: &outbox{ch: lifecycle.SMS}, mail: &outbox{ch: lifecycle.Email}, ctx: ctx, template: set}
	var shops []engine.Shop
	for _, s := range c.Shops {
		es := engine.Shop{Name: s.ID, Rules: c.Rules(s.ID), NoBrakes: s.Brakes == config.BrakesOff}
		for _, src := range s.Sources {
			es.Sources = append(es.Sources, src.Name)
		}
		shops = append(shops, es)
	}
	o := engine.Options{
		Store: st, Shops: shops, Senders: []connectors.Sender{b.sms, b.mail}, Templates: set,
		PublicURL: "https://ritorno.example.com", Rate: [2]float64{1e6, 1e6},
	}
	for _, f := range with {
		f(&o)
	}
	b.options = o
	b.Engine = engine.New(o)
	if err := st.Heartbeat(ctx); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) now(t *testing.T) time.Time {
	t.Helper()
	_, now, err := b.st.Now(b.ctx)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// twin is another process on the same store.
func (b *bench) twin(t *testing.T, with ...func(*engine.Options)) *bench {
	t.Helper()
	return newBenchOn(t, redistest.Start(t), prefixOf(t), shopYAML, with...)
}

// restart is what comes after a kill: another process on the same store, with
// the same provider accounts, that takes over what the first one held.
func (b *bench) restart(t *testing.T) {
	t.Helper()
	st, err := store.Open(b.ctx, store.Options{URL: b.url, Shards: 4, Prefix: prefixOf(t), Process: "again-" + prefixOf(t) + time.Now().String()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	o := b.options
	o.Store, o.Metrics = st, nil
	b.st, b.Engine = st, engine.New(o)
	if err := st.Heartbeat(b.ctx); err != nil {
		t.Fatal(err)
	}
	if err := b.RecoverAll(b.ctx); err != nil {
		t.Fatal(err)
	}
}

// day0 is where the tests' clock starts: a Wednesday, at noon in UTC.
var day0 = time.Date(2026, 1, 7, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func (b *bench) goTo(t *testing.T, at time.Time) {
	t.Helper()
	if err := b.Advance(b.ctx, at); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) tell(t *testing.T, ev lifecycle.Event) engine.Outcome {
	t.Helper()
	out, err := b.Apply(b.ctx, "bottega", ev)
	if err != nil {
		t.Fatalf("%s: %v", ev.Type, err)
	}
	return out
}

func (b *bench) find(t *testing.T, who string) lifecycle.Contact {
	t.Helper()
	c, err := b.Find(b.ctx, "bottega", who)
	if err != nil {
		t.Fatalf("%s: %v", who, err)
	}
	return c
}

// contacts are all records that are not merged into another.
func (b *bench) contacts(t *testing.T) (all []lifecycle.Contact) {
	t.Helper()
	err := b.st.Scan(b.ctx, func(c lifecycle.Contact) error {
		if c.Forward == "" {
			all = append(all, c)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// orderOf is an order of 10.00 by a person.
func orderOf(id string, at time.Time, p lifecycle.Person) lifecycle.Event {
	return lifecycle.Event{
		Type: lifecycle.OrderPlaced, Source: "shopify", Key: "order " + id, At: at, Person: p,
		Order: &lifecycle.Order{ID: id, At: at, Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: 1000, Currency: "EUR"}},
	}
}

// allowed adds consent on both channels to an event.
func allowed(ev lifecycle.Event) lifecycle.Event {
	ev.Consents = []lifecycle.ConsentChange{{Channel: lifecycle.Email, State: lifecycle.Subscribed}, {Channel: lifecycle.SMS, State: lifecycle.Subscribed}}
	return ev
}

// changed is a source's news about a customer.
func changed(key string, at time.Time, p lifecycle.Person) lifecycle.Event {
	p.Authoritative = true
	return lifecycle.Event{Type: lifecycle.ContactChanged, Source: "shopify", Key: key, At: at, Person: p}
}

func named(id, email, phone string) lifecycle.Person {
	return lifecycle.Person{CustomerID: id, Email: email, Phone: phone, FirstName: "Anna", Country: "IT"}
}

// answer lets f answer once instead of the outbox; nil is its usual answer.
func (o *outbox) answer(f func(connectors.Outgoing) *lifecycle.Result) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hook = func(m connectors.Outgoing) *lifecycle.Result {
		o.mu.Lock()
		o.hook = nil
		o.mu.Unlock()
		return f(m)
	}
}

// replyFrom is an SMS from a contact.
func replyFrom(phone, text string) connectors.Reply {
	return connectors.Reply{From: phone, To: "+390600000000", Body: text}
}

// all are the messages of both channels by id.
func (b *bench) all() map[string]int {
	n := map[string]int{}
	for _, m := range append(b.sms.all(), b.mail.all()...) {
		n[m.MessageID]++
	}
	return n
}

// whole holds the store against all that must be true of it.
func (b *bench) whole(t rapid.TB) {
	t.Helper()
	f, err := b.Audit(b.ctx, engine.AuditOptions{Own: true, Pause: time.Millisecond})
	if err != nil {
		t.Fatalf("%v", err)
	}
	if f.Faults > 0 {
		t.Fatalf("the store is not whole: %+v", f.List)
	}
}
