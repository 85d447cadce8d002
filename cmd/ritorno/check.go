package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"ritorno/config"
	"ritorno/internal/message"
)

func newCheck(g *globals) *cobra.Command {
	var connect bool
	cmd := &cobra.Command{
		Use: "check", Short: "Validate the configuration, every template and every journey", Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return check(cmd, g, connect) },
	}
	cmd.Flags().BoolVar(&connect, "connect", false, "also try the store")
	return cmd
}

// check reports every mistake at once. Warnings do not fail it.
func check(cmd *cobra.Command, g *globals, connect bool) error {
	c, problems := config.Load(g.config, os.LookupEnv)
	if c == nil {
		return report(cmd, g, problems)
	}
	set, bad := message.Load(templatesFS(c))
	problems = append(problems, c.Check(set)...)
	for _, p := range bad {
		problems = append(problems, config.Problem{File: p.File, Line: p.Line, Column: p.Column, Text: p.Text})
	}
	problems = append(problems, tryTemplates(c, set)...)
	if err := report(cmd, g, problems); err != nil {
		return err
	}
	if !connect {
		return nil
	}
	return tryStore(cmd.Context(), cmd, c)
}

// tryTemplates renders every template with each shop's own name and links, for
// these decide whether an SMS keeps its length.
func tryTemplates(c *config.Config, set *message.Set) []config.Problem {
	var out []config.Problem
	for _, s := range c.Shops {
		base := message.Input{
			ShopLocale: s.Locale, Now: time.Now(), SMSOptOut: optOut(c),
			Shop:           message.Shop{Name: s.Name, HomeURL: s.HomeURL, Currency: s.Currency, Country: s.Country},
			Link:           c.PublicURL + "/l/AbCdEfGhIj",
			UnsubscribeURL: c.PublicURL + "/u/AbCdEfGhIj", PreferencesURL: c.PublicURL + "/u/AbCdEfGhIj",
		}
		for _, p := range set.Check(base) {
			out = append(out, config.Problem{File: p.File, Line: p.Line, Column: p.Column, Path: "shop " + s.ID, Text: p.Text})
		}
	}
	return out
}

func report(cmd *cobra.Command, g *globals, problems []config.Problem) error {
	if g.json {
		if err := printJSON(cmd, map[string]any{"ok": mistakes(problems) == nil, "problems": problems}); err != nil {
			return err
		}
	}
	warnings := 0
	for _, p := range problems {
		if p.Warning {
			warnings++
			if !g.json {
				fmt.Fprintln(cmd.ErrOrStderr(), p.String())
			}
		}
	}
	if err := mistakes(problems); err != nil {
		return err
	}
	if !g.json {
		fmt.Fprintf(cmd.OutOrStdout(), "%s: no mistakes, %d warning(s)\n", g.config, warnings)
	}
	return nil
}

func tryStore(ctx context.Context, cmd *cobra.Command, c *config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return withStore(ctx, c, func(ctx context.Context, a *app) error {
		if err := a.Store.Ready(ctx); err != nil {
			return fmt.Errorf("store: %w", err)
		}
		if ok, why := a.Store.Durable(); !ok {
			if !c.Redis.AllowUnsafe {
				return errors.New("store: it may forget acknowledged writes (" + why + "): set appendonly yes and appendfsync always, or redis.allow_unsafe: true")
			}
			fmt.Fprintln(cmd.ErrOrStderr(), "store: warning: it may forget acknowledged writes:", why)
		}
		fmt.Fprintln(cmd.OutOrStdout(), "store: reachable, and it keeps what it acknowledges")
		return nil
	})
}
