// Package fake is a message provider for the demo, for `make run` and for
// tests: an HTTP server that speaks Twilio's and SendGrid's own wire formats,
// keeps an outbox instead of bothering anybody, and calls back with signatures
// as the real ones do.
package fake

import (
	"context"
	"crypto/ecdsa"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"ritorno/internal/lifecycle"
)

// keep is how many messages the outbox remembers unless told otherwise.
const keep = 10_000

// Options configures a provider. Its zero value takes any credentials, calls
// nobody back and never fails.
type Options struct {
	// AccountSID and AuthToken are what Twilio's requests must carry; empty
	// takes any. AuthToken signs Twilio's callbacks.
	AccountSID, AuthToken string
	// APIKey is what SendGrid's requests must carry; empty takes any.
	APIKey string
	// SendGridKey signs the event webhook, which goes to EventsURL. Without
	// either there are no e-mail events.
	SendGridKey *ecdsa.PrivateKey
	EventsURL   string
	// CallbackClient carries callbacks; nil: there are none.
	CallbackClient *http.Client
	// Auto delivers callbacks by itself, right after each answer. Otherwise
	// they wait for Flush.
	Auto bool
	// Now stamps messages and events; nil is the real time.
	Now func() time.Time
	// Fault is asked for each request to send, n counting from 1; nil: no faults.
	Fault func(n int, to string) Fault
	// Fate is asked for each message taken; nil: all are delivered.
	Fate func(s Sent) Fate
	// Records is asked for each look-up in the records, n counting from 1: the
	// HTTP status to refuse it with; 0 and 200 answer it. Nil: all are answered.
	Records func(n int) int
	// Stale says which messages the lists and logs do not show yet. newer is how
	// many the same provider took after it. Nil: they show all at once. Lag is
	// one.
	Stale func(s Sent, newer int) bool
	// Keep is how many messages are remembered; 0 is 10,000.
	Keep int
}

// Sent is one message that the provider took.
type Sent struct {
	Channel             lifecycle.Channel
	ID                  string // SM… or the X-Message-Id
	From, To            string
	Subject, Body, HTML string
	AttemptID           string
	MessageID, Shop     string // e-mail only
	Headers             map[string]string
	Status              string // the provider's word: queued, sent, delivered, …
	At                  time.Time

	account, service, callback string
	segments                   int
	why                        string            // Twilio's ErrorCode or SendGrid's reason, once it failed
	args                       map[string]string // SendGrid's custom_args
}

// Fate is what becomes of a message after it was taken.
type Fate struct {
	// Event is "delivered" (also when empty), "undelivered" or "failed" for an
	// SMS, "bounce", "blocked", "dropped", "spamreport" or "unsubscribe" for an
	// e-mail, or "none": nobody ever hears of it again.
	Event string
	// Code is Twilio's ErrorCode, or SendGrid's reason.
	Code string
}

// Counts are totals since the start, also of what the outbox has forgotten.
type Counts struct {
	Requests int // to send, also refused ones
	Accepted int
	Calls    int // callbacks answered with 2xx
	Lost     int // callbacks not answered so
}

// Provider is one fake provider. It is safe for concurrent use.
type Provider struct {
	o      Options
	salt   uint64
	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu      sync.Mutex
	sent    []*Sent // oldest first
	byID    map[string]*Sent
	pending []*Sent // taken, not yet reported on
	running bool    // somebody is delivering by itself
	counts  Counts
	lookups int // in the records

	flushing sync.Mutex
}

// New makes a provider. Close it to end what still hangs.
func New(o Options) *Provider {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Keep <= 0 {
		o.Keep = keep
	}
	p := &Provider{o: o, salt: rand.Uint64(), byID: map[string]*Sent{}}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// Close ends hanging answers and callbacks, and waits for them.
func (p *Provider) Close() {
	p.mu.Lock() // nobody may start delivering between this and Wait
	p.cancel()
	p.mu.Unlock()
	p.work.Wait()
}

// Handler serves both providers' routes and, at /, the outbox as a page.
func (p *Provider) Handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("POST /2010-04-01/Accounts/{account}/Messages.json", p.createSMS)
	m.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages.json", p.listSMS)
	m.HandleFunc("GET /2010-04-01/Accounts/{account}/Messages/{file}", p.fetchSMS)
	m.HandleFunc("GET /2010-04-01/Accounts/{file}", p.fetchAccount)
	m.HandleFunc("POST /v3/mail/send", p.sendMail)
	m.HandleFunc("GET /v3/scopes", p.scopes)
	m.HandleFunc("POST /v3/logs", p.searchLogs)
	m.HandleFunc("GET /v3/logs/{id}", p.fetchLog)
	m.HandleFunc("GET /{$}", p.page)
	return m
}

// Outbox returns what was taken, oldest first.
func (p *Provider) Outbox() []Sent {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Sent, len(p.sent))
	for i, s := range p.sent {
		out[i] = *s
	}
	return out
}

// Counts returns the totals.
func (p *Provider) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts
}

// request counts a request to send and asks for its fault.
func (p *Provider) request(to string) (n int, f Fault) {
	p.mu.Lock()
	p.counts.Requests++
	n = p.counts.Requests
	p.mu.Unlock()
	if p.o.Fault != nil {
		f = p.o.Fault(n, to)
	}
	return n, f
}

// take puts a message into the outbox.
func (p *Provider) take(s *Sent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Accepted++
	p.sent = append(p.sent, s)
	p.byID[s.ID] = s
	if over := len(p.sent) - p.o.Keep; over > p.o.Keep/8 { // in bulk, so that it costs little
		for _, old := range p.sent[:over] {
			delete(p.byID, old.ID)
		}
		p.sent = append([]*Sent(nil), p.sent[over:]...)
	}
}
