package lifecycle

import (
	"time"

	"ritorno/internal/when"
)

// Journey is an ordered list of steps with a trigger and an ending.
type Journey struct {
	Name     string
	Trigger  Trigger
	Version  string     // digest of what a contact under way follows, see Pin; empty: not pinned
	Auto     bool       // threshold: auto; as fixed until the intelligence knows the rhythm
	Priority int        // where two journeys want a contact the higher one has it; 0: by the trigger
	Holdout  float64    // share of those who enter that get nothing, 0 to below 1
	Reentry  Reentry    // whether somebody who was in it may enter again
	PerDay   int        // how many contacts may enter in a day of the shop; 0: no limit
	StopIf   *when.Expr // looked at before each step and before the ending; nil: never
	Steps    []Step
	Finish   Finish
}

// Step is one message of a journey.
type Step struct {
	After    time.Duration // from the journey's anchor
	Previous bool          // After counts from when the step before was handled instead
	Channels []Channel     // the first that may be used
	Template string        // empty where there are variants
	Variants []Variant     // by name; empty: everybody gets Template
	When     *when.Expr    // nil: always
	StopIf   *when.Expr    // holds: the journey ends before this step; nil: never
	WaitFor  *WaitFor      // nil: the step waits for nothing
	Expires  time.Duration // 0: the rules' Expires
	Offers   []string      // names of the shop's offers, best first
}

// Variant is one of several messages of a step. Who gets which is drawn by a
// keyed digest of contact, journey and step: the same again and again.
type Variant struct {
	Name     string `json:"name"`
	Weight   int    `json:"weight"` // above 0; its part of the sum of all weights is its share
	Template string `json:"template"`
}

// WaitFor lets a due step wait until the contact reacted to an earlier message
// of the journey.
type WaitFor struct {
	Reaction  Reaction
	Timeout   time.Duration // from when the step was due
	Otherwise Unheard       // what happens after it
}

// Unheard is what becomes of a step whose wait ended without the reaction.
type Unheard string

// The choices of Unheard.
const (
	UnheardSkip Unheard = "skip" // the step is passed over
	UnheardGo   Unheard = "go"   // the message is sent all the same
	UnheardEnd  Unheard = "end"  // the journey ends as its finish says
)

// Reentry says whether somebody may enter a journey again. The zero value
// always lets them in.
type Reentry struct {
	Never bool
	After time.Duration // since they entered it last
}

// Finish is how a journey ends without a response.
type Finish struct {
	After     time.Duration // counted from when the last step was handled
	Otherwise State         // Unsubscribed, Active or Dormant; in a journey beside the state Active leaves it as it is
}

// ranks are the priorities of journeys whose owner gave none.
var ranks = map[Trigger]int{
	OnReturn: 70, OnCancellation: 60, OnPaymentFailed: 50, OnAPI: 40, OnInactivity: 30, OnEarlyWarning: 20, OnImport: 10,
}

// Rank is the journey's priority, its trigger's where it has none of its own.
func (j *Journey) Rank() int {
	if j.Priority > 0 {
		return j.Priority
	}
	return ranks[j.Trigger]
}

// Beside reports whether journeys with this trigger stand beside the
// contact's state instead of following it.
func (t Trigger) Beside() bool {
	return t == OnEarlyWarning || t == OnPaymentFailed || t == OnImport || t == OnAPI
}

// EndsOnResponse reports whether a response ends journeys with this trigger.
func (t Trigger) EndsOnResponse() bool {
	return t == OnInactivity || t == OnEarlyWarning || t == OnImport || t == OnAPI
}

// Reaction is what a step can wait for. The values are bits: a run keeps those
// it met.
type Reaction uint8

// The reactions, from the weakest on.
const (
	ReactionOpen    Reaction = 1 << iota // a landing page was fetched, perhaps by a scanner
	ReactionClick                        // a person saw it, or reacted in any other way
	ReactionAnswer                       // the survey was answered
	ReactionContest                      // the contest was entered
	ReactionReply                        // an SMS came back
)

// reactions are their words in the configuration.
var reactions = []string{"open", "click", "answer", "contest", "reply"}

// String is the word of the configuration.
func (x Reaction) String() string {
	for i, w := range reactions {
		if x == 1<<i {
			return w
		}
	}
	return ""
}

// ParseReaction reads the word of the configuration.
func ParseReaction(w string) (Reaction, bool) {
	for i, known := range reactions {
		if w == known {
			return 1 << i, true
		}
	}
	return 0, false
}

// named returns the journey of that name, or nil.
func (r *Rules) named(name string) *Journey {
	for i := range r.Journeys {
		if r.Journeys[i].Name == name {
			return &r.Journeys[i]
		}
	}
	return nil
}

// journey returns the journey with this trigger and the highest priority, or
// nil.
func (r *Rules) journey(t Trigger) (best *Journey) {
	for i := range r.Journeys {
		if j := &r.Journeys[i]; j.Trigger == t && (best == nil || j.Rank() > best.Rank()) {
			best = j
		}
	}
	return best
}
