package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"
)

// pipe sends what fill queues in one round trip (on a cluster: one to each
// node). An absent key is no error here; read each command's own.
func (s *Store) pipe(ctx context.Context, op string, fill func(redis.Pipeliner)) error {
	p := s.rdb.Pipeline()
	fill(p)
	cmds, err := p.Exec(ctx)
	for _, c := range cmds {
		if e := c.Err(); e != nil && !errors.Is(e, redis.Nil) {
			return wrap(op, e)
		}
	}
	if errors.Is(err, redis.Nil) {
		return nil
	}
	return wrap(op, err)
}

// amend calls a script that may run again with the same arguments, and
// confirms what it wrote.
func (s *Store) amend(ctx context.Context, op, name string, list []string, args ...any) ([]any, error) {
	at, err := s.sealOf(ctx, list[0])
	if err != nil {
		return nil, wrap(op, err)
	}
	reply, err := s.ask(ctx, name, list, args...)
	if err == nil {
		err = s.confirm(ctx, at)
	}
	if err != nil {
		return nil, wrap(op, err)
	}
	return reply, nil
}

// write sends a command that may run again, and confirms it. It returns the
// answer, nil when that is absent.
func (s *Store) write(ctx context.Context, op, verb, key string, args ...any) (any, error) {
	at, err := s.sealOf(ctx, key)
	if err != nil {
		return nil, wrap(op, err)
	}
	cmds, err := s.read(ctx, op, func() []*redis.Cmd {
		return []*redis.Cmd{command(ctx, 1, append([]any{verb, key}, args...)...)}
	})
	if err != nil {
		return nil, err
	}
	answer, err := cmds[0].Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, wrap(op, err)
	}
	return answer, wrap(op, s.confirm(ctx, at))
}

// place is a field of a hash, or a whole string when field is empty.
type place struct{ key, field string }

// values reads places, each with those of concurrent callers in one round
// trip, many apart from them; "" where there is nothing.
func (s *Store) values(ctx context.Context, op string, places ...place) ([]string, error) {
	if len(places) > bulkChunk {
		return s.bulkValues(ctx, op, places)
	}
	cmds, err := s.read(ctx, op, func() []*redis.Cmd {
		cmds := make([]*redis.Cmd, len(places))
		for i, p := range places {
			if p.field == "" {
				cmds[i] = command(ctx, 1, "get", p.key)
			} else {
				cmds[i] = command(ctx, 1, "hget", p.key, p.field)
			}
		}
		return cmds
	})
	if err != nil {
		return nil, err
	}
	found := make([]string, len(places))
	for i, c := range cmds {
		if found[i], err = c.Text(); err != nil && !errors.Is(err, redis.Nil) {
			return nil, wrap(op, err)
		}
	}
	return found, nil
}

// each calls do for every digest, some at a time, and returns the first error.
func each(ctx context.Context, ds []Digest, do func(context.Context, Digest) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for _, d := range ds {
		g.Go(func() error { return do(ctx, d) })
	}
	return g.Wait()
}

// hashes reads one hash of each source, a shop and a name, in one round trip.
func hashes[T any](ctx context.Context, s *Store, op string, key func(shop, source string) string, decode func(map[string]string) (T, error), sources [][2]string) ([]T, error) {
	for _, src := range sources {
		if err := checkSource(src[0], src[1]); err != nil {
			return nil, wrap(op, err)
		}
	}
	cmds, err := s.read(ctx, op, func() []*redis.Cmd {
		cmds := make([]*redis.Cmd, len(sources))
		for i, src := range sources {
			cmds[i] = command(ctx, 1, "hgetall", key(src[0], src[1]))
		}
		return cmds
	})
	if err != nil {
		return nil, err
	}
	out := make([]T, len(sources))
	for i, c := range cmds {
		all, err := pairs(c)
		if err == nil {
			out[i], err = decode(all)
		}
		if err != nil {
			return nil, wrap(op, err)
		}
	}
	return out, nil
}

// checkLength keeps what is stored under a bound. what must not be a value:
// it appears in the error.
func checkLength(what, value string, least, most int) error {
	if len(value) < least || len(value) > most {
		return fmt.Errorf("%s of %d bytes: it must have %d to %d", what, len(value), least, most)
	}
	return nil
}
