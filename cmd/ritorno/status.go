package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// forShop adds --shop and runs f on the store for one contact.
func forContact(g *globals, use, short string, f func(ctx context.Context, cmd *cobra.Command, a *app, shop, who string) error) *cobra.Command {
	var shop string
	cmd := &cobra.Command{
		Use: use + " CONTACT", Short: short, Args: exactArgs("CONTACT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inShop(cmd, g, shop, func(ctx context.Context, a *app, shop string) error {
				err := f(ctx, cmd, a, shop, args[0])
				if errors.Is(err, store.ErrNotFound) {
					return fmt.Errorf("no such contact in shop %s: give an e-mail address, a phone number with +, the contact's id or a source's customer id", shop)
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&shop, "shop", "", "`name` of the shop in the configuration; may be left out where there is one")
	return cmd
}

func newStatus(g *globals) *cobra.Command {
	return forContact(g, "status", "Show a contact as support sees it", func(ctx context.Context, cmd *cobra.Command, a *app, shop, who string) error {
		s, err := a.Engine.Status(ctx, shop, who)
		if err != nil {
			return err
		}
		if g.json {
			return printJSON(cmd, s)
		}
		return writeStatus(cmd.OutOrStdout(), s)
	})
}

func newErase(g *globals) *cobra.Command {
	return forContact(g, "erase", "Forget a person; prints what was removed", func(ctx context.Context, cmd *cobra.Command, a *app, shop, who string) error {
		if err := a.settleSpool(ctx); err != nil {
			return err
		}
		e, err := a.Engine.Erase(ctx, shop, who)
		if err != nil {
			return err
		}
		if g.json {
			return printJSON(cmd, e)
		}
		if len(e.InFlight) > 0 {
			fmt.Fprintf(cmd.OutOrStdout(), "on its way and not to be taken back: %s\n", strings.Join(e.InFlight, ", "))
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "removed: %d contact(s), %d message(s), %d order(s), %d dead letter(s), %d parked event(s)\nA keyed hash of the addresses stays on the suppression list.\n",
			e.Contacts, e.Messages, e.Orders, e.DeadLetters, e.Parked)
		return err
	})
}

func writeStatus(w io.Writer, s lifecycle.Status) error {
	fmt.Fprintf(w, "%s  (%s, id %s)\n", orDash(s.Name), s.Shop, s.ID)
	why := ""
	if s.StateReason != "" {
		why = " (" + string(s.StateReason) + ")"
	}
	rows := [][]any{
		{"State", s.State + why + " since " + day(s.StateSince)},
		{"E-mail", orDash(s.Email) + consentLine(s.Consent["email"])},
		{"Phone", orDash(s.Phone) + consentLine(s.Consent["sms"])},
		{"Orders", fmt.Sprintf("%d, %s %s", s.Orders, s.Spent, s.Currency)},
	}
	if o := s.LastOrder; o != nil {
		rows = append(rows, []any{"Last order", fmt.Sprintf("%s, %s %s, %s", o.ID, o.Total, o.Currency, day(&o.At))})
	}
	if j := s.Journey; j != nil {
		rows = append(rows, []any{"Journey", fmt.Sprintf("%s, step %d of %d", j.Name, j.Step, j.Steps)})
	}
	rows = append(rows, []any{"Time zone", zoneLine(s.Timezone)})
	if h := s.BestHour; h != nil {
		rows = append(rows, []any{"Best hour", bestLine(h)})
	}
	rows = append(rows, []any{"Next", nextLine(s.Next, s.NextWhy)})
	if err := table(w, rows...); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nMessages")
	rows = nil
	for _, m := range s.Messages {
		rows = append(rows, []any{"  " + day(&m.At), m.Journey, m.Step, m.Channel, m.Template, m.Status, m.Error})
	}
	if err := table(w, rows...); err != nil {
		return err
	}
	writeReceipts(w, s.Messages)
	fmt.Fprintln(w, "\nTimeline")
	rows = nil
	for _, e := range s.Timeline {
		rows = append(rows, []any{"  " + day(&e.At), e.Source, e.Summary})
	}
	return table(w, rows...)
}

func nextLine(n *lifecycle.StatusNext, idle lifecycle.Reason) string {
	switch {
	case n != nil:
	case idle == lifecycle.ReasonUnsubscribed:
		return "nothing: who is unsubscribed is left alone"
	case idle == lifecycle.ReasonLeftOut:
		return "nothing: was silent already when imported, and is left out until they buy (import --dormant lets them in)"
	default:
		return "nothing: no timer runs"
	}
	line := day(&n.Due)
	switch {
	case n.Step > 0:
		line += fmt.Sprintf(": %s step %d, %s", n.Journey, n.Step, n.Template)
		if n.Channel != "" {
			line += " by " + n.Channel
		}
	case n.Otherwise != "":
		line += fmt.Sprintf(": %s ends, then %s", orDash(n.Journey), n.Otherwise)
	}
	if n.Why != "" {
		line += " (" + string(n.Why) + ")"
	}
	return line
}

func consentLine(c lifecycle.StatusConsent) string {
	line := "  " + c.State
	if c.At != nil {
		line += " since " + day(c.At)
	}
	if c.Source != "" {
		line += ", told by " + c.Source
	}
	if c.Suppressed != "" {
		line += ", not usable: " + string(c.Suppressed)
	}
	return line
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func day(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}
