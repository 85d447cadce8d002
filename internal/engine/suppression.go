package engine

import (
	"context"
	"slices"
	"time"

	"ritorno/internal/defect"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// withSuppression keeps a person who was erased out of journeys. Where one of
// their addresses comes in new, it comes in as opted out at the time of the
// erasure, so that only a later opt-in of their own counts. What an import says
// of consent is old news, whatever its date: it never opens such a channel.
func (e *Engine) withSuppression(ctx context.Context, s *Shop, ev lifecycle.Event, r resolved) (lifecycle.Event, error) {
	ds, chs := e.toSuppress(s, ev, r)
	if len(ds) == 0 || defect.On("suppression") {
		return ev, nil
	}
	marks, err := e.st.Suppressed(ctx, ds...)
	if err != nil {
		return ev, err
	}
	ev.Consents = slices.Clone(ev.Consents) // an event may be taken in again
	for i, mark := range marks {
		if mark == "" {
			continue
		}
		object(&ev, chs[i], mark)
	}
	return ev, nil
}

// object lets an event say what an entry of the suppression list says of a
// channel. It changes the event's own list of consents.
func object(ev *lifecycle.Event, ch lifecycle.Channel, mark string) {
	at, ok := erasedAt(mark)
	if !ok {
		at = time.Now().UTC()
	}
	if ev.Historical {
		ev.Consents = slices.DeleteFunc(ev.Consents, func(n lifecycle.ConsentChange) bool {
			return n.Channel == ch && n.State != lifecycle.Unsubscribed
		})
	}
	ev.Consents = append(ev.Consents, lifecycle.ConsentChange{Channel: ch, State: lifecycle.Unsubscribed, At: at, Source: "suppression", Evidence: "erased or objected before"})
}

// toSuppress are the addresses of an event that must be held against the list:
// those that are new to the record, and all of an import that brings consent.
func (e *Engine) toSuppress(s *Shop, ev lifecycle.Event, r resolved) (ds []store.Digest, chs []lifecycle.Channel) {
	old := ev.Historical && len(ev.Consents) > 0
	add := func(ch lifecycle.Channel, look store.Digest, key string) {
		if look != noDigest && (r.fresh || old || slices.Contains(r.pointed, look)) {
			ds, chs = append(ds, store.Digest(e.keys.Suppression(s.Name, ch.String(), key))), append(chs, ch)
		}
	}
	add(lifecycle.Email, r.email, r.address)
	add(lifecycle.SMS, r.phone, r.e164)
	return ds, chs
}
