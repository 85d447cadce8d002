package engine

import (
	"slices"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// group is what a batch tells of one person, in its order.
type group struct {
	events []*lifecycle.Named
	email  store.Digest
	refs   []store.Digest
	phones []store.Digest
	who    []*resolved // of each event
	out    []address   // every address

	id     string
	fresh  bool           // nobody was found
	claims []store.Digest // of keys, those that lead nowhere yet
	points []store.Digest // of phones, those that do not lead here yet
	shared []string       // of somebody who was not found, contacts with the same phone
	alone  bool           // who it is takes more thought: its events are applied one by one
}

// address is one that may be on the suppression list.
type address struct {
	ch   lifecycle.Channel
	key  string
	look store.Digest
}

// sort puts events of the same person together. It sees who they are by e-mail
// and by customer id only, and where that is not plain it leaves them to Apply.
func (im *importer) sort(evs []lifecycle.Event) []*group {
	var all []*group
	by := make(map[store.Digest]*group, len(evs))
	known := map[[5]string]*resolved{} // what was worked out for the same words before
	named := make([]lifecycle.Named, len(evs))
	for i := range evs {
		ev := &named[i]
		*ev = im.s.Rules.Named(evs[i])
		words := [...]string{ev.Source, ev.Person.CustomerID, ev.Person.Email, ev.Person.Phone, ev.Person.Country}
		r := known[words]
		if r == nil {
			who := im.e.digests(im.s, ev.Event)
			r, known[words] = &who, &who
		}
		g := by[r.ref]
		if r.ref == noDigest {
			g = nil
		}
		if other := by[r.email]; r.email != noDigest && other != nil && other != g {
			if g != nil { // one customer id, two e-mails, or the other way round
				g.alone, other.alone = true, true
			} else {
				g = other
			}
		}
		if g == nil {
			g = &group{email: r.email}
			all = append(all, g)
		}
		g.add(ev, r)
		for _, d := range []store.Digest{r.ref, r.email} {
			if d != noDigest {
				by[d] = g
			}
		}
	}
	return all
}

func (g *group) add(ev *lifecycle.Named, r *resolved) {
	ev.E164, ev.E164In = r.e164, r.country
	g.events, g.who = append(g.events, ev), append(g.who, r)
	if !ev.Creates() || !ev.Historical || ev.Key != "" || r.ref == noDigest && r.email == noDigest {
		g.alone = true
	}
	if r.ref != noDigest && !slices.Contains(g.refs, r.ref) {
		g.refs = append(g.refs, r.ref)
	}
	switch {
	case r.email == noDigest:
	case g.email == noDigest:
		g.email = r.email
	case g.email != r.email:
		g.alone = true
	}
	if r.email != noDigest && !slices.ContainsFunc(g.out, func(a address) bool { return a.ch == lifecycle.Email }) {
		g.out = append(g.out, address{lifecycle.Email, r.address, r.email})
	}
	if r.phone != noDigest && !slices.Contains(g.phones, r.phone) {
		g.phones = append(g.phones, r.phone)
		g.out = append(g.out, address{lifecycle.SMS, r.e164, r.phone})
	}
}

// keys are the look-ups of which each may lead to one person only.
func (g *group) keys() []store.Digest {
	if g.email == noDigest {
		return g.refs
	}
	return append([]store.Digest{g.email}, g.refs...)
}

// plain are the groups that need no second thought so far.
func plain(all []*group) []*group {
	return slices.DeleteFunc(slices.Clone(all), func(g *group) bool { return g.alone })
}

// stranger reports whether none of the contacts with the group's one phone
// number is meant.
func (g *group) stranger(others map[string]*lifecycle.Contact) bool {
	var same []*lifecycle.Contact
	for _, id := range g.shared {
		switch c := others[id]; {
		case c.Version == 0: // claimed, and not written
		case c.Erasing != nil, c.Forward != "":
			return false
		default:
			same = append(same, c)
		}
	}
	ev := g.events[0]
	return len(g.phones) == 1 && lifecycle.MeantByPhone(same, ev.Person, ev.Source, g.who[0].email != noDigest) == nil
}

// identify sees who it is where that is plain: all look-ups lead to one, or all
// to nobody. found are those of keys, lists those of phones.
func (g *group) identify(found, phones [][]string) {
	for i, ids := range found {
		switch {
		case len(ids) == 0:
			g.claims = append(g.claims, g.keys()[i])
		case g.id == "":
			g.id = ids[0]
		case g.id != ids[0]:
			g.alone = true
		}
	}
	g.fresh = g.id == ""
	if g.fresh {
		g.id = store.NewID()
	}
	for i, ids := range phones {
		if g.fresh {
			g.shared = append(g.shared, ids...)
		}
		if !slices.Contains(ids, g.id) {
			g.points = append(g.points, g.phones[i])
		}
	}
}

// object holds a mark of the suppression list against every event that brings
// the address.
func (g *group) object(a address, mark string) {
	for i := range g.events {
		if g.who[i].email == a.look || g.who[i].phone == a.look {
			ev := &g.events[i].Event
			ev.Consents = slices.Clone(ev.Consents) // the chunk may be taken in again
			object(ev, a.ch, mark)
		}
	}
}
