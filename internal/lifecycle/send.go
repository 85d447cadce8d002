package lifecycle

import "time"

// MessageStatus is the contract's word for what became of a message.
type MessageStatus uint8

// The statuses of a message. Rank rises only: see Advance.
const (
	Queued MessageStatus = iota
	Sending
	Uncertain
	SentStatus
	Delivered
	Failed
	Dropped
)

// String is the contract's word.
func (s MessageStatus) String() string {
	return [...]string{"queued", "sending", "uncertain", "sent", "delivered", "failed", "dropped"}[s]
}

// ParseStatus reads the contract's word.
func ParseStatus(w string) (MessageStatus, bool) {
	for i := Queued; i <= Dropped; i++ {
		if i.String() == w {
			return i, true
		}
	}
	return Queued, false
}

// Message is one SMS or e-mail to one contact for one step.
type Message struct {
	ID          string // contact id, "-", hash of run, step and channel: planning twice gives the same id
	Journey     string
	Step        int // counted from 1
	Channel     Channel
	Template    string
	Variant     string // name of the step's variant; empty: it has none
	Status      MessageStatus
	Error       Reason    // why it failed or was dropped
	Detail      string    // more on Error: the expression that did not hold, what was waited for
	At          time.Time // when it was planned or begun
	SentAt      time.Time // when the provider accepted it; zero: never
	ProviderID  string
	Code        string // short link code inside the message
	Coupon      string
	CouponUntil time.Time // when the coupon can be used last; zero: there is none, or an older release made it
	CouponUsed  time.Time // time of the first order in which it was used; zero: of none
	Offer       string    // name of the offer it brings; empty: none of the shop's
	OfferKind   OfferKind // of that offer, as it was then
	OfferCost   int64     // what it costs the shop, minor units of its currency
	OfferUntil  time.Time // when the offer ends; zero: never, or there is none
	Framing     string    // how the offer was worded: "loss", or "gain" (also when empty)
	Opened      bool
	Responded   bool
	Run         string // run id, see Run
	Address     string // where it went, for evidence; cleared by erasure with the record
	Segments    int
	Receipt     Receipt // why it was allowed to leave; of the last attempt
}

// Attempt is one try to hand a message to a provider. Its id is inside the
// request and comes back in callbacks.
type Attempt struct {
	ID      string // message id, ".", ULID
	Fence   uint64 // of the claim; a stale fence changes nothing
	Process string
	Started time.Time // real time of the store's clock
	Message Message   // what is being sent, as planned
	Locale  string
}

// Outcome classifies what the wire proved about an attempt; the table is in
// docs/sending.md.
type Outcome uint8

// The outcomes of an attempt.
const (
	Accepted        Outcome = iota // the provider has it; ProviderID may be empty when the answer was cut
	NotSent                        // surely not accepted; plan again
	RejectedContact                // this recipient is impossible: suppress the channel
	RejectedContent                // this message will never be accepted: stop the step
	RejectedAccount                // credentials, balance, sender: hold the channel, alert, burn no step
	Ambiguous                      // may have been accepted: never send it again blindly
)

// String names the outcome for logs and metrics.
func (o Outcome) String() string {
	return [...]string{"accepted", "not_sent", "rejected_contact", "rejected_content", "rejected_account", "ambiguous"}[o]
}

// Result is what a sender reports about one attempt.
type Result struct {
	AttemptID  string
	Outcome    Outcome
	ProviderID string
	Reason     Reason        // for the rejected ones: invalid_number, opted_out, …
	RetryAfter time.Duration // the provider's wish, bounded by the engine; 0: none
	Segments   int
}

// News is a provider's callback about a message that was handed over.
type News struct {
	AttemptID  string
	MessageID  string
	ProviderID string
	Status     MessageStatus // SentStatus, Delivered or Failed
	Reason     Reason        // for Failed
	Suppress   bool          // the failure is for good: do not use this address on this channel
}
