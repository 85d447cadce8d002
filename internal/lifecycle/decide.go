package lifecycle

import (
	"slices"
	"time"
)

// Decide says what ev does to c at time now. It has no side effects and
// changes nothing it was handed: the store calls it again whenever another
// writer was faster. A zero Contact with ID and Shop set stands for one that
// does not exist yet.
func (r *Rules) Decide(ev Event, c Contact, now time.Time) Transition {
	if c.Erasing != nil {
		return onTombstone(ev, c)
	}
	return r.decide(ev, c.clone(), now, nil)
}

// DecideInPlace is Decide for who hands the contact over: what it points to is
// written to, and only the transition's contact may be used afterwards. A
// rehearsal of a million contacts has no use for the copy.
func (r *Rules) DecideInPlace(ev Event, c Contact, now time.Time) Transition {
	if c.Erasing != nil {
		return onTombstone(ev, c)
	}
	return r.decide(ev, c, now, nil)
}

// decideNamed is DecideInPlace where the names of the order are known.
func (r *Rules) decideNamed(ev Named, c Contact, now time.Time) Transition {
	if c.Erasing != nil {
		return onTombstone(ev.Event, c)
	}
	return r.decide(ev.Event, c, now, &ev.Names)
}

func (r *Rules) decide(ev Event, c Contact, now time.Time, names *OrderKeys) Transition {
	before, due := standOf(&c), c.Due
	d := decision{r: r, c: c, now: now, names: names}
	d.bound(ev)
	if d.c.MadeAt.IsZero() && d.ev.creates() {
		d.c.MadeAt = now
		d.t.count("made")
	}
	d.take()
	if d.c.Erasing == nil {
		d.t.SeenOrders = append(d.t.SeenOrders, r.roll(&d.c)...)
		d.settle()
		d.countStates(before.state)
		d.tellChanges(before)
	}
	if d.t.Reason == "" {
		d.t.Reason = ReasonStored
	}
	d.t.Contact = d.c
	d.t.Changed = d.changed || d.c.State != before.state || !d.c.Due.Equal(due)
	return d.t
}

// decision is one call of Decide at work.
type decision struct {
	r       *Rules
	ev      Event
	c       Contact
	now     time.Time
	names   *OrderKeys // of the event's order; nil: not worked out
	t       Transition
	changed bool
	ended   Reason         // why the live run ends, if the event ends it
	vague   bool           // the order's own time is not known: the first telling's holds
	foreign [channels]bool // the event names an address that is not the record's
}

// creates reports whether the event may make a contact.
func (ev *Event) creates() bool {
	switch ev.Type {
	case OrderPlaced, Renewed, SubscriptionStarted, SubscriptionCancelled, SubscriptionPaused, PaymentFailed, ContactChanged, ConsentChanged:
		return true
	}
	return false
}

// Creates reports whether an event of this type may make a contact; others
// need one that is known.
func (ev Event) Creates() bool { return ev.creates() }

// bound takes the event over with its times held inside reason: what lies more
// than a day ahead or before 2000 counts as the time of arrival. Imports and
// rehearsals keep theirs.
func (d *decision) bound(ev Event) {
	corrected := false
	wild := func(t time.Time) bool {
		return !ev.Historical && !ev.OwnTime && !t.IsZero() && (t.After(d.now.Add(24*time.Hour)) || t.UTC().Year() < 2000)
	}
	clamp := func(t time.Time) time.Time {
		if corrected = corrected || wild(t); t.IsZero() || wild(t) {
			return d.now
		}
		return t.UTC().Truncate(time.Millisecond)
	}
	d.vague = ev.Order != nil && (wild(ev.Order.At) || ev.Order.At.IsZero() && (wild(ev.At) || ev.At.IsZero()))
	ev.At = clamp(ev.At)
	if ev.Version.IsZero() {
		ev.Version = ev.At
	}
	ev.Version = clamp(ev.Version)
	if ev.Order != nil {
		o := *ev.Order
		if o.At.IsZero() {
			o.At = ev.At
		}
		o.At = clamp(o.At)
		ev.Order = &o
	}
	if len(ev.Consents) > 0 {
		cs := slices.Clone(ev.Consents)
		for i := range cs {
			if cs[i].At.IsZero() {
				cs[i].At = ev.At
			}
			cs[i].At = clamp(cs[i].At)
			if cs[i].Source == "" {
				cs[i].Source = ev.Source
			}
		}
		ev.Consents = cs
	}
	if d.ev = ev; corrected {
		d.t.count("times_corrected")
	}
}

// take turns the event into facts of the record.
func (d *decision) take() {
	ev := &d.ev
	switch ev.Type {
	case StepDue:
		d.stepDue()
		return
	case Begin:
		d.begin()
		return
	case Unbegin:
		d.unbegin()
		return
	case Sent, Lost:
		d.result()
		return
	case Delivery:
		d.delivery()
		return
	case Settled:
		d.settled()
		return
	case Recalled:
		d.recalled()
		return
	case EraseRequested:
		d.erase()
		return
	case ConsentTold:
		d.consentTold()
		return
	case Cleared:
		d.t.Reason = ReasonStale
		return
	}
	if ev.Historical && d.r.has(OnImport) {
		d.imported()
	}
	if ev.Type == ContactChanged && d.c.State == None {
		d.note("new customer")
	}
	d.person()
	d.consents()
	switch ev.Type {
	case OrderPlaced:
		d.order()
	case Renewed:
		d.order()
		if ev.Order == nil || ev.Order.Partial {
			d.mark(Mark{Kind: MarkResumed, At: ev.At, Key: d.subscriptionKey(), Reason: ReasonRenewed})
			d.note("")
		}
	case OrderCancelled, OrderRefunded:
		d.order()
	case SubscriptionStarted:
		if ev.Subscription != nil && ev.Subscription.Plan != "" {
			d.c.Plan = ev.Subscription.Plan
		}
		if ev.Subscription != nil && ev.Subscription.Running && !d.gone(d.subscriptionKey()) {
			d.t.Reason = ReasonNothingNew
			return
		}
		if d.mark(Mark{Kind: MarkResumed, At: ev.At, Key: d.subscriptionKey()}) {
			d.note("")
		}
	case SubscriptionCancelled:
		d.cancelled()
	case PaymentFailed:
		d.failed()
	case Started:
		d.start()
	case SubscriptionPaused, Noted, DataRequested, SourceGone:
		d.note(ev.Text)
	case ContactDeleted:
		for ch := range channels {
			d.unknown(Channel(ch), ev.At, "the customer was deleted at the source")
		}
		d.note("")
	case Paused:
		d.paused()
	case Released:
		d.released()
	case Opened:
		d.opened()
	case Responded:
		d.responded()
	}
}

func (d *decision) subscriptionKey() uint64 {
	if d.ev.Subscription == nil {
		return 0
	}
	return digest("sub", d.ev.Subscription.ID)
}

// gone reports whether the last that is known of a subscription, up to the
// event's time, is its cancellation.
func (d *decision) gone(key uint64) bool {
	gone := slices.Contains(d.c.Base.Gone, key)
	for _, m := range d.c.Marks { // in the order of their times
		switch {
		case m.Key != key || m.At.After(d.ev.At):
		case m.Kind == MarkCancelled:
			gone = true
		case m.Kind == MarkResumed:
			gone = false
		}
	}
	return gone
}

func (d *decision) cancelled() {
	m := Mark{Kind: MarkCancelled, At: d.ev.At, Key: d.subscriptionKey(), Reason: d.ev.Subscription.whose()}
	if !d.mark(m) {
		return
	}
	text := ""
	if !d.c.cancelledAfter(m.At) {
		d.c.Involuntary = m.Reason != ReasonCancelled
	}
	if s := d.ev.Subscription; s != nil {
		text = clip(s.Reason, 120)
		if text != "" {
			d.c.CancelReason = text
		}
		if s.Plan != "" {
			d.c.Plan = clip(s.Plan, 80)
		}
	}
	d.note(text)
}

// whose says whether somebody decided to leave, in a word.
func (s *Subscription) whose() Reason {
	switch {
	case s == nil || !s.Involuntary && !s.Disputed:
		return ReasonCancelled
	case s.Disputed:
		return ReasonDisputed
	}
	return ReasonPaymentFailed
}

// cancelledAfter reports whether a later cancellation is known.
func (c *Contact) cancelledAfter(at time.Time) bool {
	return slices.ContainsFunc(c.Marks, func(m Mark) bool { return m.Kind == MarkCancelled && m.At.After(at) })
}

// nudge is by how much a fact moves that was told before another one of the
// same time.
const nudge = time.Millisecond

// mark adds a fact unless it is known.
func (d *decision) mark(m Mark) bool {
	for _, k := range d.c.Marks {
		if k.Kind == m.Kind && k.Key == m.Key && k.At.Sub(m.At).Abs() <= nudge && k.Anchor.Equal(m.Anchor) {
			d.t.Reason = ReasonNothingNew
			return false
		}
	}
	d.arrivedBefore(m.At, fact{mark: &m}.rank())
	d.c.Marks = append(d.c.Marks, m)
	SortMarks(d.c.Marks)
	d.changed = true
	return true
}

// SortMarks puts marks in the order in which they are folded.
func SortMarks(ms []Mark) {
	slices.SortStableFunc(ms, func(a, b Mark) int { return compareFacts(fact{a.At, nil, &a}, fact{b.At, nil, &b}) })
}

// arrivedBefore puts what was told of a subscription for the very instant of
// the news at hand before it: among equal times arrival decides.
func (d *decision) arrivedBefore(at time.Time, rank int) {
	for i := range d.c.Marks {
		m := &d.c.Marks[i]
		told := m.Kind == MarkCancelled || m.Kind == MarkResumed
		if told && m.At.Equal(at) && (fact{mark: m}).rank() > rank {
			m.At = m.At.Add(-nudge)
		}
	}
}

// note writes a line of the timeline, kept in the order of the events' times.
func (d *decision) note(text string) { d.noteWhy(d.ev.Type, "", text) }

func (d *decision) noteWhy(t Type, why Reason, text string) {
	e := Entry{At: d.ev.At, Type: t, Source: d.ev.Source, Reason: why, Text: clip(text, 160)}
	if e.At.IsZero() {
		e.At = d.now
	}
	d.c.Timeline = addEntry(d.c.Timeline, e)
	d.changed = true
}

func addEntry(tl []Entry, e Entry) []Entry {
	i := len(tl)
	for i > 0 && tl[i-1].At.After(e.At) {
		i--
	}
	tl = slices.Insert(tl, i, e)
	if len(tl) > MaxTimeline {
		tl = slices.Delete(tl, 0, len(tl)-MaxTimeline)
	}
	return tl
}

// countStates keeps the shop's exact numbers of contacts by state.
func (d *decision) countStates(from State) {
	to := d.c.State
	if from == to {
		return
	}
	if from != None {
		d.t.Counts = append(d.t.Counts, Count{"state:" + from.String(), -1})
	}
	d.t.Counts = append(d.t.Counts, Count{"state:" + to.String(), 1})
	if from != None {
		d.t.Counts = append(d.t.Counts, Count{"moved:" + from.String() + ":" + to.String(), 1})
	}
}
