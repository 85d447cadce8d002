package rehearse

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"ritorno/internal/lifecycle"
)

// History is an order history in the order of time, in a compact form: about
// 350 bytes an order.
type History struct {
	shop     string
	people   []teller
	known    map[teller]int32
	tellings []telling
	sorted   bool

	Reached [2]int // customers that were given a made-up address, by channel
}

// teller is a person as a source names them.
type teller struct {
	source string
	lifecycle.Person
	madeUp [2]bool // the address on this channel is ours, in its normal form
}

// telling is one event of a history: what a source would have told at a time.
type telling struct {
	at       int64 // Unix ms
	version  int64
	order    *lifecycle.Order // nil: the person itself, or consent
	consents []lifecycle.ConsentChange
	person   int32
}

// NewHistory is an empty history of a shop, by its key in the configuration.
func NewHistory(shop string) *History {
	return &History{shop: shop, known: map[teller]int32{}}
}

// Add takes in what a reader of histories made of a line. What became known
// later than the order was placed, its cancellation or a consent, is told at its
// own time.
func (h *History) Add(ev lifecycle.Event) {
	t := telling{at: ev.At.UnixMilli(), version: ev.Version.UnixMilli(), order: ev.Order, person: h.intern(teller{source: ev.Source, Person: ev.Person})}
	for _, c := range ev.Consents {
		if c.Source == "" {
			c.Source = ev.Source
		}
		if c.At.After(ev.At) {
			later := t
			later.at, later.version, later.order, later.consents = c.At.UnixMilli(), c.At.UnixMilli(), nil, []lifecycle.ConsentChange{c}
			h.tellings = append(h.tellings, later)
			continue
		}
		t.consents = append(t.consents, c)
	}
	if o := ev.Order; o != nil && t.version > t.at { // it was taken back later
		placed := *o
		placed.Status, placed.Refunded = lifecycle.OrderPaid, 0
		first := t
		first.order, first.version = &placed, t.at
		h.tellings = append(h.tellings, first)
		t.at, t.consents = t.version, nil
	}
	h.tellings, h.sorted = append(h.tellings, t), false
}

func (h *History) intern(p teller) int32 {
	n, ok := h.known[p]
	if !ok {
		n = int32(len(h.people))
		h.people, h.known[p] = append(h.people, p), n
	}
	return n
}

// Len is how many events the history holds.
func (h *History) Len() int { return len(h.tellings) }

// Span is the time of the first and of the last event, zero where there is none.
func (h *History) Span() (first, last time.Time) {
	if len(h.tellings) == 0 {
		return first, last
	}
	h.sort()
	return time.UnixMilli(h.tellings[0].at).UTC(), time.UnixMilli(h.tellings[len(h.tellings)-1].at).UTC()
}

// Events are what the sources would have told, each at its time, in order.
func (h *History) Events() iter.Seq[lifecycle.Event] {
	h.sort()
	return func(yield func(lifecycle.Event) bool) {
		for i := range h.tellings {
			if !yield(h.event(&h.tellings[i], h.people[h.tellings[i].person])) {
				return
			}
		}
	}
}

func (h *History) sort() {
	if !h.sorted {
		slices.SortStableFunc(h.tellings, func(a, b telling) int {
			switch {
			case a.at < b.at:
				return -1
			case a.at > b.at:
				return 1
			}
			return 0
		})
		h.sorted = true
	}
}

// event is a telling as the service would hear it.
func (h *History) event(t *telling, who teller) lifecycle.Event {
	ev := lifecycle.Event{
		Type: lifecycle.OrderPlaced, Source: who.source, At: time.UnixMilli(t.at).UTC(), Version: time.UnixMilli(t.version).UTC(),
		OwnTime: true, Person: who.Person, Order: t.order, Consents: t.consents,
	}
	switch {
	case t.order != nil:
	case len(t.consents) > 0:
		ev.Type = lifecycle.ConsentChanged
	default:
		ev.Type = lifecycle.ContactChanged
	}
	return ev
}

// Reach makes up an address on each of these channels for every customer of
// whom the history knows none there, so that their journey can be seen; country is
// the shop's.
func (h *History) Reach(country string, channels ...lifecycle.Channel) {
	type customer struct {
		number int
		has    [2]bool
	}
	known := map[string]*customer{}
	names := make([]*customer, len(h.people)) // before an address is made up
	for i := range h.people {
		p := &h.people[i]
		if names[i] = known[p.name()]; names[i] == nil {
			names[i] = &customer{number: len(known)}
			known[p.name()] = names[i]
		}
		names[i].has[lifecycle.Email] = names[i].has[lifecycle.Email] || p.Email != ""
		names[i].has[lifecycle.SMS] = names[i].has[lifecycle.SMS] || p.Phone != ""
	}
	for _, ch := range channels {
		for i := range h.people {
			p := &h.people[i]
			if names[i].has[ch] {
				continue
			}
			if n := names[i].number; ch == lifecycle.SMS {
				p.Phone = madeUpPhone(country, n)
			} else {
				p.Email = "customer" + strconv.Itoa(n) + madeUpDomain
			}
			p.madeUp[ch] = true
		}
		for _, c := range known {
			if !c.has[ch] {
				h.Reached[ch]++
			}
		}
	}
	h.known = nil // names have changed: nothing may be added
}

// madeUpDomain can never receive mail (RFC 2606).
const madeUpDomain = "@rehearsal.example"

// madeUp are prefixes of mobile numbers by country, and how many digits follow:
// where a number rings, that country's law holds.
var madeUp = map[string]struct {
	prefix string
	digits int
}{
	"IT": {"+39320", 7}, "FR": {"+3361", 7}, "DE": {"+491511", 7}, "ES": {"+3461", 7}, "GB": {"+447400", 6}, "US": {"+12012", 6},
}

// madeUpPhone is a number of the form of a country's mobile networks, Italy's
// where we know none, for a simulation only: nothing is ever sent to it.
func madeUpPhone(country string, n int) string {
	m, ok := madeUp[country]
	if !ok {
		m = madeUp["IT"]
	}
	return fmt.Sprintf("%s%0*d", m.prefix, m.digits, n)
}

// name tells customers apart before anybody looked at their addresses.
func (p *teller) name() string {
	switch {
	case p.CustomerID != "":
		return p.source + "\x00" + p.CustomerID
	case p.Email != "":
		return p.Email
	}
	return p.Phone
}
