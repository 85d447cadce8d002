package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"ritorno/config"
)

// How long check --connect waits for each of them.
const (
	connectLimit = 30 * time.Second
	shopLimit    = 10 * time.Second
)

// connection is one thing outside that the service needs, tried once.
type connection struct {
	What string `json:"what"` // store, sms, email, or the place of a source in the configuration
	OK   bool   `json:"ok"`
	Text string `json:"text"` // what was found, and the mend where there is one
	// Warning: Ritorno does its work without it, as orders come by webhooks.
	Warning bool `json:"warning,omitempty"`
}

// account is a sender that can ask its provider about the account without
// sending anything.
type account interface{ Check(context.Context) error }

// tryConnections tries everything at once, so that one run shows all that is
// wrong.
func tryConnections(ctx context.Context, c *config.Config) []connection {
	var providers, shops []connection
	var others sync.WaitGroup
	others.Go(func() { providers = tryProviders(ctx, c) })
	others.Go(func() { shops = tryShops(ctx, c) })
	store := tryStore(ctx, c)
	others.Wait()
	return slices.Concat([]connection{store}, providers, shops)
}

func tryStore(ctx context.Context, c *config.Config) connection {
	ctx, cancel := context.WithTimeout(ctx, connectLimit)
	defer cancel()
	found := connection{What: "store", Text: "reachable, and it keeps what it acknowledges"}
	err := withStore(ctx, c, func(ctx context.Context, a *app) error {
		if err := a.Store.Ready(ctx); err != nil {
			return err
		}
		ok, why := a.Store.Durable()
		switch {
		case ok:
		case c.Redis.AllowUnsafe:
			found.Text = "reachable, but it may forget acknowledged writes (" + why + "), as redis.allow_unsafe allows"
		default:
			return errors.New("it may forget acknowledged writes (" + why + "): set appendonly yes and appendfsync always, or redis.allow_unsafe: true")
		}
		return nil
	})
	if found.OK = err == nil; err != nil {
		found.Text = err.Error()
	}
	return found
}

func tryProviders(ctx context.Context, c *config.Config) []connection {
	senders, err := newSenders(c)
	if err != nil {
		return []connection{{What: "providers", Text: err.Error()}}
	}
	var all []connection
	for _, s := range senders {
		a, ok := s.(account)
		if !ok {
			continue
		}
		found := connection{What: s.Channel().String(), OK: true, Text: "the provider answers and knows the account"}
		limited, cancel := context.WithTimeout(ctx, connectLimit)
		if err := a.Check(limited); err != nil {
			found.OK, found.Text = false, err.Error()
		}
		cancel()
		all = append(all, found)
	}
	return all
}

// tryShops reads the newest changes of each source whose API may be read. That
// tells nobody anything and changes nothing.
func tryShops(ctx context.Context, c *config.Config) []connection {
	readers, err := newReaders(c)
	if err != nil {
		return []connection{{What: "sources", Text: err.Error()}}
	}
	var all []connection
	for _, s := range c.Shops {
		for _, src := range s.Sources {
			r := readers[s.ID][src.Name]
			if r == nil {
				continue
			}
			found := connection{What: "shops." + s.ID + ".sources." + src.Name, OK: true, Text: "the API answers and lets orders be read"}
			limited, cancel := context.WithTimeout(ctx, shopLimit)
			if _, err := r.Changes(limited, time.Now().Add(-time.Minute), ""); err != nil {
				found.OK, found.Warning, found.Text = false, true, err.Error()
			}
			cancel()
			all = append(all, found)
		}
	}
	return all
}

// brokenOf is an error with one line for each connection that failed and that
// nothing works without.
func brokenOf(tried []connection) error {
	var errs []error
	for _, c := range tried {
		if !c.OK && !c.Warning {
			errs = append(errs, fmt.Errorf("%s: %s", c.What, c.Text))
		}
	}
	return errors.Join(errs...)
}
