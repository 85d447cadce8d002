package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// barrierWait is how long a disk may take to confirm.
const barrierWait = 2 * time.Second

// confirm returns when every change of the shard that was acknowledged before
// the call survives what the installation promised to survive.
func (s *Store) confirm(ctx context.Context, shard int) error {
	return s.confirmKey(ctx, s.keys.ready(shard))
}

// confirmKey is confirm for the node that holds key. With appendfsync always,
// the answer to the write was the confirmation.
func (s *Store) confirmKey(ctx context.Context, key string) error {
	if !s.waitAOF {
		return nil
	}
	node, err := s.master(ctx, key)
	if err != nil {
		return err
	}
	b, _ := s.barriers.LoadOrStore(address(node), &barrier{})
	return b.(*barrier).wait(ctx, func(ctx context.Context) error { return s.synced(ctx, node, s.scratch(key)) })
}

// scratch is a key that is written only to be waited for, on key's node.
func (s *Store) scratch(key string) string { return key + ":sync" }

// synced writes and waits for the disk on one connection: the server counts
// what the connection itself wrote. Everything acknowledged before, on whatever
// connection, lies before that in the file.
func (s *Store) synced(ctx context.Context, node *redis.Client, key string) error {
	conn := node.Conn()
	defer func() { _ = conn.Close() }()
	if err := conn.Set(ctx, key, "1", time.Minute).Err(); err != nil {
		return wrap("write before the barrier", err)
	}
	done, err := conn.WaitAOF(ctx, 1, 0, barrierWait).Result()
	if err != nil {
		s.stats.unconfirmed.Add(1)
		return wrap("wait for the disk", err)
	}
	if len(done) == 0 || done[0] < 1 {
		s.stats.unconfirmed.Add(1)
		return fmt.Errorf("wait for the disk: %w: not confirmed within %v", ErrUnavailable, barrierWait)
	}
	return nil
}

// barrier lets callers share waits: those who come while one runs share the
// next, which begins after their writes.
type barrier struct {
	mu      sync.Mutex
	running bool
	next    *round
}

type round struct {
	done chan struct{}
	err  error
}

func (b *barrier) wait(ctx context.Context, sync func(context.Context) error) error {
	b.mu.Lock()
	if b.next == nil {
		b.next = &round{done: make(chan struct{})}
	}
	r := b.next
	if !b.running {
		b.running = true
		// The round is for others, too: it outlives the caller that began it.
		go b.rounds(context.WithoutCancel(ctx), sync)
	}
	b.mu.Unlock()
	select {
	case <-r.done:
		return r.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// rounds runs until nobody waits.
func (b *barrier) rounds(ctx context.Context, sync func(context.Context) error) {
	for {
		b.mu.Lock()
		r := b.next
		b.next = nil
		if r == nil {
			b.running = false
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
		limited, cancel := context.WithTimeout(ctx, barrierWait+replyTimeout)
		r.err = sync(limited)
		cancel()
		close(r.done)
	}
}
