package main

import (
	"math"
	"strconv"
	"time"

	"ritorno/internal/lifecycle"
)

// journeyView is a journey as the configuration names its parts, with what it
// leaves out filled in. Durations are written as there.
type journeyView struct {
	Name     string            `json:"name"`
	Trigger  lifecycle.Trigger `json:"trigger"`
	Shop     string            `json:"shop"`
	Locale   string            `json:"locale"` // of the words
	Auto     bool              `json:"auto"`   // the first step falls on the contact's own dormancy day, where it is known
	Priority int               `json:"priority"`
	Reentry  string            `json:"reentry"`         // always, never, or the time since the last entry
	PerDay   int               `json:"entries_per_day"` // 0: no limit
	Holdout  float64           `json:"holdout"`         // share of those who enter
	StopIf   string            `json:"stop_if,omitempty"`
	Steps    []stepView        `json:"steps"`
	Finish   finishView        `json:"finish"`
}

type stepView struct {
	Step     int           `json:"step"`
	After    string        `json:"after"` // with + in front: after the step before
	Due      string        `json:"due"`   // since the journey's start, at the earliest
	Channels []string      `json:"channels"`
	Template string        `json:"template,omitempty"`
	Variants []variantView `json:"variants,omitempty"`
	When     string        `json:"when,omitempty"`
	StopIf   string        `json:"stop_if,omitempty"`
	WaitFor  *waitView     `json:"wait_for,omitempty"`
	Offers   []string      `json:"offers,omitempty"`
	Expires  string        `json:"expires"`
	Words    []wordsView   `json:"words"`

	at time.Duration // of Due
}

type variantView struct {
	Name     string  `json:"name"`
	Weight   int     `json:"weight"`
	Share    float64 `json:"share"`
	Template string  `json:"template"`
}

type waitView struct {
	Event     string `json:"event"`
	Timeout   string `json:"timeout"`
	Otherwise string `json:"otherwise"`
}

// wordsView is what a step says on one channel to somebody of whom only the
// first name is known.
type wordsView struct {
	Channel  string `json:"channel"`
	Template string `json:"template"`
	Locale   string `json:"locale,omitempty"`
	Subject  string `json:"subject,omitempty"`  // of an e-mail
	Text     string `json:"text,omitempty"`     // of an SMS
	Segments int    `json:"segments,omitempty"` // of an SMS
}

type finishView struct {
	After     string `json:"after"` // after the last step
	Due       string `json:"due"`   // since the journey's start, at the earliest
	Otherwise string `json:"otherwise"`

	at time.Duration // of Due
}

func viewOf(j lifecycle.Journey, r *lifecycle.Rules, locale string, say sampler) journeyView {
	v := journeyView{
		Name: j.Name, Trigger: j.Trigger, Shop: r.Shop, Locale: locale, Auto: j.Auto, Priority: j.Rank(),
		Reentry: reentryOf(j.Reentry), PerDay: j.PerDay, Holdout: j.Holdout, StopIf: j.StopIf.String(),
	}
	var at time.Duration
	for i := range j.Steps {
		s := stepOf(&j.Steps[i], i+1, at, r)
		last := i == len(j.Steps)-1 && j.Finish.Otherwise == lifecycle.UnsubscribedState
		for _, template := range j.Steps[i].Templates() {
			for _, ch := range j.Steps[i].Channels {
				s.Words = append(s.Words, say.words(template, ch, last))
			}
		}
		at = s.at
		v.Steps = append(v.Steps, s)
	}
	at += j.Finish.After
	v.Finish = finishView{lifecycle.Length(j.Finish.After), dueOf(at), j.Finish.Otherwise.String(), at}
	return v
}

// stepOf is a step whose one before falls due at a time, at the earliest.
func stepOf(s *lifecycle.Step, number int, before time.Duration, r *lifecycle.Rules) stepView {
	v := stepView{
		Step: number, After: lifecycle.Length(s.After), at: s.After, Template: s.Template, When: s.When.String(), StopIf: s.StopIf.String(),
		Offers: s.Offers, Expires: lifecycle.Length(s.Expires),
	}
	if s.Previous {
		v.After, v.at = "+"+v.After, before+s.After
	}
	v.Due = dueOf(v.at)
	if s.Expires == 0 {
		v.Expires = lifecycle.Length(r.Expires)
	}
	for _, ch := range s.Channels {
		v.Channels = append(v.Channels, ch.String())
	}
	sum := 0
	for _, x := range s.Variants {
		sum += x.Weight
	}
	for _, x := range s.Variants {
		share := math.Round(float64(x.Weight)/float64(sum)*1000) / 1000
		v.Variants = append(v.Variants, variantView{x.Name, x.Weight, share, x.Template})
	}
	if w := s.WaitFor; w != nil {
		v.WaitFor = &waitView{w.Reaction.String(), lifecycle.Length(w.Timeout), string(w.Otherwise)}
	}
	return v
}

func reentryOf(r lifecycle.Reentry) string {
	switch {
	case r.Never:
		return "never"
	case r.After > 0:
		return lifecycle.Length(r.After)
	}
	return "always"
}

// hundredths is a share in hundreds, such as 7.5%.
func hundredths(share float64) string {
	return strconv.FormatFloat(math.Round(share*1000)/10, 'f', -1, 64) + "%"
}

// dueOf writes a time since the start in days and hours, such as 3d 1h.
func dueOf(d time.Duration) string {
	days := d.Truncate(24 * time.Hour)
	if days == 0 || days == d {
		return lifecycle.Length(d)
	}
	return lifecycle.Length(days) + " " + lifecycle.Length(d-days)
}
