package lifecycle

import (
	"fmt"
)

// The ways in which a record can contradict itself. None of them follows from
// any order of events: each is a mistake of ours, or of the disk.
const (
	FaultBounds       = "record_bounds"      // a list is longer than it may be
	FaultTwice        = "message_twice"      // one message stands in the record twice
	FaultDoubled      = "message_doubled"    // a provider took one message twice
	FaultTimer        = "timer_unwanted"     // a timer runs for somebody who was let go, left, or was merged
	FaultOptedOut     = "queued_opted_out"   // a message waits on a channel that the contact left
	FaultIdle         = "queued_idle"        // a message waits for a step that will not come
	FaultSending      = "sending_unmatched"  // the attempt under way and the messages disagree
	FaultUnasked      = "uncertain_unlisted" // a message of unknown outcome about which nobody asks
	FaultIdleQuestion = "question_idle"      // a question to a provider's records about no message
)

// Fault is one of them. Text holds no personal data.
type Fault struct{ Kind, Text string }

// Faults are the contradictions in the record itself.
func (c *Contact) Faults() []Fault {
	var a faults
	a.bounds(c)
	if c.Erasing != nil {
		return a
	}
	if !c.Due.IsZero() && (c.State == UnsubscribedState || c.Forward != "") {
		a.add(FaultTimer, "a timer is set for %s (%s), state %s", c.Due.Format(timeFormat), c.DueWhy, c.State)
	}
	if c.Forward != "" { // what is left of a merged record waits to be absorbed as it was
		return a
	}
	a.messages(c)
	a.questions(c)
	for _, e := range c.Timeline {
		if e.Type == "message.doubled" {
			a.add(FaultDoubled, "the provider reported one message under two ids on %s", e.At.Format(timeFormat))
		}
	}
	return a
}

const timeFormat = "2006-01-02T15:04:05Z"

type faults []Fault

func (a *faults) add(kind, format string, args ...any) {
	*a = append(*a, Fault{kind, fmt.Sprintf(format, args...)})
}

func (a *faults) bounds(c *Contact) {
	for _, l := range []struct {
		what    string
		n, most int
	}{
		{"orders", len(c.Orders), MaxOrders},
		{"marks", len(c.Marks), MaxMarks},
		{"messages", len(c.Messages), MaxMessages},
		{"timeline", len(c.Timeline), MaxTimeline},
		{"ledger", len(c.Ledger), MaxLedger},
		{"ended journeys", len(c.Runs), MaxRuns},
		{"customer ids", len(c.Refs), MaxRefs},
		{"answers", len(c.Answers), MaxAnswers},
		{"former addresses", len(c.Former), MaxFormer},
		{"questions", len(c.Looks), MaxLooks},
	} {
		if l.n > l.most {
			a.add(FaultBounds, "%s: %d of at most %d", l.what, l.n, l.most)
		}
	}
}

// messages holds each message against consent, live journey and the attempt
// under way.
func (a *faults) messages(c *Contact) {
	seen := make(map[string]bool, len(c.Messages))
	under := ""
	if c.Sending != nil {
		under = c.Sending.Message.ID
		if m := c.message(under); m == nil || m.Status != Sending {
			a.add(FaultSending, "message %s is under way and does not stand as sending", under)
		}
	}
	for _, m := range c.Messages {
		if seen[m.ID] {
			a.add(FaultTwice, "message %s", m.ID)
		}
		seen[m.ID] = true
		switch m.Status {
		case Queued:
			a.queued(c, m)
		case Sending:
			if m.ID != under {
				a.add(FaultSending, "message %s stands as sending and is not under way", m.ID)
			}
		case Uncertain:
			if c.look(m.ID) == nil {
				a.add(FaultUnasked, "message %s is uncertain and stands on no list", m.ID)
			}
		}
	}
}

func (a *faults) queued(c *Contact, m Message) {
	if m.Channel < channels && c.Consent[m.Channel].State() == Unsubscribed {
		a.add(FaultOptedOut, "message %s waits on %s", m.ID, m.Channel)
	}
	if c.Run == nil || c.Run.ID != m.Run || c.Run.Step != m.Step-1 {
		a.add(FaultIdle, "message %s waits for step %d of journey %s, which is over", m.ID, m.Step, m.Journey)
	}
}

func (a *faults) questions(c *Contact) {
	for _, l := range c.Looks {
		if c.message(l.Message) == nil {
			a.add(FaultIdleQuestion, "about message %s, which the record does not hold", l.Message)
		}
	}
}
