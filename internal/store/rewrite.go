package store

import "context"

// Rewrite rewrites the append-only file of every master and waits for it. What
// was deleted before the call then stands in no file of a server's any more. A
// rewrite that was under way may have begun before, so it does not count.
func (s *Store) Rewrite(ctx context.Context) error {
	nodes, err := s.masters(ctx)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if err := rewriteFile(ctx, node, address(node)); err != nil {
			return wrap("rewrite the file of the server at "+address(node), err)
		}
	}
	return nil
}

func rewriteFile(ctx context.Context, node server, at string) error {
	facts, err := infoOf(ctx, node, at)
	if err != nil || facts["aof_enabled"] != "1" {
		return err
	}
	before := rewrites(facts)
	if rewriting(facts) {
		if err := rewritten(ctx, node, at, before); err != nil {
			return err
		}
		before++
	}
	if err := node.BgRewriteAOF(ctx).Err(); err != nil {
		return err
	}
	return rewritten(ctx, node, at, before)
}
