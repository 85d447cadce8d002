package rehearse

import (
	"slices"
	"time"

	"ritorno/internal/lifecycle"
)

// soul is one contact of a rehearsal.
type soul struct {
	c     lifecycle.Contact
	n     int   // number within the stage, in the order in which they were made
	gone  *soul // merged into this one
	label string

	bought   time.Time // last purchase; zero: none
	spared   bool
	sent     []sentAt // messages whose purchase may still come
	got      int      // messages in all
	messages []Decision
}

// sentAt is a message that waits for a purchase.
type sentAt struct {
	key MessageKey
	at  time.Time
}

func (s *soul) end() *soul {
	for s.gone != nil {
		s = s.gone
	}
	return s
}

// look-ups: the ways to a contact.
type (
	wayTo struct {
		kind uint8
		key  string
	}
	ways map[wayTo][]*soul
)

// The kinds of ways.
const (
	byRef uint8 = iota
	byEmail
	byPhone
	byOrder
)

// crowded is how many contacts a phone number leads to at most, as in the store.
const crowded = 64

// resolve finds the contact of a telling, as engine.resolve does: by customer
// id, by e-mail, by phone, by order. nil: nobody can be told from it.
func (st *stage) resolve(t *telling, k keys, now time.Time) *soul {
	ref, email := st.first(byRef, k.ref), st.first(byEmail, k.email)
	if ref != nil && email != nil && ref != email {
		ref = st.merge(ref, email, now)
	}
	s := ref
	if s == nil {
		s = email
	}
	if s == nil && k.phone != "" {
		s = st.byPhone(t, k)
	}
	if s == nil && t.order != nil {
		s = st.first(byOrder, t.order.ID)
	}
	if s == nil {
		if k == (keys{}) {
			return nil
		}
		s = st.make(t)
	}
	st.claim(byEmail, k.email, s)
	st.claim(byRef, k.ref, s)
	st.point(byPhone, k.phone, s)
	return s
}

func (st *stage) make(t *telling) *soul {
	s := &soul{n: len(st.souls), label: st.p.h.people[t.person].label()}
	s.c.ID, s.c.Shop = st.contactID(s.n), st.p.o.Rules.Shop
	st.souls = append(st.souls, s)
	return s
}

// label is what the owner knows a person by.
func (p *teller) label() string {
	switch {
	case p.CustomerID != "":
		return p.CustomerID
	case p.Email != "":
		return p.Email
	}
	return p.Phone
}

func (st *stage) first(kind uint8, key string) *soul {
	if key == "" {
		return nil
	}
	if to := st.ways[wayTo{kind, key}]; len(to) > 0 {
		return to[0].end()
	}
	return nil
}

// claim lets a way that leads nowhere lead to a contact.
func (st *stage) claim(kind uint8, key string, s *soul) {
	if w := (wayTo{kind, key}); key != "" && len(st.ways[w]) == 0 {
		st.ways[w] = []*soul{s}
	}
}

// point adds a contact to those to whom a phone number leads.
func (st *stage) point(kind uint8, key string, s *soul) {
	w := wayTo{kind, key}
	if key == "" || len(st.ways[w]) >= crowded {
		return
	}
	for _, to := range st.ways[w] {
		if to.end() == s {
			return
		}
	}
	st.ways[w] = append(st.ways[w], s)
}

// byPhone finds the one contact that may be meant by a number.
func (st *stage) byPhone(t *telling, k keys) *soul {
	who := &st.p.h.people[t.person]
	to := st.ways[wayTo{byPhone, k.phone}]
	all := make([]*lifecycle.Contact, len(to))
	for i := range to {
		all[i] = &to[i].end().c
	}
	c := lifecycle.MeantByPhone(all, who.Person, who.source, k.email != "")
	if c == nil {
		return nil
	}
	return to[slices.Index(all, c)].end()
}

// merge joins the younger of two records of one person into the older.
func (st *stage) merge(a, b *soul, now time.Time) *soul {
	keep, gone := a, b
	if b.c.MadeAt.Before(a.c.MadeAt) || b.c.MadeAt.Equal(a.c.MadeAt) && b.n < a.n {
		keep, gone = b, a
	}
	st.hear(keep, st.p.o.Rules.Absorb(keep.c, gone.c, now))
	gone.gone, gone.c.Due = keep, time.Time{}
	if gone.bought.After(keep.bought) {
		keep.bought = gone.bought
	}
	keep.spared = keep.spared || gone.spared
	keep.sent, keep.got = append(keep.sent, gone.sent...), keep.got+gone.got
	keep.messages = append(keep.messages, gone.messages...)
	gone.messages = nil
	return keep
}
