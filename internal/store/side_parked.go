package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	parkFor        = 90 * 24 * time.Hour // real time
	maxParked      = 100                 // events of one digest
	maxParkedBytes = 256 << 10           // of one digest, together
)

// Park keeps an event whose contact is not known yet, under the digest by
// which the contact will be found, for 90 days of real time. Parking equal
// bytes again changes nothing. A full list (100 events, 256 KiB) answers
// [ErrCrowded]: make the event a dead letter.
func (s *Store) Park(ctx context.Context, d Digest, item []byte) error {
	return s.park(ctx, d, item, s.real())
}

func (s *Store) park(ctx context.Context, d Digest, item []byte, now time.Time) error {
	const op = "park event"
	if len(item) == 0 {
		return wrap(op, fmt.Errorf("event of 0 bytes: there is nothing to keep"))
	}
	list, index := s.keys.parked(d)
	reply, err := s.amend(ctx, op, "side_park", []string{list, index},
		item, parkedMember(d, item), now.UnixMilli(), now.Add(-parkFor).UnixMilli(),
		maxParked, maxParkedBytes, parkFor.Milliseconds())
	if err == nil && number(reply[0]) == 0 {
		err = wrap(op, ErrCrowded)
	}
	return err
}

// Parked returns the events under d, in the order they came.
func (s *Store) Parked(ctx context.Context, d Digest) ([][]byte, error) {
	return s.parked(ctx, d, s.real())
}

func (s *Store) parked(ctx context.Context, d Digest, now time.Time) ([][]byte, error) {
	list, _ := s.keys.parked(d)
	texts, err := s.rdb.ZRangeByScore(ctx, list, &redis.ZRangeBy{Min: parkedSince(now), Max: "+inf"}).Result()
	if err != nil {
		return nil, wrap("read parked events", err)
	}
	items := make([][]byte, len(texts))
	for i, t := range texts {
		items[i] = []byte(t)
	}
	return items, nil
}

// Unpark removes an event, after it was applied. It is no error when it is
// gone already.
func (s *Store) Unpark(ctx context.Context, d Digest, item []byte) error {
	list, index := s.keys.parked(d)
	_, err := s.amend(ctx, "unpark event", "side_unpark", []string{list, index}, item, parkedMember(d, item))
	return err
}

// EachParked hands every parked event to fn, with the digest it waits for. One
// that comes meanwhile may be passed over. An error of fn ends it and is
// returned.
func (s *Store) EachParked(ctx context.Context, fn func(d Digest, item []byte) error) error {
	now := s.real()
	for n := range yards {
		members, err := s.rdb.ZRangeByScore(ctx, s.keys.parkedIndex(n), &redis.ZRangeBy{Min: parkedSince(now), Max: "+inf"}).Result()
		if err != nil {
			return wrap("list parked events", err)
		}
		seen := map[Digest]bool{}
		for _, m := range members {
			var d Digest
			if copy(d[:], m); seen[d] {
				continue
			}
			seen[d] = true
			items, err := s.parked(ctx, d, now)
			if err != nil {
				return err
			}
			for _, item := range items {
				if err := fn(d, item); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// ParkedCount is the number of events parked in the whole installation.
func (s *Store) ParkedCount(ctx context.Context) (int64, error) {
	return s.parkedCount(ctx, s.real())
}

func (s *Store) parkedCount(ctx context.Context, now time.Time) (int64, error) {
	const op = "count parked events"
	var cmds [yards]*redis.IntCmd
	if err := s.pipe(ctx, op, func(p redis.Pipeliner) {
		for n := range cmds {
			cmds[n] = p.ZCount(ctx, s.keys.parkedIndex(n), parkedSince(now), "+inf")
		}
	}); err != nil {
		return 0, err
	}
	var total int64
	for _, c := range cmds {
		total += c.Val()
	}
	return total, nil
}

// parkedSince is the lower bound, not included, of what is still kept.
func parkedSince(now time.Time) string {
	return "(" + strconv.FormatInt(now.Add(-parkFor).UnixMilli(), 10)
}

// parkedMember stands for an event in the index of its yard, which counts
// without reading the lists.
func parkedMember(d Digest, item []byte) string {
	sum := sha256.Sum256(item)
	return string(d[:]) + string(sum[:8])
}
