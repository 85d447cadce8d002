package lifecycle

import "time"

// Type names what an event says. The strings are part of the canonical JSON
// body of the webhook source and of the timeline.
type Type string

// What sources tell.
const (
	OrderPlaced           Type = "order.placed"           // an order was placed or paid, or its newest version is told
	OrderCancelled        Type = "order.cancelled"        // the order is void
	OrderRefunded         Type = "order.refunded"         // Refund says how much
	Renewed               Type = "subscription.renewed"   // a paid renewal; Order carries it, if the source has one
	SubscriptionStarted   Type = "subscription.started"   // also: taken up again after a cancellation
	SubscriptionCancelled Type = "subscription.cancelled" // the decision, not the end of the paid period
	SubscriptionPaused    Type = "subscription.paused"    // noted, changes no state
	PaymentFailed         Type = "payment.failed"         // a renewal that failed; not a cancellation
	ContactChanged        Type = "contact.changed"        // customer made or changed
	ContactDeleted        Type = "contact.deleted"        // the source deleted its customer; history stays
	ContactMerged         Type = "contact.merged"         // Person is kept, Merged is the one that went
	ConsentChanged        Type = "consent.changed"        // Consents carries the news
	EraseRequested        Type = "erase.requested"        // forget the person
	DataRequested         Type = "data.requested"         // the person asks for a copy
	SourceGone            Type = "source.gone"            // app uninstalled or shop to be erased: the owner must confirm
)

// What contacts, providers, people at the shop and timers tell.
const (
	Opened    Type = "link.opened"      // a landing page was fetched; no response yet
	Responded Type = "responded"        // a confirmed human reaction; Response carries it
	Noted     Type = "noted"            // shown to support, changes nothing (an unclear reply)
	Paused    Type = "paused"           // no messages until Until
	StepDue   Type = "step.due"         // the contact's timer fired
	Begin     Type = "message.begin"    // the gate right before the bytes leave; Attempt is the try
	Unbegin   Type = "message.unbegin"  // nothing was written to the wire
	Sent      Type = "message.result"   // Result is the outcome of the attempt
	Lost      Type = "message.lost"     // the lease of a begun attempt ended without a result
	Delivery  Type = "message.delivery" // a provider's callback
	Recalled  Type = "message.recalled" // the store forgot an attempt that its process knows it began; Result, if it was answered
	Settled   Type = "message.settled"  // what the provider's records, or a person, say of a message
	Cleared   Type = "erase.cleared"    // what led to a person who was erased is removed
	Started   Type = "journey.started"  // a program asks for Journey
	Released  Type = "import.released"  // the owner lets an imported contact who was silent already into the journey at Until
	// ConsentTold: a source is about to be told of an opt-in; the one of Consents
	// names the source and the decision's time.
	ConsentTold Type = "consent.told"
)

// Event is what a source, a provider, a contact or a timer told us, in one
// canonical form.
type Event struct {
	Type   Type
	Key    string    // delivery key: the same delivery twice has the same key; empty: never a duplicate
	Source string    // name of the source in the shop's configuration, or "ritorno", "twilio", "sendgrid", "page", "import"
	At     time.Time // when it happened, UTC; zero means "when it arrived"
	// Version orders two tellings of the same object: the object's own
	// updated time. Zero means At.
	Version time.Time
	Person  Person

	Order  *Order
	Refund *Refund
	// Owner says whose the id of Order or Refund is: a source of the shop by
	// name, or a system such as OwnerShopify. Empty: the telling source's own.
	Owner string
	// Also are further names of that order: of its payment, its invoice.
	Also         []OrderName
	Subscription *Subscription
	Consents     []ConsentChange
	Response     *Response
	Merged       *Person   // ContactMerged only
	Until        time.Time // Paused and Released only
	Text         string    // short human note for the timeline: a reason, a reply

	// Historical is set by imports: old news that must not start messages by
	// itself.
	Historical bool

	// OwnTime is set where a history is played as if it happened now: its times
	// hold, however old they are.
	OwnTime bool

	// E164 is Person.Phone as identity.Phone reads it in the country E164In, where
	// who tells the event has done so; empty: it is read here.
	E164, E164In string

	// Remembered says that the store knows this order from before the window
	// of the record, RememberedOff that it was taken back before. The engine
	// fills them in.
	Remembered, RememberedOff bool

	Journey string // Started only: its name
	Grant   *Grant // StepDue only: the place that was asked for

	// For the send path only.
	Attempt *Attempt
	Result  *Result
	News    *News
	Verdict *Verdict
	Real    time.Time // the server's real time, for settling; zero: the same as the program's
}

// Person is what an event says about who it concerns. Empty fields say
// nothing and delete nothing.
type Person struct {
	CustomerID string // the source's customer id, opaque text
	Email      string // as given, for sending; matched by identity.Email
	Phone      string // as given; kept in E.164 where it parses with Country
	FirstName  string
	LastName   string
	Locale     string // BCP 47, such as "it" or "fr-FR"
	Country    string // ISO 3166 alpha-2
	Region     string // of the address, as RegionOf writes it; empty where it does not matter
	Timezone   string // IANA, if the source knows it
	// Authoritative is set where the source speaks about the customer itself
	// (customer made or changed) and not in passing (an order). Authoritative
	// addresses win over others; among equals the newer Version wins.
	Authoritative bool
}

// OrderStatus is what became of an order.
type OrderStatus uint8

// An order moves only forward: never back from paid to placed. Cancelled and
// refunded take it back for good unless the source itself restores it with a
// newer version.
const (
	OrderOpen OrderStatus = iota // placed, payment pending
	OrderPaid                    // paid, authorised, or worth 0
	OrderRefundedFully
	OrderVoid // cancelled, failed, trashed
)

// Order is one purchase.
type Order struct {
	ID       string // the order's id at its owner, opaque text; one purchase has one id, whoever tells it
	Number   string // as shown to people, such as "#1001"; may be empty
	At       time.Time
	Status   OrderStatus
	Total    Money
	Refunded int64 // minor units of Total's currency given back in all, where the source tells; 0 otherwise
	Renewal  bool
	Items    []Item   // the first few; the most valuable first where the source allows to tell
	Codes    []string // discount codes used
	Partial  bool     // Total is not known: the event names the order only (cancelled, deleted, billing attempt)
}

// Item is one line of an order.
type Item struct {
	Product  string // id at the source
	Title    string
	Category string
	Quantity int
}

// Refund is money given back for one order. Several may come; each counts
// once, by ID.
type Refund struct {
	OrderID string
	ID      string
	Amount  int64 // minor units; 0 when unknown
	Full    bool  // the source says that nothing is left of the order
}

// Subscription is what a subscription event is about.
type Subscription struct {
	ID     string
	Reason string // why it was cancelled, in the source's words; may be empty
	Plan   string
	// Involuntary: payments failed, nobody decided to leave. Nobody is asked why.
	Involuntary bool
	// Disputed: involuntary, and the bank took a payment back or it was fraud:
	// nothing is to be said at all.
	Disputed bool
	// Running: it is active now, since whenever. That takes its own cancellation
	// back, and says nothing else: for sources that repeat the state of a
	// subscription without a word on what changed.
	Running bool
}

// ResponseKind says how a contact reacted.
type ResponseKind string

// The kinds of response.
const (
	ResponseSeen    ResponseKind = "seen"    // landing page opened by a person
	ResponseAnswer  ResponseKind = "answer"  // survey answered
	ResponseContest ResponseKind = "contest" // contest entered
	ResponseReply   ResponseKind = "reply"   // SMS reply
)

// Response is a confirmed human reaction. MessageID may be empty for a reply
// that cannot be tied to a message.
type Response struct {
	Kind      ResponseKind
	MessageID string
	Choice    string // survey choice, bounded to 64 bytes by Decide
	Text      string // free text, bounded to 500 bytes by Decide
}
