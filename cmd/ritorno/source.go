package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ritorno/handlers"
	"ritorno/internal/spool"
)

func newSourceCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "source", Short: "How the integrations are doing", RunE: needSub}
	var showToken bool
	status := onStore(g, "status", "URL to paste, last delivery, last error, topics seen and missing of each source", func(ctx context.Context, cmd *cobra.Command, a *app) error {
		all, err := sourceStatus(ctx, a, showToken)
		if n, err := spool.Count(spoolPath(a.Config)); err == nil && n > 0 {
			fmt.Fprintf(cmd.ErrOrStderr(), "%d deliveries wait on disk in %s until the store takes them\n", n, spoolPath(a.Config))
		}
		switch {
		case err != nil:
			return err
		case g.json:
			return printJSON(cmd, all)
		}
		return printSources(cmd, all)
	})
	status.Flags().BoolVar(&showToken, "show-token", false, "show the token that stands in the URL of sources that sign nothing")
	cmd.AddCommand(status, newSourceRead(g))
	return cmd
}

// sourceStatus describes all sources of the configuration, also those that this
// release cannot read.
func sourceStatus(ctx context.Context, a *app, showToken bool) ([]handlers.SourceStatus, error) {
	all := []handlers.SourceStatus{}
	known := a.Server.Options().Sources
	for _, s := range a.Config.Shops {
		feeds, err := handlers.Feeds(ctx, a.Engine, s.ID)
		if err != nil {
			return nil, err
		}
		reads, err := handlers.Reads(ctx, a.Store, s.ID, known[s.ID])
		if err != nil {
			return nil, err
		}
		for _, src := range s.Sources {
			st, err := a.Store.SourceStatus(ctx, s.ID, src.Name)
			if err != nil {
				return nil, err
			}
			h, read := known[s.ID][src.Name]
			if !read {
				h = handlers.Source{Kind: string(src.Kind), Token: urlToken(src)}
			}
			view := handlers.DescribeSource(a.Config.PublicURL, s.ID, src.Name, h, st, showToken)
			view.Orders, view.CatchUp = feeds[src.Name], reads[src.Name]
			all = append(all, view)
		}
	}
	return all, nil
}

func printSources(cmd *cobra.Command, all []handlers.SourceStatus) error {
	rows := [][]any{{"SHOP", "SOURCE", "KIND", "LAST DELIVERY", "LAST TOPIC", "LAST ERROR", "DISCONNECTED", "LAST ORDER", "ORDERS", "READ", "URL TO PASTE"}}
	for _, s := range all {
		rows = append(rows, []any{s.Shop, s.Name, s.Kind, day(s.Last), orDash(s.LastTopic), orDash(s.Error), day(s.Gone), day(s.Orders.Last), s.Orders.Text, orDash(s.CatchUp.Text), s.URL})
	}
	if err := table(cmd.OutOrStdout(), rows...); err != nil {
		return err
	}
	for _, s := range all {
		printTopics(cmd, s)
	}
	return nil
}

// printTopics says what a source told so far, and what it should tell, too.
func printTopics(cmd *cobra.Command, s handlers.SourceStatus) {
	var seen []string
	for _, t := range s.Topics {
		seen = append(seen, t.Name)
	}
	if len(seen) == 0 {
		seen = []string{"none yet"}
	}
	w := cmd.OutOrStdout()
	fmt.Fprintf(w, "\n%s/%s: topics seen: %s\n", s.Shop, s.Name, strings.Join(seen, ", "))
	if s.CatchUp.Found > 0 {
		fmt.Fprintf(w, "  %d orders were read that no webhook had told\n", s.CatchUp.Found)
	}
	if s.CatchUp.Error != "" {
		fmt.Fprintf(w, "  reading fails (%s): %s\n", s.CatchUp.Error, s.CatchUp.Mend)
	}
	for _, t := range s.Missing {
		fmt.Fprintf(w, "  missing: %s. Without it %s.\n", t.Name, t.Lost)
	}
}

// known is nil for the time that never was.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
