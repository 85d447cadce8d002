package main

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"ritorno/config"
	"ritorno/internal/lifecycle"
	"ritorno/internal/link"
	"ritorno/internal/message"
)

// segmentCounter composes SMS as the engine does, with codes that stand for
// those of real messages, and counts their parts. A template that may have one
// part only has one: composing shortens it until it has.
func segmentCounter(c *config.Config, r *lifecycle.Rules, set *message.Set) func(*lifecycle.Contact, *lifecycle.Message, time.Time) (int, error) {
	base := message.Input{
		Business: string(r.Business), ShopLocale: r.Locale, SMSOptOut: optOut(c),
		Shop: message.Shop{Name: r.Name, HomeURL: r.HomeURL, Currency: r.Currency, Country: r.Country, Address: r.Address},
	}
	if t := r.Contest; t != nil && t.RulesURL != "" {
		base.Extra = map[string]string{"rules_url": t.RulesURL}
	}
	percent := ""
	if shops, err := shopsOf(c); err == nil {
		for _, s := range shops {
			if s.Name == r.Shop && s.Coupon != nil && s.Coupon.Percent > 0 {
				percent = strconv.Itoa(s.Coupon.Percent)
			}
		}
	}
	return func(con *lifecycle.Contact, m *lifecycle.Message, now time.Time) (int, error) {
		in := base
		in.Locale = con.Profile.Locale
		if set.Limit(m.Template, in) == 1 {
			return 1, nil
		}
		fillInput(&in, r, con, now)
		code := link.Code(fromText(m.ID))
		in.Link, in.UnsubscribeURL, in.PreferencesURL = c.PublicURL+"/l/"+code, c.PublicURL+"/u/"+code, c.PublicURL+"/u/"+code
		if in.Last = r.Last(m); r.GivesCoupon(con, m) {
			in.Coupon = message.Coupon{Code: link.CouponCode(fromText("coupon " + m.ID)), Percent: percent, Expires: now.Add(14 * 24 * time.Hour)}
		}
		out, err := set.Compose(m.Template, message.SMS, in)
		return out.Segments, err
	}
}

// fillInput is what a message may show of a contact.
func fillInput(in *message.Input, r *lifecycle.Rules, c *lifecycle.Contact, now time.Time) {
	t := r.Totals(c)
	in.Locale, in.Timezone, in.Now = c.Profile.Locale, r.LocationOf(c), now
	in.FirstName, in.LastName = c.Profile.FirstName, c.Profile.LastName
	in.Orders, in.Spent, in.Currency, in.LastOrderAt = t.Orders, t.Spent.String(), r.Currency, t.Last
	in.Plan, in.CancelReason, in.CancelReasonClass = c.Plan, c.CancelReason, string(r.CancelClass(c))
	if o := t.LastOne; o != nil {
		in.LastProduct, in.LastOrderTotal, in.Currency = o.Product, o.Total.String(), o.Total.Currency
	}
}

// fromText fills in bytes that always follow from the same text.
func fromText(text string) func([]byte) {
	return func(p []byte) {
		for len(p) > 0 {
			sum := sha256.Sum256([]byte(text))
			text = hex.EncodeToString(sum[:])
			p = p[copy(p, sum[:]):]
		}
	}
}
