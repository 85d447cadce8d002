package rehearse

import (
	"cmp"
	"time"

	"ritorno/internal/lifecycle"
)

// What a decision about a message was.
const (
	Sent    = "sent"
	Dropped = "dropped"
)

// Decision is what became of one step of one customer's journey.
type Decision struct {
	Customer string
	At       time.Time
	Journey  string
	Step     int
	Channel  lifecycle.Channel
	Template string
	What     string           // Sent or Dropped
	Reason   lifecycle.Reason // why it was dropped
	Segments int
}

// MessageKey is by what messages are counted. Month is year*12 + month - 1 in
// the shop's zone.
type MessageKey struct {
	Journey  string
	Step     int
	Channel  lifecycle.Channel
	Template string
	Month    int
}

// Tally is what is known of some messages.
type Tally struct {
	Sent     int
	Segments int
	Watched  int // those whose days of waiting for an order lie within the history
	Followed int // of these, with an order of the same customer in that time
}

func (t *Tally) add(o *Tally) {
	t.Sent += o.Sent
	t.Segments += o.Segments
	t.Watched += o.Watched
	t.Followed += o.Followed
}

// StepKey is by what steps without a message are counted.
type StepKey struct {
	Journey string
	Step    int
	Reason  lifecycle.Reason
}

// Sum is what a rehearsal adds up to.
type Sum struct {
	Contacts int
	Nobody   int // tellings that name nobody
	Orders   int // purchases in the time that was played
	Value    int64
	Valued   int // purchases in the shop's currency with a total above zero

	Counts   map[string]int64 // as the shop's own counters: docs/metrics.md
	Messages map[MessageKey]*Tally
	Drops    map[StepKey]int
	Moves    map[StepKey]int // messages that had to wait, by reason
	Each     map[int]int     // customers by how many messages each got

	SparedCustomers, SparedMessages int
}

func newSum() *Sum {
	return &Sum{Counts: map[string]int64{}, Messages: map[MessageKey]*Tally{}, Drops: map[StepKey]int{}, Moves: map[StepKey]int{}, Each: map[int]int{}}
}

// add joins what another worker played; the order does not matter.
func (s *Sum) add(o *Sum) {
	s.Contacts += o.Contacts
	s.Nobody += o.Nobody
	s.Orders += o.Orders
	s.Value += o.Value
	s.Valued += o.Valued
	s.SparedCustomers += o.SparedCustomers
	s.SparedMessages += o.SparedMessages
	addCounts(s.Counts, o.Counts)
	addCounts(s.Drops, o.Drops)
	addCounts(s.Moves, o.Moves)
	addCounts(s.Each, o.Each)
	for k, t := range o.Messages {
		s.tally(k).add(t)
	}
}

func addCounts[K comparable, N int | int64](to, from map[K]N) {
	for k, n := range from {
		to[k] += n
	}
}

func (s *Sum) tally(k MessageKey) *Tally {
	t := s.Messages[k]
	if t == nil {
		t = &Tally{}
		s.Messages[k] = t
	}
	return t
}

// sent counts a message that left.
func (st *stage) sent(s *soul, m lifecycle.Message, now time.Time) {
	k := MessageKey{m.Journey, m.Step, m.Channel, m.Template, st.p.month(now)}
	t := st.p.sum.tally(k)
	t.Sent++
	t.Segments += m.Segments
	s.got++
	if now.Add(st.p.o.Within).UnixMilli() <= st.p.to {
		t.Watched++
		s.sent = append(s.sent, sentAt{k, now})
	}
	st.log(s, m, Sent, "")
}

func (st *stage) dropped(s *soul, m lifecycle.Message, why lifecycle.Reason) {
	st.p.sum.Drops[StepKey{m.Journey, m.Step, why}]++
	st.log(s, m, Dropped, why)
}

func (st *stage) log(s *soul, m lifecycle.Message, what string, why lifecycle.Reason) {
	if !st.p.keep {
		return
	}
	s.messages = append(s.messages, Decision{
		Customer: s.label, At: st.at, Journey: m.Journey, Step: m.Step, Channel: m.Channel, Template: m.Template,
		What: what, Reason: why, Segments: m.Segments,
	})
}

// LawWindow stands for quiet hours that are the law's alone, not the shop's.
const LawWindow lifecycle.Reason = "law_window"

// moved counts a message that has to wait.
func (st *stage) moved(s *soul) {
	run := s.c.Run
	why := run.Waited
	if r := &st.p.o.Rules; why == lifecycle.ReasonQuiet {
		if r.Quiet.NextAllowed(st.at, r.LocationOf(&s.c), r.CountryOf(&s.c), lifecycle.SMS).Equal(st.at) {
			why = LawWindow // the only windows of the law are those of SMS
		}
	}
	st.p.sum.Moves[StepKey{run.Journey, run.Step + 1, why}]++
}

// calendar is the fixed one that shops run by hand: whoever is silent for 30
// days gets three messages, whatever they do after the first.
var calendar = [...]time.Duration{30 * day, 60 * day, 90 * day}

const day = 24 * time.Hour

// purchase takes in what a customer bought: which messages an order followed,
// and which of the fixed calendar would have gone to somebody who was back
// already.
func (st *stage) purchase(s *soul, o *lifecycle.Order, at time.Time, old bool) {
	if o.Partial || o.Status > lifecycle.OrderPaid || o.Total.Minor < 0 || o.Total.Minor > 0 && o.Refunded >= o.Total.Minor {
		return
	}
	before := s.bought
	s.bought = at
	if old {
		return
	}
	sum := st.p.sum
	sum.Orders++
	if o.Total.Minor > 0 && o.Total.Currency == st.p.o.Rules.Currency {
		sum.Value += o.Total.Minor
		sum.Valued++
	}
	for _, m := range s.sent {
		if !at.After(m.at.Add(st.p.o.Within)) {
			sum.tally(m.key).Followed++
		}
	}
	s.sent = s.sent[:0]
	if before.IsZero() || at.Sub(before) <= calendar[0] {
		return
	}
	blind := 0
	for _, after := range calendar[1:] {
		if before.Add(after).After(at) {
			blind++
		}
	}
	if blind > 0 && !s.spared {
		s.spared = true
		sum.SparedCustomers++
	}
	sum.SparedMessages += blind
}

// compareDecisions orders by time, then by customer.
func compareDecisions(a, b Decision) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Customer, b.Customer), cmp.Compare(a.Journey, b.Journey), cmp.Compare(a.Step, b.Step))
}
