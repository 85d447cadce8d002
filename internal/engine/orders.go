package engine

import (
	"context"
	"errors"
	"slices"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// orderDigest is the look-up of one name of an order.
func (e *Engine) orderDigest(s *Shop, h lifecycle.OrderHandle) store.Digest {
	return store.Digest(e.keys.Order(s.Name, h.Space, h.ID))
}

// byOrder finds the contact of an order that is told without its person, or with
// an address that nobody has. A name without an owner leads to somebody only
// where nothing speaks against it: small ids of two systems are often equal, and
// the other order is a stranger's.
func (e *Engine) byOrder(ctx context.Context, s *Shop, ev lifecycle.Event, named bool) (string, error) {
	k := s.Rules.OrderKeys(&ev)
	names := k.All()
	if named { // an import that knows no owner tells its people itself
		names = k.Believed()
	}
	if len(names) == 0 {
		return "", nil
	}
	ds := make([]store.Digest, len(names))
	for i, h := range names {
		ds[i] = e.orderDigest(s, h)
	}
	ids, err := e.st.LookupOrders(ctx, ds)
	if err != nil {
		return "", err
	}
	for i, id := range ids {
		if id == "" {
			continue
		}
		c, err := e.load(ctx, id)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return "", err
		case names[i].Space != "" || s.Rules.Holds(names[i], &ev, &c, named):
			return c.ID, nil
		}
	}
	return "", nil
}

// pointOrders lets the names of an order that the event taught us lead to the
// contact, and applies what waited for one of them.
func (e *Engine) pointOrders(ctx context.Context, s *Shop, ev lifecycle.Event, id string, out Outcome, t lifecycle.Transition) error {
	if ev.OrderID() == "" {
		return nil
	}
	k := s.Rules.OrderKeys(&ev)
	var wake []store.Digest
	for _, h := range k.Told() {
		if !out.Duplicate && !slices.Contains(t.SeenOrders, h.Key) {
			continue
		}
		d := e.orderDigest(s, h)
		if pointable(&ev) || linkable(&ev) {
			if err := e.st.PointOrder(ctx, d, id, ev.Order.At); err != nil {
				return err
			}
			wake = append(wake, d)
		}
	}
	if len(wake) == 0 {
		return nil
	}
	for _, h := range k.Old { // parked by a release that knew no owners
		if h.Space == "" {
			wake = append(wake, e.orderDigest(s, h))
		}
	}
	waits, err := e.st.ParkedAny(ctx, wake)
	if err != nil {
		return err
	}
	for i, is := range waits {
		if !is {
			continue
		}
		if err := e.unpark(ctx, s, wake[i], id); err != nil {
			return err
		}
	}
	return nil
}

// pointable reports whether the event brings an order by whose id its contact
// is to be found: a refund or a cancellation may name nothing else.
func pointable(ev *lifecycle.Event) bool {
	return ev.Order != nil && ev.Order.ID != "" && !ev.Order.Partial && ev.Order.Total.Minor >= 0
}

// linkable reports whether the event says that one order has several names.
func linkable(ev *lifecycle.Event) bool {
	return ev.Order != nil && ev.Order.ID != "" && len(ev.Also) > 0
}
