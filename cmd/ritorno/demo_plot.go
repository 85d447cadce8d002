package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"ritorno/internal/generate"
	"ritorno/internal/history"
	"ritorno/internal/lifecycle"
)

// demoZone is where the demo's shop is.
const demoZone = "Europe/Rome"

// plot is what happens in the shop, whoever is written to.
type plot struct {
	from, to time.Time
	zone     *time.Location
	currency string
	people   []generate.Person
	events   []generate.Event // in order
	life     *generate.Life   // nil: the orders are somebody's history
	bad      int              // lines of the history that were left out
	lost     int              // refunds of orders that the history does not hold
}

// plot generates a shop's life up to today, or reads a history.
func (o *demoOptions) plot() (*plot, error) {
	zone, err := time.LoadLocation(demoZone)
	if err != nil {
		return nil, err
	}
	if o.orders != "" {
		return readPlot(o.orders, o.seed, zone)
	}
	now := time.Now().In(zone)
	y, m, day := now.Date()
	to := time.Date(y, m, day, 0, 0, 0, 0, zone) // whole days, so that a seed is the same shop all day
	p := &plot{from: to.AddDate(0, -o.months, 0), to: to, zone: zone, currency: "EUR"}
	p.life = generate.New(o.seed, generate.Options{People: o.people, From: p.from, To: p.to, Zone: zone})
	p.people, p.events = p.life.People, p.life.Events
	return p, nil
}

// readPlot turns an order history into events. Its customers get invented
// names, addresses and choices about consent; they never buy more than they did.
func readPlot(name string, seed uint64, zone *time.Location) (*plot, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, usagef("ritorno demo: --orders: %w", err)
	}
	defer f.Close()
	p := &plot{zone: zone}
	rows, err := p.rows(f)
	if err != nil {
		return nil, usagef("ritorno demo: --orders %s: %w", name, err)
	}
	if len(rows) == 0 {
		return nil, usagef("ritorno demo: --orders %s: holds no order that can be read (%d bad lines)", name, p.bad)
	}
	slices.SortStableFunc(rows, func(a, b history.Row) int { return a.At.Compare(b.At) })
	p.from, p.to = rows[0].At, rows[len(rows)-1].At.Add(24*time.Hour)
	p.currency = rows[0].Total.Currency
	p.fill(rows, seed)
	return p, nil
}

func (p *plot) rows(r io.Reader) ([]history.Row, error) {
	in, err := history.NewReader(r)
	if err != nil {
		return nil, err
	}
	in.Zone, in.Currency = p.zone, "EUR"
	var rows []history.Row
	for {
		row, err := in.Next()
		var bad *history.BadLine
		switch {
		case errors.Is(err, io.EOF):
			return rows, nil
		case errors.As(err, &bad):
			p.bad++
		case err != nil:
			return nil, err
		default:
			rows = append(rows, row)
		}
	}
}

// fill makes people and events of rows in order.
func (p *plot) fill(rows []history.Row, seed uint64) {
	number := map[string]int{}
	paid := map[int][]*paidOrder{}
	for _, row := range rows {
		n, known := number[row.CustomerID]
		if !known {
			n = len(p.people)
			number[row.CustomerID] = n
			who := generate.Someone(seed, n)
			who.CustomerID = row.CustomerID
			p.people = append(p.people, who)
			p.events = append(p.events, generate.Event{At: row.At, Kind: generate.SignedUp, Person: n})
		}
		if row.Cancellation {
			p.giveBack(paid[n], row, n)
			continue
		}
		o := &generate.Order{ID: row.OrderID, Number: row.OrderID, At: row.At, Total: row.Total.Minor, Code: row.DiscountCode, Currency: row.Total.Currency}
		if row.Product != "" {
			o.Items = []generate.Item{{Product: row.Product, Title: row.Product, Category: row.Category, Quantity: 1, Price: row.Total.Minor}}
		}
		paid[n] = append(paid[n], &paidOrder{o, row.Total})
		p.events = append(p.events, generate.Event{At: row.At, Kind: generate.Bought, Person: n, Order: o})
	}
}

// paidOrder is an order and what is left of it after refunds.
type paidOrder struct {
	*generate.Order
	left lifecycle.Money
}

// giveBack takes a refund off the person's newest orders: histories do not say
// which order it belongs to.
func (p *plot) giveBack(orders []*paidOrder, row history.Row, person int) {
	back := row.Total.Minor
	if back < 0 {
		back = -back
	}
	part := 0
	for _, o := range slices.Backward(orders) {
		take := min(back, o.left.Minor)
		if take <= 0 || o.left.Currency != row.Total.Currency {
			continue
		}
		o.left.Minor -= take
		back -= take
		part++
		p.events = append(p.events, generate.Event{
			At: row.At, Kind: generate.Refunded, Person: person, Order: o.Order, Amount: take, Reason: fmt.Sprintf("%s-%d", row.OrderID, part),
		})
	}
	if part == 0 {
		p.lost++
	}
}
