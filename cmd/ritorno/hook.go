package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ritorno/config"
	"ritorno/connectors"
)

func newHook(g *globals) *cobra.Command {
	cmd := &cobra.Command{Use: "hook", Short: "What a payload becomes", RunE: needSub}
	cmd.AddCommand(newHookTry(g))
	return cmd
}

// newHookTry reads a payload as a source would, without its signature and
// without storing anything.
func newHookTry(g *globals) *cobra.Command {
	var shop, source string
	var headers []string
	var query string
	cmd := &cobra.Command{
		Use: "try FILE", Short: "Show the events that a payload becomes; nothing is stored", Args: exactArgs("FILE"),
		Example: `  ritorno hook try --source shopify -H "X-Shopify-Topic: orders/create" order.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.load()
			if err != nil {
				return err
			}
			src, err := findSource(c, shop, source)
			if err != nil {
				return err
			}
			body, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("read the payload: %w", err)
			}
			return try(cmd, src, body, headers, query)
		},
	}
	cmd.Flags().StringVar(&shop, "shop", "", "`name` of the shop; may be left out where there is one")
	cmd.Flags().StringVar(&source, "source", "", "`name` of the source in the configuration")
	cmd.Flags().StringVarP(&query, "query", "q", "", "what stands behind the ? of the URL, such as event=cancelled")
	cmd.Flags().StringArrayVarP(&headers, "header", "H", nil, "a header of the request, such as X-Shopify-Topic: orders/create")
	return cmd
}

func findSource(c *config.Config, shop, name string) (connectors.Source, error) {
	shop, err := pickShop(c, shop)
	if err != nil {
		return nil, err
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
		return s, err
	}
	return nil, usagef("ritorno hook try: --source %q: shop %s has %v", name, shop, known)
}

func try(cmd *cobra.Command, src connectors.Source, body []byte, headers []string, query string) error {
	now := time.Now().UTC()
	values, err := url.ParseQuery(query)
	if err != nil {
		return usagef("ritorno hook try: --query %q: write it as name=value&name=value", query)
	}
	req := connectors.Request{Method: http.MethodPost, Header: http.Header{}, Query: values, Body: body, ReceivedAt: now, Now: now}
	req.Header.Set("Content-Type", "application/json")
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, h := range headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return usagef("ritorno hook try: --header %q: write it as Name: value", h)
		}
		req.Header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	if errors.Is(src.Verify(req), connectors.ErrPing) {
		fmt.Fprintln(cmd.ErrOrStderr(), "It is the call with which the shop tries a new webhook: answered 200, and nothing is stored.")
		return nil
	}
	events, err := src.Normalise(req)
	if errors.Is(err, connectors.ErrMalformed) {
		return fmt.Errorf("it would become a dead letter: %w", err)
	}
	if err != nil {
		return err
	}
	if len(events) == 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "It would be accepted and ignored: nothing in it is used.")
	}
	for _, ev := range events {
		text, err := json.MarshalIndent(ev, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), string(text))
	}
	return nil
}
