package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/lifecycle"
)

// Load reads one contact. ErrNotFound: there is none, or it was erased.
func (s *Store) Load(ctx context.Context, id string) (lifecycle.Contact, error) {
	all, err := s.LoadMany(ctx, []string{id})
	if err != nil {
		return lifecycle.Contact{}, err
	}
	if all[0].Version == 0 {
		return lifecycle.Contact{}, fmt.Errorf("load contact %s: %w", id, ErrNotFound)
	}
	return all[0], nil
}

// LoadMany reads contacts in the order of ids. One that does not exist has
// Version 0 and its ID.
func (s *Store) LoadMany(ctx context.Context, ids []string) ([]lifecycle.Contact, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	records, err := s.records(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := make([]lifecycle.Contact, len(ids))
	for i, id := range ids {
		if all[i], err = read(id, records[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// read is decode, where no record is the zero contact.
func read(id string, stored []byte) (lifecycle.Contact, error) {
	if stored == nil {
		return lifecycle.Contact{ID: id}, nil
	}
	return decode(id, stored)
}

// records reads the stored forms, nil where there is none.
func (s *Store) records(ctx context.Context, ids []string) ([][]byte, error) {
	cmds, err := s.read(ctx, "load contacts", func() []*redis.Cmd {
		cmds := make([]*redis.Cmd, len(ids))
		for i, id := range ids {
			cmds[i] = command(ctx, 1, "get", s.keys.contact(s.Shard(id), id))
		}
		return cmds
	})
	if err != nil {
		return nil, err
	}
	all := make([][]byte, len(ids))
	for i, c := range cmds {
		stored, err := c.Text()
		switch {
		case err == nil:
			all[i] = []byte(stored)
		case !errors.Is(err, redis.Nil):
			return nil, wrap("load contact "+ids[i], err)
		}
	}
	return all, nil
}
