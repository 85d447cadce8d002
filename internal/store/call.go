package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/redis/go-redis/v9"
)

// patience bounds a call whose context has no deadline.
const patience = 10 * time.Second

// once is a command that the client never repeats by itself: who sent it
// decides, with the same token, because an answer that got lost says nothing
// about what the server did.
type once struct{ *redis.Cmd }

// NoRetry tells the client so.
func (once) NoRetry() bool { return true }

// command makes a command; key is the position of its first key, for the
// cluster's routing.
func command(ctx context.Context, key int8, args ...any) *redis.Cmd {
	c := redis.NewCmd(ctx, args...)
	c.SetFirstKeyPos(key)
	return c
}

// do sends cmds together with those of concurrent callers and waits for all
// answers. It returns the first error that is no absent key; read each
// command's own. When ctx ends first, commands may still be executed, and none
// may be read.
func (s *Store) do(ctx context.Context, cmds ...*redis.Cmd) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	waits := make([]redis.AutoFuture, len(cmds))
	for i, c := range cmds {
		waits[i] = s.batch.Submit(ctx, once{c})
	}
	var first error
	for _, w := range waits {
		err := w.WaitContext(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && !errors.Is(err, redis.Nil) && first == nil {
			first = err
		}
	}
	return first
}

// reads bounds how often a read is tried.
const reads = 3

// read is do for commands that change nothing: a lost answer is asked for
// again. make gives fresh commands for each try; the last ones are returned.
func (s *Store) read(ctx context.Context, op string, make func() []*redis.Cmd) ([]*redis.Cmd, error) {
	for try := 1; ; try++ {
		cmds := make()
		err := s.do(ctx, cmds...)
		if err == nil {
			return cmds, nil
		}
		if try == reads || !lost(err) || ctx.Err() != nil {
			return nil, wrap(op, err)
		}
		if err := pause(ctx, try); err != nil {
			return nil, wrap(op, err)
		}
	}
}

// run calls a script once. An error that satisfies lost leaves open whether it
// ran.
func (s *Store) run(ctx context.Context, name string, keys []string, args ...any) ([]any, error) {
	reply, err := s.eval(ctx, "evalsha", script(name).Hash(), keys, args)
	if err == nil || !redis.HasErrorPrefix(err, "NOSCRIPT") {
		return reply, err
	}
	// The cache went with a restart or a failover. The call was not executed.
	if err := s.load(ctx, name); err != nil {
		return nil, err
	}
	reply, err = s.eval(ctx, "evalsha", script(name).Hash(), keys, args)
	if err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") {
		return s.eval(ctx, "eval", texts[name], keys, args)
	}
	return reply, err
}

func (s *Store) eval(ctx context.Context, verb, body string, keys []string, args []any) ([]any, error) {
	all := make([]any, 0, 3+len(keys)+len(args))
	all = append(all, verb, body, len(keys))
	for _, k := range keys {
		all = append(all, k)
	}
	c := command(ctx, 3, append(all, args...)...)
	if err := s.do(ctx, c); err != nil {
		return nil, err
	}
	v, err := c.Result()
	if err != nil {
		return nil, err
	}
	if list, ok := v.([]any); ok {
		return list, nil
	}
	return []any{v}, nil
}

// ask is run for scripts that change nothing.
func (s *Store) ask(ctx context.Context, name string, keys []string, args ...any) ([]any, error) {
	for try := 1; ; try++ {
		reply, err := s.run(ctx, name, keys, args...)
		if err == nil || try == reads || !lost(err) || ctx.Err() != nil {
			return reply, err
		}
		if err := pause(ctx, try); err != nil {
			return nil, err
		}
	}
}

// pause waits before the next try, longer each time, at random, so that
// processes that met once do not meet again.
func pause(ctx context.Context, try int) error {
	most := time.Millisecond << min(try, 7)
	t := time.NewTimer(time.Duration(rand.Int64N(int64(most))) + time.Microsecond)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// number reads an integer of a script's answer.
func number(v any) int64 {
	n, _ := v.(int64)
	return n
}

// text reads a string of a script's answer, "" when absent.
func text(v any) string {
	t, _ := v.(string)
	return t
}
