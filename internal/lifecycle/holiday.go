package lifecycle

import "time"

// Holiday reports whether a date is a public holiday in the whole of a country
// (ISO 3166 alpha-2), by its rules in force today: IT, FR, DE, ES, GB (England
// and Wales) and US (federal). Of a country that is not listed none are known.
// Where a holiday on a weekend is moved, both days count.
func Holiday(country string, y int, m time.Month, d int) bool {
	return HolidayIn(country, "", y, m, d)
}

// HolidayIn is Holiday for a region of the country, as [RegionOf] writes it:
// Scotland and Northern Ireland have lists of their own, the German states and
// the three departments of Alsace and Moselle days on top. The holidays of
// other regions and of towns are not known: those of Spain's communities, the
// patron saints of Italian towns, those of the American states.
func HolidayIn(country, region string, y int, m time.Month, d int) bool {
	on := date{y, m, d}
	switch country {
	case "IT":
		return italy(on)
	case "FR":
		return france(on, region)
	case "DE":
		return on.among(1, 1, 5, 1, 10, 3, 12, 25, 12, 26) || on.easter(-2, 1, 39, 50) || germanState(on, region)
	case "ES":
		return on.among(1, 1, 1, 6, 5, 1, 8, 15, 10, 12, 11, 1, 12, 6, 12, 8, 12, 25) || on.easter(-2)
	case "GB":
		switch region {
		case "SCT":
			return scotland(on)
		case "NIR":
			return england(on) || irish(on)
		}
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
