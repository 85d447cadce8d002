package lifecycle

import (
	"slices"
	"time"

	"ritorno/internal/identity"
)

// Trigger is what makes a journey start.
type Trigger string

// The triggers. The first three follow the contact's state; the others stand
// beside it, see Ground.
const (
	OnInactivity    Trigger = "inactivity"
	OnReturn        Trigger = "return"
	OnCancellation  Trigger = "cancellation"
	OnEarlyWarning  Trigger = "early_warning"
	OnPaymentFailed Trigger = "payment_failed"
	OnImport        Trigger = "import"
	OnAPI           Trigger = "api"
)

// AwaitsOrder reports whether the reason of a journey is that no order came: it
// may be wrong where orders do not reach us.
func (t Trigger) AwaitsOrder() bool { return t == OnInactivity || t == OnEarlyWarning }

// Rules are one shop's rules: everything Decide needs to know besides the
// contact, the event and the time. The zero value of a field is safe.
type Rules struct {
	Shop     string
	Name     string
	HomeURL  string
	Address  string         // postal, below e-mails
	Locale   string         // "it", "en"
	Country  string         // ISO 3166 alpha-2
	Currency string         // ISO 4217
	Location *time.Location // nil means UTC
	Business Business       // which words fit the shop; empty means Ecommerce
	Brand    Brand          // how its messages and pages look
	Person   string         // whom contacts can talk to; may be empty
	Phone    string         // where; may be empty
	Keys     *identity.Keys // of the installation; nil: former addresses are not kept, and an erasure names no look-ups

	// Owners are the spaces of order ids, see [SpaceOf], by the name of the source
	// whose ids are meant. A source that is not in it has none: its ids are
	// anybody's.
	Owners map[string]string

	// Placeholders are addresses that the shop fills in where it knows none, as
	// patterns of identity.Fits, beside those that every shop knows.
	Placeholders []string

	Lapse     time.Duration          // an order after a longer gap counts as a return
	Assume    [channels]ConsentState // what to assume on a channel where no source ever told a decision
	Quiet     *Quiet                 // nil: no quiet hours
	Soft      Soft                   // whether buyers who never said anything may be written to
	Lawless   bool                   // the owner trusts the quiet hours alone: no window of the country is added
	BestHours bool                   // steps wait for the contact's own best hour of their day
	Cap       Cap
	Contest   *Contest // nil: not registered
	Offers    []Offer  // by name
	Journeys  []Journey
	Versions  Versions      // definitions that contacts under way may still follow; see Pin
	Expires   time.Duration // a step later than this is dropped; 0 means 3 days
	Settle    time.Duration // how long an uncertain message blocks the next step, and when its provider is asked; 0 means 60 s
	Recheck   time.Duration // when the provider is asked for the second time; 0 means 10 minutes
	Resend    bool          // a message that the provider's records, looked at twice, do not know is sent again
}

// Cap limits how many messages one contact gets in a stretch of time, over
// all journeys. Messages 0 means no limit.
type Cap struct {
	Messages int
	Per      time.Duration
}

// Contest is the registration of a prize contest, where the law asks for one.
type Contest struct {
	RulesURL     string
	Registration string
	From, To     time.Time // zero: open end; To is the first instant after the contest
}

// Quiet is when a shop does not write, in the contact's local time. From and
// To are minutes after midnight; a stretch may span midnight; equal means no
// quiet hours of the day.
type Quiet struct {
	From, To int
	Days     [7]bool // by time.Weekday: the whole day is quiet
	Holidays bool    // national holidays of the contact's country are quiet
	Channels [channels]bool
}

// Nobody reports whether an e-mail address in its normal form stands for nobody
// in particular: it neither matches two people nor is written to.
func (r *Rules) Nobody(key string) bool {
	return identity.Placeholder(key) || slices.ContainsFunc(r.Placeholders, func(p string) bool { return identity.Fits(p, key) })
}

func (r *Rules) location() *time.Location {
	if r.Location == nil {
		return time.UTC
	}
	return r.Location
}

func (r *Rules) expires(s *Step) time.Duration {
	switch {
	case s.Expires > 0:
		return s.Expires
	case r.Expires > 0:
		return r.Expires
	}
	return 72 * time.Hour
}

func (r *Rules) settle() time.Duration {
	if r.Settle > 0 {
		return r.Settle
	}
	return time.Minute
}

func (r *Rules) recheck() time.Duration {
	if r.Recheck > 0 {
		return r.Recheck
	}
	return 10 * time.Minute
}
