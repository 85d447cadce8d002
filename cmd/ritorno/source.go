package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
)

func newSourceCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "source", Short: "How the integrations are doing", RunE: needSub}
	cmd.AddCommand(onStore(g, "status", "URL to paste, last delivery, last error and topics of each source", sourceStatus(g)))
	return cmd
}

func sourceStatus(g *globals) func(context.Context, *cobra.Command, *app) error {
	return func(ctx context.Context, cmd *cobra.Command, a *app) error {
		rows := [][]any{{"SHOP", "SOURCE", "KIND", "LAST DELIVERY", "LAST TOPIC", "LAST ERROR", "URL TO PASTE"}}
		out := []map[string]any{}
		for _, s := range a.Config.Shops {
			for _, src := range s.Sources {
				st, err := a.Store.SourceStatus(ctx, s.ID, src.Name)
				if err != nil {
					return err
				}
				url := strings.TrimSuffix(a.Config.PublicURL, "/") + "/hooks/" + s.ID + "/" + src.Name
				last := "none yet"
				if !st.Last.IsZero() {
					last = day(&st.Last)
				}
				rows = append(rows, []any{s.ID, src.Name, src.Kind, last, orDash(st.LastTopic), orDash(st.Error), url})
				out = append(out, map[string]any{"shop": s.ID, "source": src.Name, "kind": src.Kind, "url": url, "status": st})
			}
		}
		if g.json {
			return printJSON(cmd, out)
		}
		return table(cmd.OutOrStdout(), rows...)
	}
}
