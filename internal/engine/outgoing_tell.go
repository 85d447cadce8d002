package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// tellLine tells the oldest news of one contact, once, and puts the line back
// where that did not work.
func (e *Engine) tellLine(ctx context.Context, t *teller, l store.Line, now time.Time) error {
	if l.Tries.Over || l.News == "" {
		e.m.outgoing.WithLabelValues(t.shop.Name, t.to.Name, "dropped").Inc()
		return gone(e.st.DropLine(ctx, t.key, l.Contact))
	}
	c, err := e.load(ctx, l.Contact)
	switch {
	case errors.Is(err, store.ErrNotFound): // erased: there is nobody to tell of
		return gone(e.st.DropLine(ctx, t.key, l.Contact))
	case err != nil:
		return err
	}
	e.at("outgoing.claimed")
	if ctx.Err() != nil {
		return nil // the process ends before it began; the lease ends, too
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellLimit) // a call under way is finished
	defer cancel()
	err = e.tell(ctx, t, &c, l, now)
	e.at("outgoing.told")
	var fault *connectors.TellFault
	switch {
	case err == nil, errors.Is(err, connectors.ErrNobody):
		e.told(t, err)
		return e.st.DoneLine(ctx, l, now)
	case errors.As(err, &fault):
		return e.notTold(ctx, t, l, fault, now)
	}
	return err
}

// tell makes the call.
func (e *Engine) tell(ctx context.Context, t *teller, c *lifecycle.Contact, l store.Line, now time.Time) error {
	if t.to.Notifier != nil {
		n, err := notice(c, l.News)
		if err != nil {
			return &connectors.TellFault{Single: true, Refused: true, Text: "the stored event is not understood: drop it"}
		}
		return t.to.Notifier.Notify(ctx, n, now)
	}
	n, err := e.telling(ctx, t, c, l)
	if err != nil {
		return err
	}
	if n.State == nil && len(n.Out) == 0 && n.LastMessage == "" && n.Coupon == "" {
		return nil // it changed back meanwhile, or the source told it itself
	}
	return t.to.Teller.Tell(ctx, n)
}

// telling is what a shop or CRM is told, as the record says now.
func (e *Engine) telling(ctx context.Context, t *teller, c *lifecycle.Contact, l store.Line) (n connectors.Telling, err error) {
	about, _, _ := strings.Cut(l.News, ":")
	sum := sha256.Sum256([]byte(t.key + "\x00" + l.Contact + "\x00" + l.News + "\x00" + strconv.Itoa(l.Tries.Failed) + l.Tries.Since.String()))
	n = connectors.Telling{Email: c.Email.Value, Key: hex.EncodeToString(sum[:16])}
	for _, ref := range c.Refs {
		if ref.Source == t.to.Source {
			n.IDs = append(n.IDs, ref.ID)
		}
	}
	if strings.Contains(about, aboutState) {
		n.State = &connectors.TellingState{State: c.State, Reason: c.Reason, Since: c.Since}
	}
	if strings.Contains(about, aboutMessage) {
		n.LastMessage, n.Coupon = lastMessage(c)
	}
	for ch := range c.Consent {
		if !strings.Contains(about, letterOf(lifecycle.Channel(ch))) {
			continue
		}
		out, ok, err := e.consentFor(ctx, t, c, lifecycle.Channel(ch))
		if err != nil {
			return n, err
		}
		if ok {
			n.Out = append(n.Out, out)
		}
	}
	return n, nil
}

// consentFor is the decision on a channel, where the source is to know it. An
// opt-in passes a gate in the record first.
func (e *Engine) consentFor(ctx context.Context, t *teller, c *lifecycle.Contact, ch lifecycle.Channel) (out connectors.TellingConsent, ok bool, err error) {
	con := c.Consent[ch]
	out = connectors.TellingConsent{Channel: ch, State: con.State(), At: con.At}
	switch {
	case con.Source == t.to.Source:
		return out, false, nil
	case out.State == lifecycle.Unsubscribed:
		return out, true, nil
	case out.State != lifecycle.Subscribed || !con.OwnConsent():
		return out, false, nil
	}
	ev := lifecycle.Event{Type: lifecycle.ConsentTold, Source: "ritorno", Consents: []lifecycle.ConsentChange{
		{Channel: ch, State: lifecycle.Subscribed, At: con.At, Source: t.to.Source},
	}}
	_, tr, err := e.update(ctx, t.shop, c.ID, ev, false)
	return out, tr.Go, err
}

// lastMessage is the newest message that a provider accepted, in words, and its
// coupon.
func lastMessage(c *lifecycle.Contact) (text, coupon string) {
	var last *lifecycle.Message
	for i := range c.Messages {
		if m := &c.Messages[i]; !m.SentAt.IsZero() && (last == nil || m.SentAt.After(last.SentAt)) {
			last = m
		}
	}
	if last == nil {
		return "", ""
	}
	return fmt.Sprintf("%s %s %d %s %s", last.SentAt.UTC().Format(time.DateOnly), last.Journey, last.Step, last.Channel, last.Template), last.Coupon
}

// told notes that a destination took what it was told, or knows nobody.
func (e *Engine) told(t *teller, err error) {
	outcome := "told"
	if err != nil {
		outcome = "nobody"
	}
	e.m.outgoing.WithLabelValues(t.shop.Name, t.to.Name, outcome).Inc()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.why != "" {
		e.log.Info("telling works again", "shop", t.shop.Name, "destination", t.to.Name)
	}
	t.row, t.why = 0, ""
}

// notTold puts a line back and tells the operator once.
func (e *Engine) notTold(ctx context.Context, t *teller, l store.Line, fault *connectors.TellFault, now time.Time) error {
	tries, next := retryAt(l.Tries, now, fault.RetryAfter)
	tries.Why = fault.Text
	outcome := "failed"
	if tries.Over {
		outcome = "given_up"
		e.log.Error("nobody could be told: given up", "shop", t.shop.Name, "destination", t.to.Name, "contact", l.Contact, "reason", fault.Text)
	}
	e.m.outgoing.WithLabelValues(t.shop.Name, t.to.Name, outcome).Inc()
	if !fault.Single {
		t.fail(e, fault)
	}
	return e.st.LaterLine(ctx, l, next, tries)
}

func (t *teller) fail(e *Engine, fault *connectors.TellFault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.row++
	if t.why != fault.Text {
		t.why = fault.Text
		e.log.Error("a destination cannot be told; it is tried again", "shop", t.shop.Name, "destination", t.to.Name, "reason", fault.Text)
	}
}
