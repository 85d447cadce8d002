package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// maxForm is the longest form of a page in bytes.
const maxForm = 16 << 10

// pageKinds says which page a template leads to. Others lead to the coupon
// page where the message has a code, else to the plain one.
var pageKinds = map[string]string{
	"survey": "survey", "contest": "contest", "coupon": "coupon", "cancellation_offer": "coupon",
	"cancellation_sorry": "feedback", "welcome_back_memory": "feedback", "welcome_back_news": "feedback",
	"welcome_back_stay": "feedback", "welcome_back_check": "feedback",
	"cancellation_door": "coupon", "early_warning": "feedback",
}

func kindOf(m lifecycle.Message) string {
	if k, ok := pageKinds[m.Template]; ok {
		return k
	}
	if m.Coupon != "" {
		return "coupon"
	}
	return "plain"
}

// landing shows the page of a message. Being fetched is no response yet, and
// being fetched ahead of time is nothing at all.
func (s *Server) landing(c echo.Context) error {
	p, err := s.pageOf(c)
	if err != nil {
		return err
	}
	if c.Request().Method == http.MethodHead {
		return c.NoContent(http.StatusOK)
	}
	if !prefetched(c.Request().Header) {
		if err := s.engine.Opened(c.Request().Context(), Param(c, "code")); err != nil {
			s.log.Warn("opening not stored", "request", requestID(c), "error", err)
		}
	}
	v, err := s.landingView(c, p)
	if err != nil {
		return err
	}
	if c.QueryParam("here") != "" {
		v.Notice = v.T.StayNoted
	}
	return s.show(c, http.StatusOK, kindOf(p.Message)+".html", v)
}

// pageOf finds what a code leads to. Misses are limited by address; codes that
// expired and codes that never were look the same.
func (s *Server) pageOf(c echo.Context) (engine.Page, error) {
	now, address := time.Now(), c.RealIP()
	if wait := s.misses.Wait(address, now); wait > 0 {
		return engine.Page{}, tooMany(wait)
	}
	p, err := s.engine.Page(c.Request().Context(), Param(c, "code"))
	if errors.Is(err, store.ErrNotFound) && !s.misses.Allow(address, now) {
		return p, tooMany(s.misses.Wait(address, now))
	}
	return p, err
}

// prefetched are calls that a browser or a preview makes before anybody asked.
func prefetched(h http.Header) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Purpose", "X-Moz"} {
		if v := strings.ToLower(h.Get(name)); strings.Contains(v, "prefetch") || strings.Contains(v, "prerender") || strings.Contains(v, "preview") {
			return true
		}
	}
	return false
}

// offer is the own part of a landing page.
type offer struct {
	Answer string // where its form goes
	Seen   string
	Choice string // as sent, when something was missing
	Text   string

	Coupon, Until string
	Over          bool

	Rules, Registration string
	Closed              bool
}

// landingView is the page of a message: first name, offer and shop, no more.
func (s *Server) landingView(c echo.Context, p engine.Page) (view, error) {
	w, r := wordsFor(p.Locale), &p.Shop.Rules
	base := "/l/" + url.PathEscape(Param(c, "code"))
	o := offer{Answer: base + "/answer", Seen: base + "/seen", Coupon: p.Message.Coupon, Over: p.Expired}
	if !p.CouponExpires.IsZero() {
		o.Until = w.day(p.CouponExpires, r.LocationOf(&p.Contact))
	}
	if r.Contest != nil {
		now, err := s.now(c.Request().Context())
		if err != nil {
			return view{}, err
		}
		o.Rules, o.Registration, o.Closed = r.Contest.RulesURL, r.Contest.Registration, closed(r.Contest, now)
	}
	v := view{
		T: w, Shop: shopName(p.Shop), FirstName: p.FirstName, HomeURL: r.HomeURL, PrefsURL: localPath(p.PreferencesURL),
		Seen: o.Seen, Body: o,
	}
	kind := kindOf(p.Message)
	v.Title, v.Lead = heading(kind, w, o)
	v.Quiet = kind != "plain" && (kind != "coupon" || o.Coupon == "")
	return v, nil
}

func heading(kind string, w *words, o offer) (title, lead string) {
	switch kind {
	case "survey":
		return w.SurveyTitle, w.SurveyLead
	case "contest":
		return w.ContestTitle, w.ContestLead
	case "feedback":
		return w.FeedbackTitle, ""
	case "coupon":
		if o.Coupon == "" {
			return w.StayTitle, w.StayLead
		}
		return w.CouponTitle, ""
	}
	return w.PlainTitle, w.PlainLead
}

func closed(c *lifecycle.Contest, now time.Time) bool {
	return !c.From.IsZero() && now.Before(c.From) || !c.To.IsZero() && !now.Before(c.To)
}

func shopName(s *engine.Shop) string {
	if s.Rules.Name != "" {
		return s.Rules.Name
	}
	return s.Name
}

// localPath is a URL of ours without its host, so that pages also work where the
// public address does not lead.
func localPath(full string) string {
	u, err := url.Parse(full)
	if err != nil {
		return full
	}
	return u.EscapedPath()
}

// seen takes the sign of a person in front of the page: the response. The
// page's script gets nothing back; its button comes back to the page.
func (s *Server) seen(c echo.Context) error {
	if _, err := s.pageOf(c); err != nil {
		return err
	}
	form, err := readForm(c)
	if err != nil {
		return err
	}
	code := Param(c, "code")
	if err := s.engine.Respond(c.Request().Context(), code, lifecycle.Response{Kind: lifecycle.ResponseSeen}); err != nil {
		return err
	}
	if form.Get("go") != "" {
		return c.Redirect(http.StatusSeeOther, "/l/"+url.PathEscape(code)+"?here=1")
	}
	return c.NoContent(http.StatusNoContent)
}

// answer takes a survey answer, a few words or a contest entry.
func (s *Server) answer(c echo.Context) error {
	p, err := s.pageOf(c)
	if err != nil {
		return err
	}
	form, err := readForm(c)
	if err != nil {
		return err
	}
	v, err := s.landingView(c, p)
	if err != nil {
		return err
	}
	kind := kindOf(p.Message)
	r, missing := response(kind, v, form)
	if missing != "" {
		o := v.Body.(offer)
		o.Choice, o.Text = form.Get("choice"), form.Get("text")
		v.Error, v.Body = missing, o
		return s.show(c, http.StatusUnprocessableEntity, kind+".html", v)
	}
	if err := s.engine.Respond(c.Request().Context(), Param(c, "code"), r); err != nil {
		return err
	}
	v.Title, v.Lead, v.Seen, v.Quiet = v.T.Thanks, v.T.AnswerIn, "", false
	if r.Kind == lifecycle.ResponseContest {
		v.Lead = v.T.ContestIn
	}
	return s.show(c, http.StatusOK, "thanks.html", v)
}

// response reads the form of a page, or says what is missing.
func response(kind string, v view, form url.Values) (r lifecycle.Response, missing string) {
	picked, text := tidy(form.Get("choice")), tidy(form.Get("text"))
	if kind == "contest" {
		switch o := v.Body.(offer); {
		case o.Closed:
			return r, v.T.ContestClosed
		case form.Get("rules") == "":
			return r, v.T.MissingRules
		}
		return lifecycle.Response{Kind: lifecycle.ResponseContest, Choice: "entry"}, ""
	}
	if picked != "" && !slices.ContainsFunc(v.T.SurveyChoices, func(c choice) bool { return c.Value == picked }) {
		picked, text = "other", strings.TrimSpace(picked+" "+text) // not one of ours: keep it as their words
	}
	switch {
	case picked == "" && text == "" && kind == "survey":
		return r, v.T.MissingChoice
	case picked == "" && text == "":
		return r, v.T.MissingText
	case picked == "":
		picked = "other"
	}
	return lifecycle.Response{Kind: lifecycle.ResponseAnswer, Choice: picked, Text: text}, ""
}

// tidy makes one line of what was typed, without control characters.
func tidy(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.Join(strings.Fields(text), " ")
}

// readForm reads a form of a page, also one sent as multipart/form-data, as
// RFC 8058 allows.
func readForm(c echo.Context) (url.Values, error) {
	r := c.Request()
	if r.ContentLength > maxForm {
		return nil, errTooLarge
	}
	r.Body = http.MaxBytesReader(c.Response(), r.Body, maxForm)
	err := r.ParseMultipartForm(maxForm)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, errTooLarge
	case errors.Is(err, http.ErrNotMultipart) || err == nil:
		return r.PostForm, nil
	}
	return nil, errForm
}

var errForm = &Fault{Status: 400, Code: "form_unreadable", Detail: "Send the form as the page does."}
