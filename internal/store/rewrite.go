package store

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// Rewrite rewrites the append-only file of every master and waits for it. What
// was deleted before the call then stands in no file of a server's any more. A
// rewrite that was under way may have begun before, so it does not count.
func (s *Store) Rewrite(ctx context.Context) error {
	nodes, err := s.masters(ctx)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if err := s.rewrite(ctx, node); err != nil {
			return wrap("rewrite the file of the server at "+address(node), err)
		}
	}
	return nil
}

func (s *Store) rewrite(ctx context.Context, node *redis.Client) error {
	facts, err := info(ctx, node)
	if err != nil || facts["aof_enabled"] != "1" {
		return err
	}
	before := rewrites(facts)
	if rewriting(facts) {
		if err := s.rewritten(ctx, node, before); err != nil {
			return err
		}
		before++
	}
	if err := node.BgRewriteAOF(ctx).Err(); err != nil {
		return err
	}
	return s.rewritten(ctx, node, before)
}
