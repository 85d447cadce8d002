package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"ritorno/internal/store"
)

// Pace of telling, in real time.
const (
	tellBatch   = 8 // contacts of one destination claimed at once
	tellAtOnce  = 4 // of these, told at the same time
	tellLimit   = 40 * time.Second
	tellLease   = 2 * time.Minute // outlasts tellLimit for the whole batch, or it is told twice
	tellPoll    = 5 * time.Second // for what other processes put there, and for tries whose time came
	tellEager   = 2 * time.Second // how long after a change it is looked for at once
	tellSoon    = 50 * time.Millisecond
	tellRestMax = time.Minute
	tellGiveUp  = 7 * 24 * time.Hour  // of failures: then only a person, or more news, tries again
	tellKeep    = 30 * 24 * time.Hour // what was given up is dropped after this
)

// tellWaits are the pauses between tries, after the advice of Standard
// Webhooks; the last one goes on.
var tellWaits = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute,
	2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// teller is how telling one destination goes in this process.
type teller struct {
	shop *Shop
	to   *Destination
	key  string // of its queue
	wake chan struct{}

	mu  sync.Mutex
	row int    // failures in a row that others would meet, too
	why string // what the operator was told; empty: all is well
}

// makeTellers makes one for each destination of each shop.
func (e *Engine) makeTellers() {
	for i := range e.o.Shops {
		s := &e.o.Shops[i]
		for j := range s.Destinations {
			d := &s.Destinations[j]
			e.tellers[s.Name] = append(e.tellers[s.Name], &teller{shop: s, to: d, key: queueOf(s.Name, d.Name), wake: make(chan struct{}, 1)})
		}
	}
}

// wakeTellers lets a shop's destinations be looked at: something is about to be
// stored for them.
func (e *Engine) wakeTellers(s *Shop) {
	for _, t := range e.tellers[s.Name] {
		select {
		case t.wake <- struct{}{}:
		default:
		}
	}
}

// tellAll tells every destination until ctx ends.
func (e *Engine) tellAll(ctx context.Context) {
	var loops sync.WaitGroup
	var keys []string
	for _, list := range e.tellers {
		for _, t := range list {
			keys = append(keys, t.key)
		}
	}
	if len(keys) == 0 {
		return
	}
	e.openDestinations(ctx, keys)
	for _, list := range e.tellers {
		for _, t := range list {
			loops.Go(func() { e.tellLoop(ctx, t) })
		}
	}
	loops.Wait()
}

// openDestinations remembers them, and takes over what a killed process left
// where nobody else can be at work. It tries until the store answers.
func (e *Engine) openDestinations(ctx context.Context, keys []string) {
	for ctx.Err() == nil {
		err := e.st.OpenDestinations(ctx, keys...)
		for _, key := range keys {
			if err == nil && e.o.Exclusive {
				err = e.st.FreeLines(ctx, key)
			}
		}
		if err == nil {
			return
		}
		e.trouble("outgoing", err)
		rest(ctx, tellPoll)
	}
}

// tellLoop tells one destination. After a failure that others would meet, too,
// it rests, longer each time, and then tries with one contact alone.
func (e *Engine) tellLoop(ctx context.Context, t *teller) {
	var eager time.Time
	for ctx.Err() == nil {
		n, err := e.tellRound(ctx, t)
		if err != nil && ctx.Err() == nil {
			e.trouble("outgoing", err)
		}
		if wait := t.pause(); wait > 0 {
			rest(ctx, wait) // whatever comes meanwhile
			continue
		}
		if err == nil && n > 0 {
			continue
		}
		wait := tellPoll/2 + rand.N(tellPoll)
		if time.Now().Before(eager) {
			wait = tellSoon
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-t.wake:
			eager = time.Now().Add(tellEager)
			rest(ctx, tellSoon) // what woke it is being stored
		case <-timer.C:
		}
		timer.Stop()
	}
}

func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// pause is how long the destination is left alone after failures in a row.
func (t *teller) pause() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.row == 0 {
		return 0
	}
	most := min(time.Second<<min(t.row-1, 6), tellRestMax)
	return most/2 + rand.N(most/2)
}

// tellRound tells what waits at most in one batch, and returns how many
// contacts it took on.
func (e *Engine) tellRound(ctx context.Context, t *teller) (int, error) {
	real, _, err := e.st.Now(ctx)
	if err != nil {
		return 0, err
	}
	n := tellBatch
	if t.pause() > 0 {
		n = 1
	}
	return e.tellBatch(ctx, t, real, n)
}

func (e *Engine) tellBatch(ctx context.Context, t *teller, now time.Time, n int) (int, error) {
	if t.to.OneByOne {
		n = min(n, int(tellLease/tellLimit)-1)
	}
	lines, err := e.st.ClaimLines(ctx, t.key, now, n, tellLease)
	var g errgroup.Group
	g.SetLimit(tellAtOnce)
	if t.to.OneByOne {
		g.SetLimit(1)
	}
	for _, l := range lines {
		g.Go(func() error { return e.tellLine(ctx, t, l, now) })
	}
	return len(lines), errors.Join(err, g.Wait())
}

// TellDue tells every destination what may be tried by now, real time, and
// returns how many contacts it took on. Run does the same by itself.
func (e *Engine) TellDue(ctx context.Context, now time.Time) (sum int, _ error) {
	for _, list := range e.tellers {
		for _, t := range list {
			for {
				n, err := e.tellBatch(ctx, t, now, tellBatch)
				sum += n
				if err != nil {
					return sum, err
				}
				if n == 0 {
					break
				}
			}
		}
	}
	return sum, nil
}

// retryAt says when a line is tried again after one more failure.
func retryAt(t store.Tries, now time.Time, wish time.Duration) (store.Tries, time.Time) {
	if t.Failed == 0 {
		t.Since = now
	}
	t.Failed++
	if now.Sub(t.Since) >= tellGiveUp {
		t.Over = true
		return t, now.Add(tellKeep)
	}
	wait := tellWaits[min(t.Failed, len(tellWaits))-1]
	wait = wait*9/10 + rand.N(wait/5)
	return t, now.Add(max(wait, wish))
}
