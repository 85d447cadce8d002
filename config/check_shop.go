package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // time zones must be known on a machine that has none

	"ritorno/internal/lifecycle"
)

func (s *Shop) verify(r *report, path string) {
	s.verifyPlace(r, path)
	if strings.TrimSpace(s.Name) == "" || strings.ContainsAny(s.Name, "\r\n") {
		r.add(path+".name", "must be one line of text: the name as contacts read it")
	}
	if s.HomeURL != "" {
		needURL(r, path+".home_url", s.HomeURL)
	} else {
		r.warn(path+".home_url", "is left out: landing pages cannot lead to the shop")
	}
	s.Brand.verify(r, path+".brand")
	s.verifyQuiet(r, path+".quiet_hours")
	positive(r, path+".lapse", s.Lapse)
	positive(r, path+".retention", s.Retention)
	if r.given(path + ".retention") {
		r.warn(path+".retention", "has no effect in this release: no record is erased by age yet")
	}
	if f := s.FrequencyCap; f != nil {
		if f.Messages < 1 {
			r.add(path+".frequency_cap.messages", "must be at least 1: leave frequency_cap out for no limit")
		}
		positive(r, path+".frequency_cap.per", f.Per)
	}
	if s.Contest != nil {
		s.Contest.verify(r, path+".contest")
	}
	for i, p := range s.Placeholders {
		if !placeholderForm.MatchString(strings.TrimSpace(p)) {
			r.add(fmt.Sprintf("%s.placeholders[%d]", path, i), "is no placeholder: give an address such as pos@bottega.example, @ and a domain, or a name and @")
		}
	}
	if len(s.Sources) == 0 {
		r.warn(path+".sources", "has no source: nothing can come in by webhook")
	}
	for _, src := range s.Sources {
		src.verify(r, path+".sources."+src.Name)
		s.verifyOwner(r, path+".sources."+src.Name+".orders_of", src)
	}
	for _, h := range s.Webhooks {
		h.verify(r, path+".webhooks."+h.Name)
	}
}

// placeholderForm is an address, @domain or name@.
var placeholderForm = regexp.MustCompile(`^(?:[^@\s]+@[^@\s]+|@[^@\s]+\.[^@\s]+|[^@\s]+@)$`)

// verifyOwner checks whose order ids a source tells.
func (s *Shop) verifyOwner(r *report, path string, src *Source) {
	if !r.given(path) {
		return
	}
	other := s.Source(src.OrdersOf)
	switch {
	case src.Kind != Webhook && src.Kind != Stripe && src.Kind != Recharge:
		r.add(path, fmt.Sprintf("is not used by kind %s, whose order ids are its own: take it out", src.Kind))
	case other == src:
		r.add(path, "names this source itself: take it out, its ids are its own anyhow")
	case other == nil && !slices.Contains([]string{string(Shopify), string(Stripe), string(Recharge)}, src.OrdersOf):
		r.add(path, "names no source of this shop: give the name of the one whose order ids come here, or shopify, stripe or recharge")
	case other != nil && other.Kind == Webhook && other.OrdersOf != "":
		r.add(path, "names a source that itself tells the orders of another: name that one")
	}
}

// verifyPlace checks country, time zone, currency and language.
func (s *Shop) verifyPlace(r *report, path string) {
	if !r.given(path + ".country") {
		r.warn(path+".country", "is left out: IT is assumed")
	}
	if !countryForm.MatchString(s.Country) {
		r.add(path+".country", "must be two capital letters (ISO 3166), such as IT")
	}
	switch _, err := time.LoadLocation(s.Timezone); {
	case s.Timezone == "" && r.known(path+".country"):
		// The default hangs on the country.
	case s.Timezone == "" && !r.given(path+".timezone"):
		r.add(path+".timezone", "is missing: this country has several; give a name such as Europe/Madrid")
	case s.Timezone == "" || s.Timezone == "Local" || err != nil:
		r.add(path+".timezone", "is not known: give a name of the IANA list, such as Europe/Rome")
	}
	switch {
	case s.Currency == "" && r.known(path+".country"):
	case s.Currency == "" && !r.given(path+".currency"):
		r.add(path+".currency", "is missing: give three capital letters (ISO 4217), such as EUR")
	case !currencyForm.MatchString(s.Currency):
		r.add(path+".currency", "must be three capital letters (ISO 4217), such as EUR")
	}
	language, _, _ := strings.Cut(s.Locale, "-")
	switch {
	case !localeForm.MatchString(s.Locale):
		r.add(path+".locale", "must be a language tag, such as it or en-GB")
	case language != "it" && language != "en":
		r.warn(path+".locale", "is not a language of the built-in templates (it, en): without templates of your own contacts get English")
	}
}

func (s *Shop) verifyQuiet(r *report, path string) {
	q := s.QuietHours
	if r.given(path) {
		for _, key := range []string{".from", ".to"} {
			if !r.given(path + key) {
				r.add(path+key, `is missing: give a time like "21:00"`)
			}
		}
	}
	if len(q.Channels) == 0 {
		r.add(path+".channels", "is empty: name sms, email or both, or leave it out")
	}
	week := map[time.Weekday]bool{}
	for _, d := range q.Days {
		week[d] = true
	}
	if len(week) == 7 {
		r.add(path+".days", "makes every day quiet, so nothing would ever be sent: leave a day out")
	}
}

func (c *Contest) verify(r *report, path string) {
	if c.RulesURL == "" {
		r.add(path+".rules_url", "is missing: give the address of the contest's rules")
	} else {
		needURL(r, path+".rules_url", c.RulesURL)
	}
	if strings.TrimSpace(c.Registration) == "" {
		r.add(path+".registration", "is missing: give the number under which the rules are registered")
	}
	if c.To != (Date{}) && c.To.begins(0, time.UTC).Before(c.From.begins(0, time.UTC)) {
		r.add(path+".to", "lies before from: the contest would never run")
	}
}

// verifyJourneysOf checks the names of a shop's journeys, and what they need
// of the shop.
func (c *Config) verifyJourneysOf(r *report, s *Shop) {
	path := "shops." + s.ID + ".journeys"
	by := map[lifecycle.Trigger]string{}
	for i, name := range s.Journeys {
		at := path
		if r.given(path) {
			at = fmt.Sprintf("%s[%d]", path, i)
		}
		j := c.Journey(name)
		switch {
		case j == nil:
			r.add(at, "names no journey: use one of "+strings.Join(c.JourneyNames(), ", ")+didYouMean(name, c.JourneyNames()))
		case slices.Contains(s.Journeys[:i], name):
			r.add(at, "is named twice: take one away")
		case j.Trigger == lifecycle.OnAPI: // the call names which
		case by[j.Trigger] != "":
			if why := rivals(j, c.Journey(by[j.Trigger])); why != "" {
				r.add(at, why)
			}
		case j.Trigger != "":
			by[j.Trigger] = name
		}
	}
	c.verifyDormant(r, s, by)
	c.warnContest(r, s)
}

// rivals says what is wrong with two journeys of a shop that have one trigger.
// The one that goes first must at times not let somebody in.
func rivals(j, other *Journey) string {
	first, second := j, other
	if other.Priority > j.Priority {
		first, second = other, j
	}
	switch {
	case j.Priority == other.Priority:
		return fmt.Sprintf("has the trigger %s, as %s has: keep one of them, or say with priority which goes first and with its reentry whom it leaves to the other", j.Trigger, other.Name)
	case first.Reentry.Word != ReentryNever && first.Reentry.After == 0:
		return fmt.Sprintf("would be one of two with the trigger %s, and %s, which goes first, lets everybody in: nobody would reach %s; give %s a reentry of never or {after: 180d}, or keep one", j.Trigger, first.Name, second.Name, first.Name)
	}
	return ""
}

// verifyDormant warns where a journey hands its contacts to a reactivation
// that the shop does not have.
func (c *Config) verifyDormant(r *report, s *Shop, by map[lifecycle.Trigger]string) {
	if by[lifecycle.OnInactivity] != "" {
		return
	}
	for _, name := range s.Journeys {
		if j := c.Journey(name); j != nil && j.Finish.Otherwise == lifecycle.Dormant {
			r.warn("shops."+s.ID+".journeys", fmt.Sprintf("has no inactivity journey, but %s ends with otherwise: dormant: those contacts stay dormant and get nothing more", name))
			return
		}
	}
}

// warnContest warns where a prize contest lacks what Italy asks for.
func (c *Config) warnContest(r *report, s *Shop) {
	path := "shops." + s.ID + ".contest"
	missing := "is left out: a prize contest in Italy needs registered rules"
	switch {
	case s.Country != "IT":
		return
	case s.Contest == nil && r.given(path):
		return // it is wrong, and that was said
	case s.Contest != nil && s.Contest.From != (Date{}) && s.Contest.To != (Date{}):
		return
	case s.Contest != nil:
		missing = "has no from or no to: a prize contest in Italy needs its first and its last day"
	}
	for _, name := range s.Journeys {
		j := c.Journey(name)
		if j != nil && sends(j.Steps, "contest") {
			r.warn(path, fmt.Sprintf("%s, so the contest step of %s goes out with the survey template instead", missing, name))
			return
		}
	}
}
