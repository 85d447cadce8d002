package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"ritorno/internal/store"
)

// Outgoing is what one destination is to be told of one contact, for people.
type Outgoing struct {
	ID          string     `json:"id"` // contact, ".", destination
	Shop        string     `json:"shop"`
	Destination string     `json:"destination"`
	Contact     string     `json:"contact"`
	Status      string     `json:"status"`  // waiting, retrying or given_up
	News        string     `json:"news"`    // the oldest: an event's type, or what is told anew
	Waiting     int        `json:"waiting"` // pieces of news, the oldest included
	Next        *time.Time `json:"next_try_at"`
	Failed      int        `json:"failures"`
	Since       *time.Time `json:"failing_since"`
	Why         string     `json:"reason"`
}

// The statuses of what is outgoing.
const (
	OutgoingWaiting  = "waiting"
	OutgoingRetrying = "retrying"
	OutgoingGivenUp  = "given_up"
)

// errOutgoing: the id is of no form, or nothing waits there. Answer 404.
var errOutgoing = fmt.Errorf("nothing waits to be told: %w", store.ErrNotFound)

// destinations are those of a shop that are configured, and those that once
// were and may still have something waiting, in order.
func (e *Engine) destinations(ctx context.Context, shop string) ([]string, error) {
	known, err := e.st.Destinations(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, key := range known {
		if s, name, ok := strings.Cut(key, "/"); ok && s == shop {
			names = append(names, name)
		}
	}
	for _, t := range e.tellers[shop] {
		names = append(names, t.to.Name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Outgoings are up to n of what waits to be told, by destination, after the one
// of this id ("": from the beginning).
func (e *Engine) Outgoings(ctx context.Context, shop, after string, n int) ([]Outgoing, error) {
	if _, ok := e.shops[shop]; !ok {
		return nil, ErrShop
	}
	names, err := e.destinations(ctx, shop)
	if err != nil {
		return nil, err
	}
	contact, from := splitOutgoing(after)
	out := []Outgoing{}
	for _, name := range names {
		if name < from || len(out) >= n {
			continue
		}
		before := ""
		if name == from {
			before = contact
		}
		lines, err := e.st.Lines(ctx, queueOf(shop, name), before, n-len(out))
		if err != nil {
			return nil, err
		}
		for _, l := range lines {
			out = append(out, shownOutgoing(shop, name, l))
		}
	}
	return out, nil
}

// splitOutgoing reads an id.
func splitOutgoing(id string) (contact, name string) {
	contact, name, _ = strings.Cut(id, ".")
	return contact, name
}

func shownOutgoing(shop, name string, l store.Line) Outgoing {
	o := Outgoing{
		ID: l.Contact + "." + name, Shop: shop, Destination: name, Contact: l.Contact, Status: OutgoingWaiting,
		News: newsOf(l.News), Waiting: l.Waiting, Failed: l.Tries.Failed, Why: l.Tries.Why,
	}
	if l.Tries.Failed > 0 {
		since := l.Tries.Since.UTC()
		o.Status, o.Since = OutgoingRetrying, &since
	}
	if l.Tries.Over {
		o.Status = OutgoingGivenUp
	} else {
		next := l.Next.UTC()
		o.Next = &next
	}
	return o
}

// newsOf says in words what waits.
func newsOf(waiting string) string {
	var f fact
	if json.Unmarshal([]byte(waiting), &f) == nil {
		return string(f.Type)
	}
	var words []string
	for _, w := range []struct{ letter, word string }{
		{aboutState, "state"}, {aboutEmail, "email consent"}, {aboutSMS, "sms consent"}, {aboutMessage, "last message"},
	} {
		if about, _, _ := strings.Cut(waiting, ":"); strings.Contains(about, w.letter) {
			words = append(words, w.word)
		}
	}
	return strings.Join(words, ", ")
}

// Outgoing is one of what waits. store.ErrNotFound: nothing does.
func (e *Engine) Outgoing(ctx context.Context, shop, id string) (Outgoing, error) {
	contact, name := splitOutgoing(id)
	if _, ok := e.shops[shop]; !ok || name == "" || !validID(contact) {
		return Outgoing{}, errOutgoing
	}
	l, err := e.st.GetLine(ctx, queueOf(shop, name), contact)
	if err != nil {
		return Outgoing{}, err
	}
	return shownOutgoing(shop, name, l), nil
}

// ReplayOutgoing lets it be told now. store.ErrNotFound: nothing waits.
func (e *Engine) ReplayOutgoing(ctx context.Context, shop, id string) error {
	return e.onOutgoing(shop, id, func(to, contact string) error {
		real, _, err := e.st.Now(ctx)
		if err != nil {
			return err
		}
		return e.st.ReplayLine(ctx, to, contact, real)
	})
}

// DropOutgoing takes it away untold. store.ErrNotFound: nothing waits. A
// destination that left the configuration is forgotten with the last of it.
func (e *Engine) DropOutgoing(ctx context.Context, shop, id string) error {
	return e.onOutgoing(shop, id, func(to, contact string) error {
		if err := e.st.DropLine(ctx, to, contact); err != nil {
			return err
		}
		if slices.ContainsFunc(e.tellers[shop], func(t *teller) bool { return t.key == to }) {
			return nil
		}
		w, err := e.st.WaitingFor(ctx, to)
		if err != nil || w.Lines > 0 {
			return err
		}
		return e.st.ForgetDestination(ctx, to)
	})
}

func (e *Engine) onOutgoing(shop, id string, f func(to, contact string) error) error {
	contact, name := splitOutgoing(id)
	s, ok := e.shops[shop]
	if !ok || name == "" || !validID(contact) {
		return errOutgoing
	}
	err := f(queueOf(shop, name), contact)
	e.wakeTellers(s)
	return err
}

// validID reports whether a text can be a contact's id.
func validID(id string) bool { return len(id) == len(store.NewID()) }

// watchOutgoing keeps the gauges.
func (e *Engine) watchOutgoing(ctx context.Context) error {
	for _, list := range e.tellers {
		for _, t := range list {
			w, err := e.st.WaitingFor(ctx, t.key)
			if err != nil {
				return err
			}
			e.m.waiting.WithLabelValues(t.shop.Name, t.to.Name).Set(float64(w.Lines))
			e.m.givenUp.WithLabelValues(t.shop.Name, t.to.Name).Set(float64(w.Over))
		}
	}
	return nil
}
