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
	dir := filepath.Join(tb.TempDir(), "redis")
	p, err := startOn(dir, func(port, _ string) []string {
		return []string{
			"--bind", "127.0.0.1", "--port", port, "--dir", dir, "--appendonly", "yes", "--appendfsync", "always", "--save", "",
			"--maxmemory-policy", "noeviction", "--daemonize", "no", "--logfile", "", "--repl-diskless-sync-delay", "0",
		}
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.stop)
	return p
}
