package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"ritorno/config"
	"ritorno/internal/guard"
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
	Orders    feedView                `json:"orders"`
}

// feedView is how the orders of a source come in.
type feedView struct {
	Last    *time.Time `json:"last_at"`
	Guarded bool       `json:"guarded"`
	Usual   int64      `json:"usual_gap_seconds"`
	Silent  *time.Time `json:"silent_since"` // null: orders flow
	Holds   bool       `json:"holds"`        // messages wait because of it

	text string // for people
}

func feedViewOf(v guard.Verdict) feedView {
	f := feedView{Last: known(v.Since), Guarded: v.Guarded, Usual: int64(v.Usual / time.Second), Holds: v.Holds(), text: "not guarded yet"}
	if !v.Guarded {
		return f
	}
	f.text = "flow"
	if v.Silent {
		f.Silent = f.Last
		f.text = "SILENT: messages wait"
	}
	switch {
	case v.Silent && v.Covered:
		f.text = "silent, others make up for it"
	case v.Silent && v.Waived:
		f.text = "silent, passed over by hand"
	}
	f.text += " (longest gap " + strconv.FormatInt(f.Usual/3600, 10) + "h)"
	return f
}

type topicView struct {
	Name string    `json:"topic"`
	Last time.Time `json:"last_at"`
}

func sourceStatus(g *globals) func(context.Context, *cobra.Command, *app) error {
	return func(ctx context.Context, cmd *cobra.Command, a *app) error {
		rows := [][]any{{"SHOP", "SOURCE", "KIND", "LAST DELIVERY", "LAST TOPIC", "LAST ERROR", "DISCONNECTED", "LAST ORDER", "ORDERS", "URL TO PASTE"}}
		out := []sourceView{}
		for _, s := range a.Config.Shops {
			feeds, err := feedsOf(ctx, a, s.ID)
			if err != nil {
				return err
			}
			for _, src := range s.Sources {
				st, err := a.Store.SourceStatus(ctx, s.ID, src.Name)
				if err != nil {
					return err
				}
				v := sourceViewOf(s.ID, src, st)
				v.URL = hookURL(a.Config, s, src)
				v.Orders = feeds[src.Name]
				rows = append(rows, []any{v.Shop, v.Name, v.Kind, day(v.Last), orDash(v.LastTopic), orDash(v.Error), day(v.Gone), day(v.Orders.Last), v.Orders.text, v.URL})
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

// feedsOf are the order feeds of a shop by source.
func feedsOf(ctx context.Context, a *app, shop string) (map[string]feedView, error) {
	verdicts, err := a.Engine.Feeds(ctx, shop)
	if err != nil {
		return nil, err
	}
	out := map[string]feedView{}
	for _, v := range verdicts {
		out[v.Name] = feedViewOf(v)
	}
	return out, nil
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
