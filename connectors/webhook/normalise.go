package webhook

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// told is one request while it is read.
type told struct {
	kind string    // the envelope's type
	key  string    // of the delivery
	at   time.Time // when the envelope says it was, else now
	payload
}

// types is what we use; everything else is ignored.
var types = map[string]func(told) (lifecycle.Event, error){
	"order.created":   orderTold(lifecycle.OrderPaid),
	"order.paid":      orderTold(lifecycle.OrderPaid),
	"order.updated":   orderTold(lifecycle.OrderPaid),
	"order.cancelled": orderTold(lifecycle.OrderVoid),
	"order.refunded":  refunded,

	"subscription.renewed":   renewed,
	"subscription.started":   subscribed(lifecycle.SubscriptionStarted),
	"subscription.cancelled": subscribed(lifecycle.SubscriptionCancelled),
	"subscription.paused":    subscribed(lifecycle.SubscriptionPaused),
	"payment.failed":         subscribed(lifecycle.PaymentFailed),

	"contact.created": contact(lifecycle.ContactChanged),
	"contact.updated": contact(lifecycle.ContactChanged),
	"contact.deleted": contact(lifecycle.ContactDeleted),
	"contact.merged":  merged,
	"contact.erase":   contact(lifecycle.EraseRequested),
	"consent.changed": consentChanged,
}

// Normalise turns a verified request into one event, or into several where a
// mapping says how.
func (s *Source) Normalise(r connectors.Request) ([]lifecycle.Event, error) {
	if s.mapping != nil {
		return s.mapped(r)
	}
	var e envelope
	if err := connectors.Decode(r.Body, &e); err != nil {
		return nil, err
	}
	key, at := delivery(r, e)
	return e.events(key, at)
}

// events is what the envelope tells: one event, or none that we use.
func (e envelope) events(key string, at time.Time) ([]lifecycle.Event, error) {
	t := told{kind: strings.ToLower(strings.TrimSpace(string(e.Type))), key: key, at: at, payload: e.Data.Value}
	if t.kind == "" {
		return nil, connectors.Malformed("/type", "is missing: say what happened, such as order.created")
	}
	read, used := types[t.kind]
	if !used {
		return nil, nil
	}
	if !e.Data.Set {
		return nil, connectors.Malformed("/data", "is missing")
	}
	if t.Test.On {
		return nil, nil
	}
	ev, err := read(t)
	if err != nil {
		return nil, err
	}
	if ev.Consents, err = t.consents(ev.At); err != nil {
		return nil, err
	}
	if ev.Type == lifecycle.ConsentChanged && len(ev.Consents) == 0 {
		return nil, connectors.Malformed("/data/consent", "is missing: name email or sms with a state")
	}
	if ev.OrderID() != "" {
		if ev.Owner, err = t.owner(); err != nil {
			return nil, err
		}
	}
	ev.Key = t.key
	ev.Version = firstKnown(t.Updated.Time, t.at, ev.At)
	return []lifecycle.Event{ev}, nil
}

// delivery is the key that all tries of one delivery share, and the time of
// what it tells. Senders without webhook-id may put an id into the envelope.
func delivery(r connectors.Request, e envelope) (key string, at time.Time) {
	// Not webhook-timestamp: it is that of the try and of the sender's clock.
	at = firstKnown(e.Timestamp.Time, r.Now.UTC())
	if h, err := readHeaders(r.Header); err == nil {
		return "webhook " + h.id, at
	}
	if id := r.Header.Get("Webhook-Id"); id != "" && len(id) <= 256 { // beside a bearer token
		return "webhook " + id, at
	}
	if e.ID != "" {
		return "id " + string(e.ID), at
	}
	sum := sha256.Sum256(r.Body)
	return "body " + hex.EncodeToString(sum[:16]), at
}

// firstKnown is the first time that says something, zero if none does.
func firstKnown(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
