package lifecycle

import "time"

// date is a day of the Gregorian calendar, without a zone.
type date struct {
	y int
	m time.Month
	d int
}

func (on date) time() time.Time { return time.Date(on.y, on.m, on.d, 0, 0, 0, 0, time.UTC) }

func (on date) weekday() time.Weekday { return on.time().Weekday() }

func (on date) add(days int) date {
	y, m, d := on.time().AddDate(0, 0, days).Date()
	return date{y, m, d}
}

// among reports whether the date is one of the days, given as month and day in
// turn.
func (on date) among(days ...int) bool {
	for i := 0; i < len(days); i += 2 {
		if int(on.m) == days[i] && on.d == days[i+1] {
			return true
		}
	}
	return false
}

// nth reports whether the date is the n-th such weekday of its month.
func (on date) nth(w time.Weekday, n int) bool { return on.weekday() == w && (on.d+6)/7 == n }

// last reports whether the date is the last such weekday of its month.
func (on date) last(w time.Weekday) bool { return on.weekday() == w && on.add(7).m != on.m }

// easter reports whether the date lies one of these numbers of days after
// Easter Sunday.
func (on date) easter(days ...int) bool {
	sunday := easter(on.y)
	for _, n := range days {
		if sunday.add(n) == on {
			return true
		}
	}
	return false
}

// easter is Easter Sunday of a Gregorian year, by the anonymous Gregorian
// algorithm (Nature, 20 April 1876; Meeus, Astronomical Algorithms, chapter 8).
func easter(y int) date {
	a, b, c := y%19, y/100, y%100
	h := (19*a + b - b/4 - (b-(b+8)/25+1)/3 + 15) % 30
	l := (32 + 2*(b%4) + 2*(c/4) - h - c%4) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return date{y, time.Month(n / 31), n%31 + 1}
}
