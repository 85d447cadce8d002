package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"ritorno/config"
	"ritorno/connectors"
	"ritorno/connectors/activecampaign"
	"ritorno/connectors/recharge"
	"ritorno/connectors/sendgrid"
	"ritorno/connectors/shopify"
	"ritorno/connectors/stripe"
	"ritorno/connectors/twilio"
	"ritorno/connectors/webhook"
	"ritorno/connectors/woocommerce"
	"ritorno/handlers"
	"ritorno/handlers/api"
	"ritorno/internal/embedded"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/message"
	"ritorno/internal/spool"
	"ritorno/internal/store"
)

// appOptions are what a command wants differently from serve.
type appOptions struct {
	DevClock    bool
	AllowUnsafe bool   // send although the store may forget: throwaway data only
	Fsync       string // of the embedded store; empty: always
	Spool       bool   // keep deliveries of sources that never repeat on disk while the store is away
	Log         *slog.Logger
}

// app is the whole service, wired.
type app struct {
	Config    *config.Config
	Store     *store.Store
	Engine    *engine.Engine
	Server    *handlers.Server
	Registry  *prometheus.Registry
	Templates *message.Set

	running  atomic.Pointer[engine.Engine]
	spool    *spool.Spool     // nil: none
	embedded *embedded.Server // nil: a Redis of the operator's, or another process runs it
}

// newApp opens the store and wires the service. Close it.
func newApp(ctx context.Context, c *config.Config, o appOptions) (*app, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	templates, err := loadTemplates(c)
	if err != nil {
		return nil, err
	}
	a := &app{Config: c, Templates: templates, Registry: prometheus.NewRegistry()}
	a.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := a.openStore(ctx, o); err != nil {
		return nil, err
	}
	if o.Spool {
		if err := a.openSpool(o); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	if err := a.wire(o); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// openStore starts the embedded store, joins the one that a running service
// has, or connects to the operator's.
func (a *app) openStore(ctx context.Context, o appOptions) error {
	so := store.Options{
		Shards: a.Config.Redis.Shards, Process: ulid.Make().String(),
		URL: a.Config.Redis.URL.Reveal(), Cluster: a.Config.Redis.Cluster, AllowUnsafe: a.Config.Redis.AllowUnsafe || o.AllowUnsafe,
		Replicas: a.Config.Redis.Replicas, OnRollback: a.rolledBack,
	}
	if a.Config.Redis.Embedded() {
		server, err := embedded.Start(ctx, embedded.Options{Dir: a.Config.DataDir, Fsync: o.Fsync, Log: o.Log})
		if err != nil {
			return err
		}
		a.embedded, so.Socket = server, server.Socket()
	}
	st, err := store.Open(ctx, so)
	if errors.Is(err, store.ErrUnavailable) && a.embedded == nil {
		err = fmt.Errorf("%w: start that Redis, or correct redis in the configuration", err)
	}
	if err != nil {
		return errors.Join(err, a.Close())
	}
	a.Store = st
	return nil
}

// rolledBack passes on what the store tells; before there is an engine nothing
// was sent.
func (a *app) rolledBack(shard int, lost int64) {
	if e := a.running.Load(); e != nil {
		e.RolledBack(shard, lost)
	}
}

// Close ends what newApp started.
func (a *app) Close() error {
	var errs []error
	if a.spool != nil {
		errs = append(errs, a.spool.Close())
	}
	if a.Store != nil {
		errs = append(errs, a.Store.Close())
	}
	if a.embedded != nil {
		errs = append(errs, a.embedded.Close())
	}
	return errors.Join(errs...)
}

func (a *app) wire(o appOptions) error {
	senders, err := newSenders(a.Config)
	if err != nil {
		return err
	}
	sources, err := newSources(a.Config)
	if err != nil {
		return err
	}
	shops, err := shopsOf(a.Config)
	if err != nil {
		return err
	}
	readers, err := newReaders(a.Config)
	if err != nil {
		return err
	}
	withReaders(a.Config, sources, readers)
	withLooks(a.Config, shops, sources)
	a.Engine = engine.New(engine.Options{
		Store: a.Store, Shops: shops, Senders: senders, Templates: a.Templates, PublicURL: a.Config.PublicURL,
		SMSOptOut: optOut(a.Config), Rate: rates(a.Config), Exclusive: a.embedded != nil,
		AllowUnsafe: a.Config.Redis.AllowUnsafe || o.AllowUnsafe, Log: o.Log, Metrics: a.Registry,
	})
	a.running.Store(a.Engine)
	ho := handlers.Options{
		Engine: a.Engine, Store: a.Store, Sources: sources, PublicURL: a.Config.PublicURL, DevClock: o.DevClock,
		Exclusive: a.embedded != nil, Spool: a.spool, API: api.Mount, Log: o.Log, Registry: a.Registry,
	}
	if ho.Events, err = eventReader(); err != nil {
		return err
	}
	if err := callbacks(a.Config, &ho); err != nil {
		return err
	}
	a.Server = handlers.New(ho)
	return nil
}

// loadTemplates reads the built-in templates and the owner's; every mistake is
// in the error.
func loadTemplates(c *config.Config) (*message.Set, error) {
	set, problems := message.Load(templatesFS(c))
	var errs []error
	for _, p := range problems {
		errs = append(errs, errors.New(p.String()))
	}
	if len(errs) > 0 {
		return nil, usageError{errors.Join(errs...)}
	}
	return set, mistakes(c.Check(set))
}

func templatesFS(c *config.Config) fs.FS {
	if c.TemplatesDir == "" {
		return nil
	}
	return os.DirFS(c.TemplatesDir)
}

func shopsOf(c *config.Config) ([]engine.Shop, error) {
	var shops []engine.Shop
	for _, s := range c.Shops {
		es := engine.Shop{Name: s.ID, Rules: c.Rules(s.ID), NoBrakes: s.Brakes == config.BrakesOff}
		for _, src := range s.Sources {
			es.Sources = append(es.Sources, src.Name)
		}
		var err error
		if es.Coupon, err = couponsOf(c, s); err != nil {
			return nil, usagef("shops.%s.coupon: %w", s.ID, err)
		}
		if es.Destinations, err = destinationsOf(c, s); err != nil {
			return nil, usagef("shops.%s: %w", s.ID, err)
		}
		shops = append(shops, es)
	}
	return shops, nil
}

func rates(c *config.Config) (r [2]float64) {
	if c.Twilio != nil {
		r[lifecycle.SMS] = c.Twilio.Rate
	}
	if c.SendGrid != nil {
		r[lifecycle.Email] = c.SendGrid.Rate
	}
	return r
}

var number = regexp.MustCompile(`^\+[0-9]+$`)

// optOut is how an SMS names the way out: a sender that is a name cannot be
// answered.
func optOut(c *config.Config) string {
	if c.Twilio != nil && c.Twilio.From != "" && !number.MatchString(c.Twilio.From) {
		return message.OptOutLink
	}
	return message.OptOutStop
}

func newSenders(c *config.Config) ([]connectors.Sender, error) {
	var senders []connectors.Sender
	if t := c.Twilio; t != nil {
		base, err := baseURL(t.BaseURL)
		if err != nil {
			return nil, err
		}
		s, err := twilio.New(twilio.Options{AccountSID: t.AccountSID, AuthToken: t.AuthToken.Reveal(), From: t.From, MessagingServiceSID: t.MessagingServiceSID, BaseURL: base})
		if err != nil {
			return nil, usageError{err}
		}
		senders = append(senders, s)
	}
	if g := c.SendGrid; g != nil {
		base, err := baseURL(g.BaseURL)
		if err != nil {
			return nil, err
		}
		s, err := sendgrid.New(sendgrid.Options{APIKey: g.APIKey.Reveal(), From: sendgrid.Address{Email: g.From.Email, Name: g.From.Name}, BaseURL: base})
		if err != nil {
			return nil, usageError{err}
		}
		senders = append(senders, s)
	}
	return senders, nil
}

func baseURL(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, usagef("base_url: not a URL")
	}
	return u, nil
}

// newSources makes the sources that this release can read. Others are valid in
// the configuration, but their webhooks answer 404: serve says so at start.
func newSources(c *config.Config) (map[string]map[string]handlers.Source, error) {
	all := map[string]map[string]handlers.Source{}
	for _, s := range c.Shops {
		all[s.ID] = map[string]handlers.Source{}
		for _, src := range s.Sources {
			h, err := newSource(src)
			if err != nil {
				return nil, usagef("shops.%s.sources.%s: %w", s.ID, src.Name, err)
			}
			if h != nil {
				all[s.ID][src.Name] = handlers.Source{Kind: string(src.Kind), Source: h, Token: urlToken(src), Once: src.Kind.Once()}
			}
		}
	}
	return all, nil
}

func newSource(src *config.Source) (connectors.Source, error) {
	var secrets []string
	for _, s := range src.Secrets {
		secrets = append(secrets, s.Reveal())
	}
	switch src.Kind {
	case config.Shopify:
		return shopify.New(shopify.Options{Secrets: secrets})
	case config.WooCommerce:
		return woocommerce.New(woocommerce.Options{Secrets: secrets, Fields: woocommerce.Fields(src.Fields)})
	case config.ActiveCampaign:
		return newActiveCampaign(src)
	case config.Stripe:
		return stripe.New(stripe.Options{Secrets: secrets, TestEvents: src.TestEvents, OrdersOf: src.OrdersOf})
	case config.Recharge:
		return recharge.New(recharge.Options{Secrets: secrets, OrdersOf: src.OrdersOf})
	case config.Webhook:
		return webhook.New(webhook.Options{Secrets: secrets, Auth: authOf(src.Auth), Mapping: src.Mapping.Rules()})
	}
	return nil, nil
}

func newActiveCampaign(src *config.Source) (connectors.Source, error) {
	zone, err := time.LoadLocation(src.Timezone)
	if err != nil {
		return nil, fmt.Errorf("timezone: %w", err)
	}
	o := activecampaign.Options{
		Token: src.Token.Reveal(), Zone: zone, Tags: map[string]activecampaign.Meaning{}, Lists: map[string]activecampaign.List{},
		Fields: activecampaign.Fields{Locale: src.Fields.Locale, CancelReason: src.Fields.CancelReason},
	}
	for tag, m := range src.Tags {
		o.Tags[tag] = activecampaign.Meaning(m)
	}
	for id, l := range src.Lists {
		o.Lists[id] = activecampaign.List(l)
	}
	return activecampaign.New(o)
}

func authOf(a *config.Auth) webhook.Auth {
	if a == nil {
		return webhook.Auth{}
	}
	return webhook.Auth{Scheme: webhook.Scheme(a.Scheme), Header: a.Header, Prefix: a.Prefix, Base64: a.Encoding == config.Base64, User: a.User}
}

// urlToken is the secret part of the URL to paste; empty: there is none.
func urlToken(src *config.Source) string {
	if src.InURL() {
		return src.Secrets[0].Reveal()
	}
	return src.Token.Reveal()
}

// eventReader reads the body of POST /api/v1/events, which a token opens: the
// secret that nobody knows is never asked for.
func eventReader() (connectors.Source, error) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails; see crypto/rand
	return webhook.New(webhook.Options{Secrets: []string{"whsec_" + base64.StdEncoding.EncodeToString(secret)}})
}

func callbacks(c *config.Config, o *handlers.Options) error {
	if c.Twilio != nil {
		cb, err := twilio.NewCallbacks(c.Twilio.AuthToken.Reveal())
		if err != nil {
			return usageError{err}
		}
		o.Twilio = cb
	}
	if c.SendGrid != nil && c.SendGrid.WebhookPublicKey != "" {
		cb, err := sendgrid.NewCallbacks(c.SendGrid.WebhookPublicKey)
		if err != nil {
			return usageError{err}
		}
		o.SendGrid = func(r connectors.Request) ([]handlers.MailEvent, error) {
			events, err := cb.Events(r)
			out := make([]handlers.MailEvent, len(events))
			for i, e := range events {
				out[i] = handlers.MailEvent(e)
			}
			return out, err
		}
	}
	return nil
}

// webhookURLs are the URLs that an owner pastes, by shop and source.
func webhookURLs(c *config.Config) []string {
	var lines []string
	for _, s := range c.Shops {
		for _, src := range s.Sources {
			h, err := newSource(src)
			note := ""
			if err != nil || h == nil {
				note = "   (not read by this release yet)"
			}
			lines = append(lines, fmt.Sprintf("  %-16s %-14s %s%s", s.ID, src.Kind, hookURL(c, s, src), note))
		}
	}
	return lines
}

// hookURL is the URL to paste. The token that some sources need in it is not
// shown: source status --show-token does.
func hookURL(c *config.Config, s *config.Shop, src *config.Source) string {
	u := strings.TrimSuffix(c.PublicURL, "/") + "/hooks/" + s.ID + "/" + src.Name
	if urlToken(src) != "" {
		u += "?token=***"
	}
	return u
}

// newLog writes JSON lines to stderr. Messages carry no personal data.
func newLog() *slog.Logger {
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// withStore runs f on the store of a running service, or on one that is
// started for the while.
func withStore(ctx context.Context, c *config.Config, f func(context.Context, *app) error) error {
	if c.Redis.Embedded() {
		if socket, ok := embedded.Running(c.DataDir); ok {
			st, err := store.Open(ctx, store.Options{Socket: socket, Shards: c.Redis.Shards, Process: ulid.Make().String()})
			if err == nil {
				return onOpenStore(ctx, c, st, f)
			}
			if !errors.Is(err, store.ErrUnavailable) {
				return err
			}
			// Whoever ran it was killed a moment ago: what is left is going down.
		}
	}
	a, err := newApp(ctx, c, appOptions{})
	if err != nil {
		return err
	}
	return errors.Join(f(ctx, a), a.Close())
}

// onOpenStore runs f on the store of a running service, and closes it.
func onOpenStore(ctx context.Context, c *config.Config, st *store.Store, f func(context.Context, *app) error) error {
	templates, err := loadTemplates(c)
	if err != nil {
		return errors.Join(err, st.Close())
	}
	a := &app{Config: c, Store: st, Templates: templates, Registry: prometheus.NewRegistry()}
	if err := a.wire(appOptions{Log: slog.New(slog.DiscardHandler)}); err != nil {
		return errors.Join(err, a.Close())
	}
	return errors.Join(f(ctx, a), a.Close())
}

// shutdownLimit is how long a drain may take.
const shutdownLimit = 60 * time.Second
