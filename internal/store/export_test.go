package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/lifecycle"
)

// What tests must look at from outside.
var (
	Decode   = decode
	ErrNewer = errNewer
	AtLeast  = atLeast
	Waits    = waits
	Wrap     = wrap
)

// HeaderSize is the length of what stands before the record.
const HeaderSize = headerSize

func Encode(c lifecycle.Contact, nonce uint32) ([]byte, error) { return encode(&c, nonce) }

func (s *Store) Client() redis.UniversalClient { return s.rdb }
func (s *Store) ContactKey(id string) string   { return s.keys.contact(s.Shard(id), id) }
func (s *Store) DueKey(n int, h int64) string  { return s.keys.due(n, h) }
func (s *Store) HoursKey(shard int) string     { return s.keys.hours(shard) }
func (s *Store) LeaseKey(shard int) string     { return s.keys.lease(shard) }
func (s *Store) MetaKey(shard int) string      { return s.keys.meta(shard) }
func (s *Store) BeatsKey() string              { return s.keys.beats() }
func (s *Store) NodesKey() string              { return s.keys.nodes() }
func (s *Store) ShardTag(shard int) string     { return s.keys.shard(shard) }

// TransitionSHA is how the transition script is called on the wire.
func TransitionSHA() string { return script("transition").Hash() }

// ForgetHeld makes the store forget that it holds id, as after a lost answer.
func (s *Store) ForgetHeld(id string, fence uint64) { s.held.drop(id, fence) }

// WithWaitAOF makes the store confirm by WAITAOF whatever the server says.
func (s *Store) WithWaitAOF() { s.waitAOF = true }

// AllKeys lists the keys of all masters that match.
func (s *Store) AllKeys(ctx context.Context, pattern string) ([]string, error) {
	nodes, err := s.masters(ctx)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, n := range nodes {
		names, err := n.Keys(ctx, pattern).Result()
		if err != nil {
			return nil, err
		}
		all = append(all, names...)
	}
	return all, nil
}

// BeforeMend runs f between the last look of an audit and a repair.
func (s *Store) BeforeMend(f func()) { s.beforeMend = f }
