package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/defect"
)

// guardWait is how long a new connection waits for a file to be made whole
// before its caller is sent away to try again.
const guardWait = 3 * time.Second

// newConnection stands for the server's address, which a connection does not
// know, in what the operator reads.
const newConnection = "the other end of a new connection"

// guard lets no connection be used to a server that restarted and whose file
// was not made whole since. A restart ends every connection, so whatever is
// acknowledged comes through here first: a second power cut right after the
// first one cannot take it, however soon it comes (see Seal).
func (s *Store) guard(ctx context.Context, conn *redis.Conn) error {
	if !s.guarding.Load() || defect.On("guard") {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, guardWait)
	defer cancel()
	facts, err := infoOf(ctx, conn, newConnection)
	if err != nil {
		return err
	}
	run := facts["run_id"]
	if _, ok := s.sealed.Load(run); ok || facts["role"] == "slave" {
		return nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return restarted(ctx.Err())
	}
	if _, ok := s.sealed.Load(run); ok {
		return nil
	}
	if facts, err = infoOf(ctx, conn, newConnection); err != nil {
		return err
	}
	if !whole(facts) {
		if err := s.seal(ctx, conn, newConnection); err != nil {
			return restarted(err)
		}
	}
	s.sealed.Store(run, true)
	return nil
}

// restarted says why nothing can be stored just now.
func restarted(err error) error {
	if errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: the server restarted, and its append-only file is being made whole: %w", ErrUnavailable, err)
}
