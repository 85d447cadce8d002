package lifecycle

import (
	"maps"
	"slices"
	"strings"
)

// Systems whose order ids are their own in the whole world: two shops, or two
// sources of one shop, never meet in one id. As owners they are written with
// systemPrefix, which no source's name can begin with.
const (
	OwnerShopify  = systemPrefix + "shopify"
	OwnerStripe   = systemPrefix + "stripe"
	OwnerRecharge = systemPrefix + "recharge"
)

const (
	systemPrefix = "system:"
	sourcePrefix = "source:"
)

// OrderName is one name of an order: an id, and whose id it is.
type OrderName struct {
	Owner string // a source of the shop by name, or a system; empty: the source that tells
	ID    string
}

// OrderHandle is one name of an order as it is looked for.
type OrderHandle struct {
	Key   uint64 // what records and the sets of known orders hold
	Space string // what ids of Owner are kept apart in; empty: nobody knows whose id it is
	ID    string
}

// OrderKeys are all names under which an order may be known.
type OrderKeys struct {
	Own OrderHandle // zero Key: the event is about no order
	// Also are further names that the event tells: the payment's id beside the
	// order's.
	Also []OrderHandle
	// Old are the names of an order that was told before ids had owners, or
	// whose owner is not known: the id alone; or, where the event is the one
	// that knows no owner, the id in the space of each source.
	Old []OrderHandle
}

// Told are the names that the event gives the order itself.
func (k OrderKeys) Told() []OrderHandle {
	if k.Own.Key == 0 {
		return nil
	}
	return append([]OrderHandle{k.Own}, k.Also...)
}

// All are all names.
func (k OrderKeys) All() []OrderHandle { return append(k.Told(), k.Old...) }

// Believed are the names that may lead an event which names somebody itself to
// another contact: its own, and the same of before ids had owners.
func (k OrderKeys) Believed() []OrderHandle {
	names := k.Told()
	for _, h := range k.Old {
		if h.Space == "" {
			names = append(names, h)
		}
	}
	return names
}

// OrderKeys are the names under which the order of an event may be known.
func (r *Rules) OrderKeys(ev *Event) OrderKeys {
	id := ev.OrderID()
	if id == "" {
		return OrderKeys{}
	}
	kind := "order"
	if ev.Order != nil && ev.Order.isCredit() {
		kind = "credit"
	}
	name := func(space, id string) OrderHandle { return OrderHandle{spacedKey(kind, r.Shop, space, id), space, id} }
	var k OrderKeys
	k.Own = name(r.space(ev.Owner, ev.Source), id)
	if k.Own.Space == "" {
		for _, space := range r.spaces() {
			k.Old = append(k.Old, name(space, id))
		}
	} else {
		k.Old = append(k.Old, name("", id))
	}
	for _, n := range ev.Also {
		space := r.space(n.Owner, ev.Source)
		if n.ID == "" || kind == "credit" || space != "" && !slices.Contains(r.spaces(), space) {
			continue // nobody tells orders by such names here
		}
		if a := name(space, n.ID); a.Key != k.Own.Key {
			k.Also = append(k.Also, a)
			if a.Space != "" {
				k.Old = append(k.Old, name("", n.ID))
			}
		}
	}
	return k
}

// space is what the ids of an owner are kept apart in, empty where nobody knows
// whose they are: of an import that names no source.
func (r *Rules) space(owner, source string) string {
	if owner == "" {
		return r.Owners[source]
	}
	if space, known := r.Owners[owner]; known {
		return space
	}
	switch system := systemPrefix + owner; {
	case strings.HasPrefix(owner, systemPrefix):
		return owner
	case system == OwnerShopify, system == OwnerStripe, system == OwnerRecharge:
		return system
	}
	return sourcePrefix + owner
}

// spaces are those of the shop's sources.
func (r *Rules) spaces() []string {
	return slices.Compact(slices.Sorted(maps.Values(r.Owners)))
}

// SpaceOf is the space of a source's own order ids: of a system's, where its
// ids are its own in the whole world, else of this source alone.
func SpaceOf(source, kind string) string {
	switch system := systemPrefix + kind; system {
	case OwnerShopify, OwnerStripe, OwnerRecharge:
		return system
	}
	return sourcePrefix + source
}

// Asked are the digests that must be known of before an event is decided on:
// whether the order was told before, and whether it was taken back.
func (k OrderKeys) Asked() []uint64 {
	var all []uint64
	for _, n := range k.All() {
		all = append(all, n.Key, offKey(n.Key))
	}
	return all
}

// Recall fills in what the store knows of the event's order from before the
// window of the record: known are the digests of Asked that it holds. A name
// without an owner may be another source's order; it holds only where something
// rolled out of this record.
func (ev *Event) Recall(k OrderKeys, c *Contact, known map[uint64]bool) {
	names := k.Told()
	if !c.Base.Upto.IsZero() {
		names = k.All()
	}
	ev.Remembered, ev.RememberedOff = false, false
	for _, n := range names {
		ev.Remembered = ev.Remembered || known[n.Key]
		ev.RememberedOff = ev.RememberedOff || known[offKey(n.Key)]
	}
}

// spacedKey is the digest of an order's or a credit's name. Without a space it
// is the one of every release before spaces.
func spacedKey(kind, shop, space, id string) uint64 {
	if space == "" {
		return digest(kind, shop, id)
	}
	return digest("spaced "+kind, shop, space, id)
}
