package lifecycle

import (
	"slices"
	"time"

	"ritorno/internal/identity"
)

// Times of an erasure, real time.
const (
	// eraseAgain is when another process goes on with an erasure that stands still.
	eraseAgain = time.Minute
	// tombstoneFor is longer than any request takes: who looked the person up
	// before the erasure meets the tombstone and does not make the record anew.
	tombstoneFor = 10 * time.Minute
)

// erase puts a tombstone in the record's place: nothing of the person, only
// digests of what must still be removed around it.
func (d *decision) erase() {
	c := d.c
	d.c = Contact{ID: c.ID, Shop: c.Shop, Version: c.Version, Erasing: d.erasing(&c)}
	if c.State != None {
		d.t.Counts = append(d.t.Counts, Count{"state:" + c.State.String(), -1})
	}
	d.t.count("erased")
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
		g.name(d.r.Keys, c)
	}
	return g
}

func (g *Erasing) name(k *identity.Keys, c *Contact) {
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
		x := k.Order(c.Shop, "", o.ID)
		g.Orders = append(g.Orders, string(x[:]))
	}
}

// onTombstone decides for somebody who was erased: no news brings anything
// back. Once everything around is removed the tombstone waits for requests from
// before to end, and goes.
func (r *Rules) onTombstone(ev Event, c Contact, now time.Time) Transition {
	d := decision{r: r, ev: ev, c: c.clone(), now: now}
	t := Transition{Contact: d.c, Reason: ReasonErased}
	if ev.Type != Cleared {
		return t
	}
	g := t.Contact.Erasing
	switch {
	case !g.Cleared():
		t.Contact.Erasing = &Erasing{At: g.At, Next: d.real().Add(tombstoneFor)}
		t.Changed = true
	case !d.real().Before(g.Next):
		t.Erase, t.Changed = true, true
	}
	return t
}
