package engine

import (
	"bytes"
	"context"
	"errors"
	"time"

	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

var noTime time.Time

// Erasure says what was removed.
type Erasure struct {
	Contacts    int `json:"contacts"`
	Messages    int `json:"messages"`
	Orders      int `json:"orders"`
	DeadLetters int `json:"dead_letters"`
	Parked      int `json:"parked_events"`
}

func (a *Erasure) add(b Erasure) {
	a.Contacts += b.Contacts
	a.Messages += b.Messages
	a.Orders += b.Orders
	a.DeadLetters += b.DeadLetters
	a.Parked += b.Parked
}

// Erase forgets a person: the record, its look-ups, links, parked events and
// dead letters. Only keyed hashes of the addresses stay, on the suppression
// list.
func (e *Engine) Erase(ctx context.Context, shop, who string) (Erasure, error) {
	s, ok := e.shops[shop]
	if !ok {
		return Erasure{}, ErrShop
	}
	c, err := e.Find(ctx, shop, who)
	if err != nil {
		return Erasure{}, err
	}
	return e.erase(ctx, s, c)
}

func (e *Engine) erase(ctx context.Context, s *Shop, c lifecycle.Contact) (Erasure, error) {
	out := Erasure{Contacts: 1, Messages: len(c.Messages), Orders: len(c.Orders) + c.Older.Count}
	if err := e.suppress(ctx, s, c.Email.Key, c.Phone.Key, "erased"); err != nil {
		return out, err
	}
	_, now, err := e.st.Now(ctx)
	if err != nil {
		return out, err
	}
	_, err = e.st.Update(ctx, store.Request{ID: c.ID}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
		if c.Forward != "" {
			return store.Change{}, forwarded{c.Forward}
		}
		t := s.Rules.Decide(lifecycle.Event{Type: lifecycle.EraseRequested, At: now}, c, now)
		ch := change(s.Name, t)
		ch.Counts = append(ch.Counts, store.Count{Shop: s.Name, Field: "state:" + c.State.String(), N: -1})
		return ch, nil
	})
	var f forwarded
	switch {
	case errors.As(err, &f): // became part of another record meanwhile
		if c, err = e.load(ctx, f.to); err != nil {
			return out, err
		}
		return e.erase(ctx, s, c)
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return out, err
	}
	err = e.eraseAround(ctx, s, c, &out)
	return out, err
}

// eraseAround removes what leads to the record and what still quotes the
// person.
func (e *Engine) eraseAround(ctx context.Context, s *Shop, c lifecycle.Contact, out *Erasure) error {
	ds := e.lookups(s, c)
	for _, d := range ds {
		n, err := e.dropParked(ctx, d)
		if err != nil {
			return err
		}
		out.Parked += n
	}
	if err := e.st.DropLookups(ctx, c.ID, ds); err != nil {
		return err
	}
	var orders []store.Digest
	for _, o := range c.Orders {
		orders = append(orders, store.Digest(e.keys.Order(s.Name, "", o.ID)))
	}
	if err := e.st.DropOrders(ctx, c.ID, orders); err != nil {
		return err
	}
	var codes []string
	for _, m := range c.Messages {
		if m.Code != "" {
			codes = append(codes, m.Code)
		}
	}
	if len(codes) > 0 {
		if err := e.st.DropLinks(ctx, codes...); err != nil {
			return err
		}
	}
	n, err := e.dropDead(ctx, s, c)
	out.DeadLetters += n
	return err
}

func (e *Engine) dropParked(ctx context.Context, d store.Digest) (int, error) {
	items, err := e.st.Parked(ctx, d)
	if err != nil {
		return 0, err
	}
	for _, item := range items {
		if err := e.st.Unpark(ctx, d, item); err != nil {
			return 0, err
		}
	}
	return len(items), nil
}

// dropDead removes dead letters that quote one of the person's addresses.
func (e *Engine) dropDead(ctx context.Context, s *Shop, c lifecycle.Contact) (int, error) {
	var quotes [][]byte
	for _, q := range []string{c.Email.Key, c.Email.Value, c.Phone.Key} {
		if len(q) > 3 {
			quotes = append(quotes, bytes.ToLower([]byte(q)))
		}
	}
	dropped, before := 0, ""
	for len(quotes) > 0 {
		letters, err := e.st.ListDead(ctx, s.Name, before, 100)
		if err != nil || len(letters) == 0 {
			return dropped, err
		}
		for _, l := range letters {
			before = l.ID
			full, err := e.st.GetDead(ctx, s.Name, l.ID)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return dropped, err
			}
			body := bytes.ToLower(full.Body)
			for _, q := range quotes {
				if bytes.Contains(body, q) {
					if err := e.st.DeleteDead(ctx, s.Name, l.ID); err != nil {
						return dropped, err
					}
					dropped++
					break
				}
			}
		}
	}
	return dropped, nil
}

func (e *Engine) suppress(ctx context.Context, s *Shop, email, phone, why string) error {
	_, now, err := e.st.Now(ctx)
	if err != nil {
		return err
	}
	mark := now.Format(time.RFC3339) + " " + why
	if email != "" {
		if err := e.st.Suppress(ctx, store.Digest(e.keys.Suppression(s.Name, "email", email)), mark); err != nil {
			return err
		}
	}
	if phone != "" {
		return e.st.Suppress(ctx, store.Digest(e.keys.Suppression(s.Name, "sms", phone)), mark)
	}
	return nil
}

// applyErase carries out an erasure that a source asks for. It may name a
// person whom we do not know: the addresses go on the suppression list all the
// same.
func (e *Engine) applyErase(ctx context.Context, s *Shop, ev lifecycle.Event) (Outcome, error) {
	email, _ := identity.Email(ev.Person.Email)
	phone, _ := identity.Phone(ev.Person.Phone, country(ev.Person.Country, s))
	if err := e.suppress(ctx, s, email, phone, "erased"); err != nil {
		return Outcome{}, err
	}
	ids, err := e.named(ctx, s, ev)
	if err != nil {
		return Outcome{}, err
	}
	out := Outcome{Reason: lifecycle.ReasonErased, Ignored: true}
	var sum Erasure
	for _, id := range ids {
		c, err := e.load(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return out, err
		}
		done, err := e.erase(ctx, s, c)
		if err != nil {
			return out, err
		}
		sum.add(done)
		out.Ignored = false
	}
	e.log.Info("erased on request", "shop", s.Name, "contacts", sum.Contacts, "dead_letters", sum.DeadLetters)
	return out, nil
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
		c, err := e.first(ctx, d, found[i])
		if err != nil {
			return nil, err
		}
		if c.id != "" {
			ids = append(ids, c.id)
		}
	}
	if len(ids) > 0 {
		return ids, nil
	}
	id, err := e.byPhone(ctx, found[2], r.email != noDigest, ev.Person.CustomerID, ev.Source)
	if id != "" {
		ids = append(ids, id)
	}
	return ids, err
}
