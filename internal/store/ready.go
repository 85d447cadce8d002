package store

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Ready proves that every node that holds contacts takes a script's write and
// that its file is in order. ErrUnavailable says what is wrong.
func (s *Store) Ready(ctx context.Context) error {
	nodes, err := s.holders(ctx)
	if err != nil {
		return err
	}
	for node, shard := range nodes {
		at := address(node)
		if _, err := s.run(ctx, "ready", []string{s.keys.ready(shard)}, s.process, 60); err != nil {
			return wrap("write to the server at "+at, err)
		}
		facts, err := info(ctx, node)
		if err != nil {
			return err
		}
		for _, name := range []string{"aof_last_write_status", "aof_last_bgrewrite_status"} {
			if facts["aof_enabled"] == "1" && facts[name] != "ok" {
				return fmt.Errorf("%w: %s of the server at %s is %q; look at its log and its disk", ErrUnavailable, name, at, facts[name])
			}
		}
	}
	return nil
}

// holders are the masters that hold contacts, each with one of its shards.
func (s *Store) holders(ctx context.Context) (map[*redis.Client]int, error) {
	nodes := make(map[*redis.Client]int)
	for shard := range s.shards {
		node, err := s.master(ctx, s.keys.ready(shard))
		if err != nil {
			return nil, err
		}
		if _, ok := nodes[node]; !ok {
			nodes[node] = shard
		}
	}
	return nodes, nil
}
