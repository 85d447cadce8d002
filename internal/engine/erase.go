package engine

import (
	"context"
	"errors"
	"fmt"

	"ritorno/internal/defect"
	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// Erasure says what was removed.
type Erasure struct {
	Contacts    int      `json:"contacts"`
	Messages    int      `json:"messages"`
	Orders      int      `json:"orders"`
	DeadLetters int      `json:"dead_letters"`
	Parked      int      `json:"parked_events"`
	InFlight    []string `json:"in_flight,omitempty"` // ids of messages that a provider has, or may have, just now: they cannot be taken back
}

func (a *Erasure) add(b Erasure) {
	a.Contacts += b.Contacts
	a.Messages += b.Messages
	a.Orders += b.Orders
	a.DeadLetters += b.DeadLetters
	a.Parked += b.Parked
	a.InFlight = append(a.InFlight, b.InFlight...)
}

// errErased: the record is a tombstone. For everybody else it is not there.
var errErased = fmt.Errorf("erased: %w", store.ErrNotFound)

// Erase forgets a person: the record, its look-ups, links, parked events and
// dead letters. Only keyed hashes of the addresses stay, on the suppression
// list. When it returns nil all of that is stored for good; after an error it
// may be called again, and what it began is finished by any process.
func (e *Engine) Erase(ctx context.Context, shop, who string) (Erasure, error) {
	s, ok := e.shops[shop]
	if !ok {
		return Erasure{}, ErrShop
	}
	c, err := e.Find(ctx, shop, who)
	switch {
	case errors.Is(err, errErased): // an earlier one that stands still
		out := Erasure{Contacts: 1}
		return out, e.clear(ctx, s, c, &out)
	case err != nil:
		return Erasure{}, err
	}
	out, err := e.erase(ctx, s, c.ID)
	if err == nil {
		e.log.Info("erased by hand", "shop", shop, "contact", c.ID, "dead_letters", out.DeadLetters, "in_flight", len(out.InFlight))
	}
	return out, err
}

// erase puts a tombstone in the place of a record, in one step, and then
// removes what it names.
func (e *Engine) erase(ctx context.Context, s *Shop, id string) (Erasure, error) {
	out, tomb, err := e.bury(ctx, s, id, false)
	var f forwarded
	switch {
	case errors.As(err, &f): // became part of another record meanwhile
		c, err := e.load(ctx, f.to)
		if err != nil {
			return out, gone(err)
		}
		return e.erase(ctx, s, c.ID)
	case err != nil:
		return out, gone(err)
	}
	return out, e.clear(ctx, s, tomb, &out)
}

// bury is the one step in which a person goes. half: also a record that waits
// to be absorbed by another.
func (e *Engine) bury(ctx context.Context, s *Shop, id string, half bool) (out Erasure, tomb lifecycle.Contact, err error) {
	real, now, err := e.st.Now(ctx)
	if err != nil {
		return out, tomb, err
	}
	tomb, err = e.st.Update(ctx, store.Request{ID: id}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
		if c.Forward != "" && !half {
			return store.Change{}, forwarded{c.Forward}
		}
		out = Erasure{Contacts: 1, Messages: len(c.Messages), Orders: len(c.Orders) + c.Older.Count, InFlight: inFlight(&c)}
		ch := e.change(s.Name, s.Rules.Decide(lifecycle.Event{Type: lifecycle.EraseRequested, At: now, Real: real}, c, now))
		if defect.On("tombstone") {
			ch.Remove, ch.SeenOrders = true, nil
		}
		return ch, nil
	})
	if err == nil {
		e.recent.forgetContact(id)
		e.at("erase.buried")
	}
	return out, tomb, err
}

// inFlight are the messages whose copy is on its way.
func inFlight(c *lifecycle.Contact) (ids []string) {
	if c.Sending != nil {
		ids = append(ids, c.Sending.Message.ID)
	}
	for _, m := range c.Messages {
		if m.Status == lifecycle.Uncertain {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// applyErase carries out an erasure that a source asks for. It may name a
// person whom we do not know: the addresses go on the suppression list all the
// same, and what was kept of them unread goes.
func (e *Engine) applyErase(ctx context.Context, s *Shop, ev lifecycle.Event) (Outcome, error) {
	g, err := e.asked(ctx, s, ev)
	if err != nil {
		return Outcome{}, err
	}
	if err := e.suppress(ctx, g); err != nil {
		return Outcome{}, err
	}
	ids, err := e.named(ctx, s, ev)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Reason: lifecycle.ReasonErased, Ignored: len(ids) == 0}
	var sum Erasure
	for _, id := range ids {
		done, err := e.erase(ctx, s, id)
		if err != nil {
			return out, err
		}
		sum.add(done)
	}
	if err := e.sweep(ctx, s, g, &sum); err != nil {
		return out, err
	}
	if err := e.wantRewrite(ctx); err != nil {
		return out, err
	}
	e.log.Info("erased on request", "shop", s.Name, "contacts", sum.Contacts, "dead_letters", sum.DeadLetters, "in_flight", len(sum.InFlight))
	return out, nil
}

// asked is what an erasure request names by itself.
func (e *Engine) asked(ctx context.Context, s *Shop, ev lifecycle.Event) (*lifecycle.Erasing, error) {
	_, now, err := e.st.Now(ctx)
	if err != nil {
		return nil, err
	}
	g := &lifecycle.Erasing{At: now}
	r := e.digests(s, ev)
	for _, d := range r.digests() {
		g.Lookups = append(g.Lookups, string(d[:]))
	}
	if key, ok := identity.Email(ev.Person.Email); ok {
		d := e.keys.Suppression(s.Name, lifecycle.Email.String(), key)
		g.Suppress = append(g.Suppress, string(d[:]))
	}
	if r.e164 != "" {
		d := e.keys.Suppression(s.Name, lifecycle.SMS.String(), r.e164)
		g.Suppress = append(g.Suppress, string(d[:]))
	}
	return g, nil
}

// named are the records that an erasure request means: by customer id and by
// e-mail, else the one of its phone number.
func (e *Engine) named(ctx context.Context, s *Shop, ev lifecycle.Event) (ids []string, err error) {
	r := e.digests(s, ev)
	found, err := e.st.Lookup(ctx, r.ref, r.email, r.phone)
	if err != nil {
		return nil, err
	}
	for i, d := range []store.Digest{r.ref, r.email} {
		c, err := e.first(ctx, s, d, found[i])
		if err != nil {
			return nil, err
		}
		if c.written {
			ids = append(ids, c.id)
		}
	}
	if len(ids) > 0 {
		return ids, nil
	}
	id, err := e.byPhone(ctx, found[2], r.email != noDigest, ev.Person, ev.Source)
	if id != "" {
		ids = append(ids, id)
	}
	return ids, err
}
