package store

import (
	"context"
	"sort"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Heartbeat says that this process lives. Call it every 5 seconds: 15 seconds
// after the last one others take over its leases.
func (s *Store) Heartbeat(ctx context.Context) error {
	if _, err := s.run(ctx, "beat", []string{s.keys.beats()}, s.process); err != nil {
		return wrap("heartbeat", err)
	}
	s.beaten.Store(true)
	return nil
}

// Goodbye says that this process holds nothing any more.
func (s *Store) Goodbye(ctx context.Context) error {
	s.beaten.Store(false)
	return wrap("goodbye", s.do(ctx, command(ctx, 1, "hdel", s.keys.beats(), s.process)))
}

// Dead are the processes that hold leases, or once said that they live, and
// were not heard of for 15 seconds.
func (s *Store) Dead(ctx context.Context) ([]string, error) {
	_, alive, err := s.alive(ctx)
	if err != nil {
		return nil, err
	}
	for shard := range s.shards {
		rows, err := s.leased(ctx, shard)
		if err != nil {
			return nil, err
		}
		for _, l := range rows {
			if _, ok := alive[l.process]; !ok {
				alive[l.process] = false
			}
		}
	}
	var dead []string
	for process, lives := range alive {
		if !lives && process != s.process {
			dead = append(dead, process)
		}
	}
	sort.Strings(dead)
	return dead, nil
}

// alive tells for each process ever heard of whether it was within 15 seconds
// of now, the server's real time.
func (s *Store) alive(ctx context.Context) (now time.Time, lives map[string]bool, err error) {
	reply, err := s.ask(ctx, "beats", []string{s.keys.beats()})
	if err != nil {
		return time.Time{}, nil, wrap("read the heartbeats", err)
	}
	now = time.UnixMilli(number(reply[0]))
	lives = make(map[string]bool)
	for i := 1; i+1 < len(reply); i += 2 {
		ms, err := strconv.ParseInt(text(reply[i+1]), 10, 64)
		lives[text(reply[i])] = err == nil && now.Sub(time.UnixMilli(ms)).Abs() <= quiet
	}
	return now, lives, nil
}

// shardwise asks every shard the same and hands over the answers in order.
func (s *Store) shardwise(ctx context.Context, op string, ask func(shard int) *redis.Cmd, take func(shard int, c *redis.Cmd) error) error {
	cmds, err := s.read(ctx, op, func() []*redis.Cmd {
		cmds := make([]*redis.Cmd, s.shards)
		for i := range cmds {
			cmds[i] = ask(i)
		}
		return cmds
	})
	if err != nil {
		return err
	}
	for i, c := range cmds {
		if err := take(i, c); err != nil {
			return wrap(op, err)
		}
	}
	return nil
}
