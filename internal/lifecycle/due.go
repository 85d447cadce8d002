package lifecycle

import "time"

// due says when the timer fires next and what for. An unsubscribed contact
// has none, nor one whose message is under way: its lease brings it back.
func (d *decision) due(f Fold) (at time.Time, why Reason) {
	if d.c.State == UnsubscribedState || d.c.Sending != nil {
		return time.Time{}, ""
	}
	rank := 0 // of the journey that has the contact: a lower one waits
	switch waits := d.r.named(d.c.Delay.Journey); {
	case d.c.Run != nil:
		at, why = d.runDue()
		if j := d.r.named(d.c.Run.Journey); j != nil {
			rank = j.Rank()
		}
	case d.c.Delay.Run != "" && waits != nil && !d.r.timed(waits.Name):
		at, why, rank = d.c.Delay.To, ReasonPerDay, waits.Rank()
	case f.State == Returning && !d.r.has(OnReturn):
		at, why = f.Since.Add(returnFor), ReasonWelcomed
	}
	earlier := func(t time.Time, j *Journey, rank int, w Reason) {
		if j != nil && j.Rank() > rank && (at.IsZero() || t.Before(at)) {
			at, why = t, w
		}
	}
	over := rank
	if d.c.Run != nil && d.c.Run.Trigger == OnReturn {
		over = 0 // who goes quiet again is not back any more
	}
	t, j := d.inactivityDue(f)
	earlier(t, j, over, ReasonInactive)
	t, j = d.earlyDue(f)
	earlier(t, j, rank, ReasonEarly)
	return at, why
}

// quietAt is when the contact has been silent for as long as the first step of
// an inactivity journey says that lets them in, and which that is.
func (d *decision) quietAt(f Fold) (at time.Time, best *Journey) {
	if !f.waiting() || f.Anchor.IsZero() {
		return time.Time{}, nil
	}
	for i := range d.r.Journeys {
		j := &d.r.Journeys[i]
		if j.Trigger != OnInactivity || len(j.Steps) == 0 {
			continue
		}
		t := maxTime(f.Anchor.Add(j.Steps[0].After), d.reentry(j))
		if t.Equal(never) {
			continue
		}
		if best == nil || t.Before(at) || t.Equal(at) && j.Rank() > best.Rank() {
			at, best = t, j
		}
	}
	return at, best
}

// inactivityDue is when the contact enters an inactivity journey, and which.
func (d *decision) inactivityDue(f Fold) (time.Time, *Journey) {
	at, j := d.quietAt(f)
	if j == nil {
		return time.Time{}, nil
	}
	if d.ev.Historical && !at.After(d.now) && !f.Anchor.Equal(d.c.HeldAt) {
		d.c.HeldAt, d.c.HeldTo = f.Anchor, time.Time{} // imported, and already past the first step: the owner decides
		d.changed = true
	}
	if d.c.HeldAt.Equal(f.Anchor) {
		if d.c.HeldTo.IsZero() {
			return time.Time{}, nil
		}
		at = d.c.HeldTo
	}
	if d.c.Delay.Run == inactivityRun(f.Anchor) {
		at = maxTime(at, d.c.Delay.To)
	}
	return maxTime(at, d.c.PausedTo), j
}

// inactivityRun is the id of the run that a silence since then leads to.
func inactivityRun(anchor time.Time) string { return runID(OnInactivity, uint64(anchor.UnixMilli())) }

// runDue is when the live run wants attention: its next step, or its ending.
func (d *decision) runDue() (time.Time, Reason) {
	run := d.c.Run
	j := d.r.journeyOf(run)
	if j == nil {
		return d.now, ReasonJourneyGone
	}
	if run.Step < len(j.Steps) {
		at, why := d.stepAt(run, j), ReasonDue
		if w := j.Steps[run.Step].WaitFor; w != nil && !run.heard(w.Reaction) {
			at, why = at.Add(w.Timeout), ReasonAwaits
		}
		if run.Wait.After(at) || run.Wait.Equal(at) && why == ReasonDue {
			at = run.Wait
			if run.Waited != "" {
				why = run.Waited
			}
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
	s := &j.Steps[run.Step]
	if !s.Previous || run.Step == 0 {
		return run.Anchor.Add(s.After)
	}
	if run.Handled.IsZero() {
		return run.Began.Add(s.After)
	}
	return run.Handled.Add(s.After)
}
