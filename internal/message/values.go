package message

import (
	"cmp"
	"regexp"
	"strings"
	"time"

	"ritorno/internal/lifecycle"
)

// presence says whether a value is there for every contact.
type presence int

const (
	always presence = iota + 1
	sometimes
)

// variables are the names a template may show, besides extra.NAME. Those that
// are there only sometimes must stand inside an if or have a default.
var variables = map[string]presence{
	"first_name": sometimes, "last_name": sometimes,
	"last_product": sometimes, "last_order_at": sometimes, "last_order_total": sometimes,
	"orders": always, "spent": sometimes, "spent_number": always,
	"plan": sometimes, "module": sometimes, "cancel_reason": sometimes, "cancel_reason_class": always,
	"opened": always, "opened_any": always, "last": always, "framing": always, "business": always,
	"offer": sometimes, "offer.kind": sometimes, "offer.type": sometimes, "offer.percent": sometimes, "offer.amount": sometimes,
	"offer.text": sometimes, "offer.expires": sometimes, "offer_line": sometimes, "offer_short": sometimes,
	"coupon": sometimes, "coupon.code": sometimes, "coupon.percent": sometimes, "coupon.expires": sometimes,
	"shop": always, "shop.name": always, "shop.url": always, "shop.country": sometimes, "shop.currency": sometimes,
	"shop.person": sometimes, "shop.phone": sometimes, "shop.address": sometimes,
	"link": always, "unsubscribe_url": always, "preferences_url": sometimes,
	"opt_out": always, "sms_opt_out": always, "brief": always,
	"channel": always, "locale": always, "now": always,
}

func knownRoot(root string) bool { return variables[root] != 0 || root == "extra" }

// couponCode is what a customer can be asked to type.
var couponCode = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

var extraName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// squeeze is how far an SMS has been shortened to keep its limit.
type squeeze int

const (
	whole        squeeze = iota
	noName               // the name goes first
	noProduct            // then the product
	shortest             // then the template's own brief wording
	plainLetters         // then accents that GSM-7 lacks
)

// values are what the template sees, cleaned. Missing ones are nil. The map is
// new each time, because rendering writes to it.
func (t *template) values(in Input, s squeeze) map[string]any {
	lang := language(t.lang)
	v := map[string]any{
		"channel": t.channel, "locale": t.lang, "brief": s >= shortest,
		"orders":       max(0, in.Orders),
		"spent_number": 0.0,
		"link":         some(cleanURL(in.Link)),
		// Present in every e-mail and, where it must be, in the SMS: see wayOut.
		"unsubscribe_url":  some(cleanURL(in.UnsubscribeURL)),
		"preferences_url":  some(cleanURL(in.PreferencesURL)),
		"sms_opt_out":      optOutMode(in),
		"opt_out":          some(t.optOutHint(in)),
		"plan":             some(cleanValue(in.Plan)),
		"module":           some(cleanValue(in.Module)),
		"cancel_reason":    some(cleanValue(in.CancelReason)),
		"now":              t.moment(in.Now, in),
		"last_order_at":    t.moment(in.LastOrderAt, in),
		"last_order_total": money(in.LastOrderTotal, in, lang),
		"spent":            money(in.Spent, in, lang),
		"shop":             t.shop(in.Shop),
		"coupon":           t.coupon(in),
		"offer":            t.offer(in),
		"offer_line":       t.offerLine(in, false),
		"offer_short":      t.offerLine(in, true),

		"cancel_reason_class": cleanValue(in.CancelReasonClass),
		"opened":              in.Opened, "opened_any": in.OpenedAny || in.Opened, "last": in.Last,
		"framing": framing(in.Framing), "business": cmp.Or(cleanValue(in.Business), string(lifecycle.Ecommerce)),

		"extra":      extras(in.Extra),
		"first_name": nil, "last_name": nil, "last_product": nil,
	}
	if a, ok := v["spent"].(amount); ok {
		v["spent_number"], _ = a.value.Float64()
	}
	if s < noName {
		v["first_name"], v["last_name"] = some(cleanName(in.FirstName)), some(cleanName(in.LastName))
	}
	if s < noProduct {
		v["last_product"] = some(cleanValue(in.LastProduct))
	}
	return v
}

// some is the text, or nil where there is none.
func some(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (t *template) moment(at time.Time, in Input) any {
	if at.IsZero() {
		return nil
	}
	zone := in.Timezone
	if zone == nil {
		zone = time.UTC
	}
	now := in.Now
	if now.IsZero() {
		now = at
	}
	return moment{at: at.In(zone), now: now.In(zone), lang: language(t.lang)}
}

func money(text string, in Input, lang string) any {
	currency := in.Currency
	if currency == "" {
		currency = in.Shop.Currency
	}
	if a, ok := newAmount(text, cleanValue(currency), lang); ok {
		return a
	}
	return nil
}

func (t *template) shop(shop Shop) map[string]any {
	limit := maxValue
	if t.channel == Email {
		limit = maxShopEmail
	}
	return map[string]any{
		"name":     some(cleanOwn(shop.Name, limit)),
		"url":      some(cleanURL(shop.HomeURL)),
		"country":  some(cleanValue(shop.Country)),
		"currency": some(cleanValue(shop.Currency)),
		"person":   some(cleanName(shop.Person)),
		"phone":    some(cleanValue(shop.Phone)),
		"address":  some(cleanOwn(cmp.Or(shop.Brand.Address, shop.Address), maxAddress)),
	}
}

func framing(word string) string {
	if word == FramingLoss {
		return FramingLoss
	}
	return FramingGain
}

// offer is nil where there is none.
func (t *template) offer(in Input) any {
	o := in.Offer
	if o.Kind == "" {
		return nil
	}
	own := in
	own.Currency = in.Shop.Currency
	return map[string]any{
		"kind": cleanValue(o.Kind), "type": cleanValue(o.Type),
		"percent": some(formatPercent(o.Percent, language(t.lang))),
		"amount":  money(o.Amount, own, language(t.lang)),
		"text":    some(clip(cleanLong(o.Text), maxShopEmail)),
		"expires": t.moment(o.Expires, in),
	}
}

// coupon is nil without a code, so that {% if coupon %} is all a template needs.
func (t *template) coupon(in Input) any {
	code := in.Coupon.Code
	if !couponCode.MatchString(code) {
		return nil
	}
	return map[string]any{
		"code":    code,
		"percent": some(formatPercent(in.Coupon.Percent, language(t.lang))),
		"expires": t.moment(in.Coupon.Expires, in),
	}
}

func extras(raw map[string]string) map[string]any {
	out := make(map[string]any, len(raw))
	for name, value := range raw {
		switch {
		case !extraName.MatchString(name):
		case strings.HasSuffix(name, "_url"):
			out[name] = some(cleanURL(value))
		default:
			out[name] = some(cleanValue(value))
		}
	}
	return out
}
