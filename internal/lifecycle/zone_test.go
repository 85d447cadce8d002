package lifecycle_test

import (
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

func TestWhereAContactLives(t *testing.T) {
	for name, tt := range map[string]struct {
		country, region, phone, told string
		zone                         string
		why                          lifecycle.ZoneReason
	}{
		"the source's own word counts most":                   {"IT", "", "+393331234567", "Asia/Tokyo", "Asia/Tokyo", lifecycle.ZoneOfSource},
		"a word that is no zone tells nothing":                {"IT", "", "", "Mars/Olympus", "Europe/Rome", lifecycle.ZoneOfAddress},
		"Local is no zone of a contact":                       {"IT", "", "", "Local", "Europe/Rome", lifecycle.ZoneOfAddress},
		"a country with one zone":                             {"DE", "", "+393331234567", "", "Europe/Berlin", lifecycle.ZoneOfAddress},
		"Tenerife":                                            {"ES", "TF", "", "", "Atlantic/Canary", lifecycle.ZoneOfRegion},
		"the Spanish mainland":                                {"ES", "PENINSULA", "", "", "Europe/Madrid", lifecycle.ZoneOfRegion},
		"a Spanish mobile number tells no island":             {"ES", "", "+34612345678", "", "Europe/Madrid Atlantic/Canary", lifecycle.ZoneOfCountry},
		"a fixed line on Gran Canaria does":                   {"ES", "", "+34928123456", "", "Atlantic/Canary", lifecycle.ZoneOfPhone},
		"the Azores":                                          {"PT", "20", "", "", "Atlantic/Azores", lifecycle.ZoneOfRegion},
		"a state with one zone":                               {"US", "CA", "+12125550123", "", "America/Los_Angeles", lifecycle.ZoneOfRegion},
		"a state with two":                                    {"US", "FL", "", "", "America/New_York America/Chicago", lifecycle.ZoneOfRegion},
		"an area code":                                        {"US", "", "+12125550123", "", "America/New_York", lifecycle.ZoneOfPhone},
		"a foreign number does not narrow the address":        {"US", "", "+393331234567", "", "America/New_York America/Chicago America/Denver America/Phoenix America/Los_Angeles America/Anchorage America/Adak Pacific/Honolulu", lifecycle.ZoneOfCountry},
		"a free phone number rings anywhere":                  {"US", "", "+18005550123", "", "America/New_York America/Chicago America/Denver America/Phoenix America/Los_Angeles America/Anchorage America/Adak Pacific/Honolulu", lifecycle.ZoneOfCountry},
		"without an address the number decides":               {"", "", "+4915112345678", "", "Europe/Berlin", lifecycle.ZoneOfPhone},
		"without an address, an area code":                    {"", "", "+14155550123", "", "America/Los_Angeles", lifecycle.ZoneOfPhone},
		"nothing is known":                                    {"", "", "", "", "Europe/Lisbon", lifecycle.ZoneOfShop},
		"a country that is none leaves the number":            {"XX", "", "+393331234567", "", "Europe/Rome", lifecycle.ZoneOfPhone},
		"a country that is none, and no number: the shop's":   {"XX", "", "", "", "Europe/Lisbon", lifecycle.ZoneOfShop},
		"a region that the table does not know tells nothing": {"ES", "B", "", "", "Europe/Madrid Atlantic/Canary", lifecycle.ZoneOfCountry},
	} {
		t.Run(name, func(t *testing.T) {
			r := lifecycle.Rules{Location: zone(t, "Europe/Lisbon"), Country: "PT"}
			c := lifecycle.Contact{Phone: lifecycle.Address{Key: tt.phone}, Profile: lifecycle.Profile{Country: tt.country, Region: tt.region, Timezone: tt.told}}
			if got := r.WhereIs(&c); got.String() != tt.zone || got.Why != tt.why {
				t.Errorf("%s (%s), want %s (%s)", got, got.Why, tt.zone, tt.why)
			}
		})
	}
}

func TestEveryCountryHasAZone(t *testing.T) {
	r := lifecycle.Rules{}
	known := 0
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			c := lifecycle.Contact{Profile: lifecycle.Profile{Country: string([]rune{a, b})}}
			if r.WhereIs(&c).Why != lifecycle.ZoneOfShop {
				known++
			}
		}
	}
	if known != 247 { // as many as zone.tab has
		t.Errorf("%d countries", known)
	}
}

func TestRegionOfAnAddress(t *testing.T) {
	for name, tt := range map[string]struct{ country, region, postcode, want string }{
		"the code of a state":                    {"US", "FL", "", "FL"},
		"with its country before":                {"US", "US-FL", "", "FL"},
		"its name in any letter case":            {"US", " new york ", "", "NY"},
		"a ZIP code":                             {"US", "", "33101-1234", "FL"},
		"a ZIP code of Texas among New Mexico's": {"US", "", "88510", "TX"},
		"the region wins over the postcode":      {"US", "CA", "33101", "CA"},
		"a region nobody knows leaves the code":  {"US", "Freedonia", "33101", "FL"},
		"the army's post is nowhere":             {"US", "AA", "34001", ""},
		"Santa Cruz de Tenerife":                 {"ES", "Santa Cruz de Tenerife", "", "TF"},
		"Las Palmas by its postcode":             {"ES", "", "35001", "GC"},
		"Madrid by its postcode":                 {"ES", "M", "28001", "PENINSULA"},
		"Ponta Delgada":                          {"PT", "", "9500-150", "20"},
		"Funchal":                                {"PT", "", "9000-001", "30"},
		"Lisbon":                                 {"PT", "", "1000-001", "CONTINENT"},
		"Glasgow":                                {"GB", "", "G1 1AA", "SCT"},
		"Gloucester is not Glasgow":              {"GB", "", "gl1 1aa", "ENG"},
		"Belfast":                                {"GB", "Antrim", "BT1 1AA", "NIR"},
		"Cardiff":                                {"GB", "", "CF10 1AA", "WLS"},
		"Strasbourg":                             {"FR", "", "67000", "67"},
		"Paris has no holidays of its own":       {"FR", "", "75001", ""},
		"Bavaria":                                {"DE", "Bayern", "80331", "BY"},
		"Italy is one":                           {"IT", "MI", "20121", ""},
		"nothing":                                {"", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := lifecycle.RegionOf(tt.country, tt.region, tt.postcode)
			if got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if again := lifecycle.RegionOf(tt.country, got, ""); again != got {
				t.Errorf("%q becomes %q", got, again)
			}
		})
	}
}

func FuzzRegionOf(f *testing.F) {
	f.Add("US", "Florida", "33101")
	f.Add("GB", "", "BT1 1AA")
	f.Add("ES", "TF", "38001")
	f.Fuzz(func(t *testing.T, country, region, postcode string) {
		got := lifecycle.RegionOf(country, region, postcode)
		if len(got) > 10 {
			t.Fatalf("%q", got)
		}
		if again := lifecycle.RegionOf(country, got, ""); again != got {
			t.Fatalf("%q becomes %q", got, again)
		}
	})
}

func TestARegionGoesWithItsCountry(t *testing.T) {
	w := newWorld(t)
	tell := func(version int, country, region string, sure bool) {
		p := anna()
		p.Country, p.Region, p.Authoritative = country, region, sure
		w.apply(lifecycle.Event{Type: lifecycle.ContactChanged, Source: "shopify", At: day0.Add(time.Duration(version) * time.Hour), Person: p})
	}
	want := func(country, region string) {
		t.Helper()
		if p := w.c.Profile; p.Country != country || p.Region != region {
			t.Fatalf("%s-%s, want %s-%s", p.Country, p.Region, country, region)
		}
	}
	w.now = day0.Add(10 * time.Hour)
	tell(1, "US", "FL", true)
	want("US", "FL")
	tell(2, "US", "", true) // says nothing of the state
	want("US", "FL")
	tell(0, "US", "TX", true) // older
	want("US", "FL")
	tell(3, "US", "TX", true)
	want("US", "TX")
	tell(4, "DE", "", false) // in passing
	want("US", "TX")
	tell(5, "DE", "", true)
	want("DE", "")
}
