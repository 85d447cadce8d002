package config

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bounds of reading through a shop's API.
const (
	shortestEvery = Every(time.Minute)
	longestEvery  = Every(7 * 24 * time.Hour)
	fastestRead   = 20 // calls a second
	longestLook   = Duration(10 * time.Second)
)

// verifyStripeAPI checks the access to Stripe's API, which may be left out.
func (s *Source) verifyStripeAPI(r *report, path string) {
	s.refuseKeys(r, path, "api_secret", "api_token", "api_version")
	switch {
	case s.APIKey.Empty() && r.given(path+".api_key"):
		r.add(path+".api_key", "is empty: give a restricted key that may read events, charges, invoices and customers, or leave it out")
	case s.APIKey.Empty() && s.APIURL != "":
		r.add(path+".api_key", "is missing or empty: api_url needs it")
	case strings.HasPrefix(s.APIKey.Reveal(), "pk_"):
		r.add(path+".api_key", "must be a secret key: a publishable one (pk_...) may read nothing; make a restricted key (rk_...)")
	case strings.HasPrefix(s.APIKey.Reveal(), "sk_"):
		r.warn(path+".api_key", "may do everything in the account: a restricted key (rk_...) that may only read events, charges, invoices and customers is enough")
	}
	if r.given(path + ".api_url") {
		s.verifyAPIURL(r, path, "https://api.stripe.com, or leave it out")
	}
}

// verifyReads checks how the source is read.
func (s *Source) verifyReads(r *report, path string) {
	path += ".catch_up"
	given := r.given(path) || r.given(path+".every")
	switch every := s.CatchUp.Every; {
	case !given:
	case s.Kind == Recharge || s.Kind == Webhook:
		r.add(path, fmt.Sprintf("is not used by kind %s, which has no API that this release can read: take it out", s.Kind))
	case every > 0 && !s.Readable():
		r.add(path, "needs access to the shop's API: give api_url and its keys (for stripe api_key), or take it out (docs/catch-up.md)")
	case every != 0 && (every < shortestEvery || every > longestEvery):
		r.add(path+".every", "must be from 1m to 7d, or off")
	}
	if r.given(path+".rate") && (s.CatchUp.Rate < 0.01 || s.CatchUp.Rate > fastestRead) {
		r.add(path+".rate", fmt.Sprintf("must be a number of calls a second from 0.01 to %d", fastestRead))
	}
}

// verifyLastLook checks whether somebody can be asked.
func (s *Shop) verifyLastLook(r *report, path string) {
	path += ".last_look"
	l := s.LastLook
	if l.Within < Duration(time.Second) || l.Within > longestLook {
		r.add(path+".within", "must be from 1s to 10s: a message waits that long, and those behind it with it")
	}
	var able []string
	for _, src := range s.Sources {
		if src.Readable() {
			able = append(able, src.Name)
		}
	}
	for _, name := range l.Sources {
		switch {
		case s.Source(name) == nil:
			r.add(path+".sources", "names no source of this shop"+didYouMean(name, able))
		case !slices.Contains(able, name):
			r.add(path+".sources", "names "+name+", which cannot be asked: give it access to its shop's API (docs/catch-up.md)")
		}
	}
	if l.On && len(able) == 0 {
		r.add(path, "can ask nobody: none of the shop's sources has access to its API (docs/catch-up.md)")
	}
}

// Looks are the sources that the last look asks.
func (s *Shop) Looks() []*Source {
	var out []*Source
	for _, src := range s.Sources {
		if s.LastLook.On && src.Readable() && (s.LastLook.Sources == nil || slices.Contains(s.LastLook.Sources, src.Name)) {
			out = append(out, src)
		}
	}
	return out
}
