package handlers

import (
	"context"
	"strconv"
	"time"

	"ritorno/internal/engine"
	"ritorno/internal/guard"
)

// Feed is how the orders of a source come in.
type Feed struct {
	Last    *time.Time `json:"last_at"`           // arrival of the last new order
	Guarded bool       `json:"guarded"`           // enough is known for its silence to say something
	Usual   int64      `json:"usual_gap_seconds"` // longest gap in the last 56 days; 0 where not guarded
	Silent  *time.Time `json:"silent_since"`      // null: orders flow
	Holds   bool       `json:"holds"`             // and messages wait because of it

	Text string `json:"-"` // the same in words
}

// Feeds are the order feeds of a shop by source.
func Feeds(ctx context.Context, e *engine.Engine, shop string) (map[string]Feed, error) {
	verdicts, err := e.Feeds(ctx, shop)
	if err != nil {
		return nil, err
	}
	out := map[string]Feed{}
	for _, v := range verdicts {
		out[v.Name] = feedOf(v)
	}
	return out, nil
}

func feedOf(v guard.Verdict) Feed {
	f := Feed{Last: ever(v.Since), Guarded: v.Guarded, Usual: int64(v.Usual / time.Second), Holds: v.Holds(), Text: "not guarded yet"}
	if !v.Guarded {
		return f
	}
	f.Text = "flow"
	if v.Silent {
		f.Silent, f.Text = f.Last, "SILENT: messages wait"
	}
	switch {
	case v.Silent && v.Covered:
		f.Text = "silent, others make up for it"
	case v.Silent && v.Read:
		f.Text = "silent, and the shop knows of none either"
	case v.Silent && v.Waived:
		f.Text = "silent, passed over by hand"
	}
	f.Text += " (longest gap " + strconv.FormatInt(f.Usual/3600, 10) + "h)"
	return f
}
