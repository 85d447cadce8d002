package lifecycle

import "time"

// paused takes in until when the contact wants no messages: the last word
// counts, and it may also shorten the pause or end it. Asking is a response.
func (d *decision) paused() {
	if !d.mark(Mark{Kind: MarkResponse, At: d.ev.At, Key: digest("pause", d.ev.Key)}) {
		return
	}
	until := d.ev.Until.UTC().Truncate(time.Millisecond)
	over := !until.After(d.ev.At)
	if over {
		until = time.Time{}
		d.note("over")
	} else {
		d.note("until " + until.Format(time.DateOnly))
	}
	if d.ev.At.Before(d.c.PausedAt) {
		return // late news: something else was asked for since
	}
	before := d.c.PausedTo
	d.c.PausedTo, d.c.PausedAt = until, d.ev.At
	if until.Before(before) {
		d.bringForward(before)
	}
}

// bringForward takes back by how much a pause had moved the live run, so far as
// the pause ended early. The next step keeps its distance from the one before,
// and settle moves it behind what is left of the pause.
func (d *decision) bringForward(pausedTo time.Time) {
	run := d.c.Run
	if run == nil {
		return
	}
	j := d.r.named(run.Journey)
	if j == nil || run.Step >= len(j.Steps) || d.stepAt(run, j).After(pausedTo) {
		return
	}
	at, since := run.Began, time.Duration(0)
	if run.Step > 0 {
		at, since = run.Handled, j.Steps[run.Step-1].After
	}
	at = maxTime(at.Add(j.Steps[run.Step].After-since), d.now)
	if early := d.stepAt(run, j).Sub(at); early > 0 {
		run.Anchor = run.Anchor.Add(-early)
	}
	if run.Waited == ReasonPaused {
		run.Wait, run.Waited = time.Time{}, ""
	}
}
