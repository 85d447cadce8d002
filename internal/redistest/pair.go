package redistest

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// Pair starts a primary and its replica for this test alone, both durable, and
// returns their addresses (host:port) when the replica has caught up. stop ends
// the primary for good, as when its machine is lost.
func Pair(tb testing.TB) (primary, replica string, stop func()) {
	tb.Helper()
	first := single(tb)
	second := single(tb)
	host, port, err := net.SplitHostPort(first.addr)
	if err != nil {
		tb.Fatal(err)
	}
	if err := second.expectOK("REPLICAOF " + host + " " + port); err != nil {
		tb.Fatal(err)
	}
	if err := first.await("a replica", "INFO replication", func(info string) bool { return strings.Contains(info, "state=online") }); err != nil {
		tb.Fatal(err)
	}
	return first.addr, second.addr, first.stop
}

// single is a durable server with a network port of its own.
func single(tb testing.TB) *process {
	tb.Helper()
	return singleIn(tb, filepath.Join(tb.TempDir(), "redis"))
}

func singleIn(tb testing.TB, dir string) *process {
	tb.Helper()
	p, err := startOn(dir, func(port, _ string) []string { return singleArgs(dir, port) })
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.stop)
	return p
}

func singleArgs(dir, port string) []string {
	return []string{
		"--bind", "127.0.0.1", "--port", port, "--dir", dir, "--appendonly", "yes", "--appendfsync", "always", "--save", "",
		"--maxmemory-policy", "noeviction", "--daemonize", "no", "--logfile", "", "--repl-diskless-sync-delay", "0",
	}
}

// Port is a durable server with a network port that can be killed and come back
// there with its data, for programs that know redis:// only.
type Port struct {
	URL  string
	dir  string
	addr string
	p    *process
}

// NewPort starts an empty server for this test alone; it ends with the test.
func NewPort(tb testing.TB) *Port {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "redis")
	p := singleIn(tb, dir)
	return &Port{URL: "redis://" + p.addr, dir: dir, addr: p.addr, p: p}
}

// Kill ends the server as kill -9 does.
func (n *Port) Kill() { n.p.stop() }

// Start brings it back at the same port.
func (n *Port) Start(tb testing.TB) {
	tb.Helper()
	_, port, err := net.SplitHostPort(n.addr)
	if err != nil {
		tb.Fatal(err)
	}
	if n.p, err = startProcess(singleArgs(n.dir, port)...); err != nil {
		tb.Fatal(err)
	}
	n.p.addr = n.addr
	tb.Cleanup(n.p.stop)
	if err := n.p.awaitPong(); err != nil {
		tb.Fatal(err)
	}
}
