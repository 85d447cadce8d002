package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
)

// listener is a shop, CRM or webhook that writes down what it is told.
type listener struct {
	mu     sync.Mutex
	fault  *connectors.TellFault // what it answers instead; nil: it listens
	nobody bool
	heard  []string // notices: type and what changed; tellings: state, consents
	ids    []string // of notices
	refs   [][]string
	during func() // while it is told
	tries  int
	emails []string
}

func (l *listener) down(status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = nil
	if status != 0 {
		l.fault = &connectors.TellFault{Text: "the receiver cannot just now (status " + fmt.Sprint(status) + ")"}
	}
}

func (l *listener) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.heard)
}

func (l *listener) answer() error {
	l.tries++
	switch {
	case l.fault != nil:
		return l.fault
	case l.nobody:
		return connectors.ErrNobody
	}
	return nil
}

func (l *listener) Tell(_ context.Context, n connectors.Telling) error {
	if l.during != nil {
		l.during()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.answer(); err != nil {
		return err
	}
	var parts []string
	if n.State != nil {
		parts = append(parts, n.State.State.String())
	}
	for _, c := range n.Out {
		parts = append(parts, c.Channel.String()+" "+c.State.String())
	}
	if n.LastMessage != "" {
		parts = append(parts, n.LastMessage)
	}
	l.heard, l.refs, l.emails = append(l.heard, strings.Join(parts, ", ")), append(l.refs, n.IDs), append(l.emails, n.Email)
	return nil
}

func (l *listener) Notify(_ context.Context, n connectors.Notice, _ time.Time) error {
	if l.during != nil {
		l.during()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.answer(); err != nil {
		return err
	}
	var b struct {
		Type string
		Data struct {
			Contact           struct{ ID, Email string }
			From, To, Channel string
			Template          string
		}
	}
	if err := json.Unmarshal(n.Body, &b); err != nil {
		return err
	}
	text := strings.TrimRight(fmt.Sprintf("%s %s%s %s>%s", b.Type, b.Data.Channel, b.Data.Template, b.Data.From, b.Data.To), " >")
	l.heard, l.ids, l.emails = append(l.heard, text), append(l.ids, n.ID), append(l.emails, b.Data.Contact.Email)
	return nil
}

// ears are the destinations of the tests' shop.
type ears struct{ shopify, crm, erp *listener }

func newEars() *ears { return &ears{&listener{}, &listener{}, &listener{}} }

func (l *ears) of(o *engine.Options) {
	o.Shops[0].Sources = append(o.Shops[0].Sources, "crm")
	o.Shops[0].Destinations = []engine.Destination{
		{Name: "source.shopify", Teller: l.shopify, Source: "shopify", State: true, Consent: true},
		{Name: "source.crm", Teller: l.crm, Source: "crm", State: true, Consent: true, Messages: true, OneByOne: true},
		{Name: "webhook.erp", Notifier: l.erp},
	}
}

// telling is a bench whose shop has destinations.
func telling(t *testing.T) (*bench, *ears) {
	t.Helper()
	l := newEars()
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), shopWith(), l.of)
	b.goTo(t, day0)
	return b, l
}

// tellAfter tells what may be tried some real time from now.
func (b *bench) tellAfter(t *testing.T, d time.Duration) int {
	t.Helper()
	real, _, err := b.st.Now(b.ctx)
	if err != nil {
		t.Fatal(err)
	}
	n, err := b.TellDue(b.ctx, real.Add(d))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (l *listener) expect(t *testing.T, who string, want ...string) {
	t.Helper()
	if got := l.all(); !slices.Equal(got, want) {
		t.Errorf("%s heard\n\t%s\nwant\n\t%s", who, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = nil
}

// stop is an SMS with STOP from Anna.
func (b *bench) stop(t *testing.T) {
	t.Helper()
	if _, err := b.Reply(b.ctx, connectors.Reply{From: annaPhone, To: "+390600000000", Body: "STOP", ProviderID: "SM-stop"}); err != nil {
		t.Fatal(err)
	}
}

func anna(t *testing.T, b *bench) lifecycle.Contact {
	t.Helper()
	b.tell(t, allowed(orderOf("ord-1", day0, named("cust-77", annaMail, annaPhone))))
	return b.find(t, annaMail)
}
