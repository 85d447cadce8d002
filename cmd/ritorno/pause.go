package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newPause(g *globals) *cobra.Command {
	var shop, reason string
	cmd := onStore(g, "pause", "Let a shop send nothing until ritorno resume", func(ctx context.Context, cmd *cobra.Command, a *app) error {
		name, err := pickShop(a.Config, shop)
		if err != nil {
			return err
		}
		p, err := a.Engine.PauseShop(ctx, name, reason, operator())
		if err != nil {
			return err
		}
		if g.json {
			return printJSON(cmd, map[string]any{"shop": name, "paused": true, "reason": p.Reason, "at": p.At, "by": p.By})
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "shop %s sends nothing: orders and opt-outs are taken in, steps wait; ritorno resume --shop %s ends it\n", name, name)
		return err
	})
	cmd.Flags().StringVar(&shop, "shop", "", "`name` of the shop; may be left out where there is one")
	cmd.Flags().StringVar(&reason, "reason", "by hand", "`why`, for whoever looks")
	return cmd
}

func newResume(g *globals) *cobra.Command {
	var shop string
	cmd := onStore(g, "resume", "Let a paused shop send again", func(ctx context.Context, cmd *cobra.Command, a *app) error {
		name, err := pickShop(a.Config, shop)
		if err != nil {
			return err
		}
		was, err := a.Engine.ResumeShop(ctx, name)
		if err != nil {
			return err
		}
		if g.json {
			return printJSON(cmd, map[string]any{"shop": name, "paused": false, "was_paused": was})
		}
		text := "shop %s sends again: what waited leaves within a quarter of an hour\n"
		if !was {
			text = "shop %s was not paused\n"
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), text, name)
		return err
	})
	cmd.Flags().StringVar(&shop, "shop", "", "`name` of the shop; may be left out where there is one")
	return cmd
}
