package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/defect"
)

// barrierWait is how long a disk may take to confirm.
const barrierWait = 2 * time.Second

// seal is which server a change is about to go to: the node that holds its
// keys, and that node's start. A barrier proves nothing about a change made
// before the server restarted or another took its place.
type seal struct {
	key, address, run string
}

// barriered reports whether an answer alone does not confirm a change.
func (s *Store) barriered() bool { return s.waitAOF || s.replicas > 0 }

// sealOf notes, before a change, which server will make it.
func (s *Store) sealOf(ctx context.Context, key string) (seal, error) {
	if !s.barriered() {
		return seal{key: key}, nil
	}
	node, err := s.master(ctx, key)
	if err != nil {
		return seal{}, err
	}
	run, _ := s.runs.Load(address(node))
	id, _ := run.(string)
	return seal{key, address(node), id}, nil
}

// confirm returns when every change that was acknowledged since the seal was
// noted survives what the installation promised to survive. With appendfsync
// always and no replica to wait for, the answer to the change was the
// confirmation.
func (s *Store) confirm(ctx context.Context, was seal) error {
	if !s.barriered() || defect.On("barrier") {
		return nil
	}
	node, err := s.master(ctx, was.key)
	if err != nil {
		return err
	}
	b, _ := s.barriers.LoadOrStore(address(node), &barrier{})
	run, err := b.(*barrier).wait(ctx, func(ctx context.Context) (string, error) { return s.synced(ctx, node, s.scratch(was.key)) })
	if err != nil {
		return err
	}
	if (address(node) != was.address || run != was.run) && !defect.On("run_id") {
		s.stats.unconfirmed.Add(1)
		return errors.Join(fmt.Errorf("%w: the server restarted, or another took its place, before the change was confirmed", ErrUnavailable), s.reseal(ctx))
	}
	return nil
}

// reseal looks at servers that restarted, one caller at a time.
func (s *Store) reseal(ctx context.Context) error {
	if !s.sealing.TryLock() {
		return nil
	}
	defer s.sealing.Unlock()
	return s.SealRestarted(ctx)
}

// scratch is a key that is written only to be waited for, on key's node.
func (s *Store) scratch(key string) string { return key + ":sync" }

// synced writes and waits for disk and replicas on one connection: the server
// counts what the connection itself wrote. Everything acknowledged before, on
// whatever connection, lies before that in the file and in the stream to the
// replicas. It returns which start of the server answered.
func (s *Store) synced(ctx context.Context, node *redis.Client, key string) (run string, err error) {
	conn := node.Conn()
	defer func() { _ = conn.Close() }()
	if err := conn.Set(ctx, key, "1", time.Minute).Err(); err != nil {
		return "", wrap("write before the barrier", err)
	}
	if s.waitAOF {
		done, err := conn.WaitAOF(ctx, 1, s.replicas, barrierWait).Result()
		if err == nil && (len(done) == 0 || done[0] < 1 || len(done) > 1 && int(done[1]) < s.replicas) {
			err = fmt.Errorf("%w: not on disk within %v", ErrUnavailable, barrierWait)
		}
		if err != nil {
			s.stats.unconfirmed.Add(1)
			return "", wrap("wait for the disk", err)
		}
	} else if s.replicas > 0 && !defect.On("wait") {
		n, err := conn.Wait(ctx, s.replicas, barrierWait).Result()
		if err == nil && int(n) < s.replicas {
			err = fmt.Errorf("%w: %d of %d replicas confirmed within %v", ErrUnavailable, n, s.replicas, barrierWait)
		}
		if err != nil {
			s.stats.unconfirmed.Add(1)
			return "", wrap("wait for the replicas", err)
		}
	}
	facts, err := conn.Info(ctx, "server").Result()
	if err != nil {
		return "", wrap("ask which server confirmed", err)
	}
	return factsOf(facts)["run_id"], nil
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
	run  string // of the server that confirmed
	err  error
}

func (b *barrier) wait(ctx context.Context, sync func(context.Context) (string, error)) (string, error) {
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
		return r.run, r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// rounds runs until nobody waits.
func (b *barrier) rounds(ctx context.Context, sync func(context.Context) (string, error)) {
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
		r.run, r.err = sync(limited)
		cancel()
		close(r.done)
	}
}
