package lifecycle

import "time"

// france: Code du travail, article L3133-1; in Moselle, Bas-Rhin and Haut-Rhin
// (57, 67, 68) article L3134-13 as well. The overseas departments have country
// codes of their own.
func france(on date, department string) bool {
	if on.among(1, 1, 5, 1, 5, 8, 7, 14, 8, 15, 11, 1, 11, 11, 12, 25) || on.easter(1, 39, 50) {
		return true
	}
	switch department {
	case "57", "67", "68":
		return on.among(12, 26) || on.easter(-2)
	}
	return false
}

// germanState: what the holiday laws of the sixteen states add to the days that
// all of them have. Days that hold in single communities count in the whole
// state: Corpus Christi and the Assumption in parts of Bavaria, Saxony and
// Thuringia.
func germanState(on date, state string) bool {
	switch state {
	case "BW":
		return on.among(1, 6, 11, 1) || on.easter(60)
	case "BY":
		return on.among(1, 6, 8, 15, 11, 1) || on.easter(60)
	case "BE":
		return on.among(3, 8) || on == date{2025, time.May, 8} // once, eighty years after the war
	case "BB":
		return on.among(10, 31) || on.easter(0, 49)
	case "HB", "HH", "NI", "SH":
		return on.among(10, 31)
	case "HE":
		return on.easter(60)
	case "MV":
		return on.among(3, 8, 10, 31)
	case "NW", "RP":
		return on.among(11, 1) || on.easter(60)
	case "SL":
		return on.among(8, 15, 11, 1) || on.easter(60)
	case "SN":
		return on.among(10, 31) || on.repentance() || on.easter(60)
	case "ST":
		return on.among(1, 6, 10, 31)
	case "TH":
		return on.among(9, 20, 10, 31) || on.easter(60)
	}
	return false
}

// repentance reports whether the date is the Wednesday before 23 November.
func (on date) repentance() bool {
	return on.m == time.November && on.d >= 16 && on.d <= 22 && on.weekday() == time.Wednesday
}

// scotland: Banking and Financial Dealings Act 1971, schedule 1 part 2, Saint
// Andrew's Day (Scotland) Act 2007, and the days proclaimed each year by the
// same rule. 15 June 2026 was proclaimed once.
func scotland(on date) bool {
	if on.among(1, 1, 1, 2, 11, 30, 12, 25, 12, 26) || on.easter(-2) || on == (date{2026, time.June, 15}) {
		return true
	}
	may := on.m == time.May && (on.nth(time.Monday, 1) || on.last(time.Monday))
	return may || on.m == time.August && on.nth(time.Monday, 1) || scotlandMoved(on)
}

func scotlandMoved(on date) bool {
	switch on.weekday() {
	case time.Monday:
		return on.among(1, 2, 1, 3, 1, 4, 12, 1, 12, 2, 12, 27, 12, 28)
	case time.Tuesday: // the second day of New Year or Christmas, where both move or the first falls on Sunday
		return on.among(1, 3, 1, 4, 12, 27, 12, 28)
	}
	return false
}

// irish: what Northern Ireland has besides England's: Saint Patrick's Day and
// the Battle of the Boyne, moved to Monday from a weekend.
func irish(on date) bool {
	return on.among(3, 17, 7, 12) || on.weekday() == time.Monday && on.among(3, 18, 3, 19, 7, 13, 7, 14)
}
