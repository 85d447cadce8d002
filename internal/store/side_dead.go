package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/redis/go-redis/v9"
)

// DeadLife is how long a dead letter is kept, real time.
const DeadLife = 30 * 24 * time.Hour

const (
	maxDead      = 1000     // letters of one source
	maxDeadTotal = 16 << 20 // bytes of one source, together
	maxDeadHead  = 64 << 10 // bytes of a letter without its body
	maxDeadBody  = 1 << 20  // as much as a webhook may have
	maxDeadPage  = 100
	maxName      = 128 // bytes of the name of a shop, source, token, flag

	// deadRounds bounds the rounds of making room: each frees up to 100 letters,
	// or starts again because another writer made room first.
	deadRounds = 64
)

// DeadLetter is a delivery whose signature was good and whose body could not
// be used. It holds raw personal data: it is erased with the contact, and gone
// 30 days of real time after it came.
type DeadLetter struct {
	ID     string // ulid; the store makes it when it is empty
	Shop   string
	Source string
	Reason string // what was not understood and where, without its value
	Method string
	Query  string            // without tokens
	Header map[string]string // only what the source needs to verify and route; no tokens
	Body   []byte            // nil in lists
	At     time.Time         // when the delivery came, in the program's time
	Tries  int               // replays so far
}

// PutDead keeps l and returns its id. With an id it replaces that letter,
// whose 30 days go on, so the same letter may be put again. A source keeps
// 1,000 letters and 16 MiB; the oldest make room.
func (s *Store) PutDead(ctx context.Context, l DeadLetter) (id string, err error) {
	return s.putDead(ctx, l, s.real())
}

func (s *Store) putDead(ctx context.Context, l DeadLetter, now time.Time) (string, error) {
	const op = "put dead letter"
	if l.ID == "" {
		l.ID = ulid.MustNewDefault(now).String()
	}
	made, err := ulid.ParseStrict(l.ID)
	if err != nil {
		return "", wrap(op, fmt.Errorf("id is no ulid: %w", err))
	}
	blob, err := encodeDead(l)
	if err != nil {
		return "", wrap(op, err)
	}
	end := made.Timestamp().Add(DeadLife)
	if !end.After(now) {
		return "", wrap(op, fmt.Errorf("letter is older than %v: %w", DeadLife, ErrNotFound))
	}
	if err := s.storeDead(ctx, op, l, blob, end, now); err != nil {
		return "", err
	}
	return l.ID, nil
}

// storeDead calls the script until there is room. The script may touch no key
// that it was not given, so it first names the letters that must go.
func (s *Store) storeDead(ctx context.Context, op string, l DeadLetter, blob []byte, end, now time.Time) error {
	var victims []string
	for range deadRounds {
		list := []string{
			s.keys.deadIndex(l.Shop), s.keys.deadSource(l.Shop, l.Source),
			s.keys.deadBytes(l.Shop, l.Source), s.keys.deadLetter(l.Shop, l.ID),
		}
		args := []any{
			l.Source, l.ID, blob, end.UnixMilli(), deadSince(now),
			maxDead, maxDeadTotal, (DeadLife + 24*time.Hour).Milliseconds(),
		}
		for _, v := range victims {
			id, _, _ := strings.Cut(v, ":")
			list, args = append(list, s.keys.deadLetter(l.Shop, id)), append(args, v)
		}
		reply, err := s.amend(ctx, op, "side_dead_put", list, args...)
		if err != nil {
			return err
		}
		if text(reply[0]) == "stored" {
			return nil
		}
		victims = victims[:0]
		for _, v := range reply[1:] {
			victims = append(victims, text(v))
		}
	}
	return wrap(op, fmt.Errorf("no room after %d rounds: %w", deadRounds, ErrUnavailable))
}

// ListDead returns up to n letters of a shop (1 to 100), newest first, without
// their bodies. before is the id of the last letter of the page before, or "".
func (s *Store) ListDead(ctx context.Context, shop, before string, n int) ([]DeadLetter, error) {
	return s.listDead(ctx, shop, before, n, s.real())
}

func (s *Store) listDead(ctx context.Context, shop, before string, n int, now time.Time) ([]DeadLetter, error) {
	const op = "list dead letters"
	newest := "+"
	if before != "" {
		newest = "(" + before
	}
	members, err := s.rdb.ZRevRangeByLex(ctx, s.keys.deadIndex(shop), &redis.ZRangeBy{
		Max: newest, Min: "[" + deadSince(now), Count: int64(min(max(n, 1), maxDeadPage)),
	}).Result()
	if err != nil || len(members) == 0 {
		return nil, wrap(op, err)
	}
	heads := make([]*redis.StringCmd, len(members))
	if err := s.pipe(ctx, op, func(p redis.Pipeliner) {
		for i, m := range members {
			id, _, _ := strings.Cut(m, ":")
			heads[i] = p.GetRange(ctx, s.keys.deadLetter(shop, id), 0, maxDeadHead)
		}
	}); err != nil {
		return nil, err
	}
	return readHeads(shop, members, heads), nil
}

// readHeads leaves out what expired between the two reads. A letter that
// cannot be read is shown, so that it can be deleted.
func readHeads(shop string, members []string, heads []*redis.StringCmd) []DeadLetter {
	letters := make([]DeadLetter, 0, len(members))
	for i, m := range members {
		if heads[i].Val() == "" {
			continue
		}
		id, source, _ := strings.Cut(m, ":")
		l, err := decodeDead([]byte(heads[i].Val()))
		if err != nil {
			l = DeadLetter{Reason: "unreadable"}
		}
		l.ID, l.Shop, l.Source, l.Body = id, shop, source, nil
		letters = append(letters, l)
	}
	return letters
}

// GetDead returns a letter with its body, or [ErrNotFound].
func (s *Store) GetDead(ctx context.Context, shop, id string) (DeadLetter, error) {
	const op = "read dead letter"
	blob, err := s.rdb.Get(ctx, s.keys.deadLetter(shop, id)).Bytes()
	if err != nil {
		return DeadLetter{}, wrap(op, err)
	}
	l, err := decodeDead(blob)
	if err != nil {
		return DeadLetter{}, wrap(op, err)
	}
	l.ID, l.Shop = id, shop
	return l, nil
}

// DeleteDead removes a letter, after it was replayed or dismissed. It answers
// [ErrNotFound] when it is gone already.
func (s *Store) DeleteDead(ctx context.Context, shop, id string) error {
	const op = "delete dead letter"
	members, err := s.rdb.ZRangeByLex(ctx, s.keys.deadIndex(shop), &redis.ZRangeBy{
		Min: "[" + id + ":", Max: "(" + id + ";", Count: 1,
	}).Result()
	if err == nil && len(members) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return wrap(op, err)
	}
	_, source, _ := strings.Cut(members[0], ":")
	reply, err := s.amend(ctx, op, "side_dead_delete", []string{
		s.keys.deadIndex(shop), s.keys.deadSource(shop, source),
		s.keys.deadBytes(shop, source), s.keys.deadLetter(shop, id),
	}, source, id)
	if err == nil && number(reply[0]) == 0 {
		err = wrap(op, ErrNotFound)
	}
	return err
}

// CountDead is the number of dead letters of a shop.
func (s *Store) CountDead(ctx context.Context, shop string) (int64, error) {
	return s.countDead(ctx, shop, s.real())
}

func (s *Store) countDead(ctx context.Context, shop string, now time.Time) (int64, error) {
	n, err := s.rdb.ZLexCount(ctx, s.keys.deadIndex(shop), "["+deadSince(now), "+").Result()
	return n, wrap("count dead letters", err)
}

// deadSince is less than the id of every letter that is still kept, and not
// less than those that are not.
func deadSince(now time.Time) string {
	var id ulid.ULID
	if err := id.SetTime(ulid.Timestamp(now.Add(-DeadLife).Add(time.Millisecond))); err != nil {
		return ""
	}
	return id.String()
}

var errDeadFormat = errors.New("stored dead letter is damaged; delete it")
