package lifecycle

import "time"

// VerdictKind says what was learnt about a message.
type VerdictKind uint8

// The kinds of verdict. The first three come from a provider's records, the
// others from a person.
const (
	RecordFound   VerdictKind = iota // the records show the message
	RecordAbsent                     // the records prove that they do not know it
	RecordSilent                     // the records prove nothing
	PersonSent                       // it was sent
	PersonNotSent                    // it was not sent: send it, if its reason still stands
	PersonDrop                       // whatever it was, it is not to be sent again
)

// Verdict answers a Look. One that answers a question asked before, or about a
// message that was settled meanwhile, changes nothing.
type Verdict struct {
	Message string // id
	Kind    VerdictKind
	Asked   time.Time // the Next of the Look that was answered, as read; not used for a person's word
	News    News      // RecordFound and PersonSent: ProviderID; RecordFound: also Status, Reason, Suppress
	Found   string    // what the records said, for the operator; no personal data
	Wait    time.Duration
	By      string // who decided, for the timeline; a person's word only
}

// Pace of the questions to providers' records, in real time.
const (
	pollAfter  = 10 * time.Minute   // no report on an accepted message: ask
	lookAtMost = 6 * time.Hour      // longest pause between two questions
	lookFor    = 7 * 24 * time.Hour // then nobody is asked any more by itself
)

// polls are the pauses before the questions about an accepted message.
var polls = []time.Duration{pollAfter, time.Hour, 6 * time.Hour, 24 * time.Hour}

// ask opens the question what became of an attempt, or starts it anew.
func (d *decision) ask(message string, a *Attempt, after time.Duration) {
	l := Look{Message: message, Next: d.real().Add(after)}
	if a != nil {
		l.Attempt, l.Started = a.ID, a.Started
	}
	if l.Started.IsZero() {
		l.Started = d.real()
	}
	was := d.look(message)
	if was == nil {
		d.c.Looks = append(d.c.Looks, l)
		return
	}
	if a == nil {
		l.Attempt, l.Started = was.Attempt, was.Started
	}
	*was = l
}

// real is the server's time, by which attempts, settling and polling are
// judged; where nobody tells it, the program's is the same.
func (d *decision) real() time.Time {
	if d.ev.Real.IsZero() {
		return d.now
	}
	return d.ev.Real.UTC().Truncate(time.Millisecond)
}

// closeLooks drops the questions that are answered: their message has an end,
// is planned again, or is not remembered any more.
func (d *decision) closeLooks() {
	keep := d.c.Looks[:0]
	for _, l := range d.c.Looks {
		if m := d.message(l.Message); m != nil && (m.Status == Uncertain || m.Status == SentStatus && !l.Next.IsZero()) {
			keep = append(keep, l)
		}
	}
	if len(keep) > MaxLooks {
		keep = keep[len(keep)-MaxLooks:]
	}
	if len(keep) != len(d.c.Looks) {
		d.changed = true
	}
	d.c.Looks = keep
	if len(keep) == 0 {
		d.c.Looks = nil
	}
}

// settled takes a verdict in.
func (d *decision) settled() {
	v := d.ev.Verdict
	d.t.Reason = ReasonStale
	m, l := d.message(v.Message), d.look(v.Message)
	if m == nil {
		return
	}
	switch v.Kind {
	case PersonSent, PersonNotSent, PersonDrop:
		d.byHand(m, v)
		return
	}
	if l == nil || !l.Next.Equal(v.Asked) || l.Next.IsZero() {
		return
	}
	d.changed = true
	d.t.Reason = ReasonStored
	l.Tries++
	l.Asked, l.Found = d.real(), clip(v.Found, 160)
	switch v.Kind {
	case RecordFound:
		d.found(m, v)
	case RecordAbsent:
		l.Absent++
		d.absent(m, l)
	default:
		l.Next = d.nextLook(m, l, v.Wait)
	}
}

// found learns from the provider's own records that it has the message.
func (d *decision) found(m *Message, v *Verdict) {
	if m.Status == Uncertain {
		d.t.count("settled:found")
		d.noteWhy("message.settled", "", clip(v.Found, 120))
	}
	n := v.News
	n.MessageID, n.AttemptID = m.ID, ""
	d.ev.News = &n
	before := m.Status
	d.delivery()
	if l, now := d.look(m.ID), d.message(m.ID); l != nil && now != nil && now.Status == SentStatus {
		if before == Uncertain { // it is known to be sent; what became of it is the next question
			d.ask(m.ID, nil, pollAfter)
			return
		}
		l.Next = d.nextLook(now, l, 0)
	}
	d.t.Reason = ReasonStored
}

// absent: the records were proven to reach beyond the attempt, and do not know
// it. Told twice, at two times, that is proof.
func (d *decision) absent(m *Message, l *Look) {
	switch {
	case m.Status != Uncertain || l.Absent < 2:
		l.Next = d.nextLook(m, l, 0)
	case d.r.Resend:
		d.t.count("settled:absent")
		d.noteWhy("message.settled", ReasonNeverSent, m.Channel.String()+" "+m.Template)
		d.again(m)
	default:
		l.Next = time.Time{} // never sent again by itself
	}
}

// nextLook is when to ask again; zero: not by itself.
func (d *decision) nextLook(m *Message, l *Look, wish time.Duration) time.Time {
	now := d.real()
	if m.Status != Uncertain {
		if l.Tries >= len(polls) {
			return time.Time{}
		}
		return now.Add(max(polls[l.Tries], wish))
	}
	pause := d.r.recheck()
	if l.Tries == 1 {
		pause -= d.r.settle() // the second look is counted from when the outcome got lost, as the first
	} else {
		pause <<= min(l.Tries-2, 10)
	}
	next := now.Add(max(min(max(pause, time.Second), lookAtMost), wish))
	if next.After(l.Started.Add(lookFor)) {
		return time.Time{}
	}
	return next
}

// byHand does what a person decided about a message of unknown outcome.
func (d *decision) byHand(m *Message, v *Verdict) {
	if m.Status != Uncertain {
		d.t.Reason = ReasonSettled
		return
	}
	d.t.Reason = ReasonStored
	d.t.count("settled:by_hand")
	switch v.Kind {
	case PersonSent:
		d.prove(m, SentStatus)
		if v.News.ProviderID != "" {
			m.ProviderID = v.News.ProviderID
		}
		d.noteWhy("message.settled", ReasonByHand, "sent, "+clip(v.By, 60))
	case PersonNotSent:
		d.noteWhy("message.settled", ReasonByHand, "not sent, "+clip(v.By, 60))
		if m.Status != Uncertain {
			return
		}
		d.again(m)
	default:
		m.Status, m.Error, d.changed = Dropped, ReasonByHand, true
		d.t.count("dropped:" + string(ReasonByHand))
		d.noteWhy("message.settled", ReasonByHand, "dropped, "+clip(v.By, 60))
	}
}

// again plans a message anew that was proven never accepted, if the journey
// has not gone on meanwhile.
func (d *decision) again(m *Message) {
	m.Status, m.Error, d.changed = Queued, "", true
	run := d.run(m.Run)
	back := run != nil && run.Step == m.Step
	if back {
		run.Step = m.Step - 1
		if j := d.r.journeyOf(run); j != nil && run.Step < len(j.Steps) && j.Steps[run.Step].Previous {
			run.Handled = m.At.Add(-j.Steps[run.Step].After) // it was due when it was tried
		}
		run.Tries, run.Wait, run.Waited = 0, time.Time{}, ""
	}
	switch live := d.liveRun(m.Run); {
	case live != nil && live.Step == m.Step-1:
	case live == nil && run != nil:
		m.Status, m.Error = Dropped, dropReason(run.Outcome)
	default:
		m.Status, m.Error = Dropped, ReasonJourneyGone
	}
	if m.Status == Dropped {
		d.t.count("dropped:" + string(m.Error))
	}
}

func (d *decision) look(message string) *Look { return d.c.look(message) }
