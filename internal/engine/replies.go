package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"ritorno/connectors"
	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
	"ritorno/internal/reply"
	"ritorno/internal/store"
)

// ReplyOutcome says what a reply was taken for and whom it concerned.
type ReplyOutcome struct {
	Kind     string
	Contacts int
}

// Reply takes in an SMS from a contact; docs/replies.md says whom which reply
// concerns. It is acknowledged only when all of it is stored: nothing stands
// between a STOP and its effect.
func (e *Engine) Reply(ctx context.Context, r connectors.Reply) (ReplyOutcome, error) {
	all, err := e.withNumber(ctx, r.From)
	if err != nil || len(all) == 0 {
		return ReplyOutcome{}, err
	}
	reached := wroteTo(all)
	kind := kindOf(r, slices.ContainsFunc(reached, func(h holder) bool { return h.open }))
	who := concerned(kind, reached)
	if len(who) == 0 { // an opt-in, and nobody can tell whose
		kind, who = reply.Unclear, reached
	}
	out := ReplyOutcome{Kind: kind.String()}
	for _, h := range who {
		_, err := e.ApplyTo(ctx, h.c.ID, h.event(kind, r))
		if gone(err) != nil {
			return out, err
		}
		if out.Contacts++; kind == reply.Unclear {
			e.log.Warn("a person must read a reply: it may be an opt-out", "shop", h.c.Shop, "contact", h.c.ID)
		}
	}
	e.m.replies.WithLabelValues(out.Kind).Inc()
	return out, nil
}

// holder is a contact with the number that a reply came from.
type holder struct {
	c     lifecycle.Contact
	last  lifecycle.Message // the last SMS to it; zero: none that the record knows
	open  bool              // that was a survey and waits for its answer
	wrote bool              // its shop wrote to it, or is about to
}

// withNumber finds every contact with a phone number in every shop: all send
// from the same number.
func (e *Engine) withNumber(ctx context.Context, from string) ([]holder, error) {
	var all []holder
	for i := range e.o.Shops {
		s := &e.o.Shops[i]
		key, ok := identity.Phone(from, s.Rules.Country)
		if !ok {
			continue
		}
		found, err := e.st.Lookup(ctx, store.Digest(e.keys.Phone(s.Name, key)))
		if err != nil {
			return nil, err
		}
		for _, id := range found[0] {
			c, err := e.load(ctx, id)
			if errors.Is(err, store.ErrNotFound) || err == nil && c.Phone.Key != key {
				continue // erased, or it has another number by now
			}
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(all, func(h holder) bool { return h.c.ID == c.ID }) {
				all = append(all, holderOf(c))
			}
		}
	}
	return all, nil
}

func holderOf(c lifecycle.Contact) holder {
	h, accepted := holder{c: c}, 0
	for _, m := range c.Messages {
		if !m.SentAt.IsZero() {
			accepted++
		}
		if m.Channel != lifecycle.SMS || m.Status == lifecycle.Dropped || m.Status == lifecycle.Failed && m.SentAt.IsZero() {
			continue
		}
		if h.wrote = true; m.Status != lifecycle.Queued && m.Status != lifecycle.Sending {
			h.last = m
		}
	}
	h.open = h.last.Template == "survey" && !h.last.Responded
	h.wrote = h.wrote || c.Accepted > accepted // one that rolled out of the record may have been an SMS
	return h
}

// wroteTo leaves only the contacts whose shop wrote to them; where none did,
// all.
func wroteTo(all []holder) []holder {
	if some := filter(all, func(h holder) bool { return h.wrote }); len(some) > 0 {
		return some
	}
	return all
}

func filter(all []holder, keep func(holder) bool) (some []holder) {
	for _, h := range all {
		if keep(h) {
			some = append(some, h)
		}
	}
	return some
}

// kindOf reads a reply. What the provider itself took it for is already done
// there, so it stands.
func kindOf(r connectors.Reply, surveyOpen bool) reply.Kind {
	switch r.OptOutType {
	case "STOP":
		return reply.OptOut
	case "START":
		return reply.OptIn
	case "HELP":
		return reply.Help
	}
	return reply.Classify(r.Body, surveyOpen)
}

// concerned says on whom a reply acts. A way out is wide, consent is narrow.
func concerned(kind reply.Kind, reached []holder) []holder {
	switch kind {
	case reply.OptOut, reply.Unclear:
		return reached
	case reply.OptIn:
		return openers(reached)
	case reply.Answer:
		return latest(filter(reached, func(h holder) bool { return h.open }))
	case reply.Other, reply.Help:
	}
	return latest(reached)
}

// latest is the contact who got the last SMS; where nobody got any, all.
func latest(all []holder) []holder {
	if len(all) == 0 {
		return nil
	}
	h := slices.MaxFunc(all, func(a, b holder) int { return a.last.At.Compare(b.last.At) })
	if h.last.ID == "" {
		return all
	}
	return []holder{h}
}

// openers are those whom an opt-in opens: one person of each shop, because a
// second one with the same number said nothing.
func openers(reached []holder) []holder {
	if len(reached) > 1 {
		reached = filter(reached, func(h holder) bool { return h.wrote || h.decidedByReply() })
	}
	var chosen []holder
	for _, shop := range byShop(reached) {
		if one := latest(shop); len(one) == 1 {
			chosen = append(chosen, one...)
		}
	}
	return chosen
}

// byShop groups contacts by their shop.
func byShop(all []holder) [][]holder {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b holder) int { return cmp.Compare(a.c.Shop, b.c.Shop) })
	var groups [][]holder
	for i, h := range all {
		if i == 0 || h.c.Shop != all[i-1].c.Shop {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], h)
	}
	return groups
}

// sourceSMS is the source of what a contact wrote by SMS.
const sourceSMS = "sms"

// decidedByReply: the last word about SMS came by SMS.
func (h holder) decidedByReply() bool {
	con := h.c.Consent[lifecycle.SMS]
	return con.Decided != lifecycle.Unknown && con.Source == sourceSMS
}

// event is the reply as news about one contact. Whatever is no opt-out is a
// reaction, an unclear one too, and its text is shown to support.
func (h holder) event(kind reply.Kind, r connectors.Reply) lifecycle.Event {
	ev := lifecycle.Event{Source: sourceSMS, Text: r.Body}
	if r.ProviderID != "" {
		ev.Key = r.ProviderID + " " + h.c.ID
	}
	evidence := "reply: " + r.Body
	if kind == reply.OptOut {
		ev.Type = lifecycle.ConsentChanged
		ev.Consents = []lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: lifecycle.Unsubscribed, Evidence: evidence}}
		return ev
	}
	ev.Type = lifecycle.Responded
	ev.Response = &lifecycle.Response{Kind: lifecycle.ResponseReply, Text: r.Body, MessageID: h.last.ID}
	switch kind {
	case reply.Answer:
		ev.Response.Kind = lifecycle.ResponseAnswer
	case reply.OptIn:
		ev.Consents = []lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: lifecycle.Subscribed, Evidence: evidence}}
		ev.Response.Choice = kind.String()
	case reply.Unclear, reply.Help:
		ev.Response.Choice = kind.String()
	case reply.OptOut, reply.Other:
	}
	return ev
}
