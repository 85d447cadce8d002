package sim_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ritorno/internal/lifecycle"
)

// atTheEnd holds the promises when everything has come to rest.
func (o *oracle) atTheEnd() {
	w := o.w
	if w.bad != nil {
		return
	}
	for _, p := range w.people {
		id := w.st.lookup[p.n]
		var c *lifecycle.Contact
		if id != "" {
			if r, ok := w.st.shard(id).records[id]; ok && r.c.Erasing == nil {
				c = &r.c
			}
		}
		o.everythingToldIsKnown(p, id, c)
		if c != nil {
			o.index(id)
			o.everyMessageEnded(p, c)
		}
	}
	for _, sh := range w.st.shards {
		for _, id := range slices.Sorted(maps.Keys(sh.records)) {
			if sh.records[id].c.Erasing != nil {
				w.fail("I10", id, "an erasure was begun and never finished")
			}
		}
		for _, l := range sh.leases() {
			w.fail("I3", l.id, "still leased to "+l.process)
		}
	}
	if next, ok := w.st.nextDue(); ok && w.st.now().Sub(next) > time.Minute {
		w.fail("I3", "", "a timer of "+next.Format(time.RFC3339)+" never fired")
	}
	o.counters()
}

// everythingToldIsKnown holds I1.
func (o *oracle) everythingToldIsKnown(p *person, id string, c *lifecycle.Contact) {
	w := o.w
	erased := false
	for _, d := range p.told {
		if !d.acked {
			w.fail("I1", id, fmt.Sprintf("%s %s was never acknowledged", d.kind, d.key))
			return
		}
		erased = erased || d.kind == erase
	}
	if erased {
		o.erasedFor(p)
		return // what was told before is gone, and may be
	}
	if c == nil {
		w.fail("I1", id, "there is no record of a person who was signed up")
		return
	}
	answers := map[string]int{}
	for _, a := range c.Answers {
		if answers[a.Text]++; answers[a.Text] > 1 {
			w.fail("I1", id, "answer "+a.Text+" is in the record twice")
		}
	}
	for _, d := range p.told {
		if !o.knows(p, c, d, answers) {
			w.fail("I1", id, fmt.Sprintf("%s %s was acknowledged at %s and is not in the record", d.kind, d.key, epoch.Add(d.ackAt).Format(time.RFC3339)))
			return
		}
	}
	for ch := range lifecycle.Channel(2) {
		if p.stopped[ch] && c.Consent[ch].State() != lifecycle.Unsubscribed {
			w.fail("I1", id, "an opt-out from "+ch.String()+" was acknowledged and does not hold")
		}
	}
}

func (o *oracle) erasedFor(p *person) {
	if !p.forgotten {
		return
	}
	id := o.w.st.lookup[p.n]
	for _, old := range slices.Sorted(maps.Keys(p.ids)) {
		if r, ok := o.w.st.shard(old).records[old]; ok && old != id && r.c.Erasing == nil {
			o.w.fail("I1", old, "an erased record is there again")
		}
	}
}

// knows reports whether the record shows what was told.
func (o *oracle) knows(p *person, c *lifecycle.Contact, d *delivery, answers map[string]int) bool {
	switch d.kind {
	case signUp:
		return c.Email.Value == p.who.Email && c.Phone.Key == p.who.Phone
	case purchase:
		key := o.w.rules.OrderKeys(&d.ev).Own.Key
		return slices.ContainsFunc(c.Orders, func(x lifecycle.OrderMark) bool { return x.Key == key && !x.Partial }) || len(c.Orders) >= lifecycle.MaxOrders
	case refund:
		key := o.w.rules.OrderKeys(&d.ev).Own.Key
		return slices.ContainsFunc(c.Orders, func(x lifecycle.OrderMark) bool { return x.Key == key && len(x.Refunds) > 0 }) || !o.orderBefore(p, d)
	case cancel:
		return len(c.Marks) >= lifecycle.MaxMarks || slices.ContainsFunc(c.Marks, func(m lifecycle.Mark) bool {
			return m.Kind == lifecycle.MarkCancelled && m.At.Sub(d.ev.At).Abs() <= 2*time.Millisecond
		})
	case answer:
		return len(c.Answers) >= lifecycle.MaxAnswers || answers[d.key] == 1 || !o.signedUpBefore(p, d)
	case ask:
		asked, until := d.ev.At.Truncate(time.Millisecond), d.ev.Until.Truncate(time.Millisecond)
		return c.PausedAt.After(asked) || c.PausedAt.Equal(asked) && c.PausedTo.Equal(until) || !o.signedUpBefore(p, d)
	}
	return true
}

// orderBefore and signedUpBefore tell whether there was a record to write to
// when it was told: else it was parked, or nobody was found.
func (o *oracle) orderBefore(p *person, d *delivery) bool {
	return slices.ContainsFunc(p.told, func(x *delivery) bool {
		return x.kind == purchase && x.ev.Order.ID == d.ev.Refund.OrderID && x.acked && x.ackAt < d.sent
	})
}

func (o *oracle) signedUpBefore(p *person, d *delivery) bool {
	return slices.ContainsFunc(p.told, func(x *delivery) bool { return x.ev.Creates() && x.acked && x.ackAt < d.sent })
}

// everyMessageEnded holds I3.
func (o *oracle) everyMessageEnded(p *person, c *lifecycle.Contact) {
	w := o.w
	if c.Sending != nil {
		w.fail("I3", c.ID, "still sending "+c.Sending.ID)
	}
	for i := range c.Messages {
		m := &c.Messages[i]
		took := o.takes[m.ID] > 0
		switch m.Status {
		case lifecycle.Sending:
			w.fail("I3", c.ID, "message "+m.ID+" is sending for ever")
		case lifecycle.Queued:
			if c.Run == nil || c.Run.ID != m.Run || c.Due.IsZero() {
				w.fail("I3", c.ID, "message "+m.ID+" waits for nothing")
			}
			fallthrough
		case lifecycle.Dropped:
			if took {
				w.failFor(o.revived(c.ID, m.Run), "I3", c.ID, fmt.Sprintf("message %s is %s (%s) and the provider has it", m.ID, m.Status, m.Error))
			}
		case lifecycle.SentStatus, lifecycle.Delivered:
			if !took {
				w.fail("I3", c.ID, "message "+m.ID+" is "+m.Status.String()+" and the provider never saw it")
			}
		case lifecycle.Uncertain:
			if _, ok := c.Look(m.ID); !ok {
				w.fail("I3", c.ID, "message "+m.ID+" is uncertain and stands on no list")
			}
		case lifecycle.Failed:
		}
	}
	runs := slices.Clone(c.Runs)
	if c.Run != nil {
		runs = append(runs, *c.Run)
	}
	for _, r := range runs {
		o.everyStep(c, r)
	}
}

// everyStep holds that no step of a journey was passed over without a trace.
func (o *oracle) everyStep(c *lifecycle.Contact, r lifecycle.Run) {
	if len(c.Messages) >= lifecycle.MaxMessages || c.Run != nil && c.Run.ID == r.ID && o.ended[c.ID+r.ID] {
		return // rolled out of the record, or taken up again after it had ended
	}
	for step := 1; step <= r.Step; step++ {
		if !slices.ContainsFunc(c.Messages, func(m lifecycle.Message) bool { return m.Run == r.ID && m.Step == step }) && !o.resumed(c, r) {
			o.w.fail("I3", c.ID, fmt.Sprintf("step %d of run %s (%s) left no trace", step, r.ID, r.Journey))
		}
	}
}

// resumed reports whether the run was taken up again at some time; then the
// steps that fell due meanwhile are passed over on purpose.
func (o *oracle) resumed(c *lifecycle.Contact, r lifecycle.Run) bool {
	p := o.w.owner(c.ID)
	return p == nil || slices.ContainsFunc(p.told, func(d *delivery) bool { return d.kind == optIn || d.kind == refund || d.kind == resume })
}

// counters holds that the exact counters are exact.
func (o *oracle) counters() {
	w := o.w
	states, accepted, live := map[string]int64{}, o.accepted0, int64(0)
	running := map[string]int64{}
	n := int64(0)
	for _, sh := range w.st.shards {
		n += sh.n
		for _, r := range sh.records {
			states[r.c.State.String()]++
			accepted += int64(r.c.Accepted)
			if run := r.c.Run; run != nil {
				running["running:"+run.Journey+":"+run.Version]++
			}
			live += living(true, &r.c)
		}
	}
	if n != live {
		w.fail("I1", "", fmt.Sprintf("%d contacts, counted %d", live, n))
	}
	var sent int64
	for _, f := range slices.Sorted(maps.Keys(w.st.counts)) {
		got := w.st.counts[f]
		if state, ok := strings.CutPrefix(f, "state:"); ok && got != states[state] {
			w.fail("I1", "", fmt.Sprintf("%d contacts are %s, counted %d", states[state], state, got))
		}
		if strings.HasPrefix(f, "running:") && got != running[f] {
			w.fail("I1", "", fmt.Sprintf("%d contacts follow %s, counted %d", running[f], f, got))
		}
		if strings.HasPrefix(f, "sent:") {
			sent += got
		}
	}
	if sent != accepted {
		w.fail("I1", "", fmt.Sprintf("%d messages were proven sent, counted %d", accepted, sent))
	}
}
