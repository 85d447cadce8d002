package guard

import (
	"time"

	"ritorno/internal/lifecycle"
)

// What a source must have behind it before its silence says anything.
const (
	LeastOrders = 50
	LeastSpan   = 14 * 24 * time.Hour
)

// KeepDays is how many days of hours a rhythm remembers.
const KeepDays = 56

// Rhythm is how new orders came in from one source, live.
type Rhythm struct {
	First    time.Time // program time of the first new order
	Last     time.Time // … and of the last one
	LastReal time.Time // real time at which the last one came
	Orders   int64
	Waived   time.Time // Last of the silence that a person passed over; zero: none
	// Days are the busy hours: bit h of a day is set when a new order came in
	// its hour h, both by the shop's clock. Counting hours instead of orders
	// makes a batch, a sale or a burst after an outage one sign of life each.
	Days map[int]uint32
}

// Calendar is by what the shop's customers live.
type Calendar struct {
	Zone    *time.Location
	Country string // whose public holidays count for nothing
}

// Slot is the day and the hour of an instant: the key and the bit of Days.
func (c Calendar) Slot(t time.Time) (day, hour int) {
	t = t.In(c.Zone)
	return lifecycle.DayOf(t), t.Hour()
}

// weekday of a day number; day 0 was a Thursday.
func weekday(day int) int { return (day + int(time.Thursday)) % 7 }

func (c Calendar) holiday(day int) bool {
	y, m, d := time.Unix(int64(day)*86400, 0).UTC().Date()
	return lifecycle.Holiday(c.Country, y, m, d)
}

// week is what a rhythm says of any hour of the week.
type week struct {
	busy    [7][24]float64 // share of these hours in which an order came
	perDay  float64        // busy hours of a day, on the average
	hours   float64        // busy hours that it was learnt from
	longest int            // hours of the longest stretch from order to order, holidays not counted
	scatter float64        // how much more than by chance the days differ, at least 1
	level   float64        // the last 14 days against all of them, at most 1
}

// learn reads the hours between the first and the last order, at most the last
// 56 days. Public holidays are left out: they are no ordinary day of the week.
func (r Rhythm) learn(c Calendar) week {
	var w week
	first, firstHour := c.Slot(r.First)
	last, lastHour := c.Slot(r.Last)
	if start := last - KeepDays + 1; first < start {
		first, firstHour = start, 0
	}
	var seen [7][24]float64
	run := -1 // no order met yet
	for day := first; day <= last; day++ {
		if c.holiday(day) {
			continue
		}
		for h := range 24 {
			if day == first && h < firstHour || day == last && h > lastHour {
				continue
			}
			seen[weekday(day)][h]++
			if run++; r.Days[day]>>h&1 == 0 {
				if run == 0 {
					run = -1
				}
				continue
			}
			w.busy[weekday(day)][h]++
			w.hours++
			w.longest = max(w.longest, run)
			run = 0
		}
	}
	for d := range 7 {
		for h := range 24 {
			if seen[d][h] > 0 {
				w.busy[d][h] /= seen[d][h]
			}
		}
	}
	w.compare(r, c, first, last)
	return w
}

// recentDays is how far back the present level is looked for: a shop after
// Christmas is not silent because it was busier before.
const recentDays = 14

// compare holds each day against what its weekday lets expect.
func (w *week) compare(r Rhythm, c Calendar, first, last int) {
	var off, days, sum, recent, expected float64
	for day := first; day <= last; day++ {
		if c.holiday(day) {
			continue
		}
		x, e := 0.0, 0.0
		for h := range 24 {
			x += float64(r.Days[day] >> h & 1)
			e += w.busy[weekday(day)][h]
		}
		sum += x
		if e > 0 && day != first && day != last { // those two are not whole
			off += (x - e) * (x - e) / e
			days++
		}
		if day > last-recentDays && day != last {
			recent += x
			expected += e
		}
	}
	w.perDay = sum / float64(max(1, last-first+1))
	w.scatter, w.level = 1, 1
	if days > 7 {
		w.scatter = max(1, off/(days-7))
	}
	if expected > 0 {
		w.level = min(1, recent/expected)
	}
}
