// Package connectors is the contract with the outside world: shops and CRMs
// that tell us things (Source) and providers that carry messages (Sender).
// Each implementation lives in a folder of its own and knows nothing of the
// others, of HTTP routing or of the store.
package connectors

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/message"
)

// Errors that callers branch on.
var (
	// ErrSignature: the request is not from the source. Answer 401, keep nothing.
	ErrSignature = errors.New("signature does not match")
	// ErrMalformed: signed, but not understood. Keep it as a dead letter and answer 200.
	ErrMalformed = errors.New("payload not understood")
	// ErrPing: a set-up call without content. Answer 200, store nothing.
	ErrPing = errors.New("set-up call")
)

// Request is one inbound call, free of any HTTP framework.
type Request struct {
	Method     string
	URL        string // as the sender called it: public_url plus request URI, no fragment
	Header     http.Header
	Query      url.Values
	Body       []byte    // raw
	ReceivedAt time.Time // real time, for signature windows
	Now        time.Time // program time, for events without a time of their own
}

// Source turns one shop system's webhooks into events. Implementations are
// safe for concurrent use.
type Source interface {
	// Verify checks the signature over the raw body in constant time. It wraps
	// ErrSignature, or returns ErrPing.
	Verify(r Request) error
	// Normalise turns a verified request into events. A topic we do not use
	// gives nil, nil. Else it wraps ErrMalformed, naming the field and why,
	// without its value; events beside such an error are those that could be
	// read, and hold.
	Normalise(r Request) ([]lifecycle.Event, error)
}

// Answerer is a Source whose senders may want an answer of their own in place
// of ours, once their delivery is stored. Without a body: ours.
type Answerer interface {
	Answer(r Request) (contentType string, body []byte)
}

// HeaderUser is a Source with headers of the owner's choice. Those that it
// reads are kept with a delivery that could not be understood, the one that
// holds its secret never is (empty: there is none). Names are canonical.
type HeaderUser interface {
	Headers() (read []string, secret string)
}

// Topic is a kind of news that an owner should have switched on at the source.
type Topic struct {
	Name string   // as the owner finds it at the source, or in its documentation
	Seen []string // names under which its deliveries are counted; any of them will do; nil: Name
	Lost string   // what does not work without it, as a sentence
}

// Namer is a Source whose requests tell their topic elsewhere than in a header.
// Topic is that name, unsigned and for the owner's eyes only; empty: not told.
type Namer interface{ Topic(r Request) string }

// Recommender is a Source that knows which topics it should be told.
type Recommender interface{ Topics() []Topic }

// Outgoing is one message ready to leave.
type Outgoing struct {
	Shop      string
	To        string // E.164 or e-mail address
	ToName    string
	Message   message.Message
	MessageID string
	AttemptID string
	// CallbackURL is the public base for delivery reports; the sender adds the
	// attempt id to it.
	CallbackURL string
	// Validity is how long the provider may keep trying, 0: its default.
	Validity time.Duration
	// Deadline: no byte may be written after it (real time).
	Deadline time.Time
}

// Sender hands one message to one provider account: exactly one request,
// whatever happens. It never returns an error: what went wrong is in the
// result's outcome. Implementations are safe for concurrent use.
type Sender interface {
	Channel() lifecycle.Channel
	Send(ctx context.Context, m Outgoing) lifecycle.Result
}

// Reply is an SMS that a contact sent to us.
type Reply struct {
	From, To   string // E.164
	Body       string
	ProviderID string
	OptOutType string // the provider's own verdict: STOP, START, HELP or empty
}
