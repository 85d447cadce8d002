package connectors

import (
	"context"
	"time"
)

// Reader reads from a shop's own API what its webhooks tell as well: those of
// shops that never repeat one are lost for good otherwise. It gives deliveries
// that the source's own Normalise reads, so what was read and what was told
// become the same events. Implementations are safe for concurrent use and change
// nothing in the shop. Every error is a *ReadFault, or the end of ctx.
type Reader interface {
	// Changes is one page, by one call, of what was changed at since or later, by the shop's
	// clock. next is the Next of the page before, empty for the first. What
	// changes while the pages are read may come twice, or in the next round; it
	// is never passed over.
	Changes(ctx context.Context, since time.Time, next string) (Page, error)
	// Purchases is what one customer bought at since or later; a zero time sets
	// no bound. It is the newest, by three calls at most. A customer of whom
	// nothing is known that the shop could search by has none.
	Purchases(ctx context.Context, who Customer, since time.Time) (Page, error)
}

// Reacher is a Reader whose shop remembers changes for a time only. What was
// changed before is read by nobody.
type Reacher interface{ Reach() time.Duration }

// Page is a part of what was read.
type Page struct {
	// Deliveries are what webhooks would have brought: header, query and body
	// without a signature. ReceivedAt and Now are the caller's to set.
	Deliveries []Request
	Next       string        // for the next page, at most 1 KiB; empty: that was the last
	Pause      time.Duration // how long the shop wants no further call; 0: none
}

// Customer is whom to look for.
type Customer struct {
	IDs   []string // the source's own ids of the customer, the newest last
	Email string   // empty: none
}

// ReadFault says why nothing could be read.
type ReadFault struct {
	// Refused: the shop goes on refusing until a person mends something. Else it
	// makes sense to try again.
	Refused bool
	// Restart: the page's mark is not taken any more; begin with the first page.
	Restart bool
	// Name is a short constant word for the status of the source, such as
	// refused, throttled, unreachable, not_understood.
	Name string
	// Text is what is wrong and the mend, without a secret.
	Text string
	// RetryAfter is the shop's wish; 0: none.
	RetryAfter time.Duration
}

// Error is the text.
func (f *ReadFault) Error() string { return f.Text }
