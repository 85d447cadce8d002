package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ritorno/config"
	"ritorno/internal/embedded"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/message"
)

// followLimit is how long check looks into the store of a running service.
const followLimit = 5 * time.Second

// tryFollowers says what an edit of the journeys leaves behind: contacts who go
// on by an older version. It looks into the store of a running service, or into
// any where the operator asked to connect, and says nothing where that fails.
func tryFollowers(ctx context.Context, c *config.Config, set *message.Set, connect bool) (out []config.Problem) {
	if _, running := embedded.Running(c.DataDir); !connect && (!c.Redis.Embedded() || !running) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, followLimit)
	defer cancel()
	err := withStore(ctx, c, func(ctx context.Context, a *app) error {
		for _, s := range c.Shops {
			list, err := a.Engine.Followings(ctx, s.ID)
			if err != nil {
				return err
			}
			rules := c.Rules(s.ID)
			for _, f := range list {
				out = append(out, followers(c, &rules, f, set)...)
			}
		}
		return nil
	})
	if err != nil {
		return nil
	}
	return out
}

// followers are the warnings about those who follow one version.
func followers(c *config.Config, rules *lifecycle.Rules, f engine.Following, set *message.Set) (out []config.Problem) {
	path := "journeys." + f.Journey
	who := fmt.Sprintf("%d contacts of shop %s", f.Contacts, rules.Shop)
	if f.Contacts == 1 {
		who = "1 contact of shop " + rules.Shop
	}
	i := slices.IndexFunc(rules.Journeys, func(j lifecycle.Journey) bool { return j.Name == f.Journey })
	switch {
	case i < 0:
		return []config.Problem{c.Warning("shops."+rules.Shop+".journeys", who+" in "+f.Journey+", which is none of them any more: it ends for those (journey_changed)")}
	case rules.Journeys[i].Version == f.Version:
		return nil
	case f.Definition == nil:
		return []config.Problem{c.Warning(path, who+" entered by a version ("+f.Version+") that is not kept any more: they go on by this one")}
	}
	text := fmt.Sprintf("%s entered by an older version (%s) and go on by it until they end. For those who enter from now on: %s",
		who, f.Version, strings.Join(lifecycle.Changes(f.Definition, &rules.Journeys[i]), "; "))
	return append([]config.Problem{c.Warning(path, text)}, missing(c, path, who, rules.Business, f, set)...)
}

// missing names the templates that only an older version needs and that are not
// there any more.
func missing(c *config.Config, path, who string, business lifecycle.Business, f engine.Following, set *message.Set) (out []config.Problem) {
	told := map[string]bool{}
	for _, s := range f.Definition.Steps {
		for _, name := range s.Templates() {
			for _, ch := range s.Channels {
				if key := name + " " + ch.String(); !set.Has(name, message.Channel(ch.String()), string(business)) && !told[key] {
					told[key] = true
					out = append(out, c.Warning(path, fmt.Sprintf("the template %s for %s is gone, and %s still need it: keep it until they are through", name, ch, who)))
				}
			}
		}
	}
	return out
}
