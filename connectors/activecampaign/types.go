package activecampaign

import (
	"slices"
	"strconv"
	"strings"

	"ritorno/internal/lifecycle"
)

// automation is the action "webhook" of an automation: what it means is what the
// owner wrote into its URL.
func (s *Source) automation(p post) ([]lifecycle.Event, error) {
	if p.asked == "" {
		return s.updated(p)
	}
	return s.mean(p, p.asked, "automation")
}

// updated is a contact that was made or changed.
func (s *Source) updated(p post) ([]lifecycle.Event, error) {
	return []lifecycle.Event{{Type: lifecycle.ContactChanged, At: p.at, Version: p.at}}, nil
}

// subscribed is a contact who is on a list now.
func (s *Source) subscribed(p post) ([]lifecycle.Event, error) {
	id, kind, err := s.list(p)
	if err != nil {
		return nil, err
	}
	switch kind {
	case ListIgnore:
		return s.updated(p)
	case ListSubscription:
		return []lifecycle.Event{{Type: lifecycle.SubscriptionStarted, At: p.at, Version: p.at, Subscription: &lifecycle.Subscription{ID: "list " + id}}}, nil
	}
	return consent(p, channelOf(kind), lifecycle.Subscribed, s.evidence(p, id)), nil
}

// unsubscribed is a contact who left a list. Whoever leaves one of several lists
// for e-mail gets no e-mail any more: which of them our messages belong to,
// nobody can tell.
func (s *Source) unsubscribed(p post) ([]lifecycle.Event, error) {
	id, kind, err := s.list(p)
	if err != nil {
		return nil, err
	}
	reason, err := p.get("unsubscribe[reason]", maxReason)
	if err != nil {
		return nil, err
	}
	switch kind {
	case ListIgnore:
		return nil, nil
	case ListSubscription:
		return []lifecycle.Event{{Type: lifecycle.SubscriptionCancelled, At: p.at, Version: p.at, Subscription: &lifecycle.Subscription{ID: "list " + id, Reason: reason}}}, nil
	}
	events := consent(p, channelOf(kind), lifecycle.Unsubscribed, s.evidence(p, id))
	if reason != "" {
		events = append(events, note(p, "unsubscribed: "+reason))
	}
	return events, nil
}

// list is the list that a post is about, and what it stands for. List 0 is none.
func (s *Source) list(p post) (id string, kind List, err error) {
	if id, err = p.get("list", maxWord); err != nil {
		return "", "", err
	}
	if kind = s.lists[id]; kind == "" {
		kind = ListEmail
	}
	return id, kind, nil
}

func channelOf(kind List) lifecycle.Channel {
	if kind == ListSMS {
		return lifecycle.SMS
	}
	return lifecycle.Email
}

// evidence says where and by whom a decision was made. It repeats numbers and
// known words only.
func (s *Source) evidence(p post, list string) string {
	text := "ActiveCampaign " + p.kind
	if _, err := strconv.ParseUint(list, 10, 32); err == nil && list != "0" {
		text += ", list " + list
	}
	if id, err := p.get("form[id]", maxWord); err == nil {
		if _, err := strconv.ParseUint(id, 10, 32); err == nil {
			text += ", form " + id
		}
	}
	if by, err := p.get("initiated_from", maxWord); err == nil && slices.Contains([]string{"public", "admin", "api", "system"}, by) {
		text += ", by " + by
	}
	return text
}

// bounced is an address that cannot be reached. Nobody opted out: an opt-in
// later than this opens it again.
func (s *Source) bounced(p post) ([]lifecycle.Event, error) {
	return append(consent(p, lifecycle.Email, lifecycle.Unknown, "ActiveCampaign bounce"), note(p, "e-mail bounced")), nil
}

// noSMS is an opt-out from ActiveCampaign's own SMS.
func (s *Source) noSMS(p post) ([]lifecycle.Event, error) {
	return consent(p, lifecycle.SMS, lifecycle.Unsubscribed, "ActiveCampaign sms_unsub"), nil
}

// tagged is a tag that was put on a contact.
func (s *Source) tagged(p post) ([]lifecycle.Event, error) {
	tag, err := p.get("tag", maxReason)
	if err != nil {
		return nil, err
	}
	m, mapped := s.tags[foldTag(tag)]
	if !mapped {
		return nil, nil
	}
	return s.mean(p, m, "tag added")
}

// untagged is a tag that was taken away: what it stood for ended.
func (s *Source) untagged(p post) ([]lifecycle.Event, error) {
	tag, err := p.get("tag", maxReason)
	if err != nil {
		return nil, err
	}
	undone := meanings[s.tags[foldTag(tag)]].undone
	if undone == "" {
		return nil, nil
	}
	return s.mean(p, undone, "tag removed")
}

// mean turns a meaning into its event. how is the evidence.
func (s *Source) mean(p post, m Meaning, how string) ([]lifecycle.Event, error) {
	n, _ := newsOf(m) // checked by New and by asked
	if n.consent {
		return consent(p, n.channel, n.state, "ActiveCampaign "+how), nil
	}
	ev := lifecycle.Event{Type: n.kind, At: p.at, Version: p.at}
	switch n.kind {
	case lifecycle.ContactChanged:
	case lifecycle.EraseRequested:
		ev.Text = "ActiveCampaign " + how
	default:
		reason, err := p.own(s.fields.CancelReason, maxReason)
		if err != nil {
			return nil, err
		}
		// Which subscription it is, a tag does not say: a contact has one.
		ev.Subscription = &lifecycle.Subscription{Involuntary: n.kind == lifecycle.PaymentFailed}
		if n.kind == lifecycle.SubscriptionCancelled {
			ev.Subscription.Reason = reason
		}
	}
	return []lifecycle.Event{ev}, nil
}

func consent(p post, channel lifecycle.Channel, state lifecycle.ConsentState, evidence string) []lifecycle.Event {
	return []lifecycle.Event{{
		Type: lifecycle.ConsentChanged, At: p.at, Version: p.at,
		Consents: []lifecycle.ConsentChange{{Channel: channel, State: state, At: p.at, Evidence: evidence}},
	}}
}

// note is a line for support.
func note(p post, text string) lifecycle.Event {
	return lifecycle.Event{Type: lifecycle.Noted, At: p.at, Version: p.at, Text: strings.TrimSpace(text)}
}
