package engine_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
)

func (s *story) key() string {
	s.n++
	return "story" + strconv.Itoa(s.n)
}

func mailOf(who string) string { return who + "@example.com" }

// phoneOf gives each person a number of their own.
func phoneOf(who string) string {
	n := 0
	for _, r := range who {
		n = (n*31 + int(r)) % 1000000
	}
	return fmt.Sprintf("+39333%07d", n+1000000)
}

func (s *story) apply(who string, ev lifecycle.Event) {
	s.t.Helper()
	ev.Source, ev.Key, ev.Person = "shopify", s.key(), s.person(who)
	s.deliver(func() error {
		_, err := s.b.Apply(s.b.ctx, "bottega", ev)
		return err
	})
}

func (s *story) deliver(f func() error) {
	s.t.Helper()
	s.last = f
	s.must(f())
}

func (s *story) consents(who string, st lifecycle.ConsentState, chs []string) {
	s.t.Helper()
	ev := lifecycle.Event{Type: lifecycle.ConsentChanged}
	for _, w := range chs {
		ch, ok := lifecycle.ParseChannel(w)
		if !ok {
			s.fail("no channel %q", w)
		}
		ev.Consents = append(ev.Consents, lifecycle.ConsentChange{Channel: ch, State: st})
	}
	s.apply(who, ev)
}

func (s *story) order(kind, who, id, total, product, shift string, codes ...string) {
	s.t.Helper()
	at := s.b.now(s.t)
	if back, ok := strings.CutPrefix(shift, "-"); ok {
		at = at.Add(-s.span(back))
	}
	ev := lifecycle.Event{Type: lifecycle.OrderPlaced, At: at, Order: &lifecycle.Order{ID: id, At: at, Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: s.cents(total), Currency: s.b.options.Shops[0].Rules.Currency}, Codes: codes}}
	if product != "" {
		ev.Order.Items = []lifecycle.Item{{Title: product, Quantity: 1}}
	}
	switch kind {
	case "renew":
		ev.Type, ev.Order.Renewal = lifecycle.Renewed, true
	case "import":
		ev.Historical = true
	}
	s.apply(who, ev)
}

func (s *story) number(text string) int {
	s.t.Helper()
	n, err := strconv.Atoi(text)
	s.must(err)
	return n
}

// crowd are people with one order each, of this instant.
func (s *story) crowd(n int, channel string) {
	s.t.Helper()
	ch, _ := lifecycle.ParseChannel(channel)
	at := s.b.now(s.t)
	for i := range n {
		ev := orderOf(fmt.Sprintf("crowd%d", i), at, s.person(fmt.Sprintf("crowd%d", i)))
		ev.Consents = []lifecycle.ConsentChange{{Channel: ch, State: lifecycle.Subscribed}}
		_, err := s.b.Apply(s.b.ctx, "bottega", ev)
		s.must(err)
	}
}

func (s *story) cents(text string) int64 {
	f, err := strconv.ParseFloat(text, 64)
	s.must(err)
	return int64(f*100 + 0.5)
}

func (s *story) span(text string) time.Duration {
	if n, err := strconv.Atoi(strings.TrimSuffix(text, "d")); err == nil && strings.HasSuffix(text, "d") {
		return time.Duration(n) * 24 * time.Hour
	}
	d, err := time.ParseDuration(text)
	s.must(err)
	return d
}

func (s *story) contact(who string) lifecycle.Contact {
	s.t.Helper()
	c, err := s.b.Find(s.b.ctx, "bottega", mailOf(who))
	s.must(err)
	return c
}

func (s *story) status(who string) lifecycle.Status {
	s.t.Helper()
	st, err := s.b.Status(s.b.ctx, "bottega", s.phoneOf(who))
	s.must(err)
	return st
}

// since are the messages that reached a person since the last look.
func (s *story) since(who string) []connectors.Outgoing {
	if s.seen == nil {
		s.seen = map[string]int{}
	}
	var all []connectors.Outgoing
	for _, m := range append(s.b.sms.all(), s.b.mail.all()...) {
		if m.To == mailOf(who) || m.To == s.phoneOf(who) {
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b connectors.Outgoing) int { return a.Deadline.Compare(b.Deadline) })
	got := all[s.seen[who]:]
	s.seen[who] = len(all)
	return got
}

func describe(ms []connectors.Outgoing) (text string) {
	for _, m := range ms {
		text += m.Message.Channel + " " + m.Message.Template + "; "
	}
	return text
}

func (s *story) lastMessage(who string) lifecycle.Message {
	s.t.Helper()
	ms := s.contact(who).Messages
	for i := len(ms) - 1; i >= 0; i-- {
		if !ms[i].SentAt.IsZero() {
			return ms[i]
		}
	}
	s.fail("no message was sent to %s", who)
	return lifecycle.Message{}
}

func (s *story) react(how, who, what string) {
	s.t.Helper()
	code := s.lastMessage(who).Code
	switch how {
	case "open":
		s.must(s.b.Opened(s.b.ctx, code))
	case "click":
		s.must(s.b.Respond(s.b.ctx, code, lifecycle.Response{Kind: lifecycle.ResponseSeen}))
	case "answer":
		s.must(s.b.Respond(s.b.ctx, code, lifecycle.Response{Kind: lifecycle.ResponseAnswer, Choice: what}))
	case "enter":
		s.must(s.b.Respond(s.b.ctx, code, lifecycle.Response{Kind: lifecycle.ResponseContest}))
	}
}

func (s *story) report(what, who string) {
	s.t.Helper()
	ms := s.contact(who).Messages
	m := ms[len(ms)-1]
	n := lifecycle.News{MessageID: m.ID, ProviderID: cmp.Or(m.ProviderID, "late"), Status: lifecycle.Delivered}
	if what == "bounced" {
		n.Status, n.Reason, n.Suppress = lifecycle.Failed, lifecycle.ReasonBounced, true
	}
	s.must(s.b.Delivered(s.b.ctx, "sendgrid", n, time.Time{}, s.key()))
}

func (s *story) resolve(who, verdict string) {
	s.t.Helper()
	kind := map[string]lifecycle.VerdictKind{"sent": lifecycle.PersonSent, "not_sent": lifecycle.PersonNotSent, "drop": lifecycle.PersonDrop}[verdict]
	for _, m := range s.contact(who).Messages {
		if m.Status == lifecycle.Uncertain {
			_, err := s.b.Resolve(s.b.ctx, "bottega", m.ID, engine.Resolution{Kind: kind, By: "a test"})
			s.must(err)
			return
		}
	}
	s.fail("no message is uncertain")
}
