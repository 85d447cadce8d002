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

// compareStep is how many contacts are read at once to be compared.
const compareStep = 100

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
	for some := range slices.Chunk(ids, compareStep) {
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
