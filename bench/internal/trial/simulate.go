package trial

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"text/tabwriter"
	"time"

	"ritorno/internal/generate"
	"ritorno/internal/history"
	"ritorno/internal/lifecycle"
)

// Simulation is what playing an order history through the journeys costs.
type Simulation struct {
	Machine   Machine
	Orders    int
	Customers int
	Messages  int
	Rounds    []SimulationRound
}

// SimulationRound is one run of the built program, and the reading of the same
// file without it.
type SimulationRound struct {
	Read  time.Duration // the file alone, in this process
	Play  time.Duration // ritorno simulate, from start to end
	CPU   time.Duration // of it, user and system
	Bytes int64         // resident at most
}

// perPerson is about how many orders a generated customer has in 18 months.
const perPerson = 5

// Simulate generates a history of about so many orders and plays it.
func Simulate(ctx context.Context, o Options, orders int) (s Simulation, err error) {
	if s.Machine, err = machine(o.Dir); err != nil {
		return s, err
	}
	file, settings := filepath.Join(o.Dir, "orders.csv"), filepath.Join(o.Dir, "ritorno.yaml")
	if err := os.WriteFile(settings, []byte(simulated), 0o600); err != nil {
		return s, err
	}
	o.say("generating %d orders", orders)
	if s.Orders, s.Customers, err = generated(file, orders); err != nil {
		return s, err
	}
	for round := range o.Rounds {
		var r SimulationRound
		if r.Read, err = readFile(file); err != nil {
			return s, err
		}
		if err := s.play(ctx, o, &r, settings, file); err != nil {
			return s, err
		}
		s.Rounds = append(s.Rounds, r)
		o.say("simulation round %d: %.0f orders/s, reading alone %.0f/s", round+1, s.speed(r.Play), s.speed(r.Read))
	}
	s.Machine.LoadAfter = loadAverage()
	return s, nil
}

// simulated is a shop with the built-in journeys.
const simulated = `public_url: https://ritorno.example.com
shops:
  bottega:
    name: Bottega Rossi
    home_url: https://bottega.example
    locale: it
    timezone: Europe/Rome
    country: IT
    currency: EUR
    quiet_hours: {from: "21:00", to: "09:00", days: [sun], holidays: true, channels: [sms]}
    frequency_cap: {messages: 4, per: 30d}
    sources:
      erp: {kind: webhook, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}
    journeys: [reactivation, welcome_back]
`

// generated writes the orders of a made-up shop, in the order of time.
func generated(name string, want int) (orders, customers int, err error) {
	f, err := os.Create(name)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := csv.NewWriter(f)
	if err := w.Write([]string{"customer_id", "order_id", "ordered_at", "total", "currency", "product"}); err != nil {
		return 0, 0, err
	}
	to := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	l := generate.New(1, generate.Options{People: max(want/perPerson, 1), From: to.AddDate(0, -18, 0), To: to})
	seen := map[int]bool{}
	for _, ev := range l.Events {
		if ev.Kind != generate.Bought && ev.Kind != generate.Renewed || orders == want {
			continue
		}
		orders++
		seen[ev.Person] = true
		total := lifecycle.Money{Minor: ev.Order.Total, Currency: "EUR"}
		err := w.Write([]string{l.People[ev.Person].CustomerID, ev.Order.ID, ev.At.UTC().Format("2006-01-02T15:04:05"), total.String(), total.Currency, ev.Order.Items[0].Title})
		if err != nil {
			return 0, 0, err
		}
	}
	w.Flush()
	return orders, len(seen), w.Error()
}

func readFile(name string) (time.Duration, error) {
	begun := time.Now()
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // only read
	in, err := history.Open(f, history.Options{Source: "import", Currency: "EUR", Locale: "it", Country: "IT"})
	for err == nil {
		_, err = in.Next()
	}
	if !errors.Is(err, io.EOF) {
		return 0, err
	}
	return time.Since(begun), nil
}

// play runs the program and reads what it cost.
func (s *Simulation) play(ctx context.Context, o Options, r *SimulationRound, settings, file string) error {
	cmd := exec.CommandContext(ctx, o.Ritorno, "--config", settings, "--json", "simulate", file, "--assume-consent", "email,sms", "--reach", "email,sms") //nolint:gosec // G204: the program that is measured
	cmd.Stderr = io.Discard
	begun := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("ritorno simulate: %w", err)
	}
	r.Play = time.Since(begun)
	r.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if use, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.Bytes = use.Maxrss << 10
	}
	var report struct{ Orders, Messages int }
	if err := json.Unmarshal(out, &report); err != nil {
		return fmt.Errorf("ritorno simulate: read its report: %w", err)
	}
	if report.Orders != s.Orders || report.Messages == 0 {
		return fmt.Errorf("ritorno simulate: %d of %d orders were played, %d messages", report.Orders, s.Orders, report.Messages)
	}
	s.Messages = report.Messages
	return nil
}

func (s *Simulation) speed(d time.Duration) float64 { return float64(s.Orders) / d.Seconds() }

// Print writes the figures as a table: medians of the rounds.
func (s *Simulation) Print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	m := s.Machine
	fmt.Fprintf(w, "machine: %d cores, %s; load average %s before, %s after\n", m.Cores, m.Go, m.LoadBefore, m.LoadAfter)
	fmt.Fprintf(w, "\nSIMULATION: %d orders of %d customers, %d messages, median of %d rounds\n\n", s.Orders, s.Customers, s.Messages, len(s.Rounds))
	read := medians(s.Rounds, func(r SimulationRound) float64 { return r.Read.Seconds() })
	play := medians(s.Rounds, func(r SimulationRound) float64 { return r.Play.Seconds() })
	fmt.Fprintf(w, "\tseconds\torders/s\ttimes the first\tCPU µs an order\tMiB\t\n")
	fmt.Fprintf(w, "%s\t%.1f\t%.0f\t\t\t\t\n", nameParse, read, float64(s.Orders)/read)
	fmt.Fprintf(w, "ritorno simulate\t%.1f\t%.0f\t%.1f\t%.0f\t%.0f\t\n", play, float64(s.Orders)/play,
		medians(s.Rounds, func(r SimulationRound) float64 { return r.Play.Seconds() / r.Read.Seconds() }),
		medians(s.Rounds, func(r SimulationRound) float64 { return cpu(r.CPU).per(s.Orders) }),
		medians(s.Rounds, func(r SimulationRound) float64 { return float64(r.Bytes) / (1 << 20) }))
	return w.Flush()
}
