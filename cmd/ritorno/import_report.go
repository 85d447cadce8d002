package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"ritorno/config"
	"ritorno/internal/engine"
	"ritorno/internal/history"
	"ritorno/internal/lifecycle"
)

// importReport says what a file held and what became of it.
type importReport struct {
	File      string       `json:"file"`
	Shop      string       `json:"shop"`
	Source    string       `json:"source"`
	Kind      history.Kind `json:"kind"`
	Separator string       `json:"separator"`
	Encoding  string       `json:"encoding"`
	Locale    string       `json:"locale"`

	Rows      int    `json:"rows"`       // orders, returns and contacts; an order of several lines is one
	Orders    int    `json:"orders"`     // purchases
	Free      int    `json:"free"`       // of these, worth 0
	Returns   int    `json:"returns"`    // rows that give money back
	Cancelled int    `json:"cancelled"`  // orders that are void
	NotPlaced int    `json:"not_placed"` // unpaid, failed, drafts: passed over
	Contacts  int    `json:"contacts"`   // rows about a person
	Bad       int    `json:"rejected"`
	Rejected  string `json:"rejected_file,omitempty"`

	Money map[string]*importMoney `json:"money"` // by currency
	Done  engine.Imported         `json:"done"`
	// Dormant are those whom the import found silent already.
	Dormant engine.Released `json:"dormant"`

	dormant config.Dormant
	took    time.Duration
}

// importMoney adds up what a file says in one currency, as decimal text.
type importMoney struct {
	Bought    money `json:"bought"`
	GivenBack money `json:"given_back"`
	Net       money `json:"net"`
}

type money struct{ lifecycle.Money }

func (m money) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

func (r *importReport) count(e history.Entry) {
	r.Rows++
	switch e.What {
	case history.Purchase:
		r.Orders++
		if e.Total.Minor == 0 {
			r.Free++
		}
		r.add(e.Total.Currency, e.Total.Minor, e.Back)
	case history.Return:
		r.Returns++
		r.add(e.Total.Currency, 0, -e.Total.Minor)
	case history.Void:
		r.Cancelled++
	case history.Person:
		r.Contacts++
	case history.Nothing:
		r.NotPlaced++
	}
}

func (r *importReport) add(currency string, bought, back int64) {
	m := r.Money[currency]
	if m == nil {
		m = &importMoney{}
		for _, x := range []*money{&m.Bought, &m.GivenBack, &m.Net} {
			x.Currency = currency
		}
		r.Money[currency] = m
	}
	m.Bought.Minor += bought
	m.GivenBack.Minor += back
	m.Net.Minor += bought - back
}

var separators = map[string]string{",": "commas", ";": "semicolons", "\t": "tabs"}

func (r *importReport) write(w io.Writer) error {
	fmt.Fprintf(w, "%s: %s rows, columns of %s, separated by %s, %s, numbers and days as in %s\n\n", r.File, grouped(r.Rows), r.Kind, separators[r.Separator], r.Encoding, r.Locale)
	var rows [][]any
	line := func(name string, n int, more string) {
		if n > 0 || name == "orders" {
			rows = append(rows, []any{"  " + name, grouped(n) + more})
		}
	}
	free := ""
	if r.Free > 0 {
		free = fmt.Sprintf(", of these %s at 0.00", grouped(r.Free))
	}
	line("orders", r.Orders, free)
	line("returns", r.Returns, "")
	line("cancelled", r.Cancelled, "")
	line("not placed", r.NotPlaced, ", passed over: unpaid, failed or a draft")
	line("contacts", r.Contacts, "")
	line("rejected", r.Bad, ", kept in "+r.Rejected+" with the reasons")
	for _, currency := range slices.Sorted(maps.Keys(r.Money)) {
		m := r.Money[currency]
		rows = append(rows, []any{"  " + currency, fmt.Sprintf("%s bought, %s given back: %s", m.Bought, m.GivenBack, m.Net)})
	}
	if err := table(w, rows...); err != nil {
		return err
	}
	if r.Done.Changed == 0 {
		fmt.Fprintln(w, "\nNothing changed: all of it was known.")
	} else {
		fmt.Fprintf(w, "\nTaken into shop %s: %s new contacts, %s new orders (%.0f rows a second).\n", r.Shop, grouped(r.Done.Made), grouped(r.Done.Orders), float64(r.Rows)/r.took.Seconds())
	}
	return r.writeDormant(w)
}

func (r *importReport) writeDormant(w io.Writer) error {
	d := r.Dormant
	var err error
	switch {
	case d.Held == 0:
	case d.Released == 0:
		_, err = fmt.Fprintf(w, "%s contacts were silent already and are left out of the inactivity journey until they buy again. To win them back, import again with --dormant N (so many a day, the best first) or --dormant all.\n", grouped(d.Held))
	case r.dormant == config.DormantAll:
		_, err = fmt.Fprintf(w, "%s contacts were silent already and enter the inactivity journey now.\n", grouped(d.Released))
	default:
		_, err = fmt.Fprintf(w, "%s contacts were silent already and enter the inactivity journey, at most %d a day and the best first, from %s to %s.\n",
			grouped(d.Released), r.dormant, d.First.UTC().Format("2006-01-02"), d.Last.UTC().Format("2006-01-02"))
	}
	return err
}

// grouped is a number with commas between thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
