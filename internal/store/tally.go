package store

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// tallyLife is how long the counters of an hour are kept, in seconds of real
// time from the first of them on: a day, and what the hour itself lasts.
const tallyLife = 26 * 60 * 60

// Tally adds N to a counter that belongs to one hour of program time. A
// repeated event adds nothing, as for Count.
type Tally struct {
	Hour  int64 // hours since 1970
	Field string
	N     int64
}

// Tallies adds up the counters of each of some hours over all shards.
func (s *Store) Tallies(ctx context.Context, hours ...int64) (map[int64]map[string]int64, error) {
	const op = "read the tallies of an hour"
	cmds, err := s.read(ctx, op, func() (cmds []*redis.Cmd) {
		for _, h := range hours {
			for shard := range s.shards {
				cmds = append(cmds, command(ctx, 1, "hgetall", s.keys.tally(shard, h)))
			}
		}
		return cmds
	})
	if err != nil {
		return nil, err
	}
	total := make(map[int64]map[string]int64, len(hours))
	for i, c := range cmds {
		hour := hours[i/s.shards]
		if total[hour] == nil {
			total[hour] = map[string]int64{}
		}
		all, err := pairs(c)
		if err != nil {
			return nil, wrap(op, err)
		}
		for field, value := range all {
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return nil, wrap(op, fmt.Errorf("tally %s: %w", field, err))
			}
			total[hour][field] += n
		}
	}
	return total, nil
}
