// Package handlers is everything that speaks HTTP with shops, providers,
// contacts and operators. A handler reads, calls the engine and answers;
// routes.go is the table of contents.
package handlers

import (
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"ritorno/connectors"
	"ritorno/internal/auth"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/spool"
	"ritorno/internal/store"
)

// Source is one inbound integration of a shop.
type Source struct {
	Kind   string // of the configuration, such as "shopify"
	Source connectors.Source
	Token  string // secret part of the URL to paste, where the kind signs nothing; else empty
	Once   bool   // sends each delivery once: what was not taken never comes again
	// Reader reads from the shop's own API what its webhooks tell; nil: there is
	// no access to it.
	Reader connectors.Reader
	Every  time.Duration // how often it is read; 0: never by itself
}

// TwilioCallbacks reads what Twilio posts to us; connectors/twilio does.
type TwilioCallbacks interface {
	Status(r connectors.Request) (lifecycle.News, error)
	Inbound(r connectors.Request) (connectors.Reply, error)
}

// MailEvent is one event about an e-mail of ours. It has the fields of
// connectors/sendgrid's, so that one converts into the other.
type MailEvent struct {
	lifecycle.News
	Shop    string
	EventID string    // the same event told twice has the same id; may be empty
	At      time.Time // zero: not told
	OptOut  bool      // the contact wants no more e-mail
}

// MailCallbacks reads what SendGrid posts to us.
type MailCallbacks func(r connectors.Request) ([]MailEvent, error)

// Options are what the server works with. Engine, Store and PublicURL are
// needed.
type Options struct {
	Engine    *engine.Engine
	Store     *store.Store
	Sources   map[string]map[string]Source // shop, then name of the source
	Events    connectors.Source            // reads the body of POST /api/v1/events: the webhook kind's form; nil: 404
	Twilio    TwilioCallbacks              // nil: its callbacks answer 404
	SendGrid  MailCallbacks                // nil: its callback answers 404
	PublicURL string                       // without a slash at the end
	DevClock  bool                         // offers PUT /dev/clock
	Exclusive bool                         // no other process can be at work on this store, so none can be reading a source
	// TrustedProxies may name the caller in X-Forwarded-For. Nil: loopback and
	// private networks.
	TrustedProxies []netip.Prefix
	// Spool keeps deliveries of sources that send once while the store is away;
	// nil: they are refused as all others are.
	Spool *spool.Spool
	// API mounts /api/v1 (handlers/api); nil: none.
	API      func(*Server, *echo.Group)
	Log      *slog.Logger         // nil: none
	Registry *prometheus.Registry // shown at /metrics; nil: one of its own
}

// Server answers all routes. It is safe for concurrent use.
type Server struct {
	o        Options
	engine   *engine.Engine
	store    *store.Store
	log      *slog.Logger
	m        *metrics
	echo     *echo.Echo
	failures *auth.Limiter // bad signatures and tokens, by address
	misses   *auth.Limiter // unknown link codes, by address
	requests *auth.Limiter // of a token
	decoy    []byte        // key for signatures of sources that do not exist

	templates map[string]bool // of all routes

	brands     map[string]string // path of a shop's own style sheet, by shop
	brandFiles map[string]asset  // those, by the name under which they are served
	waits      atomic.Bool       // deliveries wait in the spool, and that was logged
}

// New makes the server with all its routes.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	s := &Server{
		o: o, engine: o.Engine, store: o.Store, log: o.Log, m: newMetrics(o.Registry, o.Spool),
		failures: auth.Failures(auth.LeastFailures), misses: auth.Failures(auth.LeastFailures), requests: auth.Requests(),
		decoy: decoyKey(), templates: map[string]bool{},
	}
	s.brands, s.brandFiles = brandSheets(o.Engine.Shops())
	e := echo.New()
	e.HTTPErrorHandler = s.fail
	e.IPExtractor = extractor(o.TrustedProxies)
	e.Use(s.stamp, s.observe, s.guardPanics, limitTime)
	s.routes(e)
	for _, r := range e.Routes() {
		s.templates[r.Path] = true
	}
	s.echo = e
	return s
}

// Handler is the whole service.
func (s *Server) Handler() http.Handler { return s.echo }

// Options are those that the server was made with.
func (s *Server) Options() Options { return s.o }

// Routes are all routes, for the test that holds them against openapi.json.
func (s *Server) Routes() []*echo.Route { return s.echo.Routes() }

// NewHTTPServer puts limits on slow and wasteful callers. There is no limit on
// writing: moving the development clock may take minutes.
func NewHTTPServer(addr string, h http.Handler) *http.Server {
	return &http.Server{
		Addr: addr, Handler: h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
}
