package engine_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
)

// model plays random events, moves of the clock and faults of the providers on
// a real store, and remembers the little that must hold.
type model struct {
	*bench
	t        *rapid.T
	mu       sync.Mutex // of accepted and fault: many workers send
	fault    string     // what a provider saw and must never see
	n        int
	accepted map[string]int                        // by message id: how often a provider took it, or may have
	asked    map[string]map[lifecycle.Channel]bool // by address: who ever allowed the channel
	told     []lifecycle.Event                     // for repeats
	mode     [2]lifecycle.Outcome                  // what the providers answer …
	left     [2]int                                // … and how often yet
}

var modelRuns atomic.Int64

func TestWhateverHappensTheStoreIsWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		src := shopYAML + "    frequency_cap: {messages: 3, per: 30d}\n"
		b := newBenchOn(t, redistest.Start(t), prefixOf(t)+strconv.FormatInt(modelRuns.Add(1), 10), src)
		m := &model{bench: b, t: rt, accepted: map[string]int{}, asked: map[string]map[lifecycle.Channel]bool{}}
		b.sms.hook, b.mail.hook = m.provider(lifecycle.SMS), m.provider(lifecycle.Email)
		m.advance(day0)
		for range rapid.IntRange(3, 25).Draw(rt, "moves") {
			m.move()
			m.check()
		}
		m.mode = [2]lifecycle.Outcome{}
		m.advance(b.now(t).Add(200 * day))
		m.check()
		b.whole(rt)
	})
}

// provider answers as the mode says, and keeps the books.
func (m *model) provider(ch lifecycle.Channel) func(connectors.Outgoing) *lifecycle.Result {
	return func(out connectors.Outgoing) *lifecycle.Result {
		m.mu.Lock()
		defer m.mu.Unlock()
		if !m.asked[strings.ToLower(out.To)][ch] {
			m.fault = fmt.Sprintf("a message to %s on %s, who never allowed it", out.To, ch)
		}
		res := lifecycle.Result{Outcome: m.mode[ch], Reason: lifecycle.ReasonInvalid}
		if m.left[ch]--; m.left[ch] <= 0 { // each refusal costs real time
			m.mode[ch] = lifecycle.Accepted
		}
		if res.Outcome == lifecycle.Accepted || res.Outcome == lifecycle.Ambiguous {
			if m.accepted[out.MessageID]++; m.accepted[out.MessageID] > 1 {
				m.fault = fmt.Sprintf("message %s was taken twice", out.MessageID)
			}
		}
		if res.Outcome == lifecycle.Accepted {
			res.ProviderID = "P-" + out.MessageID
		}
		return &res
	}
}

func (m *model) advance(to time.Time) {
	if err := m.Advance(m.ctx, to); err != nil {
		m.t.Fatal(err)
	}
}

func (m *model) move() {
	switch k := rapid.IntRange(0, 11).Draw(m.t, "move"); {
	case k <= 5:
		m.apply(m.event())
	case k == 6 && len(m.told) > 0: // a repeat
		m.apply(rapid.SampledFrom(m.told).Draw(m.t, "again"))
	case k == 7:
		outcomes := []lifecycle.Outcome{lifecycle.Accepted, lifecycle.NotSent, lifecycle.RejectedContact, lifecycle.RejectedContent, lifecycle.Ambiguous}
		ch := lifecycle.Channel(rapid.IntRange(0, 1).Draw(m.t, "channel"))
		m.mode[ch], m.left[ch] = rapid.SampledFrom(outcomes).Draw(m.t, "provider"), rapid.IntRange(1, 3).Draw(m.t, "times")
	case k == 8:
		m.react()
	default:
		_, now, err := m.st.Now(m.ctx)
		if err != nil {
			m.t.Fatal(err)
		}
		m.advance(now.Add(time.Duration(rapid.IntRange(1, 40*24).Draw(m.t, "hours")) * time.Hour))
	}
}

func (m *model) apply(ev lifecycle.Event) {
	for _, c := range ev.Consents {
		if c.State != lifecycle.Subscribed {
			continue
		}
		for _, to := range []string{ev.Person.Email, ev.Person.Phone} {
			if m.asked[to] == nil {
				m.asked[to] = map[lifecycle.Channel]bool{}
			}
			m.asked[to][c.Channel] = true
		}
	}
	if _, err := m.Apply(m.ctx, "bottega", ev); err != nil {
		m.t.Fatalf("%s: %v", ev.Type, err)
	}
}

// event is about one of a few people who share phones and have two addresses.
func (m *model) event() lifecycle.Event {
	m.n++
	who := rapid.IntRange(0, 3).Draw(m.t, "who")
	p := named(strconv.Itoa(who), fmt.Sprintf("p%d@example.com", who), fmt.Sprintf("+39333100000%d", who/2))
	if rapid.IntRange(0, 3).Draw(m.t, "guest") == 0 {
		p.CustomerID = ""
	}
	_, now, err := m.st.Now(m.ctx)
	if err != nil {
		m.t.Fatal(err)
	}
	at := now.Add(-time.Duration(rapid.SampledFrom([]int{0, 0, 0, 1, 30, 300}).Draw(m.t, "late")) * time.Hour)
	ev := orderOf("o"+strconv.Itoa(m.n), at, p)
	ev.Key = "k" + strconv.Itoa(m.n)
	switch rapid.IntRange(0, 8).Draw(m.t, "event") {
	case 0, 1:
		ev = allowed(ev)
	case 2:
		ev.Type, ev.Order = lifecycle.OrderRefunded, nil
		ev.Refund = &lifecycle.Refund{OrderID: "o" + strconv.Itoa(rapid.IntRange(1, m.n).Draw(m.t, "order")), ID: ev.Key, Full: true}
		if rapid.Bool().Draw(m.t, "nameless") {
			ev.Person = lifecycle.Person{}
		}
	case 3:
		ev.Type, ev.Order, ev.Subscription = lifecycle.SubscriptionCancelled, nil, &lifecycle.Subscription{ID: "s" + strconv.Itoa(who)}
	case 4:
		ev.Type, ev.Order = lifecycle.ConsentChanged, nil
		ev.Consents = []lifecycle.ConsentChange{{Channel: lifecycle.Channel(rapid.IntRange(0, 1).Draw(m.t, "channel")), State: lifecycle.Unsubscribed}}
	case 5:
		ev.Type, ev.Order = lifecycle.ContactMerged, nil
		ev.Person, ev.Merged = lifecycle.Person{CustomerID: "0"}, &lifecycle.Person{CustomerID: strconv.Itoa(who)}
	case 6:
		if rapid.IntRange(0, 2).Draw(m.t, "erase") == 0 {
			ev.Type, ev.Order = lifecycle.EraseRequested, nil
		}
	}
	m.told = append(m.told, ev)
	return ev
}

// react lets somebody answer the last message, or its provider report on it.
func (m *model) react() {
	for _, c := range m.records() {
		if len(c.Messages) == 0 || !rapid.Bool().Draw(m.t, "this one") {
			continue
		}
		msg := c.Messages[len(c.Messages)-1]
		var err error
		if rapid.Bool().Draw(m.t, "click") {
			_, err = m.ApplyTo(m.ctx, c.ID, lifecycle.Event{Type: lifecycle.Responded, Response: &lifecycle.Response{Kind: lifecycle.ResponseSeen, MessageID: msg.ID}})
		} else if m.accepted[msg.ID] > 0 {
			err = m.Delivered(m.ctx, "twilio", lifecycle.News{MessageID: msg.ID, Status: rapid.SampledFrom([]lifecycle.MessageStatus{lifecycle.Delivered, lifecycle.Failed}).Draw(m.t, "report"), Reason: lifecycle.ReasonBounced, Suppress: true}, time.Time{}, "")
		}
		if err != nil {
			m.t.Fatal(err)
		}
	}
}

func (m *model) records() (cs []lifecycle.Contact) {
	if err := m.st.Scan(m.ctx, func(c lifecycle.Contact) error {
		cs = append(cs, c)
		return nil
	}); err != nil {
		m.t.Fatal(err)
	}
	return cs
}

// check recounts the whole store.
func (m *model) check() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault != "" {
		m.t.Fatal(m.fault)
	}
	states, timers := map[string]int64{}, map[string]bool{}
	for _, c := range m.records() {
		if c.Forward != "" {
			if !c.Due.IsZero() || c.Email.Key != "" {
				m.t.Fatalf("a merged record lives on: %+v", c)
			}
			continue
		}
		states["state:"+c.State.String()]++
		if !c.Due.IsZero() {
			timers[c.ID] = true
		}
		if c.Sending != nil {
			m.t.Fatalf("a message is under way although nobody works: %+v", c.Sending)
		}
		if c.State == lifecycle.UnsubscribedState && !c.Due.IsZero() {
			m.t.Fatalf("an unsubscribed contact has a timer")
		}
		for _, msg := range c.Messages {
			if msg.Status == lifecycle.SentStatus && m.accepted[msg.ID] != 1 {
				m.t.Fatalf("message %s counts as sent, the provider took it %d times", msg.ID, m.accepted[msg.ID])
			}
		}
	}
	counts, err := m.Counts(m.ctx, "bottega")
	if err != nil {
		m.t.Fatal(err)
	}
	for s := lifecycle.Active; s <= lifecycle.UnsubscribedState; s++ {
		if field := "state:" + s.String(); counts[field] != states[field] {
			m.t.Fatalf("%s counts %d, there are %d", field, counts[field], states[field])
		}
	}
	m.indexes(timers)
}

// indexes holds that every contact with a timer is due once, and nobody else,
// and that no lease is left over.
func (m *model) indexes(timers map[string]bool) {
	far := day0.Add(5000 * day)
	n, _, err := m.st.Overdue(m.ctx, far)
	if err != nil || n != int64(len(timers)) {
		m.t.Fatalf("%d timers in the index, %d in the records, %v", n, len(timers), err)
	}
	for shard := range m.st.Shards() {
		got, err := m.st.Recover(m.ctx, shard, true)
		if err != nil || len(got) > 0 {
			m.t.Fatalf("leases are left over: %v, %v", got, err)
		}
	}
	if orphans, err := m.st.Orphans(m.ctx); err != nil || orphans != 0 {
		m.t.Fatalf("%d index entries without a record, %v", orphans, err)
	}
}
