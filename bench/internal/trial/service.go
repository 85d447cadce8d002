package trial

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"ritorno/bench/internal/process"
	"ritorno/config"
	"ritorno/connectors"
	"ritorno/connectors/shopify"
	"ritorno/handlers"
	"ritorno/internal/embedded"
	"ritorno/internal/engine"
	"ritorno/internal/message"
	"ritorno/internal/store"
)

// The shop of all trials.
const (
	shop   = "bottega"
	source = "shopify"
	secret = "shpss_bench"
)

// settings is the configuration of the service: the example's shop, with
// providers that nobody answers for. No message falls due within a trial.
const settings = `public_url: http://127.0.0.1:8080
listen: "127.0.0.1:0"
data_dir: %q
twilio: {account_sid: ACbench000000000000000000000000000, auth_token: benchtoken0000000000000000000000, from: "+390600000000", base_url: "http://127.0.0.1:9"}
sendgrid: {api_key: SG.bench, from: {email: ciao@bottega.example, name: Bottega Rossi}, base_url: "http://127.0.0.1:9"}
shops:
  bottega:
    name: Bottega Rossi
    home_url: https://bottega.example
    locale: it
    timezone: Europe/Rome
    country: IT
    currency: EUR
    quiet_hours: {from: "21:00", to: "09:00", days: [sun], holidays: true, channels: [sms]}
    frequency_cap: {messages: 4, per: 30d}
    sources:
      shopify: {kind: shopify, secret: [shpss_bench]}
    journeys: [reactivation, welcome_back, cancellation]
`

// writeSettings makes dir and the configuration in it.
func writeSettings(dir string) (path string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	path = filepath.Join(dir, "ritorno.yaml")
	return path, os.WriteFile(path, []byte(fmt.Sprintf(settings, filepath.Join(dir, "data"))), 0o600)
}

// serve starts the built service with a store of its own.
func serve(ctx context.Context, program, dir string) (*process.Process, *server, error) {
	path, err := writeSettings(dir)
	if err != nil {
		return nil, nil, err
	}
	p, err := process.Start(ctx, "ritorno serve", program, "--config", path, "serve")
	if err != nil {
		return nil, nil, err
	}
	socket, running := embedded.Running(filepath.Join(dir, "data"))
	if !running {
		return nil, nil, errors.Join(errors.New("ritorno serve runs without a store in its data_dir"), p.Stop())
	}
	s, err := joinServer(ctx, socket)
	if err != nil {
		return nil, nil, errors.Join(err, p.Stop())
	}
	return p, s, nil
}

// House is the service within this process, for what needs no HTTP and for
// profiles.
type House struct {
	Store   *store.Store
	Engine  *engine.Engine
	Shopify *shopify.Source
	Handler http.Handler

	server *server
	dir    string
}

// Open starts a store in dir and wires the service on it.
func Open(ctx context.Context, dir, fsync string) (*House, error) {
	path, err := writeSettings(dir)
	if err != nil {
		return nil, err
	}
	c, problems := config.Load(path, os.LookupEnv)
	for _, p := range problems {
		if !p.Warning {
			return nil, errors.New(p.String())
		}
	}
	h := &House{dir: dir}
	if h.server, err = startServer(ctx, c.DataDir, fsync); err != nil {
		return nil, err
	}
	if err := h.wire(ctx, c); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func (h *House) wire(ctx context.Context, c *config.Config) error {
	templates, problems := message.Load(nil)
	if len(problems) > 0 {
		return errors.New(problems[0].String())
	}
	var err error
	if h.Shopify, err = shopify.New(shopify.Options{Secrets: []string{secret}}); err != nil {
		return err
	}
	if h.Store, err = store.Open(ctx, store.Options{Socket: h.server.own.Socket(), Shards: c.Redis.Shards, AllowUnsafe: true}); err != nil {
		return err
	}
	h.Engine = engine.New(engine.Options{
		Store: h.Store, Templates: templates, PublicURL: c.PublicURL, Exclusive: true,
		Shops: []engine.Shop{{Name: shop, Rules: c.Rules(shop), Sources: []string{source}}},
	})
	h.Handler = handlers.New(handlers.Options{
		Engine: h.Engine, Store: h.Store, PublicURL: strings.TrimSuffix(c.PublicURL, "/"),
		Sources: map[string]map[string]handlers.Source{shop: {source: {Kind: source, Source: h.Shopify}}},
	}).Handler()
	return nil
}

// Commands is how often the store ran each command and what it took, as Redis
// says it.
func (h *House) Commands(ctx context.Context) (string, error) {
	return h.server.Info(ctx, "commandstats").Result()
}

// Close ends the store.
func (h *House) Close() error {
	var err error
	if h.Store != nil {
		err = h.Store.Close()
	}
	return errors.Join(err, h.server.close())
}

// take does with a delivery what the hook does after it was verified.
func (h *House) take(ctx context.Context, r connectors.Request) error {
	events, err := h.Shopify.Normalise(r)
	if err != nil {
		return err
	}
	for _, ev := range events {
		ev.Source = source
		if _, err := h.Engine.Apply(ctx, shop, ev); err != nil {
			return err
		}
	}
	return nil
}
