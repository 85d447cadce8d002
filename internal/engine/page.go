package engine

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/link"
	"ritorno/internal/message"
	"ritorno/internal/store"
)

// linkLife is how long a landing page can be opened, couponLife how long a
// coupon of our own may be used, which nobody makes in the shop.
const (
	linkLife   = 400 * 24 * time.Hour
	couponLife = 14 * 24 * time.Hour
)

// Page is what a landing or preference page shows.
type Page struct {
	Shop           *Shop
	Contact        lifecycle.Contact
	Message        lifecycle.Message // zero on the preference page
	Locale         string            // "it" or "en"
	FirstName      string            // cleaned; may be empty
	PreferencesURL string
	CouponExpires  time.Time // zero without a coupon
	Expired        bool      // the coupon cannot be used any more
}

// Page finds what a link code leads to, or store.ErrNotFound.
func (e *Engine) Page(ctx context.Context, code string) (Page, error) {
	if !link.ValidCode(code) {
		return Page{}, fmt.Errorf("link code: %w", store.ErrNotFound)
	}
	l, err := e.st.GetLink(ctx, code)
	if err != nil {
		return Page{}, err
	}
	c, err := e.load(ctx, l.Contact)
	if err != nil {
		return Page{}, err
	}
	p, err := e.page(c)
	if err != nil {
		return p, err
	}
	for _, m := range c.Messages {
		if m.ID == l.Message {
			p.Message = m
		}
	}
	if p.Message.ID == "" { // rolled out of the record: the page still leads to the shop
		p.Message = lifecycle.Message{ID: l.Message}
	}
	_, now, err := e.st.Now(ctx)
	if err != nil {
		return p, err
	}
	if p.Message.Coupon != "" {
		p.CouponExpires = p.Message.CouponUntil
		if p.CouponExpires.IsZero() && p.Shop.Coupon == nil { // of an older release
			p.CouponExpires = p.Message.At.Add(couponLife)
		}
		p.Expired = !p.CouponExpires.IsZero() && now.After(p.CouponExpires)
	}
	return p, nil
}

func (e *Engine) page(c lifecycle.Contact) (Page, error) {
	s, ok := e.shops[c.Shop]
	if !ok {
		return Page{}, fmt.Errorf("shop %q: %w", c.Shop, store.ErrNotFound)
	}
	name := message.Name(c.Profile.FirstName)
	return Page{
		Shop: s, Contact: c, Locale: localeOf(c, s), FirstName: name,
		PreferencesURL: e.o.PublicURL + "/u/" + e.UnsubscribeToken(s.Name, c.ID),
	}, nil
}

// localeOf is the language of pages: the contact's, else the shop's, else
// English.
func localeOf(c lifecycle.Contact, s *Shop) string {
	for _, l := range []string{c.Profile.Locale, s.Rules.Locale} {
		switch base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(l, "_", "-")), "-"); base {
		case "it", "en":
			return base
		}
	}
	return "en"
}

// Preferences finds whose preference page a token opens. A message's short
// code opens it too, so that an SMS has room for the way out.
func (e *Engine) Preferences(ctx context.Context, token string) (Page, error) {
	if link.ValidCode(token) {
		p, err := e.Page(ctx, token)
		p.Message = lifecycle.Message{}
		return p, err
	}
	t, err := link.Verify(e.st.Secret(), token)
	if err != nil {
		return Page{}, err
	}
	c, err := e.load(ctx, t.Contact)
	if err != nil {
		return Page{}, err
	}
	return e.page(c)
}

// UnsubscribeToken is the token of a contact's preference page. It works for
// ever.
func (e *Engine) UnsubscribeToken(shop, contact string) string {
	return link.Sign(e.st.Secret(), link.Token{Shop: shop, Contact: contact})
}

// Opened notes that a landing page was fetched, which is no response yet.
func (e *Engine) Opened(ctx context.Context, code string) error {
	return e.onLink(ctx, code, lifecycle.Event{Type: lifecycle.Opened, Response: &lifecycle.Response{}})
}

// Respond takes in a confirmed human reaction on a landing page.
func (e *Engine) Respond(ctx context.Context, code string, r lifecycle.Response) error {
	return e.onLink(ctx, code, lifecycle.Event{Type: lifecycle.Responded, Response: &r})
}

func (e *Engine) onLink(ctx context.Context, code string, ev lifecycle.Event) error {
	l, err := e.st.GetLink(ctx, code)
	if err != nil {
		return err
	}
	ev.Source, ev.Response.MessageID = "page", l.Message
	_, err = e.ApplyTo(ctx, l.Contact, ev)
	return err
}

// OptOut closes a channel, as the contact asked.
func (e *Engine) OptOut(ctx context.Context, contact string, ch lifecycle.Channel, source, evidence, key string) error {
	return e.consent(ctx, contact, ch, lifecycle.Unsubscribed, source, evidence, key)
}

// OptIn opens a channel again, as the contact asked.
func (e *Engine) OptIn(ctx context.Context, contact string, ch lifecycle.Channel, source, evidence, key string) error {
	return e.consent(ctx, contact, ch, lifecycle.Subscribed, source, evidence, key)
}

func (e *Engine) consent(ctx context.Context, contact string, ch lifecycle.Channel, st lifecycle.ConsentState, source, evidence, key string) error {
	_, err := e.ApplyTo(ctx, contact, lifecycle.Event{
		Type: lifecycle.ConsentChanged, Source: source, Key: key,
		Consents: []lifecycle.ConsentChange{{Channel: ch, State: st, Evidence: evidence}},
	})
	return err
}

// Pause holds all messages to a contact until a time.
func (e *Engine) Pause(ctx context.Context, contact string, until time.Time, key string) error {
	_, err := e.ApplyTo(ctx, contact, lifecycle.Event{Type: lifecycle.Paused, Source: "page", Key: key, Until: until})
	return err
}

// derive makes unguessable bytes that are the same for the same message, so
// that a repeated try carries the same link and the same coupon.
func (e *Engine) derive(purpose, id string) func([]byte) {
	var block uint64
	return func(p []byte) {
		for len(p) > 0 {
			mac := hmac.New(sha256.New, e.st.Secret())
			mac.Write([]byte(purpose + "\x00" + id))
			_ = binary.Write(mac, binary.BigEndian, block)
			block++
			n := copy(p, mac.Sum(nil))
			p = p[n:]
		}
	}
}

// Preview renders a message for a contact as it would leave now, and tells the
// contact's phone number, which decides what an SMS costs; it may be empty.
// Nothing is stored: the link of the message leads nowhere.
func (e *Engine) Preview(ctx context.Context, shop, who, template string, ch lifecycle.Channel) (out message.Message, phone string, err error) {
	c, err := e.Find(ctx, shop, who)
	if err != nil {
		return message.Message{}, "", err
	}
	_, now, err := e.st.Now(ctx)
	if err != nil {
		return message.Message{}, "", err
	}
	m := previewed(e.shops[shop], &c, template, ch, now)
	m.Code = link.Code(e.derive("link", m.ID))
	out, err = e.o.Templates.Compose(template, ch.String(), e.input(e.shops[shop], c, &m, now))
	return out, c.Phone.Key, err
}
