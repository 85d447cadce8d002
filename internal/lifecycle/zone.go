package lifecycle

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"time"

	"ritorno/internal/identity"
)

// ZoneReason says why a contact's time zone is taken to be what it is.
type ZoneReason string

// The reasons, the surest first.
const (
	ZoneOfSource  ZoneReason = "source"  // a source told the zone itself
	ZoneOfAddress ZoneReason = "address" // the country of the address has one
	ZoneOfRegion  ZoneReason = "region"  // state, province or postcode of the address
	ZoneOfPhone   ZoneReason = "phone"   // country or area code of the phone number
	ZoneOfCountry ZoneReason = "country" // all zones of the country, for nothing tells which
	ZoneOfShop    ZoneReason = "shop"    // nothing is known of the contact
)

// Where is in which time zone a contact lives, as far as is known.
type Where struct {
	// Zones has at least one; the first is the one to show times in. Where
	// several are possible, what the law asks must hold in each of them.
	Zones []*time.Location
	Why   ZoneReason
}

// Local is the zone to show times in.
func (w Where) Local() *time.Location { return w.Zones[0] }

// String names the zones.
func (w Where) String() string {
	names := make([]string, len(w.Zones))
	for i, z := range w.Zones {
		names[i] = z.String()
	}
	return strings.Join(names, " ")
}

// WhereIs is the time zone of a contact: what the source told, else what the
// address tells, else the phone number, else the shop's.
func (r *Rules) WhereIs(c *Contact) Where {
	if zone := loadZone(c.Profile.Timezone); zone != nil {
		return Where{[]*time.Location{zone}, ZoneOfSource}
	}
	country := c.Profile.Country
	if zones := zonesOf(country); len(zones) > 0 {
		if len(zones) == 1 {
			return Where{zones, ZoneOfAddress}
		}
		if in := zonesIn(country, c.Profile.Region); len(in) > 0 {
			return Where{in, ZoneOfRegion}
		}
		if where, home := whereRings(c.Phone.Key); home == country && len(where.Zones) < len(zones) {
			return where
		}
		return Where{zones, ZoneOfCountry}
	}
	if where, _ := whereRings(c.Phone.Key); len(where.Zones) > 0 {
		return where
	}
	return Where{[]*time.Location{r.location()}, ZoneOfShop}
}

// LocationOf is the zone to show a contact's times in.
func (r *Rules) LocationOf(c *Contact) *time.Location { return r.WhereIs(c).Local() }

// whereRings is where a number rings, with its country. In North America the
// area code tells; elsewhere that of a fixed line does, while a mobile number
// tells its country alone. The prefixes are those of libphonenumber.
func whereRings(e164 string) (Where, string) {
	country, _ := phonePlace(e164)
	zones := zonesOf(country)
	if len(zones) < 2 {
		return Where{zones, ZoneOfPhone}, country
	}
	if strings.HasPrefix(e164, "+1") || !identity.Mobile(e164) {
		if of := known(identity.PhoneZones(e164)); len(of) > 0 && len(of) < len(zones) {
			return Where{of, ZoneOfPhone}, country
		}
	}
	return Where{zones, ZoneOfPhone}, country
}

//go:embed zones.txt
var zoneText string

// zoneNames are the zones of each country.
var zoneNames = sync.OnceValue(func() map[string][]string {
	of := map[string][]string{}
	for line := range strings.Lines(zoneText) {
		if w := strings.Fields(line); len(w) > 1 && w[0] != "#" {
			of[w[0]] = w[1:]
		}
	}
	return of
})

// zonesOf are the zones of a country, nil of one that is not known.
func zonesOf(country string) []*time.Location { return known(zoneNames()[country]) }

// Divided reports whether a country has several time zones.
func Divided(country string) bool { return len(zoneNames()[country]) > 1 }

// zonesIn are the zones of a region of a country, nil where the table does not
// tell them apart.
func zonesIn(country, region string) []*time.Location {
	if region == "" {
		return nil
	}
	for zones, regions := range regionZones[country] {
		if slices.Contains(strings.Fields(regions), region) {
			return known(strings.Fields(zones))
		}
	}
	return nil
}

func known(names []string) []*time.Location {
	var zones []*time.Location
	for _, name := range names {
		if zone := loadZone(name); zone != nil {
			zones = append(zones, zone)
		}
	}
	return zones
}

// loaded remembers zones: reading one takes longer than a decision. Only names
// of the database get in.
var loaded sync.Map

// loadZone is nil for no name and for one that is not of the database.
func loadZone(name string) *time.Location {
	if name == "" || name == "Local" {
		return nil
	}
	if zone, ok := loaded.Load(name); ok {
		return zone.(*time.Location)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	loaded.Store(name, zone)
	return zone
}
