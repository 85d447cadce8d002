package generate

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Options say what kind of life. Zero values mean a usual one.
type Options struct {
	People   int            // customers over the whole time; 0: 360
	From, To time.Time      // the life's first and last instant; both are needed
	Zone     *time.Location // where the shop is; nil: UTC
}

// Life is everything that happens in a shop if nobody is ever written to.
type Life struct {
	People []Person
	Events []Event // in order

	seed uint64
	o    Options
	last []time.Time // of each person: their last own order
}

// Kind says what happens.
type Kind uint8

// What happens in a shop.
const (
	SignedUp     Kind = iota // customer made, with the choices about consent
	Bought                   // an order
	Renewed                  // an order of the box
	Refunded                 // money went back: Amount of Order
	OrderVoided              // Order is cancelled as a whole
	Subscribed               // takes the box; Order is the first one
	Unsubscribed             // cancels the box, with a Reason
	OptedOut                 // withdraws both consents at the shop's own settings
)

// Event is one thing that happens to one person.
type Event struct {
	At     time.Time
	Kind   Kind
	Person int
	Order  *Order
	Amount int64 // cents
	Reason string
}

// Order is one purchase.
type Order struct {
	ID     string // digits, above 2^53
	Number string
	At     time.Time
	Total  int64 // cents, of Items less what Code took off
	Items  []Item
	Code   string

	Currency string // empty: the shop's
}

// New makes a life.
func New(seed uint64, o Options) *Life {
	if o.People <= 0 {
		o.People = 360
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	l := &Life{seed: seed, o: o, last: make([]time.Time, o.People)}
	for n := range o.People {
		p := Someone(seed, n)
		l.People = append(l.People, p)
		l.live(p)
	}
	slices.SortStableFunc(l.Events, func(a, b Event) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Person, b.Person))
	})
	return l
}

// live adds all that one person does.
func (l *Life) live(p Person) {
	c := about(l.seed, "arrival", int64(p.Number))
	span := l.o.To.Sub(l.o.From)
	late := c.share() * 0.97
	if c.happens(0.45) { // was a customer before we came
		late = c.share() * p.gap / (span.Hours() / 24)
	}
	first := l.hour(c, l.o.From.Add(time.Duration(min(late, 0.97)*float64(span))))
	if !first.Before(l.o.To) {
		return
	}
	l.Events = append(l.Events, Event{At: first.Add(-3 * time.Minute), Kind: SignedUp, Person: p.Number})
	own := l.stream(p, first, 0)
	if p.Subscriber {
		own = append(own, l.box(p, first)...)
	}
	for _, ev := range own {
		if ev.Kind == Bought || ev.Kind == Renewed {
			l.last[p.Number] = later(l.last[p.Number], ev.At)
		}
	}
	l.Events = append(l.Events, own...)
	if q := about(l.seed, "opt out", int64(p.Number)); q.happens(0.03) {
		at := first.Add(time.Duration((20 + 200*q.share()) * float64(day)))
		if at.Before(l.o.To) {
			l.Events = append(l.Events, Event{At: l.hour(q, at), Kind: OptedOut, Person: p.Number})
		}
	}
}

const day = 24 * time.Hour

// stream is a person's orders from a first one on, by their own rhythm, until
// they leave for good, and what becomes of the orders. serial numbers them.
func (l *Life) stream(p Person, at time.Time, serial int) []Event {
	c := about(l.seed, "stream", int64(p.Number), int64(serial))
	var out []Event
	for at.Before(l.o.To) {
		o := l.Basket(p, at, serial)
		serial++
		out = append(out, Event{At: at, Kind: Bought, Person: p.Number, Order: o})
		out = append(out, l.regret(c, p, o)...)
		if p.once || c.happens(p.leaves) {
			break
		}
		at = l.next(c, p, at)
	}
	return out
}

// next is the day of the next order: in a strong season people wait less.
func (l *Life) next(c chance, p Person, at time.Time) time.Time {
	left := max(p.gap*c.gamma(p.shape), 1)
	for left > 0 {
		at = at.Add(day)
		left -= season(at.In(l.o.Zone))
	}
	return l.hour(c, at)
}

// hour is a time of that local day at which people shop.
func (l *Life) hour(c chance, at time.Time) time.Time {
	y, m, d := at.In(l.o.Zone).Date()
	h := []int{8, 9, 10, 11, 12, 13, 14, 17, 18, 19, 20, 21, 21, 22}[c.below(14)]
	return time.Date(y, m, d, h, c.below(60), c.below(60), 0, l.o.Zone)
}

// regret is what sometimes follows an order: money back, all or some, or a
// cancellation before it was sent.
func (l *Life) regret(c chance, p Person, o *Order) []Event {
	ev := Event{Person: p.Number, Order: o}
	switch s := c.share(); {
	case s < 0.015:
		ev.Kind, ev.Reason = OrderVoided, "customer"
		ev.At = o.At.Add(time.Duration(1+c.below(8)) * time.Hour)
	case s < 0.045:
		ev.Kind, ev.Amount = Refunded, o.Items[0].Price*int64(o.Items[0].Quantity)
		if s < 0.03 || ev.Amount > o.Total {
			ev.Amount = o.Total
		}
		ev.At = o.At.Add(time.Duration(2+c.below(12)) * day)
	default:
		return nil
	}
	if !ev.At.Before(l.o.To) {
		return nil
	}
	return []Event{ev}
}

// box is a subscription: an order every month until it is cancelled.
func (l *Life) box(p Person, since time.Time) []Event {
	c := about(l.seed, "box", int64(p.Number))
	at := since.Add(time.Duration(3+c.below(40)) * day)
	var out []Event
	for n := 0; at.Before(l.o.To); n++ {
		kind := Renewed
		if n == 0 {
			kind = Subscribed
		}
		o := l.order(p, at, 8000+n, []Item{box}, "")
		out = append(out, Event{At: at, Kind: kind, Person: p.Number, Order: o})
		at = at.AddDate(0, 1, 0)
		if c.happens(0.13) {
			at = at.Add(-4 * day)
			if at.Before(l.o.To) {
				out = append(out, Event{At: at, Kind: Unsubscribed, Person: p.Number, Order: o, Reason: pick(c, leaving)})
			}
			break
		}
	}
	return out
}

var leaving = []string{"too_expensive", "too_much", "moving", "not_needed", "other"}

// Basket is an order of a person; serial makes it another one than the rest.
func (l *Life) Basket(p Person, at time.Time, serial int) *Order {
	c := about(l.seed, "basket", int64(p.Number), int64(serial))
	n := 1 + c.below(4)
	first := c.below(len(goods))
	var items []Item
	for i := range n {
		it := goods[(first+i*i*3)%len(goods)]
		it.Quantity = 1 + c.below(3)
		items = append(items, it)
	}
	if at.In(l.o.Zone).Month() == time.December && c.happens(0.6) {
		items = append([]Item{pick(c, gifts)}, items...)
	}
	code := ""
	if c.happens(0.08) {
		code = "BOTTEGA5"
	}
	return l.order(p, at, serial, merged(items), code)
}

// merged joins lines of the same product.
func merged(items []Item) []Item {
	var out []Item
	for _, it := range items {
		if i := slices.IndexFunc(out, func(o Item) bool { return o.Product == it.Product }); i >= 0 {
			out[i].Quantity += it.Quantity
			continue
		}
		out = append(out, it)
	}
	return out
}

func (l *Life) order(p Person, at time.Time, serial int, items []Item, code string) *Order {
	o := &Order{
		ID: fmt.Sprint(820_982_911_000_000_000 + int64(p.Number)*100_000 + int64(serial)), Number: fmt.Sprintf("#%d-%d", 1001+p.Number, serial+1),
		At: at, Items: items, Code: code,
	}
	for _, it := range items {
		o.Total += it.Price * int64(it.Quantity)
	}
	if code != "" {
		o.Total -= o.Total / 20
	}
	return o
}

// Comeback is what a message brought about: an order and, if resume, the
// person's own rhythm from there on. again numbers the comebacks of a person,
// from 0.
func (l *Life) Comeback(person int, at time.Time, again int, resume bool) []Event {
	p, serial := l.People[person], 10_000+1000*again
	if !at.Before(l.o.To) {
		return nil
	}
	if resume && !p.once {
		return l.stream(p, at, serial)
	}
	return []Event{{At: at, Kind: Bought, Person: person, Order: l.Basket(p, at, serial)}}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
