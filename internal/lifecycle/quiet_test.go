package lifecycle_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"

	"ritorno/internal/lifecycle"
)

func zone(t interface{ Fatal(...any) }, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func minutes(h, m int) int { return h*60 + m }

// italian is the default of the configuration.
func italian() *lifecycle.Quiet {
	q := &lifecycle.Quiet{From: minutes(21, 0), To: minutes(9, 0), Holidays: true}
	q.Days[time.Sunday] = true
	q.Channels[lifecycle.SMS] = true
	return q
}

func TestNextAllowed(t *testing.T) {
	for name, tt := range map[string]struct{ zone, at, want string }{
		"noon of a weekday is allowed":                         {"Europe/Rome", "2026-03-10T12:00:00+01:00", "2026-03-10T12:00:00+01:00"},
		"the last second before nine in the evening":           {"Europe/Rome", "2026-03-10T20:59:59+01:00", "2026-03-10T20:59:59+01:00"},
		"nine in the evening waits for the morning":            {"Europe/Rome", "2026-03-10T21:00:00+01:00", "2026-03-11T09:00:00+01:00"},
		"after midnight waits for the same morning":            {"Europe/Rome", "2026-03-11T00:30:00+01:00", "2026-03-11T09:00:00+01:00"},
		"nine in the morning is allowed":                       {"Europe/Rome", "2026-03-11T09:00:00+01:00", "2026-03-11T09:00:00+01:00"},
		"Saturday evening waits for Monday":                    {"Europe/Rome", "2026-03-14T22:00:00+01:00", "2026-03-16T09:00:00+01:00"},
		"Sunday noon waits for Monday":                         {"Europe/Rome", "2026-03-15T12:00:00+01:00", "2026-03-16T09:00:00+01:00"},
		"Easter with its Monday waits for Tuesday":             {"Europe/Rome", "2026-04-05T10:00:00+02:00", "2026-04-07T09:00:00+02:00"},
		"Christmas 2026 waits over Saint Stephen and Sunday":   {"Europe/Rome", "2026-12-24T21:30:00+01:00", "2026-12-28T09:00:00+01:00"},
		"the night in which the clock jumps forward":           {"Europe/Rome", "2026-03-28T23:00:00+01:00", "2026-03-30T09:00:00+02:00"},
		"the contact's zone decides, not the shop's":           {"America/New_York", "2026-03-10T10:00:00+01:00", "2026-03-10T09:00:00-04:00"},
		"four in the afternoon in Rome is evening in Auckland": {"Pacific/Auckland", "2026-03-10T16:00:00+01:00", "2026-03-11T09:00:00+13:00"},
	} {
		t.Run(name, func(t *testing.T) {
			at, want := instant(t, tt.at), instant(t, tt.want)
			got := italian().NextAllowed(at, zone(t, tt.zone), "IT", lifecycle.SMS)
			if !got.Equal(want) {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestNextAllowedWhenTheClockChanges(t *testing.T) {
	// In Rome 02:00 became 03:00 on 29 March 2026, and 03:00 became 02:00 on
	// 25 October 2026.
	for name, tt := range map[string]struct {
		from, to int
		at, want string
	}{
		"an end that is skipped is the first instant after the gap": {minutes(22, 0), minutes(2, 30), "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
		"an end that occurs twice is its first":                     {minutes(22, 0), minutes(2, 30), "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z"},
		"after the first end the repeated hour is free":             {minutes(22, 0), minutes(2, 30), "2026-10-25T01:10:00Z", "2026-10-25T01:10:00Z"},
		"a start that occurs twice is its first":                    {minutes(2, 30), minutes(6, 0), "2026-10-25T01:10:00Z", "2026-10-25T05:00:00Z"},
		"a stretch inside the gap is empty":                         {minutes(2, 10), minutes(2, 50), "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			q := &lifecycle.Quiet{From: tt.from, To: tt.to}
			q.Channels[lifecycle.Email] = true
			got := q.NextAllowed(instant(t, tt.at), zone(t, "Europe/Rome"), "IT", lifecycle.Email)
			if !got.Equal(instant(t, tt.want)) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestQuietHoursThatDoNotApply(t *testing.T) {
	night := instant(t, "2026-03-15T23:00:00Z")
	none := &lifecycle.Quiet{From: 540, To: 540, Channels: italian().Channels}
	for name, got := range map[string]time.Time{
		"no quiet hours at all":   (*lifecycle.Quiet)(nil).NextAllowed(night, nil, "IT", lifecycle.SMS),
		"another channel":         italian().NextAllowed(night, nil, "IT", lifecycle.Email),
		"from equal to to":        none.NextAllowed(night, nil, "IT", lifecycle.SMS),
		"a holiday of elsewhere":  (&lifecycle.Quiet{Holidays: true, Channels: italian().Channels}).NextAllowed(instant(t, "2026-06-02T10:00:00Z"), nil, "FR", lifecycle.SMS),
		"a country nobody listed": (&lifecycle.Quiet{Holidays: true, Channels: italian().Channels}).NextAllowed(instant(t, "2026-12-25T10:00:00Z"), nil, "", lifecycle.SMS),
	} {
		if !got.Equal(night) && got.Hour() != 10 {
			t.Errorf("%s: moved to %s", name, got)
		}
	}
	if got := (*lifecycle.Quiet)(nil).UntilQuiet(night, nil, "IT", lifecycle.SMS); got != 10*time.Hour {
		t.Errorf("without quiet hours: %s until quiet", got)
	}
}

func TestQuietOnAllDaysGivesUpAfterThirtyDays(t *testing.T) {
	q := &lifecycle.Quiet{Days: [7]bool{true, true, true, true, true, true, true}, Channels: italian().Channels}
	at := instant(t, "2026-03-15T23:00:00Z")
	if got := q.NextAllowed(at, nil, "IT", lifecycle.SMS); !got.Equal(at.AddDate(0, 0, 30)) {
		t.Errorf("got %s", got)
	}
}

func TestUntilQuiet(t *testing.T) {
	rome := zone(t, "Europe/Rome")
	for name, tt := range map[string]struct {
		at   string
		want time.Duration
	}{
		"an hour before the evening":           {"2026-03-10T20:00:00+01:00", time.Hour},
		"in the evening":                       {"2026-03-10T22:00:00+01:00", 0},
		"in the morning it is capped":          {"2026-03-10T09:00:00+01:00", 10 * time.Hour},
		"in the repeated hour of a free night": {"2026-10-26T12:00:00+01:00", 9 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			if got := italian().UntilQuiet(instant(t, tt.at), rome, "IT", lifecycle.SMS); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	holidays := &lifecycle.Quiet{Holidays: true, Channels: italian().Channels}
	if got := holidays.UntilQuiet(instant(t, "2026-12-24T20:00:00+01:00"), rome, "IT", lifecycle.SMS); got != 4*time.Hour {
		t.Errorf("before Christmas: %s until quiet", got)
	}
}

// wallClock walks a local clock minute by minute and remembers the latest
// reading it has shown, as the rule for clock changes wants it: a skipped
// reading is reached right after the gap, a repeated one the first time.
type wallClock struct {
	loc    *time.Location
	at     time.Time
	latest time.Time // reading, as if it were UTC
}

func newWallClock(loc *time.Location, at time.Time) *wallClock {
	c := &wallClock{loc: loc, at: at.Add(-30 * time.Hour)}
	for c.at.Before(at) {
		c.tick()
	}
	c.read()
	return c
}

func (c *wallClock) read() {
	l := c.at.In(c.loc)
	r := time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), 0, 0, time.UTC)
	if r.After(c.latest) {
		c.latest = r
	}
}

func (c *wallClock) tick() {
	c.read()
	c.at = c.at.Add(time.Minute)
}

func (c *wallClock) quiet(q *lifecycle.Quiet, country string) bool {
	c.read()
	m := c.latest.Hour()*60 + c.latest.Minute()
	daily := m >= q.From && m < q.To
	if q.From > q.To {
		daily = m >= q.From || m < q.To
	}
	y, mo, d := c.latest.Date()
	return daily || q.Days[c.latest.Weekday()] || q.Holidays && lifecycle.Holiday(country, y, mo, d)
}

// changes are minutes near clock changes, some of them odd: half an hour, at
// midnight, a whole day left out.
var changes = []struct{ zone, at string }{
	{"Europe/Rome", "2026-03-29T01:00:00Z"},
	{"Europe/Rome", "2026-10-25T01:00:00Z"},
	{"America/New_York", "2026-03-08T07:00:00Z"},
	{"America/New_York", "2026-11-01T06:00:00Z"},
	{"Australia/Lord_Howe", "2026-04-04T15:00:00Z"},
	{"Australia/Lord_Howe", "2026-10-03T15:30:00Z"},
	{"America/Havana", "2026-03-08T05:00:00Z"},
	{"America/Havana", "2026-11-01T05:00:00Z"},
	{"Atlantic/Azores", "2026-10-25T01:00:00Z"},
	{"Africa/Cairo", "2026-04-23T22:00:00Z"},
	{"Pacific/Apia", "2011-12-30T10:00:00Z"},
	{"Asia/Kathmandu", "2026-12-25T06:00:00Z"},
	{"UTC", "2026-04-05T06:00:00Z"},
}

func drawQuiet(t *rapid.T) (*lifecycle.Quiet, *time.Location, time.Time, string) {
	c := rapid.SampledFrom(changes).Draw(t, "change")
	q := &lifecycle.Quiet{Holidays: rapid.Bool().Draw(t, "holidays")}
	q.From = rapid.IntRange(0, 1439).Draw(t, "from")
	q.To = rapid.IntRange(0, 1439).Draw(t, "to")
	for _, d := range rapid.SliceOfN(rapid.IntRange(0, 6), 0, 3).Draw(t, "days") {
		q.Days[d] = true
	}
	q.Channels[lifecycle.SMS] = true
	at, err := time.Parse(time.RFC3339, c.at)
	if err != nil {
		t.Fatal(err)
	}
	at = at.Add(time.Duration(rapid.IntRange(-2000, 2000).Draw(t, "minutes")) * time.Minute)
	return q, zone(t, c.zone), at, rapid.SampledFrom([]string{"IT", "US", "DE", "XX"}).Draw(t, "country")
}

func TestNextAllowedIsTheFirstAllowedMinute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, loc, at, country := drawQuiet(t)
		got := q.NextAllowed(at, loc, country, lifecycle.SMS)
		if got.Before(at) {
			t.Fatalf("%s lies before %s", got, at)
		}
		clock := newWallClock(loc, at)
		for ; clock.at.Before(got); clock.tick() {
			if !clock.quiet(q, country) {
				t.Fatalf("got %s, but %s is allowed", got.In(loc), clock.at.In(loc))
			}
		}
		if clock.quiet(q, country) {
			t.Fatalf("%s is quiet", got.In(loc))
		}
		if again := q.NextAllowed(got, loc, country, lifecycle.SMS); !again.Equal(got) {
			t.Fatalf("the result moves on to %s", again)
		}
	})
}

func TestUntilQuietEndsWhereQuietBegins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, loc, at, country := drawQuiet(t)
		left := q.UntilQuiet(at, loc, country, lifecycle.SMS)
		clock := newWallClock(loc, at)
		for ; clock.at.Before(at.Add(left)); clock.tick() {
			if clock.quiet(q, country) {
				t.Fatalf("%s left, but %s is quiet", left, clock.at.In(loc))
			}
		}
		if left < 10*time.Hour && !clock.quiet(q, country) {
			t.Fatalf("%s left, but %s is allowed", left, clock.at.In(loc))
		}
	})
}

func instant(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
