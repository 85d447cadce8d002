package trial

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/hibiken/asynq"

	"ritorno/bench/internal/baseline"
	"ritorno/bench/internal/load"
	"ritorno/bench/internal/orders"
	"ritorno/bench/internal/process"
	"ritorno/internal/store"
)

// freshOf100 orders are by people who never bought before.
const freshOf100 = 25

// IngestRound is one contender in one round.
type IngestRound struct {
	load.Result
	Program float64 // CPU of the program that answers, µs for each request
	Redis   float64 // CPU of its Redis, the same; 0: none
}

// Ingest is what posting orders cost, by contender, in rounds.
type Ingest struct {
	Names  []string
	Rounds map[string][]IngestRound
}

// The contenders.
const (
	nameOurs   = "ritorno"
	nameVerify = "echo + HMAC alone"
	namePlain  = "plain baseline"
)

// contender is a program that takes orders.
type contender struct {
	name    string
	program *process.Process
	redis   *server // nil: it stores nothing
}

func ingest(ctx context.Context, o Options) (Ingest, error) {
	in := Ingest{Names: []string{nameOurs, nameVerify, namePlain}, Rounds: map[string][]IngestRound{}}
	all, err := startAll(ctx, o)
	if err == nil {
		err = in.rounds(ctx, o, all)
	}
	for _, c := range all {
		err = errors.Join(err, c.stop())
	}
	return in, err
}

// startAll starts the contenders. It returns those that were started, also
// with an error.
func startAll(ctx context.Context, o Options) (all []contender, err error) {
	p, s, err := serve(ctx, o.Ritorno, filepath.Join(o.Dir, "ritorno"))
	if err != nil {
		return nil, err
	}
	all = append(all, contender{nameOurs, p, s})
	if p, err = process.Start(ctx, nameVerify, o.Self, baseline.Command, "-kind", "verify", "-secret", secret); err != nil {
		return all, err
	}
	all = append(all, contender{nameVerify, p, nil})
	if s, err = startServer(ctx, filepath.Join(o.Dir, "plain"), "always"); err != nil {
		return all, err
	}
	if p, err = process.Start(ctx, namePlain, o.Self, baseline.Command, "-kind", "plain", "-secret", secret, "-socket", s.own.Socket()); err != nil {
		return all, errors.Join(err, s.close())
	}
	return append(all, contender{namePlain, p, s}), nil
}

// stop ends the program before its Redis.
func (c contender) stop() error {
	err := c.program.Stop()
	if c.redis != nil {
		err = errors.Join(err, c.redis.close())
	}
	return err
}

// rounds posts the same orders to each contender in turn, another one first in
// each round.
func (in *Ingest) rounds(ctx context.Context, o Options, all []contender) error {
	maker := orders.NewMaker(secret, time.Now(), freshOf100)
	sent := 0
	for round := -1; round < o.Rounds; round++ {
		n := o.Requests
		if round < 0 {
			n = o.Warmup
		}
		requests := load.Prepare(baseline.Path, maker.Batch(n))
		sent += n
		for i := range all {
			c := all[(i+round+1)%len(all)]
			r, err := c.measure(ctx, o, requests)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if round < 0 {
				continue
			}
			o.say("ingest round %d: %-18s %7.0f requests/s", round+1, c.name, r.PerSecond())
			in.Rounds[c.name] = append(in.Rounds[c.name], r)
		}
	}
	return stored(ctx, all, sent, maker.People())
}

// measure posts the requests to one contender.
func (c contender) measure(ctx context.Context, o Options, requests [][]byte) (r IngestRound, err error) {
	before, err := c.used()
	if err != nil {
		return r, err
	}
	if r.Result, err = load.Run(ctx, c.program.Addr, o.Conns, requests, baseline.Answer); err != nil {
		return r, err
	}
	after, err := c.used()
	if err != nil {
		return r, err
	}
	r.Program, r.Redis = (after[0] - before[0]).per(len(requests)), (after[1] - before[1]).per(len(requests))
	return r, nil
}

// used is the CPU so far of the program and of its Redis.
func (c contender) used() (u [2]cpu, err error) {
	d, err := process.CPU(c.program.Pid(), false)
	if err != nil {
		return u, err
	}
	u[0] = cpu(d)
	if c.redis != nil {
		u[1], err = c.redis.cpu()
	}
	return u, err
}

// stored makes sure that what was acknowledged is there: speed that loses
// orders is none.
func stored(ctx context.Context, all []contender, sent, people int) error {
	for _, c := range all {
		switch c.name {
		case nameOurs:
			if err := storedOurs(ctx, c, sent, people); err != nil {
				return err
			}
		case namePlain:
			if err := storedPlain(c, sent); err != nil {
				return err
			}
		}
	}
	return nil
}

func storedOurs(ctx context.Context, c contender, sent, people int) error {
	st, err := store.Open(ctx, store.Options{Socket: c.redis.Options().Addr})
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }() // only read
	n, err := st.Contacts(ctx)
	if err != nil {
		return err
	}
	counts, err := st.Counts(ctx, shop)
	if err != nil {
		return err
	}
	if n != int64(people) || counts["orders"] != int64(sent) {
		return fmt.Errorf("ritorno acknowledged %d orders of %d people and has %d of %d (counters %v)", sent, people, counts["orders"], n, counts)
	}
	return nil
}

func storedPlain(c contender, sent int) error {
	i := asynq.NewInspectorFromRedisClient(c.redis.Client)
	q, err := i.GetQueueInfo(baseline.Queue)
	if err != nil {
		return err
	}
	if q.Scheduled != sent*baseline.Steps {
		return fmt.Errorf("the plain baseline acknowledged %d orders and has %d tasks instead of %d", sent, q.Scheduled, sent*baseline.Steps)
	}
	return nil
}
