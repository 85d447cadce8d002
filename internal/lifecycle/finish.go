package lifecycle

import (
	"slices"
	"time"
)

// maxDetail is how much of an expression the record keeps, in bytes.
const maxDetail = 160

// stay is an ending that leaves the contact where they are.
func stay(f Fold, run *Run) Finish {
	if run.Trigger.Beside() {
		return Finish{Otherwise: Active}
	}
	return Finish{Otherwise: f.State}
}

// stopped ends the run where an expression of its journey or of its next step
// says so. An expression that cannot be worked out stops nothing.
func (d *decision) stopped(f Fold, run *Run, j *Journey) bool {
	stop := j.StopIf
	holds := d.holds(stop, f)
	if !holds && run.Step < len(j.Steps) {
		stop = j.Steps[run.Step].StopIf
		holds = d.holds(stop, f)
	}
	if !holds {
		return false
	}
	d.c.Timeline = addEntry(d.c.Timeline, Entry{At: d.now, Type: "journey.stopped", Text: clip(run.Journey+": "+stop.String(), maxDetail)})
	d.finish(f, run, stay(f, run), ReasonStopped)
	return true
}

// spoke reports whether the contact reacted to a message of the run.
func (d *decision) spoke(run *Run) bool {
	return slices.ContainsFunc(d.c.Messages, func(m Message) bool { return m.Run == run.ID && m.Responded })
}

// finish ends the journey as it says. Nobody is let go for silence who was
// never written to, or who reacted in a journey that a reaction does not end.
func (d *decision) finish(f Fold, run *Run, fin Finish, why Reason) {
	outcome := fin.Otherwise
	switch {
	case why != "":
	case outcome == UnsubscribedState && run.Trigger == OnCancellation && d.spoke(run):
		outcome, why = Dormant, ReasonFinished // they asked to stay in touch
	case outcome == UnsubscribedState && run.Got > 0:
		why = ReasonNoResponse
	case outcome == UnsubscribedState:
		outcome, why = stay(f, run).Otherwise, ReasonUnreachable
	case run.Trigger == OnReturn:
		why = ReasonWelcomed
	default:
		why = ReasonFinished
	}
	d.ended = why
	if !d.mark(Mark{Kind: MarkEnded, At: d.now, Key: keyOf(run.ID), Outcome: outcome, Reason: why}) {
		run.Wait = d.now.Add(time.Hour) // known and without effect: never turn in a circle
	}
	d.t.Reason = ReasonFinished
	d.t.count("finished:" + run.Journey + ":" + string(why))
}
