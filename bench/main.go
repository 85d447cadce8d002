// Command bench measures ritorno against its baselines in one run, on
// loopback: see docs/performance.md. It starts what it measures, ends it, and
// leaves nothing behind.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"ritorno/bench/internal/baseline"
	"ritorno/bench/internal/trial"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && args[0] == baseline.Command {
		return baseline.Main(ctx, args[1:], os.Stdout)
	}
	o := trial.Options{Log: os.Stderr}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.Ritorno, "ritorno", "bin/ritorno", "the built service")
	dir := f.String("dir", os.TempDir(), "where the data of the trial are kept meanwhile: the disk counts")
	f.IntVar(&o.Requests, "requests", 10_000, "orders in each round, for each contender")
	f.IntVar(&o.Warmup, "warmup", 2_000, "orders before the first round")
	f.IntVar(&o.Rounds, "rounds", 3, "rounds, of which the median counts")
	f.IntVar(&o.Conns, "connections", 32, "connections at once")
	f.IntVar(&o.Contacts, "contacts", 100_000, "contacts for memory and claims")
	f.IntVar(&o.Claims, "claims", 5_000, "claims in each round")
	f.IntVar(&o.Rows, "rows", 100_000, "rows of the order history in each round")
	f.BoolVar(&o.Only, "history", false, "measure nothing but the order history")
	simulate := f.Bool("simulate", false, "measure nothing but ritorno simulate")
	orders := f.Int("orders", 1_000_000, "orders of the history that is simulated")
	limit := f.Duration("limit", 15*time.Minute, "ends the run at the latest")
	if err := f.Parse(args); err != nil {
		return err
	}
	if min(o.Requests, o.Warmup, o.Rounds, o.Conns, o.Contacts, o.Claims, o.Rows, *orders) < 1 {
		return errors.New("every number must be 1 at least")
	}
	ctx, cancel := context.WithTimeout(ctx, *limit)
	defer cancel()
	if !*simulate {
		*orders = 0
	}
	return measure(ctx, o, *dir, *orders)
}

// measure runs the trials in a directory of their own, which it removes; with a
// number of orders, that of the simulation alone.
func measure(ctx context.Context, o trial.Options, parent string, orders int) (err error) {
	if o.Self, err = os.Executable(); err != nil {
		return err
	}
	if o.Dir, err = os.MkdirTemp(parent, "ritorno-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
	if orders > 0 {
		s, err := trial.Simulate(ctx, o, orders)
		if err != nil {
			return err
		}
		return s.Print(os.Stdout)
	}
	report, err := trial.Run(ctx, o)
	if err != nil {
		return err
	}
	return report.Print(os.Stdout)
}
