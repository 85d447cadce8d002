package lifecycle_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

func TestHolidaysOfRealYears(t *testing.T) {
	src, err := os.ReadFile("testdata/holidays.txt")
	if err != nil {
		t.Fatal(err)
	}
	years := 0
	for line := range strings.Lines(string(src)) {
		w := strings.Fields(line)
		if len(w) < 3 || w[0] == "#" {
			continue
		}
		y, err := strconv.Atoi(w[1])
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		years++
		if got, want := yearIn(w[0], y), strings.Join(w[2:], " "); got != want {
			t.Errorf("%s %d\n got %s\nwant %s", w[0], y, got, want)
		}
	}
	if years < 70 {
		t.Errorf("only %d years", years)
	}
}

// yearIn lists the holidays of a year of a country or country-region.
func yearIn(place string, y int) string {
	country, region, _ := strings.Cut(place, "-")
	var days []string
	for at := time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() == y; at = at.AddDate(0, 0, 1) {
		if lifecycle.HolidayIn(country, region, y, at.Month(), at.Day()) {
			days = append(days, at.Format("01-02"))
		}
	}
	return strings.Join(days, " ")
}
