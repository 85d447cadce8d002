package lifecycle

import "time"

// TallyKind is what the brakes count.
type TallyKind uint8

// The kinds of tally. Each of the others is about a message that was tallied as
// sent, and counts once for it.
const (
	TallySent     TallyKind = iota // handed to the provider: accepted, or refused for good
	TallyFailed                    // refused or failed for good, for the sake of its address
	TallyContent                   // refused or filtered for its content
	TallySpam                      // reported as spam
	TallyOptedOut                  // the contact left the channel within a day
	TallyKinds                     // how many there are
)

// String names the kind in the store.
func (k TallyKind) String() string {
	return [...]string{"sent", "failed", "content", "spam", "opted_out"}[k]
}

// ParseTally reads what String wrote.
func ParseTally(w string) (TallyKind, bool) {
	for k := range TallyKinds {
		if k.String() == w {
			return k, true
		}
	}
	return 0, false
}

// Tally is one increment. At is when the message left, whenever the news of it
// came: so that what became of the messages of some hours is a share of these.
type Tally struct {
	Kind    TallyKind
	Channel Channel
	At      time.Time
}

func (t *Transition) tally(ch Channel, at time.Time, kinds ...TallyKind) {
	for _, k := range kinds {
		t.Tallies = append(t.Tallies, Tally{k, ch, at})
	}
}

// tallyOf is the kind of a failure.
func tallyOf(why Reason) TallyKind {
	if why == ReasonContent {
		return TallyContent
	}
	return TallyFailed
}

// optOutAfter is how soon after a message an opt-out is taken for its doing.
const optOutAfter = 24 * time.Hour

// tallyOptOut counts an opt-out against the last message on the channel. What
// an import brings along is nobody's doing.
func (d *decision) tallyOptOut(ch Channel, after Consent) {
	if after.State() != Unsubscribed || d.ev.Historical {
		return
	}
	var at time.Time
	for i := range d.c.Messages {
		if m := &d.c.Messages[i]; m.Channel == ch {
			at = maxTime(at, m.SentAt)
		}
	}
	if at.IsZero() || d.now.Sub(at) >= optOutAfter {
		return
	}
	told := 0
	for _, n := range d.c.Ledger { // this one included
		if n.Channel == ch && n.State == Unsubscribed && !n.At.Before(at) {
			told++
		}
	}
	if told <= 1 { // in and out again is one opt-out
		d.t.tally(ch, at, TallyOptedOut)
	}
}
