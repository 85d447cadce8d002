package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"

	"github.com/spf13/cobra"

	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

func newUncertain(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "uncertain", Short: "Messages of which nobody knows whether the provider took them", RunE: needSub}
	cmd.AddCommand(newUncertainList(g), newUncertainResolve(g))
	return cmd
}

func newUncertainList(g *globals) *cobra.Command {
	var shop string
	cmd := onStore(g, "list", "List messages of unknown outcome", func(ctx context.Context, cmd *cobra.Command, a *app) error {
		name, err := pickShop(a.Config, shop)
		if err != nil {
			return err
		}
		list := []engine.Uncertain{}
		for after := ""; ; {
			part, next, err := a.Engine.Uncertains(ctx, name, after, 500)
			if err != nil {
				return err
			}
			if list = append(list, part...); next == "" {
				break
			}
			after = next
		}
		if g.json {
			return printJSON(cmd, list)
		}
		rows := [][]any{{"MESSAGE", "STARTED", "CHANNEL", "STEP", "TEMPLATE", "ASKED", "NEXT", "FOUND"}}
		for _, u := range list {
			next := "decide: ritorno uncertain resolve"
			if u.Next != nil {
				next = day(u.Next)
			}
			rows = append(rows, []any{u.Message, day(&u.Started), u.Channel, fmt.Sprintf("%s %d", u.Journey, u.Step), u.Template, u.Tries, next, u.Found})
		}
		return table(cmd.OutOrStdout(), rows...)
	})
	cmd.Flags().StringVar(&shop, "shop", "", "`name` of the shop; may be left out where there is one")
	return cmd
}

func newUncertainResolve(g *globals) *cobra.Command {
	var shop, provider string
	var sent, notSent, drop bool
	cmd := &cobra.Command{
		Use: "resolve MESSAGE", Short: "Say what became of a message of unknown outcome", Args: exactArgs("MESSAGE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r := engine.Resolution{ProviderID: provider, By: operator()}
			switch {
			case sent && !notSent && !drop:
				r.Kind = lifecycle.PersonSent
			case notSent && !sent && !drop && provider == "":
				r.Kind = lifecycle.PersonNotSent
			case drop && !sent && !notSent && provider == "":
				r.Kind = lifecycle.PersonDrop
			default:
				return usagef("ritorno uncertain resolve: say one of --sent (it was, with --provider-id where known), --not-sent (it was not: send it, if its reason still stands) and --drop (never send it)")
			}
			return inShop(cmd, g, shop, func(ctx context.Context, a *app, shop string) error { return resolve(ctx, cmd, g, a, shop, args[0], r) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&shop, "shop", "", "`name` of the shop; may be left out where there is one")
	f.StringVar(&provider, "provider-id", "", "with --sent: the provider's `id` of the message")
	f.BoolVar(&sent, "sent", false, "the provider took it")
	f.BoolVar(&notSent, "not-sent", false, "the provider never took it: send it, if its reason still stands")
	f.BoolVar(&drop, "drop", false, "whatever became of it, it is not to be sent")
	return cmd
}

func resolve(ctx context.Context, cmd *cobra.Command, g *globals, a *app, shop, id string, r engine.Resolution) error {
	m, err := a.Engine.Resolve(ctx, shop, id, r)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("no message %s in shop %s: ids stand in ritorno uncertain list", id, shop)
	case errors.Is(err, engine.ErrNotUncertain):
		return fmt.Errorf("message %s is %s by now: nothing was changed", id, m.Status)
	case err != nil:
		return err
	}
	if g.json {
		return printJSON(cmd, map[string]any{"id": m.ID, "status": m.Status.String(), "error": m.Error, "provider_id": m.ProviderID})
	}
	text := m.ID + " is " + m.Status.String()
	if m.Error != "" {
		text += " (" + string(m.Error) + ")"
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), text)
	return err
}

// operator is who gives the command, for the timeline.
func operator() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "operator"
}
