package lifecycle_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// This is a reading of the law of its own: it shares no code and no table with
// what it judges, and looks at the wall clock of each possible zone.

// mayTextThen reports whether a marketing SMS may arrive at a local time in a
// place such as IT or US-FL.
func mayTextThen(place string, local time.Time) bool {
	m := local.Hour()*60 + local.Minute()
	day, sunday := local.Weekday(), local.Weekday() == time.Sunday
	between := func(from, to int) bool { return m >= from*60 && m < to*60 }
	free := dayOff[place[:2]][local.Format(time.DateOnly)]
	switch place {
	case "IT":
		return !sunday && between(8, 22)
	case "FR":
		return !sunday && !free && between(8, 22)
	case "DE", "GB":
		return between(8, 20)
	case "ES":
		return day != time.Saturday && !sunday && !free && between(9, 21)
	case "US-NY", "US-CA":
		return between(8, 21)
	case "US-FL", "US-WA":
		return between(8, 20)
	case "US-LA":
		return !sunday && !free && between(8, 20)
	case "US-TX":
		return between(9, 21) && (!sunday || m >= 12*60)
	case "US-CT":
		return between(9, 20)
	case "US": // nobody knows the state: Rhode Island, Kentucky, Pennsylvania and the Sundays of Alabama at once
		if sunday || free {
			return false
		}
		if day == time.Saturday {
			return between(10, 12)
		}
		return between(10, 18)
	case "AT":
		return true
	}
	panic("no reading for " + place)
}

// dayOff are the holidays of the weeks below, from calendars.
var dayOff = map[string]map[string]bool{
	"FR": set("2026-04-06 2026-07-14 2026-11-01 2026-12-25 2027-01-01"),
	"ES": set("2026-04-03 2026-12-25 2027-01-01"),
	"US": set("2026-11-26 2026-12-25 2027-01-01"),
}

func set(days string) map[string]bool {
	s := map[string]bool{}
	for _, d := range strings.Fields(days) {
		s[d] = true
	}
	return s
}

// recipient is somebody with an address and a number, and where an SMS to them
// may arrive: each place with the zones in which its hours count.
type recipient struct {
	name          string
	person        lifecycle.Person
	may           map[string]string // place -> zones
	country, zone string            // of the receipt
}

var recipients = []recipient{
	{"Italy", who("IT", "", "+393331234567", ""), in("IT", "Europe/Rome"), "IT", "Europe/Rome"},
	{"France", who("FR", "", "+33612345678", ""), in("FR", "Europe/Paris"), "FR", "Europe/Paris"},
	{"Germany", who("DE", "", "+4915112345678", ""), in("DE", "Europe/Berlin"), "DE", "Europe/Berlin"},
	{"Spain, mainland", who("ES", "PENINSULA", "+34612345678", ""), in("ES", "Europe/Madrid"), "ES", "Europe/Madrid"},
	{"Spain, Las Palmas", who("ES", "GC", "+34612345678", ""), in("ES", "Atlantic/Canary"), "ES", "Atlantic/Canary"},
	{"Spain, nobody knows where", who("ES", "", "+34612345678", ""), in("ES", "Europe/Madrid Atlantic/Canary"), "ES", "Europe/Madrid Atlantic/Canary"},
	{"United Kingdom", who("GB", "", "+447400123456", ""), in("GB", "Europe/London"), "GB", "Europe/London"},
	{"New York by its area code", who("US", "", "+12125550123", ""), in("US-NY", "America/New_York"), "US", "America/New_York"},
	{"Florida", who("US", "FL", "+13055550123", ""), in("US-FL", "America/New_York America/Chicago"), "US", "America/New_York America/Chicago"},
	{"Texas", who("US", "TX", "+12145550123", ""), in("US-TX", "America/Chicago America/Denver"), "US", "America/Chicago America/Denver"},
	{"Louisiana", who("US", "LA", "+15045550123", ""), in("US-LA", "America/Chicago"), "US", "America/Chicago"},
	{
		"California with a number of Connecticut", who("US", "CA", "+12035550123", ""),
		map[string]string{"US-CA": "America/Los_Angeles", "US-CT": "America/Los_Angeles"},
		"US", "America/Los_Angeles",
	},
	{"Washington", who("US", "WA", "+12065550123", ""), in("US-WA", "America/Los_Angeles"), "US", "America/Los_Angeles"},
	{
		"the United States, nobody knows where", who("US", "", "+18005550123", ""),
		in("US", "America/New_York America/Chicago America/Denver America/Phoenix America/Los_Angeles America/Anchorage America/Adak Pacific/Honolulu"), "US", "",
	},
	{"Austria, of which no law is known", who("AT", "", "+436641234567", ""), in("AT", "Europe/Vienna"), "AT", "Europe/Vienna"},
	{"Austria with an Italian number", who("AT", "", "+393331234567", ""), map[string]string{"AT": "Europe/Vienna", "IT": "Europe/Rome"}, "AT", "Europe/Vienna"},
	{"Italy, with the zone of a traveller", who("IT", "", "+393331234567", "America/New_York"), in("IT", "America/New_York"), "IT", "America/New_York"},
	{"no address, a German number", who("", "", "+4915112345678", ""), in("DE", "Europe/Berlin"), "DE", "Europe/Berlin"},
}

func who(country, region, phone, zone string) lifecycle.Person {
	return lifecycle.Person{CustomerID: "17", Email: "anna@example.com", Phone: phone, Country: country, Region: region, Timezone: zone}
}

func in(place, zones string) map[string]string { return map[string]string{place: zones} }

// allowed asks every place in every zone.
func (r recipient) allowed(t *testing.T, at time.Time) bool {
	for place, zones := range r.may {
		for _, name := range strings.Fields(zones) {
			if !mayTextThen(place, at.In(zone(t, name))) {
				return false
			}
		}
	}
	return true
}

// spells are an ordinary week, and days around which clocks change or holidays
// fall.
var spells = []struct {
	from string
	days int
}{
	{"2026-07-13", 7}, {"2026-03-07", 3}, {"2026-03-28", 3}, {"2026-04-02", 5}, {"2026-10-24", 3}, {"2026-10-31", 3}, {"2026-11-26", 1}, {"2026-12-25", 1}, {"2027-01-01", 1},
}

// due is somebody whose first step falls due at this very instant, before it
// was looked at.
func due(t *testing.T, r *lifecycle.Rules, p lifecycle.Person, at time.Time, evs ...lifecycle.Event) lifecycle.Contact {
	t.Helper()
	c := lifecycle.Contact{ID: "c00000000001", Shop: "bottega"}
	from := at.Add(-30 * day)
	buy := order("1", from, 4990)
	buy.Person = p
	for _, ev := range append(evs, buy) {
		ev.At, ev.Person = from, p
		for i := range ev.Consents {
			ev.Consents[i].At = from
		}
		c = r.Decide(ev, c, from).Contact
	}
	if !c.Due.Equal(at) {
		t.Fatalf("due %s (%s), want %s", c.Due, c.DueWhy, at)
	}
	return c
}

func subscribed(ch lifecycle.Channel) lifecycle.Event {
	return lifecycle.Event{Type: lifecycle.ConsentChanged, Source: "shopify", Key: "c", Consents: []lifecycle.ConsentChange{{Channel: ch, State: lifecycle.Subscribed, Evidence: "box"}}}
}

// tick takes the step that is due to the gate and through it: only a message
// that may leave comes out.
func tick(r *lifecycle.Rules, c lifecycle.Contact, now time.Time) (lifecycle.Contact, *lifecycle.Message) {
	t := r.Decide(lifecycle.Event{Type: lifecycle.StepDue, At: now}, c, now)
	if t.Send == nil {
		return t.Contact, nil
	}
	a := &lifecycle.Attempt{ID: t.Send.ID + ".1", Message: *t.Send}
	t = r.Decide(lifecycle.Event{Type: lifecycle.Begin, At: now, Attempt: a}, c, now)
	if !t.Go {
		return t.Contact, nil
	}
	return t.Contact, &t.Contact.Sending.Message
}

func only(ch lifecycle.Channel) lifecycle.Rules {
	r := rules()
	r.Lawless = false
	for i := range r.Journeys[0].Steps {
		r.Journeys[0].Steps[i].Channels = []lifecycle.Channel{ch}
	}
	return r
}

func TestNoSMSLeavesOutsideTheLawsHours(t *testing.T) {
	for _, who := range recipients {
		t.Run(who.name, func(t *testing.T) {
			t.Parallel()
			r := only(lifecycle.SMS)
			sent, waited := 0, 0
			var until time.Time // judged for an earlier hour: all between is known
			for _, spell := range spells {
				begin := instant(t, spell.from+"T00:00:00Z")
				for h := range spell.days * 24 {
					hour := begin.Add(time.Duration(h) * time.Hour)
					for _, now := range []time.Time{hour.Add(-time.Second), hour} {
						c, m := tick(&r, due(t, &r, who.person, now, subscribed(lifecycle.SMS)), now)
						want := who.allowed(t, now)
						if (m != nil) != want {
							t.Fatalf("%s: message %v, the law says %t; waits until %s (%s)", now.Format(time.RFC3339), m != nil, want, c.Due, c.DueWhy)
						}
						if m == nil {
							if waited++; now.Equal(hour) && !c.Due.Equal(until) {
								judgeWaiting(t, who, c, now)
								until = c.Due
							}
							continue
						}
						sent++
						judgeReceipt(t, who, m.Receipt, now)
					}
				}
			}
			if sent == 0 || waited == 0 && who.country != "AT" {
				t.Fatalf("%d sent, %d waited: nothing was tried", sent, waited)
			}
		})
	}
}

// judgeWaiting: what waits does so for the first allowed instant, no later.
func judgeWaiting(t *testing.T, who recipient, c lifecycle.Contact, now time.Time) {
	t.Helper()
	if c.DueWhy != lifecycle.ReasonQuiet || !c.Due.After(now) || !who.allowed(t, c.Due) {
		t.Fatalf("%s: waits until %s (%s), which the law does not allow", now, c.Due, c.DueWhy)
	}
	for at := now; at.Before(c.Due); at = at.Add(30 * time.Minute) {
		if who.allowed(t, at) {
			t.Fatalf("%s: waits until %s, but %s is allowed", now, c.Due, at)
		}
	}
}

func judgeReceipt(t *testing.T, who recipient, x lifecycle.Receipt, now time.Time) {
	t.Helper()
	if x.Basis != lifecycle.OptIn || x.Source != "shopify" || x.Evidence != "box" || x.At.IsZero() || x.Rules != lifecycle.RulesVersion {
		t.Fatalf("ground %+v", x)
	}
	if x.Country != who.country || who.zone != "" && x.Zone != who.zone || !x.Decided.Equal(now) {
		t.Fatalf("place %+v", x)
	}
	first, _, _ := strings.Cut(x.Zone, " ")
	if _, offset := now.In(zone(t, first)).Zone(); x.Offset != offset/60 {
		t.Fatalf("%s: offset %d in %s", now, x.Offset, first)
	}
	until := now.Add(time.Duration(x.Left) * time.Minute)
	if last := until.Add(-time.Minute); x.Left > 0 && !who.allowed(t, last) || x.Left < 600 && who.allowed(t, until.Add(time.Minute)) {
		t.Fatalf("%s: %d minutes left", now, x.Left)
	}
}

func TestWhereTheShopSwitchesTheLawOffItsHoursDoNotHoldButConsentDoes(t *testing.T) {
	r := only(lifecycle.SMS)
	r.Lawless = true
	night := instant(t, "2026-07-19T01:00:00Z") // a Sunday
	for _, who := range recipients {
		if _, m := tick(&r, due(t, &r, who.person, night, subscribed(lifecycle.SMS)), night); m == nil || m.Receipt.Law != lifecycle.LawOff {
			t.Errorf("%s: %+v", who.name, m)
		}
		if _, m := tick(&r, due(t, &r, who.person, night), night); m != nil {
			t.Errorf("%s: written to without consent", who.name)
		}
	}
}

// ground is one state of somebody's consent and orders, and what the shop says.
type ground struct {
	told   string // none, unknown, pending, subscribed, unsubscribed, taken back
	bought string // paid, open, free, long ago
	shop   string // nothing, assume, soft
}

// mayWriteTo is an independent reading of on what ground somebody may be
// written to: the word of the basis, empty for none.
func (g ground) mayWriteTo(country string, ch lifecycle.Channel) string {
	switch {
	case g.told == "subscribed":
		return "opt_in"
	case g.told == "unsubscribed", g.told == "pending":
		return ""
	case g.shop == "assume" && g.told == "none":
		return "assumed"
	}
	soft := strings.Contains("IT FR DE ES GB US", country)
	if g.shop == "soft" && soft && ch == lifecycle.Email && g.bought == "paid" && g.told != "taken back" {
		return "soft_opt_in"
	}
	return ""
}

func (g ground) events(ch lifecycle.Channel) []lifecycle.Event {
	tell := func(s lifecycle.ConsentState) lifecycle.Event {
		ev := subscribed(ch)
		ev.Consents = []lifecycle.ConsentChange{{Channel: ch, State: s}}
		return ev
	}
	switch g.told {
	case "unknown":
		return []lifecycle.Event{tell(lifecycle.Unknown)}
	case "pending":
		return []lifecycle.Event{tell(lifecycle.Pending)}
	case "subscribed":
		return []lifecycle.Event{tell(lifecycle.Subscribed)}
	case "unsubscribed":
		return []lifecycle.Event{tell(lifecycle.Subscribed), tell(lifecycle.Unsubscribed)}
	case "taken back":
		return []lifecycle.Event{tell(lifecycle.Subscribed)}
	}
	return nil
}

func TestNobodyIsWrittenToWithoutAGround(t *testing.T) {
	noon := instant(t, "2026-07-15T16:30:00Z") // a Wednesday, allowed everywhere between Berlin and Los Angeles
	tried := map[string]int{}
	for _, place := range []string{"IT +393331234567", "FR +33612345678", "DE +4915112345678", "ES +34612345678", "GB +447400123456", "US +12125550123", "AT +436641234567"} {
		country, phone, _ := strings.Cut(place, " ")
		for _, ch := range []lifecycle.Channel{lifecycle.Email, lifecycle.SMS} {
			for _, told := range strings.Split("none,unknown,pending,subscribed,unsubscribed,taken back", ",") {
				for _, bought := range strings.Split("paid,open,free,long ago", ",") {
					for _, shop := range strings.Split("nothing,assume,soft", ",") {
						g := ground{told, bought, shop}
						want := g.mayWriteTo(country, ch)
						got := write(t, g, who(country, "", phone, ""), ch, noon)
						if got != want {
							t.Errorf("%s %s %+v: ground %q, want %q", country, ch, g, got, want)
						}
						tried[want]++
					}
				}
			}
		}
	}
	for _, basis := range []string{"", "opt_in", "assumed", "soft_opt_in"} {
		if tried[basis] < 12 {
			t.Errorf("%q was tried %d times", basis, tried[basis])
		}
	}
}

// write says on what ground the first step goes out, empty when it does not.
func write(t *testing.T, g ground, p lifecycle.Person, ch lifecycle.Channel, now time.Time) string {
	t.Helper()
	r := only(ch)
	switch g.shop {
	case "assume":
		r.Assume = [2]lifecycle.ConsentState{lifecycle.Subscribed, lifecycle.Subscribed}
	case "soft":
		r.Soft = lifecycle.Soft{Email: true}
	}
	if g.bought == "long ago" {
		r.Soft.Months = 1
		r.Journeys[0].Steps[0].After = 40 * day
	}
	evs := g.events(ch)
	buy := order("1", now.Add(-30*day), 4990)
	switch g.bought {
	case "open":
		buy.Order.Status = lifecycle.OrderOpen
	case "free":
		buy.Order.Total.Minor = 0
	case "long ago":
		buy.Order.At = now.Add(-40 * day)
	}
	c := lifecycle.Contact{ID: "c00000000001", Shop: "bottega"}
	from := now.Add(-40 * day)
	for i, ev := range append(evs, buy) {
		at := from.Add(time.Duration(i) * time.Minute)
		if ev.Order != nil {
			at = buy.Order.At
		}
		ev.At, ev.Person = at, p
		for j := range ev.Consents {
			ev.Consents[j].At = at
		}
		c = r.Decide(ev, c, at).Contact
	}
	if g.told == "taken back" { // by the source, after the sale
		ev := subscribed(ch)
		ev.At, ev.Person = now.Add(-day), p
		ev.Consents = []lifecycle.ConsentChange{{Channel: ch, State: lifecycle.Unknown, At: ev.At}}
		c = r.Decide(ev, c, ev.At).Contact
	}
	for range 8 {
		if c.Due.IsZero() || c.Due.After(now.Add(day)) {
			break
		}
		at := now
		if c.Due.After(at) {
			at = c.Due
		}
		var m *lifecycle.Message
		if c, m = tick(&r, c, at); m != nil {
			return fmt.Sprint(m.Receipt.Basis)
		}
	}
	return ""
}
