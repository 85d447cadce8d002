package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// noteWithin bounds what a note may cost a delivery.
const noteWithin = time.Second

// delivery is one call of a source.
type delivery struct {
	shop, source, kind string
	called             string // what a source that is a Namer calls the news; may be empty
	req                connectors.Request
}

// namesOf says which headers of a kind tell topic and shop, the first that is
// there. They are unsigned: good for the owner's eyes only.
var namesOf = map[string]struct{ topic, domain []string }{
	"shopify":     {[]string{"X-Shopify-Topic", "Shopify-Topic"}, []string{"X-Shopify-Shop-Domain", "Shopify-Shop-Domain"}},
	"woocommerce": {[]string{"X-Wc-Webhook-Topic"}, []string{"X-Wc-Webhook-Source"}},
	"recharge":    {[]string{"X-Recharge-Topic"}, nil},
}

// kept are the beginnings of headers that a source may need to read a body
// again. None of them holds a token.
var kept = []string{
	"Content-Type", "X-Shopify-", "Shopify-", "X-Wc-", "X-Recharge-", "Stripe-", "Webhook-", "Svix-", "User-Agent",
}

// note counts a delivery in the status of its source. It is a statistic:
// failing it never fails the delivery.
func (s *Server) note(ctx context.Context, d delivery, outcome store.Outcome, events []lifecycle.Event) {
	if ctx.Value(fromRead{}) != nil {
		return // nobody delivered it: the status must show whether webhooks still come
	}
	s.m.hooks.WithLabelValues(d.shop, d.source, string(outcome)).Inc()
	n := store.Note{At: d.req.Now, Topic: d.topic(events), Outcome: outcome, Domain: first(d.req.Header, namesOf[d.kind].domain)}
	if n.At.IsZero() {
		n.At = d.req.ReceivedAt
	}
	if outcome == store.OutcomeDead {
		n.Error = "malformed"
	}
	if i := slices.IndexFunc(events, func(e lifecycle.Event) bool { return e.Type == lifecycle.SourceGone }); i >= 0 {
		n.Gone = true
		s.log.Warn("source was disconnected by the shop; nothing is erased before the owner confirms", "shop", d.shop, "source", d.source)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noteWithin)
	defer cancel()
	if err := s.store.NoteDelivery(ctx, d.shop, d.source, n); err != nil {
		s.log.Warn("delivery not counted", "shop", d.shop, "source", d.source, "error", err)
	}
}

// topic is what the source calls the news, else what we call it.
func (d delivery) topic(events []lifecycle.Event) string {
	if t := first(d.req.Header, namesOf[d.kind].topic); t != "" {
		return t
	}
	if d.called != "" {
		return d.called
	}
	if len(events) > 0 {
		return string(events[0].Type)
	}
	return ""
}

func first(h http.Header, names []string) string {
	for _, n := range names {
		if v := h.Get(n); v != "" {
			return strings.ToValidUTF8(v, "")
		}
	}
	return ""
}

// bury keeps a delivery as a dead letter, with the place and the reason of what
// was not understood. The same delivery again replaces it. If even that fails,
// nothing may be acknowledged.
func (s *Server) bury(ctx context.Context, d delivery, reason string, cause error) (Accepted, error) {
	if errors.Is(cause, connectors.ErrMalformed) {
		reason = reasonOf(cause)
	}
	grave := d.grave()
	known, err := s.store.Flag(ctx, grave)
	id := known
	if err == nil {
		id, err = s.store.PutDead(ctx, store.DeadLetter{
			ID: known, Shop: d.shop, Source: d.source, Reason: reason, Method: d.req.Method,
			Query: withoutSecrets(d.req.Query), Header: keptHeaders(d.req.Header, s.o.Sources[d.shop][d.source].Source), Body: d.req.Body, At: d.req.Now,
		})
	}
	if err == nil && known == "" {
		err = s.store.SetFlag(ctx, grave, id, store.DeadLife)
	}
	if err != nil && !Unconfirmed(err) {
		s.log.Error("dead letter not kept", "shop", d.shop, "source", d.source, "error", err)
		err = errors.Join(store.ErrUnavailable, err)
	}
	if err != nil {
		return Accepted{}, err
	}
	s.note(ctx, d, store.OutcomeDead, nil)
	return Accepted{Accepted: true, Dead: true}, nil
}

// maxReason bounds the reason of a dead letter.
const maxReason = 300

// reasonOf names a place, never a value.
func reasonOf(cause error) string {
	text := cause.Error()
	return strings.ToValidUTF8(text[:min(len(text), maxReason)], "")
}

// grave is the name under which it is remembered which letter a delivery
// became.
func (d delivery) grave() string {
	sum := sha256.New()
	for _, part := range []string{d.shop, d.source, d.topic(nil), string(d.req.Body)} {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return "dead:" + hex.EncodeToString(sum.Sum(nil)[:16])
}

// secretParams are parts of a URL that open it.
var secretParams = []string{"token", "secret", "key", "signature"}

func withoutSecrets(q url.Values) string {
	left := url.Values{}
	for name, values := range q {
		if !slices.Contains(secretParams, strings.ToLower(name)) {
			left[name] = values
		}
	}
	return left.Encode()
}

// maxHeader bounds one kept header, so that a letter is never too large.
const maxHeader = 2 << 10

// keptEnds are the ends of headers in which systems name the kind of news: an
// owner who mends a mapping may need them.
var keptEnds = []string{"-Topic", "-Event", "-Type", "-Action"}

func keptHeaders(h http.Header, src connectors.Source) map[string]string {
	var read []string
	var secret string
	if u, ok := src.(connectors.HeaderUser); ok {
		read, secret = u.Headers()
	}
	out := map[string]string{}
	for name := range h {
		keep := slices.Contains(read, name) || slices.ContainsFunc(kept, func(k string) bool { return strings.HasPrefix(name, k) }) ||
			slices.ContainsFunc(keptEnds, func(k string) bool { return strings.HasSuffix(name, k) })
		if v := h.Get(name); keep && name != secret && len(v) <= maxHeader && len(out) < 24 {
			out[name] = strings.ToValidUTF8(v, "")
		}
	}
	return out
}

// Unconfirmed reports whether err leaves open if the store took the news.
func Unconfirmed(err error) bool {
	return errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
