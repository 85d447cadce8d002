package lifecycle

import "slices"

// formerAddress remembers that an address led here, by digests alone: an
// erasure must suppress it and remove its look-up, long after it changed.
func (d *decision) formerAddress(ch Channel, key string) {
	if d.r.Keys == nil || key == "" {
		return
	}
	look := d.r.Keys.Email(d.c.Shop, key)
	if ch == SMS {
		look = d.r.Keys.Phone(d.c.Shop, key)
	}
	gone := d.r.Keys.Suppression(d.c.Shop, ch.String(), key)
	d.former(Former{Lookup: string(look[:]), Suppress: string(gone[:])})
}

// formerRef remembers a customer id that finds no room any more.
func (d *decision) formerRef(ref Ref) {
	if d.r.Keys == nil {
		return
	}
	look := d.r.Keys.Ref(d.c.Shop, ref.Source, ref.ID)
	d.former(Former{Lookup: string(look[:])})
}

// former keeps f as the newest; at the bound the oldest goes.
func (d *decision) former(f Former) {
	d.c.Former = append(slices.DeleteFunc(d.c.Former, func(o Former) bool { return o == f }), f)
	if n := len(d.c.Former) - MaxFormer; n > 0 {
		d.c.Former = slices.Delete(d.c.Former, 0, n)
	}
	d.changed = true
}

// absorbFormer takes over what led to another record of the person, and that
// record itself.
func (d *decision) absorbFormer(gone Contact) {
	for _, f := range gone.Former {
		d.former(f)
	}
	for _, id := range append(slices.Clone(gone.Joined), gone.ID) {
		if id != "" && !slices.Contains(d.c.Joined, id) {
			d.c.Joined = append(d.c.Joined, id)
		}
	}
	if n := len(d.c.Joined) - MaxJoined; n > 0 {
		d.c.Joined = slices.Delete(d.c.Joined, 0, n)
	}
}
