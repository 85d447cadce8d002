package handlers

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
)

// pageKind is what a landing page is about.
type pageKind string

const (
	pageSurvey  pageKind = "survey"
	pageBack    pageKind = "back"
	pageNews    pageKind = "news"
	pageStay    pageKind = "stay"
	pageCheck   pageKind = "check"
	pageLeave   pageKind = "leave"
	pageContest pageKind = "contest"
	pageCoupon  pageKind = "coupon"
	pageOffer   pageKind = "offer"
	pageDoor    pageKind = "door"
	pagePayment pageKind = "payment"
	pagePlain   pageKind = "plain"
)

// pageKinds says which page a template leads to. Others lead to the coupon
// page where the message has a code, else to the plain one.
var pageKinds = map[string]pageKind{
	"survey": pageSurvey, "contest": pageContest, "coupon": pageCoupon,
	"cancellation_sorry": pageLeave, "cancellation_offer": pageOffer, "cancellation_door": pageDoor,
	"early_warning": pageCheck, "payment_failed": pagePayment,
	"welcome_back_news": pageNews, "welcome_back_stay": pageStay, "welcome_back_check": pageCheck,
}

func kindOf(p engine.Page) pageKind {
	m := p.Message
	k, ok := pageKinds[m.Template]
	switch {
	case (k == pageLeave || k == pageOffer) && p.Shop.Rules.CancelClass(&p.Contact) == lifecycle.CancelPayment:
		return pagePayment // nobody decided to leave
	case ok:
		return k
	case strings.HasPrefix(m.Template, "welcome_back_"):
		return pageBack
	case m.Coupon != "":
		return pageCoupon
	}
	return pagePlain
}

// landingPage is the page of a message, ready to show, and what it asks.
type landingPage struct {
	kind     pageKind
	file     string
	question *question // nil: none
	entered  bool      // the contact takes part in this contest already
	closed   bool      // this contest is not open
	view     view
}

// body is the own part of a landing page.
type body struct {
	Answer string // where its form goes
	Seen   string
	Choice string // as sent, when something was missing
	Text   string

	Question  *question
	ShopFirst bool // the way to the shop stands above the question

	Offer  string // choice that the offer's button sends
	Invite *invitation

	Coupon, Until string
	Left          int64 // seconds that the coupon can still be used; 0: no end is known
	Over          bool
	Keep          bool // a goodbye: one tap stays

	Rules, Registration, Agree, Days string
}

// with puts what was sent back into the form.
func (b body) with(form url.Values) body {
	b.Choice, b.Text = form.Get("choice"), tidy(form.Get("text"))
	return b
}

// landingOf is the page of a message: first name, offer and shop, no more.
func (s *Server) landingOf(c echo.Context, p engine.Page) (*landingPage, error) {
	now, err := s.now(c.Request().Context())
	if err != nil {
		return nil, err
	}
	base := "/l/" + url.PathEscape(Param(c, "code"))
	l := &landingPage{kind: kindOf(p), view: s.viewOf(p)}
	l.view.FirstName, l.view.PrefsURL, l.view.Seen = p.FirstName, localPath(p.PreferencesURL), base+"/seen"
	b := body{Answer: base + "/answer", Seen: base + "/seen"}
	b.coupon(l.view.T, p, now)
	l.file = string(l.kind) + ".html"
	switch l.kind {
	case pageContest:
		l.contest(&b, p, now)
	case pageOffer:
		l.offer(&b, p)
	case pagePayment:
		l.payment(&b)
	case pageDoor, pageCoupon, pagePlain:
		l.way(&b)
	default:
		l.ask(&b)
	}
	l.view.Body = b
	return l, nil
}

// coupon is the message's code and how long it can be used.
func (b *body) coupon(w *words, p engine.Page, now time.Time) {
	b.Coupon, b.Over = p.Message.Coupon, p.Expired
	b.Keep = goodbye(p) || p.Shop.Rules.Last(&p.Message) && !p.Message.Responded
	if !p.CouponExpires.IsZero() {
		b.Until, b.Left = w.day(p.CouponExpires, p.Shop.Rules.LocationOf(&p.Contact)), int64(p.CouponExpires.Sub(now).Seconds())
	}
}

// ask is a page with a question.
func (l *landingPage) ask(b *body) {
	w := l.view.T
	l.question = map[pageKind]*question{pageSurvey: &w.Survey, pageStay: &w.Stay, pageCheck: &w.Check, pageLeave: &w.Leave}[l.kind]
	if l.question == nil {
		l.question = &w.Back
	}
	l.file, b.Question, l.view.Quiet = "question.html", l.question, true
	l.view.Title, l.view.Lead = l.question.Title, l.question.Lead
	if l.kind == pageNews {
		b.ShopFirst, l.view.Quiet = true, false
		l.view.Title, l.view.Lead = w.News.Title, w.News.Lead
	}
}

// way is a page that leads to the shop, with the code if there is one.
func (l *landingPage) way(b *body) {
	w := l.view.T
	switch {
	case l.kind == pagePlain:
		l.view.Title, l.view.Lead = w.PlainTitle, w.PlainLead
	case l.kind == pageDoor:
		l.file, l.view.Title, l.view.Lead, l.view.Quiet = "coupon.html", w.Open.Title, w.StayLead, b.Coupon == "" || b.Over
		b.Keep = true
	case b.Coupon == "":
		l.view.Title, l.view.Lead, l.view.Quiet = w.StayTitle, w.StayLead, true
	default:
		l.view.Title = w.CouponTitle
	}
}

// payment leads to where a payment is mended, and asks what is in the way.
func (l *landingPage) payment(b *body) {
	w := l.view.T
	l.file, b.Offer, b.Invite, b.ShopFirst = "offer.html", otherChoice, &w.Payment, true
	l.view.Title, l.view.Lead = w.Payment.Title, w.Payment.Lead
}

// contest is the entry, or the word that there is none today.
func (l *landingPage) contest(b *body, p engine.Page, now time.Time) {
	w, r, c := l.view.T, &p.Shop.Rules, p.Shop.Rules.Contest
	day := func(t time.Time) string { return w.day(t, r.LocationOf(&p.Contact)) }
	l.file, l.entered, l.closed = "thanks.html", entered(p), true
	switch {
	case l.entered:
		l.view.Title, l.view.Lead = w.Thanks, w.ContestAlready
	case c != nil && now.Before(c.From):
		l.view.Title, l.view.Lead = w.ContestSoonTitle, w.ContestSoon+" "+day(c.From)+"."
	case c != nil && !c.Open(now), r.CountryOf(&p.Contact) == "IT" && !c.Registered():
		l.view.Title, l.view.Lead = w.ContestOverTitle, w.ContestOver
	default:
		l.file, l.closed = "contest.html", false
		l.view.Title, l.view.Lead, l.view.Quiet = w.ContestTitle, w.ContestLead, true
		b.Agree = w.ContestAgree
		if c != nil {
			b.Rules, b.Registration = c.RulesURL, c.Registration
		}
		if b.Rules != "" {
			b.Agree = w.ContestAccept
		}
		if c != nil && !c.To.IsZero() {
			b.Days = w.ContestUntil + " " + day(c.To.Add(-time.Second)) + "."
		}
	}
}

// entered reports whether the contact is in the message's contest already.
func entered(p engine.Page) bool {
	return slices.ContainsFunc(p.Contact.Answers, func(a lifecycle.Answer) bool {
		return a.Kind == lifecycle.ResponseContest && a.Journey == p.Message.Journey && a.Step == p.Message.Step && !a.At.Before(p.Message.At)
	})
}

// The choices that offers after a cancellation send.
const (
	offerPause = "pause"
	offerHelp  = "help"
)

// offer is what could make up for the reason of a cancellation: a discount for
// the price, a pause for what was not used, help for what went wrong.
func (l *landingPage) offer(b *body, p engine.Page) {
	w := l.view.T
	l.view.Quiet = true
	invite := func(offer string, i *invitation) {
		b.Offer, b.Invite = offer, i
		l.view.Title, l.view.Lead = i.Title, i.Lead
	}
	switch p.Shop.Rules.CancelClass(&p.Contact) {
	case lifecycle.CancelUnused:
		invite(offerPause, &w.Pause)
	case lifecycle.CancelService, lifecycle.CancelMissing:
		invite(offerHelp, &w.Help)
	case lifecycle.CancelPrice:
		if b.Coupon != "" && !b.Over {
			l.view.Title, l.view.Lead, l.view.Quiet = w.Discount.Title, w.Discount.Lead, false
			return
		}
		invite(otherChoice, &w.Open)
	default:
		invite(otherChoice, &w.Open)
	}
}

// goodbye reports whether the contact is let go unless a sign comes, or was.
func goodbye(p engine.Page) bool {
	c := &p.Contact
	if c.State == lifecycle.UnsubscribedState {
		return c.Reason == lifecycle.ReasonNoResponse
	}
	if c.Run == nil {
		return false
	}
	for _, j := range p.Shop.Rules.Journeys {
		if j.Name == c.Run.Journey {
			return c.Run.Step >= len(j.Steps) && j.Finish.Otherwise == lifecycle.UnsubscribedState
		}
	}
	return false
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
