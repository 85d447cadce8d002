package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/link"
	"ritorno/internal/store"
)

// pauseFor is the pause that the page offers.
const pauseFor = 90 * 24 * time.Hour

// channel is one channel on the preference page.
type channel struct {
	Name, Label, Address string
	On                   bool
}

// choices is the own part of the preference page.
type choices struct {
	Action   string
	Channels []channel
	Paused   string // day; empty: not paused
}

// preferences shows what a contact gets. Looking changes nothing: scanners
// fetch every link of a message.
func (s *Server) preferences(c echo.Context) error {
	p, err := s.engine.Preferences(c.Request().Context(), Param(c, "token"))
	if err != nil {
		return err
	}
	if c.Request().Method == http.MethodHead {
		return c.NoContent(http.StatusOK)
	}
	return s.showPreferences(c, p, "")
}

func (s *Server) showPreferences(c echo.Context, p engine.Page, notice string) error {
	now, err := s.now(c.Request().Context())
	if err != nil {
		return err
	}
	w, r := wordsFor(p.Locale), &p.Shop.Rules
	b := choices{Action: "/u/" + url.PathEscape(Param(c, "token"))}
	for _, ch := range []lifecycle.Channel{lifecycle.Email, lifecycle.SMS} {
		if at := masked(ch, p.Contact); at != "" {
			b.Channels = append(b.Channels, channel{ch.String(), labelOf(w, ch), at, on(p, ch, now)})
		}
	}
	if p.Contact.PausedTo.After(now) {
		b.Paused = w.day(p.Contact.PausedTo, r.LocationOf(&p.Contact))
	}
	return s.show(c, http.StatusOK, "preferences.html", view{
		T: w, Title: w.PrefTitle, Lead: w.PrefLead, Shop: shopName(p.Shop), Notice: notice, HomeURL: r.HomeURL, Body: b,
	})
}

// savePreferences takes a one-click unsubscribe of a mail program (RFC 8058) or
// the page's own form. It needs no cookie and no login, never redirects, and
// may be repeated.
func (s *Server) savePreferences(c echo.Context) error {
	form, err := readForm(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	p, err := s.engine.Preferences(ctx, Param(c, "token"))
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, link.ErrToken):
		w := s.wordsOf(c)
		return s.show(c, http.StatusOK, "notice.html", view{T: w, Title: w.TakenTitle, Lead: w.TakenText})
	case err != nil:
		return err
	case !form.Has("form"):
		return s.oneClick(c, p)
	}
	notice, err := s.save(ctx, p, form)
	if err != nil {
		return err
	}
	if p, err = s.engine.Preferences(ctx, Param(c, "token")); err != nil {
		return err
	}
	return s.showPreferences(c, p, notice)
}

// oneClick closes e-mail before it answers. Whatever came without the page's
// own mark is taken for it: nobody posts here to go on getting mail.
func (s *Server) oneClick(c echo.Context, p engine.Page) error {
	if err := s.out(c.Request().Context(), p, lifecycle.Email, "one-click"); err != nil {
		return err
	}
	w := wordsFor(p.Locale)
	return s.show(c, http.StatusOK, "notice.html", view{T: w, Title: w.OutTitle, Lead: w.OutText, Shop: shopName(p.Shop), PrefsURL: localPath(p.PreferencesURL)})
}

// save does what the page's form asks for.
func (s *Server) save(ctx context.Context, p engine.Page, form url.Values) (notice string, err error) {
	w := wordsFor(p.Locale)
	if err := s.why(ctx, p, form); err != nil {
		return "", err
	}
	if form.Get("all") == "off" {
		for _, ch := range []lifecycle.Channel{lifecycle.Email, lifecycle.SMS} {
			if err := s.out(ctx, p, ch, "page"); err != nil {
				return "", err
			}
		}
		return w.PrefOut, nil
	}
	for _, ch := range []lifecycle.Channel{lifecycle.Email, lifecycle.SMS} {
		if err := s.set(ctx, p, ch, form[ch.String()]); err != nil {
			return "", err
		}
	}
	return s.pause(ctx, p, form.Get("pause"))
}

// set puts a channel where the form wants it. The form sends "off" always and
// "on" besides when the box is ticked. A box that was ticked already is no new
// consent.
func (s *Server) set(ctx context.Context, p engine.Page, ch lifecycle.Channel, wanted []string) error {
	switch {
	case slices.Contains(wanted, "on"):
		now, err := s.now(ctx)
		if err != nil {
			return err
		}
		if on(p, ch, now) {
			return nil
		}
		return s.engine.OptIn(ctx, p.Contact.ID, ch, "page", "preference page", "")
	case slices.Contains(wanted, "off"):
		return s.out(ctx, p, ch, "page")
	}
	return nil
}

func (s *Server) out(ctx context.Context, p engine.Page, ch lifecycle.Channel, source string) error {
	if p.Contact.Consent[ch].State() == lifecycle.Unsubscribed {
		return nil
	}
	evidence := "preference page"
	if source == "one-click" {
		evidence = "List-Unsubscribe-Post"
	}
	return s.engine.OptOut(ctx, p.Contact.ID, ch, source, evidence, "")
}

// pause holds everything for 90 days from now, where the form asks for it.
func (s *Server) pause(ctx context.Context, p engine.Page, wanted string) (notice string, err error) {
	w := wordsFor(p.Locale)
	if wanted != "90d" {
		return w.PrefSaved, nil
	}
	now, err := s.now(ctx)
	if err != nil {
		return "", err
	}
	return w.PrefPausedNow, s.engine.Pause(ctx, p.Contact.ID, now.Add(pauseFor), "")
}

// why notes why somebody leaves, for the shop to read. It changes nothing.
func (s *Server) why(ctx context.Context, p engine.Page, form url.Values) error {
	why := tidy(form.Get("why"))
	if why == "" {
		return nil
	}
	if !slices.ContainsFunc(english.PrefReasons, func(c choice) bool { return c.Value == why }) {
		why = "other"
	}
	_, err := s.engine.ApplyTo(ctx, p.Contact.ID, lifecycle.Event{Type: lifecycle.Noted, Source: "page", Text: "preferences: " + why})
	return err
}

// on reports whether the contact gets messages on a channel today.
func on(p engine.Page, ch lifecycle.Channel, now time.Time) bool {
	st := p.Contact.Consent[ch].State()
	if st == lifecycle.Unknown && p.Contact.Consent[ch].Decided == lifecycle.Unknown {
		st = p.Shop.Rules.Assume[ch]
	}
	return st == lifecycle.Subscribed || p.Shop.Rules.Basis(&p.Contact, ch, now) != lifecycle.NoBasis
}

func labelOf(w *words, ch lifecycle.Channel) string {
	if ch == lifecycle.SMS {
		return w.PrefSMS
	}
	return w.PrefEmail
}

// masked is enough of an address for its owner to know it, and for nobody else.
func masked(ch lifecycle.Channel, c lifecycle.Contact) string {
	if ch == lifecycle.SMS {
		return MaskPhone(c.Phone.Key)
	}
	return MaskEmail(c.Email.Value)
}

// MaskEmail leaves the first letter and the domain.
func MaskEmail(email string) string {
	at := strings.LastIndexByte(email, '@')
	if at < 0 {
		return ""
	}
	start := []rune(email[:at])
	if len(start) > 1 {
		start = start[:1]
	}
	return string(start) + "•••" + email[at:]
}

// MaskPhone leaves the first three and the last two digits.
func MaskPhone(phone string) string {
	if len(phone) < 8 {
		return ""
	}
	return phone[:3] + " ••• " + phone[len(phone)-2:]
}
