// Package engine carries out what the core decides: it takes events in
// (Apply), works off what is due (Tick) and sends messages by the protocol of
// docs/sending.md. Everything that changes a contact goes through
// lifecycle.Decide and one store.Update.
package engine

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ritorno/connectors"
	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
	"ritorno/internal/message"
	"ritorno/internal/point"
	"ritorno/internal/store"
)

// Shop is one shop as the engine needs it.
type Shop struct {
	Name    string // key in the configuration
	Rules   lifecycle.Rules
	Sources []string // names of its sources, for look-ups by customer id
	// NoBrakes: the owner wants no pause by itself, whatever its messages do.
	NoBrakes bool
	Coupon   *Coupons  // nil: messages carry codes of our own that a person must make in the shop
	LastLook *LastLook // nil: nobody is asked
	// Reads is how often each source is read through its shop's own API; a source
	// that is not in it never is.
	Reads map[string]time.Duration
	// Destinations are told what becomes of the contacts.
	Destinations []Destination
}

// Options are what an engine works with.
type Options struct {
	Store     *store.Store
	Shops     []Shop
	Senders   []connectors.Sender // at most one for each channel; a missing one holds that channel
	Templates *message.Set
	PublicURL string // base of links, without a slash at the end
	// SMSOptOut is message.OptOutStop for a two-way number, else message.OptOutLink.
	SMSOptOut string
	// Rate is messages a second for each channel; 0 means 10 for SMS and 50 for e-mail.
	Rate    [2]float64
	Workers int // sends under way at once; 0 means 16
	// Exclusive: no other process can be at work on this store (embedded), so
	// leases of earlier processes are taken over at once.
	Exclusive bool
	// AllowUnsafe sends although the store may forget acknowledged writes.
	AllowUnsafe bool
	Log         *slog.Logger
	Metrics     prometheus.Registerer // nil: a registry of its own
}

// Engine is safe for concurrent use.
type Engine struct {
	o       Options
	st      *store.Store
	shops   map[string]*Shop
	keys    identity.Keys
	senders map[lifecycle.Channel]connectors.Sender
	gates   map[lifecycle.Channel]*gate
	log     *slog.Logger
	m       *metrics

	wake   chan struct{}
	ticks  sync.Mutex // one Tick at a time; the development clock holds it while it moves
	moving bool       // the development clock moves; guarded by ticks

	grace    time.Duration // how old a begin may be when the first byte leaves
	recent   recent        // attempts of this process
	clock    clockGuard    // against a clock that jumps
	forgot   chan struct{}
	guards   guards               // silent feeds, and brakes
	kept     kept                 // definitions of journeys that contacts under way follow
	desks    map[string]*desk     // how making coupons goes, by shop
	lookouts map[string]*lookout  // how asking goes, by lookoutOf
	tellers  map[string][]*teller // who is told, by shop
	passed   time.Duration        // tests only: real time that passed for the feeds
	holds    sync.Mutex
	held     map[string]string // why all sends are held, by name; guarded by holds

	background sync.WaitGroup // settling of attempts that could not be recorded at once
	stopping   chan struct{}
	stopOnce   sync.Once

	beforeBegin func(lifecycle.Message) // tests only: stands between claim and begin
	onPoint     func(string)            // tests only: at each named place of the protocol
}

// New makes an engine. It starts nothing: see Run.
func New(o Options) *Engine {
	if o.Workers <= 0 {
		o.Workers = 16
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = prometheus.NewRegistry()
	}
	o.Shops = slices.Clone(o.Shops)
	e := &Engine{
		o: o, st: o.Store, shops: map[string]*Shop{}, keys: identity.NewKeys(o.Store.Secret()),
		senders: map[lifecycle.Channel]connectors.Sender{}, gates: map[lifecycle.Channel]*gate{},
		log: o.Log, m: newMetrics(o.Metrics), wake: make(chan struct{}, 1), stopping: make(chan struct{}),
		grace: beginGrace, forgot: make(chan struct{}, 1), held: map[string]string{}, desks: map[string]*desk{},
		lookouts: map[string]*lookout{}, tellers: map[string][]*teller{},
	}
	for i := range o.Shops {
		o.Shops[i].Rules.Keys = &e.keys
		o.Shops[i].Rules.Versions = e.kept.of(o.Shops[i].Name)
		e.shops[o.Shops[i].Name] = &o.Shops[i]
		e.desks[o.Shops[i].Name] = &desk{}
		if l := o.Shops[i].LastLook; l != nil {
			for _, a := range l.Asks {
				e.lookouts[lookoutOf(o.Shops[i].Name, a.Source)] = &lookout{}
			}
		}
	}
	e.makeTellers()
	for _, s := range o.Senders {
		e.senders[s.Channel()] = s
	}
	for ch, standard := range map[lifecycle.Channel]float64{lifecycle.SMS: 10, lifecycle.Email: 50} {
		r := o.Rate[ch]
		if r <= 0 {
			r = standard
		}
		e.gates[ch] = newGate(ch, r)
	}
	return e
}

// Shop returns a shop by its key in the configuration.
func (e *Engine) Shop(name string) (*Shop, bool) {
	s, ok := e.shops[name]
	return s, ok
}

// Shops are all shops in the order of the configuration.
func (e *Engine) Shops() []Shop { return e.o.Shops }

// Now is the store's real time and the program's own time.
func (e *Engine) Now(ctx context.Context) (real, program time.Time, err error) { return e.st.Now(ctx) }

// Outcome says what became of an event.
type Outcome struct {
	Contact   string // id; empty when none was touched
	Reason    lifecycle.Reason
	Duplicate bool // applied before
	Parked    bool // names an id that is not known yet; applied when it is
	Ignored   bool // nobody can be told from it
	NewOrder  bool // brought a purchase that was not known

	counted Imported
}

// at is a named place of the protocol, at which fault tests kill the process.
func (e *Engine) at(place string) {
	point.At(place)
	if e.onPoint != nil {
		e.onPoint(place)
	}
}
