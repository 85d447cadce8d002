package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"ritorno/config"
	"ritorno/connectors"
)

func newHook(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "hook", Short: "What a payload becomes", RunE: needSub}
	cmd.AddCommand(newHookTry(g))
	return cmd
}

// newHookTry reads a payload as a source would, without storing anything.
func newHookTry(g *globals) *cobra.Command {
	var shop, source string
	var given tried
	cmd := &cobra.Command{
		Use: "try FILE", Short: "Show the events that a payload becomes; nothing is stored", Args: exactArgs("FILE"),
		Long: "Shows what a payload becomes: which rule of the mapping fits, which field came out empty and why, and the events.\n" +
			"With the request's headers (-H, --headers) the signature is checked as well; --at says when it came.",
		Example: `  ritorno hook try --source shopify -H "X-Shopify-Topic: orders/create" order.json
  ritorno hook try --source crm --headers headers.txt --at 2026-09-01T08:00:05Z body.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.load()
			if err != nil {
				return err
			}
			src, url, err := findSource(c, shop, source)
			if err != nil {
				return err
			}
			body, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("read the payload: %w", err)
			}
			return given.run(g, cmd, src, url, body)
		},
	}
	cmd.Flags().StringVar(&shop, "shop", "", "`name` of the shop; may be left out where there is one")
	cmd.Flags().StringVar(&source, "source", "", "`name` of the source in the configuration")
	cmd.Flags().StringArrayVarP(&given.headers, "header", "H", nil, "a header of the request, such as X-Shopify-Topic: orders/create")
	cmd.Flags().StringVar(&given.file, "headers", "", "`file` with the headers of the request, one a line")
	cmd.Flags().StringVarP(&given.query, "query", "q", "", "what stands behind the ? of the URL, such as event=cancelled or token=...")
	cmd.Flags().StringVar(&given.at, "at", "", "`time` at which the request came, for signatures with a clock; now if left out")
	return cmd
}

// findSource makes the source and the URL that it has.
func findSource(c *config.Config, shop, name string) (connectors.Source, string, error) {
	shop, err := pickShop(c, shop)
	if err != nil {
		return nil, "", err
	}
	var known []string
	for _, src := range c.Shop(shop).Sources {
		if known = append(known, src.Name); src.Name != name {
			continue
		}
		s, err := newSource(src)
		if err == nil && s == nil {
			err = usagef("ritorno hook try: sources of kind %s are not read by this release yet", src.Kind)
		}
		return s, c.PublicURL + "/hooks/" + shop + "/" + name, err
	}
	return nil, "", usagef("ritorno hook try: --source %q: shop %s has %v", name, shop, known)
}
