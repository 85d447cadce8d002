package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"ritorno/connectors"
	"ritorno/internal/store"
)

// Replay reads a dead letter again and applies it, without its signature: that
// was checked when it came. The letter goes when its events are stored. Events
// that were stored before, with the delivery or by another replay, are known
// by their keys and change nothing.
func (s *Server) Replay(ctx context.Context, l store.DeadLetter) (Accepted, error) {
	src, known := s.o.Sources[l.Shop][l.Source]
	if !known {
		return Accepted{}, errSourceGone
	}
	events, cause := normalise(src.Source, s.requestOf(l))
	out := Accepted{Accepted: true, Ignored: true}
	if len(events) > 0 {
		var err error
		if out, err = s.Apply(ctx, l.Shop, l.Source, events); err != nil {
			return Accepted{}, err
		}
	}
	if cause != nil {
		l.Tries++
		l.Reason = reasonOf(cause)
		if _, err := s.store.PutDead(ctx, l); err != nil {
			return Accepted{}, err
		}
		return Accepted{}, cause
	}
	if err := s.store.DeleteDead(ctx, l.Shop, l.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
		return Accepted{}, err
	}
	return out, nil
}

var errSourceGone = &Fault{Status: 409, Code: "source_missing", Detail: "The letter's source is no longer in the configuration: add it again, or delete the letter."}

// Replays is what became of many dead letters.
type Replays struct {
	Applied int        `json:"applied"` // gone: their events are stored, or were before
	Ignored int        `json:"ignored"` // gone: nothing in them is used
	Stay    int        `json:"stay"`
	Letters []Replayed `json:"letters"`
}

// Replayed is what became of one of them.
type Replayed struct {
	ID     string `json:"id"`
	Source string `json:"source"`
	Result string `json:"result"` // applied, ignored or stays
	Reason string `json:"reason,omitempty"`
}

// ReplayAll replays one page of a shop's letters, newest first; source "" is
// all of them. before is the id of the last letter of the page before, or "".
// next is that of this page, "" at the end. The error says that the store
// cannot be asked: the report holds what was done until then.
func (s *Server) ReplayAll(ctx context.Context, shop, source, before string, n int) (report Replays, next string, err error) {
	report.Letters = []Replayed{}
	heads, err := s.store.ListDead(ctx, shop, before, n)
	if err != nil {
		return report, "", err
	}
	for _, head := range heads {
		if source != "" && head.Source != source {
			continue
		}
		if err := s.replayOne(ctx, shop, head, &report); err != nil {
			return report, "", err
		}
	}
	if len(heads) == n {
		next = heads[n-1].ID
	}
	return report, next, nil
}

func (s *Server) replayOne(ctx context.Context, shop string, head store.DeadLetter, report *Replays) error {
	l, err := s.store.GetDead(ctx, shop, head.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil // another replay was faster
	}
	one := Replayed{ID: head.ID, Source: head.Source, Result: "applied"}
	var out Accepted
	if err == nil {
		out, err = s.Replay(ctx, l)
	}
	switch {
	case Unconfirmed(err):
		return err
	case err != nil:
		one.Result, one.Reason = "stays", whyStays(err)
		report.Stay++
	case out.Ignored && !out.Duplicate:
		one.Result = "ignored"
		report.Ignored++
	default:
		report.Applied++
	}
	report.Letters = append(report.Letters, one)
	return nil
}

// whyStays is a reason in words that hold no value of the letter.
func whyStays(err error) string {
	if errors.Is(err, connectors.ErrMalformed) {
		return reasonOf(err)
	}
	return faultOf(err).Detail
}

// requestOf is a letter as the call that it was.
func (s *Server) requestOf(l store.DeadLetter) connectors.Request {
	header := http.Header{}
	for name, v := range l.Header {
		header.Set(name, v)
	}
	query, _ := url.ParseQuery(l.Query) // written by Encode
	target := "/hooks/" + url.PathEscape(l.Shop) + "/" + url.PathEscape(l.Source)
	if l.Query != "" {
		target += "?" + l.Query
	}
	return connectors.Request{
		Method: l.Method, URL: s.o.PublicURL + target, Header: header, Query: query,
		Body: l.Body, ReceivedAt: l.At, Now: l.At,
	}
}
