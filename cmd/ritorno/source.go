package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"ritorno/config"
	"ritorno/internal/spool"
	"ritorno/internal/store"
)

func newSourceCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "source", Short: "How the integrations are doing", RunE: needSub}
	cmd.AddCommand(onStore(g, "status", "URL to paste, last delivery, last error and topics of each source", sourceStatus(g)))
	return cmd
}

// sourceView is an integration as the API names its parts.
type sourceView struct {
	Shop      string                  `json:"shop"`
	Name      string                  `json:"name"`
	Kind      string                  `json:"kind"`
	URL       string                  `json:"url"`
	First     *time.Time              `json:"first_delivery_at"`
	Last      *time.Time              `json:"last_delivery_at"`
	LastTopic string                  `json:"last_topic"`
	Counts    map[store.Outcome]int64 `json:"deliveries"`
	Topics    []topicView             `json:"topics"`
	Error     string                  `json:"last_error"`
	ErrorAt   *time.Time              `json:"last_error_at"`
	Domain    string                  `json:"domain"`
	Gone      *time.Time              `json:"disconnected_at"` // the shop said so; the owner must confirm
}

type topicView struct {
	Name string    `json:"topic"`
	Last time.Time `json:"last_at"`
}

func sourceStatus(g *globals) func(context.Context, *cobra.Command, *app) error {
	return func(ctx context.Context, cmd *cobra.Command, a *app) error {
		rows := [][]any{{"SHOP", "SOURCE", "KIND", "LAST DELIVERY", "LAST TOPIC", "LAST ERROR", "DISCONNECTED", "URL TO PASTE"}}
		out := []sourceView{}
		for _, s := range a.Config.Shops {
			for _, src := range s.Sources {
				st, err := a.Store.SourceStatus(ctx, s.ID, src.Name)
				if err != nil {
					return err
				}
				v := sourceViewOf(s.ID, src, st)
				v.URL = hookURL(a.Config, s, src)
				rows = append(rows, []any{v.Shop, v.Name, v.Kind, day(v.Last), orDash(v.LastTopic), orDash(v.Error), day(v.Gone), v.URL})
				out = append(out, v)
			}
		}
		if n, err := spool.Count(spoolPath(a.Config)); err == nil && n > 0 {
			fmt.Fprintf(cmd.ErrOrStderr(), "%d deliveries wait on disk in %s until the store takes them\n", n, spoolPath(a.Config))
		}
		if g.json {
			return printJSON(cmd, out)
		}
		return table(cmd.OutOrStdout(), rows...)
	}
}

func sourceViewOf(shop string, src *config.Source, st store.SourceStatus) sourceView {
	v := sourceView{
		Shop: shop, Name: src.Name, Kind: string(src.Kind), First: known(st.First), Last: known(st.Last), LastTopic: st.LastTopic,
		Counts: st.Counts, Topics: []topicView{}, Error: st.Error, ErrorAt: known(st.ErrorAt), Domain: st.Domain, Gone: known(st.Gone),
	}
	if v.Counts == nil {
		v.Counts = map[store.Outcome]int64{}
	}
	for _, t := range st.Topics {
		v.Topics = append(v.Topics, topicView{t.Topic, t.Last})
	}
	return v
}

// known is nil for the time that never was.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
