package lifecycle

import "time"

// EntryDays is how many days ahead a place for an entry is looked for at most.
const EntryDays = 3660

// DayOf numbers the calendar day that t falls on in its own zone; the first of
// 1970 is day 0.
func DayOf(t time.Time) int {
	y, m, d := t.Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// Midnight is the first instant of such a day in a zone.
func Midnight(day int, zone *time.Location) time.Time {
	return OnWall(time.Date(1970, 1, 1+day, 0, 0, 0, 0, time.UTC), zone)
}
