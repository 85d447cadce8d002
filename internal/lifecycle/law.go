package lifecycle

import (
	"slices"
	"strings"
	"time"
)

// Law is what a country, or one of its regions, asks of marketing messages on
// one channel. It is not legal advice.
type Law struct {
	Country  string // ISO 3166 alpha-2
	Region   string // ISO 3166-2 without the country; empty: the whole country
	Channel  Channel
	Open     Week    // when messages may leave, in the contact's local time
	Holidays bool    // also on public holidays
	Needs    Need    // without what nobody may be written to
	Soft     bool    // buyers may be written to about similar products until they object
	Must     Content // what each message has to carry
	Source   string  // where it stands
	Dated    string  // day on which that was looked up
	Sure     bool    // false: sources differ or do not bind; the stricter reading stands
}

// Need is the consent that the law asks for, before any exception.
type Need uint8

// The needs. B2B exceptions are not used.
const (
	needsOptIn   Need = iota // given before the message
	needsNothing             // none, but nobody after an opt-out
)

// String names the need for people.
func (n Need) String() string {
	if n == needsNothing {
		return "none before the first message"
	}
	return "opt-in"
}

// Content is a set of what a message has to carry.
type Content uint8

// The parts.
const (
	ContentIdentity Content = 1 << iota // who sends it
	ContentOptOut                       // how to end it
	ContentAddress                      // postal address of the sender
)

// Span is a stretch of one local day in minutes after midnight, To excluded;
// From equal to To: none of it.
type Span struct{ From, To int }

// meet is what two spans have in common.
func (s Span) meet(o Span) Span {
	s.From, s.To = max(s.From, o.From), min(s.To, o.To)
	if s.From >= s.To {
		return Span{}
	}
	return s
}

// Week is one span for each [time.Weekday].
type Week [7]Span

const (
	sunday   = time.Sunday
	saturday = time.Saturday
)

// String is the week for people, such as "Mon-Sat 08:00-22:00".
func (w Week) String() string {
	var parts []string
	for d := 1; d <= 7; {
		to := d
		for to < 7 && w[(to+1)%7] == w[d%7] {
			to++
		}
		if s := w[d%7]; s.From < s.To {
			days := time.Weekday(d % 7).String()[:3]
			if to > d {
				days += "-" + time.Weekday(to % 7).String()[:3]
			}
			parts = append(parts, days+" "+clockOf(s.From)+"-"+clockOf(s.To))
		}
		d = to + 1
	}
	return strings.Join(parts, ", ")
}

var always = daily(0, 24)

func daily(from, to int) Week {
	var w Week
	for i := range w {
		w[i] = Span{from * 60, to * 60}
	}
	return w
}

func weekdays(from, to int) Week { return daily(from, to).with(sunday, 0, 0).with(saturday, 0, 0) }

// with is the week with other hours on one day.
func (w Week) with(d time.Weekday, from, to int) Week {
	w[d] = Span{from * 60, to * 60}
	return w
}

// Laws are all rows, for people to read.
func Laws() []Law { return slices.Clone(laws) }

// LawOf is the row of a country as a whole.
func LawOf(country string, ch Channel) (Law, bool) {
	for _, l := range laws {
		if l.Country == country && l.Region == "" && l.Channel == ch {
			return l, true
		}
	}
	return Law{}, false
}

// place is where a law may hold.
type place struct{ country, region string }

// places are where the contact may be when the message arrives: the address,
// or the shop where there is none, and for an SMS also where the number rings.
// The stricter of two places holds.
func (r *Rules) places(c *Contact, ch Channel) []place {
	home := place{c.Profile.Country, c.Profile.Region}
	if ch != SMS && home.country != "" {
		return []place{home}
	}
	var ring place
	ring.country, ring.region = phonePlace(c.Phone.Key)
	switch {
	case home.country == "" && ring.country == "":
		return []place{{r.Country, ""}}
	case home.country == "" || home.country == ring.country && home.region == "":
		return []place{ring}
	case ring.country == "" || ch != SMS || ring == home || ring.country == home.country && ring.region == "":
		return []place{home}
	}
	return []place{home, ring}
}

// lawsAt are the rows that hold at a place: the country's, and its region's.
// Where the region is not known, those of all regions.
func lawsAt(at place, ch Channel) []Law {
	var found []Law
	for _, l := range laws {
		if l.Channel == ch && l.Country == at.country && (l.Region == "" || at.region == "" || l.Region == at.region) {
			found = append(found, l)
		}
	}
	return found
}

// window is what holds of several rows at once.
type window struct {
	open     Week
	holidays bool
	known    bool // at least one row was found
}

func windowAt(at place, ch Channel) window {
	w := window{open: always, holidays: true}
	for _, l := range lawsAt(at, ch) {
		for d := range w.open {
			w.open[d] = w.open[d].meet(l.Open[d])
		}
		w.holidays = w.holidays && l.Holidays
		w.known = true
	}
	return w
}

// on is what is open on one local day of a place.
func (w window) on(y int, m time.Month, d int, at place) Span {
	date := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	y, m, d = date.Date()
	if !w.holidays && HolidayIn(at.country, at.region, y, m, d) {
		return Span{}
	}
	return w.open[date.Weekday()]
}

// around lists what the law closes around t, as [Quiet.around] does.
func (w window) around(t time.Time, loc *time.Location, at place) []stretch {
	if w.open == always && w.holidays {
		return nil
	}
	y, m, d := t.In(loc).Date()
	found := make([]stretch, 0, 8)
	for _, day := range [...]int{d - 1, d, d + 1, d + 2} {
		open := w.on(y, m, day, at)
		for _, s := range [...]Span{{0, open.From}, {open.To, 24 * 60}} {
			if s.From >= s.To {
				continue
			}
			closed := stretch{localInstant(y, m, day, s.From, loc), localInstant(y, m, day, s.To, loc)}
			if closed.from.Before(closed.to) {
				found = append(found, closed)
			}
		}
	}
	return found
}

// CountryOf is the contact's country, else the shop's.
func (r *Rules) CountryOf(c *Contact) string {
	if c.Profile.Country != "" {
		return c.Profile.Country
	}
	return r.Country
}

// closed makes the function that lists the stretches around an instant in which
// nothing may leave on the channel: the shop's quiet hours and the law's, in
// every zone in which the contact may be.
func (r *Rules) closed(c *Contact, ch Channel) func(time.Time) []stretch {
	where, home := r.WhereIs(c), place{r.CountryOf(c), c.Profile.Region}
	var lawful []lawfulAt
	if !r.Lawless {
		lawful = r.lawful(c, where, ch)
	}
	return func(t time.Time) []stretch {
		var all []stretch
		if r.Quiet.covers(ch) {
			for _, loc := range where.Zones {
				all = append(all, r.Quiet.around(t, loc, home)...)
			}
		}
		for _, l := range lawful {
			for _, loc := range l.zones {
				all = append(all, l.window.around(t, loc, l.at)...)
			}
		}
		return all
	}
}

// lawfulAt is the law of one place, and the zones in which its hours count.
type lawfulAt struct {
	at     place
	window window
	zones  []*time.Location
}

// lawful is the law of every place in which the contact may be. Where the
// number rings elsewhere than the contact lives, its hours are those of its own
// country, unless a source told the zone.
func (r *Rules) lawful(c *Contact, where Where, ch Channel) []lawfulAt {
	var all []lawfulAt
	for i, p := range r.places(c, ch) {
		l := lawfulAt{p, windowAt(p, ch), where.Zones}
		if i > 0 && where.Why != ZoneOfSource {
			if ring, country := whereRings(c.Phone.Key); country != c.Profile.Country && len(ring.Zones) > 0 {
				l.zones = ring.Zones
			}
		}
		all = append(all, l)
	}
	return all
}

// mayWriteAt is the first instant from now on at which the channel may be used:
// now itself where it may.
func (r *Rules) mayWriteAt(c *Contact, now time.Time, ch Channel) time.Time {
	return firstOpen(now, r.closed(c, ch))
}

// MayWriteFor is how long messages may still leave on the channel, for
// providers that queue them.
func (r *Rules) MayWriteFor(c *Contact, now time.Time, ch Channel) time.Duration {
	return openFor(now, r.closed(c, ch)(now))
}

// EverOpen reports whether a message can leave at all on the channel to
// somebody of a country of whom nothing more is known.
func (r *Rules) EverOpen(country string, ch Channel) bool {
	c := Contact{Profile: Profile{Country: country}}
	for _, from := range [...]time.Time{ // a winter and a summer, without a week of holidays
		time.Date(2027, time.February, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, time.June, 7, 0, 0, 0, 0, time.UTC),
	} {
		if r.mayWriteAt(&c, from, ch).Before(from.Add(quietGuard)) {
			return true
		}
	}
	return false
}
