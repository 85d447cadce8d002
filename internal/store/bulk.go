package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"
)

// Pace of bulk calls. A server with appendfsync always waits for the disk once
// for everything that it read in one turn, from each connection a little: so a
// bulk call uses several connections at once.
const (
	bulkChunk = 256 // commands of one pipeline
	bulkConns = 8   // pipelines of one bulk call at once
	bulkKeys  = 64  // keys of one call that does the same for each
)

// bulk sends many commands in pipelines of their own, apart from those that
// webhooks share. Read each command's own answer: an error is returned only
// where nothing was sent.
func (s *Store) bulk(ctx context.Context, cmds []*redis.Cmd) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	var g errgroup.Group
	g.SetLimit(bulkConns)
	for len(cmds) > 0 {
		chunk := cmds[:min(bulkChunk, len(cmds))]
		cmds = cmds[len(chunk):]
		g.Go(func() error {
			p := s.rdb.Pipeline()
			for _, c := range chunk {
				_ = p.Process(ctx, once{c}) // queued; never fails
			}
			_, _ = p.Exec(ctx) // each command has its own error
			return nil
		})
	}
	return g.Wait()
}

// call is one call of a script.
type call struct {
	keys []string
	args []any
}

// joined makes fewer calls of many for a script that does the same for each of
// its keys and the arguments that belong to it, in their order: half of what a
// short script costs is the call. On a cluster nearly every key is in a slot of
// its own, and a call must stay in one.
func (s *Store) joined(calls []call) []call {
	if _, cluster := s.rdb.(*redis.ClusterClient); cluster {
		return calls
	}
	var fewer []call
	for some := range slices.Chunk(calls, bulkKeys) {
		var one call
		for _, c := range some {
			one.keys, one.args = append(one.keys, c.keys...), append(one.args, c.args...)
		}
		fewer = append(fewer, one)
	}
	return fewer
}

// answer is what a script returned.
type answer struct {
	list []any
	err  error
}

// evalMany calls a script many times. Each answer stands alone.
func (s *Store) evalMany(ctx context.Context, name string, calls []call) ([]answer, error) {
	answers := make([]answer, len(calls))
	todo := make([]int, len(calls))
	for i := range todo {
		todo[i] = i
	}
	for try := 0; len(todo) > 0; try++ {
		cmds := make([]*redis.Cmd, len(todo))
		for n, i := range todo {
			cmds[n] = evalsha(ctx, script(name).Hash(), calls[i])
		}
		if err := s.bulk(ctx, cmds); err != nil {
			return nil, err
		}
		var again []int
		for n, i := range todo {
			answers[i].list, answers[i].err = list(cmds[n])
			if err := answers[i].err; err != nil && try == 0 && redis.HasErrorPrefix(err, "NOSCRIPT") {
				again = append(again, i)
			}
		}
		if todo = again; len(todo) > 0 { // the cache went with a restart; these calls were not executed
			if err := s.load(ctx, name); err != nil {
				return nil, err
			}
		}
	}
	return answers, nil
}

func evalsha(ctx context.Context, hash string, c call) *redis.Cmd {
	all := make([]any, 0, 3+len(c.keys)+len(c.args))
	all = append(all, "evalsha", hash, len(c.keys))
	for _, k := range c.keys {
		all = append(all, k)
	}
	return command(ctx, 3, append(all, c.args...)...)
}

// list reads the answer of a script.
func list(c *redis.Cmd) ([]any, error) {
	v, err := c.Result()
	if err != nil {
		return nil, err
	}
	if l, ok := v.([]any); ok {
		return l, nil
	}
	return []any{v}, nil
}

// amendMany is amend for many calls of one script. The first error is returned;
// call it again with the same arguments then.
func (s *Store) amendMany(ctx context.Context, op, name string, calls []call) ([][]any, error) {
	keys := make([]string, len(calls))
	for i, c := range calls {
		keys[i] = c.keys[0]
	}
	seals, err := s.sealsOf(ctx, keys)
	if err != nil {
		return nil, wrap(op, err)
	}
	answers, err := s.evalMany(ctx, name, calls)
	if err != nil {
		return nil, wrap(op, err)
	}
	lists := make([][]any, len(calls))
	for i, a := range answers {
		lists[i] = a.list
		if a.err != nil && lost(a.err) { // it may run again
			lists[i], a.err = s.ask(ctx, name, calls[i].keys, calls[i].args...)
		}
		if a.err != nil {
			return nil, wrap(op, a.err)
		}
	}
	return lists, wrap(op, s.confirmAll(ctx, seals))
}

// sealsOf is sealOf for changes of many keys: one seal for each server.
func (s *Store) sealsOf(ctx context.Context, keys []string) ([]seal, error) {
	if !s.barriered() || len(keys) == 0 {
		return nil, nil
	}
	var seals []seal
	seen := map[string]bool{}
	for _, key := range keys {
		one, err := s.sealOf(ctx, key)
		if err != nil {
			return nil, err
		}
		if !seen[one.address] {
			seen[one.address] = true
			seals = append(seals, one)
		}
	}
	return seals, nil
}

// confirmAll is confirm for all seals, at once.
func (s *Store) confirmAll(ctx context.Context, seals []seal) error {
	var mu sync.Mutex
	var errs []error
	var all sync.WaitGroup
	for _, one := range seals {
		all.Go(func() {
			if err := s.confirm(ctx, one); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// bulkValues is values for many places.
func (s *Store) bulkValues(ctx context.Context, op string, places []place) ([]string, error) {
	cmds := make([]*redis.Cmd, len(places))
	for i, p := range places {
		if p.field == "" {
			cmds[i] = command(ctx, 1, "get", p.key)
		} else {
			cmds[i] = command(ctx, 1, "hget", p.key, p.field)
		}
	}
	if err := s.bulk(ctx, cmds); err != nil {
		return nil, wrap(op, err)
	}
	found := make([]string, len(places))
	for i, c := range cmds {
		var err error
		if found[i], err = c.Text(); err != nil && !errors.Is(err, redis.Nil) {
			return nil, wrap(op, err)
		}
	}
	return found, nil
}

// Hint lets a look-up lead to a contact.
type Hint struct {
	Digest Digest
	ID     string // of the contact
}

// ClaimLookups is ClaimLookup for many.
func (s *Store) ClaimLookups(ctx context.Context, ps []Hint) (winners []string, err error) {
	const op = "claim look-ups"
	calls := make([]call, len(ps))
	for i, p := range ps {
		if err := checkID(p.ID); err != nil {
			return nil, wrap(op, err)
		}
		key, field := s.keys.lookup(p.Digest)
		calls[i] = call{[]string{key}, []any{field, p.ID}}
	}
	answers, err := s.amendMany(ctx, op, "side_claim", s.joined(calls))
	if err != nil {
		return nil, err
	}
	for _, list := range answers {
		for _, id := range list {
			winners = append(winners, text(id))
		}
	}
	return winners, nil
}

// PointAll is Point for many. One that is crowded already is passed over: it is
// no hint any more.
func (s *Store) PointAll(ctx context.Context, ps []Hint) error {
	const op = "point look-ups"
	calls := make([]call, len(ps))
	for i, p := range ps {
		if err := checkID(p.ID); err != nil {
			return wrap(op, err)
		}
		key, field := s.keys.lookup(p.Digest)
		calls[i] = call{[]string{key}, []any{field, p.ID, maxIDs, crowdField(field)}}
	}
	_, err := s.amendMany(ctx, op, "side_point", s.joined(calls))
	return err
}

// Seen reports for each order whether it was counted before: digests[i] in the
// shard of the contact ids[i].
func (s *Store) Seen(ctx context.Context, ids []string, digests []uint64) ([]bool, error) {
	const op = "look for orders"
	cmds := make([]*redis.Cmd, len(ids))
	for i, id := range ids {
		cmds[i] = command(ctx, 1, "sismember", s.keys.orders(s.Shard(id), digests[i]), digest(digests[i]))
	}
	return s.bulkFlags(ctx, op, cmds)
}

// ParkedAny reports for each digest whether events are parked under it.
func (s *Store) ParkedAny(ctx context.Context, ds []Digest) ([]bool, error) {
	const op = "look for parked events"
	cmds := make([]*redis.Cmd, len(ds))
	for i, d := range ds {
		list, _ := s.keys.parked(d)
		cmds[i] = command(ctx, 1, "exists", list)
	}
	return s.bulkFlags(ctx, op, cmds)
}

// bulkFlags sends commands that answer 0 or 1.
func (s *Store) bulkFlags(ctx context.Context, op string, cmds []*redis.Cmd) ([]bool, error) {
	if err := s.bulk(ctx, cmds); err != nil {
		return nil, wrap(op, err)
	}
	flags := make([]bool, len(cmds))
	for i, c := range cmds {
		n, err := c.Int64()
		if err != nil {
			return nil, wrap(op, err)
		}
		flags[i] = n > 0
	}
	return flags, nil
}

// Full is which part of its memory the fullest server of the store uses, from 0
// to 1; 0 where none has a limit.
func (s *Store) Full(ctx context.Context) (float64, error) {
	nodes, err := s.masters(ctx)
	if err != nil {
		return 0, err
	}
	most := 0.0
	for _, node := range nodes {
		facts, err := info(ctx, node)
		if err != nil {
			return 0, err
		}
		var used, limit float64
		if _, err := fmt.Sscan(facts["used_memory"], &used); err != nil {
			continue // a service that hides it
		}
		if _, err := fmt.Sscan(facts["maxmemory"], &limit); err == nil && limit > 0 {
			most = max(most, used/limit)
		}
	}
	return most, nil
}
