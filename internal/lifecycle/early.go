package lifecycle

import (
	"slices"
	"time"
)

// When an early warning is due.
const (
	warnOrders = 4   // counted orders at least
	warnAfter  = 1.5 // of the median gap
	oneVisit   = 24 * time.Hour
)

// rhythmBroken is when the gap since the contact's last order is longer than
// their own rhythm lets expect: 1.5 times the median of the gaps between the
// counted orders on record. Orders within a day are one purchase. Zero: too
// few orders to tell. It is the only rule of early warnings that looks at
// orders; scores may take its place.
func (c *Contact) rhythmBroken() time.Time {
	var times [MaxOrders]time.Time
	n := 0
	for i := range c.Orders {
		if c.Orders[i].Counts() && n < len(times) {
			times[n] = c.Orders[i].At
			n++
		}
	}
	ts := times[:n]
	slices.SortFunc(ts, time.Time.Compare)
	var gaps [MaxOrders]time.Duration
	g := 0
	for i := 1; i < n; i++ {
		if gap := ts[i].Sub(ts[i-1]); gap >= oneVisit {
			gaps[g] = gap
			g++
		}
	}
	if g < warnOrders-1 {
		return time.Time{}
	}
	slices.Sort(gaps[:g])
	median := (gaps[(g-1)/2] + gaps[g/2]) / 2
	return ts[n-1].Add(time.Duration(warnAfter * float64(median)))
}

// earlyDue is when the contact enters the early warning journey, and which.
// Zero: not in this gap.
func (d *decision) earlyDue(f Fold) (time.Time, *Journey) {
	if !d.r.has(OnEarlyWarning) || f.State != Active && f.State != Returning || f.LastOrder.IsZero() {
		return time.Time{}, nil
	}
	key := warnedKey(f.LastOrder)
	at := d.c.rhythmBroken()
	if at.IsZero() || d.warned(key) {
		return time.Time{}, nil
	}
	if d.ev.Historical && !at.After(d.now) { // imported, and already past it
		d.mark(Mark{Kind: MarkWarned, At: d.now, Key: key, Anchor: f.LastOrder, Reason: ReasonImported})
		return time.Time{}, nil
	}
	if quiet, _ := d.quietAt(f); !quiet.IsZero() && !at.Before(quiet) {
		return time.Time{}, nil
	}
	j := d.permitted(OnEarlyWarning, at)
	if j == nil {
		return time.Time{}, nil
	}
	if d.c.Delay.Run == runID(OnEarlyWarning, key) {
		return maxTime(at, d.c.Delay.To), j
	}
	if d.now.After(at.Add(d.r.expires(&Step{}))) {
		return time.Time{}, nil // it would warn of nothing any more
	}
	return maxTime(at, d.c.PausedTo), j
}

// warned reports whether the gap had its warning.
func (d *decision) warned(key uint64) bool {
	for i := range d.c.Marks {
		if d.c.Marks[i].Kind == MarkWarned && d.c.Marks[i].Key == key {
			return true
		}
	}
	return d.c.Base.ground(key) != nil
}

// warn begins the early warning of this gap.
func (d *decision) warn(f Fold) {
	d.mark(Mark{Kind: MarkWarned, At: d.afterFacts(), Key: warnedKey(f.LastOrder), Anchor: f.LastOrder})
	d.t.Reason = ReasonEntered
}
