package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// dueHour is one hour of one shard that is not empty.
type dueHour struct {
	shard int
	hour  int64
}

// NextDue is the earliest time, program time, for which a timer waits; false
// when none does. Leased contacts do not count. It may be early by up to an hour
// when an index entry is left over; the next claim then removes it.
func (s *Store) NextDue(ctx context.Context) (time.Time, bool, error) {
	const op = "read the next due time"
	var first []dueHour
	err := s.shardwise(ctx, op, func(i int) *redis.Cmd {
		return command(ctx, 1, "zrange", s.keys.hours(i), 0, 0)
	}, func(i int, c *redis.Cmd) error {
		list, err := hoursOf(c)
		if err != nil || len(list) == 0 {
			return err
		}
		if len(first) > 0 && list[0] < first[0].hour {
			first = first[:0]
		}
		if len(first) == 0 || list[0] == first[0].hour {
			first = append(first, dueHour{i, list[0]})
		}
		return nil
	})
	if err != nil || len(first) == 0 {
		return time.Time{}, false, err
	}
	ms, err := s.earliest(ctx, op, first)
	return time.UnixMilli(ms).UTC(), err == nil, err
}

// DueShards are the shards in which a timer may have fired by now, program
// time, in one round trip. It may name one in which none did.
func (s *Store) DueShards(ctx context.Context, now time.Time) ([]int, error) {
	last := hourOf(now.UnixMilli())
	var shards []int
	err := s.shardwise(ctx, "find shards with due timers", func(i int) *redis.Cmd {
		return command(ctx, 1, "zrange", s.keys.hours(i), 0, 0)
	}, func(i int, c *redis.Cmd) error {
		list, err := hoursOf(c)
		if err == nil && len(list) > 0 && list[0] <= last {
			shards = append(shards, i)
		}
		return err
	})
	return shards, err
}

// earliest is the first due time, in ms, among hours that are all the same one.
func (s *Store) earliest(ctx context.Context, op string, hours []dueHour) (int64, error) {
	cmds, err := s.read(ctx, op, func() []*redis.Cmd {
		cmds := make([]*redis.Cmd, len(hours))
		for i, h := range hours {
			cmds[i] = command(ctx, 1, "zrange", s.keys.due(h.shard, h.hour), 0, 0, "WITHSCORES")
		}
		return cmds
	})
	if err != nil {
		return 0, err
	}
	least := hourLong
	for _, c := range cmds {
		offset, ok, err := scoreOf(c)
		if err != nil {
			return 0, wrap(op, err)
		}
		if !ok {
			offset = 0
		}
		least = min(least, offset)
	}
	return hours[0].hour*hourLong + least, nil
}

// Overdue counts the timers that fired by now, program time, and wait to be
// claimed, and tells the oldest one's time (zero when there is none).
func (s *Store) Overdue(ctx context.Context, now time.Time) (n int64, oldest time.Time, err error) {
	const op = "count overdue timers"
	last := hourOf(now.UnixMilli())
	var hours, first []dueHour
	err = s.shardwise(ctx, op, func(i int) *redis.Cmd {
		return command(ctx, 1, "zrange", s.keys.hours(i), "-inf", last, "BYSCORE")
	}, func(i int, c *redis.Cmd) error {
		list, err := hoursOf(c)
		for _, h := range list {
			hours = append(hours, dueHour{i, h})
		}
		return err
	})
	if err != nil {
		return 0, time.Time{}, err
	}
	if n, first, err = s.countDue(ctx, op, hours, now); err != nil || n == 0 {
		return 0, time.Time{}, err
	}
	ms, err := s.earliest(ctx, op, first)
	return n, time.UnixMilli(ms).UTC(), err
}

// countDue counts what fired by now in hours, and returns those of the earliest
// hour in which something did.
func (s *Store) countDue(ctx context.Context, op string, hours []dueHour, now time.Time) (n int64, first []dueHour, err error) {
	const chunk = 1000
	for len(hours) > 0 {
		part := hours[:min(chunk, len(hours))]
		hours = hours[len(part):]
		cmds, err := s.read(ctx, op, func() []*redis.Cmd {
			cmds := make([]*redis.Cmd, len(part))
			for i, h := range part {
				cmds[i] = command(ctx, 1, "zcount", s.keys.due(h.shard, h.hour), "-inf", now.UnixMilli()-h.hour*hourLong)
			}
			return cmds
		})
		if err != nil {
			return 0, nil, err
		}
		for i, c := range cmds {
			found, err := c.Int64()
			if err != nil {
				return 0, nil, wrap(op, err)
			}
			if n += found; found == 0 {
				continue
			}
			if len(first) > 0 && part[i].hour < first[0].hour {
				first = first[:0]
			}
			if len(first) == 0 || part[i].hour == first[0].hour {
				first = append(first, part[i])
			}
		}
	}
	return n, first, nil
}

func hoursOf(c *redis.Cmd) ([]int64, error) {
	list, err := c.StringSlice()
	if err != nil {
		return nil, err
	}
	hours := make([]int64, len(list))
	for i, h := range list {
		if hours[i], err = strconv.ParseInt(h, 10, 64); err != nil {
			return nil, fmt.Errorf("due hour %q: %w", h, err)
		}
	}
	return hours, nil
}

// scoreOf reads the score of the only member of an answer with scores; false
// when there is no member.
func scoreOf(c *redis.Cmd) (int64, bool, error) {
	rows, err := scored(c)
	if err != nil || len(rows) == 0 {
		return 0, false, err
	}
	return rows[0].at, true, nil
}
