package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ritorno/internal/lifecycle"
)

// refuseKeys names keys that the kind has no use for.
func (s *Source) refuseKeys(r *report, path string, keys ...string) {
	for _, key := range keys {
		if r.given(path + "." + key) {
			r.add(path+"."+key, fmt.Sprintf("is not used by kind %s: take it out", s.Kind))
		}
	}
}

// verifyAPI checks the access to a shop's own API, which may be left out.
func (s *Source) verifyAPI(r *report, path string) {
	switch s.Kind {
	case Shopify:
		s.verifyShopifyAPI(r, path)
	case WooCommerce:
		s.refuseKeys(r, path, "api_token", "api_version")
		if s.APIURL == "" && s.APIKey.Empty() && s.APISecret.Empty() {
			s.refuseEmpty(r, path)
			return
		}
		s.verifyAPIURL(r, path, "https://shop.example.com, the address of the WordPress site")
		s.verifyPair(r, path)
	case Stripe:
		s.verifyStripeAPI(r, path)
	default:
		s.refuseKeys(r, path, "api_url", "api_key", "api_secret", "api_token", "api_version")
	}
}

// refuseEmpty names keys of the API that were written and hold nothing.
func (s *Source) refuseEmpty(r *report, path string) {
	for _, key := range []string{"api_url", "api_key", "api_secret", "api_token"} {
		if r.given(path + "." + key) {
			r.add(path+"."+key, "is empty: give it, or leave access to the shop's API out as a whole")
			return
		}
	}
}

var versionForm = regexp.MustCompile(`^20[0-9]{2}-(01|04|07|10)$`)

// oldestVersion of Shopify's Admin API that knows what is asked of it.
const oldestVersion = "2025-10"

func (s *Source) verifyShopifyAPI(r *report, path string) {
	if r.given(path+".api_version") && (!versionForm.MatchString(s.APIVersion) || s.APIVersion < oldestVersion) {
		r.add(path+".api_version", "must be a version of Shopify's Admin API from "+oldestVersion+" on, such as 2026-01")
	}
	pair := !s.APIKey.Empty() || !s.APISecret.Empty()
	if s.APIURL == "" && s.APIToken.Empty() && !pair {
		s.refuseEmpty(r, path)
		return
	}
	s.verifyAPIURL(r, path, "https://NAME.myshopify.com")
	switch {
	case !s.APIToken.Empty() && pair:
		r.add(path+".api_token", "cannot stand beside api_key and api_secret: keep the token of an older custom app, or the client id and secret of an app of the Dev Dashboard")
	case s.APIToken.Empty() && !pair:
		r.add(path+".api_token", "is missing or empty: api_url needs it, or api_key and api_secret of an app of the Dev Dashboard")
	case pair:
		s.verifyPair(r, path)
	}
}

func (s *Source) verifyPair(r *report, path string) {
	if s.APIKey.Empty() {
		r.add(path+".api_key", "is missing or empty: access to the shop's API needs it")
	}
	if s.APISecret.Empty() {
		r.add(path+".api_secret", "is missing or empty: api_key needs it")
	}
}

// verifyAPIURL wants https, for the calls carry credentials; on this machine
// there are only pretend shops.
func (s *Source) verifyAPIURL(r *report, path, such string) {
	path += ".api_url"
	if s.APIURL == "" {
		r.add(path, "is missing or empty: give "+such)
		return
	}
	u, ok := webURL(s.APIURL)
	if !ok || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Scheme != "https" && !loopback(u.Hostname()) {
		r.add(path, "must be an https address without a query: "+such)
	}
}

var amountForm = regexp.MustCompile(`^([0-9]{1,9})(?:\.([0-9]{1,3}))?$`)

// Money is the amount in a currency; false where there is none, or not in that
// currency.
func (c *Coupon) Money(currency string) (lifecycle.Money, bool) {
	m, ok := moneyOf(c.Amount, currency)
	return m, ok && m.Minor > 0
}

// moneyOf reads an amount in a currency; false where it is none, or has more
// decimals than the currency.
func moneyOf(text, currency string) (lifecycle.Money, bool) {
	m := amountForm.FindStringSubmatch(text)
	places := lifecycle.Decimals(currency)
	if m == nil || len(m[2]) > places {
		return lifecycle.Money{}, false
	}
	n, err := strconv.ParseInt(m[1]+m[2]+strings.Repeat("0", places-len(m[2])), 10, 64)
	if err != nil {
		return lifecycle.Money{}, false
	}
	return lifecycle.Money{Minor: n, Currency: currency}, true
}

// verifyCoupon checks where a shop's coupons come from.
func (c *Config) verifyCoupon(r *report, s *Shop) {
	path := "shops." + s.ID + ".coupon"
	if s.Coupon == nil {
		if !r.given(path) {
			c.warnCoupon(r, s)
		}
		return
	}
	p := s.Coupon
	s.verifyCouponSource(r, path+".from")
	given := 0
	for _, key := range []string{".percent", ".amount"} {
		if r.given(path + key) {
			given++
		}
	}
	switch {
	case given == 2:
		r.add(path+".amount", "cannot stand beside percent: keep one of the two")
	case given == 0 && p.From != Pool:
		r.add(path+".percent", "is missing: say what the coupon gives, such as percent: 10 or amount: \"5.00\"")
	}
	if r.given(path+".percent") && (p.Percent < 1 || p.Percent > 100) {
		r.add(path+".percent", "must be a whole number from 1 to 100")
	}
	if _, ok := p.Money(s.Currency); r.given(path+".amount") && !ok {
		r.add(path+".amount", "must be an amount above 0 in the shop's currency, such as \"5.00\"")
	}
	if p.Expires < day || p.Expires <= c.Delivery.Expires {
		r.add(path+".expires", "must be at least 1d and longer than delivery.expires ("+c.Delivery.Expires.String()+"): a step that waited that long must not bring a coupon that is over")
	}
}

func (s *Shop) verifyCouponSource(r *report, path string) {
	from := s.Coupon.From
	if from == Pool {
		if s.Source(Pool) != nil {
			r.add(path, "can mean the source or the codes of a file: give the source another name")
		}
		return
	}
	var able []string
	for _, src := range s.Sources {
		if src.HasAPI() {
			able = append(able, src.Name)
		}
	}
	able = append(able, Pool)
	src := s.Source(from)
	switch {
	case from == "":
		r.add(path, "is missing: name a source with api_url, or pool for codes of a file")
	case src == nil:
		r.add(path, "names no source: use one of "+strings.Join(able, ", ")+didYouMean(from, able))
	case src.Kind != Shopify && src.Kind != WooCommerce:
		r.add(path, fmt.Sprintf("names a source of kind %s, where no coupon can be made: use shopify, woocommerce, or pool for codes of a file", src.Kind))
	case src.APIURL == "":
		r.add(path, "names a source without access to the shop's API: give it api_url and its keys (docs/coupons.md)")
	}
}

// warnCoupon warns where messages carry codes that nobody makes.
func (c *Config) warnCoupon(r *report, s *Shop) {
	for _, name := range s.Journeys {
		j := c.Journey(name)
		if j == nil {
			continue
		}
		if i := slices.IndexFunc(j.Steps, func(s *Step) bool { return slices.ContainsFunc(s.templates(), lifecycle.Offers) }); i >= 0 {
			r.warn("shops."+s.ID+".coupon", fmt.Sprintf("is left out: step %d of %s carries a code of our own, which somebody must make in the shop by hand before it works (docs/coupons.md)", i+1, name))
			return
		}
	}
}
