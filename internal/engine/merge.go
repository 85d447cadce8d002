package engine

import (
	"context"
	"errors"
	"fmt"

	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// merge joins two records of one person. It takes three transitions: the
// younger record leaves a forwarding address, the older one absorbs it, and
// what is left shrinks to the address. A crash in between loses nothing:
// whoever follows the address finishes the merge, and the absorption is
// refused a second time by its delivery key. An address always leads from the
// younger to the older record, so that none ever lead in a circle: what has one
// already is no record to be merged into.
func (e *Engine) merge(ctx context.Context, s *Shop, a, b string) error {
	ca, err := e.load(ctx, a)
	if errors.Is(err, store.ErrNotFound) {
		return nil // erased meanwhile
	}
	if err != nil {
		return err
	}
	cb, err := e.load(ctx, b)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if ca.Erasing != nil || cb.Erasing != nil {
		return nil // the look-up that led here is found out next time
	}
	keep, gone := ca, cb
	if cb.MadeAt.Before(ca.MadeAt) || cb.MadeAt.Equal(ca.MadeAt) && cb.ID < ca.ID {
		keep, gone = cb, ca
	}
	if keep.ID == gone.ID || keep.Shop != gone.Shop {
		return nil
	}
	gone, err = e.st.Update(ctx, store.Request{ID: gone.ID}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
		if c.Erasing != nil {
			return store.Change{}, errErased
		}
		if c.Forward != "" {
			return store.Change{}, forwarded{c.Forward}
		}
		c.Forward, c.Due = keep.ID, noTime
		return store.Change{Contact: c, Write: true}, nil
	})
	if err != nil {
		var f forwarded
		if errors.As(err, &f) || errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return fmt.Errorf("merge: %w", err)
	}
	e.at("merge.forwarded")
	return e.absorb(ctx, s, keep.ID, gone)
}

func (e *Engine) absorb(ctx context.Context, s *Shop, keep string, gone lifecycle.Contact) error {
	_, now, err := e.st.Now(ctx)
	if err != nil {
		return err
	}
	erased := lifecycle.ErasedKey(keep)
	req := store.Request{ID: keep, Delivery: identity.DeliveryKey("merge", gone.ID), Orders: []uint64{erased}, Create: true}
	c, err := e.st.Update(ctx, req, func(c lifecycle.Contact, known store.Known) (store.Change, error) {
		switch {
		case known.Orders[erased]:
			return store.Change{}, errErased
		case c.Version == 0:
			return store.Change{}, fmt.Errorf("nobody is there to absorb it: %w", store.ErrNotFound)
		case c.Forward != "":
			return store.Change{}, forwarded{c.Forward}
		}
		t := s.Rules.Absorb(c, gone, now)
		ch := e.change(s.Name, t)
		ch.Tells = append(ch.Tells, e.tellsJoined(s, t.Contact.State, gone.State)...)
		return ch, nil
	})
	var f forwarded
	switch {
	case errors.As(err, &f):
		to, err := e.end(ctx, f.to)
		if to == "" || err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("absorb: %w", err)
		}
		return e.absorb(ctx, s, to, gone)
	case errors.Is(err, errErased): // this is the rest of the person
		return e.buryRest(ctx, s, gone.ID)
	case err != nil && !errors.Is(err, store.ErrDuplicate):
		return fmt.Errorf("absorb: %w", err)
	}
	e.due(c)
	if err := e.lead(ctx, s, gone, keep); err != nil {
		return err
	}
	_, err = e.st.Update(ctx, store.Request{ID: gone.ID}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
		return store.Change{Contact: lifecycle.Contact{ID: c.ID, Shop: c.Shop, Version: c.Version, Forward: c.Forward}, Write: true}, nil
	})
	return err
}

// buryRest erases a record that was to be absorbed by one that was erased.
func (e *Engine) buryRest(ctx context.Context, s *Shop, id string) error {
	_, tomb, err := e.bury(ctx, s, id, true)
	if err == nil {
		err = e.clear(ctx, s, tomb, &Erasure{})
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// end follows forwarding addresses from a contact, and changes nothing. With
// store.ErrNotFound comes the id at which there is no record, "" for a circle.
func (e *Engine) end(ctx context.Context, id string) (string, error) {
	for range forwardsMost {
		c, err := e.st.Load(ctx, id)
		if err != nil || c.Forward == "" {
			return id, err
		}
		id = c.Forward
	}
	return "", errCircle
}

// lead makes the look-ups of a merged record lead straight to the joined one.
// At no moment they lead nowhere: somebody would take them for a new person.
func (e *Engine) lead(ctx context.Context, s *Shop, gone lifecycle.Contact, keep string) error {
	for _, d := range e.lookups(s, gone) {
		err := e.st.Point(ctx, d, keep)
		full := errors.Is(err, store.ErrCrowded)
		if err != nil && !full {
			return err
		}
		if err := e.st.Unpoint(ctx, d, gone.ID); err != nil {
			return err
		}
		if !full {
			continue
		}
		if err := e.st.Point(ctx, d, keep); err != nil && !errors.Is(err, store.ErrCrowded) {
			return err
		}
	}
	return nil
}

// adopt lets a look-up that led nowhere lead to a contact, with what was parked
// for it.
func (e *Engine) adopt(ctx context.Context, s *Shop, d store.Digest, id string) error {
	if d == noDigest {
		return nil
	}
	if _, err := e.st.ClaimLookup(ctx, d, id); err != nil {
		return err
	}
	return e.unpark(ctx, s, d, id)
}

// lookups are the digests that lead to a contact.
func (e *Engine) lookups(s *Shop, c lifecycle.Contact) []store.Digest {
	var ds []store.Digest
	for _, p := range e.pointers(s, c) {
		ds = append(ds, p.Digest)
	}
	for _, f := range c.Former {
		ds = append(ds, digestsOf([]string{f.Lookup})...)
	}
	return ds
}

// side finds one of the two that a merge names: by customer id, by e-mail, by
// phone. d is the look-up that can be claimed for them, if they are unknown.
func (e *Engine) side(ctx context.Context, s *Shop, source string, p lifecycle.Person) (id string, d store.Digest, err error) {
	r := e.digests(s, lifecycle.Event{Source: source, Person: p})
	found, err := e.st.Lookup(ctx, r.ref, r.email, r.phone)
	if err != nil {
		return "", noDigest, err
	}
	for i, look := range []store.Digest{r.ref, r.email} {
		c, err := e.first(ctx, s, look, found[i])
		if err != nil || c.id != "" {
			return c.id, look, err
		}
		if d == noDigest {
			d = look
		}
	}
	id, err = e.byPhone(ctx, found[2], r.email != noDigest, p, source)
	return id, d, err
}

// applyMerge carries out a merge that a source tells of.
func (e *Engine) applyMerge(ctx context.Context, s *Shop, ev lifecycle.Event) (Outcome, error) {
	if ev.Merged == nil {
		return Outcome{Ignored: true, Reason: lifecycle.ReasonNothingNew}, nil
	}
	keep, keepLook, err := e.side(ctx, s, ev.Source, ev.Person)
	if err != nil {
		return Outcome{}, err
	}
	gone, goneLook, err := e.side(ctx, s, ev.Source, *ev.Merged)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Contact: keep, Reason: lifecycle.ReasonMerged}
	switch {
	case keep == "" && gone == "":
		return e.unknown(ctx, s, ev, e.digests(s, ev))
	case gone == "":
		err = e.adopt(ctx, s, goneLook, keep)
	case keep == "":
		out.Contact = gone
		err = e.adopt(ctx, s, keepLook, gone)
	case keep != gone:
		err = e.merge(ctx, s, keep, gone)
	default:
		out.Duplicate = true
	}
	return out, err
}
