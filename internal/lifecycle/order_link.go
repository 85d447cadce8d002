package lifecycle

import (
	"slices"
	"strings"
)

// OrderLink says that the order known as Key is also known as Also: by the id
// of its payment, or by the id of today where it was told before ids had owners.
type OrderLink struct {
	Also, Key uint64
	Lookup    string // look-up digest of the name behind Also, which an erasure must remove; may be empty
}

// markOf is where the record keeps the order of these names, -1 for nowhere.
func (d *decision) markOf(k OrderKeys) int {
	for _, n := range k.Told() {
		if i := d.markKey(n.Key); i >= 0 {
			return i
		}
	}
	for _, n := range k.Old {
		if i := d.markKey(n.Key); i >= 0 && !apart(d.r.Owners[d.c.Orders[i].Source], k.Own.Space) {
			return i
		}
	}
	return -1
}

// apart reports whether two spaces are those of two sources with small ids: what
// one of them told before ids had owners is none of the other's.
func apart(a, b string) bool {
	return a != b && strings.HasPrefix(a, sourcePrefix) && strings.HasPrefix(b, sourcePrefix)
}

// Holds reports whether what leads from a name without an owner to a contact may
// be believed: ids of two systems may be equal. Where the event names somebody
// itself, the same source must have told the order; else it must not be known to
// be another source's.
func (r *Rules) Holds(h OrderHandle, ev *Event, c *Contact, named bool) bool {
	i := slices.IndexFunc(c.Orders, func(o OrderMark) bool { return o.Key == h.Key })
	if named {
		return i >= 0 && c.Orders[i].Source == ev.Source
	}
	return i < 0 || !apart(r.Owners[c.Orders[i].Source], r.space(ev.Owner, ev.Source))
}

// markKey is where the record keeps the order known as key, -1 for nowhere.
func (d *decision) markKey(key uint64) int {
	at := func(key uint64) int {
		return slices.IndexFunc(d.c.Orders, func(o OrderMark) bool { return o.Key == key })
	}
	i := at(key)
	for _, l := range d.c.Links {
		if i < 0 && l.Also == key {
			i = at(l.Key)
		}
	}
	return i
}

// link remembers the names that the event gives the order at i, and joins with
// it what was told under one of them before anybody knew that it is the same. It
// returns where the order is then.
func (d *decision) link(i int, k OrderKeys) int {
	key := d.c.Orders[i].Key
	for _, n := range k.Told() {
		j := d.markKey(n.Key)
		if j >= 0 && d.c.Orders[j].Key != key {
			key = d.joinOrders(d.markKey(key), j)
		}
		if n.Space != "" { // an id without an owner may be anybody's tomorrow
			d.linkTo(OrderLink{Also: n.Key, Key: key, Lookup: d.orderLookup(n)})
		}
	}
	return d.markKey(key)
}

func (d *decision) orderLookup(n OrderHandle) string {
	if d.r.Keys == nil {
		return ""
	}
	x := d.r.Keys.Order(d.c.Shop, n.Space, n.ID)
	return string(x[:])
}

func (d *decision) linkTo(l OrderLink) {
	if l.Also == l.Key || slices.ContainsFunc(d.c.Links, func(h OrderLink) bool { return h.Also == l.Also }) {
		return
	}
	d.c.Links = append(d.c.Links, l)
	if n := len(d.c.Links) - MaxLinks; n > 0 {
		d.c.Links = slices.Delete(d.c.Links, 0, n)
	}
	d.t.SeenOrders = append(d.t.SeenOrders, l.Also)
	d.changed = true
}

// joinOrders makes one order of two, and returns its key: that of the one which
// is first in the record, for a journey may hang on it.
func (d *decision) joinOrders(i, j int) (key uint64) {
	keep, gone := d.c.Orders[min(i, j)], d.c.Orders[max(i, j)]
	if keep.Counts() && gone.Counts() {
		d.t.Counts = append(d.t.Counts, Count{"orders", -1})
	}
	d.c.Orders[min(i, j)] = keep.joined(gone)
	d.c.Orders = slices.Delete(d.c.Orders, max(i, j), max(i, j)+1)
	for n := range d.c.Links {
		if d.c.Links[n].Key == gone.Key {
			d.c.Links[n].Key = keep.Key
		}
	}
	d.linkTo(OrderLink{Also: gone.Key, Key: keep.Key})
	d.sortOrders()
	d.changed = true
	return keep.Key
}

func (d *decision) sortOrders() {
	slices.SortStableFunc(d.c.Orders, func(a, b OrderMark) int { return compareFacts(fact{at: a.At, order: &a}, fact{at: b.At, order: &b}) })
}

// joined is what two tellings of one order make: the newer one's word, and all
// that was given back, which counts once by its id or by its size.
func (o OrderMark) joined(p OrderMark) OrderMark {
	word, other := o, p
	if o.Partial && !p.Partial || o.Partial == p.Partial && p.Version.After(o.Version) {
		word, other = p, o
	}
	if other.Partial && other.Status == OrderVoid && !other.Version.Before(word.Version) {
		word.Status, word.Version = OrderVoid, other.Version
	}
	word.Key, word.Told, word.Renewal = o.Key, max(o.Told, p.Told), o.Renewal || p.Renewal
	word.Refunds = append(slices.Clone(o.Refunds), p.Refunds...)
	slices.SortFunc(word.Refunds, func(a, b RefundMark) int { return compareUint(a.Key, b.Key) })
	word.Refunds = slices.CompactFunc(word.Refunds, func(a, b RefundMark) bool { return a.Key == b.Key })
	return word
}

// absorbLinks takes over the further names of another record's orders.
func (d *decision) absorbLinks(gone Contact) {
	for _, l := range gone.Links {
		if i, j := d.markKey(l.Key), d.markKey(l.Also); i >= 0 && j >= 0 && i != j {
			l.Key = d.joinOrders(i, j)
		}
		d.linkTo(l)
	}
}

// dropLinks forgets the further names of an order that rolled out of the record:
// the store knows them for good. off are those that are to be known as taken
// back.
func (c *Contact) dropLinks(key uint64) (off []uint64) {
	c.Links = slices.DeleteFunc(slices.Clone(c.Links), func(l OrderLink) bool {
		if l.Key == key {
			off = append(off, offKey(l.Also))
		}
		return l.Key == key
	})
	return off
}
