package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// Uncertain is a message of which nobody knows whether the provider took it.
// It holds no address.
type Uncertain struct {
	Message  string     `json:"id"`
	Contact  string     `json:"contact"`
	Shop     string     `json:"shop"`
	Status   string     `json:"status"` // always "uncertain"
	Journey  string     `json:"journey"`
	Step     int        `json:"step"`
	Channel  string     `json:"channel"` // sms or email
	Template string     `json:"template"`
	At       time.Time  `json:"at"`             // program time at which it was begun
	Attempt  string     `json:"attempt"`        // id of the attempt
	Started  time.Time  `json:"started"`        // real time at which the attempt began
	Asked    *time.Time `json:"asked"`          // real time of the last question to the provider's records
	Tries    int        `json:"tries"`          // questions so far
	Found    string     `json:"found"`          // what the last one brought
	Next     *time.Time `json:"next"`           // real time of the next question; null: none by itself
	Decide   bool       `json:"needs_decision"` // no question is left: a person must decide
}

// ErrNotUncertain: the message is not of unknown outcome (any more).
var ErrNotUncertain = errors.New("the message is not uncertain")

// Uncertains lists messages of unknown outcome of a shop, about n at a time.
// after is "" at first, then what was returned last; "" again: that is all.
func (e *Engine) Uncertains(ctx context.Context, shop, after string, n int) (list []Uncertain, next string, err error) {
	if _, ok := e.shops[shop]; !ok {
		return nil, "", fmt.Errorf("shop %q: %w", shop, ErrShop)
	}
	for next = after; len(list) < n; {
		var ids []string
		if ids, next, err = e.st.UncertainContacts(ctx, next, n-len(list)); err != nil {
			return nil, "", err
		}
		contacts, err := e.st.LoadMany(ctx, ids)
		if err != nil {
			return nil, "", err
		}
		for _, c := range contacts {
			if c.Version > 0 && c.Shop == shop {
				list = append(list, uncertainOf(c)...)
			}
		}
		if next == "" {
			break
		}
	}
	return list, next, nil
}

func uncertainOf(c lifecycle.Contact) (list []Uncertain) {
	for _, m := range c.Messages {
		if m.Status != lifecycle.Uncertain {
			continue
		}
		l, _ := c.Look(m.ID)
		list = append(list, Uncertain{
			Message: m.ID, Contact: c.ID, Shop: c.Shop, Status: m.Status.String(), Journey: m.Journey, Step: m.Step, Channel: m.Channel.String(),
			Template: m.Template, At: m.At, Attempt: l.Attempt, Started: l.Started, Asked: pointer(l.Asked), Tries: l.Tries,
			Found: l.Found, Next: pointer(l.Next), Decide: l.Next.IsZero(),
		})
	}
	return list
}

func pointer(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Resolution is a person's word about a message of unknown outcome.
type Resolution struct {
	Kind       lifecycle.VerdictKind // PersonSent, PersonNotSent or PersonDrop
	ProviderID string                // PersonSent: the provider's id, if known
	By         string                // who says so, for the timeline
}

// Resolve carries out what a person decided, and returns what became of the
// message. store.ErrNotFound: the shop has no such message. ErrNotUncertain: it
// was settled meanwhile, and nothing was changed.
func (e *Engine) Resolve(ctx context.Context, shop, message string, r Resolution) (lifecycle.Message, error) {
	s, ok := e.shops[shop]
	if !ok {
		return lifecycle.Message{}, fmt.Errorf("shop %q: %w", shop, ErrShop)
	}
	contact := lifecycle.ContactOf(message)
	if contact == "" {
		return lifecycle.Message{}, fmt.Errorf("no such message: %w", store.ErrNotFound)
	}
	c, err := e.load(ctx, contact)
	if err != nil {
		return lifecycle.Message{}, err
	}
	if _, ok := c.Message(message); !ok || c.Shop != shop {
		return lifecycle.Message{}, fmt.Errorf("no such message: %w", store.ErrNotFound)
	}
	real, _, err := e.st.Now(ctx)
	if err != nil {
		return lifecycle.Message{}, err
	}
	v := lifecycle.Verdict{Message: message, Kind: r.Kind, By: r.By, News: lifecycle.News{ProviderID: r.ProviderID}}
	reason, err := e.settle(ctx, s, c.ID, v, real)
	if err != nil {
		return lifecycle.Message{}, err
	}
	if c, err = e.load(ctx, c.ID); err != nil {
		return lifecycle.Message{}, err
	}
	m, _ := c.Message(message)
	if reason == lifecycle.ReasonSettled {
		return m, ErrNotUncertain
	}
	return m, nil
}
