package config

import (
	"strings"
	"time"

	"ritorno/internal/lifecycle"
)

// Rules are a shop's rules as the core wants them. An unknown shop gives rules
// without journeys; a configuration with mistakes gives rules that must not be
// used.
func (c *Config) Rules(shop string) lifecycle.Rules {
	s := c.Shop(shop)
	if s == nil {
		return lifecycle.Rules{Shop: shop}
	}
	loc, err := time.LoadLocation(s.Timezone)
	if err != nil {
		loc = time.UTC // refused by Parse
	}
	r := lifecycle.Rules{
		Owners: s.owners(), Placeholders: s.placeholders(),
		Shop: s.ID, Name: s.Name, HomeURL: s.HomeURL, Address: s.Address,
		Locale: s.Locale, Country: s.Country, Currency: s.Currency, Location: loc,
		Business: s.Business, Brand: s.Brand.rules(), Offers: s.offers(),
		Lapse:   s.Lapse.Std(),
		Quiet:   s.QuietHours.rules(),
		Lawless: s.Law == LawOff, BestHours: s.BestHour,
		Soft:    lifecycle.Soft{Email: s.Consent.SoftOptIn.Email, Months: s.Consent.SoftOptIn.Months},
		Contest: s.Contest.rules(loc),
		Expires: c.Delivery.Expires.Std(),
		Settle:  c.Delivery.Settle.Std(),
		Recheck: c.Delivery.Recheck.Std(),
		Resend:  c.Delivery.OnUnknown == ResendIfNotFound,
	}
	if s.Brand != nil {
		r.Person, r.Phone = strings.TrimSpace(s.Brand.Person), strings.TrimSpace(s.Brand.Phone)
	}
	r.Assume[lifecycle.Email] = s.Consent.Assume.Email
	r.Assume[lifecycle.SMS] = s.Consent.Assume.SMS
	if f := s.FrequencyCap; f != nil {
		r.Cap = lifecycle.Cap{Messages: f.Messages, Per: f.Per.Std()}
	}
	for _, name := range s.Journeys {
		if j := c.Journey(name); j != nil {
			r.Journeys = append(r.Journeys, j.rules())
		}
	}
	r.Pin()
	return r
}

// apiSource is the source of what comes in by POST /api/v1/events.
const apiSource = "api"

// owners are the spaces of the order ids of a shop's sources.
func (s *Shop) owners() map[string]string {
	spaces := map[string]string{apiSource: lifecycle.SpaceOf(apiSource, "")}
	for _, src := range s.Sources {
		spaces[src.Name] = lifecycle.SpaceOf(src.Name, string(src.Kind))
	}
	for _, src := range s.Sources {
		if src.Kind != Webhook || src.OrdersOf == "" {
			continue
		}
		spaces[src.Name] = lifecycle.SpaceOf(src.OrdersOf, src.OrdersOf)
		if other := s.Source(src.OrdersOf); other != nil {
			spaces[src.Name] = lifecycle.SpaceOf(other.Name, string(other.Kind))
		}
	}
	return spaces
}

// placeholders are the shop's own, as identity.Fits wants them.
func (s *Shop) placeholders() (all []string) {
	for _, p := range s.Placeholders {
		all = append(all, strings.ToLower(strings.TrimSpace(p)))
	}
	return all
}

// JourneyRules is a journey of the file or a built-in one, whether a shop has
// it or not.
func (c *Config) JourneyRules(name string) (lifecycle.Journey, bool) {
	j := c.Journey(name)
	if j == nil {
		return lifecycle.Journey{}, false
	}
	return j.rules(), true
}

func (q *QuietHours) rules() *lifecycle.Quiet {
	if q == nil || q.From == q.To && len(q.Days) == 0 && !q.Holidays {
		return nil
	}
	out := &lifecycle.Quiet{From: int(q.From), To: int(q.To), Holidays: q.Holidays}
	for _, d := range q.Days {
		out.Days[d] = true
	}
	for _, ch := range q.Channels {
		out.Channels[ch] = true
	}
	return out
}

func (c *Contest) rules(loc *time.Location) *lifecycle.Contest {
	if c == nil {
		return nil
	}
	return &lifecycle.Contest{
		RulesURL: c.RulesURL, Registration: c.Registration,
		From: c.From.begins(0, loc), To: c.To.begins(1, loc),
	}
}

func (j *Journey) rules() lifecycle.Journey {
	out := lifecycle.Journey{
		Name: j.Name, Trigger: j.Trigger, Auto: j.Threshold == Auto,
		Priority: j.Priority, Holdout: float64(j.Holdout), PerDay: j.PerDay, StopIf: j.StopIf,
		Reentry: lifecycle.Reentry{Never: j.Reentry.Word == ReentryNever, After: j.Reentry.After.Std()},
		Finish:  lifecycle.Finish{After: j.Finish.After.Std(), Otherwise: j.Finish.Otherwise},
	}
	for _, s := range j.Steps {
		out.Steps = append(out.Steps, s.rules())
	}
	return out
}

func (s *Step) rules() lifecycle.Step {
	out := lifecycle.Step{
		After: s.After.Std(), Channels: s.Channels, Template: s.Template,
		When: s.When, StopIf: s.StopIf, Expires: s.Expires.Std(), Offers: s.Offers,
	}
	if s.previous {
		out.After, out.Previous = s.AfterPrevious.Std(), true
	}
	for _, v := range s.Variants {
		out.Variants = append(out.Variants, lifecycle.Variant{Name: v.Name, Weight: v.Weight, Template: v.Template})
	}
	if w := s.WaitFor; w != nil {
		out.WaitFor = &lifecycle.WaitFor{Reaction: w.Event, Timeout: w.Timeout.Std(), Otherwise: w.Otherwise}
	}
	return out
}
