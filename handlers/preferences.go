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

// The pauses that the page offers, from today.
const (
	pauseFor   = 90 * 24 * time.Hour
	pauseBrief = 30 * 24 * time.Hour
)

// channel is one channel on the preference page.
type channel struct {
	Name, Label, Address string
	On                   bool
}

// prefBody is the own part of the preference page.
type prefBody struct {
	Action          string
	Channels        []channel
	Open            bool   // some channel is
	Keep            bool   // one tap stays
	Told            bool   // why they leave
	Paused          string // day; empty: not paused
	Shorter, Longer bool   // what a pause may be changed into
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
	return s.showPreferences(c, p, "", false)
}

func (s *Server) showPreferences(c echo.Context, p engine.Page, notice string, told bool) error {
	now, err := s.now(c.Request().Context())
	if err != nil {
		return err
	}
	v := s.viewOf(p)
	v.Title, v.Lead, v.Notice = v.T.PrefTitle, v.T.PrefLead, notice
	b := prefBody{Action: "/u/" + url.PathEscape(Param(c, "token")), Keep: goodbye(p), Told: told}
	for _, ch := range []lifecycle.Channel{lifecycle.Email, lifecycle.SMS} {
		if at := masked(ch, p.Contact); at != "" {
			b.Channels = append(b.Channels, channel{ch.String(), labelOf(v.T, ch), at, on(p, ch, now)})
			b.Open = b.Open || on(p, ch, now)
		}
	}
	if left := p.Contact.PausedTo.Sub(now); left > 0 {
		b.Paused = v.T.day(p.Contact.PausedTo, p.Shop.Rules.LocationOf(&p.Contact))
		b.Shorter, b.Longer = left > pauseBrief, left < pauseFor-24*time.Hour
	}
	v.Body = b
	return s.show(c, http.StatusOK, "preferences.html", v)
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
	return s.showPreferences(c, p, notice, form.Get("why") != "")
}

// oneClick closes e-mail before it answers. Whatever came without the page's
// own mark is taken for it: nobody posts here to go on getting mail.
func (s *Server) oneClick(c echo.Context, p engine.Page) error {
	if err := s.out(c.Request().Context(), p, lifecycle.Email, "one-click"); err != nil {
		return err
	}
	v := s.viewOf(p)
	v.Title, v.Lead, v.PrefsURL = v.T.OutTitle, v.T.OutText, localPath(p.PreferencesURL)
	return s.show(c, http.StatusOK, "notice.html", v)
}

// save does what a form of the page asks for. Each has its own button, and what
// it does not name stays as it is.
func (s *Server) save(ctx context.Context, p engine.Page, form url.Values) (notice string, err error) {
	w := wordsFor(p.Locale, p.Shop.Rules.Business)
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
	switch {
	case form.Get("keep") == "yes":
		return w.StayNoted, s.stay(ctx, p)
	case form.Get("pause") != "":
		return s.pause(ctx, p, w, form.Get("pause"))
	case form.Get("why") != "" && !form.Has("email") && !form.Has("sms"):
		return w.LeaveNoted, nil
	}
	return w.PrefSaved, nil
}

// stay is the one tap that stays: a reaction to the last message.
func (s *Server) stay(ctx context.Context, p engine.Page) error {
	r := lifecycle.Response{Kind: lifecycle.ResponseSeen}
	if n := len(p.Contact.Messages); n > 0 {
		r.MessageID = p.Contact.Messages[n-1].ID
	}
	_, err := s.engine.ApplyTo(ctx, p.Contact.ID, lifecycle.Event{Type: lifecycle.Responded, Source: "page", Response: &r})
	return err
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

// pause holds everything from now for as long as the form says, also when that
// is shorter than before, or ends the pause. Other wishes change nothing.
func (s *Server) pause(ctx context.Context, p engine.Page, w *words, wanted string) (notice string, err error) {
	length, ok := map[string]time.Duration{"90d": pauseFor, "30d": pauseBrief, "off": 0}[wanted]
	if !ok {
		return w.PrefSaved, nil
	}
	now, err := s.now(ctx)
	if err != nil {
		return "", err
	}
	if notice = w.PauseSaved; length == 0 {
		notice = w.PauseEnded
	}
	return notice, s.engine.Pause(ctx, p.Contact.ID, now.Add(length), "")
}

// why notes why somebody leaves, for the shop to read. It changes nothing.
func (s *Server) why(ctx context.Context, p engine.Page, form url.Values) error {
	why := tidy(form.Get("why"))
	if why == "" {
		return nil
	}
	if !slices.ContainsFunc(english.LeaveReasons, func(c choice) bool { return c.Value == why }) {
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
