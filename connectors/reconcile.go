package connectors

import (
	"context"
	"errors"
	"time"

	"ritorno/internal/lifecycle"
)

// Why a provider's records tell nothing. Callers branch on these.
var (
	// ErrCredentials: the provider refuses us as a whole. Tell the operator;
	// asking again soon is of no use.
	ErrCredentials = errors.New("the provider refuses the credentials")
	// ErrNoRecords: there is nothing to look up. What became of the attempt is
	// told only by the provider's own reports, if they come.
	ErrNoRecords = errors.New("the provider's records tell nothing; evidence only comes from its reports")
)

// Attempted is an attempt whose outcome nobody knows.
type Attempted struct {
	Attempt   string // attempt id
	MessageID string
	To        string    // E.164 or e-mail address, as it was sent to
	Code      string    // of the message's own short link
	Started   time.Time // real time, when the attempt began
	// ProviderID is the provider's own id of the message; empty: not known.
	ProviderID string
}

// Evidence is what a provider's own records say about an attempt.
type Evidence struct {
	Found      bool
	ProviderID string
	Status     lifecycle.MessageStatus // as far as the record tells: SentStatus, Delivered or Failed
	Reason     lifecycle.Reason        // for Failed
	// Suppress: the failure is for good; see lifecycle.News.
	Suppress bool
	// Fresh: the records, read before the search, show a newer message of ours,
	// and nothing in them is hidden that could be this one. "Not found" may
	// then be believed, else it means nothing. False where Found.
	Fresh bool
	// Newest is when the provider made the newest message of ours that proves
	// Fresh, by the provider's clock. Zero: none. Whoever wants a stronger
	// proof asks for one well after Started, because the provider may have
	// taken the attempt late.
	Newest time.Time
	What   string // for the operator: which look-up, no personal data
}

// Finder looks an attempt up at the provider. It changes nothing and may be
// repeated. Implementations are safe for concurrent use.
type Finder interface {
	// Find returns a *LookupError where the records could not be read or not
	// be understood as a whole: that is no "not found".
	Find(ctx context.Context, a Attempted) (Evidence, error)
}

// LookupError says why a look-up brought no evidence. It holds neither
// credentials nor addresses.
type LookupError struct {
	Lookup string        // which one
	Status int           // HTTP status, 0: no complete answer
	Wait   time.Duration // the provider's wish, at most a day; 0: none
	Err    error         // why, and the mend; never nil
}

func (e *LookupError) Error() string { return e.Lookup + ": " + e.Err.Error() }

// Unwrap gives the cause, so that errors.Is finds ErrCredentials,
// ErrNoRecords or the end of the context.
func (e *LookupError) Unwrap() error { return e.Err }
