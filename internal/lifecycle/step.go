package lifecycle

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strconv"
	"strings"
	"time"
)

// stepDue works off what the timer is for, until a message is to be sent or
// nothing is due any more. It writes what it decided into the record; the
// message itself enters the record with Begin.
func (d *decision) stepDue() {
	if d.c.Sending != nil {
		d.t.Reason = ReasonInFlight
		return
	}
	d.settle() // the rules may have changed since the record was written
	for range 64 {
		f := d.r.fold(&d.c)
		due, why := d.due(f)
		if due.IsZero() || due.After(d.now) {
			if d.t.Reason == "" {
				d.t.Reason = ReasonNotDue
			}
			return
		}
		switch {
		case why == ReasonInactive:
			if _, j := d.inactivityDue(f); !d.admitted(j, inactivityRun(f.Anchor)) {
				return
			}
			d.enterDormant(f)
		case why == ReasonEarly:
			if _, j := d.earlyDue(f); !d.admitted(j, runID(OnEarlyWarning, warnedKey(f.LastOrder))) {
				return
			}
			d.warn(f)
		case why == ReasonWelcomed:
			d.mark(Mark{Kind: MarkEnded, At: d.now, Key: f.TriggerKey, Outcome: Active, Reason: ReasonWelcomed})
		case d.c.Run == nil:
			return
		default:
			if m := d.advance(f); m != nil {
				d.t.Send, d.t.Reason = m, ReasonStepPlanned
				return
			}
		}
		d.settle()
	}
}

// enterDormant lets the journey begin with the second at hand, for shops tell
// whole seconds: an order of this second is later than the entry.
func (d *decision) enterDormant(f Fold) {
	at := d.now.Truncate(time.Second)
	if facts := d.c.facts(nil); len(facts) > 0 && !facts[len(facts)-1].at.Before(at) {
		at = d.afterFacts()
	}
	d.mark(Mark{Kind: MarkDormant, At: at, Anchor: f.Anchor})
	d.t.Reason = ReasonEntered
}

// afterFacts is now, or the moment after where something is on record for this
// very instant, such as the end of the journey before: an entry comes first
// among equal times, and this one came last.
func (d *decision) afterFacts() time.Time {
	for _, m := range d.c.Marks {
		if m.At.Equal(d.now) {
			return d.now.Add(nudge)
		}
	}
	return d.now
}

// advance takes the live run one move further: a message to send, or a step
// handled without one, or the ending.
func (d *decision) advance(f Fold) *Message {
	run := d.c.Run
	j := d.r.journeyOf(run)
	if j == nil { // taken out of the configuration: end it where it stands
		d.finish(f, run, stay(f, run), ReasonJourneyGone)
		return nil
	}
	if d.stopped(f, run, j) {
		return nil
	}
	if run.Step >= len(j.Steps) {
		d.finish(f, run, j.Finish, "")
		return nil
	}
	s := &j.Steps[run.Step]
	m := d.plan(run, j)
	if w := s.WaitFor; w != nil && !run.heard(w.Reaction) && w.Otherwise != UnheardGo {
		d.drop(m, ReasonNoReaction, w.Reaction.String())
		if w.Otherwise == UnheardEnd {
			d.finish(f, run, j.Finish, "")
		}
		return nil
	}
	if d.now.After(d.ready(run, j).Add(d.r.expires(s))) {
		d.drop(m, lateReason(run), "")
		return nil
	}
	if ok, why := d.condition(s, f); !ok {
		d.drop(m, why, s.When.String())
		return nil
	}
	ch, why := d.channel(s)
	if why != "" {
		d.drop(m, why, "")
		return nil
	}
	m.Channel, m.Address = ch, d.c.address(ch)
	m.ID = messageID(d.c.ID, run.ID, run.Step, ch)
	if was := d.message(m.ID); was != nil && was.Status >= Uncertain && was.Status != Dropped {
		d.handled(run, d.now) // it left before; the record had forgotten the step, not the message
		return nil
	}
	if run.Holdout {
		d.drop(m, ReasonHoldout, "")
		return nil
	}
	if until, why := d.blocked(ch); why != "" {
		run.Wait, run.Waited = until, why
		d.t.Reason, d.changed = ReasonWaits, true
		return nil
	}
	return &m
}

// lateReason is what kept a step waiting until it was too late.
func lateReason(run *Run) Reason {
	if run.Waited == ReasonCapped || run.Waited.holds() {
		return run.Waited
	}
	return ReasonExpired
}

// plan is the next message of a run, without its channel.
func (d *decision) plan(run *Run, j *Journey) Message {
	s := &j.Steps[run.Step]
	m := Message{Journey: run.Journey, Step: run.Step + 1, At: d.now, Run: run.ID}
	m.Template, m.Variant = d.pick(j, run.Step)
	if len(s.Channels) > 0 {
		m.Channel = s.Channels[0]
	}
	m.ID = messageID(d.c.ID, run.ID, run.Step, m.Channel)
	return m
}

// messageID is the same for the same step of the same run on the same
// channel, so that planning twice cannot make two.
func messageID(contact, run string, step int, ch Channel) string {
	sum := sha256.Sum256([]byte(contact + "\x00" + run + "\x00" + strconv.Itoa(step) + "\x00" + ch.String()))
	return contact + "-" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:5]))
}

// ContactOf is the contact that a message or attempt id belongs to.
func ContactOf(id string) string {
	if i := strings.IndexByte(id, '-'); i > 0 {
		return id[:i]
	}
	return ""
}

// MessageOf is the message that an attempt id belongs to.
func MessageOf(attempt string) string {
	id, _, _ := strings.Cut(attempt, ".")
	return id
}

// allowed is the template, or the survey where a contest may not be held: Italy
// asks for one with rules, registered and with its days.
func (d *decision) allowed(template string) string {
	if template != "contest" || d.r.CountryOf(&d.c) != "IT" || d.r.Contest.Registered() && d.r.Contest.Open(d.now) {
		return template
	}
	return "survey"
}

// Registered reports whether rules, registration and days were all filled in,
// as Italy asks for. Nobody's contest is not.
func (c *Contest) Registered() bool {
	return c != nil && c.RulesURL != "" && c.Registration != "" && !c.From.IsZero() && !c.To.IsZero()
}

// Open reports whether a contest runs at a time. Nobody's does not.
func (c *Contest) Open(now time.Time) bool {
	return c != nil && (c.From.IsZero() || !now.Before(c.From)) && (c.To.IsZero() || now.Before(c.To))
}

// channel is the first that may be used, or why none may.
func (d *decision) channel(s *Step) (Channel, Reason) {
	why := ReasonNoAddress
	for _, ch := range s.Channels {
		w := d.mayUse(ch)
		if w == "" {
			return ch, ""
		}
		if why == ReasonNoAddress {
			why = w
		}
	}
	return 0, why
}

// mayUse says why a channel may not be used for this contact, empty when it
// may.
func (d *decision) mayUse(ch Channel) Reason { return d.r.mayUse(&d.c, ch, d.now) }

func (r *Rules) mayUse(c *Contact, ch Channel, now time.Time) Reason {
	addr := c.address(ch)
	if addr == "" {
		return ReasonNoAddress
	}
	if _, _, why := r.basis(c, ch, now); why != "" {
		return why
	}
	if sup := c.Suppress[ch]; sup.Reason != "" && sup.Address == addr {
		return sup.Reason
	}
	return ""
}

// blocked says until when a message must wait, and why; an empty reason means
// it need not.
func (d *decision) blocked(ch Channel) (time.Time, Reason) {
	if d.c.PausedTo.After(d.now) {
		return d.c.PausedTo, ReasonPaused
	}
	if until := d.capped(); until.After(d.now) {
		return until, ReasonCapped
	}
	if until := d.r.mayWriteAt(&d.c, d.now, ch); until.After(d.now) {
		return until, ReasonQuiet
	}
	if at := d.bestTime(ch); !at.IsZero() {
		return at, ReasonBestHour
	}
	return time.Time{}, ""
}

// capped is when the next message fits under the cap; zero when it does now.
func (d *decision) capped() time.Time {
	if d.r.Cap.Messages <= 0 || d.r.Cap.Per <= 0 {
		return time.Time{}
	}
	var sent []time.Time
	for _, m := range d.c.Messages {
		at := m.SentAt
		if m.Status == Uncertain { // it may have been sent
			at = m.At
		}
		if !at.IsZero() && at.Add(d.r.Cap.Per).After(d.now) {
			sent = append(sent, at)
		}
	}
	if len(sent) < d.r.Cap.Messages {
		return time.Time{}
	}
	slices.SortFunc(sent, time.Time.Compare)
	return sent[len(sent)-d.r.Cap.Messages].Add(d.r.Cap.Per)
}

// drop handles a step without a message and keeps why, in detail where there is
// more to say.
func (d *decision) drop(m Message, why Reason, detail string) {
	m.Status, m.Error, m.Detail = Dropped, why, clip(detail, maxDetail)
	if was := d.message(m.ID); was == nil || was.Status != Dropped {
		d.t.count("dropped:" + string(why))
	}
	d.c.Messages = d.putMessage(m)
	d.t.Dropped = append(d.t.Dropped, m)
	d.t.Reason = ReasonStepDropped
	d.handled(d.c.Run, d.now)
}

// handled moves a run behind its current step.
func (d *decision) handled(run *Run, at time.Time) {
	run.Step++
	run.Handled, run.Tries = at, 0
	run.Wait, run.Waited = time.Time{}, ""
	d.changed = true
	if run.Step == 1 {
		d.remember(run)
	}
}

// putMessage adds a message, or replaces the one with its id; what rolls out
// is counted.
func (d *decision) putMessage(m Message) []Message {
	ms := d.c.Messages
	for i := range ms {
		if ms[i].ID == m.ID {
			ms[i] = m
			return ms
		}
	}
	return rollMessages(append(ms, m))
}

// rollMessages keeps the last messages, and rather one whose outcome nobody
// knows than one that has an end.
func rollMessages(ms []Message) []Message {
	for len(ms) > MaxMessages {
		i := slices.IndexFunc(ms, func(m Message) bool { return m.Status != Uncertain })
		ms = slices.Delete(ms, max(i, 0), max(i, 0)+1)
	}
	return ms
}
