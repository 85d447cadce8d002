package lifecycle

import (
	"cmp"
	"time"
)

// Channel is a way to reach a contact.
type Channel uint8

// The channels.
const (
	Email Channel = iota
	SMS
	channels = 2
)

// String is the contract's word for the channel.
func (c Channel) String() string {
	if c == SMS {
		return "sms"
	}
	return "email"
}

// ParseChannel reads the contract's word.
func ParseChannel(s string) (Channel, bool) {
	switch s {
	case "email":
		return Email, true
	case "sms":
		return SMS, true
	}
	return 0, false
}

// ConsentState is the contract's word for what a contact allows on a channel.
type ConsentState uint8

// The consent states. The zero value is unknown.
const (
	Unknown ConsentState = iota
	Subscribed
	Unsubscribed
	Pending
)

// String is the contract's word for the state.
func (s ConsentState) String() string {
	return [...]string{"unknown", "subscribed", "unsubscribed", "pending"}[s]
}

// ParseConsent reads the contract's word.
func ParseConsent(s string) (ConsentState, bool) {
	for i := Unknown; i <= Pending; i++ {
		if i.String() == s {
			return i, true
		}
	}
	return Unknown, false
}

// ConsentChange is one piece of news about one channel, kept as evidence.
type ConsentChange struct {
	Channel  Channel
	State    ConsentState
	At       time.Time // when the contact decided; zero means the event's time
	Source   string    // source, "sms", "page", "one-click", "owner"; empty means the event's source
	Evidence string    // such as "checkout box of order 1001", "reply STOP"; no personal data
}

// Consent is what is known about one channel. Two registers make the result
// independent of the order of arrival: the newest decision, and the newest
// time at which a source said that it knows of none.
type Consent struct {
	Decided   ConsentState // Unknown: nobody ever told a decision
	At        time.Time
	Source    string
	Evidence  string
	UnknownAt time.Time // a source said "never opted in", or the address changed
}

// State is the consent in force.
func (c Consent) State() ConsentState {
	if c.Decided != Unsubscribed && c.UnknownAt.After(c.At) {
		return Unknown
	}
	return c.Decided
}

// virgin reports whether no source ever told anything, not even that it knows
// of no consent, so that the shop's assumption may apply.
func (c Consent) virgin() bool { return c.Decided == Unknown && c.Source == "" }

// merge takes one change in. The newest decision wins, an opt-out wins ties,
// and "unknown" never undoes an opt-out. Two tellings of the same decision at
// the same instant are told apart by their texts, so that the order of arrival
// never matters.
func (c Consent) merge(n ConsentChange) Consent {
	if n.State == Unknown {
		c.UnknownAt = maxTime(c.UnknownAt, n.At)
		if c.Decided == Unknown && n.Source != "" && (c.Source == "" || n.Source < c.Source) {
			c.Source = n.Source
		}
		return c
	}
	order := cmp.Or(n.At.Compare(c.At), cmp.Compare(consentRank(n.State), consentRank(c.Decided)),
		cmp.Compare(n.Source, c.Source), cmp.Compare(n.Evidence, c.Evidence))
	if c.Decided == Unknown || order > 0 {
		c.Decided, c.At, c.Source, c.Evidence = n.State, n.At, n.Source, n.Evidence
	}
	return c
}

// join takes in what another record of the person knows about the same
// address.
func (c Consent) join(o Consent) Consent {
	c = c.merge(ConsentChange{State: Unknown, At: o.UnknownAt})
	return c.merge(ConsentChange{State: o.Decided, At: o.At, Source: o.Source, Evidence: o.Evidence})
}

// consentRank decides ties: the narrower consent wins.
func consentRank(s ConsentState) int {
	return [...]int{Unknown: 0, Subscribed: 1, Pending: 2, Unsubscribed: 3}[s]
}

// Suppression says that an address cannot or must not be used on a channel
// whatever the consent: a dead number, a hard bounce.
type Suppression struct {
	Reason  Reason // empty: not suppressed
	At      time.Time
	Address string // the address it is about; a new address is not suppressed
}
