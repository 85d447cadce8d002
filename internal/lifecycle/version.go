package lifecycle

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"ritorno/internal/when"
)

// Versions finds a definition by its digest, nil where it is not known. What it
// answers for a digest never changes.
type Versions func(digest string) *Journey

// Pin gives each journey the digest of its definition. Without it contacts
// under way follow whatever the journey of that name says today.
func (r *Rules) Pin() {
	for i := range r.Journeys {
		j := &r.Journeys[i]
		_, j.Version = j.Definition()
	}
}

// definition is what a contact under way follows, in the form in which it is
// stored. What only decides on the entry (priority, share, re-entry, cap) is
// not part of it.
type definition struct {
	Name    string           `json:"name"`
	Trigger Trigger          `json:"trigger"`
	Auto    bool             `json:"auto,omitzero"`
	StopIf  string           `json:"stop_if,omitzero"`
	Steps   []stepDefinition `json:"steps"`
	Finish  struct {
		After     int64  `json:"after"` // milliseconds, as all spans here
		Otherwise string `json:"otherwise"`
	} `json:"finish"`
}

type stepDefinition struct {
	After    int64           `json:"after"`
	Previous bool            `json:"previous,omitzero"`
	Channels []string        `json:"channels"`
	Template string          `json:"template,omitzero"`
	Variants []Variant       `json:"variants,omitzero"`
	When     string          `json:"when,omitzero"`
	StopIf   string          `json:"stop_if,omitzero"`
	WaitFor  *waitDefinition `json:"wait_for,omitzero"`
	Expires  int64           `json:"expires,omitzero"`
	Offers   []string        `json:"offers,omitzero"`
}

type waitDefinition struct {
	Event     string  `json:"event"`
	Timeout   int64   `json:"timeout"`
	Otherwise Unheard `json:"otherwise"`
}

// Definition is the journey as JSON, and the digest of that.
func (j *Journey) Definition() (text []byte, digest string) {
	d := definition{Name: j.Name, Trigger: j.Trigger, Auto: j.Auto, StopIf: j.StopIf.String(), Steps: []stepDefinition{}}
	d.Finish.After, d.Finish.Otherwise = j.Finish.After.Milliseconds(), j.Finish.Otherwise.String()
	for _, s := range j.Steps {
		sd := stepDefinition{
			After: s.After.Milliseconds(), Previous: s.Previous, Channels: []string{}, Template: s.Template, Variants: s.Variants,
			When: s.When.String(), StopIf: s.StopIf.String(), Expires: s.Expires.Milliseconds(),
			Offers: s.Offers,
		}
		for _, ch := range s.Channels {
			sd.Channels = append(sd.Channels, ch.String())
		}
		if w := s.WaitFor; w != nil {
			sd.WaitFor = &waitDefinition{w.Reaction.String(), w.Timeout.Milliseconds(), w.Otherwise}
		}
		d.Steps = append(d.Steps, sd)
	}
	text, err := json.Marshal(d)
	if err != nil {
		panic("a journey's definition is plain text and numbers: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return text, hex.EncodeToString(sum[:6])
}

// ParseDefinition reads what Definition wrote, also of an older release: an
// expression that this release does not take any more is an error that names it.
func ParseDefinition(text []byte) (*Journey, error) {
	var d definition
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("the definition of a journey cannot be read: %w", err)
	}
	sum := sha256.Sum256(text)
	j := &Journey{Name: d.Name, Trigger: d.Trigger, Auto: d.Auto, Version: hex.EncodeToString(sum[:6])}
	var ok bool
	if j.Finish.Otherwise, ok = ParseState(d.Finish.Otherwise); !ok {
		return nil, fmt.Errorf("the definition of journey %s names no ending", d.Name)
	}
	j.Finish.After = span(d.Finish.After)
	var err error
	if j.StopIf, err = optional(d.StopIf); err != nil {
		return nil, fmt.Errorf("stop_if of a stored version of journey %s: %w", d.Name, err)
	}
	for i, sd := range d.Steps {
		s, err := sd.step()
		if err != nil {
			return nil, fmt.Errorf("step %d of a stored version of journey %s: %w", i+1, d.Name, err)
		}
		j.Steps = append(j.Steps, s)
	}
	return j, nil
}

func (sd *stepDefinition) step() (s Step, err error) {
	s = Step{After: span(sd.After), Previous: sd.Previous, Template: sd.Template, Variants: sd.Variants, Expires: span(sd.Expires), Offers: sd.Offers}
	for _, w := range sd.Channels {
		ch, ok := ParseChannel(w)
		if !ok {
			return s, fmt.Errorf("no channel %q", w)
		}
		s.Channels = append(s.Channels, ch)
	}
	if s.When, err = optional(sd.When); err != nil {
		return s, fmt.Errorf("when: %w", err)
	}
	if s.StopIf, err = optional(sd.StopIf); err != nil {
		return s, fmt.Errorf("stop_if: %w", err)
	}
	if w := sd.WaitFor; w != nil {
		x, ok := ParseReaction(w.Event)
		if !ok {
			return s, fmt.Errorf("no event %q to wait for", w.Event)
		}
		s.WaitFor = &WaitFor{x, span(w.Timeout), w.Otherwise}
	}
	return s, nil
}

func span(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

func optional(src string) (*when.Expr, error) {
	if src == "" {
		return nil, nil //nolint:nilnil // no expression is one that always holds
	}
	return when.Compile(src)
}

// journeyOf is the definition that a run follows: the one it started with, as
// long as its journey is still one of the shop's. Nil: it was taken out.
func (r *Rules) journeyOf(run *Run) *Journey {
	j := r.named(run.Journey)
	if j == nil || run.Version == "" || run.Version == j.Version {
		return j
	}
	if r.Versions != nil {
		if old := r.Versions(run.Version); old != nil {
			return old
		}
	}
	return j
}
