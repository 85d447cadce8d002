package lifecycle

import (
	"strings"
	"testing"
)

func TestTablesOfRegionsAreSound(t *testing.T) {
	seen := map[string]string{}
	for state, codes := range areaCodes {
		if _, ok := regions["US"][state]; !ok {
			t.Errorf("area codes of %s", state)
		}
		for _, code := range strings.Fields(codes) {
			if other := seen[code]; other != "" || len(code) != 3 {
				t.Errorf("area code %s of %s and %s", code, state, other)
			}
			seen[code] = state
		}
	}
	if len(areaCodes) != 51 || len(regions["US"]) != 51 {
		t.Errorf("%d states with area codes, %d in all", len(areaCodes), len(regions["US"]))
	}
	for country, table := range regionZones {
		zoned := map[string]bool{}
		for zones, list := range table {
			if got := len(known(strings.Fields(zones))); got != len(strings.Fields(zones)) {
				t.Errorf("%s: one of %s is no zone", country, zones)
			}
			for _, region := range strings.Fields(list) {
				if _, ok := regions[country][region]; !ok || zoned[region] {
					t.Errorf("%s-%s is unknown or there twice", country, region)
				}
				zoned[region] = true
			}
		}
		if len(zoned) != len(regions[country]) {
			t.Errorf("%s: %d of %d regions have zones", country, len(zoned), len(regions[country]))
		}
	}
	for country, names := range zoneNames() {
		if len(known(names)) != len(names) || len(country) != 2 {
			t.Errorf("%s: %v", country, names)
		}
	}
	for _, table := range []string{zipStates, spainPostcodes, portugalPostcodes, francePostcodes} {
		for line := range strings.Lines(table) {
			if w := strings.Fields(line); len(w) != 0 && len(w) != 2 {
				t.Errorf("%q", line)
			}
		}
	}
}

func TestEveryRowOfLawSaysWhereItStands(t *testing.T) {
	seen := map[string]bool{}
	for _, l := range laws {
		at := l.Country + "-" + l.Region + " " + l.Channel.String()
		if l.Source == "" || len(l.Dated) != len("2026-11-26") || l.Must&ContentIdentity == 0 || l.Must&ContentOptOut == 0 || seen[at] {
			t.Errorf("%s: %+v", at, l)
		}
		seen[at] = true
		if l.Channel == SMS && (l.Soft || l.Needs != needsOptIn) {
			t.Errorf("%s: an SMS without opt-in", at)
		}
		if _, ok := LawOf(l.Country, l.Channel); !ok {
			t.Errorf("%s: the country has no row", at)
		}
		for d, s := range l.Open {
			if s.From < 0 || s.From > s.To || s.To > 24*60 {
				t.Errorf("%s: day %d from %d to %d", at, d, s.From, s.To)
			}
		}
		if l.Region != "" {
			if _, ok := regions[l.Country][l.Region]; !ok {
				t.Errorf("%s: the region is not told apart", at)
			}
		}
	}
	if len(laws) < 30 {
		t.Errorf("%d rows", len(laws))
	}
}
