package main

import (
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/rehearse"
)

// simulated is the report of ritorno simulate, as --json prints it.
type simulated struct {
	File   string        `json:"file"`
	Read   simulatedFile `json:"read"`
	Assume []string      `json:"assumed_consent"`
	Reach  []string      `json:"reach"`
	MadeUp madeUp        `json:"made_up_addresses"`
	*rehearse.Report
	Notes   []remark    `json:"notes"`
	Compare *comparison `json:"compare,omitempty"`

	names [2]string // of the two configurations
	zone  *time.Location
}

// madeUp is how many customers got an address that is not theirs.
type madeUp struct {
	Email int `json:"email"`
	SMS   int `json:"sms"`
}

// remark is something to know when reading the figures.
type remark struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// comparison is the same history by another configuration.
type comparison struct {
	Config    string           `json:"config"`
	Report    *rehearse.Report `json:"report"`
	Same      int              `json:"customers_same"`
	Different int              `json:"customers_different"`
	OnlyFirst int              `json:"written_to_by_first_only"`
	OnlyOther int              `json:"written_to_by_other_only"`
	Examples  []contrast       `json:"examples"`
}

// contrast is one customer, written to by both.
type contrast struct {
	Customer string        `json:"customer_id"`
	First    []planMessage `json:"first"`
	Other    []planMessage `json:"other"`
}

// planMessage is one message of an example.
type planMessage struct {
	At       time.Time `json:"at"`
	Journey  string    `json:"journey"`
	Step     int       `json:"step"`
	Channel  string    `json:"channel"`
	Template string    `json:"template"`
	What     string    `json:"what"`
	Reason   string    `json:"reason,omitempty"`
}

// tell puts the report together; other is nil without a comparison.
func (s *simulation) tell(first, other *rehearse.Result, diff *rehearse.Difference) *simulated {
	within := s.options.Within
	out := &simulated{
		File: s.file, Read: s.read, Assume: []string{}, Reach: names(s.reach),
		MadeUp: madeUp{s.history.Reached[lifecycle.Email], s.history.Reached[lifecycle.SMS]},
		Report: first.Report(&s.first.rules, s.prices, within), names: [2]string{s.first.name, s.o.compare},
		zone: s.first.rules.Location,
	}
	for ch, state := range s.first.rules.Assume {
		if state == lifecycle.Subscribed {
			out.Assume = append(out.Assume, lifecycle.Channel(ch).String())
		}
	}
	out.Notes = out.remarks(wordsOf("en"))
	if other == nil {
		return out
	}
	out.Compare = &comparison{
		Config: s.o.compare, Report: other.Report(&s.other.rules, s.prices, within),
		Same: diff.Same, Different: diff.Different, OnlyFirst: diff.OnlyFirst, OnlyOther: diff.OnlyOther, Examples: []contrast{},
	}
	for _, ex := range diff.Examples {
		out.Compare.Examples = append(out.Compare.Examples, contrast{ex.Customer, planOf(ex.First), planOf(ex.Other)})
	}
	return out
}

func planOf(all []rehearse.Decision) []planMessage {
	plan := []planMessage{}
	for _, d := range all {
		plan = append(plan, planMessage{d.At, d.Journey, d.Step, d.Channel.String(), d.Template, d.What, string(d.Reason)})
	}
	return plan
}

// remarks say what the figures do not.
func (s *simulated) remarks(w *simulateWords) []remark {
	all := []remark{}
	add := func(code string) { all = append(all, remark{code, w.Remarks[code]}) }
	if s.Only(lifecycle.ReasonNoConsent) {
		add("no_consent")
	}
	if s.Only(lifecycle.ReasonNoAddress) {
		add("no_address")
	}
	if s.MadeUp.Email+s.MadeUp.SMS > 0 {
		add("made_up")
	}
	if s.Assumed {
		add("prices")
	}
	if s.Messages > 0 {
		add("by_themselves")
	}
	if s.Orders > 0 && s.AverageOrder == "" {
		add("currency")
	}
	if s.Read.Bad > 0 {
		add("bad_lines")
	}
	return all
}
