package config

import (
	"fmt"
	"slices"
	"strings"

	"ritorno/internal/lifecycle"
)

// verifyMoment checks what a shop may write to whom, and when, against what the
// law of its contacts' countries asks.
func (c *Config) verifyMoment(r *report, s *Shop) {
	path := "shops." + s.ID
	if !countryForm.MatchString(s.Country) {
		return // told already
	}
	s.verifySoft(r, path+".consent.soft_opt_in")
	if strings.ContainsAny(s.Address, "\r\n") {
		r.add(path+".address", "must be one line: it stands at the foot of each e-mail")
	}
	for _, ch := range []lifecycle.Channel{lifecycle.Email, lifecycle.SMS} {
		if c.uses(s, ch) {
			c.warnNever(r, s, ch)
			c.warnContent(r, s, ch)
		}
	}
}

func (s *Shop) verifySoft(r *report, path string) {
	soft := s.Consent.SoftOptIn
	if soft.Months < 1 || soft.Months > 120 {
		r.add(path+".months", "must be from 1 to 120")
	}
	if !soft.Email {
		if r.given(path + ".months") {
			r.warn(path+".months", "has no effect without email: true beside it")
		}
		return
	}
	if l, ok := lifecycle.LawOf(s.Country, lifecycle.Email); !ok || !l.Soft {
		r.warn(path+".email", fmt.Sprintf("has no effect for contacts in %s: this release knows no rule there that lets buyers be written to without an opt-in; it knows one for %s", s.Country, strings.Join(softCountries(), ", ")))
	}
}

func softCountries() []string {
	var list []string
	for _, l := range lifecycle.Laws() {
		if l.Soft && l.Region == "" {
			list = append(list, l.Country)
		}
	}
	return list
}

// uses reports whether a journey of the shop has steps for a channel.
func (c *Config) uses(s *Shop, ch lifecycle.Channel) bool {
	return slices.ContainsFunc(s.Journeys, func(name string) bool {
		j := c.Journey(name)
		return j != nil && slices.ContainsFunc(j.Steps, func(st *Step) bool { return slices.Contains(st.Channels, ch) })
	})
}

// warnNever warns where the quiet hours leave nothing of the hours that the law
// gives: for the shop's own country, else for each other that we know.
func (c *Config) warnNever(r *report, s *Shop, ch lifecycle.Channel) {
	rules := c.Rules(s.ID)
	countries := []string{s.Country}
	if rules.EverOpen(s.Country, ch) {
		countries = countries[:0]
		for _, l := range lifecycle.Laws() {
			if l.Channel == ch && l.Region == "" && l.Country != s.Country && !rules.EverOpen(l.Country, ch) {
				countries = append(countries, l.Country)
			}
		}
	}
	for _, country := range countries {
		hours := ""
		if l, ok := lifecycle.LawOf(country, ch); ok && s.Law == Enforce {
			hours = " of the law's hours there (" + l.Open.String() + ")"
		}
		who := country
		if lifecycle.Divided(country) {
			who += " of whom no more is known than the country"
		}
		r.warn("shops."+s.ID+".quiet_hours", fmt.Sprintf("leaves nothing%s: no %s can ever reach a contact in %s; shorten the quiet hours, or take %s out of their channels", hours, ch, who, ch))
	}
}

// warnContent warns where messages would lack what the law of the shop's
// country asks for. Sender and way out are in every message.
func (c *Config) warnContent(r *report, s *Shop, ch lifecycle.Channel) {
	l, ok := lifecycle.LawOf(s.Country, ch)
	if ok && l.Must&lifecycle.ContentAddress != 0 && strings.TrimSpace(s.Address) == "" {
		r.warn("shops."+s.ID+".address", fmt.Sprintf("is left out: marketing %ss to contacts in %s must carry the sender's postal address", ch, s.Country))
	}
}
