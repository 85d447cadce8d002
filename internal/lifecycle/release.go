package lifecycle

import (
	"math"
	"time"
)

// Held reports whether the contact came in by an import, had been silent past
// the first step of the inactivity journey by then, and stays out of it until
// the owner decides.
func (r *Rules) Held(c *Contact) bool {
	if c.HeldAt.IsZero() || !c.HeldTo.IsZero() || c.State == UnsubscribedState || c.Forward != "" {
		return false
	}
	f := r.fold(c)
	return f.waiting() && c.HeldAt.Equal(f.Anchor)
}

// Reachable reports whether the first step of the inactivity journey has a
// channel that may be used now.
func (r *Rules) Reachable(c *Contact) bool {
	j := r.journey(OnInactivity)
	if j == nil || len(j.Steps) == 0 {
		return false
	}
	d := decision{r: r, c: *c}
	_, why := d.channel(&j.Steps[0])
	return why == ""
}

// worthHalves is after how long without an order the money a contact spent is
// worth half.
const worthHalves = 365 * 24 * time.Hour

// Worth ranks contacts who are to be won back, the best first: the money spent
// in the shop's currency, in minor units, halved for each year since the last
// order.
func (r *Rules) Worth(c *Contact, now time.Time) float64 {
	t := r.Totals(c)
	if t.Last.IsZero() {
		return 0
	}
	return float64(t.Spent.Minor) * math.Exp2(-float64(now.Sub(t.Last))/float64(worthHalves))
}

// released lets a held contact into the inactivity journey at the time given.
func (d *decision) released() {
	if !d.r.Held(&d.c) || d.ev.Until.IsZero() {
		d.t.Reason = ReasonNothingNew
		return
	}
	d.c.HeldTo = d.ev.Until.UTC().Truncate(time.Millisecond)
	d.note(d.c.HeldTo.Format(time.DateOnly))
}
