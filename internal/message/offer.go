package message

import (
	"cmp"
	"strings"
	"time"
)

// offerWords are the phrases for what a message offers, in one language. %s is
// the amount, where there is one. Each goes on a sentence: "For you there is …".
type offerWords struct {
	percent, amount, gift string // of a coupon
	code, until           string // "with the code …", "until …"
	things                map[string]string
	shortCode             string // of an SMS
}

var offerTexts = map[string]offerWords{
	"it": {
		percent: "uno sconto del %s%", amount: "uno sconto di %s", gift: "un regalo",
		code: " con il codice ", until: ", fino al ", shortCode: " con ",
		things: map[string]string{ //nolint:gosec // "credit" is money, no credential
			"credit": "un credito di %s", "gift_card": "una carta regalo da %s", "trial": "un periodo di prova gratuito",
			"points": "un regalo in punti", "surprise": "una piccola sorpresa", "repair": "il nostro impegno a rimediare",
		},
	},
	"en": {
		percent: "%s% off", amount: "%s off", gift: "a gift",
		code: " with the code ", until: ", until ", shortCode: " with ",
		things: map[string]string{ //nolint:gosec // "credit" is money, no credential
			"credit": "a credit of %s", "gift_card": "a gift card worth %s", "trial": "a free trial",
			"points": "a gift in points", "surprise": "a small surprise", "repair": "our promise to put it right",
		},
	},
}

func (w offerWords) codes(short bool) string {
	if short {
		return w.shortCode
	}
	return w.code
}

// offerLine is what a message offers in one phrase, with code and last day:
// nil where it offers words alone. short is the form for an SMS. The owner's own
// words for an offer take the place of ours.
func (t *template) offerLine(in Input, short bool) any {
	w, ok := offerTexts[language(t.lang)]
	if !ok {
		w = offerTexts["en"]
	}
	c, o := in.Coupon, in.Offer
	if !couponCode.MatchString(c.Code) {
		c = Coupon{}
	}
	thing := clip(cleanLong(o.Text), maxShopEmail)
	if thing == "" {
		thing = t.thing(in, c, w, short)
	}
	if thing == "" {
		return nil
	}
	if c.Code != "" {
		thing += w.codes(short) + c.Code
	}
	until := c.Expires
	if until.IsZero() {
		until = o.Expires
	}
	return thing + t.until(until, in, w, short)
}

// thing names what is offered without code and day; "" where there is nothing
// to name.
func (t *template) thing(in Input, c Coupon, w offerWords, short bool) string {
	percent := formatPercent(cmp.Or(c.Percent, in.Offer.Percent), language(t.lang))
	own := in
	own.Currency = in.Shop.Currency
	sum, _ := money(in.Offer.Amount, own, language(t.lang)).(amount)
	about := ""
	if in.Offer.Amount != "" && sum != (amount{}) {
		about = sum.short()
	}
	put := func(pattern, value string) string { return strings.Replace(pattern, "%s", value, 1) }
	coupon := c.Code != "" || in.Offer.Type == "coupon"
	switch {
	case coupon && percent != "" && short:
		return "-" + percent + "%"
	case coupon && about != "" && short:
		return "-" + about
	case coupon && percent != "":
		return put(w.percent, percent)
	case coupon && about != "":
		return put(w.amount, about)
	case coupon:
		return w.gift
	}
	pattern := w.things[in.Offer.Type]
	if strings.Contains(pattern, "%s") && about == "" {
		return w.gift
	}
	return put(pattern, about)
}

func (t *template) until(at time.Time, in Input, w offerWords, short bool) string {
	m, ok := t.moment(at, in).(moment)
	switch {
	case !ok:
		return ""
	case short:
		return w.until[1:] + m.format("%-d/%m")
	}
	return w.until + m.String()
}
