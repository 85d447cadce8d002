package guard

import (
	"math"
	"math/bits"
	"time"
)

const (
	// leastSilence is the shortest silence that is told: carriers, shops and
	// networks have their bad hours.
	leastSilence = 6
	// patience is how many of its longest gaps a source may be silent.
	patience = 3
	// falseAlarms is how many false alarms in 90 days the expectation of a
	// source allows itself, were its orders to come by chance.
	falseAlarms = 0.01
	// longestLook bounds the work on a source that died long ago.
	longestLook = 400 * 24 * time.Hour
)

// Silence is what a source's quiet says.
type Silence struct {
	Guarded bool          // enough is known of the source to say anything
	Since   time.Time     // program time of the last new order; zero: there was none
	Usual   time.Duration // its longest gap in the last 56 days, without holidays; zero where not guarded
	Hours   int           // that it has been silent, without holidays
	Missed  float64       // busy hours that were to be expected meanwhile
	Limit   float64       // of Missed
	Silent  bool          // longer or more than ever by chance
	Waived  bool          // a person passed over this very silence
}

// Judge says what it means that no order came from a source for a time that
// truly passed (lived, which a moved clock does not add to), now being the
// program's time. A source is silent
//
//   - from 3 times its longest usual gap on, or
//   - when so many busy hours are missing that chance would do that once in
//     9,000 days: ln(N / 0.01) of them, N being the busy hours of 90 days. For
//     independent arrivals the hours missed are exponentially distributed, and
//     each of N gaps passes the limit with probability exp(-limit). The limit
//     grows with the scatter of the days and where little is known;
//
// and never below 6 hours.
func (r Rhythm) Judge(now time.Time, lived time.Duration, c Calendar) Silence {
	s := Silence{Since: r.Last}
	if r.Orders < LeastOrders || r.Last.Sub(r.First) < LeastSpan {
		return s
	}
	w := r.learn(c)
	s.Guarded, s.Usual = true, time.Duration(w.longest)*time.Hour
	s.Waived = !r.Waived.IsZero() && r.Waived.Equal(r.Last)
	s.Limit = w.limit()
	for at := now.Add(-min(lived, longestLook)).Add(time.Hour); !at.After(now); at = at.Add(time.Hour) {
		day, hour := c.Slot(at)
		if c.holiday(day) {
			continue
		}
		s.Hours++
		s.Missed += w.level * w.busy[weekday(day)][hour]
	}
	s.Silent = s.Hours >= leastSilence && (s.Hours > patience*w.longest || s.Missed > s.Limit)
	return s
}

func (w week) limit() float64 {
	unsure := 1 + 2/math.Sqrt(max(1, w.hours)) // two standard errors of the rate
	return w.scatter * unsure * math.Log(max(1, 90*w.perDay)/falseAlarms)
}

// Feed is one source with its rhythm.
type Feed struct {
	Name   string
	Rhythm Rhythm
	Lived  time.Duration // real time since its last order
	// Read: the shop's own records were read to their end a short while ago, and
	// told of no further order either.
	Read bool
}

// Verdict is what is known of a source of a shop.
type Verdict struct {
	Name string
	Silence
	// Covered: silent, but the shop's other sources have brought at least half
	// of what is missing since then. So a source that was replaced, or whose
	// orders another tells as well, holds nothing.
	Covered bool
	// Read: silent, but the shop itself was asked and knows of no further order:
	// nothing is missing, whatever became of the webhooks.
	Read bool
}

// Holds reports whether the source is a reason to hold messages.
func (v Verdict) Holds() bool { return v.Silent && !v.Covered && !v.Waived && !v.Read }

// JudgeAll judges the sources of one shop.
func JudgeAll(feeds []Feed, now time.Time, c Calendar) []Verdict {
	out := make([]Verdict, len(feeds))
	for i, f := range feeds {
		out[i] = Verdict{Name: f.Name, Silence: f.Rhythm.Judge(now, f.Lived, c)}
		if !out[i].Silent {
			continue
		}
		out[i].Read = f.Read
		others := 0
		for j, o := range feeds {
			if j != i {
				others += o.Rhythm.busySince(f.Rhythm.Last, c)
			}
		}
		out[i].Covered = others > 0 && float64(others) >= out[i].Missed/2
	}
	return out
}

// busySince counts the busy hours after an instant's own.
func (r Rhythm) busySince(t time.Time, c Calendar) (n int) {
	from, hour := c.Slot(t)
	for day, mask := range r.Days {
		switch {
		case day > from:
			n += bits.OnesCount32(mask)
		case day == from:
			n += bits.OnesCount32(mask >> (hour + 1))
		}
	}
	return n
}
