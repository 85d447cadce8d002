package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ritorno/internal/lifecycle"
)

func newJourney(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "journey", Short: "The journeys of the configuration", RunE: needSub}
	var shop string
	show := &cobra.Command{
		Use: "show NAME", Short: "A journey's time line", Args: exactArgs("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.load()
			if err != nil {
				return err
			}
			if shop, err = pickShop(c, shop); err != nil {
				return err
			}
			rules := c.Rules(shop)
			for _, j := range rules.Journeys {
				if j.Name == args[0] {
					return showJourney(cmd, g, j)
				}
			}
			return usagef("ritorno journey show: shop %s has no journey %q", shop, args[0])
		},
	}
	show.Flags().StringVar(&shop, "shop", "", "`name` of the shop; may be left out where there is one")
	cmd.AddCommand(show)
	return cmd
}

// journeyView is a journey as the API names its parts.
type journeyView struct {
	Name    string            `json:"name"`
	Trigger lifecycle.Trigger `json:"trigger"`
	Steps   []stepView        `json:"steps"`
	Finish  finishView        `json:"finish"`
}

type stepView struct {
	Step     int      `json:"step"`
	After    string   `json:"after"` // with + in front: after the step before
	Channels []string `json:"channels"`
	Template string   `json:"template"`
	When     string   `json:"when,omitempty"`
}

type finishView struct {
	After     string `json:"after"`
	Otherwise string `json:"otherwise"`
}

func viewOf(j lifecycle.Journey) journeyView {
	v := journeyView{Name: j.Name, Trigger: j.Trigger, Finish: finishView{span(j.Finish.After), j.Finish.Otherwise.String()}}
	for i, s := range j.Steps {
		st := stepView{Step: i + 1, After: span(s.After), Template: strings.Join(s.Templates(), " or "), When: s.When.String()}
		if s.Previous {
			st.After = "+" + st.After
		}
		for _, ch := range s.Channels {
			st.Channels = append(st.Channels, ch.String())
		}
		v.Steps = append(v.Steps, st)
	}
	return v
}

func showJourney(cmd *cobra.Command, g *globals, j lifecycle.Journey) error {
	v := viewOf(j)
	if g.json {
		return printJSON(cmd, v)
	}
	rows := [][]any{{"AFTER", "STEP", "TEMPLATE", "CHANNELS", "ONLY WHEN"}}
	for _, s := range v.Steps {
		rows = append(rows, []any{s.After, s.Step, s.Template, strings.Join(s.Channels, ", "), orDash(s.When)})
	}
	rows = append(rows, []any{"+" + v.Finish.After, "end", "then " + v.Finish.Otherwise, "-", "-"})
	fmt.Fprintf(cmd.OutOrStdout(), "%s, on %s\n\n", v.Name, v.Trigger)
	return table(cmd.OutOrStdout(), rows...)
}

// span writes a duration as the configuration does.
func span(d time.Duration) string {
	for _, u := range []struct {
		length time.Duration
		sign   string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if d != 0 && d%u.length == 0 {
			return strconv.FormatInt(int64(d/u.length), 10) + u.sign
		}
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + "s"
}
