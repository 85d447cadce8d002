package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// DueLooks are the contacts, at most n, about whose messages a provider's
// records are to be asked by now, real time; oldest first.
func (s *Store) DueLooks(ctx context.Context, now time.Time, n int) ([]string, error) {
	const op = "find open questions"
	var due []member
	err := s.shardwise(ctx, op, func(i int) *redis.Cmd {
		return command(ctx, 1, "zrange", s.keys.looks(i), "-inf", now.UnixMilli(), "BYSCORE", "LIMIT", 0, n, "WITHSCORES")
	}, func(_ int, c *redis.Cmd) error {
		rows, err := scored(c)
		due = append(due, rows...)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(due, func(a, b member) int { return cmp.Compare(a.at, b.at) })
	ids := make([]string, 0, min(n, len(due)))
	for _, r := range due[:min(n, len(due))] {
		ids = append(ids, r.id)
	}
	return ids, nil
}

// UncertainCount is the number of contacts with a message of unknown outcome,
// and the real time at which the oldest such attempt began.
func (s *Store) UncertainCount(ctx context.Context) (n int64, oldest time.Time, err error) {
	const op = "count uncertain messages"
	err = s.shardwise(ctx, op, func(i int) *redis.Cmd {
		return command(ctx, 1, "zcard", s.keys.uncertain(i))
	}, func(_ int, c *redis.Cmd) error {
		k, err := c.Int64()
		n += k
		return err
	})
	if err != nil || n == 0 {
		return n, time.Time{}, err
	}
	err = s.shardwise(ctx, op, func(i int) *redis.Cmd {
		return command(ctx, 1, "zrange", s.keys.uncertain(i), 0, 0, "WITHSCORES")
	}, func(_ int, c *redis.Cmd) error {
		rows, err := scored(c)
		for _, r := range rows {
			if at := time.UnixMilli(r.at).UTC(); oldest.IsZero() || at.Before(oldest) {
				oldest = at
			}
		}
		return err
	})
	return n, oldest, err
}

// UncertainContacts pages through the contacts with a message of unknown
// outcome, at most n a page, shard by shard and oldest first in each. after is
// "" at first, then the next that was returned; "" again: that was the last.
// One that is settled meanwhile may let another be passed over.
func (s *Store) UncertainContacts(ctx context.Context, after string, n int) (ids []string, next string, err error) {
	const op = "list uncertain messages"
	shard, offset := 0, 0
	if after != "" {
		a, b, ok := strings.Cut(after, ".")
		var bad error
		if shard, bad = strconv.Atoi(a); ok && bad == nil {
			offset, bad = strconv.Atoi(b)
		}
		if !ok || bad != nil || shard < 0 || offset < 0 {
			return nil, "", fmt.Errorf("%s: %w: after is not what the page before returned", op, ErrNotFound)
		}
	}
	for ; shard < s.shards; shard, offset = shard+1, 0 {
		cmds, err := s.read(ctx, op, func() []*redis.Cmd {
			return []*redis.Cmd{command(ctx, 1, "zrange", s.keys.uncertain(shard), offset, offset+n-len(ids)-1)}
		})
		if err != nil {
			return nil, "", err
		}
		part, err := cmds[0].StringSlice()
		if err != nil && !errors.Is(err, redis.Nil) {
			return nil, "", wrap(op, err)
		}
		ids = append(ids, part...)
		if len(ids) >= n {
			return ids, strconv.Itoa(shard) + "." + strconv.Itoa(offset+len(part)), nil
		}
	}
	return ids, "", nil
}

// member is a member of a sorted set with its score.
type member struct {
	id string
	at int64
}

// scored reads an answer WITHSCORES, in either protocol.
func scored(c *redis.Cmd) ([]member, error) {
	list, err := c.Slice()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var rows []member
	add := func(m, score any) error {
		at, err := number64(score)
		rows = append(rows, member{text(m), at})
		return err
	}
	for i := 0; i < len(list); i++ {
		if pair, ok := list[i].([]any); ok && len(pair) == 2 {
			err = add(pair[0], pair[1])
		} else if i+1 < len(list) {
			err = add(list[i], list[i+1])
			i++
		}
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func number64(v any) (int64, error) {
	switch v := v.(type) {
	case float64:
		return int64(v), nil
	case string:
		f, err := strconv.ParseFloat(v, 64)
		return int64(f), err
	}
	return 0, fmt.Errorf("score of type %T", v)
}
