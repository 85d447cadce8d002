package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"ritorno/internal/defect"
	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// ErrShop: no such shop in the configuration. Answer 404.
var ErrShop = errors.New("unknown shop")

// Apply takes one event in: finds or makes the contact, decides, stores. When
// it returns nil the news is stored for good. It may be called again with the
// same event: the delivery key makes that harmless.
func (e *Engine) Apply(ctx context.Context, shop string, ev lifecycle.Event) (Outcome, error) {
	s, ok := e.shops[shop]
	if !ok {
		return Outcome{}, fmt.Errorf("shop %q: %w", shop, ErrShop)
	}
	out, t, err := e.apply(ctx, s, ev)
	out.NewOrder = err == nil && fresh(ev, out)
	if tells(s, ev, out, t) {
		e.noteOrder(ctx, s, ev)
	}
	e.m.event(ev.Type, out, err)
	return out, err
}

// apply also returns what was decided; where it is stored, an error means that
// what hangs on it was not done yet.
func (e *Engine) apply(ctx context.Context, s *Shop, ev lifecycle.Event) (out Outcome, t lifecycle.Transition, err error) {
	switch ev.Type {
	case lifecycle.EraseRequested:
		out, err = e.applyErase(ctx, s, ev)
		return out, t, err
	case lifecycle.ContactMerged:
		out, err = e.applyMerge(ctx, s, ev)
		return out, t, err
	case lifecycle.SourceGone:
		return Outcome{Ignored: true, Reason: lifecycle.ReasonStored}, t, nil
	}
	for range 3 {
		out, t, err = e.take(ctx, s, ev)
		if !errors.Is(err, store.ErrNotFound) {
			return out, t, err
		}
	} // erased between look-up and write, again and again
	return Outcome{}, lifecycle.Transition{}, fmt.Errorf("the person is being erased: %w", store.ErrUnavailable)
}

// take finds the contact and changes it. store.ErrNotFound: they were erased in
// between; looked up again, they are somebody new.
func (e *Engine) take(ctx context.Context, s *Shop, ev lifecycle.Event) (out Outcome, t lifecycle.Transition, err error) {
	known, err := e.resolve(ctx, s, ev)
	if err != nil {
		return out, t, err
	}
	e.at("resolved")
	if known.id == "" || known.fresh && !ev.Creates() {
		out, err = e.unknown(ctx, s, ev, known)
		return out, t, err
	}
	ev.E164, ev.E164In = known.e164, known.country
	ev, err = e.withSuppression(ctx, s, ev, known)
	if err != nil {
		return out, t, err
	}
	out, t, err = e.update(ctx, s, known.id, ev, known.fresh)
	if errors.Is(err, errErased) { // what still leads there, leads there no more
		if err := e.st.DropLookups(ctx, known.id, known.digests()); err != nil {
			return out, lifecycle.Transition{}, err
		}
	}
	if err != nil {
		return out, lifecycle.Transition{}, err
	}
	return out, t, e.afterwards(ctx, s, ev, known, out, t)
}

// update runs Decide on the stored record until it is stored.
func (e *Engine) update(ctx context.Context, s *Shop, id string, ev lifecycle.Event, create bool) (Outcome, lifecycle.Transition, error) {
	if err := e.needVersions(ctx); err != nil {
		return Outcome{}, lifecycle.Transition{}, err
	}
	real, now, err := e.st.Now(ctx)
	if err != nil {
		return Outcome{}, lifecycle.Transition{}, err
	}
	if ev.Real.IsZero() {
		ev.Real = real
	}
	req := store.Request{ID: id, Create: create}
	if ev.Key != "" && !defect.On("delivery_key") {
		req.Delivery = identity.DeliveryKey(s.Name+"/"+ev.Source, ev.Key)
	}
	names := s.Rules.OrderKeys(&ev)
	req.Orders = names.Asked()
	erased := lifecycle.ErasedKey(id)
	if create {
		req.Orders = append(req.Orders, erased)
	}
	var t lifecycle.Transition
	c, err := e.st.Update(ctx, req, func(c lifecycle.Contact, known store.Known) (store.Change, error) {
		switch {
		case known.Orders[erased]:
			return store.Change{}, errErased
		case c.Version == 0:
			c.ID, c.Shop = id, s.Name
		case c.Erasing != nil:
			return store.Change{}, errErased
		case c.Forward != "":
			return store.Change{}, forwarded{c.Forward}
		}
		ev.Recall(names, &c, known.Orders)
		t = s.Rules.Decide(ev, c, now)
		return e.change(s.Name, t), nil
	})
	var f forwarded
	switch {
	case errors.As(err, &f):
		to, err := e.end(ctx, f.to)
		if to == "" || err != nil && !errors.Is(err, store.ErrNotFound) {
			return Outcome{}, t, fmt.Errorf("apply %s: %w", ev.Type, err)
		}
		return e.update(ctx, s, to, ev, false)
	case errors.Is(err, store.ErrDuplicate):
		return Outcome{Contact: id, Duplicate: true, Reason: lifecycle.ReasonNothingNew}, t, nil
	case err != nil:
		return Outcome{}, t, fmt.Errorf("apply %s: %w", ev.Type, err)
	}
	e.due(c)
	return Outcome{Contact: c.ID, Reason: t.Reason, counted: count(t)}, t, nil
}

// forwarded says that the record was merged into another.
type forwarded struct{ to string }

func (f forwarded) Error() string { return "merged into another contact" }

// change turns what Decide decided into what the store writes.
func (e *Engine) change(shop string, t lifecycle.Transition) store.Change {
	ch := store.Change{Contact: t.Contact, Write: t.Changed, Remove: t.Erase, SeenOrders: t.SeenOrders}
	if t.Changed {
		for _, n := range t.Counts {
			ch.Counts = append(ch.Counts, store.Count{Shop: shop, Field: n.Field, N: n.N})
		}
		ch.Tallies = e.tallies(shop, t)
		if s, ok := e.shops[shop]; ok && len(s.Destinations) > 0 {
			ch.Tells = e.tells(s, t)
		}
	}
	return ch
}

// afterwards keeps the look-ups for what the event taught us, and applies what
// was parked until now. It runs before the answer, so that an acknowledged
// order can be found by its refund. A repeated delivery does it again: the try
// before may have ended in between.
func (e *Engine) afterwards(ctx context.Context, s *Shop, ev lifecycle.Event, known resolved, out Outcome, t lifecycle.Transition) error {
	if err := e.pointPhone(ctx, s, ev, known, out, t); err != nil {
		return err
	}
	wake := known.pointed
	if (out.Duplicate || known.fresh) && known.ref != noDigest && !slices.Contains(wake, known.ref) {
		wake = append(wake, known.ref)
	}
	for _, d := range wake {
		if err := e.unpark(ctx, s, d, known.id); err != nil {
			return err
		}
	}
	return e.pointOrders(ctx, s, ev, known.id, out, t)
}

// pointPhone lets a number lead to its contact as the record reads it: the
// contact's own country may have made another number of it than the shop's.
func (e *Engine) pointPhone(ctx context.Context, s *Shop, ev lifecycle.Event, known resolved, out Outcome, t lifecycle.Transition) error {
	if ev.Person.Phone == "" {
		return nil
	}
	c := t.Contact
	if out.Duplicate {
		var err error
		if c, err = e.st.Load(ctx, out.Contact); err != nil {
			return gone(err)
		}
	}
	d := store.Digest(e.keys.Phone(s.Name, c.Phone.Key))
	if c.Phone.Key == "" || d == known.phone {
		return nil
	}
	if err := e.st.Point(ctx, d, c.ID); err != nil && !errors.Is(err, store.ErrCrowded) {
		return err
	}
	return nil
}

// ApplyTo takes in an event about a contact whose id is known: a click, a
// reply, a callback, a decision of the staff.
func (e *Engine) ApplyTo(ctx context.Context, contact string, ev lifecycle.Event) (Outcome, error) {
	c, err := e.load(ctx, contact)
	if err != nil {
		return Outcome{}, err
	}
	s, ok := e.shops[c.Shop]
	if !ok {
		return Outcome{}, fmt.Errorf("shop %q: %w", c.Shop, ErrShop)
	}
	out, _, err := e.update(ctx, s, c.ID, ev, false)
	e.m.event(ev.Type, out, err)
	return out, err
}

// load reads a contact, following its forwarding address. A merge that a crash
// left half done is finished on the way. errErased, which is store.ErrNotFound
// to everybody else, comes with the tombstone.
func (e *Engine) load(ctx context.Context, id string) (lifecycle.Contact, error) {
	for range forwardsMost {
		c, err := e.st.Load(ctx, id)
		if err == nil && c.Erasing != nil {
			return c, errErased
		}
		if err != nil || c.Forward == "" {
			return c, err
		}
		if s, ok := e.shops[c.Shop]; ok && !c.MadeAt.IsZero() {
			if err := e.absorb(ctx, s, c.Forward, c); err != nil {
				return c, err
			}
		}
		id = c.Forward
	}
	return lifecycle.Contact{}, errCircle
}

// forwardsMost is how many forwarding addresses are followed; two are rare.
const forwardsMost = 8

// errCircle cannot come up unless somebody damaged the store: doctor tells.
var errCircle = fmt.Errorf("contact forwards in a circle: %w", store.ErrNotFound)

// due wakes the ticker when a contact's timer may be the next to fire.
func (e *Engine) due(c lifecycle.Contact) {
	if !c.Due.IsZero() {
		e.wakeUp()
	}
}

// wakeUp lets the next look for due contacts come at once.
func (e *Engine) wakeUp() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}
