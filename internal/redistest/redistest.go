// Package redistest starts real servers for tests: one for a test binary, one
// for a single test, or a cluster of three masters. Only tests import it.
package redistest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"ritorno/internal/embedded"
)

// startLimit is how long a server may take to answer; a busy machine needs more
// than the usual 50 ms.
const startLimit = 30 * time.Second

var (
	sharedServer  lazy[string]
	sharedCluster lazy[[]string]
	cleanups      stack
)

// Main runs the tests of a package and then ends what they shared. Call it from
// TestMain: os.Exit(redistest.Main(m)).
func Main(m *testing.M) int {
	defer cleanups.unwind()
	return m.Run()
}

// Start returns the URL (unix://path) of a server that all tests of this binary
// share; keep to a key prefix of your own. It writes every command to disk,
// never evicts, and ends with Main.
func Start(tb testing.TB) string {
	tb.Helper()
	return sharedServer.get(tb, func() (string, error) {
		dir, err := os.MkdirTemp("", "redistest-")
		if err != nil {
			return "", err
		}
		cleanups.push(func() { _ = os.RemoveAll(dir) })
		srv, err := open(dir)
		if err != nil {
			return "", err
		}
		cleanups.push(func() { _ = srv.Close() })
		return urlOf(srv), nil
	})
}

// Fresh returns the URL of an empty server for this test alone, ended with it.
func Fresh(tb testing.TB) string {
	tb.Helper()
	return NewNode(tb).URL
}

// Node is a server of one test that can go away and come back with its data.
type Node struct {
	URL string // the same over Stop and Start
	dir string
	srv *embedded.Server // nil while stopped
}

// NewNode starts an empty server for this test alone; it ends with the test.
func NewNode(tb testing.TB) *Node {
	tb.Helper()
	n := &Node{dir: filepath.Join(tb.TempDir(), "redis")}
	n.Start(tb)
	tb.Cleanup(func() { n.Stop(tb) })
	return n
}

// Stop ends the server, as when Redis goes away: new connections are refused.
// It may be called again.
func (n *Node) Stop(tb testing.TB) {
	tb.Helper()
	if n.srv == nil {
		return
	}
	if err := n.srv.Close(); err != nil {
		tb.Error(err)
	}
	n.srv = nil
}

// Start brings the server back at the same URL.
func (n *Node) Start(tb testing.TB) {
	tb.Helper()
	if n.srv != nil {
		return
	}
	srv, err := open(n.dir)
	if err != nil {
		tb.Fatal(err)
	}
	if n.srv = srv; n.URL == "" {
		n.URL = urlOf(srv)
	}
	if n.URL != urlOf(srv) {
		tb.Fatalf("the server came back at %s, not at %s", urlOf(srv), n.URL)
	}
}

func open(dir string) (*embedded.Server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	return embedded.Start(ctx, embedded.Options{Dir: dir})
}

func urlOf(srv *embedded.Server) string { return "unix://" + srv.Socket() }

// lazy makes one value for the whole test binary; a failure fails every test
// that asks for it.
type lazy[T any] struct {
	once  sync.Once
	value T
	err   error
}

func (l *lazy[T]) get(tb testing.TB, make func() (T, error)) T {
	tb.Helper()
	l.once.Do(func() { l.value, l.err = make() })
	if l.err != nil {
		tb.Fatal(fmt.Errorf("a server for tests: %w", l.err))
	}
	return l.value
}

// stack holds what Main undoes, last first.
type stack struct {
	mu    sync.Mutex
	calls []func()
}

func (s *stack) push(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, f)
}

func (s *stack) unwind() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.calls) - 1; i >= 0; i-- {
		s.calls[i]()
	}
	s.calls = nil
}
