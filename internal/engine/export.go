package engine

import (
	"context"
	"errors"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// Export is everything that is kept of one person, the record and what lies
// around it.
type Export struct {
	ExportedAt time.Time `json:"exported_at"` // program time
	ShopName   string    `json:"shop_name"`
	lifecycle.Export
	// Erased: the address was erased before; when, by channel. It came back by
	// itself, or in an import that starts nothing.
	Erased map[string]time.Time `json:"erased_before"`
	// Unread are deliveries that were not understood, or wait for an order or
	// somebody not known yet, and that quote the person.
	Unread []Unread `json:"unread_deliveries"`
}

// Unread is a delivery that quotes a person and is in no record.
type Unread struct {
	ID     string    `json:"id,omitempty"` // of a dead letter
	Source string    `json:"source"`
	At     time.Time `json:"at"`
	Body   string    `json:"body"` // as it came, or the event it was read as
}

// Export collects what is kept of a person, to be handed to them. It returns
// store.ErrNotFound when the shop knows nobody of that kind.
func (e *Engine) Export(ctx context.Context, shop, who string) (Export, error) {
	c, err := e.Find(ctx, shop, who)
	if err != nil {
		return Export{}, err
	}
	s := e.shops[shop]
	_, now, err := e.st.Now(ctx)
	if err != nil {
		return Export{}, err
	}
	x := Export{ExportedAt: now, ShopName: s.Rules.Name, Export: s.Rules.Export(c, now), Erased: map[string]time.Time{}, Unread: []Unread{}}
	if err := e.erasedBefore(ctx, s, c, x.Erased); err != nil {
		return Export{}, err
	}
	x.Unread, err = e.unread(ctx, s, c)
	return x, err
}

func (e *Engine) erasedBefore(ctx context.Context, s *Shop, c lifecycle.Contact, into map[string]time.Time) error {
	for ch, key := range map[lifecycle.Channel]string{lifecycle.Email: c.Email.Key, lifecycle.SMS: c.Phone.Key} {
		if key == "" {
			continue
		}
		marks, err := e.st.Suppressed(ctx, store.Digest(e.keys.Suppression(s.Name, ch.String(), key)))
		if err != nil {
			return err
		}
		if at, ok := erasedAt(marks[0]); ok {
			into[ch.String()] = at
		}
	}
	return nil
}

// unread are the dead letters and parked events that an erasure would take.
func (e *Engine) unread(ctx context.Context, s *Shop, c lifecycle.Contact) ([]Unread, error) {
	list, who := []Unread{}, map[store.Digest]bool{}
	for _, d := range e.lookups(s, c) {
		who[d] = true
	}
	err := e.eachQuoting(ctx, s, who, func(l store.DeadLetter) error {
		list = append(list, Unread{ID: l.ID, Source: l.Source, At: l.At, Body: string(l.Body)})
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = e.eachWaiting(ctx, s, who, func(_ store.Digest, item []byte, ev lifecycle.Event) error {
		list = append(list, Unread{Source: ev.Source, At: ev.At, Body: string(item)})
		return nil
	})
	return list, err
}

// eachQuoting hands every dead letter of a shop that quotes one of who to fn.
func (e *Engine) eachQuoting(ctx context.Context, s *Shop, who map[store.Digest]bool, fn func(store.DeadLetter) error) error {
	for before := ""; len(who) > 0; {
		letters, err := e.st.ListDead(ctx, s.Name, before, 100)
		if err != nil || len(letters) == 0 {
			return err
		}
		for _, l := range letters {
			before = l.ID
			full, err := e.st.GetDead(ctx, s.Name, l.ID)
			switch {
			case errors.Is(err, store.ErrUnavailable):
				return err
			case err != nil || !e.quotes(s, l.Source, string(full.Body)+"\n"+full.Query, who):
				continue // gone meanwhile, damaged, or about somebody else
			}
			full.Source, full.At = l.Source, l.At
			if err := fn(full); err != nil {
				return err
			}
		}
	}
	return nil
}
