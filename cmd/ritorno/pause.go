package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
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
	var shop, channel string
	cmd := onStore(g, "resume", "Let a paused shop, or a braked provider account, send again", func(ctx context.Context, cmd *cobra.Command, a *app) error {
		if channel != "" && shop != "" {
			return usagef("ritorno resume: say --shop or --channel: a shop's own brakes end with its pause, that of a provider account is for all shops")
		}
		if channel != "" {
			return resumeChannel(ctx, g, cmd, a, channel)
		}
		return resumeShop(ctx, g, cmd, a, shop)
	})
	cmd.Flags().StringVar(&shop, "shop", "", "`name` of the shop: ends its pause and its brakes, and passes over a silent order feed; may be left out where there is one")
	cmd.Flags().StringVar(&channel, "channel", "", "`sms or email`: ends the brake of the provider account, for all shops")
	return cmd
}

func resumeShop(ctx context.Context, g *globals, cmd *cobra.Command, a *app, shop string) error {
	name, err := pickShop(a.Config, shop)
	if err != nil {
		return err
	}
	ended, err := a.Engine.ResumeShop(ctx, name)
	if err != nil {
		return err
	}
	left, err := a.Engine.Pauses(ctx, name)
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(cmd, map[string]any{
			"shop": name, "paused": len(left) > 0, "was_paused": len(ended) > 0, "ended": orEmpty(ended), "left": orEmpty(left),
		})
	}
	return tellResumed(cmd.OutOrStdout(), name, ended, left)
}

func orEmpty(list []engine.ShopPause) []engine.ShopPause {
	if list == nil {
		return []engine.ShopPause{}
	}
	return list
}

func tellResumed(w io.Writer, shop string, ended, left []engine.ShopPause) error {
	var text strings.Builder
	if len(ended) == 0 && len(left) == 0 {
		fmt.Fprintf(&text, "shop %s was not paused\n", shop)
	}
	for _, p := range ended {
		switch p.By {
		case engine.ByFeedGuard:
			fmt.Fprintf(&text, "the silence of source %s is passed over until its orders flow again: people who bought there may be written to as if they had not\n", p.Source)
		case engine.ByBrake:
			fmt.Fprintf(&text, "the %s brake is released, and its numbers begin anew; it was on because of %s\n", p.Only, p.Reason)
		default:
			fmt.Fprintf(&text, "the pause by %s is over (%s)\n", p.By, p.Reason)
		}
	}
	if len(ended) > 0 {
		fmt.Fprintf(&text, "shop %s sends again: what waited leaves within a quarter of an hour\n", shop)
	}
	for _, p := range left {
		if !p.Shared {
			continue // a silence that began this moment
		}
		fmt.Fprintf(&text, "but the %s account is braked for all shops: %s; ritorno resume --channel %s ends it\n", p.Only, p.Reason, p.Only)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func resumeChannel(ctx context.Context, g *globals, cmd *cobra.Command, a *app, word string) error {
	ch, ok := lifecycle.ParseChannel(word)
	if !ok {
		return usagef("ritorno resume: --channel %q: say sms or email", word)
	}
	was, err := a.Engine.ResumeChannel(ctx, ch)
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(cmd, map[string]any{"channel": ch.String(), "paused": false, "was_paused": was})
	}
	text := "the %s account sends again for all shops: what waited leaves within a quarter of an hour; a shop with a brake or pause of its own still waits\n"
	if !was {
		text = "the %s account was not braked\n"
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), text, ch)
	return err
}
