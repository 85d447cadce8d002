package lifecycle

import "time"

// reactionOf says what a response counts as for a step that waits.
func reactionOf(k ResponseKind) Reaction {
	switch k {
	case ResponseAnswer:
		return ReactionAnswer
	case ResponseContest:
		return ReactionContest
	case ResponseReply:
		return ReactionReply
	}
	return ReactionClick
}

// heard reports whether the run met a reaction. A stronger one is a click too,
// and every one is an opening.
func (r *Run) heard(x Reaction) bool {
	switch x {
	case ReactionOpen:
		return r.Heard != 0
	case ReactionClick:
		return r.Heard&^ReactionOpen != 0
	}
	return r.Heard&x != 0
}

// hear notes a reaction to a message of the live run. A reply that names no
// message is one to whatever was sent last.
func (d *decision) hear(m *Message, x Reaction) {
	run := d.c.Run
	if run == nil || m != nil && m.Run != run.ID || m == nil && x != ReactionReply || run.Heard&x != 0 {
		return
	}
	run.Heard, run.HeardAt, d.changed = run.Heard|x, d.now, true
}

// ready is when a step could go out first: when it was due, or when its wait
// ended.
func (d *decision) ready(run *Run, j *Journey) time.Time {
	at := d.stepAt(run, j)
	w := j.Steps[run.Step].WaitFor
	switch {
	case w == nil:
		return at
	case run.heard(w.Reaction):
		return maxTime(at, run.HeardAt)
	}
	return at.Add(w.Timeout)
}
