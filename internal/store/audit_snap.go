package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"ritorno/internal/lifecycle"
)

// side is where an audit met a contact: in its record, or in one of the
// indexes.
type side uint8

const (
	sideRecord side = iota
	sideDue
	sideLease
	sideLook
	sideUncertain
)

// spot is one place that an audit looks at: a record, or an entry of an index.
type spot struct {
	side  side
	shard int
	id    string
	hour  int64 // of the entry, for sideDue
}

// snap is what stands there, all of one moment where stable.
type snap struct {
	spot
	stored  []byte // the record, nil: none
	contact lifecycle.Contact
	broken  error // why the record cannot be read

	lease    string // whole; "" none
	due      *int64 // ms in the hour: of the entry for sideDue, else of the record's due time
	look     *int64
	unc      *int64
	unstable bool // the record changed between two looks
}

// auditMost is how many contacts one script looks at: it blocks the node.
const auditMost = 50

// snaps reads spots: first the records, which name the hour, then record and
// indexes in one script for each shard. A record that changed in between is
// unstable; it is in transition, which is no fault.
func (s *Store) snaps(ctx context.Context, spots []spot) ([]snap, error) {
	all := make([]snap, len(spots))
	if err := s.fetch(ctx, spots, all); err != nil {
		return nil, err
	}
	byShard := map[int][]*snap{}
	for i := range all {
		byShard[all[i].shard] = append(byShard[all[i].shard], &all[i])
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for _, part := range byShard {
		for chunk := range slices.Chunk(part, auditMost) {
			g.Go(func() error { return s.indexes(ctx, chunk) })
		}
	}
	return all, g.Wait()
}

// fetch reads the records.
func (s *Store) fetch(ctx context.Context, spots []spot, all []snap) error {
	cmds, err := s.read(ctx, "read records", func() []*redis.Cmd {
		cmds := make([]*redis.Cmd, len(spots))
		for i, p := range spots {
			cmds[i] = command(ctx, 1, "get", s.keys.contact(p.shard, p.id))
		}
		return cmds
	})
	if err != nil {
		return err
	}
	for i, c := range cmds {
		p := &all[i]
		p.spot = spots[i]
		stored, err := c.Text()
		switch {
		case errors.Is(err, redis.Nil):
			continue
		case err != nil:
			return wrap("read record "+p.id, err)
		}
		p.stored = []byte(stored)
		p.contact, p.broken = decode(p.id, p.stored)
	}
	return nil
}

// dueKey is the due key that a snap is about, and its hour; "" for none.
func (s *Store) dueKey(p *snap) (key, hour string) {
	if p.side == sideDue {
		return s.keys.due(p.shard, p.hour), strconv.FormatInt(p.hour, 10)
	}
	key, hour, _ = s.slot(p.shard, p.contact.Due)
	return key, hour
}

// indexes reads what the indexes of one shard say of contacts.
func (s *Store) indexes(ctx context.Context, part []*snap) error {
	shard := part[0].shard
	names := []string{s.keys.lease(shard), s.keys.looks(shard), s.keys.uncertain(shard)}
	var args []any
	for _, p := range part {
		due, _ := s.dueKey(p)
		names, args = append(names, s.keys.contact(shard, p.id), due), append(args, p.id)
	}
	reply, err := s.ask(ctx, "audit", names, args...)
	if err != nil {
		return wrap("compare shard "+strconv.Itoa(shard)+" with its indexes", err)
	}
	for i, p := range part {
		row, ok := reply[i].([]any)
		if !ok || len(row) != 5 {
			return fmt.Errorf("compare shard %d with its indexes: answer of type %T", shard, reply[i])
		}
		if err := p.take(row); err != nil {
			return err
		}
	}
	return nil
}

// take reads one row of the script's answer.
func (p *snap) take(row []any) (err error) {
	p.unstable = !bytes.Equal([]byte(text(row[0])), p.stored[:min(8, len(p.stored))])
	p.lease = text(row[1])
	for i, to := range []**int64{&p.due, &p.look, &p.unc} {
		if row[2+i] == nil {
			continue
		}
		n, err := number64(row[2+i])
		if err != nil {
			return err
		}
		*to = &n
	}
	return nil
}
