package store

import (
	"context"
	"time"
)

// The tests of this package move the real time that expiries are counted in.

func (s *Store) ParkAt(ctx context.Context, d Digest, item []byte, now time.Time) error {
	return s.park(ctx, d, item, now)
}

func (s *Store) ParkedAt(ctx context.Context, d Digest, now time.Time) ([][]byte, error) {
	return s.parked(ctx, d, now)
}

func (s *Store) ParkedCountAt(ctx context.Context, now time.Time) (int64, error) {
	return s.parkedCount(ctx, now)
}

func (s *Store) PutDeadAt(ctx context.Context, l DeadLetter, now time.Time) (string, error) {
	return s.putDead(ctx, l, now)
}

func (s *Store) ListDeadAt(ctx context.Context, shop, before string, n int, now time.Time) ([]DeadLetter, error) {
	return s.listDead(ctx, shop, before, n, now)
}

func (s *Store) CountDeadAt(ctx context.Context, shop string, now time.Time) (int64, error) {
	return s.countDead(ctx, shop, now)
}

func (s *Store) PointOrderAt(ctx context.Context, d Digest, id string, at, now time.Time) error {
	return s.pointOrder(ctx, d, id, at, now)
}

func (s *Store) LookupOrderAt(ctx context.Context, d Digest, now time.Time) (string, error) {
	return s.lookupOrder(ctx, d, now)
}

func (s *Store) DropOrdersAt(ctx context.Context, id string, ds []Digest, now time.Time) error {
	return s.dropOrders(ctx, id, ds, now)
}

// The decoders of stored values, for fuzzing.
var (
	SplitIDs     = splitIDs
	EncodeDead   = encodeDead
	DecodeDead   = decodeDead
	EncodeLink   = encodeLink
	DecodeLink   = decodeLink
	DecodeToken  = decodeToken
	DecodeStatus = decodeStatus
	DecodeFeed   = decodeFeed
)

// The keys whose content the tests look at.

func (s *Store) LookupKey(d Digest) (key, field string) { return s.keys.lookup(d) }

func (s *Store) OrderKey(d Digest, now time.Time) string {
	k, _ := s.keys.order(d, generationOf(now))
	return k
}
func (s *Store) ParkedKeys(d Digest) (list, index string) { return s.keys.parked(d) }
func (s *Store) DeadLetterKey(shop, id string) string     { return s.keys.deadLetter(shop, id) }
func (s *Store) DeadBytesKey(shop, source string) string  { return s.keys.deadBytes(shop, source) }

func (s *Store) DeadSourceKey(shop, source string) string     { return s.keys.deadSource(shop, source) }
func (s *Store) LinkKey(code string) string                   { return s.keys.link(code) }
func (s *Store) TokenKeys() (tokens, used string)             { return s.keys.tokens() }
func (s *Store) SourceKeys(shop, source string) (a, b string) { return s.keys.source(shop, source) }
func (s *Store) TallyKey(shard int, hour int64) string        { return s.keys.tally(shard, hour) }
func (s *Store) CountsKey(shard int, shop string) string      { return s.keys.counts(shard, shop) }
func (s *Store) FlagKey(name string) string                   { return s.keys.flag(name) }
func (s *Store) SuppressKey(d Digest) (key, field string)     { return s.keys.suppress(d) }
