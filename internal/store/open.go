package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Limits of the number of shards.
const (
	defaultShards = 64
	maxShards     = 1024
)

// Open connects, checks that the server keeps what it acknowledges, makes or
// reads the installation record and, when the server was restarted since last
// seen, seals its append-only file (see Seal). ErrUnsafe: the server is set up
// so that it drops data, or is none we can use; the text says what to change.
// ErrShards: the store was made with another number of shards.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := prepare(o)
	if err != nil {
		return nil, fmt.Errorf("open the store: %w", err)
	}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(wrap("open the store", err), s.Close())
	}
	return s, nil
}

func prepare(o Options) (*Store, error) {
	s := &Store{
		keys: keys{prefix: o.Prefix}, shards: o.Shards, process: o.Process,
		wanted: o.Replicas, replicas: -1, onRollback: o.OnRollback, turn: make(chan struct{}, 1),
	}
	if s.keys.prefix == "" {
		s.keys.prefix = "rit"
	}
	if strings.ContainsAny(s.keys.prefix, "{}") {
		return nil, fmt.Errorf("key prefix %q: braces have a meaning in keys, leave them out", s.keys.prefix)
	}
	if s.shards == 0 {
		s.shards = defaultShards
	}
	if s.shards < 1 || s.shards > maxShards {
		return nil, fmt.Errorf("%d shards: redis.shards must be 1 to %d", s.shards, maxShards)
	}
	if s.process == "" {
		s.process = NewID()
	}
	s.seq = make([]atomic.Int64, s.shards)
	var err error
	if s.rdb, err = connect(o, s.guard); err != nil {
		return nil, err
	}
	if s.batch, err = share(s.rdb); err != nil {
		return nil, errors.Join(err, s.rdb.Close())
	}
	return s, nil
}

func (s *Store) start(ctx context.Context) error {
	if err := s.inspect(ctx); err != nil {
		return err
	}
	if err := s.load(ctx); err != nil {
		return err
	}
	if err := s.SealRestarted(ctx); err != nil {
		return err
	}
	s.guarding.Store(true)
	if err := s.installation(ctx); err != nil {
		return err
	}
	_, _, err := s.Now(ctx)
	return err
}

// installation makes the installation record or checks ours against it.
func (s *Store) installation(ctx context.Context) error {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails; see crypto/rand
	at, err := s.sealOf(ctx, s.keys.installation())
	if err != nil {
		return err
	}
	r, err := s.run(ctx, "install", []string{s.keys.installation()},
		s.shards, NewID(), secret, schema, time.Now().Unix())
	if err != nil {
		return wrap("read the installation record", err)
	}
	made := number(r[0]) == 1
	shards, err := strconv.Atoi(text(r[1]))
	if err != nil {
		return fmt.Errorf("installation record: shards %q: %w", text(r[1]), err)
	}
	if shards != s.shards {
		return fmt.Errorf("%w: this store was made with %d, the configuration says %d: set redis.shards: %d, or move the contacts to an empty store",
			ErrShards, shards, s.shards, shards)
	}
	if n, err := strconv.Atoi(text(r[4])); err != nil || n > schema+1 {
		return fmt.Errorf("installation record of schema %q: %w", text(r[4]), errNewer)
	}
	s.install, s.secret = text(r[2]), []byte(text(r[3]))
	if len(s.secret) != len(secret) {
		return fmt.Errorf("installation record: a secret of %d bytes instead of %d: restore it from a backup", len(s.secret), len(secret))
	}
	if made {
		return s.confirm(ctx, at)
	}
	return nil
}
