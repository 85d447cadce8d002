package lifecycle

import (
	"slices"
	"time"
)

// TellKind names something that others may want to be told. The words are
// those of outgoing webhooks, see docs/telling-back.md.
type TellKind string

// What others may be told.
const (
	TellState   TellKind = "contact.state_changed"
	TellConsent TellKind = "contact.consent_changed"
	TellWon     TellKind = "contact.won_back"
	TellSent    TellKind = "message.sent"
	TellCoupon  TellKind = "coupon.used"
)

// TellKinds are all of them.
func TellKinds() []TellKind {
	return []TellKind{TellState, TellConsent, TellWon, TellSent, TellCoupon}
}

// Tell is one thing to be told. It names no address: whoever tells it reads the
// record.
type Tell struct {
	Kind     TellKind
	At       time.Time // when it happened, program time
	From, To string    // state or consent before and after, in the contract's words
	Reason   Reason    // of the new state, or why a journey was won
	Channel  Channel   // TellConsent, TellSent
	Source   string    // TellConsent: who told us of the decision
	Journey  string    // TellWon, TellSent, TellCoupon
	Step     int       // TellSent, TellCoupon; counted from 1
	Messages int       // TellWon: messages of the journey that a provider accepted
	Template string    // TellSent
	Message  string    // id; TellSent, TellCoupon
	Coupon   string    // code; TellSent, TellCoupon
	Order    string    // id; TellCoupon
}

// Told is a consent that a source is being told, so that what it answers with
// is not taken for a decision of the contact.
type Told struct {
	Source  string
	Channel Channel
	At      time.Time // of the decision
	Until   time.Time // what the source says up to then may be an answer, program time
}

const (
	// echoFor is how long after it was told a source may repeat a consent as its
	// own news. Sources repeat within seconds, or not at all.
	echoFor = time.Hour
	// MaxTold is how many are remembered; more sources than that are not told at
	// the same moment.
	MaxTold = 8
)

// OwnConsent reports whether a decision was made with us: by SMS, on the
// preference page or by one click. Only such an opt-in is told to anybody, for
// what one shop system was told says nothing about another.
func (c Consent) OwnConsent() bool {
	switch c.Source {
	case "sms", "page", "one-click":
		return true
	}
	return false
}

func (t *Transition) tell(n Tell) { t.Tells = append(t.Tells, n) }

// stand is how a contact stood before an event: what others are told of when it
// changes.
type stand struct {
	state   State
	reason  Reason
	consent [channels]ConsentState
}

func standOf(c *Contact) stand {
	s := stand{state: c.State, reason: c.Reason}
	for ch := range channels {
		s.consent[ch] = c.Consent[ch].State()
	}
	return s
}

// tellChanges adds what became different about the contact. Old news of an
// import is told to nobody.
func (d *decision) tellChanges(before stand) {
	if d.ev.Historical {
		d.t.Tells = nil
		return
	}
	for ch := range channels {
		was, is := before.consent[ch], d.c.Consent[ch].State()
		if was != is {
			d.t.tell(Tell{
				Kind: TellConsent, At: d.now, From: was.String(), To: is.String(),
				Channel: Channel(ch), Source: d.c.Consent[ch].Source,
			})
		}
	}
	why := d.c.State == UnsubscribedState && d.c.Reason != before.reason
	if d.c.State != before.state || why {
		d.t.tell(Tell{Kind: TellState, At: d.now, From: before.state.String(), To: d.c.State.String(), Reason: d.c.Reason})
	}
}

// consentTold is the gate before a source is told that somebody opted in: it
// opens only while that is still so.
func (d *decision) consentTold() {
	n := d.ev.Consents[0]
	have := d.c.Consent[n.Channel]
	if have.State() != Subscribed || !have.OwnConsent() || !have.At.Equal(n.At) {
		d.t.Reason = ReasonStale
		return
	}
	d.c.Told = slices.DeleteFunc(d.c.Told, func(t Told) bool {
		return t.Source == n.Source && t.Channel == n.Channel || t.Until.Before(d.now)
	})
	d.c.Told = append(d.c.Told, Told{Source: n.Source, Channel: n.Channel, At: n.At, Until: d.now.Add(echoFor)})
	if len(d.c.Told) > MaxTold {
		d.c.Told = d.c.Told[1:]
	}
	d.t.Reason, d.t.Go, d.changed = ReasonStored, true, true
}

// echo dates an opt-in that a source repeats because we told it back to the
// decision that we told. Else it would seem newer than an opt-out that came
// while it was on its way.
func (d *decision) echo(n ConsentChange) ConsentChange {
	if n.State != Subscribed {
		return n
	}
	i := slices.IndexFunc(d.c.Told, func(t Told) bool {
		return t.Source == n.Source && t.Channel == n.Channel && n.At.After(t.At) && !n.At.After(t.Until) && !d.now.After(t.Until)
	})
	if i < 0 {
		return n
	}
	n.At = d.c.Told[i].At
	d.c.Told = slices.Delete(d.c.Told, i, i+1)
	d.changed = true
	return n
}

// absorbTold takes over what another record's sources are being told.
func (d *decision) absorbTold(gone Contact) {
	for _, t := range gone.Told {
		if !slices.Contains(d.c.Told, t) {
			d.c.Told = append(d.c.Told, t)
		}
	}
	if n := len(d.c.Told) - MaxTold; n > 0 {
		d.c.Told = d.c.Told[n:]
	}
}
