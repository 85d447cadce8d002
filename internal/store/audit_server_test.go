package store_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

// says changes what a server says about itself.
type says struct{ old, new string }

func (says) DialHook(next redis.DialHook) redis.DialHook { return next }
func (says) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h says) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if text, is := cmd.(*redis.StringCmd); is {
			text.SetVal(strings.ReplaceAll(text.Val(), h.old, h.new))
		}
		return err
	}
}

// servers are the kinds found about the servers.
func servers(t *testing.T, s *store.Store, own bool) (kinds []string) {
	t.Helper()
	f, err := s.AuditServers(t.Context(), own)
	ok(t, err)
	for _, x := range f.List {
		if x.Level != store.LevelOK {
			kinds = append(kinds, string(x.Kind))
			if x.Server == "" || x.Text == "" || x.Mend == "" {
				t.Errorf("a finding without server, text or mend: %+v", x)
			}
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

func TestServersAreLookedAt(t *testing.T) {
	config := func(name, value string) func(*testing.T, *store.Store) {
		return func(t *testing.T, s *store.Store) { ok(t, s.Client().ConfigSet(t.Context(), name, value).Err()) }
	}
	hook := func(old, new string) func(*testing.T, *store.Store) {
		return func(_ *testing.T, s *store.Store) { s.Client().AddHook(says{old, new}) }
	}
	for _, c := range []struct {
		name, found string
		others      bool // not Ritorno's own server
		do          func(*testing.T, *store.Store)
	}{
		{"well", "", false, func(*testing.T, *store.Store) {}},
		{"drops data", "server_eviction", false, config("maxmemory-policy", "allkeys-lru")},
		{"writes once a second", "server_not_durable", false, config("appendfsync", "everysec")},
		{"writes nothing", "server_not_durable", false, config("appendonly", "no")},
		{"full", "server_memory", false, config("maxmemory", "1000000")},
		{"no limit", "server_no_limit", true, func(*testing.T, *store.Store) {}},
		{"limit", "", true, config("maxmemory", "1000000000")},
		{"disk failed", "server_disk", false, hook("aof_last_write_status:ok", "aof_last_write_status:err")},
		{"rewrite failed", "server_disk", false, hook("aof_last_bgrewrite_status:ok", "aof_last_bgrewrite_status:err")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, store.Options{URL: redistest.Fresh(t)})
			c.do(t, s)
			if got := strings.Join(servers(t, s, !c.others), " "); got != c.found {
				t.Errorf("found %q, want %q", got, c.found)
			}
		})
	}
}

func TestAReplicaThatWentIsTold(t *testing.T) {
	primary, _, _ := redistest.Pair(t)
	s := open(t, store.Options{URL: "redis://" + primary, Replicas: 1})
	if got := servers(t, s, true); len(got) > 0 {
		t.Errorf("with the replica %v", got)
	}
	s.Client().AddHook(says{"connected_slaves:1", "connected_slaves:0"})
	if got := servers(t, s, true); !slices.Equal(got, []string{"server_replicas"}) {
		t.Errorf("found %v", got)
	}
}

func TestTheClustersServersAreLookedAt(t *testing.T) {
	s := open(t, threeNodes(t))
	if got := servers(t, s, true); len(got) > 0 {
		t.Errorf("found %v", got)
	}
	f, err := s.AuditServers(t.Context(), true)
	ok(t, err)
	n := 0
	for _, x := range f.List {
		if x.Kind == "server" {
			n++
		}
	}
	if n != 3 {
		t.Errorf("%d of 3 servers are told of: %+v", n, f.List)
	}
}
