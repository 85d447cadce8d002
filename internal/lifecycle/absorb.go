package lifecycle

import (
	"slices"
	"time"
)

// Absorb joins what is known of gone into c: the two records are one person.
// It adds facts only, so it may be repeated. Consent given for an address that
// goes does not carry over; an opt-out does.
func (r *Rules) Absorb(c, gone Contact, now time.Time) Transition {
	before := standOf(&c)
	d := decision{r: r, ev: Event{Type: ContactMerged, At: now}, c: c.clone(), now: now}
	if d.c.MadeAt.IsZero() || gone.MadeAt.Before(d.c.MadeAt) {
		d.c.MadeAt = gone.MadeAt
	}
	d.absorbIdentity(gone)
	d.absorbOrders(gone)
	for _, m := range gone.Marks {
		d.mark(m)
	}
	d.absorbHistory(gone)
	d.note("")
	d.t.SeenOrders = append(d.t.SeenOrders, r.roll(&d.c)...)
	d.settle()
	d.countStates(before.state)
	d.tellChanges(before)
	if gone.State != None {
		d.t.Counts = append(d.t.Counts, Count{"state:" + gone.State.String(), -1})
	}
	d.t.count("merged")
	d.t.Reason, d.t.Changed, d.t.Contact = ReasonMerged, true, d.c
	return d.t
}

func (d *decision) absorbIdentity(gone Contact) {
	d.absorbFormer(gone)
	for _, ref := range gone.Refs {
		switch {
		case slices.Contains(d.c.Refs, ref):
		case len(d.c.Refs) < MaxRefs:
			d.c.Refs = append(d.c.Refs, ref)
		default:
			d.formerRef(ref)
		}
	}
	for ch := range channels {
		d.absorbChannel(Channel(ch), gone)
	}
	p, q := &d.c.Profile, gone.Profile
	if p.Region == "" && (p.Country == "" || p.Country == q.Country) {
		p.Region = q.Region
	}
	for _, f := range []struct{ have, other *string }{
		{&p.FirstName, &q.FirstName}, {&p.LastName, &q.LastName}, {&p.Locale, &q.Locale}, {&p.Country, &q.Country}, {&p.Timezone, &q.Timezone},
	} {
		if *f.have == "" {
			*f.have = *f.other
		}
	}
	d.absorbLedger(gone)
	d.absorbTold(gone)
	switch { // the last word counts
	case gone.PausedAt.After(d.c.PausedAt):
		d.c.PausedTo, d.c.PausedAt = gone.PausedTo, gone.PausedAt
	case gone.PausedAt.Equal(d.c.PausedAt):
		d.c.PausedTo = maxTime(d.c.PausedTo, gone.PausedTo)
	}
	if gone.HeldAt.After(d.c.HeldAt) {
		d.c.HeldAt, d.c.HeldTo = gone.HeldAt, gone.HeldTo
	}
	if d.c.CancelReason == "" {
		d.c.CancelReason = gone.CancelReason
	}
	d.absorbInvoluntary(gone)
	if d.c.Plan == "" {
		d.c.Plan = gone.Plan
	}
}

// absorbInvoluntary takes over how the last cancellation came about, where gone
// knows the later one.
func (d *decision) absorbInvoluntary(gone Contact) {
	for _, m := range gone.Marks {
		if m.Kind == MarkCancelled && !d.c.cancelledAfter(m.At) {
			d.c.Involuntary = gone.Involuntary
		}
	}
}

// absorbChannel joins address and consent of one channel.
func (d *decision) absorbChannel(ch Channel, gone Contact) {
	have, other := &d.c.Email, gone.Email
	if ch == SMS {
		have, other = &d.c.Phone, gone.Phone
	}
	if have.Key == "" && other.Key != "" {
		*have, d.c.Suppress[ch] = other, gone.Suppress[ch]
	}
	if other.Key == "" || have.Key == other.Key {
		d.c.Consent[ch] = d.c.Consent[ch].join(gone.Consent[ch])
		return
	}
	d.formerAddress(ch, other.Key)
	if g := gone.Consent[ch]; g.Decided == Unsubscribed {
		if d.c.Consent[ch].Decided != Unsubscribed || g.At.After(d.c.Consent[ch].At) {
			d.c.Consent[ch] = g
		}
	}
}

func (d *decision) absorbOrders(gone Contact) {
	for _, o := range gone.Orders {
		d.t.SeenOrders = append(d.t.SeenOrders, o.Key)
		i := slices.IndexFunc(d.c.Orders, func(h OrderMark) bool { return h.Key == o.Key })
		switch {
		case i < 0:
			d.c.Orders = append(d.c.Orders, o)
		case d.c.Orders[i].Partial && !o.Partial, o.Version.After(d.c.Orders[i].Version):
			o.Refunds = append(slices.Clone(o.Refunds), d.c.Orders[i].Refunds...)
			slices.SortFunc(o.Refunds, func(a, b RefundMark) int { return compareUint(a.Key, b.Key) })
			o.Refunds = slices.CompactFunc(o.Refunds, func(a, b RefundMark) bool { return a.Key == b.Key })
			d.c.Orders[i] = o
		}
	}
	d.sortOrders()
	d.absorbLinks(gone)
	w, g := &d.c.Older, gone.Older
	w.Count += g.Count
	w.Spent += g.Spent
	w.Foreign += g.Foreign
	if w.First.IsZero() || !g.First.IsZero() && g.First.Before(w.First) {
		w.First = g.First
	}
	w.Last = maxTime(w.Last, g.Last)
}

func (d *decision) absorbHistory(gone Contact) {
	for _, e := range gone.Timeline {
		d.c.Timeline = addEntry(d.c.Timeline, e)
	}
	for _, m := range gone.Messages {
		if m.Status == Sending { // its answer, or its silence, meets this record
			m.Status, m.Error = Uncertain, ReasonUncertain
		}
		if d.message(m.ID) == nil {
			d.c.Messages = append(d.c.Messages, m)
		}
	}
	slices.SortStableFunc(d.c.Messages, func(a, b Message) int { return a.At.Compare(b.At) })
	d.c.Messages = rollMessages(d.c.Messages)
	d.absorbLooks(gone)
	d.c.Accepted += gone.Accepted
	d.c.Answers = append(d.c.Answers, gone.Answers...)
	slices.SortStableFunc(d.c.Answers, func(a, b Answer) int { return a.At.Compare(b.At) })
	if n := len(d.c.Answers) - MaxAnswers; n > 0 {
		d.c.Answers = d.c.Answers[n:]
	}
	d.absorbEntered(gone)
	runs := slices.Clone(gone.Runs)
	if gone.Run != nil {
		run := *gone.Run
		run.Outcome, run.Ended = ReasonMerged, d.now
		d.t.running(&run, -1)
		if a := gone.Sending; a != nil && a.Message.Run == run.ID {
			run.Step, run.Handled = a.Message.Step, d.now // under way: not to be sent again from here
		}
		runs = append(runs, run)
	}
	for _, run := range runs {
		if d.run(run.ID) == nil {
			d.c.Runs = append(d.c.Runs, run)
		}
	}
	slices.SortStableFunc(d.c.Runs, func(a, b Run) int { return a.Began.Compare(b.Began) })
	if n := len(d.c.Runs) - MaxRuns; n > 0 {
		d.c.Runs = d.c.Runs[n:]
	}
}

// absorbLooks takes over what the providers' records are still to be asked.
func (d *decision) absorbLooks(gone Contact) {
	for _, l := range gone.Looks {
		if d.look(l.Message) == nil {
			d.c.Looks = append(d.c.Looks, l)
		}
	}
	if a := gone.Sending; a != nil && d.look(a.Message.ID) == nil {
		d.ask(a.Message.ID, a, d.r.settle())
	}
}

// absorbEntered keeps the later entry into each journey.
func (d *decision) absorbEntered(gone Contact) {
	for _, e := range gone.Entered {
		d.remember(&Run{Journey: e.Journey, Began: e.At})
	}
}
