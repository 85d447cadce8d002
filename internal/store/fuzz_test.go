package store

import (
	"strings"
	"testing"
)

// FuzzInfo: whatever a server says about itself, a version is old unless it can
// be read, and one that waits has WAITAOF.
func FuzzInfo(f *testing.F) {
	for _, s := range []string{
		"# Server\r\nredis_version:7.0.15\r\nconnected_slaves:2\r\n", "redis_version:7.4.1", "redis_version:8", "redis_version:", "aof_enabled:1\naof_enabled:0",
		":", "redis_version:7.4.99999999999999999999", "redis_version:7..2", "\xff:\xfe", "valkey_version:9.0.0-rc1",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		facts := factsOf(text)
		for name := range facts {
			if strings.ContainsAny(name, ":\n") {
				t.Errorf("a name of %q", name)
			}
		}
		v := facts["redis_version"]
		if waits(v) && !atLeast(v, 7, 2, 0) {
			t.Errorf("%q has no WAITAOF", v)
		}
		s := &Store{wanted: AutoReplicas, replicas: -1}
		if s.countReplicas(facts); s.replicas < 0 && !strings.HasPrefix(facts["connected_slaves"], "-") {
			t.Errorf("%d replicas must confirm", s.replicas)
		}
	})
}

// FuzzParseLease: what cannot be read is nobody's, and a lease is found again
// by what was written.
func FuzzParseLease(f *testing.F) {
	for _, s := range []string{"7:proc:1700000000000", "", ":", "::", "x:y:z", "18446744073709551616:p:1", "1:a:b:c:2", "1:p:-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		l := parseLease("id", value)
		if l.value != value || l.id != "id" || !strings.Contains(value, l.process) {
			t.Errorf("%q is read as %+v", value, l)
		}
		if strings.Count(value, ":") < 2 && (l.process != "" || !l.since.IsZero()) {
			t.Errorf("%q is somebody's: %+v", value, l)
		}
	})
}

// FuzzParseNode: an address of a cluster's node is refused without repeating
// what may be a password.
func FuzzParseNode(f *testing.F) {
	for _, s := range []string{"10.0.0.1:6379", "redis://user:secret-word@host:6379", "rediss://host", "host", "[::1]:6379", "://", "redis://%zz@h", "http://h:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, node string) {
		addr, _, _, _, err := parseNode(node)
		if err == nil && addr == "" {
			t.Errorf("%q leads nowhere", node)
		}
		if err != nil && strings.Contains(node, "secret-word") && strings.Contains(err.Error(), "secret-word") {
			t.Errorf("the error repeats %q", node)
		}
	})
}
