package store_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

func TestInstallationIsMadeOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		first, second := open(t, where), open(t, where)
		if len(first.Secret()) != 32 || !bytes.Equal(first.Secret(), second.Secret()) || first.Installation() != second.Installation() {
			t.Error("two processes see two installations")
		}
		where.Prefix += "other"
		if bytes.Equal(open(t, where).Secret(), first.Secret()) {
			t.Error("two installations have the same secret")
		}
		if durable, why := first.Durable(); !durable {
			t.Errorf("not durable: %s", why)
		}
		if err := first.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestAnotherNumberOfShardsIsRefused(t *testing.T) {
	where := oneNode(t)
	open(t, where)
	where.Shards = 16
	_, err := store.Open(t.Context(), where)
	if !errors.Is(err, store.ErrShards) || !strings.Contains(err.Error(), "set redis.shards: 8") {
		t.Errorf("%v", err)
	}
}

func TestOptionsThatCannotWork(t *testing.T) {
	for name, o := range map[string]store.Options{
		"no address":                {},
		"two addresses":             {URL: "redis://localhost", Socket: "/tmp/x"},
		"a URL of something else":   {URL: "http://anna:secret@localhost"},
		"a node without a port":     {Cluster: []string{"localhost"}},
		"too many shards":           {URL: "redis://localhost", Shards: 1025},
		"a prefix that splits keys": {URL: "redis://localhost", Prefix: "a{b}"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := store.Open(t.Context(), o)
			if err == nil || strings.Contains(err.Error(), "secret") {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestServerThatIsNotThere(t *testing.T) {
	_, err := store.Open(t.Context(), store.Options{Socket: t.TempDir() + "/none.sock"})
	if !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

func TestServersThatMayLoseData(t *testing.T) {
	url := redistest.Fresh(t)
	admin := client(t, url)
	set := func(name, value string) {
		t.Helper()
		if err := admin.ConfigSet(t.Context(), name, value).Err(); err != nil {
			t.Fatal(err)
		}
	}
	durable := func() (bool, string) {
		s, err := store.Open(t.Context(), store.Options{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		return s.Durable()
	}
	set("maxmemory-policy", "allkeys-lru")
	if _, err := store.Open(t.Context(), store.Options{URL: url}); !errors.Is(err, store.ErrUnsafe) || !strings.Contains(err.Error(), "set maxmemory-policy noeviction") {
		t.Errorf("an evicting server: %v", err)
	}
	set("maxmemory-policy", "noeviction")
	if ok, why := durable(); !ok {
		t.Errorf("appendfsync always is not durable: %s", why)
	}
	set("appendfsync", "everysec")
	if ok, why := durable(); ok || !strings.Contains(why, "appendfsync always") {
		t.Errorf("everysec on 7.0: %v %q", ok, why)
	}
	set("appendfsync", "no")
	if ok, why := durable(); ok || !strings.Contains(why, "appendfsync no") {
		t.Errorf("appendfsync no: %v %q", ok, why)
	}
	set("appendonly", "no")
	if ok, why := durable(); ok || !strings.Contains(why, "appendonly yes") {
		t.Errorf("no file: %v %q", ok, why)
	}
	if err := admin.Do(t.Context(), "replicaof", "127.0.0.1", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), store.Options{URL: url}); !errors.Is(err, store.ErrUnsafe) || !strings.Contains(err.Error(), "replica") {
		t.Errorf("a replica: %v", err)
	}
}

func TestNodeOfAClusterIsNoServer(t *testing.T) {
	_, err := store.Open(t.Context(), store.Options{URL: "redis://" + redistest.Cluster(t)[0]})
	if !errors.Is(err, store.ErrUnsafe) || !strings.Contains(err.Error(), "list the cluster's nodes") {
		t.Errorf("%v", err)
	}
}

func TestVersions(t *testing.T) {
	for _, v := range []string{"7.0.0", "7.0.15", "7.2", "8.0.1-rc1", "10.0.0"} {
		if !store.AtLeast(v, 7, 0, 0) {
			t.Errorf("%s is refused", v)
		}
	}
	for _, v := range []string{"", "6.2.14", "x.y"} {
		if store.AtLeast(v, 7, 0, 0) {
			t.Errorf("%s is taken", v)
		}
	}
	for v, want := range map[string]bool{"7.0.15": false, "7.2.4": true, "7.4.2": false, "7.4.3": true, "8.0.0": true} {
		if store.Waits(v) != want {
			t.Errorf("WAITAOF of %s: %v", v, !want)
		}
	}
}

func TestRestartedServerIsSealed(t *testing.T) {
	node := redistest.NewNode(t)
	s := open(t, store.Options{URL: node.URL})
	first := rewrites(t, node.URL)
	if first != "1" {
		t.Errorf("the first start rewrote %s times", first)
	}
	put(t, s, anna, noon)
	if err := s.SealRestarted(t.Context()); err != nil || rewrites(t, node.URL) != "1" {
		t.Errorf("the same server was sealed again: %v", err)
	}
	node.Stop(t)
	if err := s.SealRestarted(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("without a server: %v", err)
	}
	if err := s.Ready(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("ready without a server: %v", err)
	}
	if _, err := s.Load(t.Context(), anna); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("load without a server: %v", err)
	}
	if _, err := s.Update(t.Context(), store.Request{ID: anna, Create: true}, nothing); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("update without a server: %v", err)
	}
	node.Start(t)
	if err := s.SealRestarted(t.Context()); err != nil || rewrites(t, node.URL) != "1" {
		t.Errorf("after a restart: %v, %s rewrites", err, rewrites(t, node.URL))
	}
	if c, err := s.Load(t.Context(), anna); err != nil || c.Shop != "anna" {
		t.Errorf("after a restart: %+v, %v", c, err)
	}
	if err := s.Seal(t.Context()); err != nil || rewrites(t, node.URL) != "2" {
		t.Errorf("Seal: %v, %s rewrites", err, rewrites(t, node.URL))
	}
}

func rewrites(t *testing.T, url string) string {
	t.Helper()
	text, err := client(t, url).Info(t.Context(), "persistence").Result()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(text, "aof_rewrites:")
	n, _, _ := strings.Cut(rest, "\r\n")
	return n
}

func client(t *testing.T, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestClock(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s, other := open(t, where), open(t, where)
		real, program, err := s.Now(t.Context())
		if err != nil || !real.Equal(program) || time.Since(real).Abs() > 10*time.Second {
			t.Errorf("now %v, %v, %v", real, program, err)
		}
		if moved, err := s.ClockMoved(t.Context()); moved || err != nil {
			t.Errorf("moved: %v, %v", moved, err)
		}
		if err := s.SetOffset(t.Context(), 30*24*time.Hour); err != nil {
			t.Fatal(err)
		}
		real, program, err = other.Now(t.Context())
		if err != nil || program.Sub(real) != 30*24*time.Hour || other.Offset() != 30*24*time.Hour {
			t.Errorf("offset %v, %v, %v", program.Sub(real), other.Offset(), err)
		}
		if err := s.SetOffset(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		if moved, err := other.ClockMoved(t.Context()); !moved || err != nil {
			t.Errorf("moved once, then back: %v, %v", moved, err)
		}
	})
}

func TestIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := store.NewID()
		if len(id) != 12 || strings.Trim(id, "0123456789abcdefghjkmnpqrstvwxyz") != "" || seen[id] {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
}

func TestShardsAreFilledEvenly(t *testing.T) {
	where := oneNode(t)
	where.Shards = 64
	s := open(t, where)
	n := make([]int, 64)
	for range 64 * 500 {
		n[s.Shard(store.NewID())]++
	}
	for shard, got := range n {
		if got < 350 || got > 650 {
			t.Errorf("shard %d has %d of 500", shard, got)
		}
	}
	if got := s.Shard("anna00000000"); got != s.Shard("anna00000000") || got != 39 {
		t.Errorf("a contact's shard moved to %d: its keys would not be found", got)
	}
}
