package lifecycle

import (
	"slices"
	"strconv"
	"time"
)

// returnFor is how long a contact stays returning where the shop has no
// return journey.
const returnFor = 28 * 24 * time.Hour

// settle brings state, live journey and timer in line with the facts. It is
// the only place that writes them.
func (d *decision) settle() {
	if d.c.MadeAt.IsZero() {
		return
	}
	d.closeLooks()
	d.goOn()
	f := d.r.fold(&d.c)
	d.writeState(f)
	d.alignRun(f)
	due, why := d.due(f)
	d.c.Due, d.c.DueWhy = due, why
}

func (d *decision) writeState(f Fold) {
	state, reason, since := f.State, f.Reason, f.Since
	if at, out := d.optedOut(); out {
		state, reason, since = UnsubscribedState, ReasonOptOut, at
	}
	if state == d.c.State && reason == d.c.Reason && since.Equal(d.c.Since) {
		return
	}
	if state != d.c.State && d.c.State != None {
		d.c.Timeline = addEntry(d.c.Timeline, Entry{At: d.now, Type: "state." + Type(state.String()), Reason: reason})
	}
	d.c.State, d.c.Reason, d.c.Since = state, reason, since
	d.changed = true
}

// optedOut reports whether no channel is left: each has no address or is
// unsubscribed, and at least one was left on purpose.
func (d *decision) optedOut() (time.Time, bool) {
	var at time.Time
	for ch := range channels {
		unsubscribed := d.c.Consent[ch].State() == Unsubscribed
		if unsubscribed {
			at = maxTime(at, d.c.Consent[ch].At)
		} else if d.c.address(Channel(ch)) != "" {
			return time.Time{}, false
		}
	}
	return at, !at.IsZero()
}

// address is where a channel leads, empty when nowhere.
func (c *Contact) address(ch Channel) string {
	if ch == SMS {
		return c.Phone.Key
	}
	return c.Email.Key
}

// runID names the journey run that hangs on a trigger; the same trigger gives
// the same id, so that a run that comes to life again knows what it did.
func runID(f Fold) string {
	return string(f.Trigger[:1]) + strconv.FormatUint(f.TriggerKey, 36)
}

// alignRun ends a run whose reason is gone and starts the one that the facts
// ask for.
func (d *decision) alignRun(f Fold) {
	want := ""
	var j *Journey
	if f.Trigger != "" && !f.Over && d.c.State != UnsubscribedState {
		if j = d.r.journey(f.Trigger); j != nil {
			want = runID(f)
		}
	}
	if d.c.Run != nil && d.c.Run.ID != want {
		d.endRun(f)
	}
	if want == "" || d.c.Run != nil {
		d.postpone()
		return
	}
	run := Run{ID: want, Journey: j.Name, Trigger: j.Trigger, Anchor: f.TriggerAt, Began: d.now}
	if i := slices.IndexFunc(d.c.Runs, func(r Run) bool { return r.ID == want }); i >= 0 {
		run = d.c.Runs[i]
		d.c.Runs = slices.Delete(d.c.Runs, i, i+1)
		d.skipPast(&run, j, run.Ended) // what fell due while it was off is not sent in a burst
		run.Outcome, run.Ended, run.Wait, run.Waited = "", time.Time{}, time.Time{}, ""
	} else {
		d.t.count("entered:" + j.Name)
		if d.ev.Historical && len(j.Steps) > 0 && !run.Anchor.Add(j.Steps[0].After).After(d.now) {
			run.Step, run.Handled = len(j.Steps), d.now // imported, and already past the first step: nothing starts by itself
		}
	}
	d.c.Run = &run
	d.changed = true
	d.postpone()
}

// postpone moves the rest of the run behind a pause, and that of an imported
// contact behind the day on which the owner lets it begin. Its steps keep their
// distance, so that they do not leave all at once when it is over.
func (d *decision) postpone() {
	run := d.c.Run
	if run == nil {
		return
	}
	j := d.r.named(run.Journey)
	if j == nil || run.Step >= len(j.Steps) {
		return
	}
	from := d.c.PausedTo
	if run.Trigger == OnInactivity && run.Anchor.Equal(d.c.HeldAt) {
		from = maxTime(from, d.c.HeldTo)
	}
	if late := from.Sub(d.stepAt(run, j)); late > 0 {
		run.Anchor, d.changed = run.Anchor.Add(late), true
	}
}

// skipPast passes over the steps that fell due between two times, the second
// being now.
func (d *decision) skipPast(run *Run, j *Journey, since time.Time) {
	for run.Step < len(j.Steps) {
		due := run.Anchor.Add(j.Steps[run.Step].After)
		if due.After(d.now) || !due.After(since) {
			return
		}
		run.Step++
		run.Handled = d.now
	}
}

// endRun closes the live run, with the reason that took its ground away, and
// drops what it had queued.
func (d *decision) endRun(f Fold) {
	run := *d.c.Run
	run.Ended = d.now
	run.Outcome = d.endReason(f, run)
	for i := range d.c.Messages {
		m := &d.c.Messages[i]
		if m.Status == Queued && m.Run == run.ID {
			m.Status, m.Error = Dropped, dropReason(run.Outcome)
			d.t.count("dropped:" + string(m.Error))
		}
	}
	d.t.count("ended:" + run.Journey + ":" + string(run.Outcome))
	d.c.Runs = append(d.c.Runs, run)
	if len(d.c.Runs) > MaxRuns {
		d.c.Runs = d.c.Runs[1:]
	}
	d.c.Run = nil
	d.changed = true
}

func (d *decision) endReason(f Fold, run Run) Reason {
	switch {
	case d.ended != "":
		return d.ended
	case d.c.State == UnsubscribedState && d.c.Reason == ReasonOptOut:
		return ReasonOptedOut
	case f.State == Returning && run.Trigger != OnReturn:
		return ReasonWonOrder
	case f.State == Cancelled:
		return ReasonCancelledSub
	case f.Reason != "":
		return f.Reason
	}
	return ReasonJourneyGone
}

// dropReason is what a message that was not sent shows when its run ended so.
func dropReason(outcome Reason) Reason {
	switch outcome {
	case ReasonWonOrder, ReasonSpared, ReasonSecondOrder, ReasonRenewed, ReasonResumed:
		return ReasonBought
	case ReasonWonResponse:
		return ReasonResponded
	}
	return outcome
}

// due says when the timer fires next and what for. An unsubscribed contact
// has none, nor one whose message is under way: its lease brings it back.
func (d *decision) due(f Fold) (time.Time, Reason) {
	if d.c.State == UnsubscribedState || d.c.Sending != nil {
		return time.Time{}, ""
	}
	at, why := d.inactivityDue(f)
	earlier := func(t time.Time, w Reason) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at, why = t, w
		}
	}
	if d.c.Run != nil {
		earlier(d.runDue())
	} else if f.State == Returning && d.r.journey(OnReturn) == nil {
		earlier(f.Since.Add(returnFor), ReasonWelcomed)
	}
	return at, why
}

// inactivityDue is when the contact enters the inactivity journey.
func (d *decision) inactivityDue(f Fold) (time.Time, Reason) {
	j := d.r.journey(OnInactivity)
	if !f.waiting() || j == nil || len(j.Steps) == 0 || f.Anchor.IsZero() {
		return time.Time{}, ""
	}
	at := f.Anchor.Add(j.Steps[0].After)
	if d.ev.Historical && !at.After(d.now) && !f.Anchor.Equal(d.c.HeldAt) {
		d.c.HeldAt, d.c.HeldTo = f.Anchor, time.Time{} // imported, and already past the first step: the owner decides
		d.changed = true
	}
	if d.c.HeldAt.Equal(f.Anchor) {
		if d.c.HeldTo.IsZero() {
			return time.Time{}, ""
		}
		at = d.c.HeldTo
	}
	return maxTime(at, d.c.PausedTo), ReasonInactive
}

// runDue is when the live run wants attention: its next step, or its ending.
func (d *decision) runDue() (time.Time, Reason) {
	run := d.c.Run
	j := d.r.named(run.Journey)
	if j == nil {
		return d.now, ReasonJourneyGone
	}
	if run.Step < len(j.Steps) {
		at := maxTime(d.stepAt(run, j), run.Wait)
		why := ReasonDue
		if at.Equal(run.Wait) && run.Waited != "" {
			why = run.Waited
		}
		return at, why
	}
	handled := run.Handled
	if handled.IsZero() {
		handled = run.Began
	}
	return maxTime(handled.Add(j.Finish.After), run.Wait), ReasonFinished
}

// stepAt is when the next step of a run falls due, before any waiting.
func (d *decision) stepAt(run *Run, j *Journey) time.Time {
	return run.Anchor.Add(j.Steps[run.Step].After)
}
