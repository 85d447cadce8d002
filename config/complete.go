package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"ritorno/internal/lifecycle"
)

// complete puts the defaults in, where the file says nothing.
func (c *Config) complete() {
	r := c.report
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	unless(r, "listen", &c.Listen, ":8080")
	unless(r, "data_dir", &c.DataDir, "./data")
	unless(r, "redis.shards", &c.Redis.Shards, 64)
	unless(r, "redis.replicas", &c.Redis.Replicas, -1)
	unless(r, "delivery.settle", &c.Delivery.Settle, Duration(time.Minute))
	unless(r, "delivery.recheck", &c.Delivery.Recheck, Duration(10*time.Minute))
	unless(r, "delivery.on_unknown", &c.Delivery.OnUnknown, Hold)
	unless(r, "delivery.expires", &c.Delivery.Expires, 3*day)
	if t := c.Twilio; t != nil {
		unless(r, "twilio.rate", &t.Rate, 10)
		unless(r, "twilio.base_url", &t.BaseURL, "https://api.twilio.com")
		t.BaseURL = strings.TrimSuffix(t.BaseURL, "/")
	}
	if s := c.SendGrid; s != nil {
		unless(r, "sendgrid.rate", &s.Rate, 50)
		unless(r, "sendgrid.base_url", &s.BaseURL, "https://api.sendgrid.com")
		s.BaseURL = strings.TrimSuffix(s.BaseURL, "/")
	}
	for _, j := range c.Journeys {
		j.complete(r, "journeys."+j.Name)
	}
	for _, s := range c.Shops {
		s.complete(r, "shops."+s.ID)
		unless(r, "shops."+s.ID+".lapse", &s.Lapse, c.lapse(s))
	}
}

// unless sets a default where the file does not have the path.
func unless[T any](r *report, path string, v *T, def T) {
	if !r.given(path) {
		*v = def
	}
}

func (j *Journey) complete(r *report, path string) {
	unless(r, path+".threshold", &j.Threshold, Fixed)
	for i, s := range j.Steps {
		s.complete(r, fmt.Sprintf("%s.steps[%d]", path, i))
	}
	otherwise := lifecycle.Active
	switch j.Trigger {
	case lifecycle.OnInactivity, lifecycle.OnImport:
		otherwise = lifecycle.UnsubscribedState
	case lifecycle.OnCancellation:
		otherwise = lifecycle.Dormant
	}
	unless(r, path+".finish.otherwise", &j.Finish.Otherwise, otherwise)
}

func (s *Step) complete(r *report, path string) {
	s.previous = r.given(path+".after_previous") && !r.given(path+".after")
	for _, v := range s.Variants {
		unless(r, path+".variants."+v.Name+".weight", &v.Weight, 1)
	}
	if s.WaitFor != nil {
		unless(r, path+".wait_for.otherwise", &s.WaitFor.Otherwise, lifecycle.UnheardSkip)
	}
}

func (s *Shop) complete(r *report, path string) {
	unless(r, path+".name", &s.Name, s.ID)
	unless(r, path+".country", &s.Country, "IT")
	usual := countries[s.Country]
	unless(r, path+".timezone", &s.Timezone, usual.timezone)
	unless(r, path+".currency", &s.Currency, usual.currency)
	locale := "en"
	if s.Country == "IT" || s.Country == "SM" || s.Country == "VA" {
		locale = "it"
	}
	unless(r, path+".locale", &s.Locale, locale)
	unless(r, path+".business", &s.Business, lifecycle.Ecommerce)
	s.Brand.complete(r, path+".brand")
	if s.Brand != nil && s.Brand.Address != "" && !strings.ContainsAny(s.Brand.Address, "\r\n") { // said once, it counts in both places
		unless(r, path+".address", &s.Address, s.Brand.Address)
	}
	unless(r, path+".law", &s.Law, Enforce)
	unless(r, path+".consent.soft_opt_in.months", &s.Consent.SoftOptIn.Months, 24)
	unless(r, path+".brakes", &s.Brakes, BrakesOn)
	unless(r, path+".retention", &s.Retention, 730*day)
	if s.QuietHours == nil {
		s.QuietHours = &QuietHours{From: 21 * 60, To: 9 * 60, Days: []time.Weekday{time.Sunday}, Holidays: true}
	}
	unless(r, path+".quiet_hours.channels", &s.QuietHours.Channels, []lifecycle.Channel{lifecycle.SMS})
	if s.Coupon != nil {
		unless(r, path+".coupon.expires", &s.Coupon.Expires, 14*day)
	}
	for _, o := range s.Offers {
		o.complete(r, path+".offers."+o.Name)
	}
	if s.Journeys == nil {
		s.Journeys = slices.Clone(builtinNames)
	}
	for _, src := range s.Sources {
		src.Secrets = slices.DeleteFunc(src.Secrets, Secret.Empty)
		src.APIURL = strings.TrimSuffix(src.APIURL, "/")
		src.Timezone = s.Timezone
		src.completeReads(r, path+".sources."+src.Name)
	}
	for _, h := range s.Webhooks {
		h.Secrets = slices.DeleteFunc(h.Secrets, Secret.Empty)
	}
	unless(r, path+".last_look.within", &s.LastLook.Within, Duration(3*time.Second))
	unless(r, path+".last_look.on_unreachable", &s.LastLook.OnUnreachable, SendAnyway)
}

// completeReads lets sources be read whose lost webhooks nobody repeats, and
// Stripe, whose key is there for nothing else. Shopify repeats for hours, and
// its token may have been given for coupons only.
func (s *Source) completeReads(r *report, path string) {
	every := Every(0)
	if s.Readable() && s.Kind != Shopify {
		every = Every(time.Hour)
	}
	unless(r, path+".catch_up.every", &s.CatchUp.Every, every)
	unless(r, path+".catch_up.rate", &s.CatchUp.Rate, 2)
}

// lapse is the day of the last step of the shop's inactivity journey, or 90
// days.
func (c *Config) lapse(s *Shop) Duration {
	for _, name := range s.Journeys {
		j := c.Journey(name)
		if j == nil || j.Trigger != lifecycle.OnInactivity || len(j.Steps) == 0 {
			continue
		}
		if due, _ := j.days(); due[len(due)-1] > 0 {
			return due[len(due)-1]
		}
	}
	return 90 * day
}

// countries are those whose time zone and currency go without saying.
var countries = map[string]struct{ timezone, currency string }{
	"AT": {"Europe/Vienna", "EUR"},
	"BE": {"Europe/Brussels", "EUR"},
	"CH": {"Europe/Zurich", "CHF"},
	"DE": {"Europe/Berlin", "EUR"},
	"ES": {"", "EUR"},
	"FR": {"Europe/Paris", "EUR"},
	"GB": {"Europe/London", "GBP"},
	"IE": {"Europe/Dublin", "EUR"},
	"IT": {"Europe/Rome", "EUR"},
	"LU": {"Europe/Luxembourg", "EUR"},
	"NL": {"Europe/Amsterdam", "EUR"},
	"PT": {"", "EUR"},
	"SM": {"Europe/San_Marino", "EUR"},
	"US": {"", "USD"},
	"VA": {"Europe/Vatican", "EUR"},
}
