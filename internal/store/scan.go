package store

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/lifecycle"
)

// scanBatch is how many contacts a scan holds at a time, roughly.
const scanBatch = 500

// Scan hands every contact to fn, in no order, merged ones included, erased
// ones not. A contact
// that exists all the time is handed over at least once; while the store grows
// or shrinks one may come twice. An error of fn ends the scan and is returned.
func (s *Store) Scan(ctx context.Context, fn func(lifecycle.Contact) error) error {
	nodes, err := s.masters(ctx)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		if err := s.scanNode(ctx, node, fn); err != nil {
			return err
		}
	}
	return nil
}

// scanNode reads the next contacts while fn has those before.
func (s *Store) scanNode(ctx context.Context, node *redis.Client, fn func(lifecycle.Contact) error) error {
	ctx, stop := context.WithCancel(ctx)
	pages := make(chan page, 2)
	var failed error // read after pages is closed
	go func() {
		defer close(pages)
		failed = s.pages(ctx, node, pages)
	}()
	defer func() {
		stop()
		for range pages { // until the reader has ended
		}
	}()
	for p := range pages {
		for i, id := range p.ids {
			c, err := read(id, p.records[i])
			if err != nil {
				return err
			}
			if c.Version == 0 || c.Erasing != nil {
				continue // erased
			}
			if err := fn(c); err != nil {
				return err
			}
		}
	}
	return failed
}

// page is some contacts as they are stored.
type page struct {
	ids     []string
	records [][]byte
}

func (s *Store) pages(ctx context.Context, node *redis.Client, to chan<- page) error {
	var cursor uint64
	for {
		names, next, err := node.Scan(ctx, cursor, s.keys.contacts(), scanBatch).Result()
		if err != nil {
			return wrap("scan the server at "+address(node), err)
		}
		ids := make([]string, 0, len(names))
		for _, name := range names {
			if i := strings.Index(name, "}:c:"); i >= 0 {
				ids = append(ids, name[i+len("}:c:"):])
			}
		}
		if len(ids) > 0 {
			records, err := s.records(ctx, ids)
			if err != nil {
				return err
			}
			select {
			case to <- page{ids, records}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}
