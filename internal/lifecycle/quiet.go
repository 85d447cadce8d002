package lifecycle

import "time"

const (
	// quietGuard bounds the search for an instant that is not quiet.
	quietGuard = 30 * 24 * time.Hour
	// quietHorizon is how far UntilQuiet looks: the longest time that a
	// provider keeps an SMS in its queue.
	quietHorizon = 36000 * time.Second
)

// NextAllowed is t itself when a message may leave on the channel then, else
// the first instant after t at which it may, in UTC. Hours, days and holidays
// are those of loc (nil: UTC) and of the country (ISO 3166 alpha-2; holidays
// of a country that Holiday does not know are ordinary days). A nil q is never
// quiet. Where nothing is allowed for 30 days the result is t plus 30 days.
func (q *Quiet) NextAllowed(t time.Time, loc *time.Location, country string, ch Channel) time.Time {
	if !q.covers(ch) {
		return t
	}
	loc = orUTC(loc)
	return firstOpen(t, func(at time.Time) []stretch { return q.around(at, loc, place{country: country}) })
}

// UntilQuiet is how long messages may still leave on the channel: 0 when it is
// quiet at t, at most 36000 s, which is also the answer of a nil q.
func (q *Quiet) UntilQuiet(t time.Time, loc *time.Location, country string, ch Channel) time.Duration {
	if !q.covers(ch) {
		return quietHorizon
	}
	return openFor(t, q.around(t, orUTC(loc), place{country: country}))
}

// firstOpen is t itself where none of the stretches around it holds it, else
// the first instant after t that none holds, in UTC; t plus 30 days where that
// lies later.
func firstOpen(t time.Time, around func(time.Time) []stretch) time.Time {
	limit := t.Add(quietGuard)
	at := t
	for {
		end, quiet := endOf(at, around(at))
		switch {
		case !quiet && at.Equal(t):
			return t
		case !quiet:
			return at.UTC()
		case end.After(limit):
			return limit.UTC()
		}
		at = end
	}
}

// openFor is how long none of the stretches around t begins.
func openFor(t time.Time, around []stretch) time.Duration {
	left := quietHorizon
	for _, s := range around {
		switch {
		case s.holds(t):
			return 0
		case s.from.After(t):
			left = min(left, s.from.Sub(t))
		}
	}
	return left
}

func (q *Quiet) covers(ch Channel) bool { return q != nil && q.Channels[ch] }

// endOf is the end of the quiet stretch that holds t.
func endOf(t time.Time, around []stretch) (time.Time, bool) {
	var end time.Time
	for _, s := range around {
		if s.holds(t) && s.to.After(end) {
			end = s.to
		}
	}
	return end, !end.IsZero()
}

// stretch is a quiet time; to is the first instant after it.
type stretch struct{ from, to time.Time }

func (s stretch) holds(t time.Time) bool { return !t.Before(s.from) && t.Before(s.to) }

// around lists the quiet stretches that begin from the local day before t to
// the second after it (a clock change can skip the first), without those that
// a clock change leaves empty.
// They are made of instants, not of wall clock readings, so that an hour which
// a clock change repeats is quiet once.
func (q *Quiet) around(t time.Time, loc *time.Location, at place) []stretch {
	y, m, d := t.In(loc).Date()
	instant := wallClock(t, loc)
	found := make([]stretch, 0, 8)
	add := func(s stretch) {
		if s.from.Before(s.to) {
			found = append(found, s)
		}
	}
	for _, day := range [...]int{d - 1, d, d + 1, d + 2} {
		if q.From != q.To {
			ends := day
			if q.To < q.From {
				ends++
			}
			add(stretch{instant(day-d, q.From), instant(ends-d, q.To)})
		}
		if q.wholeDay(y, m, day, at) {
			add(stretch{instant(day-d, 0), instant(day+1-d, 0)})
		}
	}
	return found
}

// wallClock gives the instants of local wall clock readings, some days from that
// of t and some minutes after midnight, as localInstant does. Where the clocks of
// the zone do not change for some days around t, adding is enough.
func wallClock(t time.Time, loc *time.Location) func(days, minute int) time.Time {
	local := t.In(loc)
	y, m, d := local.Date()
	begins, ends := local.ZoneBounds()
	steady := (begins.IsZero() || t.Sub(begins) > 4*24*time.Hour) && (ends.IsZero() || ends.Sub(t) > 5*24*time.Hour)
	if !steady {
		return func(days, minute int) time.Time { return localInstant(y, m, d+days, minute, loc) }
	}
	midnight := localInstant(y, m, d, 0, loc)
	return func(days, minute int) time.Time {
		return midnight.Add(time.Duration(days)*24*time.Hour + time.Duration(minute)*time.Minute)
	}
}

// wholeDay reports whether a local day is quiet from midnight to midnight.
// The day may lie outside its month, as in time.Date.
func (q *Quiet) wholeDay(y int, m time.Month, d int, at place) bool {
	date := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	if q.Days[date.Weekday()] {
		return true
	}
	y, m, d = date.Date()
	return q.Holidays && HolidayIn(at.country, at.region, y, m, d)
}

// localInstant is the instant of a local wall clock reading, given in minutes
// after midnight. A reading that a clock change skips means the first valid
// instant after it; one that occurs twice means the first.
func localInstant(y int, m time.Month, d, minute int, loc *time.Location) time.Time {
	return OnWall(time.Date(y, m, d, 0, minute, 0, 0, time.UTC), loc).UTC()
}

func orUTC(loc *time.Location) *time.Location {
	if loc == nil {
		return time.UTC
	}
	return loc
}
