package lifecycle

import "time"

// Holiday reports whether a date is a public holiday in the whole of a country
// (ISO 3166 alpha-2), by its rules in force today: IT, FR, DE, ES, GB (England
// and Wales) and US (federal). Holidays of regions and towns, and days made
// free once, are not known; of a country that is not listed none are. Where a
// holiday on a weekend is moved, both days count.
func Holiday(country string, y int, m time.Month, d int) bool {
	on := date{y, m, d}
	switch country {
	case "IT":
		return italy(on)
	case "FR":
		return on.among(1, 1, 5, 1, 5, 8, 7, 14, 8, 15, 11, 1, 11, 11, 12, 25) || on.easter(1, 39, 50)
	case "DE":
		return on.among(1, 1, 5, 1, 10, 3, 12, 25, 12, 26) || on.easter(-2, 1, 39, 50)
	case "ES":
		return on.among(1, 1, 1, 6, 5, 1, 8, 15, 10, 12, 11, 1, 12, 6, 12, 8, 12, 25) || on.easter(-2)
	case "GB":
		return england(on)
	case "US":
		return federal(on)
	}
	return false
}

// italy: law 260/1949 with its changes. Saint Francis' day, 4 October, is one
// of them again from 2026 on (law 151/2025).
func italy(on date) bool {
	if on.among(1, 1, 1, 6, 4, 25, 5, 1, 6, 2, 8, 15, 11, 1, 12, 8, 12, 25, 12, 26) || on.easter(0, 1) {
		return true
	}
	return on.y >= 2026 && on.among(10, 4)
}

// england: Banking and Financial Dealings Act 1971, schedule 1, and the days
// proclaimed each year by the same rule: a holiday on a weekend moves to the
// next weekday that is not one already.
func england(on date) bool {
	if on.among(1, 1, 12, 25, 12, 26) || on.easter(-2, 1) {
		return true
	}
	first := on.m == time.May && on.nth(time.Monday, 1)
	last := (on.m == time.May || on.m == time.August) && on.last(time.Monday)
	return first || last || englandMoved(on)
}

func englandMoved(on date) bool {
	switch on.weekday() {
	case time.Monday:
		return on.among(1, 2, 1, 3, 12, 27, 12, 28)
	case time.Tuesday: // both days of Christmas fell on the weekend, or the second on Monday
		return on.among(12, 27, 12, 28)
	}
	return false
}

// federal: 5 U.S.C. 6103; a holiday on Saturday is also kept on the Friday
// before, one on Sunday also on the Monday after.
func federal(on date) bool {
	if fixedFederal(on) || movableFederal(on) {
		return true
	}
	switch on.weekday() {
	case time.Friday:
		return fixedFederal(on.add(1))
	case time.Monday:
		return fixedFederal(on.add(-1))
	}
	return false
}

func fixedFederal(on date) bool {
	return on.among(1, 1, 7, 4, 11, 11, 12, 25) || on.y >= 2021 && on.among(6, 19)
}

func movableFederal(on date) bool {
	switch on.m {
	case time.January, time.February:
		return on.nth(time.Monday, 3)
	case time.May:
		return on.last(time.Monday)
	case time.September:
		return on.nth(time.Monday, 1)
	case time.October:
		return on.nth(time.Monday, 2)
	case time.November:
		return on.nth(time.Thursday, 4)
	}
	return false
}

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
