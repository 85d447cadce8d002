package lifecycle

import (
	"slices"
	"time"

	"ritorno/internal/identity"
)

// eraseAgain is when another process goes on with an erasure that stands still,
// real time.
const eraseAgain = time.Minute

// ErasedKey is the digest under which it is remembered for good that a record
// of this id was erased, so that nobody who looked the person up before makes
// it anew. An id is random and says nothing.
func ErasedKey(id string) uint64 { return digest("erased", id) }

// erase puts a tombstone in the record's place: nothing of the person, only
// digests of what must still be removed around it.
func (d *decision) erase() {
	c := d.c
	d.c = Contact{ID: c.ID, Shop: c.Shop, Version: c.Version, Erasing: d.erasing(&c)}
	if c.State != None {
		d.t.Counts = append(d.t.Counts, Count{"state:" + c.State.String(), -1})
	}
	d.t.running(c.Run, -1)
	d.t.count("erased")
	d.t.SeenOrders = append(d.t.SeenOrders, ErasedKey(c.ID))
	d.t.Reason, d.changed = ReasonErased, true
}

// erasing names what leads to the contact or quotes it.
func (d *decision) erasing(c *Contact) *Erasing {
	g := &Erasing{At: d.now, Next: d.real().Add(eraseAgain), Joined: slices.Clone(c.Joined)}
	for _, f := range c.Former {
		g.Lookups = append(g.Lookups, f.Lookup)
		if f.Suppress != "" {
			g.Suppress = append(g.Suppress, f.Suppress)
		}
	}
	for _, m := range c.Messages {
		if m.Code != "" {
			g.Codes = append(g.Codes, m.Code)
		}
	}
	if a := c.Sending; a != nil && a.Message.Code != "" {
		g.Codes = append(g.Codes, a.Message.Code)
	}
	if d.r.Keys != nil {
		g.name(d.r, c)
	}
	return g
}

func (g *Erasing) name(r *Rules, c *Contact) {
	k := r.Keys
	look := func(x identity.Digest) { g.Lookups = append(g.Lookups, string(x[:])) }
	suppress := func(x identity.Digest) { g.Suppress = append(g.Suppress, string(x[:])) }
	if c.Email.Key != "" {
		look(k.Email(c.Shop, c.Email.Key))
		suppress(k.Suppression(c.Shop, Email.String(), c.Email.Key))
	}
	if c.Phone.Key != "" {
		look(k.Phone(c.Shop, c.Phone.Key))
		suppress(k.Suppression(c.Shop, SMS.String(), c.Phone.Key))
	}
	for _, ref := range c.Refs {
		look(k.Ref(c.Shop, ref.Source, ref.ID))
	}
	for _, o := range c.Orders {
		x := k.Order(c.Shop, r.spaceOf(&o), o.ID)
		g.Orders = append(g.Orders, string(x[:]))
	}
	for _, l := range c.Links {
		if l.Lookup != "" {
			g.Orders = append(g.Orders, l.Lookup)
		}
	}
}

// spaceOf finds the space in which an order was told: the one that makes its
// key.
func (r *Rules) spaceOf(o *OrderMark) string {
	for _, space := range append(r.spaces(), sourcePrefix+o.Source, OwnerShopify, OwnerStripe, OwnerRecharge) {
		if spacedKey("order", r.Shop, space, o.ID) == o.Key {
			return space
		}
	}
	return ""
}

// onTombstone decides for somebody who was erased: no news brings anything
// back. Once everything around is removed the tombstone goes.
func onTombstone(ev Event, c Contact) Transition {
	t := Transition{Contact: c, Reason: ReasonErased}
	t.Erase = ev.Type == Cleared
	t.Changed = t.Erase
	return t
}
