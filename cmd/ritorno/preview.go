package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"ritorno/config"
	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
	"ritorno/internal/message"
)

func newPreview(g *globals) *cobra.Command {
	var contact, shop, channel string
	cmd := &cobra.Command{
		Use: "preview TEMPLATE", Short: "Render a message for a contact, without sending it", Args: exactArgs("TEMPLATE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if contact == "" {
				return usagef("ritorno preview: --contact is needed")
			}
			ch, ok := lifecycle.ParseChannel(channel)
			if !ok {
				return usagef("ritorno preview: --channel %q: use sms or email", channel)
			}
			c, err := g.load()
			if err != nil {
				return err
			}
			if shop, err = pickShop(c, shop); err != nil {
				return err
			}
			return withStore(cmd.Context(), c, func(ctx context.Context, a *app) error {
				m, phone, err := a.Engine.Preview(ctx, shop, contact, args[0], ch)
				if err != nil {
					return err
				}
				cost := costOf(c, m, phone)
				if g.json {
					return printJSON(cmd, previewOf(m, cost))
				}
				showPreview(cmd.OutOrStdout(), m, cost)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&contact, "contact", "", "whom to render it for")
	cmd.Flags().StringVar(&shop, "shop", "", "`name` of the shop; may be left out where there is one")
	cmd.Flags().StringVar(&channel, "channel", "email", "sms or email")
	return cmd
}

// costOf is what an SMS to a number costs by twilio.price, such as "0.165 EUR";
// empty where no price is known.
func costOf(c *config.Config, m message.Message, phone string) string {
	if m.Channel != message.SMS || c.Twilio == nil {
		return ""
	}
	price, ok := c.Twilio.Price[identity.PhoneCountry(phone)]
	if !ok {
		return ""
	}
	return price.Times(m.Segments)
}

func showPreview(out io.Writer, m message.Message, cost string) {
	if m.Channel == message.Email {
		fmt.Fprintf(out, "Subject: %s\n\n%s\n\n----- HTML -----\n%s\n", m.Subject, m.Text, m.HTML)
		return
	}
	fmt.Fprintf(out, "%s\n\n%d segment(s), %s, %d units\n", m.Text, m.Segments, m.Encoding, m.Units)
	if len(m.Culprits) > 0 {
		fmt.Fprintf(out, "not in GSM-7: %s\n", strings.Join(m.Culprits, " "))
	}
	if cost == "" {
		cost = "not known: give twilio.price for the contact's country"
	}
	fmt.Fprintf(out, "cost: %s\n", cost)
}

// rendered is a message as --json shows it.
type rendered struct {
	Channel  string            `json:"channel"`
	Template string            `json:"template"`
	Locale   string            `json:"locale"`
	Subject  string            `json:"subject,omitempty"`
	Text     string            `json:"text"`
	HTML     string            `json:"html,omitempty"`
	Segments int               `json:"segments,omitempty"`
	Units    int               `json:"units,omitempty"`
	Encoding string            `json:"encoding,omitempty"`
	Culprits []string          `json:"not_in_gsm7,omitempty"`
	Cost     string            `json:"cost,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"`
}

func previewOf(m message.Message, cost string) rendered {
	return rendered{m.Channel, m.Template, m.Locale, m.Subject, m.Text, m.HTML, m.Segments, m.Units, m.Encoding, m.Culprits, cost, m.Headers}
}
