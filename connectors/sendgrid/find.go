package sendgrid

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// early is how much older than the attempt its record may seem, because
// SendGrid's clock is not ours.
const early = 2 * time.Minute

// How many messages a search asks for: to one address, and of the account.
const (
	perAddress = 20
	perAccount = 100
)

var _ connectors.Finder = (*Sender)(nil)

// Find looks for the attempt by its id, which went along as a custom argument.
// First it searches for what the account sent since, then for what went to
// this address: what the first search shows proves how far the logs had come
// at the second, never the other way round. Each request is made at most four
// times; there is one more for each message to the address.
func (s *Sender) Find(ctx context.Context, a connectors.Attempted) (connectors.Evidence, error) {
	to, ok := quoted(a.To)
	if !ok || a.Attempt == "" {
		return connectors.Evidence{}, &connectors.LookupError{Lookup: lookup, Err: fmt.Errorf("the attempt has no id, or no address that can be searched for: %w", connectors.ErrNoRecords)}
	}
	all, err := s.search(ctx, "sg_message_id_created_at >= "+timestamp(a.Started), perAccount)
	if err != nil {
		return connectors.Evidence{}, err
	}
	rows, err := s.search(ctx, "to_email = "+to+" AND sg_message_id_created_at >= "+timestamp(a.Started.Add(-early)), perAddress)
	if err != nil {
		return connectors.Evidence{}, err
	}
	why := ""
	for _, r := range rows {
		e, doubt, err := s.look(ctx, r, a)
		if err != nil || e.Found {
			return e, err
		}
		why = cmp.Or(why, doubt)
	}
	if len(rows) >= perAddress {
		why = cmp.Or(why, "too many messages to this address")
	}
	return absent(s.newest(all, a.Started), why), nil
}

// look compares the log of one message with the attempt. doubt says why it
// could be the attempt although it does not show it.
func (s *Sender) look(ctx context.Context, r row, a connectors.Attempted) (e connectors.Evidence, doubt string, err error) {
	if r.ID == "" || len(r.ID) > maxField || strings.ContainsFunc(r.ID, notPrintable) {
		return e, "a message to this address has no usable id", nil
	}
	log, err := s.entry(ctx, r.ID)
	switch {
	case errors.Is(err, errGone):
		return e, "a message to this address is listed, but its log is not there yet", nil
	case err != nil:
		return e, "", err
	}
	e, doubt = log.compare(a)
	if !strings.EqualFold(r.From, s.o.From.Email) {
		doubt = "" // sent by somebody else with this account
	}
	return e, doubt, nil
}

// compare judges one log. Another attempt of the same message settles this one
// too: the contact has the message.
func (l entry) compare(a connectors.Attempted) (e connectors.Evidence, doubt string) {
	attempt, message := text(l.Args, argAttempt), text(l.Args, argMessage)
	switch {
	case attempt != "" && attempt == a.Attempt:
		e = l.evidence()
		e.What = "found in SendGrid's e-mail logs by the attempt's id"
	case message != "" && message == a.MessageID:
		e = l.evidence()
		e.What = "found in SendGrid's e-mail logs by the message's id, from another attempt"
	case attempt == "":
		doubt = "a message from our sender to this address shows no attempt's id"
	}
	return e, doubt
}

// evidence reads what became of the message.
func (l entry) evidence() connectors.Evidence {
	var e Event
	switch l.Status {
	case "delivered":
		e.Status = lifecycle.Delivered
	case "bounced":
		bounce(&e, "bounce")
	case "blocked":
		bounce(&e, "blocked")
	case "dropped":
		drop(&e, l.dropped())
	default: // processed, deferred: SendGrid has it
		e.Status = lifecycle.SentStatus
	}
	id, _, _ := strings.Cut(l.ID, ".")
	if len(id) > maxField || strings.ContainsFunc(id, notPrintable) {
		id = ""
	}
	return connectors.Evidence{Found: true, ProviderID: id, Status: e.Status, Reason: e.Reason, Suppress: e.Suppress}
}

// dropped is SendGrid's reason for a drop; empty: none told.
func (l entry) dropped() string {
	for _, e := range l.Events {
		if reason := text(e, "reason"); reason != "" && (text(e, "event") == "dropped" || text(e, "event") == "cancel_drop") {
			return reason
		}
	}
	return ""
}

// absent says whether "not found" may be believed.
func absent(newest time.Time, why string) connectors.Evidence {
	e := connectors.Evidence{Newest: newest}
	if newest.IsZero() {
		why = cmp.Or(why, "the logs show no newer message of ours yet")
	}
	if why != "" {
		e.What = "not found in SendGrid's e-mail logs, which proves nothing: " + why
		return e
	}
	e.Fresh, e.What = true, "not in SendGrid's e-mail logs, which show newer messages of ours"
	return e
}

// newest is when the newest message from our sender was made, if that was
// after the attempt began.
func (s *Sender) newest(rows []row, started time.Time) time.Time {
	var newest time.Time
	for _, r := range rows {
		t, err := time.Parse(time.RFC3339, r.Created)
		if err == nil && strings.EqualFold(r.From, s.o.From.Email) && t.After(started) && t.After(newest) {
			newest = t.UTC()
		}
	}
	return newest
}
