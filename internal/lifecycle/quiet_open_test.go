package lifecycle

import (
	"math/rand/v2"
	"testing"
	"time"
)

// The short way of telling that it is not quiet must say so of no instant that a
// stretch holds, and of every other one on usual days.
func TestTheShortWayToQuietHoursAgreesWithTheStretches(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var zones []*time.Location
	for _, name := range []string{"Europe/Rome", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	from := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	open, quiet := 0, 0
	for range 20_000 {
		q := &Quiet{From: r.IntN(1440), To: r.IntN(1440), Holidays: r.IntN(2) == 0}
		q.Days[r.IntN(7)] = r.IntN(2) == 0
		zone := zones[r.IntN(len(zones))]
		at := from.Add(time.Duration(r.Int64N(int64(3 * 365 * 24 * time.Hour)))).Truncate(time.Minute)
		held := false
		for _, s := range q.around(at, zone, "IT") {
			held = held || s.holds(at)
		}
		switch got := q.open(at, zone, "IT"); {
		case got && held:
			t.Fatalf("%+v: %s counts as open", q, at.In(zone))
		case !got && !held && steady(at.In(zone)):
			t.Fatalf("%+v: %s does not count as open", q, at.In(zone))
		case got:
			open++
		case held:
			quiet++
		}
	}
	if open < 1000 || quiet < 1000 {
		t.Errorf("only %d open and %d quiet instants were tried", open, quiet)
	}
}
