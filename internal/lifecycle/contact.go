package lifecycle

import "time"

// State is the contract's word for where a contact is in the lifecycle.
type State uint8

// The lifecycle states. None is the zero value: the contact does not exist.
const (
	None State = iota
	Active
	Dormant
	Cancelled
	Returning
	UnsubscribedState
)

// String is the contract's word.
func (s State) String() string {
	return [...]string{"", "active", "dormant", "cancelled", "returning", "unsubscribed"}[s]
}

// ParseState reads the contract's word.
func ParseState(w string) (State, bool) {
	for i := Active; i <= UnsubscribedState; i++ {
		if i.String() == w {
			return i, true
		}
	}
	return None, false
}

// Bounds of the record. What falls out rolls into the base and the counters.
const (
	MaxOrders   = 20
	MaxMarks    = 24
	MaxMessages = 12
	MaxTimeline = 20
	MaxLedger   = 16
	MaxHistory  = 128
	MaxFormer   = 16
	MaxJoined   = 16
	MaxRuns     = 6
	MaxEntered  = 16
	MaxRefs     = 8
	MaxAnswers  = 8
	MaxLooks    = 12
	MaxLinks    = 2 * MaxOrders
)

// Contact is one person in one shop: one compact record. All times are UTC.
type Contact struct {
	ID      string
	Shop    string
	Version uint64 // counted by the store; 0 means the contact is not stored yet

	Email    Address
	Phone    Address // E.164 where it parsed, see Address.Valid
	Refs     []Ref
	Profile  Profile
	Consent  [channels]Consent
	Suppress [channels]Suppression
	Ledger   []ConsentChange // the newest consent news, newest last
	History  []ConsentSpan   // what rolled out of the ledger, oldest first
	Former   []Former        // addresses and ids that were the contact's, oldest first
	Joined   []string        // ids of records that were merged into this one, oldest first
	PausedTo time.Time       // no messages before
	PausedAt time.Time       // when that was asked for; zero also: by an older release

	Orders []OrderMark // the last ones, oldest first
	Links  []OrderLink // further names of Orders, newest last
	Older  Rolled      // what rolled out of Orders
	Marks  []Mark      // oldest first
	Base   Fold        // the fold of everything that rolled out

	State  State
	Reason Reason
	Since  time.Time

	Run      *Run  // the live journey; nil: none
	Runs     []Run // ended ones, newest last
	Entered  []Entered
	Delay    Delay
	Sending  *Attempt
	Messages []Message // oldest first
	Looks    []Look    // what the providers' records are still to be asked for, oldest first
	Told     []Told    // opt-ins that sources are being told, and may repeat
	Accepted int       // messages that a provider ever accepted
	Timeline []Entry   // oldest first
	Answers  []Answer

	CancelReason string // of the last cancellation, in the source's words
	Involuntary  bool   // the last cancellation was nobody's decision: payments failed
	Plan         string // subscription plan, if a source told one

	Due     time.Time // when the timer fires next, program time; zero: never
	DueWhy  Reason    // what the timer is for, or why a step waits
	HeldAt  time.Time // anchor of imported inactivity that must not start a journey by itself
	HeldTo  time.Time // when it may, by the owner's choice; zero: never
	MadeAt  time.Time
	Forward string   // merged into this contact; everything else then waits to be absorbed
	Erasing *Erasing // the person was erased; what is left is only what must still be removed

	// Unknown keeps what a newer release wrote, so that a rewrite loses
	// nothing. Only the store's codec touches it.
	Unknown []byte
}

// Address is an e-mail address or a phone number with what decides between two
// tellings: authoritative ones win over those told in passing, newer ones over
// older.
type Address struct {
	Value string // for sending
	Key   string // normal form for matching; empty: cannot be matched (and not be sent to)
	At    time.Time
	Sure  bool
	Since time.Time // when this address took another's place; zero: it is the first
}

// Ref is a source's own id of the contact.
type Ref struct {
	Source string `json:"source"`
	ID     string `json:"id"`
}

// Profile is what messages may show. At orders two tellings.
type Profile struct {
	FirstName, LastName, Locale, Country, Timezone string

	Region string // of the country, see [RegionOf]
	At     time.Time
	Sure   bool
}

// OrderMark is one order as the record remembers it.
type OrderMark struct {
	Key     uint64 // digest of the order's id
	ID      string // as the source wrote it, for support; kept for all remembered orders
	Source  string
	At      time.Time
	Version time.Time
	Status  OrderStatus
	Total   Money
	Told    int64        // refunded in all, as the order itself told
	Refunds []RefundMark // single refunds, by id
	Renewal bool
	Product string // title of the first item
	Partial bool   // the order itself was never told, only its cancellation or refund
	Codes   string
}

// RefundMark is one refund of an order.
type RefundMark struct {
	Key    uint64
	Amount int64
	Full   bool
}

// Rolled sums the orders that rolled out of the record.
type Rolled struct {
	Count   int
	Spent   int64 // minor units of the shop's currency, less refunds
	First   time.Time
	Last    time.Time
	Foreign int // orders in other currencies
}

// MarkKind says what a mark is.
type MarkKind uint8

// The kinds of marks. The values are stored.
const (
	MarkCancelled MarkKind = iota + 1 // a subscription was cancelled; Key is its digest
	MarkResumed                       // a subscription was started or taken up again
	MarkResponse                      // the contact reacted
	MarkDormant                       // the inactivity timer fired; Anchor is what it counted from
	MarkEnded                         // a journey ended without response; Outcome, Anchor and Key tell which
	MarkFailed                        // a payment failed; Key is the subscription's digest
	MarkWarned                        // the gap since an order became too long; Anchor is the order's time. With a Reason: nobody was warned
	MarkImported                      // the first import told of the contact
	MarkStarted                       // a program asked for Journey
)

// Mark is a fact that moves the state, with its own time.
type Mark struct {
	Kind    MarkKind
	At      time.Time
	Key     uint64
	Anchor  time.Time
	Outcome State
	Reason  Reason
	Journey string // MarkStarted only
}

// Run is one journey of one contact.
type Run struct {
	ID      string // digest of the trigger: the same trigger gives the same id
	Journey string
	Version string // digest of the definition it follows; empty: the journey as it is
	Trigger Trigger
	Anchor  time.Time // steps count from here; a pause moves it
	Began   time.Time
	Step    int       // next step, counted from 0; len(steps) when only the ending is left
	Handled time.Time // when the last step was handled
	Tries   int       // failed tries of the next step
	Got     int       // messages of this run that a provider accepted
	Outcome Reason    // why it ended; empty while live
	Ended   time.Time
	Wait    time.Time // not before: back-off, an uncertain message
	Waited  Reason
	Holdout bool     // walks the journey and gets nothing
	Heard   Reaction // reactions to its messages, as bits
	HeardAt time.Time
}

// Look is a question to a provider's records about one message: what became of
// an attempt whose outcome nobody knows, or of a message that was accepted and
// never reported on. Its times are real, not the program's.
type Look struct {
	Message string    // id
	Attempt string    // id of the last attempt
	Started time.Time // when that began
	Next    time.Time // when to ask; zero: not any more, a person decides
	Tries   int       // times asked
	Absent  int       // of these, how often the records proved that they do not know it
	Asked   time.Time // when asked last; zero: never
	Found   string    // what the last answer was, for the operator; no personal data
}

// Erasing is what must still be removed of a person who was erased: keyed
// digests and codes, nothing personal. It makes an erasure go on after a crash.
// A digest is the 16 bytes of an identity.Digest.
type Erasing struct {
	Lookups  []string // digests of addresses and customer ids, former ones too
	Orders   []string // digests of order ids
	Codes    []string // link codes
	Suppress []string // what goes on the suppression list: digests of addresses, former ones too
	Joined   []string // ids of records that forward to this one
	At       time.Time
	Next     time.Time // real time at which somebody must look at it again
}

// Former is an address or a customer id that led to the contact before, as
// keyed digests only: an erasure must reach it, and nobody else needs it.
type Former struct {
	Lookup   string // 16 bytes
	Suppress string // 16 bytes; empty for a customer id
}

// ConsentSpan is consent news that rolled out of the ledger. The same news
// told again and again is one span.
type ConsentSpan struct {
	ConsentChange
	Until time.Time // when it was told last
	Times int       // how often it was told
}

// Entry is one line of the timeline. The summary is made when it is shown.
type Entry struct {
	At     time.Time
	Type   Type
	Source string
	Reason Reason
	Text   string // order id and amount, step and channel, reply: bounded
}

// Answer is a survey answer, contest entry or reply.
type Answer struct {
	At      time.Time
	Kind    ResponseKind
	Journey string
	Step    int
	Choice  string
	Text    string
}
