package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ritorno/config"
)

// connectLimit is how long check --connect waits for each of them.
const connectLimit = 30 * time.Second

// connection is one thing outside that the service needs, tried once.
type connection struct {
	What string `json:"what"` // store, sms, email, or the place of a source in the configuration
	OK   bool   `json:"ok"`
	Text string `json:"text"` // what was found, and the mend where there is one
}

// account is a sender that can ask its provider about the account without
// sending anything.
type account interface{ Check(context.Context) error }

// tryConnections tries everything, so that one run shows all that is wrong.
func tryConnections(ctx context.Context, c *config.Config) []connection {
	return slices.Concat([]connection{tryStore(ctx, c)}, tryProviders(ctx, c), tryShops(ctx, c))
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
			limited, cancel := context.WithTimeout(ctx, connectLimit)
			if _, err := r.Changes(limited, time.Now().Add(-time.Minute), ""); err != nil {
				found.OK, found.Text = false, err.Error()
			}
			cancel()
			all = append(all, found)
		}
	}
	return all
}

// brokenOf is an error with one line for each connection that failed.
func brokenOf(tried []connection) error {
	var errs []error
	for _, c := range tried {
		if !c.OK {
			errs = append(errs, fmt.Errorf("%s: %s", c.What, c.Text))
		}
	}
	return errors.Join(errs...)
}
