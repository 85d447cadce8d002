package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ritorno/internal/lifecycle"
)

// AuditOptions say how to audit.
type AuditOptions struct {
	Shops    []string                          // of the configuration
	Pointers func(lifecycle.Contact) []Pointer // the look-ups that must lead to a contact; nil: not looked at
	Pause    time.Duration                     // between the first look at what seems wrong and the second; 0: 500 ms
	Repair   bool                              // mend index entries
}

const (
	auditPause = 500 * time.Millisecond
	// doubtMost is how many doubtful spots are held before they are looked at
	// again.
	doubtMost = 1000
	again     = 5 // looks at a record that keeps changing
)

// audit is one pass over the store.
type audit struct {
	s      *Store
	o      AuditOptions
	f      *Findings
	count  *recount // nil: already compared
	doubts []doubt
}

// doubt is a spot where something seemed wrong, and what.
type doubt struct {
	spot
	kinds map[Kind]bool
}

// Audit holds the whole store against what must always be true of it, while
// others work on it, in bounded memory. What seems wrong is looked at again a
// moment later, and told only when the same is wrong then: what is in
// transition is no fault. It changes nothing unless it is to repair.
func (s *Store) Audit(ctx context.Context, o AuditOptions) (*Findings, error) {
	if o.Pause <= 0 {
		o.Pause = auditPause
	}
	a := &audit{s: s, o: o, f: &Findings{}}
	n, err := s.Contacts(ctx)
	if err != nil {
		return nil, err
	}
	if a.count, err = s.newRecount(ctx, n); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{a.records, a.counters, a.timers, a.entries, a.hours, a.ways, a.leases, a.orphans} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return a.f, nil
}

// records judges every record, from its own side.
func (a *audit) records(ctx context.Context) error {
	return a.walk(ctx, a.s.keys.contacts(), func(names []string) error {
		var spots []spot
		for _, name := range names {
			if shard, id, ok := parseKey(name, ":c:"); ok {
				spots = append(spots, spot{side: sideRecord, shard: shard, id: id})
			}
		}
		return a.look(ctx, spots)
	})
}

// walk hands over all keys that match, some at a time, then looks again at
// what was doubtful.
func (a *audit) walk(ctx context.Context, pattern string, fn func(names []string) error) error {
	nodes, err := a.s.masters(ctx)
	if err != nil {
		return err
	}
	for _, node := range nodes {
		for cursor := uint64(0); ; {
			names, next, err := node.Scan(ctx, cursor, pattern, scanBatch).Result()
			if err != nil {
				return wrap("scan the server at "+address(node), err)
			}
			if err := fn(names); err != nil {
				return err
			}
			if cursor = next; cursor == 0 {
				break
			}
		}
	}
	return a.confirm(ctx)
}

// parseKey reads the shard, and what comes after part, of a key of a shard.
func parseKey(name, part string) (shard int, rest string, ok bool) {
	head, rest, ok := strings.Cut(name, "}"+part)
	i := strings.LastIndex(head, ":{s")
	if !ok || i < 0 {
		return 0, "", false
	}
	shard, err := strconv.Atoi(head[i+len(":{s"):])
	return shard, rest, err == nil
}

// look judges spots for the first time.
func (a *audit) look(ctx context.Context, spots []spot) error {
	if len(spots) == 0 {
		return nil
	}
	all, err := a.s.snaps(ctx, spots)
	if err != nil {
		return err
	}
	if a.count != nil {
		for i := range all {
			a.count.take(&all[i])
		}
	}
	found, err := a.judgeAll(ctx, all)
	if err != nil {
		return err
	}
	for i, faults := range found {
		if len(faults) == 0 {
			continue
		}
		d := doubt{all[i].spot, map[Kind]bool{}}
		for _, f := range faults {
			d.kinds[f.Kind] = true
		}
		a.doubts = append(a.doubts, d)
	}
	if len(a.doubts) >= doubtMost {
		return a.confirm(ctx)
	}
	return nil
}

func (a *audit) wait(ctx context.Context) error {
	t := time.NewTimer(a.o.Pause)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// confirm looks a second time at what was doubtful.
func (a *audit) confirm(ctx context.Context) error {
	doubts := a.doubts
	if a.doubts = nil; len(doubts) == 0 {
		return nil
	}
	if err := a.wait(ctx); err != nil {
		return err
	}
	for _, d := range doubts {
		faults, err := a.again(ctx, d.spot)
		if err != nil {
			return err
		}
		for _, f := range faults {
			if !d.kinds[f.Kind] {
				continue
			}
			if err := a.tell(ctx, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// again judges one spot, at a moment when its record stands still.
func (a *audit) again(ctx context.Context, p spot) ([]fault, error) {
	for range again {
		all, err := a.s.snaps(ctx, []spot{p})
		if err != nil {
			return nil, err
		}
		if all[0].unstable {
			continue
		}
		found, err := a.judgeAll(ctx, all)
		if err != nil {
			return nil, err
		}
		return found[0], nil
	}
	return nil, nil
}

// tell takes a fault that was confirmed in, and mends it where that is wanted.
func (a *audit) tell(ctx context.Context, f fault) error {
	if a.o.Repair && f.mend != nil {
		if a.s.beforeMend != nil {
			a.s.beforeMend()
		}
		mended, err := f.mend(ctx)
		if err != nil {
			return fmt.Errorf("repair %s of %s: %w", f.Kind, f.Contact, err)
		}
		f.Repaired = mended
	}
	a.f.Add(f.Finding)
	return nil
}
