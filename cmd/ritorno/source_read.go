package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"ritorno/handlers"
	"ritorno/internal/store"
)

// caughtUp is what reading one source brought, for the command's output.
type caughtUp struct {
	Source string `json:"source"`
	Read   int    `json:"read"`
	Found  int    `json:"orders_found"`
	First  bool   `json:"first"`
	Error  string `json:"error"`
}

func newSourceRead(g *globals) *cobra.Command {
	var shop, source string
	cmd := &cobra.Command{
		Use: "read", Short: "Read now what changed at the shop since the last time, through its API (docs/catch-up.md)", Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return inShop(cmd, g, shop, func(ctx context.Context, a *app, shop string) error { return readSources(ctx, cmd, g, a, shop, source) })
		},
	}
	cmd.Flags().StringVar(&shop, "shop", "", "`name` of the shop; may be left out where there is one")
	cmd.Flags().StringVar(&source, "source", "", "read the source of this `name` only")
	return cmd
}

// readSources reads all sources of a shop that can be read, or one, and fails
// when one of them cannot be read to its end.
func readSources(ctx context.Context, cmd *cobra.Command, g *globals, a *app, shop, only string) error {
	known := a.Server.Options().Sources[shop]
	names := slices.Sorted(maps.Keys(known))
	names = slices.DeleteFunc(names, func(n string) bool { return known[n].Reader == nil || only != "" && n != only })
	if len(names) == 0 {
		if _, there := known[only]; only != "" && !there {
			return usagef("ritorno source read: shop %s has no source %s", shop, only)
		}
		return errors.New("no source of the shop can be read: give one access to its shop's API (docs/catch-up.md)")
	}
	out, failed := []caughtUp{}, 0
	for _, name := range names {
		got, err := a.Server.CatchUp(ctx, shop, name)
		line := caughtOf(name, got, err)
		if out = append(out, line); err != nil {
			failed++
		}
	}
	if g.json {
		if err := printJSON(cmd, out); err != nil {
			return err
		}
	} else {
		printCaught(cmd, out)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d sources were not read to the end", failed, len(names))
	}
	return nil
}

func caughtOf(name string, got handlers.Caught, err error) caughtUp {
	line := caughtUp{Source: name, Read: got.Read, Found: got.Found, First: got.First}
	switch {
	case errors.Is(err, store.ErrLeased):
		line.Error = "the service is reading it just now"
	case err != nil:
		line.Error = err.Error()
	}
	return line
}

func printCaught(cmd *cobra.Command, all []caughtUp) {
	w := cmd.OutOrStdout()
	for _, l := range all {
		fmt.Fprintf(w, "%s: %d changes read, %d orders that no webhook had told\n", l.Source, l.Read, l.Found)
		if l.First {
			fmt.Fprintln(w, "  this was its first time, so only what changed in the last minutes; ritorno import brings older orders")
		}
		if l.Error != "" {
			fmt.Fprintln(w, "  not to the end: "+l.Error)
		}
	}
}
