package sim_test

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"ritorno/internal/lifecycle"
)

// oracle knows what truly happened and holds the promises against it.
type oracle struct {
	w        *world
	lives    map[string]*life
	attempts int
	ids      int

	fences    map[string]uint64 // contact -> fence of the last lease handed out
	begins    map[string]*begin // attempt -> its begin
	takes     map[string]int    // message -> how often the provider accepted it
	steps     map[string]string // contact, run and step -> the message accepted for it
	variants  map[string]string // contact, journey and step -> the variant that was begun
	ended     map[string]bool   // runs that ended at least once
	accepted0 int64             // proofs that went with erased records
}

// begin is an intent that was stored.
type begin struct {
	at   time.Duration
	bad  string // why nothing may be accepted of it
	inv  string
	left bool

	cap  string    // over the cap, as far as the record knows
	late time.Time // when the step is too old; zero: never
}

func newOracle(w *world) *oracle {
	return &oracle{
		w: w, lives: map[string]*life{}, fences: map[string]uint64{}, begins: map[string]*begin{},
		takes: map[string]int{}, steps: map[string]string{}, ended: map[string]bool{}, variants: map[string]string{},
	}
}

// leased notes that a fence was handed out.
func (o *oracle) leased(id string, fence uint64) { put(o.w.st, o.fences, id, fence) }

// committed is called after every transition that changed something.
func (o *oracle) committed(x *transition, old *record, had bool) {
	w := o.w
	if x.fenced && o.fences[x.id] != x.fence {
		w.fail("I9", x.id, fmt.Sprintf("fence %d changed the record, %d holds it", x.fence, o.fences[x.id]))
	}
	o.index(x.id)
	if x.what == 'r' && had {
		w.note(x.id, "the record is removed")
		w.st.set(&o.accepted0, o.accepted0+int64(old.c.Accepted))
	}
	if x.what != 'w' {
		return
	}
	c := &x.rec.c
	if c.Erasing != nil && had {
		w.note(x.id, "a tombstone stands in the record's place")
		w.st.set(&o.accepted0, o.accepted0+int64(old.c.Accepted))
	}
	for i := range c.Runs {
		o.ended[c.ID+c.Runs[i].ID] = true
	}
	if !had || !old.c.NextLook().Equal(c.NextLook()) {
		w.looksMoved(c)
	}
	if a := c.Sending; a != nil && (!had || old.c.Sending == nil || old.c.Sending.ID != a.ID) {
		o.begun(c, a)
	}
}

// index holds I6: a contact is in exactly one of due, lease and none.
func (o *oracle) index(id string) {
	sh := o.w.st.shard(id)
	var at []int64
	for h := range sh.hours {
		if off, ok := sh.due[h][id]; ok {
			at = append(at, h*hourLong+off)
		}
	}
	r, exists := sh.records[id]
	l, leased := sh.lease[id]
	switch {
	case len(at) > 1:
		o.w.fail("I6", id, fmt.Sprintf("%d timers", len(at)))
	case leased && len(at) > 0:
		o.w.fail("I6", id, "a timer runs although "+l.process+" has the lease")
	case leased || !exists:
	case r.c.Sending != nil:
		o.w.fail("I6", id, "a message is under way ("+r.c.Sending.ID+") and nobody has the lease")
	case r.c.Due.IsZero() && len(at) > 0:
		o.w.fail("I6", id, "a timer runs that the record knows nothing of")
	case !r.c.Due.IsZero() && (len(at) == 0 || at[0] != r.c.Due.UnixMilli()):
		o.w.fail("I6", id, fmt.Sprintf("the record is due at %s, the index says %v", r.c.Due.Format(time.RFC3339), at))
	}
}

// begun holds I8 and prepares I4.
func (o *oracle) begun(c *lifecycle.Contact, a *lifecycle.Attempt) {
	w, m := o.w, &a.Message
	b := &begin{at: w.t}
	o.begins[a.ID] = b
	w.note(c.ID, "begun: %s (%s step %d by %s)", a.ID, m.Journey, m.Step, m.Channel)
	if st := c.Consent[m.Channel].State(); st != lifecycle.Subscribed {
		w.fail("I8", c.ID, "begun without consent: "+st.String())
	}
	if sup := c.Suppress[m.Channel]; sup.Reason != "" && sup.Address == m.Address {
		w.fail("I8", c.ID, "begun to a suppressed address: "+string(sup.Reason))
	}
	b.cap, b.late = o.cap(c, m), o.expiry(c, m)
	o.journey(c, m)
	if p := w.owner(c.ID); p != nil {
		if why := o.prevented(p, c, m); why != "" {
			b.inv, b.bad = "I4", why
		}
	}
}

// cap counts by the record what left within the cap's time, and says when that
// is too much.
func (o *oracle) cap(c *lifecycle.Contact, m *lifecycle.Message) string {
	n, r := 0, o.w.right
	for i := range c.Messages {
		if x := &c.Messages[i]; x.ID != m.ID && !x.SentAt.IsZero() && x.SentAt.After(m.At.Add(-r.Cap.Per)) {
			n++
		}
	}
	if r.Cap.Messages > 0 && n >= r.Cap.Messages {
		return fmt.Sprintf("message %d within %v leaves, the cap is %d", n+1, r.Cap.Per, r.Cap.Messages)
	}
	return ""
}

// slack is what may pass between the look at the clock and the first byte.
const slack = 30 * time.Second

// expiry is when the step is too old to be sent.
func (o *oracle) expiry(c *lifecycle.Contact, m *lifecycle.Message) (late time.Time) {
	if c.Run == nil || c.Run.ID != m.Run {
		o.w.fail("I8", c.ID, "begun for a run that is over: "+m.Run)
		return late
	}
	for _, j := range o.w.right.Journeys {
		if j.Name == m.Journey {
			s := &j.Steps[m.Step-1]
			from := c.Run.Anchor
			if s.Previous {
				from = c.Run.Handled
			}
			late = from.Add(s.After + o.w.right.Expires)
			if s.WaitFor != nil {
				late = late.Add(s.WaitFor.Timeout)
			}
		}
	}
	return late
}

// prevented says which acknowledged news should have kept the message back.
func (o *oracle) prevented(p *person, c *lifecycle.Contact, m *lifecycle.Message) string {
	switch {
	case p.stopped[m.Channel]:
		return "an opt-out was acknowledged before"
	case p.forgotten:
		return "the erasure was acknowledged before"
	case p.surelyPaused().After(o.w.st.now().Add(slack)):
		return "a pause until " + p.pausedTo.Format(time.RFC3339) + " was acknowledged before"
	}
	anchor, ok := anchorOf(m)
	if !ok {
		return ""
	}
	for _, d := range p.told {
		if !d.acked || !o.holds(p, d) {
			continue
		}
		if d.kind == purchase && d.ev.Order.At.After(anchor) || d.kind == answer && o.signedUpBefore(p, d) {
			if at := epoch.Add(d.sent); d.kind == purchase || at.After(anchor.Add(time.Hour)) {
				return fmt.Sprintf("%s %s was acknowledged at %s, the journey counts from %s", d.kind, d.key,
					epoch.Add(d.ackAt).Format(time.RFC3339Nano), anchor.Format(time.RFC3339))
			}
		}
	}
	return ""
}

// holds reports whether a purchase still counts: nobody gave it back, and the
// record it is in was not erased.
func (o *oracle) holds(p *person, d *delivery) bool {
	for _, x := range p.told {
		if x.kind == erase || x.kind == refund && d.kind == purchase && x.ev.Refund.OrderID == d.ev.Order.ID {
			return false
		}
	}
	return true
}

// anchorOf is the last order or interaction that a reactivation counts from.
func anchorOf(m *lifecycle.Message) (time.Time, bool) {
	key, ok := strings.CutPrefix(m.Run, "i")
	if !ok || m.Journey != "reactivation" {
		return time.Time{}, false
	}
	ms, err := strconv.ParseInt(key, 36, 64)
	return time.UnixMilli(ms).UTC(), err == nil
}

// firstByte is called when the first byte of a request leaves.
func (o *oracle) firstByte(s *sending) {
	w := o.w
	b := o.begins[s.a.ID]
	switch {
	case b == nil:
		w.fail("I5", s.c.id, "a byte leaves and the store was never told: "+s.a.ID)
		return
	case b.left:
		w.fail("I2", s.c.id, "a second request for "+s.a.ID)
	case !w.st.durable(b.at):
		w.fail("I5", s.c.id, "a byte leaves before the disk has its begin")
	case w.t-s.began > beginGrace+time.Second:
		w.fail("I4", s.c.id, fmt.Sprintf("a byte leaves %v after its begin: what happened since does not hold it back", w.t-s.began))
	}
	b.left = true
	if b.cap != "" {
		w.fail("I8", s.c.id, b.cap)
	}
	if now := w.st.now(); !b.late.IsZero() && now.Sub(b.late) > slack {
		w.fail("I8", s.c.id, fmt.Sprintf("a message leaves %v after its step expired", now.Sub(b.late)))
	}
	if old := w.t - s.looked; old > slack {
		w.fail("I8", s.c.id, fmt.Sprintf("hours, cap and age were judged by a clock read %v before the first byte", old))
	}
	o.quiet(s)
}

// quiet holds the quiet hours by a reckoning of its own.
func (o *oracle) quiet(s *sending) {
	if s.m.Channel != lifecycle.SMS {
		return
	}
	silent := func(t time.Time) bool {
		local := t.In(o.w.right.Location)
		y, m, d := local.Date()
		return local.Hour() >= 21 || local.Hour() < 9 || local.Weekday() == time.Sunday || lifecycle.Holiday("IT", y, m, d)
	}
	now := o.w.st.now()
	if silent(now) && silent(now.Add(-slack)) {
		o.w.fail("I8", s.c.id, "an SMS leaves in quiet hours, at "+now.In(o.w.right.Location).Format(time.RFC3339))
	}
}

// accepted is called when the provider takes a message.
func (o *oracle) accepted(id, attempt string, m *lifecycle.Message) {
	if o.takes[m.ID]++; o.takes[m.ID] > 1 {
		o.w.failFor(o.revived(id, m.Run), "I2", id, fmt.Sprintf("the provider accepted %s %d times", m.ID, o.takes[m.ID]))
	}
	step := id + "/" + m.Run + "/" + strconv.Itoa(m.Step)
	if other := o.steps[step]; other != "" && other != m.ID {
		o.w.failFor(o.revived(id, m.Run), "I2", id, "two messages for step "+step)
	}
	o.steps[step] = m.ID
	if b := o.begins[attempt]; b != nil && b.bad != "" {
		o.w.fail(b.inv, id, "accepted by the provider although "+b.bad)
	}
}

// revived names the open fault that shows where a run came to life again.
func (o *oracle) revived(id, run string) string {
	if o.ended[id+run] {
		return revivedRun
	}
	return ""
}

// startSent: from here on the person may be written to again.
func (o *oracle) startSent(p *person) { p.forgotten = false }

// surelyPaused is until when nothing may leave, whichever of the later words
// that nobody acknowledged were heard.
func (p *person) surelyPaused() time.Time {
	to := p.pausedTo
	for _, d := range p.told {
		if d.kind == ask && d.ev.At.After(p.pausedAt) && d.ev.Until.Before(to) {
			to = d.ev.Until
		}
	}
	return to
}

// acknowledged notes what the outside was promised.
func (o *oracle) acknowledged(d *delivery) {
	p := d.person
	if p == nil {
		return
	}
	o.w.note(o.w.st.lookup[p.n], "acknowledged: %s %s", d.kind, d.key)
	switch d.kind {
	case optIn:
		p.openStart[d.channel]--
	case optOut:
		if d.clean && p.openStart[d.channel] == 0 && !o.startedSince(p, d) {
			p.stopped[d.channel] = true
		}
	case erase:
		if p.openStart == [2]int{} && !o.signUpOpen(p) {
			p.forgotten = true
		}
		p.stopped, p.pausedTo, p.pausedAt = [2]bool{}, time.Time{}, time.Time{}
	case ask:
		if o.holds(p, d) && d.ev.At.After(p.pausedAt) && o.known(p) { // the last word counts
			p.pausedTo, p.pausedAt = d.ev.Until, d.ev.At
		}
	}
}

func (o *oracle) known(p *person) bool {
	id := o.w.st.lookup[p.n]
	if id == "" {
		return false
	}
	r, ok := o.w.st.shard(id).records[id]
	return ok && r.c.Erasing == nil
}

func (o *oracle) startedSince(p *person, d *delivery) bool {
	for _, x := range p.told {
		if x.kind == optIn && x.channel == d.channel && x.sent >= d.sent {
			return true
		}
	}
	return !o.known(p)
}

func (o *oracle) signUpOpen(p *person) bool {
	for _, x := range p.told {
		if x.kind == signUp && !x.acked {
			return true
		}
	}
	return false
}
