package lifecycle

import "time"

// OnWall is the instant at which the clocks of a zone first show a wall clock
// reading, given as if in UTC, or the first after it where they skip it.
// [time.Date] promises neither.
func OnWall(wall time.Time, zone *time.Location) time.Time {
	at := wall.Add(-26 * time.Hour).In(zone) // no zone is a whole day away from UTC
	for {
		begins, ends := at.ZoneBounds()
		_, seconds := at.Zone()
		candidate := wall.Add(-time.Duration(seconds) * time.Second)
		switch {
		case !begins.IsZero() && candidate.Before(begins):
			return begins.In(zone)
		case ends.IsZero() || candidate.Before(ends):
			return candidate.In(zone)
		}
		at = ends
	}
}
