// Package store keeps contacts and everything around them in Redis. It is the
// only importer of go-redis. There is one implementation: the embedded default
// is the same server, run as a child (internal/embedded).
package store

import (
	"errors"
	"hash/fnv"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// Errors that callers branch on.
var (
	// ErrNotFound: no such record. Answer 404.
	ErrNotFound = errors.New("not found")
	// ErrDuplicate: this delivery was applied before. Nothing was changed; answer 200.
	ErrDuplicate = errors.New("delivery applied before")
	// ErrFence: the lease is gone or held by somebody else. Drop what you were doing.
	ErrFence = errors.New("lease lost")
	// ErrUnavailable: the store did not confirm. Nothing may be acknowledged; answer 503 and try again with the same delivery key.
	ErrUnavailable = errors.New("store unavailable")
	// ErrUnsafe: the server may lose or drop what it acknowledged; see the text.
	ErrUnsafe = errors.New("store refuses to start")
	// ErrShards: the store was made with another number of shards.
	ErrShards = errors.New("number of shards differs")
)

// Options say where the store is. Exactly one of Socket, URL and Cluster is
// set.
type Options struct {
	Socket      string   // unix socket of the embedded server
	URL         string   // redis:// rediss:// or unix://
	Cluster     []string // host:port (or redis://…) of some nodes; user, password and TLS are those of the first
	Shards      int      // 0 means 64; fixed for the life of an installation
	Prefix      string   // of every key; empty means "rit". Tests use their own
	Process     string   // id of this process, unique for each start; leases carry it. Empty: a random one
	AllowUnsafe bool     // send although acknowledged writes may be forgotten
	// Replicas is how many replicas must have a change before it counts as
	// stored. AutoReplicas: the one that is connected when the store is opened,
	// a majority of several, none where there is none.
	Replicas int
	// OnRollback is told that a shard forgot so many acknowledged changes. It
	// must not block.
	OnRollback func(shard int, lost int64)
}

// AutoReplicas lets the store find out how many replicas there are.
const AutoReplicas = -1

// Store is safe for concurrent use.
type Store struct {
	rdb              redis.UniversalClient
	batch            *redis.AutoPipeliner // concurrent calls share round trips
	keys             keys
	shards           int
	process          string
	install          string // id of the installation
	secret           []byte // of the installation
	health           sync.Mutex
	durable          bool   // guarded by health
	why              string // why it is not durable; guarded by health
	waitAOF          bool   // a write is confirmed by WAITAOF only
	wanted, replicas int    // that must confirm a write: as asked for, and as it is
	onRollback       func(int, int64)
	sealing          sync.Mutex

	offset   atomic.Int64 // of the program's clock, ms
	skew     atomic.Int64 // server's real time less the host's, ns
	beaten   atomic.Bool  // a heartbeat was stored
	seq      []atomic.Int64
	stats    counters
	busy     locks
	held     leases
	barriers sync.Map // address of a node -> *barrier
	runs     sync.Map // address of a node -> its run_id that is sealed
	sealed   sync.Map // run_id -> true: its file was made whole
	guarding atomic.Bool
	turn     chan struct{} // whoever makes a file whole holds it

	beforeMend func() // tests only: between the last look of an audit and the repair
}

type counters struct{ conflicts, lost, unconfirmed, back atomic.Int64 }

// Stats count since the store was opened.
type Stats struct {
	Conflicts   int64 // updates that another process overtook and that were decided anew
	Lost        int64 // calls whose answer was lost
	Unconfirmed int64 // barriers that the disk did not answer in time
	Back        int64 // answers that prove that a shard forgot acknowledged changes
}

// Stats are this process's own counts.
func (s *Store) Stats() Stats {
	return Stats{s.stats.conflicts.Load(), s.stats.lost.Load(), s.stats.unconfirmed.Load(), s.stats.back.Load()}
}

// Secret is the installation's random key of 32 bytes, for keyed digests and
// link tokens.
func (s *Store) Secret() []byte { return append([]byte(nil), s.secret...) }

// Installation is the random id that the store got when it was made.
func (s *Store) Installation() string { return s.install }

// Process is the id that this process's leases carry.
func (s *Store) Process() string { return s.process }

// Durable reports whether what the store acknowledged survives a power cut;
// if not, why.
func (s *Store) Durable() (bool, string) {
	s.health.Lock()
	defer s.health.Unlock()
	return s.durable, s.why
}

// Shards is the number of shards.
func (s *Store) Shards() int { return s.shards }

// Shard is the shard of the contact id, from 0.
func (s *Store) Shard(id string) int {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	sum := h.Sum64()
	return int((sum ^ sum>>32) % uint64(s.shards))
}

// Close ends the connections. Calls under way fail with [ErrUnavailable].
func (s *Store) Close() error {
	return errors.Join(s.batch.Close(), s.rdb.Close())
}
