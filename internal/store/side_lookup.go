package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// ErrCrowded: the list is full, nothing was added. A look-up this crowded is
// no hint any more; a parked event that finds no room becomes a dead letter.
var ErrCrowded = errors.New("list is full")

// Digest is a keyed hash of an address or of an id at a source
// (identity.Digest). The store never sees what was hashed.
type Digest [16]byte

const (
	idLength = 12 // characters of a contact id
	maxIDs   = 64 // contacts that one look-up leads to

	// orderGeneration is how long order look-ups share an expiry. Three are read, so
	// a new order is found for 360 days at least, as long as a refund may take.
	orderGeneration  = 180 * 24 * time.Hour
	orderGenerations = 3
)

// Lookup returns the ids of the contacts that each digest leads to, oldest
// pointer first, empty where there is none. They are hints: read the contact
// and follow its forwarding address.
func (s *Store) Lookup(ctx context.Context, ds ...Digest) ([][]string, error) {
	const op = "look up contacts"
	if len(ds) == 0 {
		return nil, nil
	}
	places := make([]place, len(ds))
	for i, d := range ds {
		places[i].key, places[i].field = s.keys.lookup(d)
	}
	stored, err := s.values(ctx, op, places...)
	if err != nil {
		return nil, err
	}
	found := make([][]string, len(ds))
	for i, value := range stored {
		if found[i], err = splitIDs(value); err != nil {
			return nil, wrap(op, err)
		}
	}
	return found, nil
}

// splitIDs reads the stored form: ids of equal length, joined.
func splitIDs(value string) ([]string, error) {
	if len(value)%idLength != 0 {
		return nil, fmt.Errorf("value of %d bytes is no list of contact ids; rebuild the look-ups", len(value))
	}
	var ids []string
	for ; value != ""; value = value[idLength:] {
		ids = append(ids, value[:idLength])
	}
	return ids, nil
}

// ClaimLookup points d at id when it leads nowhere yet. It returns the first
// contact that d leads to, which is id for the one caller who won, and for
// id's every repetition.
func (s *Store) ClaimLookup(ctx context.Context, d Digest, id string) (winner string, err error) {
	const op = "claim look-up"
	if err := checkID(id); err != nil {
		return "", wrap(op, err)
	}
	key, field := s.keys.lookup(d)
	reply, err := s.amend(ctx, op, "side_claim", []string{key}, field, id)
	if err != nil {
		return "", err
	}
	return text(reply[0]), nil
}

// Point adds id to the contacts that d leads to. Repeating it changes nothing.
// At 64 contacts it answers [ErrCrowded] and counts (see [Store.Crowd]).
func (s *Store) Point(ctx context.Context, d Digest, id string) error {
	const op = "point look-up"
	if err := checkID(id); err != nil {
		return wrap(op, err)
	}
	key, field := s.keys.lookup(d)
	reply, err := s.amend(ctx, op, "side_point", []string{key}, field, id, maxIDs, crowdField(field))
	if err == nil && number(reply[0]) == 0 {
		err = wrap(op, ErrCrowded)
	}
	return err
}

// crowdField counts what found no room. Fields of digests are 14 bytes long,
// so one of 15 is free.
func crowdField(field string) string { return field + "+" }

// Crowd is how often [Store.Point] answered [ErrCrowded] for d.
func (s *Store) Crowd(ctx context.Context, d Digest) (int64, error) {
	key, field := s.keys.lookup(d)
	n, err := s.rdb.HGet(ctx, key, crowdField(field)).Int64()
	if errors.Is(err, redis.Nil) {
		return 0, nil
	}
	return n, wrap("read crowd of a look-up", err)
}

// Unpoint removes id from the contacts that d leads to; it is no error when it
// was not among them.
func (s *Store) Unpoint(ctx context.Context, d Digest, id string) error {
	const op = "unpoint look-up"
	if err := checkID(id); err != nil {
		return wrap(op, err)
	}
	key, field := s.keys.lookup(d)
	_, err := s.amend(ctx, op, "side_unpoint", []string{key}, field, id, crowdField(field))
	return err
}

// DropLookups unpoints id from all of ds, when a contact is erased or merged.
// After an error repeat it: what is gone stays gone.
func (s *Store) DropLookups(ctx context.Context, id string, ds []Digest) error {
	return each(ctx, ds, func(ctx context.Context, d Digest) error { return s.Unpoint(ctx, d, id) })
}

func checkID(id string) error {
	if len(id) != idLength {
		return fmt.Errorf("contact id of %d characters: it must have %d", len(id), idLength)
	}
	return nil
}
