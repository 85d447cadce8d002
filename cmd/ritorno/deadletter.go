package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"ritorno/handlers"
	"ritorno/internal/store"
)

func newDeadLetter(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "deadletter", Short: "Signed webhooks that could not be understood", RunE: needSub}
	cmd.AddCommand(newDeadList(g), newDeadShow(g), newDeadReplay(g))
	return cmd
}

func newDeadList(g *globals) *cobra.Command {
	var shop string
	cmd := onStore(g, "list", "List dead letters, newest first", func(ctx context.Context, cmd *cobra.Command, a *app) error {
		name, err := pickShop(a.Config, shop)
		if err != nil {
			return err
		}
		letters, err := a.Store.ListDead(ctx, name, "", 100)
		if err != nil {
			return err
		}
		rows := [][]any{{"ID", "AT", "SOURCE", "TRIES", "REASON"}}
		out := []map[string]any{}
		for _, l := range letters {
			rows = append(rows, []any{l.ID, day(&l.At), l.Source, l.Tries, l.Reason})
			out = append(out, map[string]any{"id": l.ID, "at": l.At, "shop": l.Shop, "source": l.Source, "tries": l.Tries, "reason": l.Reason})
		}
		if g.json {
			return printJSON(cmd, out)
		}
		return table(cmd.OutOrStdout(), rows...)
	})
	cmd.Flags().StringVar(&shop, "shop", "", "`name` of the shop; may be left out where there is one")
	return cmd
}

func newDeadShow(g *globals) *cobra.Command {
	return onDeadLetter(g, "show", "Show one dead letter with its body", func(_ context.Context, cmd *cobra.Command, _ *app, l store.DeadLetter) error {
		if g.json {
			return printJSON(cmd, map[string]any{"id": l.ID, "at": l.At, "source": l.Source, "reason": l.Reason, "header": l.Header, "query": l.Query, "body": string(l.Body)})
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s  %s  %s\n%s\n\n%s\n", l.ID, day(&l.At), l.Source, l.Reason, l.Body)
		return err
	})
}

// newDeadReplay reads dead letters again, after the source's mapping or the
// program was mended.
func newDeadReplay(g *globals) *cobra.Command {
	var all bool
	var source string
	one := onDeadLetter(g, "replay", "Read a dead letter again; it goes when its events are stored", replayOne(g))
	replay := one.RunE
	one.Use, one.Args = "replay ID | --all | --source NAME", nil
	one.Long = "Reads a dead letter again, or all of a shop or source, with the configuration as it is now.\nA letter goes when its events are stored; what was stored before counts once."
	one.RunE = func(cmd *cobra.Command, args []string) error {
		if all || source != "" {
			if len(args) > 0 {
				return usagef("ritorno deadletter replay: give an id, or --all, or --source, not both")
			}
			shop, _ := cmd.Flags().GetString("shop")
			return replayAll(g, cmd, shop, source)
		}
		if err := exactArgs("ID")(cmd, args); err != nil {
			return err
		}
		return replay(cmd, args)
	}
	one.Flags().BoolVar(&all, "all", false, "replay all letters of the shop")
	one.Flags().StringVar(&source, "source", "", "replay all letters of the source of this `name`")
	return one
}

func replayOne(g *globals) func(context.Context, *cobra.Command, *app, store.DeadLetter) error {
	return func(ctx context.Context, cmd *cobra.Command, a *app, l store.DeadLetter) error {
		out, err := a.Server.Replay(ctx, l)
		if err != nil {
			return fmt.Errorf("the letter stays: %w", err)
		}
		if g.json {
			return printJSON(cmd, out)
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), "applied; the letter is gone")
		return err
	}
}

// replayAll replays page by page and reports. It fails when a letter stays.
func replayAll(g *globals, cmd *cobra.Command, shop, source string) error {
	c, err := g.load()
	if err != nil {
		return err
	}
	if shop, err = pickShop(c, shop); err != nil {
		return err
	}
	if source != "" && c.Shop(shop).Source(source) == nil {
		return usagef("ritorno deadletter replay: --source %q: shop %s has no source of this name", source, shop)
	}
	return withStore(cmd.Context(), c, func(ctx context.Context, a *app) error {
		sum := handlers.Replays{Letters: []handlers.Replayed{}}
		for before := ""; ; {
			page, next, err := a.Server.ReplayAll(ctx, shop, source, before, 100)
			sum.Applied, sum.Ignored, sum.Stay = sum.Applied+page.Applied, sum.Ignored+page.Ignored, sum.Stay+page.Stay
			sum.Letters = append(sum.Letters, page.Letters...)
			if err != nil || next == "" {
				return errors.Join(printReplays(g, cmd, sum), err, stays(sum))
			}
			before = next
		}
	})
}

func stays(r handlers.Replays) error {
	if r.Stay == 0 {
		return nil
	}
	return fmt.Errorf("%d letters stay: mend what their reasons name, then replay again", r.Stay)
}

func printReplays(g *globals, cmd *cobra.Command, r handlers.Replays) error {
	if g.json {
		return printJSON(cmd, r)
	}
	rows := [][]any{{"ID", "SOURCE", "RESULT", "REASON"}}
	for _, l := range r.Letters {
		rows = append(rows, []any{l.ID, l.Source, l.Result, orDash(l.Reason)})
	}
	if err := table(cmd.OutOrStdout(), rows...); err != nil {
		return err
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "\n%d applied, %d ignored, %d stay\n", r.Applied, r.Ignored, r.Stay)
	return err
}

// onDeadLetter is a command about one dead letter of a shop.
func onDeadLetter(g *globals, use, short string, f func(context.Context, *cobra.Command, *app, store.DeadLetter) error) *cobra.Command {
	var shop string
	cmd := &cobra.Command{
		Use: use + " ID", Short: short, Args: exactArgs("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inShop(cmd, g, shop, func(ctx context.Context, a *app, shop string) error {
				l, err := a.Store.GetDead(ctx, shop, args[0])
				if errors.Is(err, store.ErrNotFound) {
					return fmt.Errorf("no dead letter %s in shop %s: ids stand in ritorno deadletter list", args[0], shop)
				}
				if err != nil {
					return err
				}
				return f(ctx, cmd, a, l)
			})
		},
	}
	cmd.Flags().StringVar(&shop, "shop", "", "`name` of the shop; may be left out where there is one")
	return cmd
}
