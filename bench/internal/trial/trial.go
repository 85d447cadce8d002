// Package trial measures the service against its baselines: whole ingest,
// memory for each contact, and claims. What is compared runs in the same
// minutes on the same machine, so that the ratios hold where figures do not.
package trial

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Options say what to measure and how long.
type Options struct {
	Ritorno string    // the built service
	Self    string    // this program: run as "SELF baseline …" it serves a baseline
	Dir     string    // an empty directory for all data; the caller removes it
	Log     io.Writer // what is going on

	Requests int  // orders in each round, for each contender
	Warmup   int  // orders before the first round
	Rounds   int  // of which the median counts
	Conns    int  // connections at once
	Contacts int  // in the measurement of memory and of claims
	Claims   int  // in each round, for each contender
	Rows     int  // of an order history, in each round
	Only     bool // nothing but the order history
}

// Run measures everything.
func Run(ctx context.Context, o Options) (Report, error) {
	r := Report{Options: o}
	var err error
	if r.Machine, err = machine(o.Dir); err != nil {
		return r, err
	}
	if !o.Only {
		if r.Ingest, err = ingest(ctx, o); err != nil {
			return r, fmt.Errorf("ingest: %w", err)
		}
	}
	if r.History, err = histories(ctx, o); err != nil {
		return r, fmt.Errorf("history: %w", err)
	}
	if !o.Only {
		if err = contacts(ctx, o, &r); err != nil {
			return r, err
		}
	}
	r.Machine.LoadAfter = loadAverage()
	return r, nil
}

func (o Options) say(format string, args ...any) {
	fmt.Fprintf(o.Log, time.Now().Format("15:04:05 ")+format+"\n", args...)
}

// cpu is processor time, user and system.
type cpu time.Duration

// per is microseconds for each of n.
func (c cpu) per(n int) float64 { return float64(c) / float64(time.Microsecond) / float64(n) }

// median of an odd or even number of values, which it sorts.
func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	if n == 0 {
		return 0
	}
	return (values[(n-1)/2] + values[n/2]) / 2
}

// medians is the median of each figure over the rounds.
func medians[T any](rounds []T, figure func(T) float64) float64 {
	values := make([]float64, len(rounds))
	for i, r := range rounds {
		values[i] = figure(r)
	}
	return median(values)
}

// spread calls f for 0 to n-1 from a number of callers at once, until one
// fails.
func spread(ctx context.Context, callers, n int, f func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := f(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}
