package engine_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

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

	mu   sync.Mutex
	sent []connectors.Outgoing
	mode string // "", "refuses", "cuts", "account", "number"
}

func (o *outbox) Channel() lifecycle.Channel { return o.ch }

func (o *outbox) Send(_ context.Context, m connectors.Outgoing) lifecycle.Result {
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

// bench is an engine on a real store with a shop of its own.
type bench struct {
	*engine.Engine
	st       *store.Store
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
	src := shopYAML
	for _, line := range extra {
		src += "    " + line + "\n"
	}
	return newBenchOn(t, redistest.Start(t), prefixOf(t), src)
}

func prefixOf(t *testing.T) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, t.Name())
}

func newBenchOn(t *testing.T, url, prefix, src string) *bench {
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
	b := &bench{st: st, sms: &outbox{ch: lifecycle.SMS}, mail: &outbox{ch: lifecycle.Email}, ctx: ctx, template: set}
	var shops []engine.Shop
	for _, s := range c.Shops {
		es := engine.Shop{Name: s.ID, Rules: c.Rules(s.ID)}
		for _, src := range s.Sources {
			es.Sources = append(es.Sources, src.Name)
		}
		shops = append(shops, es)
	}
	b.Engine = engine.New(engine.Options{Store: st, Shops: shops, Senders: []connectors.Sender{b.sms, b.mail}, Templates: set,
		PublicURL: "https://ritorno.example.com", Rate: [2]float64{1e6, 1e6}})
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
