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
					return showJourney(cmd, j)
				}
			}
			return usagef("ritorno journey show: shop %s has no journey %q", shop, args[0])
		},
	}
	show.Flags().StringVar(&shop, "shop", "", "`name` of the shop; may be left out where there is one")
	cmd.AddCommand(show)
	return cmd
}

func showJourney(cmd *cobra.Command, j lifecycle.Journey) error {
	rows := [][]any{{"AFTER", "STEP", "TEMPLATE", "CHANNELS", "ONLY WHEN"}}
	for i, s := range j.Steps {
		var chs []string
		for _, ch := range s.Channels {
			chs = append(chs, ch.String())
		}
		rows = append(rows, []any{span(s.After), i + 1, s.Template, strings.Join(chs, ", "), orDash(s.When.String())})
	}
	rows = append(rows, []any{"+" + span(j.Finish.After), "end", "then " + j.Finish.Otherwise.String(), "", ""})
	fmt.Fprintf(cmd.OutOrStdout(), "%s, on %s\n\n", j.Name, j.Trigger)
	return table(cmd.OutOrStdout(), rows...)
}

// span writes a duration as the configuration does.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	if d >= day && d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	return d.String()
}
