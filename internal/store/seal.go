package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/defect"
)

// Seal rewrites the append-only file of every master and waits for it. A power
// cut can leave half of a script at the end of the file; the server starts all
// the same, and at the start after that everything written since is dropped or
// the half is applied. A rewrite makes the file whole again.
func (s *Store) Seal(ctx context.Context) error {
	nodes, err := s.masters(ctx)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if err := s.seal(ctx, node, address(node)); err != nil {
			return err
		}
	}
	return nil
}

// SealRestarted seals the masters that were restarted since this installation
// saw them last, unless they rewrote their file since by themselves. Open does
// it; who keeps a store open calls it every few seconds, for a server that is
// restarted under it. It may take as long as the rewrite.
func (s *Store) SealRestarted(ctx context.Context) error {
	nodes, err := s.masters(ctx)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if err := s.sealRestarted(ctx, node); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) sealRestarted(ctx context.Context, node *redis.Client) error {
	facts, err := info(ctx, node)
	if err != nil {
		return err
	}
	at, run := address(node), facts["run_id"]
	if last, ok := s.runs.Load(at); ok && last == run {
		return nil
	}
	seen, err := s.rdb.HGet(ctx, s.keys.nodes(), at).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return wrap("read when the server at "+at+" was seen", err)
	}
	if seen != run || run == "" {
		if !whole(facts) {
			if err := s.seal(ctx, node, at); err != nil {
				return err
			}
		}
		if err := s.rdb.HSet(ctx, s.keys.nodes(), at, run).Err(); err != nil {
			return wrap("note the server at "+at, err)
		}
	}
	s.runs.Store(at, run)
	s.sealed.Store(run, true)
	return nil
}

// whole reports whether the file was rewritten since the server started, or
// there is none.
func whole(facts map[string]string) bool {
	return facts["aof_enabled"] != "1" || rewrites(facts) > 0 && !rewriting(facts) && facts["aof_last_bgrewrite_status"] == "ok"
}

func rewrites(facts map[string]string) int {
	n, err := strconv.Atoi(facts["aof_rewrites"])
	if err != nil {
		return 0
	}
	return n
}

func rewriting(facts map[string]string) bool {
	return facts["aof_rewrite_in_progress"] == "1" || facts["aof_rewrite_scheduled"] == "1"
}

// server is a node, or one connection to it.
type server interface {
	Info(ctx context.Context, sections ...string) *redis.StringCmd
	BgRewriteAOF(ctx context.Context) *redis.StatusCmd
}

// seal rewrites the file of the node at that address. A server that does not
// allow it makes the store not durable; that is no error.
func (s *Store) seal(ctx context.Context, node server, at string) error {
	op := "seal the server at " + at
	facts, err := infoOf(ctx, node, at)
	if err != nil || facts["aof_enabled"] != "1" || defect.On("seal") {
		return err
	}
	before := rewrites(facts)
	if rewriting(facts) {
		before-- // the one under way began after the start: it serves
	}
	err = node.BgRewriteAOF(ctx).Err()
	switch {
	case err == nil || strings.Contains(err.Error(), "already in progress"):
	case redis.HasErrorPrefix(err, "NOPERM") || strings.Contains(err.Error(), "unknown command"):
		s.forgetful(fmt.Sprintf("the server at %s does not allow BGREWRITEAOF, which mends its file after a power cut; allow it", at))
		return nil
	default:
		return wrap(op, err)
	}
	return wrap(op, rewritten(ctx, node, at, before))
}

// rewritten waits until the node's file was rewritten more than before times.
func rewritten(ctx context.Context, node server, at string, before int) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		facts, err := infoOf(ctx, node, at)
		if err != nil {
			return err
		}
		if rewrites(facts) > before && !rewriting(facts) {
			if facts["aof_last_bgrewrite_status"] != "ok" {
				return fmt.Errorf("%w: the rewrite of the append-only file failed; look at the server's log (disk space, memory for a fork)", ErrUnavailable)
			}
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
