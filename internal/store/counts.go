package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// Contacts is the exact number of contacts, without those merged into another.
func (s *Store) Contacts(ctx context.Context) (int64, error) { return s.sum(ctx, metaLive) }

// Orphans is how many index entries without a record were met and removed since
// the store was made. It should be 0: more means that the server lost data.
func (s *Store) Orphans(ctx context.Context) (int64, error) { return s.sum(ctx, metaOrphan) }

// sum adds up a number of all shards' meta.
func (s *Store) sum(ctx context.Context, field string) (total int64, err error) {
	err = s.shardwise(ctx, "sum "+field+" of all shards", func(i int) *redis.Cmd {
		return command(ctx, 1, "hget", s.keys.meta(i), field)
	}, func(_ int, c *redis.Cmd) error {
		n, err := c.Int64()
		if errors.Is(err, redis.Nil) {
			return nil
		}
		total += n
		return err
	})
	return total, err
}

// Counts are the exact counters of a shop.
func (s *Store) Counts(ctx context.Context, shop string) (map[string]int64, error) {
	total := make(map[string]int64)
	err := s.shardwise(ctx, "read the counters of a shop", func(i int) *redis.Cmd {
		return command(ctx, 1, "hgetall", s.keys.counts(i, shop))
	}, func(_ int, c *redis.Cmd) error {
		all, err := pairs(c)
		if err != nil {
			return err
		}
		for field, value := range all {
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return fmt.Errorf("counter %s: %w", field, err)
			}
			total[field] += n
		}
		return nil
	})
	return total, err
}

// Log is the newest entries, at most n, of the stream of a shard, newest first.
func (s *Store) Log(ctx context.Context, shard int, n int64) ([][]byte, error) {
	entries, err := s.rdb.XRevRangeN(ctx, s.keys.log(shard), "+", "-", n).Result()
	if err != nil {
		return nil, wrap("read the log of shard "+strconv.Itoa(shard), err)
	}
	var all [][]byte
	for _, e := range entries {
		if v, ok := e.Values["e"].(string); ok {
			all = append(all, []byte(v))
		}
	}
	return all, nil
}
