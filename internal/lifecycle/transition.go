package lifecycle

// Transition is what Decide decided. Nothing is sent, saved or logged in
// there; the engine carries it out.
type Transition struct {
	Contact Contact
	Changed bool   // the record differs from what was handed in
	Reason  Reason // why; never empty
	// Send is the message to compose and begin. It is not part of the record
	// until a Begin event says so.
	Send *Message
	// Dropped are the steps that were passed over, each with its reason.
	Dropped []Message
	// Go answers a Begin: the attempt is in the record, the bytes may leave. And a
	// ConsentTold: the opt-in still stands, the source may be told.
	Go bool
	// Ask wants a place among the day's entries of a journey. The engine takes
	// one and hands it in with the same StepDue.
	Ask *Ask
	// Erase: the tombstone must go, too. Contact is what it was.
	Erase bool
	// SeenOrders are digests to remember for good: of orders, and of the id of
	// somebody who was erased.
	SeenOrders []uint64
	// Counts are exact counters of the shop, see docs/metrics.md.
	Counts []Count
	// Tallies are what became of messages of late, by the hour in which each
	// left. The brakes watch them.
	Tallies []Tally
	// Tells are what others may want to be told; the engine knows who.
	Tells []Tell
}

// Count is one increment of one of the shop's counters.
type Count struct {
	Field string
	N     int64
}

func (t *Transition) count(field string) { t.Counts = append(t.Counts, Count{field, 1}) }
