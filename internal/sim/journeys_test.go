package sim_test

import (
	"fmt"
	"time"

	"ritorno/internal/lifecycle"
)

// more are journeys with what the built-in ones do not have: priorities, places
// of the day, a share that gets nothing, variants, waits, early warnings.
func more() []lifecycle.Journey {
	both, mail := []lifecycle.Channel{lifecycle.SMS, lifecycle.Email}, []lifecycle.Channel{lifecycle.Email}
	stay := lifecycle.Finish{After: 3 * day, Otherwise: lifecycle.Active}
	return []lifecycle.Journey{
		{Name: "dunning", Trigger: lifecycle.OnPaymentFailed, Finish: stay, Steps: []lifecycle.Step{
			{After: time.Hour, Channels: both, Template: "survey"},
			{
				After: 2 * day, Previous: true, Channels: mail, Template: "coupon",
				WaitFor: &lifecycle.WaitFor{Reaction: lifecycle.ReactionReply, Timeout: 4 * day, Otherwise: lifecycle.UnheardGo},
			},
		}},
		{Name: "vip", Trigger: lifecycle.OnAPI, PerDay: 1, Holdout: 0.3, Reentry: lifecycle.Reentry{After: 10 * day}, Finish: stay, Steps: []lifecycle.Step{
			{Channels: both, Variants: []lifecycle.Variant{{Name: "dry", Weight: 1, Template: "coupon"}, {Name: "warm", Weight: 2, Template: "survey"}}},
			{After: 6 * day, Channels: mail, Template: "contest"},
		}},
		{Name: "early", Trigger: lifecycle.OnEarlyWarning, PerDay: 2, Finish: stay, Steps: []lifecycle.Step{
			{Channels: mail, Template: "survey"},
		}},
	}
}

// place takes a place for an entry, as the script side_entry does for one day
// after the other.
func (s *store) place(a lifecycle.Ask, now time.Time) time.Time {
	if s.places == nil {
		s.places = map[string]map[int64]int{}
	}
	if s.places[a.Journey] == nil {
		s.places[a.Journey] = map[int64]int{}
	}
	taken := s.places[a.Journey]
	today := now.Unix() / 86400
	for d := today; ; d++ {
		if taken[d] >= a.PerDay {
			continue
		}
		taken[d]++
		if d == today {
			return now
		}
		return time.Unix(d*86400, 0).UTC()
	}
}

// journey holds I10: who is held out gets nothing, and nobody gets two variants
// of a step.
func (o *oracle) journey(c *lifecycle.Contact, m *lifecycle.Message) {
	if c.Run != nil && c.Run.Holdout {
		o.w.fail("I10", c.ID, "begun for a contact who gets nothing: "+m.Journey)
	}
	key := fmt.Sprintf("%s %s %d", c.ID, m.Journey, m.Step)
	if was, ok := o.variants[key]; ok && was != m.Variant {
		o.w.fail("I10", c.ID, fmt.Sprintf("step %d of %s was %s and is %s", m.Step, m.Journey, was, m.Variant))
	}
	o.variants[key] = m.Variant
}
