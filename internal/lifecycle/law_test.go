package lifecycle_test

import (
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

func TestTheLawsWindowHoldsWithoutQuietHours(t *testing.T) {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		country string
		lawless bool
		hour    int // UTC, of Friday 6 February 2026, the 30th day
		want    int // hour UTC at which the SMS leaves; -1: at once
	}{
		"Italy at noon":                                {"IT", false, 12, -1},
		"Italy after ten in the evening waits":         {"IT", false, 22, 7},
		"Italy where the owner trusts the quiet hours": {"IT", true, 22, -1},
		"France has one of its own":                    {"FR", false, 22, 7},
		"a country without rules, an Italian number":   {"AT", false, 22, 7},
		"a country whose law the shop leaves alone":    {"FR", true, 22, -1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.rules.Lawless, w.rules.Location = c.lawless, rome
			at := time.Date(2026, 1, 7, c.hour, 0, 0, 0, time.UTC)
			w.now = at
			w.apply(consentBoth(at))
			ev := order("1", at, 100)
			ev.Person.Country = c.country
			w.apply(ev)
			due := at.Add(30 * day)
			w.until(due)
			if left := len(w.sent) == 1; left != (c.want < 0) {
				t.Fatalf("sent %v at %s, next %s (%s)", w.sent, w.now, w.c.Due, w.c.DueWhy)
			}
			if c.want < 0 {
				return
			}
			if w.c.DueWhy != lifecycle.ReasonQuiet || w.c.Due.Hour() != c.want || w.c.Due.Before(due) {
				t.Fatalf("waits until %s (%s)", w.c.Due, w.c.DueWhy)
			}
		})
	}
}

func TestOnSundayNoSMSLeavesInItaly(t *testing.T) {
	w := newWorld(t)
	w.rules.Lawless = false
	at := time.Date(2026, 1, 9, 12, 0, 0, 0, time.UTC) // 30 days later is a Sunday
	w.now = at
	w.apply(consentBoth(at))
	w.apply(order("1", at, 100))
	w.until(at.Add(30 * day))
	if len(w.sent) != 0 || w.c.Due.Weekday() != time.Monday {
		t.Fatalf("sent %v, next %s", w.sent, w.c.Due)
	}
}
