package engine

import (
	"context"
	"errors"
	"time"

	"ritorno/connectors"
	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
	"ritorno/internal/reply"
	"ritorno/internal/store"
)

// Delivered takes in what a provider reports about a message. A contact that
// is gone meanwhile is no error: there is nothing left to report on.
func (e *Engine) Delivered(ctx context.Context, source string, n lifecycle.News, at time.Time, key string) error {
	id := n.MessageID
	if id == "" {
		id = lifecycle.MessageOf(n.AttemptID)
	}
	contact := lifecycle.ContactOf(id)
	if contact == "" {
		return nil
	}
	_, err := e.ApplyTo(ctx, contact, lifecycle.Event{Type: lifecycle.Delivery, Source: source, At: at, Key: key, News: &n})
	return gone(err)
}

// gone turns "not found" into nothing.
func gone(err error) error {
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, ErrShop) {
		return nil
	}
	return err
}

// ReplyOutcome says what a reply was taken for and whom it concerned.
type ReplyOutcome struct {
	Kind     string
	Contacts int
}

// Reply takes in an SMS from a contact. It acts on every contact with that
// number in every shop that may have written from ours, and is acknowledged
// only when all are stored.
func (e *Engine) Reply(ctx context.Context, r connectors.Reply) (ReplyOutcome, error) {
	var out ReplyOutcome
	for i := range e.o.Shops {
		s := &e.o.Shops[i]
		key, ok := identity.Phone(r.From, s.Rules.Country)
		if !ok {
			continue
		}
		found, err := e.st.Lookup(ctx, store.Digest(e.keys.Phone(s.Name, key)))
		if err != nil {
			return out, err
		}
		for _, id := range found[0] {
			kind, err := e.replyOf(ctx, s, id, key, r)
			if err != nil {
				return out, err
			}
			if kind != "" {
				out.Kind, out.Contacts = kind, out.Contacts+1
			}
		}
	}
	return out, nil
}

// replyOf applies a reply to one contact.
func (e *Engine) replyOf(ctx context.Context, s *Shop, id, phone string, r connectors.Reply) (string, error) {
	c, err := e.load(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && c.Phone.Key != phone {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	last, open := lastSMS(c)
	kind := reply.Classify(r.Body, open)
	switch r.OptOutType {
	case "STOP":
		kind = reply.OptOut
	case "START":
		kind = reply.OptIn
	case "HELP":
		kind = reply.Help
	}
	ev := lifecycle.Event{Source: "sms", Text: r.Body}
	if r.ProviderID != "" {
		ev.Key = r.ProviderID + " " + c.ID
	}
	switch kind {
	case reply.OptOut:
		ev.Type = lifecycle.ConsentChanged
		ev.Consents = []lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: lifecycle.Unsubscribed, Evidence: "reply: " + r.Body}}
	default: // any other is a reaction, also an unclear one, and its text is shown to support
		if kind == reply.OptIn {
			ev.Consents = []lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: lifecycle.Subscribed, Evidence: "reply: " + r.Body}}
			open = false // no answer to a survey
		}
		ev.Type = lifecycle.Responded
		ev.Response = &lifecycle.Response{Kind: lifecycle.ResponseReply, Text: r.Body, MessageID: last.ID}
		if open {
			ev.Response.Kind = lifecycle.ResponseAnswer
		}
	}
	_, err = e.ApplyTo(ctx, c.ID, ev)
	return kind.String(), gone(err)
}

// lastSMS is the last SMS that the contact got, and whether it was a survey
// that still waits for its answer.
func lastSMS(c lifecycle.Contact) (m lifecycle.Message, surveyOpen bool) {
	for _, x := range c.Messages {
		if x.Channel == lifecycle.SMS && (x.Status == lifecycle.SentStatus || x.Status == lifecycle.Delivered || x.Status == lifecycle.Uncertain) {
			m = x
		}
	}
	return m, m.Template == "survey" && !m.Responded
}
