package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"ritorno/internal/engine"
	"ritorno/internal/store"
)

func newOutgoing(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "outgoing", Short: "What waits to be told to shops, CRMs and webhooks", RunE: needSub}
	cmd.AddCommand(newOutgoingList(g), newOutgoingShow(g),
		newOutgoingAct(g, "replay", "Let it be told now, whatever happened before", "is tried now by serve", (*engine.Engine).ReplayOutgoing),
		newOutgoingAct(g, "drop", "Take it away untold", "dropped", (*engine.Engine).DropOutgoing))
	return cmd
}

// outgoingPage is how many are read at once.
const outgoingPage = 100

// eachOutgoing hands over everything that waits in a shop, of one destination
// or of all, page by page.
func eachOutgoing(ctx context.Context, a *app, shop, to string, f func(engine.Outgoing) error) error {
	for after := ""; ; {
		page, err := a.Engine.Outgoings(ctx, shop, after, outgoingPage)
		if err != nil {
			return err
		}
		for _, o := range page {
			if to != "" && o.Destination != to {
				continue
			}
			if err := f(o); err != nil {
				return err
			}
		}
		if len(page) < outgoingPage {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

// outgoingListed bounds a list on a terminal.
const outgoingListed = 1000

var errListed = errors.New("enough")

func newOutgoingList(g *globals) *cobra.Command {
	var shop, to string
	cmd := onStore(g, "list", "List what waits, by destination", func(ctx context.Context, cmd *cobra.Command, a *app) error {
		name, err := pickShop(a.Config, shop)
		if err != nil {
			return err
		}
		rows := [][]any{{"ID", "STATUS", "NEWS", "WAITING", "NEXT TRY", "FAILURES", "REASON"}}
		out := []engine.Outgoing{}
		err = eachOutgoing(ctx, a, name, to, func(o engine.Outgoing) error {
			if len(out) == outgoingListed {
				return errListed
			}
			rows = append(rows, []any{o.ID, o.Status, o.News, o.Waiting, day(o.Next), o.Failed, orDash(o.Why)})
			out = append(out, o)
			return nil
		})
		if err != nil && !errors.Is(err, errListed) {
			return err
		}
		if g.json {
			return printJSON(cmd, out)
		}
		if err := table(cmd.OutOrStdout(), rows...); err != nil || len(out) < outgoingListed {
			return err
		}
		_, err = fmt.Fprintf(cmd.ErrOrStderr(), "only the first %d are shown\n", outgoingListed)
		return err
	})
	cmd.Flags().StringVar(&shop, "shop", "", "`name` of the shop; may be left out where there is one")
	cmd.Flags().StringVar(&to, "destination", "", "only of this `name`, such as source.crm or webhook.erp")
	return cmd
}

func newOutgoingShow(g *globals) *cobra.Command {
	return onOutgoing(g, "show", "Show what one destination is to be told of one contact", func(ctx context.Context, cmd *cobra.Command, a *app, shop, id string) error {
		o, err := a.Engine.Outgoing(ctx, shop, id)
		if err != nil {
			return err
		}
		if g.json {
			return printJSON(cmd, o)
		}
		rows := [][]any{
			{"destination", o.Destination},
			{"contact", o.Contact},
			{"status", o.Status},
			{"oldest news", o.News},
			{"waiting", o.Waiting},
			{"next try", day(o.Next)},
			{"failures", o.Failed},
			{"failing since", day(o.Since)},
			{"reason", orDash(o.Why)},
		}
		return table(cmd.OutOrStdout(), rows...)
	})
}

// newOutgoingAct does something to one, or to all of a destination.
func newOutgoingAct(g *globals, use, short, done string, act func(*engine.Engine, context.Context, string, string) error) *cobra.Command {
	var all bool
	var to string
	cmd := onOutgoing(g, use, short, func(ctx context.Context, cmd *cobra.Command, a *app, shop, id string) error {
		if err := act(a.Engine, ctx, shop, id); err != nil {
			return err
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s %s\n", id, done)
		return err
	})
	one := cmd.RunE
	cmd.Use, cmd.Args = use+" ID | --all | --destination NAME", nil
	cmd.Flags().BoolVar(&all, "all", false, "everything of the shop")
	cmd.Flags().StringVar(&to, "destination", "", "everything of the destination of this `name`")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !all && to == "" {
			if err := exactArgs("ID")(cmd, args); err != nil {
				return err
			}
			return one(cmd, args)
		}
		if len(args) > 0 {
			return usagef("ritorno outgoing %s: give an id, or --all, or --destination, not both", use)
		}
		shop, _ := cmd.Flags().GetString("shop")
		return actOnAll(g, cmd, shop, to, done, act)
	}
	return cmd
}

func actOnAll(g *globals, cmd *cobra.Command, shop, to, done string, act func(*engine.Engine, context.Context, string, string) error) error {
	return inShop(cmd, g, shop, func(ctx context.Context, a *app, shop string) error {
		var ids []string
		err := eachOutgoing(ctx, a, shop, to, func(o engine.Outgoing) error {
			ids = append(ids, o.ID)
			return nil
		})
		if err != nil {
			return err
		}
		n := 0
		for _, id := range ids {
			switch err := act(a.Engine, ctx, shop, id); {
			case err == nil:
				n++
			case !errors.Is(err, store.ErrNotFound): // told meanwhile
				return err
			}
		}
		if g.json {
			return printJSON(cmd, map[string]any{"contacts": n})
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d %s\n", n, done)
		return err
	})
}

// onOutgoing is a command about what one destination is to be told of one
// contact.
func onOutgoing(g *globals, use, short string, f func(ctx context.Context, cmd *cobra.Command, a *app, shop, id string) error) *cobra.Command {
	var shop string
	cmd := &cobra.Command{
		Use: use + " ID", Short: short, Args: exactArgs("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inShop(cmd, g, shop, func(ctx context.Context, a *app, shop string) error {
				err := f(ctx, cmd, a, shop, args[0])
				if errors.Is(err, store.ErrNotFound) {
					return fmt.Errorf("nothing waits by the id %s in shop %s: ids stand in ritorno outgoing list", args[0], shop)
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&shop, "shop", "", "`name` of the shop; may be left out where there is one")
	return cmd
}
