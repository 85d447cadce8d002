// Package embedded runs a real redis-server or valkey-server as a child process
// on a Unix socket, so that an installation without a Redis of its own still
// keeps its data in one: the same scripts, the same client, no second store.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// ErrLocked says that another process uses the data directory and did not let
// go of it in time. The caller either talks to that process's server (Running)
// or stops with this error, which names the mend.
var ErrLocked = errors.New("the data directory is in use by another process")

// Options of the embedded store.
type Options struct {
	Dir   string       // data directory; made when missing (mode 0700)
	Fsync string       // "always" (the default when empty), "everysec" or "no"
	Log   *slog.Logger // the server's log lines join ours; nil drops them

	lockWait time.Duration // how long to wait for LOCK; zero means lockWait
}

// Server is a running embedded store. It restarts its child process for as long
// as it is open; commands in flight when the child dies fail and are the
// caller's to repeat.
type Server struct {
	dir    string
	fsync  string
	log    *slog.Logger
	socket socketPlace
	lock   *lockFile // a field, so that no finaliser closes it while we run

	restarts atomic.Int64

	mu       sync.Mutex
	child    *child // nil while none runs
	stopping chan struct{}
	done     chan struct{} // closed when the supervisor has ended
	once     sync.Once
	closeErr error
}

// Start locks the data directory, starts the server program in it and returns
// when the server answers. ctx limits the start only. Errors: ErrNoServer when
// no program is installed, ErrLocked when another process holds the directory,
// else what the server itself said when it ended.
func Start(ctx context.Context, o Options) (*Server, error) {
	s, err := prepare(o)
	if err != nil {
		return nil, err
	}
	if s.lock, err = acquire(ctx, s.dir, o.wait(), s.log); err != nil {
		return nil, err
	}
	if s.socket, err = placeSocket(s.dir); err != nil {
		return nil, errors.Join(err, s.lock.release())
	}
	started := make(chan error, 1)
	go s.supervise(ctx, started)
	if err := <-started; err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func prepare(o Options) (*Server, error) {
	s := &Server{
		fsync: o.Fsync, log: o.Log,
		stopping: make(chan struct{}), done: make(chan struct{}),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	switch s.fsync {
	case "":
		s.fsync = "always"
	case "always", "everysec", "no":
	default:
		return nil, fmt.Errorf("embedded store: fsync %q is not always, everysec or no", o.Fsync)
	}
	if o.Dir == "" {
		return nil, errors.New("embedded store: no data directory given: set data_dir")
	}
	var err error
	if s.dir, err = filepath.Abs(o.Dir); err != nil {
		return nil, fmt.Errorf("embedded store: data directory %s: %w", o.Dir, err)
	}
	if _, err := findProgram(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("embedded store: make the data directory: %w", err)
	}
	return s, nil
}

// Socket returns the path of the server's Unix socket. It stays the same over
// restarts of the child.
func (s *Server) Socket() string { return s.socket.path }

// Restarts counts how often the child was started again after it had died.
func (s *Server) Restarts() int { return int(s.restarts.Load()) }

// Close ends the server cleanly (SIGTERM, and SIGKILL after ten seconds), waits
// until it is gone and gives the data directory free. It may be called again.
func (s *Server) Close() error {
	s.once.Do(func() {
		close(s.stopping)
		s.stopChild()
		s.closeErr = errors.Join(s.socket.remove(), s.lock.release())
	})
	return s.closeErr
}

// stopChild asks the child to end and insists after closeWait.
func (s *Server) stopChild() {
	s.askChild()
	insist := time.NewTimer(closeWait)
	defer insist.Stop()
	select {
	case <-s.done:
		return
	case <-insist.C:
		s.log.Warn("the embedded store did not end when asked; killing it", "after", closeWait)
		s.killChild()
	}
	<-s.done
}
