package store

import (
	"cmp"
	"context"
	"time"
)

// PointOrder lets d, the digest of an order id, lead to the contact id, so
// that a refund that names only its order finds its contact. The last pointer
// holds. at is when the order was made; whatever it says, the order is found
// for 180 days of real time from now at least, and forgotten after 540 at most.
func (s *Store) PointOrder(ctx context.Context, d Digest, id string, at time.Time) error {
	return s.pointOrder(ctx, d, id, at, s.real())
}

func (s *Store) pointOrder(ctx context.Context, d Digest, id string, at, now time.Time) error {
	const op = "point order"
	if err := checkID(id); err != nil {
		return wrap(op, err)
	}
	c := s.orderCall(d, id, at, now)
	_, err := s.amend(ctx, op, "side_point_order", c.keys, c.args...)
	return err
}

// OrderLife is for how long after it was made an order may be found by its id.
const OrderLife = orderGenerations * orderGeneration

// OrderPointer lets an order lead to a contact.
type OrderPointer struct {
	Digest Digest
	ID     string    // of the contact
	At     time.Time // when the order was made
}

// PointOrders is PointOrder for many.
func (s *Store) PointOrders(ctx context.Context, ps []OrderPointer) error {
	const op = "point orders"
	now := s.real()
	calls := make([]call, len(ps))
	for i, p := range ps {
		if err := checkID(p.ID); err != nil {
			return wrap(op, err)
		}
		calls[i] = s.orderCall(p.Digest, p.ID, p.At, now)
	}
	_, err := s.amendMany(ctx, op, "side_point_order", s.joined(calls))
	return err
}

// orderCall is keys and arguments of lua/side_point_order.lua.
func (s *Store) orderCall(d Digest, id string, at, now time.Time) call {
	// A moved development clock and an imported history both give times that
	// would be read never, or forgotten at once: hence the bounds.
	g := generationOf(now)
	g = min(max(generationOf(at), g-1), g)
	key, field := s.keys.order(d, g)
	end := (g + orderGenerations) * orderGeneration.Milliseconds()
	return call{[]string{key}, []any{field, id, end}}
}

// LookupOrder returns the contact that d leads to, or "".
func (s *Store) LookupOrder(ctx context.Context, d Digest) (string, error) {
	return s.lookupOrder(ctx, d, s.real())
}

func (s *Store) lookupOrder(ctx context.Context, d Digest, now time.Time) (string, error) {
	var places [orderGenerations]place
	for i := range places {
		places[i].key, places[i].field = s.keys.order(d, generationOf(now)-int64(i))
	}
	ids, err := s.values(ctx, "look up order", places[:]...)
	if err != nil {
		return "", err
	}
	return cmp.Or(ids...), nil
}

// LookupOrders is LookupOrder for many.
func (s *Store) LookupOrders(ctx context.Context, ds []Digest) ([]string, error) {
	now := generationOf(s.real())
	places := make([]place, 0, len(ds)*orderGenerations)
	for _, d := range ds {
		for i := range orderGenerations {
			key, field := s.keys.order(d, now-int64(i))
			places = append(places, place{key, field})
		}
	}
	found, err := s.values(ctx, "look up orders", places...)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(ds))
	for i := range ids {
		ids[i] = cmp.Or(found[i*orderGenerations : (i+1)*orderGenerations]...)
	}
	return ids, nil
}

// DropOrders forgets the orders in ds that lead to id, when a contact is
// erased. After an error repeat it.
func (s *Store) DropOrders(ctx context.Context, id string, ds []Digest) error {
	return s.dropOrders(ctx, id, ds, s.real())
}

func (s *Store) dropOrders(ctx context.Context, id string, ds []Digest, now time.Time) error {
	return each(ctx, ds, func(ctx context.Context, d Digest) error {
		list := make([]string, orderGenerations)
		var field string
		for i := range list {
			list[i], field = s.keys.order(d, generationOf(now)-int64(i))
		}
		_, err := s.amend(ctx, "drop order", "side_drop_order", list, field, id)
		return err
	})
}

func generationOf(t time.Time) int64 { return t.UnixMilli() / orderGeneration.Milliseconds() }
