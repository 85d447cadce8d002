package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/lifecycle"
)

// Pointer is a look-up that must lead to a contact.
type Pointer struct {
	Digest Digest
	What   string // e-mail, phone, customer id of …; never the address
	Shared bool   // may lead to several: a phone number
}

// judgeAll judges snaps, with what lies outside of their shard: known orders,
// forwarding addresses, look-ups.
func (a *audit) judgeAll(ctx context.Context, all []snap) ([][]fault, error) {
	found := make([][]fault, len(all))
	var whole []int // records that can be held against what is around them
	for i := range all {
		p := &all[i]
		found[i] = a.s.judge(p)
		if p.side == sideRecord && p.stored != nil && p.broken == nil && !p.unstable && a.s.Shard(p.id) == p.shard {
			whole = append(whole, i)
		}
	}
	for _, step := range []func(context.Context, []snap, []int, [][]fault) error{a.forwards, a.orders, a.pointers} {
		if err := step(ctx, all, whole, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// forwards judges where merged records lead.
func (a *audit) forwards(ctx context.Context, all []snap, whole []int, found [][]fault) error {
	for _, i := range whole {
		c := &all[i].contact
		if c.Forward == "" {
			continue
		}
		v := verdict{s: a.s, p: &all[i]}
		end, wrong, err := a.s.ends(ctx, *c)
		switch {
		case err != nil:
			return err
		case wrong == ForwardCircle:
			v.add(wrong, nil, "merged into %s, which leads back or too far", c.Forward)
		case wrong != "":
			v.add(wrong, nil, "merged into %s, which is not there", c.Forward)
		case !c.MadeAt.IsZero():
			v.add(MergeUnfinished, nil, "merged into %s, which has not absorbed it yet", end.ID)
		}
		found[i] = append(found[i], v.list...)
	}
	return nil
}

// orders: each order that a record remembers is known for good, so that it
// never counts twice. Both were written by one script, and none is ever taken
// away: no need to read them in one moment.
func (a *audit) orders(ctx context.Context, all []snap, whole []int, found [][]fault) error {
	type place struct {
		i int
		d uint64
	}
	var places []place
	for _, i := range whole {
		for _, o := range all[i].contact.Orders {
			places = append(places, place{i, o.Key})
		}
	}
	const chunk = 2000
	for part := range slices.Chunk(places, chunk) {
		cmds, err := a.s.read(ctx, "look for remembered orders", func() []*redis.Cmd {
			cmds := make([]*redis.Cmd, len(part))
			for n, p := range part {
				cmds[n] = command(ctx, 1, "sismember", a.s.keys.orders(all[p.i].shard, p.d), digest(p.d))
			}
			return cmds
		})
		if err != nil {
			return err
		}
		for n, p := range part {
			if known, err := cmds[n].Int64(); err != nil {
				return wrap("look for remembered orders", err)
			} else if known == 0 {
				v := verdict{s: a.s, p: &all[p.i]}
				v.add(OrderForgotten, a.s.mendOrder(&all[p.i], p.d), "one of its %d orders would count again if it were told again", len(all[p.i].contact.Orders))
				found[p.i] = append(found[p.i], v.list...)
			}
		}
	}
	return nil
}

// pointers: the addresses and customer ids of a record lead to it.
func (a *audit) pointers(ctx context.Context, all []snap, whole []int, found [][]fault) error {
	if a.o.Pointers == nil {
		return nil
	}
	var from []int
	var list []Pointer
	var places []place
	for _, i := range whole {
		c := all[i].contact
		if c.Forward != "" || c.Erasing != nil {
			continue
		}
		for _, p := range a.o.Pointers(c) {
			key, field := a.s.keys.lookup(p.Digest)
			from, list, places = append(from, i), append(list, p), append(places, place{key, field})
		}
	}
	const chunk = 2000
	for start := 0; start < len(places); start += chunk {
		end := min(start+chunk, len(places))
		values, err := a.s.values(ctx, "read look-ups", places[start:end]...)
		if err != nil {
			return err
		}
		for n, value := range values {
			i := from[start+n]
			v := verdict{s: a.s, p: &all[i]}
			if err := a.pointer(ctx, &v, list[start+n], places[start+n], value); err != nil {
				return err
			}
			found[i] = append(found[i], v.list...)
		}
	}
	return nil
}

// pointer judges where one look-up of a contact leads.
func (a *audit) pointer(ctx context.Context, v *verdict, p Pointer, where place, value string) error {
	id := v.p.id
	ids, err := splitIDs(value)
	switch {
	case err != nil:
		v.add(LookupUnreadable, a.mendValue(id, p, where, value), "%s: %v", p.What, err)
		return nil
	case len(ids) == 0:
		v.add(LookupMissing, a.mendPointer(id, p), "nothing leads to it by %s", p.What)
		return nil
	case ids[0] == id, p.Shared && slices.Contains(ids, id):
		return nil
	}
	if !p.Shared {
		ids = ids[:1] // the first is who is found
	}
	for _, other := range ids {
		ends, err := a.leads(ctx, other)
		if err != nil || ends == id {
			return err
		}
	}
	switch {
	case p.Shared && len(ids) >= maxIDs:
		v.add(LookupCrowded, nil, "its %s leads to %d others", p.What, len(ids))
	case p.Shared:
		v.add(LookupMissing, a.mendPointer(id, p), "nothing leads to it by %s", p.What)
	default:
		v.add(LookupElsewhere, nil, "its %s leads to contact %s", p.What, ids[0])
	}
	return nil
}

// leads is the contact at the end of id's forwarding addresses.
func (a *audit) leads(ctx context.Context, id string) (string, error) {
	c, err := a.s.readable(ctx, id)
	if err != nil || c == nil {
		return "", err
	}
	end, _, err := a.s.ends(ctx, *c)
	return end.ID, err
}

// mendPointer lets a look-up lead to a contact again. The two lie in different
// slots: where the contact lost the address meanwhile, it is taken back.
func (a *audit) mendPointer(id string, p Pointer) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		if err := a.s.Point(ctx, p.Digest, id); err != nil {
			return false, err
		}
		c, err := a.s.Load(ctx, id)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return false, err
		}
		still := func(q Pointer) bool { return q.Digest == p.Digest }
		if err == nil && c.Forward == "" && c.Erasing == nil && slices.ContainsFunc(a.o.Pointers(c), still) {
			return true, nil
		}
		return false, a.s.Unpoint(ctx, p.Digest, id)
	}
}

// mendValue removes what cannot be read, and points anew.
func (a *audit) mendValue(id string, p Pointer, where place, value string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		if _, err := a.s.amend(ctx, "remove look-up", "mend_lookup", []string{where.key}, where.field, value); err != nil {
			return false, err
		}
		return a.mendPointer(id, p)(ctx)
	}
}

// ways judges the look-ups from their own side.
func (a *audit) ways(ctx context.Context) error {
	return a.walk(ctx, escape(a.s.keys.prefix)+":lk:{????}", func(names []string) error { return a.lookups(ctx, names) })
}

// strays are the contacts of a bucket of look-ups that do not exist.
func (a *audit) strays(ctx context.Context, bucket string) (ids []string, err error) {
	cmds, err := a.s.read(ctx, "read a bucket of look-ups", func() []*redis.Cmd {
		return []*redis.Cmd{command(ctx, 1, "hgetall", bucket)}
	})
	if err != nil {
		return nil, err
	}
	rows, err := pairs(cmds[0])
	if err != nil {
		return nil, wrap("read a bucket of look-ups", err)
	}
	var all []string
	for field, value := range rows {
		if len(field) != len(Digest{})-2 {
			continue // counts those that found no room
		}
		if found, err := splitIDs(value); err == nil {
			all = append(all, found...)
		}
	}
	cmds, err = a.s.read(ctx, "look for contacts", func() []*redis.Cmd {
		cmds := make([]*redis.Cmd, len(all))
		for i, id := range all {
			cmds[i] = command(ctx, 1, "exists", a.s.keys.contact(a.s.Shard(id), id))
		}
		return cmds
	})
	if err != nil {
		return nil, err
	}
	for i, id := range all {
		if n, err := cmds[i].Int64(); err != nil {
			return nil, wrap("look for contacts", err)
		} else if n == 0 {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// lookups judges the look-ups from their own side: each leads to a record.
func (a *audit) lookups(ctx context.Context, buckets []string) error {
	var doubtful []string
	for _, b := range buckets {
		ids, err := a.strays(ctx, b)
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			doubtful = append(doubtful, b)
		}
	}
	if len(doubtful) == 0 {
		return nil
	}
	if err := a.wait(ctx); err != nil {
		return err
	}
	for _, b := range doubtful {
		ids, err := a.strays(ctx, b)
		if err != nil {
			return err
		}
		for _, id := range ids {
			a.f.Add(Finding{Kind: LookupOrphan, Contact: id, Text: fmt.Sprintf("a look-up leads to contact %s, which is not there", id)})
		}
	}
	return nil
}

// live reports whether a record counts as a contact.
func live(c *lifecycle.Contact) bool { return c.Forward == "" && c.Erasing == nil }
