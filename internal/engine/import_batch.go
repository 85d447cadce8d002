package engine

import (
	"context"
	"errors"
	"slices"

	"ritorno/internal/defect"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// importStep is how many events of one person go into one change: a script
// must stay short.
const importStep = 100

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

// batch takes the groups in: everything that Apply asks and tells the store,
// for all of them at once.
func (im *importer) batch(ctx context.Context, all []*group) (Imported, error) {
	var sum Imported
	for _, step := range []func(context.Context, []*group) error{im.find, im.suppress, im.point} {
		if err := step(ctx, plain(all)); err != nil {
			return sum, err
		}
	}
	for from := 0; ; from += importStep {
		some := slices.DeleteFunc(plain(all), func(g *group) bool { return len(g.events) <= from })
		if len(some) == 0 {
			break
		}
		done, err := im.update(ctx, some, from)
		sum.add(done)
		if err != nil {
			return sum, err
		}
	}
	if err := im.wake(ctx, plain(all)); err != nil {
		return sum, err
	}
	for _, g := range all {
		if !g.alone {
			continue
		}
		for _, ev := range g.events {
			out, err := im.e.Apply(ctx, im.s.Name, ev.Event)
			if err != nil {
				return sum, err
			}
			sum.add(out.counted)
		}
	}
	return sum, nil
}

// find looks for the people, as resolve does.
func (im *importer) find(ctx context.Context, all []*group) error {
	var ds []store.Digest
	for _, g := range all {
		ds = append(append(ds, g.keys()...), g.phones...)
	}
	found, err := im.e.st.Lookup(ctx, ds...)
	if err != nil {
		return err
	}
	var orders []store.Digest
	var fresh []*group
	for _, g := range all {
		n := len(g.keys())
		g.identify(found[:n:n], found[n:n+len(g.phones)])
		found = found[n+len(g.phones):]
	}
	if err := im.compare(ctx, plain(all)); err != nil {
		return err
	}
	for _, g := range plain(all) {
		if !g.fresh {
			continue
		}
		for _, h := range g.events[0].Names.Believed() {
			fresh, orders = append(fresh, g), append(orders, im.e.orderDigest(im.s, h))
		}
	}
	ids, err := im.e.st.LookupOrders(ctx, orders)
	if err != nil {
		return err
	}
	for i, g := range fresh {
		g.alone = g.alone || ids[i] != ""
	}
	return nil
}

// compare sees whether somebody who was not found is meant by a phone number
// that others have, as byPhone does: a family's, or the shop's own. Where that is
// so, or not plain, they are left to Apply.
func (im *importer) compare(ctx context.Context, all []*group) error {
	var ids []string
	for _, g := range all {
		ids = append(ids, g.shared...)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	others := make(map[string]*lifecycle.Contact, len(ids))
	for some := range slices.Chunk(ids, importStep) {
		contacts, err := im.e.st.LoadMany(ctx, some)
		if err != nil {
			return err
		}
		for i := range contacts {
			others[contacts[i].ID] = &contacts[i]
		}
	}
	for _, g := range all {
		g.alone = len(g.shared) > 0 && !g.stranger(others)
	}
	return nil
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

// suppress keeps people who were erased out of journeys, as withSuppression
// does. Told again it changes nothing.
func (im *importer) suppress(ctx context.Context, all []*group) error {
	if defect.On("suppression") {
		return nil
	}
	var ds []store.Digest
	for _, g := range all {
		for _, a := range g.out {
			ds = append(ds, store.Digest(im.e.keys.Suppression(im.s.Name, a.ch.String(), a.key)))
		}
	}
	marks, err := im.e.st.Suppressed(ctx, ds...)
	if err != nil {
		return err
	}
	for _, g := range all {
		for i, a := range g.out {
			if marks[i] != "" {
				g.object(a, marks[i])
			}
		}
		marks = marks[len(g.out):]
	}
	return nil
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

// point makes every key lead to the contact before anything is written. Where
// somebody else was faster, Apply finds out what that means.
func (im *importer) point(ctx context.Context, all []*group) error {
	var claims, phones []store.Hint
	var whose []*group
	for _, g := range all {
		for _, d := range g.claims {
			claims, whose = append(claims, store.Hint{Digest: d, ID: g.id}), append(whose, g)
		}
		for _, d := range g.points {
			phones = append(phones, store.Hint{Digest: d, ID: g.id})
		}
	}
	winners, err := im.e.st.ClaimLookups(ctx, claims)
	if err != nil {
		return err
	}
	for i, g := range whose {
		g.alone = g.alone || winners[i] != g.id
	}
	if err := im.e.st.PointAll(ctx, phones); err != nil {
		return err
	}
	return im.pointOrders(ctx, plain(all))
}

// pointOrders lets the orders that are new lead to their contacts: before they
// are counted, so that none is left without. Those too old to be found are left
// out.
func (im *importer) pointOrders(ctx context.Context, all []*group) error {
	_, now, err := im.e.st.Now(ctx)
	if err != nil {
		return err
	}
	var fresh, perhaps []store.OrderPointer
	var ids []string // of those that are perhaps new
	var keys []uint64
	for _, g := range all {
		for _, ev := range g.events {
			if !pointable(&ev.Event) || now.Sub(ev.Order.At) >= store.OrderLife {
				continue
			}
			own := ev.Names.Own
			o := store.OrderPointer{Digest: im.e.orderDigest(im.s, own), ID: g.id, At: ev.Order.At}
			if g.fresh {
				fresh = append(fresh, o)
			} else {
				perhaps, ids, keys = append(perhaps, o), append(ids, g.id), append(keys, own.Key)
			}
		}
	}
	seen, err := im.e.st.Seen(ctx, ids, keys)
	if err != nil {
		return err
	}
	for i, o := range perhaps {
		if !seen[i] {
			fresh = append(fresh, o)
		}
	}
	return im.e.st.PointOrders(ctx, fresh)
}

// update lets the core decide on up to importStep events of each group.
func (im *importer) update(ctx context.Context, all []*group, from int) (Imported, error) {
	var sum Imported
	real, now, err := im.e.st.Now(ctx)
	if err != nil {
		return sum, err
	}
	jobs := make([]store.Job, len(all))
	counted := make([]Imported, len(all))
	for i, g := range all {
		evs := g.events[from:min(from+importStep, len(g.events))]
		jobs[i].ID, jobs[i].Create, jobs[i].Fresh = g.id, true, g.fresh && from == 0
		for _, ev := range evs {
			jobs[i].Orders = append(jobs[i].Orders, ev.Names.Asked()...)
		}
		erased := lifecycle.ErasedKey(g.id)
		jobs[i].Orders = append(jobs[i].Orders, erased)
		jobs[i].Decide = func(c lifecycle.Contact, known store.Known) (store.Change, error) {
			switch {
			case known.Orders[erased], c.Erasing != nil:
				return store.Change{}, errErased
			case c.Version == 0:
				c.ID, c.Shop = g.id, im.s.Name
			case c.Forward != "":
				return store.Change{}, forwarded{c.Forward}
			}
			t := im.s.Rules.DecideAll(evs, c, lifecycle.Times{Now: now, Real: real}, known.Orders)
			counted[i] = count(t)
			return im.e.change(im.s.Name, t), nil
		}
	}
	done, err := im.e.st.UpdateMany(ctx, jobs)
	if err != nil {
		return sum, err
	}
	var phones []store.Hint
	for i, d := range done {
		var f forwarded
		switch {
		case errors.As(d.Err, &f), errors.Is(d.Err, errErased):
			all[i].alone = true // merged or erased meanwhile
		case d.Err != nil:
			return sum, d.Err
		default:
			sum.add(counted[i])
			for _, ev := range all[i].events[from:min(from+importStep, len(all[i].events))] {
				im.e.m.event(ev.Type, Outcome{Contact: d.Contact.ID}, nil)
			}
			im.e.due(d.Contact)
			// As pointPhone does: the contact's country may have made another number of it.
			if look := store.Digest(im.e.keys.Phone(im.s.Name, d.Contact.Phone.Key)); d.Contact.Phone.Key != "" && len(all[i].phones) > 0 && !slices.Contains(all[i].phones, look) {
				phones = append(phones, store.Hint{Digest: look, ID: d.Contact.ID})
			}
		}
	}
	return sum, im.e.st.PointAll(ctx, phones)
}

// count is what a transition adds to the sum of an import.
func count(t lifecycle.Transition) (n Imported) {
	if t.Changed {
		n.Changed = 1
	}
	for _, c := range t.Counts {
		switch c.Field {
		case "made":
			n.Made += int(c.N)
		case "orders":
			n.Orders += int(c.N)
		}
	}
	return n
}

// wake applies what waited for these people or orders to become known.
func (im *importer) wake(ctx context.Context, all []*group) error {
	n, err := im.e.st.ParkedCount(ctx)
	if err != nil || n == 0 {
		return err
	}
	var ds []store.Digest
	var whose []*group
	for _, g := range all {
		mine := append(g.keys(), g.phones...)
		for _, ev := range g.events {
			if pointable(&ev.Event) {
				for _, h := range ev.Names.All() {
					mine = append(mine, im.e.orderDigest(im.s, h))
				}
			}
		}
		for _, d := range mine {
			ds, whose = append(ds, d), append(whose, g)
		}
	}
	waits, err := im.e.st.ParkedAny(ctx, ds)
	if err != nil {
		return err
	}
	for i, is := range waits {
		if !is {
			continue
		}
		if err := im.e.unpark(ctx, im.s, ds[i], whose[i].id); err != nil {
			return err
		}
	}
	return nil
}
