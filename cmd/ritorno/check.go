package main

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
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
	cmd.Flags().BoolVar(&connect, "connect", false, "also try the store, the providers' accounts and the shops' APIs")
	return cmd
}

// check reports every mistake at once. Warnings do not fail it.
func check(cmd *cobra.Command, g *globals, connect bool) error {
	c, problems := config.Load(g.config, os.LookupEnv)
	if c == nil {
		return report(cmd, g, problems, nil, nil)
	}
	set, bad := message.Load(templatesFS(c))
	problems = append(problems, c.Check(written{set})...)
	for _, p := range bad {
		problems = append(problems, config.Problem{File: p.File, Line: p.Line, Column: p.Column, Text: p.Text})
	}
	problems = append(problems, tryTemplates(c, set)...)
	if mistakes(problems) == nil {
		problems = append(problems, tryFollowers(cmd.Context(), c, set, connect)...)
	}
	var tried []connection
	if connect && mistakes(problems) == nil {
		tried = tryConnections(cmd.Context(), c)
	}
	if err := report(cmd, g, problems, tried, set.Replaced()); err != nil {
		return err
	}
	if !g.json {
		showReplaced(cmd.OutOrStdout(), set.Replaced())
	}
	return nil
}

// written are the templates that are there, those with a mistake among them: what
// is wrong with one is told already, and that it is missing would be untrue.
type written struct{ *message.Set }

func (w written) Has(name, channel, business string) bool {
	return w.Set.Has(name, channel, business) || w.Broken(name, channel, business)
}

// showReplaced tells which of the owner's templates take the place of which
// built-in ones.
func showReplaced(out io.Writer, list []message.Replacement) {
	for _, r := range list {
		if len(r.Instead) == 0 {
			fmt.Fprintf(out, "template %s: your own, no built-in one has its name\n", r.File)
			continue
		}
		fmt.Fprintf(out, "template %s: used instead of the built-in %s\n", r.File, strings.Join(r.Instead, ", "))
	}
}

// tryTemplates renders every template with each shop's own name and links, for
// these decide whether an SMS keeps its length.
func tryTemplates(c *config.Config, set *message.Set) []config.Problem {
	var out []config.Problem
	public := usable(c.PublicURL)
	for _, s := range c.Shops {
		home := s.HomeURL
		if home != "" {
			home = usable(home)
		}
		base := message.Input{
			Business: string(s.Business), ShopLocale: s.Locale, Now: time.Now(), SMSOptOut: optOut(c),
			Shop:           message.Shop{Name: s.Name, HomeURL: home, Currency: s.Currency, Country: s.Country, Address: s.Address},
			Link:           public + "/l/AbCdEfGhIj",
			UnsubscribeURL: public + "/u/AbCdEfGhIj", PreferencesURL: public + "/u/AbCdEfGhIj",
		}
		for _, p := range set.Check(base) {
			out = append(out, config.Problem{File: p.File, Line: p.Line, Column: p.Column, Path: "shop " + s.ID, Text: p.Text})
		}
	}
	return out
}

// usable is an address, or one to try templates with where a mistake in the
// configuration left none: that mistake is told already, and once is enough.
func usable(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https") {
		return address
	}
	return "https://ritorno.example.com"
}

// report prints warnings and connections, and returns what is wrong.
func report(cmd *cobra.Command, g *globals, problems []config.Problem, tried []connection, replaced []message.Replacement) error {
	bad, broken := mistakes(problems), brokenOf(tried)
	if g.json {
		out := map[string]any{"ok": bad == nil && broken == nil, "problems": append([]config.Problem{}, problems...)}
		if tried != nil {
			out["connections"] = tried
		}
		if len(replaced) > 0 {
			out["templates"] = replaced
		}
		return errors.Join(printJSON(cmd, out), bad, broken)
	}
	warnings := 0
	for _, p := range problems {
		if p.Warning {
			warnings++
			fmt.Fprintln(cmd.ErrOrStderr(), p.String())
		}
	}
	for _, c := range tried {
		if c.Warning {
			warnings++
			fmt.Fprintf(cmd.ErrOrStderr(), "warning: %s: %s\n", c.What, c.Text)
		}
	}
	if bad != nil {
		return bad
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: no mistakes, %d warning(s)\n", g.config, warnings)
	for _, c := range tried {
		if c.OK {
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", c.What, c.Text)
		}
	}
	return broken
}
