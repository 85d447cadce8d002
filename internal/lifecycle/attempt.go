package lifecycle

import (
	"cmp"
	"time"
)

// begin is the only gate in front of a send. It decides anew on the record as
// it is now; only when the very same message comes out may the bytes leave.
func (d *decision) begin() {
	want := d.ev.Attempt.Message
	if d.c.Sending != nil {
		d.t.Reason = ReasonInFlight
		return
	}
	d.stepDue()
	got := d.t.Send
	d.t.Send = nil
	if got == nil || got.ID != want.ID || got.Template != want.Template || got.Address != want.Address {
		d.prevented(want)
		return
	}
	a := *d.ev.Attempt
	m := *got
	m.Code, m.Coupon, m.CouponUntil, m.Segments = want.Code, want.Coupon, want.CouponUntil, want.Segments
	m.Offer, m.OfferKind, m.OfferCost, m.OfferUntil, m.Framing = want.Offer, want.OfferKind, want.OfferCost, want.OfferUntil, want.Framing
	m.Status, m.At, m.Receipt = Sending, d.now, d.receipt(m.Channel)
	a.Message = m
	d.c.Sending = &a
	d.c.Messages = d.putMessage(m)
	d.changed = true
	if res := d.ev.Result; res != nil { // it could not be composed: begun and over in one step
		res.AttemptID = a.ID
		d.result()
		return
	}
	d.t.Go, d.t.Reason = true, ReasonBegun
}

// prevented records why a message that was about to leave did not: its journey
// ended, or the contact left its channel, perhaps before the journey's first
// message.
func (d *decision) prevented(want Message) {
	if d.t.Reason == "" || d.t.Reason == ReasonNotDue {
		d.t.Reason = ReasonStale
	}
	why := Reason("")
	for i := len(d.c.Runs) - 1; i >= 0 && why == ""; i-- {
		if run := &d.c.Runs[i]; run.ID == want.Run {
			why = dropReason(run.Outcome)
		}
	}
	if why == "" && d.mayUse(want.Channel) == ReasonOptedOut {
		why = ReasonOptedOut
	}
	if why == "" || d.message(want.ID) != nil { // already told: queued before and dropped with its run
		return
	}
	want.Status, want.Error, want.At = Dropped, why, d.now
	want.Code, want.Coupon, want.CouponUntil = "", "", time.Time{}
	want.Take(Offer{}, time.Time{})
	d.c.Messages = d.putMessage(want)
	d.t.Reason = want.Error
	d.t.count("dropped:" + string(want.Error))
	d.changed = true
}

// unbegin takes an attempt back of which no byte was written.
func (d *decision) unbegin() {
	if d.c.Sending == nil || d.c.Sending.ID != d.ev.Attempt.ID {
		d.t.Reason = ReasonStale
		return
	}
	d.close(Queued, "")
	if run := d.liveRun(d.ev.Attempt.Message.Run); run != nil {
		run.Wait, run.Waited = d.now.Add(time.Second), ReasonProvider
	}
}

func (d *decision) message(id string) *Message { return d.c.message(id) }

// run finds a run of the record, live or ended.
func (d *decision) run(id string) *Run {
	if run := d.liveRun(id); run != nil {
		return run
	}
	for i := range d.c.Runs {
		if d.c.Runs[i].ID == id {
			return &d.c.Runs[i]
		}
	}
	return nil
}

func (d *decision) liveRun(id string) *Run {
	if d.c.Run != nil && d.c.Run.ID == id {
		return d.c.Run
	}
	return nil
}

// close ends the attempt under way with a status.
func (d *decision) close(s MessageStatus, why Reason) *Message {
	m := d.message(d.c.Sending.Message.ID)
	if m == nil {
		d.c.Messages = d.putMessage(d.c.Sending.Message)
		m = d.message(d.c.Sending.Message.ID)
	}
	m.Status, m.Error = s, why
	if s == Queued && d.liveRun(m.Run) == nil {
		m.Status, m.Error = Dropped, ReasonJourneyGone
		if run := d.run(m.Run); run != nil {
			m.Error = dropReason(run.Outcome)
		}
	}
	d.c.Sending = nil
	d.changed = true
	return m
}

// result takes in how an attempt ended.
func (d *decision) result() {
	res := d.ev.Result
	if d.ev.Type == Lost {
		res = &Result{AttemptID: d.ev.Attempt.ID, Outcome: Ambiguous}
	}
	if d.c.Sending == nil || d.c.Sending.ID != res.AttemptID {
		d.lateResult(res)
		return
	}
	run := d.liveRun(d.c.Sending.Message.Run)
	switch res.Outcome {
	case Accepted:
		d.accepted(res.ProviderID, SentStatus, res.Segments)
	case Ambiguous:
		a := d.c.Sending
		m := d.close(Uncertain, ReasonUncertain)
		d.stepOver(m)
		d.ask(a.Message.ID, a, d.r.settle())
		d.afterUncertain(run, m)
		d.t.count("uncertain")
	case NotSent:
		d.notSent(run, res)
	case RejectedAccount:
		why := ReasonAccount
		if res.Reason.holds() {
			why = res.Reason
		} else {
			d.t.count("account_refused")
		}
		m := d.close(Queued, why)
		if run != nil && m.Status == Queued {
			run.Wait, run.Waited = d.now.Add(15*time.Minute), why
		}
	case RejectedContact:
		why := cmp.Or(res.Reason, ReasonBlocked) // without a reason the address would be tried for ever
		m := d.close(Failed, why)
		d.suppress(m.Channel, m.Address, why)
		d.nextChannelOrStep(run)
		d.t.count("failed:" + m.Channel.String())
		d.t.tally(m.Channel, d.now, TallySent, TallyFailed)
	case RejectedContent:
		m := d.close(Failed, res.Reason)
		d.stepOver(m)
		d.t.count("failed:" + m.Channel.String())
		d.t.tally(m.Channel, d.now, TallySent, TallyContent)
	}
	if d.t.Reason == "" || d.t.Reason == ReasonStepPlanned {
		d.t.Reason = ReasonStored
	}
}

// lateResult meets an answer whose attempt was closed meanwhile, by a callback
// or by the end of a lease. Proof of acceptance still counts.
func (d *decision) lateResult(res *Result) {
	d.t.Reason = ReasonStale
	m := d.message(MessageOf(res.AttemptID))
	if m == nil {
		return
	}
	merged := ContactOf(m.ID) != d.c.ID // its record was joined with this one while it was under way
	if merged && m.Status == Uncertain && res.Outcome != Accepted && res.Outcome != Ambiguous {
		m.Status, m.Error, d.changed = Dropped, ReasonMerged, true
	}
	if res.Outcome != Accepted {
		return
	}
	if m.ProviderID == "" && res.ProviderID != "" {
		m.ProviderID, d.changed = res.ProviderID, true
	}
	if m.Status == Uncertain {
		d.prove(m, SentStatus)
	}
}

// accepted records that the provider has the message.
func (d *decision) accepted(providerID string, s MessageStatus, segments int) {
	d.ask(d.c.Sending.Message.ID, d.c.Sending, pollAfter)
	m := d.close(SentStatus, "")
	d.prove(m, s)
	if providerID != "" {
		m.ProviderID = providerID
	}
	if segments > 0 {
		m.Segments = segments
	}
	d.stepOver(m)
}

// stepOver moves a run behind the step of a message that left or may have left,
// also a run that ended meanwhile: news may bring it back to life, and then the
// step must not go out again.
func (d *decision) stepOver(m *Message) {
	if run := d.run(m.Run); run != nil && run.Step == m.Step-1 {
		d.handled(run, d.now)
	}
}

// doubled notes that a provider has a message under two ids: it left twice.
// That must not happen; it is told, not hidden.
func (d *decision) doubled(m *Message, other string) {
	for _, e := range d.c.Timeline {
		if e.Type == "message.doubled" && e.Text == other {
			return
		}
	}
	d.t.count("doubled:" + m.Channel.String())
	d.c.Timeline = addEntry(d.c.Timeline, Entry{At: d.now, Type: "message.doubled", Text: other})
	d.changed = true
}

// prove counts a message as accepted, once.
func (d *decision) prove(m *Message, s MessageStatus) {
	m.Status, m.Error = s, ""
	d.changed = true
	if !m.SentAt.IsZero() {
		return
	}
	m.SentAt = d.now
	d.c.Accepted++
	if run := d.run(m.Run); run != nil {
		run.Got++
	}
	d.t.count("sent:" + m.Journey + ":" + itoa(m.Step) + ":" + m.Channel.String())
	d.t.tally(m.Channel, m.SentAt, TallySent)
	d.t.tell(Tell{
		Kind: TellSent, At: d.now, Channel: m.Channel, Journey: m.Journey, Step: m.Step,
		Template: m.Template, Message: m.ID, Coupon: m.Coupon,
	})
	d.c.Timeline = addEntry(d.c.Timeline, Entry{At: d.now, Type: "message.sent", Text: m.Channel.String() + " " + m.Template})
}

// afterUncertain lets the journey go on without the message, but not before
// the time in which evidence may still come. Where a message that was proven
// never accepted is sent again, that is for as long as the question is open
// and the step would still be sent: what goes on earlier could only drop it.
func (d *decision) afterUncertain(run *Run, m *Message) {
	if run == nil {
		return
	}
	run.Wait, run.Waited = d.now.Add(d.r.settle()), ReasonUncertain
	if j := d.r.journeyOf(run); d.r.Resend && j != nil && m.Step <= len(j.Steps) {
		s, due := &j.Steps[m.Step-1], m.At
		if !s.Previous {
			due = run.Anchor.Add(s.After)
		}
		run.Wait = maxTime(run.Wait, due.Add(d.r.expires(s)))
	}
}

// goOn ends the waiting for evidence when no question of the live run is open
// any more.
func (d *decision) goOn() {
	run := d.c.Run
	if !d.r.Resend || run == nil || run.Waited != ReasonUncertain {
		return
	}
	for _, l := range d.c.Looks {
		if m := d.message(l.Message); m != nil && m.Run == run.ID && m.Status == Uncertain && !l.Next.IsZero() {
			return
		}
	}
	run.Wait, run.Waited, d.changed = time.Time{}, "", true
}

func (d *decision) notSent(run *Run, res *Result) {
	why := ReasonProvider
	if res.Reason.holds() { // the provider was not even asked
		why = res.Reason
	} else {
		d.t.count("not_sent")
	}
	m := d.close(Queued, why)
	if run == nil || m.Status != Queued {
		return
	}
	run.Tries++
	wait := backoff(run.Tries)
	if res.RetryAfter > wait {
		wait = min(res.RetryAfter, time.Hour)
	}
	run.Wait, run.Waited = d.now.Add(wait), why
	d.t.Reason = why
}

// backoff doubles from 2 s to 15 min.
func backoff(tries int) time.Duration {
	return min(2*time.Second<<min(max(tries-1, 0), 12), 15*time.Minute)
}

// nextChannelOrStep lets the same step try its next channel, if it has one.
func (d *decision) nextChannelOrStep(run *Run) {
	if run == nil {
		return
	}
	j := d.r.journeyOf(run)
	if j != nil && run.Step < len(j.Steps) {
		if _, why := d.channel(&j.Steps[run.Step]); why == "" {
			run.Tries = 0
			d.changed = true
			return
		}
	}
	d.handled(run, d.now)
}

func (d *decision) suppress(ch Channel, address string, why Reason) {
	if d.c.address(ch) != address || why == "" {
		return
	}
	d.c.Suppress[ch] = Suppression{Reason: why, At: d.now, Address: address}
	d.changed = true
	d.t.count("suppressed:" + ch.String() + ":" + string(why))
	if why == ReasonOptedOut { // the provider knows of an opt-out that we missed
		n := ConsentChange{Channel: ch, State: Unsubscribed, At: d.now, Source: d.ev.Source, Evidence: "blocked by the provider"}
		d.c.Consent[ch] = d.c.Consent[ch].merge(n)
		d.ledger(n)
	}
}

// delivery takes in a provider's callback. It may come before the answer to
// the request itself, twice, or out of order: status only rises.
func (d *decision) delivery() {
	n := d.ev.News
	id := n.MessageID
	if id == "" {
		id = MessageOf(n.AttemptID)
	}
	if a := d.c.Sending; a != nil && a.Message.ID == id {
		d.accepted(n.ProviderID, SentStatus, 0)
	}
	m := d.message(id)
	if m == nil || m.Status == Dropped {
		d.t.Reason = ReasonStale
		return
	}
	if n.ProviderID != "" && m.ProviderID == "" {
		m.ProviderID, d.changed = n.ProviderID, true
	} else if n.ProviderID != "" && n.ProviderID != m.ProviderID {
		d.doubled(m, n.ProviderID)
	}
	if m.Status <= Uncertain {
		d.prove(m, SentStatus)
		d.stepOver(m) // it was about to be tried again
	}
	reported := n.Status == Delivered && n.Reason == ReasonSpam && m.Status != Failed && m.Error != ReasonSpam
	if reported { // shown, and counted once however often it is told
		m.Error, d.changed = ReasonSpam, true
		d.t.tally(m.Channel, m.SentAt, TallySpam)
	}
	if n.Status <= m.Status {
		if !reported {
			d.t.Reason = ReasonNothingNew
		}
		return
	}
	m.Status, d.changed = n.Status, true
	if n.Status == Failed {
		m.Error = n.Reason
		d.noteWhy("message.failed", n.Reason, m.Channel.String()+" "+m.Template)
		d.t.count("failed:" + m.Channel.String())
		d.t.tally(m.Channel, m.SentAt, tallyOf(n.Reason))
		if n.Suppress {
			d.suppress(m.Channel, m.Address, n.Reason)
		}
		return
	}
	d.t.count(m.Status.String() + ":" + m.Journey + ":" + itoa(m.Step) + ":" + m.Channel.String())
}

// recalled writes an attempt again of which the store lost every trace. What
// the record still knows of it stands.
func (d *decision) recalled() {
	d.t.Reason = ReasonNothingNew
	a := d.ev.Attempt
	if m := d.message(a.Message.ID); m != nil && m.Status > Queued || d.c.Sending != nil {
		return
	}
	m := a.Message
	m.Status, m.Error = Uncertain, ReasonUncertain
	d.c.Messages = d.putMessage(m)
	d.stepOver(&m)
	d.ask(m.ID, a, d.r.settle())
	d.afterUncertain(d.liveRun(m.Run), &m)
	d.t.count("recalled")
	d.t.Reason, d.changed = ReasonStored, true
	if res := d.ev.Result; res != nil {
		d.lateResult(res)
	}
}
