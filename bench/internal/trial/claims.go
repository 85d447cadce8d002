package trial

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"

	"ritorno/bench/internal/process"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

const (
	workers    = 16  // as the engine has
	claimBatch = 100 // as the engine claims
	// afterAll is when every timer of the contacts has fired.
	afterAll = 60 * 24 * time.Hour
	noop     = "noop"
)

// ClaimRound is one contender in one round.
type ClaimRound struct {
	PerSecond float64
	Program   float64 // CPU of the program, µs for each claim
	Redis     float64 // CPU of its Redis, the same
}

// Claims are the rounds of store.Claim with the release of what was claimed,
// and of asynq.
type Claims struct{ Ours, Asynq []ClaimRound }

func claims(ctx context.Context, o Options, h *House, other *server) (Claims, error) {
	var c Claims
	for round := range o.Rounds {
		ours, err := timed(o.Claims, h.server, func() error { return claimAndRelease(ctx, h.Store, o.Claims) })
		if err != nil {
			return c, fmt.Errorf("claims of ritorno: %w", err)
		}
		if err := queue(ctx, other, o.Claims); err != nil {
			return c, fmt.Errorf("claims of asynq: %w", err)
		}
		theirs, err := workOff(ctx, other, o.Claims)
		if err != nil {
			return c, fmt.Errorf("claims of asynq: %w", err)
		}
		o.say("claims round %d: ritorno %.0f/s, asynq %.0f/s", round+1, ours.PerSecond, theirs.PerSecond)
		c.Ours, c.Asynq = append(c.Ours, ours), append(c.Asynq, theirs)
	}
	return c, nil
}

// timed measures f, which claims n times on s.
func timed(n int, s *server, f func() error) (r ClaimRound, err error) {
	own, err := process.Own()
	if err != nil {
		return r, err
	}
	theirs, err := s.cpu()
	if err != nil {
		return r, err
	}
	began := time.Now()
	if err := f(); err != nil {
		return r, err
	}
	took := time.Since(began)
	ownAfter, err := process.Own()
	if err != nil {
		return r, err
	}
	theirsAfter, err := s.cpu()
	return ClaimRound{
		PerSecond: float64(n) / took.Seconds(),
		Program:   cpu(ownAfter - own).per(n), Redis: (theirsAfter - theirs).per(n),
	}, err
}

// claimAndRelease is what the engine's round does with a contact that needs
// nothing: one claims, shard after shard, and workers give back.
func claimAndRelease(ctx context.Context, st *store.Store, n int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	found := make(chan store.Claimed)
	go func() {
		defer close(found)
		if err := claim(ctx, st, n, found); err != nil {
			cancel(err)
		}
	}()
	err := spread(ctx, workers, workers, func(ctx context.Context, _ int) error {
		for c := range found {
			_, err := st.Update(ctx, store.Request{ID: c.ID, Fence: c.Fence, Release: true},
				func(c lifecycle.Contact, _ store.Known) (store.Change, error) { return store.Change{Contact: c}, nil })
			if err != nil {
				cancel(err)
				return err
			}
		}
		return nil
	})
	return errors.Join(err, context.Cause(ctx))
}

func claim(ctx context.Context, st *store.Store, n int, found chan<- store.Claimed) error {
	now := time.Now().Add(afterAll)
	for idle, shard := 0, 0; n > 0; shard++ {
		got, err := st.Claim(ctx, shard%st.Shards(), now, min(n, claimBatch))
		if err != nil {
			return err
		}
		if idle++; len(got) > 0 {
			idle = 0
		}
		if idle > st.Shards() {
			return errors.New("no contact is due")
		}
		n -= len(got)
		for _, c := range got {
			select {
			case found <- c:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// queue puts n tasks in line that do nothing.
func queue(ctx context.Context, s *server, n int) error {
	tasks := asynq.NewClientFromRedisClient(s.Client)
	return spread(ctx, fillers, n, func(ctx context.Context, _ int) error {
		_, err := tasks.EnqueueContext(ctx, asynq.NewTask(noop, nil), asynq.Queue(noop))
		return err
	})
}

// workOff lets asynq work the tasks off. Its slow farewell is not measured.
func workOff(ctx context.Context, s *server, n int) (ClaimRound, error) {
	srv := asynq.NewServerFromRedisClient(s.Client, asynq.Config{
		Concurrency: workers, Queues: map[string]int{noop: 1}, Logger: mute{}, LogLevel: asynq.FatalLevel,
	})
	started := false
	r, err := timed(n, s, func() error {
		var done atomic.Int64
		finished := make(chan struct{})
		if err := srv.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
			if done.Add(1) == int64(n) {
				close(finished)
			}
			return nil
		})); err != nil {
			return err
		}
		started = true
		select {
		case <-finished:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	if started {
		srv.Shutdown()
	}
	return r, err
}

// mute is a logger that says nothing.
type mute struct{}

func (mute) Debug(...any) {}
func (mute) Info(...any)  {}
func (mute) Warn(...any)  {}
func (mute) Error(...any) {}
func (mute) Fatal(...any) {}
