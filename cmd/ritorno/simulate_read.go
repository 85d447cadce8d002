package main

import (
	"encoding/csv"
	"errors"
	"io"
	"math/big"
	"os"
	"strconv"
	"time"

	"ritorno/internal/history"
	"ritorno/internal/lifecycle"
	"ritorno/internal/rehearse"
)

// simulatedFile is what was read of the history.
type simulatedFile struct {
	Rows      int      `json:"rows"`
	NotPlaced int      `json:"not_placed"` // unpaid, failed, drafts: passed over
	Bad       int      `json:"rejected"`
	Faults    []string `json:"faults,omitempty"` // the first few
}

// faultsShown is how many bad lines are told of.
const faultsShown = 3

// readFile reads the whole history; bad lines are counted and passed over.
func (s *simulation) readFile(stderr io.Writer) error {
	in, err := os.Open(s.file)
	if err != nil {
		return usagef("ritorno simulate: %w", err)
	}
	defer func() { _ = in.Close() }() // only read
	bar := newProgress(in)
	locale := s.o.locale
	if locale == "" {
		locale = s.shop.Locale
	}
	r := &s.first.rules
	file, err := history.Open(bar, history.Options{Source: s.o.source, Zone: r.Location, Currency: r.Currency, Locale: locale, Country: r.Country})
	if err != nil {
		return usagef("ritorno simulate: %s: %w", s.file, err)
	}
	bar.start(stderr)
	defer bar.stop()
	s.history = rehearse.NewHistory(s.o.shop)
	for {
		e, err := file.Next()
		bar.rows.Add(1)
		var bad *history.BadLine
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad):
			if s.read.Bad++; len(s.read.Faults) < faultsShown {
				s.read.Faults = append(s.read.Faults, bad.Error())
			}
			continue
		case err != nil:
			return s.cannot(err)
		}
		if s.read.Rows++; e.What == history.Nothing {
			s.read.NotPlaced++
		}
		for _, ev := range e.Events {
			s.history.Add(ev)
		}
	}
}

// typical prices of one SMS segment by country, in units of the shop's currency:
// what large providers ask in public, rounded; docs/simulate.md says where from.
var typical = map[string]rehearse.Price{
	"IT": 90_000, "FR": 80_000, "DE": 110_000, "ES": 80_000, "GB": 50_000, "US": 10_000,
}

const (
	typicalSMS   rehearse.Price = 80_000 // elsewhere
	typicalEmail rehearse.Price = 1_000
)

// pricesOf are the owner's prices, else typical ones.
func pricesOf(r *lifecycle.Rules, sms, email string) (p rehearse.Prices, err error) {
	p = rehearse.Prices{SMS: typicalSMS, Email: typicalEmail, Assumed: sms == "" || email == ""}
	if t, ok := typical[r.Country]; ok {
		p.SMS = t
	}
	if sms != "" {
		if p.SMS, err = priceOf("--sms-price", sms); err != nil {
			return p, err
		}
	}
	if email != "" {
		p.Email, err = priceOf("--email-price", email)
	}
	return p, err
}

// priceOf reads a decimal number of at most six places.
func priceOf(flag, text string) (rehearse.Price, error) {
	v, ok := new(big.Rat).SetString(text)
	if ok {
		v.Mul(v, big.NewRat(1_000_000, 1))
	}
	if !ok || len(text) > 16 || !v.IsInt() || v.Sign() < 0 || v.Cmp(big.NewRat(1_000_000_000, 1)) > 0 {
		return 0, usagef("ritorno simulate: %s %q is no price such as 0.078: at most 1000, with at most six decimal places", flag, text)
	}
	return rehearse.Price(v.Num().Int64()), nil
}

// writeList writes every decision about a message as CSV.
func writeList(w io.Writer, all []rehearse.Decision) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"at", "customer_id", "journey", "step", "channel", "template", "what", "reason", "segments"}); err != nil {
		return err
	}
	for _, d := range all {
		err := out.Write([]string{
			d.At.Format(time.RFC3339), history.Safe(d.Customer), d.Journey, strconv.Itoa(d.Step), d.Channel.String(), d.Template, d.What, string(d.Reason), strconv.Itoa(d.Segments),
		})
		if err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
