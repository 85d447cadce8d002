package lifecycle

import (
	"slices"
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
func (c *Contact) address(ch Channel) string { return c.addressed(ch).Key }

func (c *Contact) addressed(ch Channel) *Address {
	if ch == SMS {
		return &c.Phone
	}
	return &c.Email
}

// alignRun ends a run whose reason is gone, or that a journey of higher priority
// puts aside, and starts the one that the facts ask for.
func (d *decision) alignRun(f Fold) {
	var want claim
	if d.c.State != UnsubscribedState {
		want = d.claimed(f)
	}
	if d.c.Run != nil && d.c.Run.ID != want.id {
		d.endRun(f)
	}
	if w := d.c.Delay; w.Run != "" && w.Run != want.id && !d.r.timed(w.Journey) {
		d.c.Delay, d.changed = Delay{}, true
	}
	if want.j == nil || d.c.Run != nil {
		d.postpone()
		return
	}
	if i := slices.IndexFunc(d.c.Runs, func(r Run) bool { return r.ID == want.id }); i >= 0 {
		d.revive(i)
	} else if !d.admitted(want.j, want.id) {
		return
	} else {
		d.enter(want)
	}
	if d.c.Delay.Run == want.id {
		d.c.Delay = Delay{}
	}
	d.t.running(d.c.Run, 1)
	d.changed = true
	d.postpone()
}

// revive brings an ended run back to life. What fell due while it was off is not
// sent in a burst.
func (d *decision) revive(i int) {
	run := d.c.Runs[i]
	d.c.Runs = slices.Delete(d.c.Runs, i, i+1)
	if j := d.r.journeyOf(&run); j != nil {
		d.skipPast(&run, j)
	}
	run.Outcome, run.Ended, run.Wait, run.Waited = "", time.Time{}, time.Time{}, ""
	d.c.Run = &run
}

// enter begins a journey.
func (d *decision) enter(want claim) {
	j := want.j
	run := Run{ID: want.id, Journey: j.Name, Version: j.Version, Trigger: j.Trigger, Anchor: want.at, Began: d.now, Holdout: d.heldOut(j)}
	d.t.count("entered:" + j.Name)
	if run.Holdout {
		d.t.count("holdout:" + j.Name)
	}
	if len(j.Steps) > 0 {
		from := maxTime(d.outrankedUntil(j), d.reentry(j)) // it waited for so long, if longer than for its first step
		if d.c.Delay.Run == run.ID {
			from = maxTime(from, d.c.Delay.To)
		}
		d.putOff(&run, j, from)
		if d.ev.Historical && j.Trigger != OnImport && !d.stepAt(&run, j).After(d.now) {
			run.Step, run.Handled = len(j.Steps), d.now // imported, and already past the first step: nothing starts by itself
		}
	}
	d.c.Run = &run
}

// outrankedUntil is when the last journey came to its end that had the contact
// before this one could. One whose reason went away counts for nothing: late
// news would lead elsewhere than news in time.
func (d *decision) outrankedUntil(j *Journey) (until time.Time) {
	for i := range d.c.Runs {
		run := &d.c.Runs[i]
		if other := d.r.named(run.Journey); other != nil && other.Rank() > j.Rank() && run.Outcome.ended() {
			until = maxTime(until, run.Ended)
		}
	}
	return until
}

// timed reports whether a journey is entered by a timer, not by an event.
func (r *Rules) timed(name string) bool {
	j := r.named(name)
	return j != nil && (j.Trigger == OnInactivity || j.Trigger == OnEarlyWarning)
}

// running counts who follows which version of a journey.
func (t *Transition) running(run *Run, n int64) {
	if run != nil && run.Version != "" {
		t.Counts = append(t.Counts, Count{"running:" + run.Journey + ":" + run.Version, n})
	}
}

// postpone moves the rest of the run behind a pause, and that of an imported
// contact behind the day on which the owner lets it begin.
func (d *decision) postpone() {
	run := d.c.Run
	if run == nil {
		return
	}
	j := d.r.journeyOf(run)
	if j == nil || run.Step >= len(j.Steps) {
		return
	}
	from := d.c.PausedTo
	if run.Trigger == OnInactivity && run.Anchor.Equal(d.c.HeldAt) {
		from = maxTime(from, d.c.HeldTo)
	}
	d.putOff(run, j, from)
}

// putOff moves the steps that are left so that the next one is not due before a
// time. They keep their distance, so that they do not leave all at once.
func (d *decision) putOff(run *Run, j *Journey, from time.Time) {
	late := from.Sub(d.stepAt(run, j))
	if late <= 0 {
		return
	}
	run.Anchor, d.changed = run.Anchor.Add(late), true
	if j.Steps[run.Step].Previous {
		run.Handled = run.Handled.Add(late)
	}
}

// skipPast passes over the steps that fell due since the run ended. Where another
// journey had the contact meanwhile, they are on record as dropped.
func (d *decision) skipPast(run *Run, j *Journey) {
	since := run.Ended
	for run.Step < len(j.Steps) {
		due := d.stepAt(run, j)
		if due.After(d.now) || !due.After(since) {
			return
		}
		if m := d.plan(run, j); run.Outcome == ReasonOutranked && d.message(m.ID) == nil {
			m.Status, m.Error = Dropped, ReasonOutranked
			d.c.Messages = d.putMessage(m)
			d.t.count("dropped:" + string(ReasonOutranked))
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
	d.t.running(&run, -1)
	if run.Outcome == ReasonWonOrder || run.Outcome == ReasonWonResponse {
		d.t.tell(Tell{Kind: TellWon, At: d.now, Reason: run.Outcome, Journey: run.Journey, Messages: run.Got})
	}
	d.c.Runs = append(d.c.Runs, run)
	if len(d.c.Runs) > MaxRuns {
		d.c.Runs = d.c.Runs[1:]
	}
	d.c.Run = nil
	d.changed = true
}

func (d *decision) endReason(f Fold, run Run) Reason {
	g := f.ground(keyOf(run.ID))
	beside := g != nil && run.Trigger.Beside()
	stands := beside && g.Over == "" || !f.Over && f.Trigger == run.Trigger && f.TriggerKey == keyOf(run.ID)
	switch {
	case d.ended != "":
		return d.ended
	case d.c.State == UnsubscribedState && d.c.Reason == ReasonOptOut:
		return ReasonOptedOut
	case stands && d.claimed(f).j != nil:
		return ReasonOutranked
	case beside && g.Over != "":
		return g.Over
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
