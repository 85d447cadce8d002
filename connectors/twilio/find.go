package twilio

import (
	"context"
	"fmt"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
	"ritorno/internal/link"
)

// early is how much older than the attempt its record may seem, because
// Twilio's clock is not ours.
const early = 2 * time.Minute

var _ connectors.Finder = (*Sender)(nil)

// Find looks for the attempt by the short link inside its text. First it reads
// the newest messages of the whole account, then those to this number: what
// the first list shows proves how far the records had come when the second was
// read, never the other way round. Both are read at most four times.
func (s *Sender) Find(ctx context.Context, a connectors.Attempted) (connectors.Evidence, error) {
	switch {
	case a.To == "":
		return connectors.Evidence{}, &connectors.LookupError{Lookup: lookup, Err: fmt.Errorf("the attempt has no number: %w", connectors.ErrNoRecords)}
	case !link.ValidCode(a.Code):
		return connectors.Evidence{}, &connectors.LookupError{Lookup: lookup, Err: fmt.Errorf("the attempt's text has no short link to know it by: %w", connectors.ErrNoRecords)}
	}
	all, err := s.list(ctx, "")
	if err != nil {
		return connectors.Evidence{}, err
	}
	if e, ok := find(all, a); ok {
		return e, nil
	}
	to, err := s.list(ctx, a.To)
	if err != nil {
		return connectors.Evidence{}, err
	}
	if e, ok := find(to, a); ok {
		return e, nil
	}
	return s.absent(all, to, a), nil
}

// find picks the attempt's record out of a list.
func find(p page, a connectors.Attempted) (connectors.Evidence, bool) {
	for _, r := range p.records {
		if r.Direction == "outbound-api" && r.bears(a.Code) && within(r, a) {
			return evidence(r), true
		}
	}
	return connectors.Evidence{}, false
}

func within(r record, a connectors.Attempted) bool {
	t, ok := r.created()
	return ok && !t.Before(a.Started.Add(-early))
}

func evidence(r record) connectors.Evidence {
	e := connectors.Evidence{Found: true, ProviderID: sid(&r.SID), Status: lifecycle.SentStatus, What: "found in Twilio's list of messages by the link in its text"}
	if status, ok := states[r.Status]; ok {
		e.Status = status
	}
	if e.Status == lifecycle.Failed {
		e.Reason, e.Suppress = failure(r.code())
	}
	return e
}

// absent says whether "not found" may be believed.
func (s *Sender) absent(all, to page, a connectors.Attempted) connectors.Evidence {
	e := connectors.Evidence{Newest: s.newest(all, a.Started)}
	why := hidden(all, a)
	if why == "" {
		why = hidden(to, a)
	}
	if why == "" && cut(to, a) {
		why = "too many newer ones to this number"
	}
	if why == "" && e.Newest.IsZero() {
		why = "the list shows no newer message of ours yet"
	}
	if why != "" {
		e.What = "not found in Twilio's list of messages, which proves nothing: " + why
		return e
	}
	e.Fresh, e.What = true, "not in Twilio's list of messages, which shows newer ones of ours"
	return e
}

// newest is when the newest readable message from our sender was made, if that
// was after the attempt began.
func (s *Sender) newest(p page, started time.Time) time.Time {
	var newest time.Time
	for _, r := range p.records {
		ours := r.Direction == "outbound-api" && (s.o.From != "" && r.From == s.o.From || s.o.MessagingServiceSID != "" && r.Service == s.o.MessagingServiceSID)
		t, ok := r.created()
		// A masked number or text means that Twilio hides what we search by.
		if ours && ok && r.Body != "" && !masked(r.To) && t.After(started) && t.After(newest) {
			newest = t.UTC()
		}
	}
	return newest
}

// hidden says why one of the records could be the attempt although it does
// not match. Empty: none could.
func hidden(p page, a connectors.Attempted) string {
	for _, r := range p.records {
		switch {
		case r.Direction != "outbound-api":
		case r.bears(a.Code):
			return "an older message, or one without a date, has the same link"
		case r.Body == "" && (r.To == a.To || masked(r.To)) && !before(r, a):
			return "Twilio does not keep the texts of messages"
		}
	}
	return ""
}

// before says that a record is surely too old to be the attempt.
func before(r record, a connectors.Attempted) bool {
	t, ok := r.created()
	return ok && t.Before(a.Started.Add(-early))
}

// cut says whether the list ends before it reaches back to the attempt.
func cut(p page, a connectors.Attempted) bool {
	if !p.more && len(p.records) < pageSize {
		return false
	}
	for _, r := range p.records {
		if before(r, a) {
			return false
		}
	}
	return true
}
