package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ritorno/config"
	"ritorno/connectors/fake"
	"ritorno/handlers"
	"ritorno/internal/engine"
	"ritorno/internal/history"
	"ritorno/internal/lifecycle"
	"ritorno/internal/rehearse"
)

var wholeHistories = flag.Bool("full", false, "play whole histories through the simulation and the service, not a sample")

// drift is how far the service's clock, which runs on while it works, may be
// ahead of the simulation's.
const drift = time.Minute

// A history that is simulated and one that the service lives through, with real
// senders, pretend providers and a real store, lead to the same decisions.
func TestSimulationAndServiceDecideTheSame(t *testing.T) {
	for _, h := range []struct {
		name, file, currency string
		oneIn                uint32 // of the customers, in the sample
	}{
		{"cdnow", "../../../shared/data/cdnow/orders.csv.gz", "USD", 16},
		{"online-retail", "../../../shared/data/online-retail/orders.csv.gz", "GBP", 60},
		{"made up", "testdata/simulate/merges.csv", "EUR", 1},
	} {
		t.Run(h.name, func(t *testing.T) {
			if _, err := os.Stat(h.file); err != nil {
				if os.Getenv("CI") == "true" {
					t.Fatalf("%s is needed in CI: %v", h.file, err)
				}
				t.Skipf("%s is not beside this repository", h.file)
			}
			oneIn := h.oneIn
			if *wholeHistories {
				oneIn = 1
			}
			liveThrough(t, openLive(t, h.currency, "    journeys: [reactivation, welcome_back]\n"), h.file, oneIn)
		})
	}
}

// The same where customers wait for each other, and with what else the language
// of journeys knows: more reasons to enter, variants, conditions, waits, offers.
func TestSimulationAndServiceDecideTheSameInEveryJourney(t *testing.T) {
	var b strings.Builder
	b.WriteString("customer_id,order_id,ordered_at,total,currency,email\n")
	from := time.Date(2025, 1, 7, 9, 0, 0, 0, time.UTC)
	for who := range 40 {
		at := from.Add(time.Duration(who) * 37 * time.Minute) // all in one day, so that they fall due in one day
		for n := range 1 + who%7 {
			fmt.Fprintf(&b, "%d,o%d-%d,%s,%d.50,EUR,c%d@shop.example\n", 100+who, who, n, at.Format(time.DateTime), 10+who, who)
			at = at.Add(time.Duration(8+who%5+n/3*35) * 24 * time.Hour).Add(time.Duration(who*7+n) * time.Minute)
		}
	}
	fmt.Fprintf(&b, "999,last,2025-12-01 10:00:01,5.00,EUR,z@shop.example\n")
	file := filepath.Join(t.TempDir(), "orders.csv")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	liveThrough(t, openLive(t, "EUR", `    journeys: [few, welcome_back, early_warning]
    offers:
      usual: {kind: financial, type: coupon, percent: 10, cost: "4.00", budget: {amount: "20.00", per: 30d}}
      thanks: {kind: emotional, type: thanks}
journeys:
  few:
    trigger: inactivity
    entries_per_day: 3
    reentry: {after: 60d}
    steps:
      - after: 30d
        channel: [sms, email]
        variants:
          warm: {template: survey, weight: 2}
          dry: {template: coupon} # drawn by the record's id, which only the service makes: see alike
      - {after: 45d, channel: email, template: contest, when: "orders > 1", wait_for: {event: open, timeout: 5d, otherwise: go}}
      - {after: 90d, channel: [sms, email], template: coupon, stop_if: "spent > 120", offer: [usual, thanks]}
    finish: {after: 7d, otherwise: unsubscribed}
`), file, 1)
}

func liveThrough(t *testing.T, l *live, file string, oneIn uint32) {
	t.Helper()
	hist := l.read(t, file, oneIn)
	hist.Reach("IT", lifecycle.Email, lifecycle.SMS)
	want, err := rehearse.Play(hist, rehearse.Options{Rules: l.app.Config.Rules(demoShop), Within: 30 * 24 * time.Hour, Workers: 2, Keep: true})
	if err != nil {
		t.Fatal(err)
	}
	l.play(t, hist)
	l.hold(t, want)
}

// live is a service that lives through a history.
type live struct {
	app      *app
	provider *fake.Provider
	messages map[string]lifecycle.Message // by id, as last seen
	label    map[string]string            // customer of a contact
}

// journeys are the last lines of the configuration, from within the shop on.
func openLive(t *testing.T, currency, journeys string) *live {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &live{messages: map[string]lifecycle.Message{}, label: map[string]string{}}
	l.provider = fake.New(fake.Options{AccountSID: demoAccount, AuthToken: "secret", Keep: 1_000_000})
	srv := handlers.NewHTTPServer("", l.provider.Handler())
	go func() { _ = srv.Serve(ln) }() // ends with Close
	base := "http://" + ln.Addr().String()
	src := fmt.Sprintf(`public_url: %q
data_dir: %q
redis: {shards: 2}
twilio: {account_sid: %s, auth_token: secret, from: %q, rate: 1000, base_url: %q}
sendgrid: {api_key: SG.test, from: {email: ciao@bottega.example, name: Bottega Rossi}, rate: 1000, base_url: %q}
shops:
  %s:
    name: Bottega Rossi
    home_url: https://bottega.example
    locale: it
    timezone: Europe/Rome
    country: IT
    currency: %s
    brakes: "off"
    consent: {assume: {email: subscribed, sms: subscribed}}
    quiet_hours: {from: "21:00", to: "09:00", days: [sun], holidays: true, channels: [sms]}
    frequency_cap: {messages: 4, per: 30d}
    sources:
      erp: {kind: webhook, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}
%s`, base, t.TempDir(), demoAccount, demoFrom, base, base, demoShop, currency, journeys)
	c, problems := config.Parse("live.yaml", []byte(src), func(string) (string, bool) { return "", false })
	if err := mistakes(problems); err != nil {
		t.Fatal(err)
	}
	l.app, err = newApp(t.Context(), c, appOptions{DevClock: true, AllowUnsafe: true, Fsync: "no"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(l.app.Close(), srv.Close()); err != nil {
			t.Error(err)
		}
		l.provider.Close()
	})
	return l
}

// read reads one in so many customers of a history.
func (l *live) read(t *testing.T, name string, oneIn uint32) *rehearse.History {
	t.Helper()
	in, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	r := l.app.Config.Rules(demoShop)
	file, err := history.Open(in, history.Options{Source: "erp", Zone: r.Location, Currency: r.Currency, Locale: "en", Country: r.Country})
	if err != nil {
		t.Fatal(err)
	}
	h := rehearse.NewHistory(demoShop)
	for {
		e, err := file.Next()
		if errors.Is(err, io.EOF) {
			return h
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, ev := range e.Events {
			if digestOf(ev.Person.CustomerID)%oneIn == 0 {
				h.Add(atSomeHour(ev, r.Location))
			}
		}
	}
}

func digestOf(text string) uint32 {
	digest := fnv.New32a()
	_, _ = io.WriteString(digest, text) // a hash never fails
	return digest.Sum32()
}

// atSomeHour gives an order of which only the day is known a time on it, to both
// sides the same. With all orders and timers at midnight, milliseconds would
// decide which of the two was first, at the service and not in the simulation.
func atSomeHour(ev lifecycle.Event, zone *time.Location) lifecycle.Event {
	if h, m, s := ev.At.In(zone).Clock(); h+m+s > 0 || ev.Order == nil {
		return ev
	}
	o := *ev.Order
	ev.At = ev.At.Add(time.Duration(digestOf(o.ID)%86_399+1) * time.Second)
	o.At, ev.Version, ev.Order = ev.At, ev.At, &o
	return ev
}

// lookEvery is how much of the history passes between two looks at all records:
// they hold the last twelve messages only.
const lookEvery = 15 * 24 * time.Hour

// play tells the service every event at its time.
func (l *live) play(t *testing.T, h *rehearse.History) {
	t.Helper()
	ctx := t.Context()
	first, last := h.Span()
	if err := l.app.Engine.Advance(ctx, first.Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := l.app.Store.Heartbeat(ctx); err != nil {
		t.Fatal(err)
	}
	now, looked := time.Time{}, first
	for ev := range h.Events() {
		for next := looked.Add(lookEvery); !ev.At.Before(next); next = looked.Add(lookEvery) {
			l.advance(t, next.Add(-time.Second))
			l.look(t)
			looked = next
		}
		if !ev.At.Equal(now) {
			l.advance(t, ev.At)
			now = ev.At
		}
		out, err := l.app.Engine.Apply(ctx, demoShop, ev)
		if err != nil || out.Contact == "" {
			t.Fatalf("order of customer %s at %s: %+v, %v", ev.Person.CustomerID, ev.At, out, err)
		}
	}
	l.advance(t, last)
	l.look(t)
}

// advance moves the clock; where it ran on past there meanwhile, what is due is
// worked off.
func (l *live) advance(t *testing.T, to time.Time) {
	t.Helper()
	err := l.app.Engine.Advance(t.Context(), to)
	if errors.Is(err, engine.ErrPast) {
		_, err = l.app.Engine.Tick(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// look reads what the records hold now.
func (l *live) look(t *testing.T) {
	t.Helper()
	err := l.app.Store.Scan(t.Context(), func(c lifecycle.Contact) error {
		if c.Forward != "" {
			return nil
		}
		who := teller(c)
		for _, m := range c.Messages {
			l.messages[m.ID], l.label[m.ID] = m, who
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// teller is what both sides call a contact.
func teller(c lifecycle.Contact) string {
	if len(c.Refs) == 0 {
		return c.Email.Key
	}
	ids := make([]string, 0, len(c.Refs))
	for _, r := range c.Refs {
		ids = append(ids, r.ID)
	}
	return slices.Min(ids)
}

// decisions are what the service decided, in order.
func (l *live) decisions(t *testing.T) map[string][]rehearse.Decision {
	t.Helper()
	all := map[string][]rehearse.Decision{}
	for id, m := range l.messages {
		d := rehearse.Decision{
			Customer: l.label[id], At: m.SentAt, Journey: m.Journey, Step: m.Step, Channel: m.Channel, Template: m.Template,
			What: rehearse.Sent, Segments: m.Segments,
		}
		switch m.Status {
		case lifecycle.SentStatus, lifecycle.Delivered:
		case lifecycle.Dropped:
			d.At, d.What, d.Reason = m.At, rehearse.Dropped, m.Error
		default:
			t.Errorf("customer %s: a message stands as %s: %+v", d.Customer, m.Status, m)
		}
		all[d.Customer] = append(all[d.Customer], d)
	}
	return all
}

// hold compares every decision.
func (l *live) hold(t *testing.T, want *rehearse.Result) {
	t.Helper()
	expected := map[string][]rehearse.Decision{}
	for _, d := range want.Decisions {
		expected[d.Customer] = append(expected[d.Customer], d)
	}
	got := l.decisions(t)
	differ, decisions, sent := 0, 0, 0
	for who := range unionOf(got, expected) {
		a, b := got[who], expected[who]
		slices.SortFunc(a, byStep)
		slices.SortFunc(b, byStep)
		if !slices.EqualFunc(a, b, alike) {
			if differ++; differ <= 5 {
				t.Errorf("customer %s\nservice:    %s\nsimulation: %s", who, decided(a), decided(b))
			}
		}
		decisions += len(b)
		for _, d := range b {
			if d.What == rehearse.Sent {
				sent++
			}
		}
	}
	if n := len(l.provider.Outbox()); n != sent {
		t.Errorf("the providers took %d messages, the simulation sends %d", n, sent)
	}
	l.holdCounts(t, want)
	if decisions < 20 {
		t.Errorf("only %d decisions were compared", decisions)
	}
	t.Logf("%d customers, %d orders, %d decisions compared, %d customers differ", want.Contacts, want.Orders, decisions, differ)
}

// holdCounts compares the shop's own counters of entries, endings and messages.
func (l *live) holdCounts(t *testing.T, want *rehearse.Result) {
	t.Helper()
	counts, err := l.app.Store.Counts(context.WithoutCancel(t.Context()), demoShop)
	if err != nil {
		t.Fatal(err)
	}
	for field := range unionOf(counts, want.Counts) {
		kind, _, _ := strings.Cut(field, ":")
		switch kind {
		case "entered", "sent", "dropped", "orders", "made", "merged", "state", "ended", "finished":
			if counts[field] != want.Counts[field] {
				t.Errorf("%s: the service counts %d, the simulation %d", field, counts[field], want.Counts[field])
			}
		}
	}
}

func byStep(a, b rehearse.Decision) int {
	return cmp.Or(cmp.Compare(a.At.Unix()/3600, b.At.Unix()/3600), cmp.Compare(a.Journey, b.Journey), cmp.Compare(a.Step, b.Step))
}

func alike(a, b rehearse.Decision) bool {
	off := a.At.Sub(b.At)
	a.At = b.At
	if a.Journey == "few" && a.Step == 1 && a.What == rehearse.Sent {
		a.Template = b.Template
	}
	return a == b && off >= -time.Millisecond && off < drift
}

func decided(all []rehearse.Decision) string {
	var b strings.Builder
	for _, d := range all {
		fmt.Fprintf(&b, "\n  %s %s %d %s %s %s %s %d", d.At.Format(time.RFC3339), d.Journey, d.Step, d.Channel, d.Template, d.What, d.Reason, d.Segments)
	}
	return b.String()
}

func unionOf[V any](a, b map[string]V) map[string]bool {
	all := map[string]bool{}
	for k := range a {
		all[k] = true
	}
	for k := range b {
		all[k] = true
	}
	return all
}
