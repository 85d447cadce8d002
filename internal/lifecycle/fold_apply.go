package lifecycle

import (
	"cmp"
	"slices"
	"time"
)

// fact is one order or mark in the sequence that is folded.
type fact struct {
	at    time.Time
	order *OrderMark
	mark  *Mark
}

// rank decides between facts of the same instant. A journey's ending comes
// last: an order of the same instant was there before it. The entry comes
// first: an order that was there before would have kept the timer from firing.
// A failed payment comes before the order that pays it.
func (f fact) rank() int {
	if f.order != nil {
		return 0
	}
	switch f.mark.Kind {
	case MarkDormant, MarkWarned, MarkFailed:
		return -1
	case MarkResumed:
		return 1
	case MarkResponse:
		return 2
	case MarkCancelled:
		return 3
	}
	return 4 // MarkEnded
}

func (f fact) key() uint64 {
	if f.order != nil {
		return f.order.Key
	}
	return f.mark.Key
}

func compareFacts(a, b fact) int {
	if c := a.at.Compare(b.at); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.rank(), b.rank()), cmp.Compare(a.key(), b.key()))
}

// facts are the remembered orders and marks in the order of their own times,
// put into buf where they fit. Both lists are kept in that order, as a rule.
func (c *Contact) facts(buf []fact) []fact {
	fs := slices.Grow(buf[:0], len(c.Orders)+len(c.Marks))
	sorted, i, k := true, 0, 0
	for i < len(c.Orders) || k < len(c.Marks) {
		var x fact
		if i < len(c.Orders) {
			x = fact{at: c.Orders[i].At, order: &c.Orders[i]}
		}
		i++
		if k < len(c.Marks) {
			if m := (fact{at: c.Marks[k].At, mark: &c.Marks[k]}); x.order == nil || compareFacts(m, x) < 0 {
				x = m
				k++
				i--
			}
		}
		sorted = sorted && (len(fs) == 0 || compareFacts(fs[len(fs)-1], x) <= 0)
		fs = append(fs, x)
	}
	if !sorted {
		slices.SortFunc(fs, compareFacts)
	}
	return fs
}

// room is what all facts of a record that keeps its bounds need.
type room [MaxOrders + MaxMarks + 2]fact

// fold tells where the contact stands after all facts. It depends on the set
// of facts only, not on the order in which they became known.
func (r *Rules) fold(c *Contact) Fold {
	f := c.Base
	f.Gone, f.Grounds = slices.Clone(f.Gone), slices.Clone(f.Grounds)
	var buf room
	for _, x := range c.facts(buf[:]) {
		r.apply(&f, x)
	}
	if f.State == None {
		f.State, f.Since = Active, c.MadeAt
	}
	return f
}

// apply takes one fact in.
func (r *Rules) apply(f *Fold, x fact) {
	if x.at.Before(f.Upto) {
		if x.order != nil && x.order.Counts() {
			f.Orders++
		}
		return
	}
	switch {
	case x.order != nil:
		if x.order.Counts() {
			r.applyOrder(f, x.order)
		}
	case x.mark.Kind == MarkCancelled:
		f.applyCancelled(x.mark)
	case x.mark.Kind == MarkResumed:
		f.applyResumed(x.mark)
	case x.mark.Kind == MarkResponse:
		f.applyResponse(x.mark)
	case x.mark.Kind == MarkDormant:
		f.applyDormant(x.mark)
	case x.mark.Kind == MarkEnded:
		f.applyEnded(x.mark)
	default:
		f.applyGround(x.mark)
	}
}

func (f *Fold) to(s State, why Reason, at time.Time) {
	if f.State != s {
		f.Since = at
	}
	f.State, f.Reason = s, why
	f.closeWith(s)
	f.Trigger, f.TriggerKey, f.TriggerAt, f.Over, f.Joined = "", 0, time.Time{}, false, false
}

func (f *Fold) hang(t Trigger, key uint64, anchor time.Time) {
	f.Trigger, f.TriggerKey, f.TriggerAt = t, key, anchor
}

func (r *Rules) applyOrder(f *Fold, o *OrderMark) {
	gap := o.At.Sub(f.LastOrder)
	first := f.LastOrder.IsZero()
	f.Orders++
	f.LastOrder, f.Anchor = o.At, o.At
	f.close(ReasonWonOrder)
	if o.Renewal {
		f.Gone = nil // whatever was cancelled goes on
	}
	comeBack := func(why Reason) {
		f.to(Returning, why, o.At)
		f.hang(OnReturn, o.trigger(), o.At)
		f.Joined = true
	}
	switch f.State {
	case None:
		f.to(Active, "", o.At)
	case Active:
		if !first && r.Lapse > 0 && gap > r.Lapse {
			comeBack(ReasonCameBack)
		} else if f.Reason == ReasonSpared {
			f.Reason = ""
		}
	case Dormant, UnsubscribedState:
		comeBack(ReasonWonOrder)
	case Cancelled:
		if o.Renewal {
			comeBack(ReasonRenewed)
		} else {
			comeBack(ReasonWonOrder)
			// A source that names no subscription cannot say that it is the same one.
			f.Gone = slices.DeleteFunc(f.Gone, func(k uint64) bool { return k == 0 || k == noSubscription })
		}
	case Returning:
		if f.sameReturn(o) {
			f.Joined = true
			return
		}
		f.to(Active, ReasonSecondOrder, o.At)
	}
}

func (f *Fold) applyCancelled(m *Mark) {
	if slices.Contains(f.Gone, m.Key) {
		return // the decision was taken in; this is the end of the paid period
	}
	f.Gone = append(f.Gone, m.Key)
	if len(f.Gone) > 8 {
		f.Gone = f.Gone[1:]
	}
	if f.State == UnsubscribedState || f.State == Cancelled {
		return
	}
	if m.Reason == ReasonPaymentFailed || m.Reason == ReasonDisputed {
		f.to(Cancelled, m.Reason, m.At) // nobody decided to leave: nobody is asked why
		return
	}
	f.to(Cancelled, ReasonCancelled, m.At)
	f.hang(OnCancellation, m.Key^uint64(m.At.UnixMilli()), m.At)
}

// applyResumed takes in a subscription that was taken up again, or renewed
// without an order of its own.
func (f *Fold) applyResumed(m *Mark) {
	f.Gone = slices.DeleteFunc(f.Gone, func(k uint64) bool { return k == m.Key })
	renewed := m.Reason == ReasonRenewed
	why := ReasonResumed
	if renewed {
		f.Anchor, why = m.At, ReasonRenewed
	}
	f.paid(m.Key, why)
	switch {
	case f.State == None:
		f.to(Active, "", m.At)
	case f.State == Cancelled, renewed && (f.State == Dormant || f.State == UnsubscribedState):
		f.to(Returning, why, m.At)
		f.hang(OnReturn, m.Key^uint64(m.At.UnixMilli()), m.At)
		f.Anchor = m.At
	}
}

// sameReturn reports whether an order is the one that a subscription event of
// the same day spoke of: it came back once, not twice.
func (f *Fold) sameReturn(o *OrderMark) bool {
	subscribed := f.Reason == ReasonResumed || f.Reason == ReasonRenewed
	return subscribed && f.TriggerKey != o.trigger() && o.At.Sub(f.TriggerAt) < 24*time.Hour && !f.Joined
}

func (f *Fold) applyResponse(m *Mark) {
	f.Anchor = m.At
	f.close(ReasonWonResponse, OnEarlyWarning, OnImport, OnAPI)
	switch f.State {
	case None:
		f.to(Active, "", m.At)
	case Dormant, UnsubscribedState:
		f.to(Active, ReasonWonResponse, m.At)
	}
}

// applyDormant holds where the timer counted from what is still the last order
// or interaction, or from an order that was taken back since: then the silence
// is even longer. Where older news came late, the entry is undone.
func (f *Fold) applyDormant(m *Mark) {
	if !f.waiting() {
		return
	}
	switch {
	case m.Anchor.Equal(f.Anchor):
	case f.State != Active || f.Anchor.IsZero():
		return
	case f.Anchor.After(m.Anchor):
		f.Reason = ReasonSpared
		return
	}
	f.to(Dormant, ReasonInactive, m.At)
	f.hang(OnInactivity, uint64(m.Anchor.UnixMilli()), m.Anchor)
}

// applyEnded holds only for the journey that still belongs to the state.
func (f *Fold) applyEnded(m *Mark) {
	if g := f.ground(m.Key); g != nil {
		f.applyGroundEnded(g, m)
		return
	}
	if f.Trigger == "" || f.TriggerKey != m.Key || f.Over {
		return
	}
	if m.Outcome == f.State {
		f.Over, f.Reason = true, m.Reason
		return
	}
	was := f.Trigger
	f.to(m.Outcome, m.Reason, m.At)
	switch {
	case m.Outcome == Dormant, m.Outcome == Active && was == OnCancellation:
		f.Anchor = m.At // silence counts from this moment
	case m.Outcome == Active && was == OnInactivity:
		f.Anchor = time.Time{} // this silence had its journey: only a sign of life begins another
	}
}

// trigger is the key of a return journey that hangs on this order. It does not
// depend on the time of the order: two sources that tell one purchase know it to
// the second only, and nobody is welcomed twice for that.
func (o *OrderMark) trigger() uint64 { return o.Key }

// Counts reports whether the order is a purchase: placed or paid, neither
// cancelled nor refunded in full. An order that is only named does not count.
func (o *OrderMark) Counts() bool {
	return !o.Partial && o.Status <= OrderPaid && o.Total.Minor >= 0 && !o.fullyRefunded()
}

func (o *OrderMark) fullyRefunded() bool {
	for _, rf := range o.Refunds {
		if rf.Full {
			return true
		}
	}
	return o.Total.Minor > 0 && o.Refunded() >= o.Total.Minor
}

// Refunded is what was given back, in minor units: the larger of what the
// order told and what single refunds add up to, never more than the total.
func (o *OrderMark) Refunded() int64 {
	var sum int64
	for _, rf := range o.Refunds {
		sum += rf.Amount
	}
	return min(max(sum, o.Told), max(o.Total.Minor, 0))
}

// roll takes the oldest facts out of the record until it keeps its bounds.
func (r *Rules) roll(c *Contact) (off []uint64) {
	for len(c.Orders) > MaxOrders || len(c.Marks) > MaxMarks {
		x := c.facts(nil)[0]
		base := c.Base
		base.Gone, base.Grounds = slices.Clone(base.Gone), slices.Clone(base.Grounds)
		r.apply(&base, x)
		if x.at.After(base.Upto) {
			base.Upto = x.at
		}
		c.Base = base
		if x.order == nil {
			gone := *x.mark
			c.Marks = slices.DeleteFunc(c.Marks, func(m Mark) bool { return m == gone })
			continue
		}
		o := *x.order
		if o.Counts() {
			c.Older.add(&o, r.Currency)
			c.dropLinks(o.Key)
		} else {
			c.Older.Spent += o.credit(r.Currency)
			off = append(append(off, offKey(o.Key)), c.dropLinks(o.Key)...)
		}
		c.Orders = slices.DeleteFunc(c.Orders, func(p OrderMark) bool { return p.Key == o.Key })
	}
	return off
}

func (w *Rolled) add(o *OrderMark, currency string) {
	w.Count++
	if o.Total.Currency == currency {
		w.Spent += o.Total.Minor - o.Refunded()
	} else {
		w.Foreign++
	}
	if w.First.IsZero() || o.At.Before(w.First) {
		w.First = o.At
	}
	if o.At.After(w.Last) {
		w.Last = o.At
	}
}

// noSubscription is the key of a cancellation that names no subscription.
var noSubscription = digest("sub", "")

// offKey is the digest under which it is remembered that an order was taken
// back.
func offKey(key uint64) uint64 { return (key ^ 0x5bd1e995_9e3779b9) &^ (1 << 63) }
