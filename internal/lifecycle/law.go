package lifecycle

import "time"

// lawful is when the law of a country, or the rules of its operators, forbids
// marketing messages on a channel, in the contact's local time; nil where we
// know of no such window.
func lawful(country string, ch Channel) *Quiet {
	if ch != SMS {
		return nil
	}
	switch country {
	case "IT": // Twilio's guidelines for Italy: promotional SMS prohibited 22:00-08:00 and on Sunday
		return &Quiet{From: 22 * 60, To: 8 * 60, Days: [7]bool{time.Sunday: true}, Channels: [channels]bool{SMS: true}}
	case "US": // 47 CFR 64.1200(c)(1): not before 8 in the morning or after 9 in the evening
		return &Quiet{From: 21 * 60, To: 8 * 60, Channels: [channels]bool{SMS: true}}
	}
	return nil
}

// windows are the shop's quiet hours and, where the shop keeps it, the law's.
func (r *Rules) windows(country string, ch Channel) []*Quiet {
	if r.Lawless {
		return []*Quiet{r.Quiet}
	}
	return []*Quiet{r.Quiet, lawful(country, ch)}
}

// CountryOf is the contact's country, else the shop's.
func (r *Rules) CountryOf(c *Contact) string {
	if c.Profile.Country != "" {
		return c.Profile.Country
	}
	return r.Country
}

// mayWriteAt is the first instant from now on at which the channel may be used:
// now itself where it may.
func (r *Rules) mayWriteAt(c *Contact, now time.Time, ch Channel) time.Time {
	country, loc, at := r.CountryOf(c), r.LocationOf(c), now
	for range 8 { // each window may push into the other
		from := at
		for _, w := range r.windows(country, ch) {
			at = w.NextAllowed(at, loc, country, ch)
		}
		if at.Equal(from) {
			break
		}
	}
	return at
}

// MayWriteFor is how long messages may still leave on the channel, for
// providers that queue them.
func (r *Rules) MayWriteFor(c *Contact, now time.Time, ch Channel) time.Duration {
	country, loc := r.CountryOf(c), r.LocationOf(c)
	least := quietHorizon
	for _, w := range r.windows(country, ch) {
		least = min(least, w.UntilQuiet(now, loc, country, ch))
	}
	return least
}
