package config

import (
	"fmt"
	"slices"

	"ritorno/internal/lifecycle"
)

// verifyWaits checks what the steps wait for: it must be able to come, and to
// leave the journey standing.
func (j *Journey) verifyWaits(r *report, path string) {
	for i, s := range j.Steps {
		w := s.WaitFor
		if w == nil {
			continue
		}
		at := fmt.Sprintf("%s.steps[%d].wait_for", path, i)
		if !r.given(at + ".timeout") {
			r.add(at+".timeout", "is missing: give how long to wait at most, such as 3d")
		} else {
			positive(r, at+".timeout", w.Timeout)
		}
		if !r.given(at + ".event") {
			r.add(at+".event", "is missing: give open, click, answer, contest or reply")
		} else if why := j.deaf(i, w.Event); why != "" {
			r.add(at+".event", why)
		}
	}
}

// deaf says why a step cannot hear a reaction, empty when it can.
func (j *Journey) deaf(i int, x lifecycle.Reaction) string {
	before := j.Steps[:i]
	switch {
	case x == 0: // refused before
	case i == 0:
		return "can never come: no step before this one sends anything that could be reacted to"
	case x != lifecycle.ReactionOpen && j.Trigger.EndsOnResponse():
		return fmt.Sprintf("ends a journey with trigger %s, so that this step would never be sent: wait for open, or take it out", j.Trigger)
	case x == lifecycle.ReactionReply && !slices.ContainsFunc(before, func(s *Step) bool { return slices.Contains(s.Channels, lifecycle.SMS) }):
		return "can never come: no step before this one goes out by sms, and an e-mail cannot be replied to; wait for click or answer"
	case x == lifecycle.ReactionAnswer && !sends(before, "survey") && !sends(before, "contest"):
		return "can never come: no step before this one sends the survey; wait for click, or send it"
	case x == lifecycle.ReactionContest && !sends(before, "contest"):
		return "can never come: no step before this one sends the contest; wait for click, or send it"
	}
	return ""
}

func sends(steps []*Step, template string) bool {
	return slices.ContainsFunc(steps, func(s *Step) bool { return slices.Contains(s.templates(), template) })
}
