package config

import (
	"ritorno/internal/lifecycle"
	"ritorno/internal/when"
)

// Journey is an ordered list of steps.
type Journey struct {
	Name      string            `yaml:"-,key"`
	Trigger   lifecycle.Trigger `yaml:"trigger"`
	Threshold Threshold         `yaml:"threshold"`       // inactivity only, default fixed
	Priority  int               `yaml:"priority"`        // 1 to 1000, default by the trigger
	Reentry   Reentry           `yaml:"reentry"`         // default always
	PerDay    int               `yaml:"entries_per_day"` // 0: no limit
	Holdout   Share             `yaml:"holdout"`         // share of contacts that get nothing, default 0
	StopIf    *when.Expr        `yaml:"stop_if"`         // nil: never
	Steps     []*Step           `yaml:"steps"`
	Finish    Finish            `yaml:"finish"`
}

// Threshold says what an inactivity journey's steps count from.
type Threshold string

// The choices of Threshold.
const (
	Fixed Threshold = "fixed" // the last order or interaction
	Auto  Threshold = "auto"  // the contact's own dormancy day, where it is known
)

// Reentry says whether somebody who was in the journey may enter it again:
// written as a word, or with the time that must have passed.
type Reentry struct {
	Word  ReentryWord `yaml:"-"`
	After Duration    `yaml:"after"`
}

// ReentryWord is a choice of Reentry; empty: After counts, or always.
type ReentryWord string

// The choices of Reentry.
const (
	ReentryAlways ReentryWord = "always"
	ReentryNever  ReentryWord = "never"
)

// Step is one message of a journey. Either After or AfterPrevious is given.
type Step struct {
	After         Duration            `yaml:"after"`          // from the journey's anchor
	AfterPrevious Duration            `yaml:"after_previous"` // from when the step before was handled
	Channels      []lifecycle.Channel `yaml:"channel,one"`
	Template      string              `yaml:"template"`
	Variants      []*Variant          `yaml:"variants"`  // by name; each with a template instead of the step's
	When          *when.Expr          `yaml:"when"`      // nil: always
	StopIf        *when.Expr          `yaml:"stop_if"`   // nil: never
	WaitFor       *WaitFor            `yaml:"wait_for"`  // nil: waits for nothing
	Expires       Duration            `yaml:"expires"`   // 0: delivery.expires
	Offers        []string            `yaml:"offer,one"` // names of the shop's offers, best first

	previous bool // AfterPrevious counts
}

// Variant is one of several messages of a step.
type Variant struct {
	Name     string `yaml:"-,key"`
	Weight   int    `yaml:"weight"` // 1 to 1000, default 1
	Template string `yaml:"template"`
}

// WaitFor lets a step wait for a reaction.
type WaitFor struct {
	Event     lifecycle.Reaction `yaml:"event"`
	Timeout   Duration           `yaml:"timeout"`
	Otherwise lifecycle.Unheard  `yaml:"otherwise"` // default skip
}

// Finish is how a journey ends without a response.
type Finish struct {
	After     Duration        `yaml:"after"`     // from when the last step was handled, default 0s
	Otherwise lifecycle.State `yaml:"otherwise"` // default by the trigger: see docs/configuration.md
}

// Journey returns the journey with this name, of the file or built in, or nil.
func (c *Config) Journey(name string) *Journey {
	for _, list := range [][]*Journey{c.Journeys, builtin} {
		for _, j := range list {
			if j.Name == name {
				return j
			}
		}
	}
	return nil
}

// templates are all that a step may send.
func (s *Step) templates() []string {
	rules := s.rules()
	return rules.Templates()
}

// days are when each step falls due if nothing waits, and how long its own wait
// may last, counted from the journey's anchor.
func (j *Journey) days() (due, over []Duration) {
	var at Duration
	for _, s := range j.Steps {
		if s.previous {
			at += s.AfterPrevious
		} else {
			at = s.After
		}
		due = append(due, at)
		if s.WaitFor != nil {
			at += s.WaitFor.Timeout
		}
		over = append(over, at)
	}
	return due, over
}

// length is how long the journey takes if nothing waits but what has a limit.
func (j *Journey) length() Duration {
	_, over := j.days()
	if len(over) == 0 {
		return j.Finish.After
	}
	return over[len(over)-1] + j.Finish.After
}
