package config

import (
	"fmt"
	"slices"

	"ritorno/internal/lifecycle"
)

// Templates knows the templates of an installation. Channel is "sms" or
// "email".
type Templates interface {
	Has(name, channel string) bool
}

// Check reports the journeys' steps whose template does not exist on one of
// their channels. It adds to what Parse reports and repeats none of it.
func (c *Config) Check(t Templates) []Problem {
	r := &report{file: c.report.file, places: c.report.places, broken: c.report.broken}
	for _, j := range c.inUse() {
		for i, s := range j.Steps {
			path := fmt.Sprintf("journeys.%s.steps[%d].template", j.Name, i)
			for _, ch := range s.Channels {
				if s.Template != "" && !t.Has(s.Template, ch.String()) {
					r.add(path, fmt.Sprintf("is no template for %s: use another, or put your own into templates_dir", ch))
				}
			}
		}
	}
	return r.sorted()
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

// journeyNames lists what a shop can name.
func (c *Config) journeyNames() []string {
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
	switch j.Trigger {
	case lifecycle.OnEarlyWarning, lifecycle.OnPaymentFailed, lifecycle.OnImport, lifecycle.OnAPI:
		r.warn(path+".trigger", fmt.Sprintf("%s starts nothing in this release: no contact enters this journey yet", j.Trigger))
	}
	if r.given(path+".threshold") && j.Threshold == Auto && j.Trigger != lifecycle.OnInactivity {
		r.add(path+".threshold", "is only for journeys with trigger inactivity: take it out")
	}
	if j.Holdout > 0 {
		r.warn(path+".holdout", "has no effect in this release: everybody is written to")
	}
	if len(j.Steps) == 0 {
		r.add(path+".steps", "has no step: add one, such as {after: 30d, channel: email, template: survey}")
	}
	for i, s := range j.Steps {
		s.verify(r, fmt.Sprintf("%s.steps[%d]", path, i))
		if i > 0 && s.After <= j.Steps[i-1].After {
			r.add(fmt.Sprintf("%s.steps[%d].after", path, i), "must be later than the step before: all steps count from the same moment")
		}
	}
	if j.Trigger == lifecycle.OnInactivity && j.Finish.Otherwise == lifecycle.Dormant {
		r.add(path+".finish.otherwise", "cannot be dormant after inactivity: the journey would start again for ever; use unsubscribed or active")
	}
}

func (s *Step) verify(r *report, path string) {
	if !r.given(path + ".after") {
		r.add(path+".after", "is missing: give the time since the journey's start, such as 30d")
	}
	if len(s.Channels) == 0 {
		r.add(path+".channel", "is missing: give sms, email or [sms, email]")
	}
	for i, ch := range s.Channels {
		if slices.Contains(s.Channels[:i], ch) {
			r.add(fmt.Sprintf("%s.channel[%d]", path, i), "is named twice: take one away")
		}
	}
	if s.Template == "" {
		r.add(path+".template", "is missing: name one, such as survey")
	}
	if r.given(path + ".expires") {
		positive(r, path+".expires", s.Expires)
	}
}
