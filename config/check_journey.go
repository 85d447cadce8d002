package config

import (
	"fmt"
	"slices"

	"ritorno/internal/lifecycle"
)

// Templates knows the templates of an installation. Channel is "sms" or
// "email", business one of lifecycle.Businesses.
type Templates interface {
	Has(name, channel, business string) bool
}

// Check reports the journeys' steps whose template does not exist on one of
// their channels. It adds to what Parse reports and repeats none of it.
func (c *Config) Check(t Templates) []Problem {
	r := &report{file: c.report.file, places: c.report.places, broken: c.report.broken}
	for _, j := range c.inUse() {
		for i, s := range j.Steps {
			path := fmt.Sprintf("journeys.%s.steps[%d]", j.Name, i)
			c.checkTemplates(r, t, j.Name, path+".template", s.Template, s.Channels)
			for _, v := range s.Variants {
				c.checkTemplates(r, t, j.Name, path+".variants."+v.Name+".template", v.Template, s.Channels)
			}
		}
	}
	return r.sorted()
}

// checkTemplates reports a template that does not exist on one of the step's
// channels.
func (c *Config) checkTemplates(r *report, t Templates, journey, path, template string, on []lifecycle.Channel) {
	for _, ch := range on {
		if template != "" {
			c.checkTemplate(r, t, journey, path, template, ch)
		}
	}
}

// checkTemplate reports a template that a shop with the journey does not have.
func (c *Config) checkTemplate(r *report, t Templates, journey, path, template string, ch lifecycle.Channel) {
	for _, s := range c.Shops {
		if !slices.Contains(s.Journeys, journey) || t.Has(template, ch.String(), string(s.Business)) {
			continue
		}
		for _, b := range lifecycle.Businesses() {
			if t.Has(template, ch.String(), string(b)) {
				r.add(path, fmt.Sprintf("is no template for %s of business %s, which shop %s has: put one without a business in its name into templates_dir", ch, s.Business, s.ID))
				return
			}
		}
		r.add(path, fmt.Sprintf("is no template for %s: use another, or put your own into templates_dir", ch))
		return
	}
}

// inUse lists the journeys of the file, and the built-in ones that shops use.
func (c *Config) inUse() []*Journey {
	list := slices.Clone(c.Journeys)
	for _, j := range builtin {
		used := slices.ContainsFunc(c.Shops, func(s *Shop) bool { return slices.Contains(s.Journeys, j.Name) })
		if used && c.Journey(j.Name) == j {
			list = append(list, j)
		}
	}
	return list
}

// JourneyNames lists what a shop can name.
func (c *Config) JourneyNames() []string {
	var names []string
	for _, j := range slices.Concat(c.Journeys, builtin) {
		if !slices.Contains(names, j.Name) {
			names = append(names, j.Name)
		}
	}
	slices.Sort(names)
	return names
}

// verifyUsed refuses journeys of the file that no shop has.
func (c *Config) verifyUsed(r *report) {
	for _, j := range c.Journeys {
		used := slices.ContainsFunc(c.Shops, func(s *Shop) bool { return slices.Contains(s.Journeys, j.Name) })
		if !used {
			r.add("journeys."+j.Name, "is used by no shop: name it in a shop's journeys, or take it out")
		}
	}
}

func (j *Journey) verify(r *report, path string) {
	if j.Trigger == "" {
		r.add(path+".trigger", "is missing: give inactivity, return, cancellation, early_warning, payment_failed, import or api")
	}
	if r.given(path+".threshold") && j.Threshold == Auto && j.Trigger != lifecycle.OnInactivity {
		r.add(path+".threshold", "is only for journeys with trigger inactivity: take it out")
	}
	if r.given(path+".priority") && (j.Priority < 1 || j.Priority > 1000) {
		r.add(path+".priority", "must be from 1 to 1000: the higher one goes first")
	}
	if r.given(path+".entries_per_day") && (j.PerDay < 1 || j.PerDay > 1_000_000) {
		r.add(path+".entries_per_day", "must be from 1 to 1000000: leave it out for no limit")
	}
	if len(j.Steps) == 0 {
		r.add(path+".steps", "has no step: add one, such as {after: 30d, channel: email, template: survey}")
	}
	for i, s := range j.Steps {
		s.verify(r, fmt.Sprintf("%s.steps[%d]", path, i), i)
	}
	j.verifyDays(r, path)
	j.verifyWaits(r, path)
	j.verifySense(r, path)
	j.verifyReentry(r, path)
	j.verifyFinish(r, path)
}

// verifyDays wants each step later than the one before, its wait included.
func (j *Journey) verifyDays(r *report, path string) {
	due, over := j.days()
	for i, s := range j.Steps {
		if i == 0 || s.previous {
			continue
		}
		at, before := fmt.Sprintf("%s.steps[%d].after", path, i), j.Steps[i-1]
		switch {
		case due[i] <= due[i-1] && before.previous:
			r.add(at, fmt.Sprintf("must be later than the step before, which falls due %s after the start at the earliest", due[i-1]))
		case due[i] <= due[i-1]:
			r.add(at, "must be later than the step before: all steps count from the same moment")
		case due[i] <= over[i-1] && before.WaitFor.Timeout > 0:
			r.add(at, fmt.Sprintf("must be later than %s: until then the step before may wait; or count from it with after_previous", over[i-1]))
		}
	}
}

func (j *Journey) verifyReentry(r *report, path string) {
	path += ".reentry"
	if !r.given(path) || j.Reentry.Word != "" {
		return
	}
	switch {
	case !r.given(path + ".after"):
		r.add(path, "says nothing: write never, always or {after: 180d}")
	case j.Reentry.After <= 0:
		r.add(path+".after", "must be longer than 0: write reentry: always instead")
	case j.Reentry.After <= j.length():
		r.warn(path+".after", fmt.Sprintf("keeps nobody out: it counts from the entry, and the journey takes %s", j.length()))
	}
}

func (j *Journey) verifyFinish(r *report, path string) {
	path += ".finish.otherwise"
	switch {
	case j.Trigger == lifecycle.OnInactivity && j.Finish.Otherwise == lifecycle.Dormant:
		r.add(path, "cannot be dormant after inactivity: the journey would start again for ever; use unsubscribed or active")
	case j.Trigger == lifecycle.OnEarlyWarning && j.Finish.Otherwise == lifecycle.UnsubscribedState:
		r.add(path, "cannot be unsubscribed after early_warning: those contacts have not even gone quiet yet; use active")
	case j.Trigger == lifecycle.OnPaymentFailed && j.Finish.Otherwise != lifecycle.Active && j.Finish.Otherwise != lifecycle.None:
		r.add(path, "can only be active after payment_failed: what becomes of the subscription is told by its source")
	}
}

func (s *Step) verify(r *report, path string, i int) {
	s.verifyAfter(r, path, i)
	if len(s.Channels) == 0 {
		r.add(path+".channel", "is missing: give sms, email or [sms, email]")
	}
	for i, ch := range s.Channels {
		if slices.Contains(s.Channels[:i], ch) {
			r.add(fmt.Sprintf("%s.channel[%d]", path, i), "is named twice: take one away")
		}
	}
	switch {
	case r.given(path + ".variants"):
		s.verifyVariants(r, path)
	case s.Template == "":
		r.add(path+".template", "is missing: name one, such as survey")
	}
	if r.given(path + ".expires") {
		positive(r, path+".expires", s.Expires)
	}
}

func (s *Step) verifyAfter(r *report, path string, i int) {
	after, previous := r.given(path+".after"), r.given(path+".after_previous")
	switch {
	case after && previous:
		r.add(path+".after_previous", "stands beside after: keep one of the two")
	case previous && i == 0:
		r.add(path+".after_previous", "has no step before it: use after, which counts from the journey's start")
	case previous:
		positive(r, path+".after_previous", s.AfterPrevious)
	case !after:
		r.add(path+".after", "is missing: give the time since the journey's start, such as 30d")
	}
}

// verifyVariants checks the variants of a step, which bring a template each.
func (s *Step) verifyVariants(r *report, path string) {
	if r.given(path + ".template") {
		r.add(path+".template", "stands beside variants, which have a template each: keep one of the two")
	}
	if len(s.Variants) < 2 {
		r.add(path+".variants", "needs at least two to compare, such as {warm: {template: survey}, dry: {template: coupon}}; use template for one")
	}
	by := map[string]string{}
	for _, v := range s.Variants {
		at := path + ".variants." + v.Name
		if r.given(at+".weight") && (v.Weight < 1 || v.Weight > 1000) {
			r.add(at+".weight", "must be from 1 to 1000: its part of the sum of all weights is its share")
		}
		switch {
		case v.Template == "":
			r.add(at+".template", "is missing: name one, such as survey")
		case by[v.Template] != "":
			r.add(at+".template", fmt.Sprintf("is that of %s, too: the two cannot differ; use another", by[v.Template]))
		default:
			by[v.Template] = v.Name
		}
	}
}
