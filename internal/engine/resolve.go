package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// resolved is who an event is about.
type resolved struct {
	id      string
	fresh   bool           // the record does not exist yet
	pointed []store.Digest // look-ups that lead to the contact only since now
	ref     store.Digest   // zero: no customer id
	email   store.Digest
	phone   store.Digest

	address string // the e-mail address in its normal form, where it leads to somebody
	e164    string // the phone number, read in country
	country string
}

var noDigest store.Digest

// digests are the look-ups that the event has.
func (r resolved) digests() (ds []store.Digest) {
	for _, d := range []store.Digest{r.ref, r.email, r.phone} {
		if d != noDigest {
			ds = append(ds, d)
		}
	}
	return ds
}

// resolve finds the contact: by the source's customer id first, then by
// e-mail, then by phone. Two records that turn out to be one person are merged
// on the way. A phone alone never fuses two e-mails.
func (e *Engine) resolve(ctx context.Context, s *Shop, ev lifecycle.Event) (resolved, error) {
	for try := range 2 * patience {
		r, again, err := e.resolveOnce(ctx, s, ev, try < patience)
		if err != nil || !again {
			return r, err
		}
	}
	return resolved{}, fmt.Errorf("identity changed under our hands: %w", store.ErrUnavailable)
}

// patience is how often we wait for somebody who pointed a look-up at a new
// record to write it, before we take it that they died.
const patience = 5

func wait(ctx context.Context) error {
	t := time.NewTimer(20 * time.Millisecond)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("wait for a record: %w: %w", store.ErrUnavailable, ctx.Err())
	case <-t.C:
		return nil
	}
}

func (e *Engine) resolveOnce(ctx context.Context, s *Shop, ev lifecycle.Event, patient bool) (r resolved, again bool, err error) {
	r = e.digests(s, ev)
	ds := []store.Digest{r.ref, r.email, r.phone}
	found, err := e.st.Lookup(ctx, ds...)
	if err != nil {
		return r, false, err
	}
	byRef, err := e.first(ctx, s, r.ref, found[0])
	if err != nil {
		return r, false, err
	}
	byEmail, err := e.first(ctx, s, r.email, found[1])
	if err != nil {
		return r, false, err
	}
	switch {
	case byRef.erased || byEmail.erased:
		return r, true, nil
	case byRef.id != "" && byEmail.id != "" && byRef.id != byEmail.id:
		return r, true, e.unite(ctx, s, r, byRef, byEmail, patient)
	case byRef.id != "":
		r.id = byRef.id
	case byEmail.id != "":
		r.id = byEmail.id
	case r.phone != noDigest && ev.Type != lifecycle.ContactDeleted:
		if r.id, err = e.byPhone(ctx, found[2], r.email != noDigest, ev.Person, ev.Source); err != nil {
			return r, false, err
		}
	}
	if r.id == "" {
		if r.id, err = e.byOrder(ctx, s, ev, len(r.digests()) > 0); err != nil {
			return r, false, err
		}
	}
	if r.id == "" {
		if !e.mayCreate(ev, r) {
			return r, false, nil
		}
		r.id, r.fresh = store.NewID(), true
	}
	return e.point(ctx, s, r, found, patient)
}

// unite makes a customer id and an e-mail lead to one record. A claim whose
// record was never written gives way.
func (e *Engine) unite(ctx context.Context, s *Shop, r resolved, byRef, byEmail claim, patient bool) error {
	switch {
	case byRef.written && byEmail.written:
		return e.merge(ctx, s, byRef.id, byEmail.id)
	case patient:
		return wait(ctx)
	case byRef.written:
		return e.repoint(ctx, r.email, byEmail.id, byRef.id)
	}
	return e.repoint(ctx, r.ref, byRef.id, byEmail.id)
}

// digests are the look-up keys of an event's person. Placeholders that shops
// put where they know no address lead to nobody.
func (e *Engine) digests(s *Shop, ev lifecycle.Event) (r resolved) {
	p := ev.Person
	if p.CustomerID != "" {
		r.ref = store.Digest(e.keys.Ref(s.Name, ev.Source, p.CustomerID))
	}
	if key, ok := identity.Email(p.Email); ok && !s.Rules.Nobody(key) {
		r.email, r.address = store.Digest(e.keys.Email(s.Name, key)), key
	}
	r.country = cmp.Or(p.Country, s.Rules.Country)
	if key, ok := identity.Phone(p.Phone, r.country); ok {
		r.phone, r.e164 = store.Digest(e.keys.Phone(s.Name, key)), key
	}
	return r
}

// claim is where a look-up leads. Its record may not be written: not yet, or
// never, because whoever claimed the id died or because it was erased.
type claim struct {
	id      string // empty: nowhere
	written bool
	erased  bool // it led to somebody who was erased; it does no more
}

// first is the contact a look-up leads to, with its forwarding address
// followed. An id that was claimed is used, also where it has no record.
func (e *Engine) first(ctx context.Context, s *Shop, d store.Digest, ids []string) (claim, error) {
	if d == noDigest || len(ids) == 0 {
		return claim{}, nil
	}
	c, err := e.load(ctx, ids[0])
	switch {
	case errors.Is(err, errErased):
		return claim{erased: true}, e.pastTombstone(ctx, s, d, ids[0], c)
	case errors.Is(err, store.ErrNotFound): // also where the one it forwards to is not there any more
		id, err := e.end(ctx, ids[0])
		return claim{id: id}, gone(err)
	}
	return claim{id: c.ID, written: true}, err
}

// pastTombstone lets a look-up lead no more to somebody who was erased. Their
// erasure is finished first, so that whoever comes now is held against the
// suppression list.
func (e *Engine) pastTombstone(ctx context.Context, s *Shop, d store.Digest, id string, c lifecycle.Contact) error {
	var out Erasure
	if err := e.clear(ctx, s, c, &out); err != nil {
		return err
	}
	return e.st.Unpoint(ctx, d, id)
}

// byPhone finds the one contact that may be meant by a phone number.
func (e *Engine) byPhone(ctx context.Context, ids []string, hasEmail bool, p lifecycle.Person, source string) (string, error) {
	var all []*lifecycle.Contact
	for _, id := range ids {
		c, err := e.load(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return "", err
		}
		all = append(all, &c)
	}
	if c := lifecycle.MeantByPhone(all, p, source, hasEmail); c != nil {
		return c.ID, nil
	}
	return "", nil
}

// mayCreate reports whether the event makes a contact: it must be of a kind
// that does, and name an address. An import may bring customer ids alone.
func (e *Engine) mayCreate(ev lifecycle.Event, r resolved) bool {
	if !ev.Creates() {
		return false
	}
	return r.email != noDigest || r.phone != noDigest || ev.Historical && r.ref != noDigest
}

// point makes every key of the event lead to the contact before anything is
// acknowledged, so that the next event finds the same person.
func (e *Engine) point(ctx context.Context, s *Shop, r resolved, found [][]string, patient bool) (resolved, bool, error) {
	for i, d := range []store.Digest{r.email, r.ref} {
		if d == noDigest {
			continue
		}
		have := found[1-i]
		if len(have) > 0 && have[0] == r.id {
			continue
		}
		winner, err := e.st.ClaimLookup(ctx, d, r.id)
		if err != nil {
			return r, false, err
		}
		if winner == r.id {
			r.pointed = append(r.pointed, d)
			continue
		}
		c, err := e.load(ctx, winner)
		switch {
		case errors.Is(err, errErased):
			return r, true, e.pastTombstone(ctx, s, d, winner, c)
		case errors.Is(err, store.ErrNotFound): // claimed, its record not written yet
			if r.fresh {
				r.id = winner
				continue
			}
			if patient {
				return r, true, wait(ctx)
			}
			if err := e.repoint(ctx, d, winner, r.id); err != nil {
				return r, false, err
			}
		case err != nil:
			return r, false, err
		case c.ID == r.id: // through a forwarding address
		case r.fresh:
			return r, true, nil // somebody made the person meanwhile
		default:
			return r, true, e.merge(ctx, s, r.id, c.ID)
		}
	}
	if r.phone != noDigest && !slices.Contains(found[2], r.id) {
		if err := e.st.Point(ctx, r.phone, r.id); err != nil && !errors.Is(err, store.ErrCrowded) {
			return r, false, err
		}
		r.pointed = append(r.pointed, r.phone)
	}
	// A claimed id may have been written meanwhile, and a record erased.
	c, err := e.st.Load(ctx, r.id)
	switch {
	case err == nil:
		r.fresh = false
		return r, c.Erasing != nil, nil
	case errors.Is(err, store.ErrNotFound):
		r.fresh = true
		return r, false, nil
	}
	return r, false, err
}

func (e *Engine) repoint(ctx context.Context, d store.Digest, from, to string) error {
	if err := e.st.Unpoint(ctx, d, from); err != nil {
		return err
	}
	_, err := e.st.ClaimLookup(ctx, d, to)
	return err
}

// unknown handles an event whose person is not known: parked until they are,
// or passed over when nobody can be told from it.
func (e *Engine) unknown(ctx context.Context, s *Shop, ev lifecycle.Event, r resolved) (Outcome, error) {
	d := r.ref
	if d == noDigest {
		own := s.Rules.OrderKeys(&ev).Own
		named := ev.Refund != nil || ev.Order != nil && ev.Order.Partial
		if own.Key == 0 || !named {
			return Outcome{Ignored: true, Reason: lifecycle.ReasonNoAddress}, nil
		}
		d = e.orderDigest(s, own)
	}
	item, err := json.Marshal(ev)
	if err != nil {
		return Outcome{}, fmt.Errorf("park event: %w", err)
	}
	if err := e.st.Park(ctx, d, item); err != nil {
		return Outcome{}, err
	}
	// The person may have become known between the look-up and the parking.
	again, err := e.resolve(ctx, s, ev)
	if err != nil {
		return Outcome{}, err
	}
	if again.id != "" && !again.fresh { // else whoever is writing the record finds it
		return Outcome{Contact: again.id, Reason: lifecycle.ReasonStored}, e.unpark(ctx, s, d, again.id)
	}
	return Outcome{Parked: true, Reason: lifecycle.ReasonWaits}, nil
}

// unpark applies what waited for this look-up to lead somewhere.
func (e *Engine) unpark(ctx context.Context, s *Shop, d store.Digest, id string) error {
	items, err := e.st.Parked(ctx, d)
	if err != nil || len(items) == 0 {
		return err
	}
	for _, item := range items {
		var ev lifecycle.Event
		if err := json.Unmarshal(item, &ev); err != nil {
			e.log.Error("a parked event cannot be read and is given up", "error", err.Error())
		} else if err := e.applyParked(ctx, s, id, ev); errors.Is(err, store.ErrNotFound) {
			continue // the record is not written yet
		} else if err != nil {
			return err
		}
		if err := e.st.Unpark(ctx, d, item); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) applyParked(ctx context.Context, s *Shop, id string, ev lifecycle.Event) error {
	if ev.Type == lifecycle.ContactMerged {
		_, err := e.applyMerge(ctx, s, ev)
		return err
	}
	r := e.digests(s, ev)
	r.id = id
	for _, d := range []store.Digest{r.ref, r.email} { // the record takes them over
		if d == noDigest {
			continue
		}
		if _, err := e.st.ClaimLookup(ctx, d, id); err != nil {
			return err
		}
	}
	if r.phone != noDigest {
		if err := e.st.Point(ctx, r.phone, id); err != nil && !errors.Is(err, store.ErrCrowded) {
			return err
		}
	}
	out, t, err := e.update(ctx, s, id, ev, false)
	if err != nil {
		return err
	}
	return e.afterwards(ctx, s, ev, resolved{id: id, phone: r.phone}, out, t)
}
