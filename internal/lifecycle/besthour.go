package lifecycle

import "time"

// bestOf is how many orders and responses must be known before an hour counts
// as somebody's best one.
const bestOf = 5

// BestHour is the local hour (0 to 23) at which a contact is most likely to
// react, and from how many orders and responses that is known: the hour that
// has, with the hours before and after it, the most of them; among equals the
// one with the most itself, then the earliest of the day. ok is false with
// fewer than five. What a machine did is left out: renewals, and orders told
// for midnight to the second, which are dates without an hour.
func (r *Rules) BestHour(c *Contact) (hour, known int, ok bool) {
	loc := r.LocationOf(c)
	var at [24]int
	count := func(t time.Time) {
		if !t.Equal(t.Truncate(24*time.Hour)) && !midnight(t.In(loc)) {
			at[t.In(loc).Hour()]++
			known++
		}
	}
	for i := range c.Orders {
		if o := &c.Orders[i]; o.Counts() && !o.Renewal {
			count(o.At)
		}
	}
	for _, m := range c.Marks {
		if m.Kind == MarkResponse {
			count(m.At)
		}
	}
	if known < bestOf {
		return 0, known, false
	}
	most := func(h int) int { return 100*(at[(h+23)%24]+at[h]+at[(h+1)%24]) + at[h] }
	for h := range at {
		if most(h) > most(hour) {
			hour = h
		}
	}
	return hour, known, true
}

func midnight(local time.Time) bool {
	h, m, s := local.Clock()
	return h == 0 && m == 0 && s == 0
}

// bestTime is when today a message should rather leave than now, zero where now
// is right: later on the same local day, at a time that law and quiet hours
// allow, before the step expires. Steps within a day of their anchor wait for
// nothing.
func (d *decision) bestTime(ch Channel) time.Time {
	run := d.c.Run
	if !d.r.BestHours || run == nil {
		return time.Time{}
	}
	j := d.r.named(run.Journey)
	if j == nil || run.Step >= len(j.Steps) || j.Steps[run.Step].After < 24*time.Hour {
		return time.Time{}
	}
	hour, _, ok := d.r.BestHour(&d.c)
	if !ok {
		return time.Time{}
	}
	loc := d.r.LocationOf(&d.c)
	y, m, day := d.now.In(loc).Date()
	at := localInstant(y, m, day, hour*60, loc)
	last := d.stepAt(run, j).Add(d.r.expires(&j.Steps[run.Step]))
	if !at.After(d.now) || at.After(last) || !d.r.mayWriteAt(&d.c, at, ch).Equal(at) {
		return time.Time{}
	}
	return at
}
