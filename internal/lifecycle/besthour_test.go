package lifecycle_test

import (
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// habit is somebody in Rome who ordered at these local times of winter days,
// the last of them on day0.
func habit(t *testing.T, clocks ...string) *world {
	w := newWorld(t)
	w.rules.BestHours = true
	w.now = day0.Add(12 * time.Hour)
	w.apply(consentBoth(day0.AddDate(0, 0, -20)))
	for i, clock := range clocks {
		at, err := time.ParseInLocation("2006-01-02 15:04:05", day0.AddDate(0, 0, i+1-len(clocks)).Format(time.DateOnly)+" "+clock, zone(t, "Europe/Rome"))
		if err != nil {
			t.Fatal(err)
		}
		w.apply(order(clock+at.String(), at.UTC(), 100))
	}
	return w
}

func TestTheBestHour(t *testing.T) {
	for name, tt := range map[string]struct {
		clocks []string
		want   int // -1: not known
	}{
		"four are too few":                         {[]string{"18:01:00", "18:02:00", "18:03:00", "18:04:00"}, -1},
		"five are enough":                          {[]string{"18:01:00", "18:02:00", "18:03:00", "18:04:00", "18:05:00"}, 18},
		"dates without an hour do not count":       {[]string{"18:01:00", "18:02:00", "18:03:00", "18:04:00", "00:00:00", "01:00:00"}, -1},
		"neighbours count":                         {[]string{"08:00:01", "08:10:00", "17:10:00", "18:10:00", "19:10:00"}, 18},
		"among equals the one with the most":       {[]string{"10:10:00", "10:20:00", "11:10:00", "15:10:00", "20:10:00"}, 10},
		"among equals the earliest":                {[]string{"09:10:00", "12:10:00", "15:10:00", "18:10:00", "21:10:00"}, 9},
		"the hours around midnight are neighbours": {[]string{"23:10:00", "23:20:00", "00:10:00", "12:10:00", "13:10:00"}, 23},
	} {
		t.Run(name, func(t *testing.T) {
			w := habit(t, tt.clocks...)
			hour, known, ok := w.rules.BestHour(&w.c)
			if !ok {
				hour = -1
			}
			if hour != tt.want {
				t.Errorf("%d from %d, want %d", hour, known, tt.want)
			}
		})
	}
}

// fiveAt are four orders at an hour, and a last one at another that anchors the
// journey.
func fiveAt(hour, last string) []string {
	return []string{hour + ":10:00", hour + ":20:00", hour + ":30:00", hour + ":40:00", last}
}

func TestAStepWaitsForTheBestHourOfItsDay(t *testing.T) {
	for name, tt := range map[string]struct {
		clocks []string
		change func(*lifecycle.Rules)
		want   string // local clock of the send, 30 days after day0
	}{
		"later that day":                      {fiveAt("18", "10:15:00"), nil, "18:00"},
		"past already":                        {fiveAt("09", "10:15:00"), nil, "10:15"},
		"the hour itself has begun":           {fiveAt("10", "10:15:00"), nil, "10:15"},
		"the shop did not ask for it":         {fiveAt("18", "10:15:00"), func(r *lifecycle.Rules) { r.BestHours = false }, "10:15"},
		"not into quiet hours":                {fiveAt("22", "10:15:00"), func(r *lifecycle.Rules) { r.Quiet = italian() }, "10:15"},
		"not into the law's":                  {fiveAt("23", "10:15:00"), func(r *lifecycle.Rules) { r.Lawless = false }, "10:15"},
		"not past its end":                    {fiveAt("18", "10:15:00"), func(r *lifecycle.Rules) { r.Expires = 3 * time.Hour }, "10:15"},
		"up to its end":                       {fiveAt("18", "10:15:00"), func(r *lifecycle.Rules) { r.Expires = 8 * time.Hour }, "18:00"},
		"a step of the first day never waits": {fiveAt("18", "10:15:00"), func(r *lifecycle.Rules) { r.Journeys[0].Steps[0].After = 23 * time.Hour }, "09:15"},
		"quiet hours first, then the hour":    {fiveAt("18", "07:15:00"), func(r *lifecycle.Rules) { r.Quiet = italian() }, "18:00"},
	} {
		t.Run(name, func(t *testing.T) {
			w := habit(t, tt.clocks...)
			if tt.change != nil {
				tt.change(&w.rules)
				w.apply(lifecycle.Event{Type: lifecycle.Noted, Text: "the rules changed"})
			}
			w.until(day0.Add(31 * day))
			if len(w.sent) != 1 {
				t.Fatalf("sent %v, due %s (%s)", w.sent, w.c.Due, w.c.DueWhy)
			}
			if got := w.c.Messages[0].SentAt.In(zone(t, "Europe/Rome")).Format("15:04"); got != tt.want {
				t.Errorf("left at %s, want %s", got, tt.want)
			}
		})
	}
}

func TestWhileItWaitsSupportSeesWhy(t *testing.T) {
	w := habit(t, fiveAt("18", "10:15:00")...)
	w.until(day0.Add(29*day + 22*time.Hour)) // 10:15 in Rome has come
	s := w.rules.Status(w.c, w.now)
	if s.Next == nil || s.Next.Why != lifecycle.ReasonBestHour || s.BestHour == nil || s.BestHour.Hour != 18 || !s.BestHour.Used {
		t.Fatalf("next %+v, best %+v", s.Next, s.BestHour)
	}
	if s.Timezone.Name != "Europe/Rome" || s.Timezone.Why != lifecycle.ZoneOfAddress {
		t.Fatalf("zone %+v", s.Timezone)
	}
}
