package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// year lists the holidays of a country's year as "01-01 01-06 …".
func year(country string, y int) string {
	var days []string
	for at := time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() == y; at = at.AddDate(0, 0, 1) {
		if lifecycle.Holiday(country, y, at.Month(), at.Day()) {
			days = append(days, at.Format("01-02"))
		}
	}
	return strings.Join(days, " ")
}

func TestHolidaysOfAYear(t *testing.T) {
	for name, tt := range map[string]struct {
		country string
		year    int
		want    string
	}{
		"Italy 2025, before Saint Francis":       {"IT", 2025, "01-01 01-06 04-20 04-21 04-25 05-01 06-02 08-15 11-01 12-08 12-25 12-26"},
		"Italy 2026, with Saint Francis":         {"IT", 2026, "01-01 01-06 04-05 04-06 04-25 05-01 06-02 08-15 10-04 11-01 12-08 12-25 12-26"},
		"France 2026":                            {"FR", 2026, "01-01 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25"},
		"Germany 2026":                           {"DE", 2026, "01-01 04-03 04-06 05-01 05-14 05-25 10-03 12-25 12-26"},
		"Spain 2026":                             {"ES", 2026, "01-01 01-06 04-03 05-01 08-15 10-12 11-01 12-06 12-08 12-25"},
		"England 2021, Christmas on Saturday":    {"GB", 2021, "01-01 04-02 04-05 05-03 05-31 08-30 12-25 12-26 12-27 12-28"},
		"England 2023, New Year on Sunday":       {"GB", 2023, "01-01 01-02 04-07 04-10 05-01 05-29 08-28 12-25 12-26"},
		"England 2026, Boxing Day on Saturday":   {"GB", 2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-26 12-28"},
		"England 2033, Christmas on Sunday":      {"GB", 2033, "01-01 01-03 04-15 04-18 05-02 05-30 08-29 12-25 12-26 12-27"},
		"United States 2020, before Juneteenth":  {"US", 2020, "01-01 01-20 02-17 05-25 07-03 07-04 09-07 10-12 11-11 11-26 12-25"},
		"United States 2021, New Year on Friday": {"US", 2021, "01-01 01-18 02-15 05-31 06-18 06-19 07-04 07-05 09-06 10-11 11-11 11-25 12-24 12-25 12-31"},
		"a country that is not known has none":   {"JP", 2026, ""},
		"lower case letters are no country":      {"it", 2026, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := year(tt.country, tt.year); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Dates of Easter Monday that are printed in almanacs, the earliest and the
// latest possible among them.
func TestEasterMondayInItaly(t *testing.T) {
	for _, day := range []string{"1818-03-23", "1943-04-26", "1961-04-03", "2000-04-24", "2008-03-24", "2019-04-22", "2024-04-01", "2027-03-29", "2038-04-26", "2100-03-29", "2285-03-23"} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if !lifecycle.Holiday("IT", at.Year(), at.Month(), at.Day()) {
			t.Errorf("%s is no holiday", day)
		}
	}
}
