package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"ritorno/internal/history"
	"ritorno/internal/lifecycle"
)

// contactColumns are the columns of ritorno export; docs/import.md says what
// they mean.
var contactColumns = []string{
	"id", "email", "phone", "first_name", "last_name", "locale", "country", "timezone", "customer_ids",
	"state", "state_reason", "state_since", "orders", "spent", "currency", "orders_in_other_currencies", "first_order_at", "last_order_at",
	"email_consent", "email_consent_at", "email_consent_source", "email_consent_evidence",
	"sms_consent", "sms_consent_at", "sms_consent_source", "sms_consent_evidence",
	"journey", "journey_step", "next_at", "created_at",
}

// exportContacts writes one line for each contact of a shop, as they come.
func exportContacts(ctx context.Context, to io.Writer, a *app, shop string, raw, bom bool) error {
	s, _ := a.Engine.Shop(shop)
	buf := bufio.NewWriterSize(to, 64<<10)
	if bom {
		if _, err := buf.WriteString("\ufeff"); err != nil {
			return err
		}
	}
	w := csv.NewWriter(buf)
	if err := w.Write(contactColumns); err != nil {
		return err
	}
	cell := history.Safe
	if raw {
		cell = history.Raw
	}
	seen := map[[12]byte]struct{}{} // a scan may show one twice
	err := a.Store.Scan(ctx, func(c lifecycle.Contact) error {
		id := [12]byte([]byte(c.ID)[:12])
		if _, twice := seen[id]; twice || c.Shop != shop || c.Forward != "" || c.Erasing != nil {
			return nil
		}
		seen[id] = struct{}{}
		row := contactRow(&s.Rules, &c)
		for i := range row {
			row[i] = cell(row[i])
		}
		return w.Write(row)
	})
	if err != nil {
		return err
	}
	if w.Flush(); w.Error() != nil {
		return w.Error()
	}
	return buf.Flush()
}

func contactRow(r *lifecycle.Rules, c *lifecycle.Contact) []string {
	t := r.Totals(c)
	p := c.Profile
	row := []string{
		c.ID, c.Email.Value, c.Phone.Value, p.FirstName, p.LastName, p.Locale, p.Country, p.Timezone, history.Refs(c.Refs),
		c.State.String(), string(c.Reason), stampOf(c.Since), strconv.Itoa(t.Orders), t.Spent.String(), t.Spent.Currency, strconv.Itoa(t.Foreign), stampOf(t.First), stampOf(t.Last),
	}
	for ch := lifecycle.Email; ch <= lifecycle.SMS; ch++ {
		con := c.Consent[ch]
		at := con.At
		if con.State() == lifecycle.Unknown {
			at = con.UnknownAt
		}
		row = append(row, con.State().String(), stampOf(at), con.Source, con.Evidence)
	}
	journey, step := "", ""
	if c.Run != nil {
		journey, step = c.Run.Journey, strconv.Itoa(c.Run.Step)
	}
	return append(row, journey, step, stampOf(c.Due), stampOf(c.MadeAt))
}

// stampOf is a time for programs; empty for none.
func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.999Z07:00")
}
