package lifecycle

import (
	"slices"
	"time"
)

// failed takes in a payment that failed. Where no journey hangs on it, it is
// only told.
func (d *decision) failed() {
	if d.r.has(OnPaymentFailed) && !d.mark(Mark{Kind: MarkFailed, At: d.ev.At, Key: d.subscriptionKey()}) {
		return
	}
	d.note(d.ev.Text)
}

// imported notes, once, that an import told of the contact.
func (d *decision) imported() {
	known := slices.ContainsFunc(d.c.Marks, func(m Mark) bool { return m.Kind == MarkImported })
	if !known && d.c.Base.ground(importKey) == nil && d.c.Base.Upto.Before(d.now) {
		d.mark(Mark{Kind: MarkImported, At: d.now, Key: importKey})
	}
}

// start takes in that a program asks for a journey.
func (d *decision) start() {
	j := d.r.named(d.ev.Journey)
	if j == nil || j.Trigger != OnAPI {
		d.t.Reason = ReasonNothingNew
		return
	}
	if d.mark(Mark{Kind: MarkStarted, At: d.ev.At, Key: digest("started", j.Name, d.ev.Key), Journey: j.Name}) {
		d.note(j.Name)
	}
}

// Kept says what keeps a contact out of a journey that was asked for; empty:
// they are in it.
func (r *Rules) Kept(c *Contact, journey string, now time.Time) Reason {
	d := decision{r: r, c: *c, now: now}
	j := r.named(journey)
	switch {
	case c.Run != nil && c.Run.Journey == journey:
		return ""
	case c.Delay.Journey == journey:
		return ReasonPerDay
	case j != nil && !d.mayReenter(j, now):
		return ReasonReentry
	case c.Run != nil:
		return ReasonOutranked
	}
	return ReasonNothingNew
}
