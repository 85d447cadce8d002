package store

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// memoryHigh is the share of its memory from which a server is called full.
const memoryHigh = 70

// AuditServers looks at how every server that holds contacts is set up and how
// it is doing, as it is now. own: Ritorno runs it itself, and the machine's
// memory is its limit.
func (s *Store) AuditServers(ctx context.Context, own bool) (*Findings, error) {
	nodes, err := s.masters(ctx)
	if err != nil {
		return nil, err
	}
	f := &Findings{}
	for _, node := range nodes {
		if err := s.auditServer(ctx, f, node, own); err != nil {
			return nil, err
		}
	}
	f.OK("installation", fmt.Sprintf("%s, %d shards", s.install, s.shards))
	return f, nil
}

func (s *Store) auditServer(ctx context.Context, f *Findings, node *redis.Client, own bool) error {
	facts, err := info(ctx, node)
	if err != nil {
		return err
	}
	where := address(node)
	add := func(kind Kind, format string, args ...any) {
		f.Add(Finding{Kind: kind, Server: where, Text: fmt.Sprintf(format, args...)})
	}
	if policy := facts["maxmemory_policy"]; policy != "" && policy != "noeviction" {
		add(ServerEviction, "maxmemory-policy is %s: contacts are dropped when memory is full", policy)
	}
	for _, name := range []string{"aof_last_write_status", "aof_last_bgrewrite_status"} {
		if facts["aof_enabled"] == "1" && facts[name] != "ok" {
			add(ServerDisk, "%s is %q", name, facts[name])
		}
	}
	why, _, err := durability(ctx, node, facts)
	if err != nil {
		return err
	}
	if why != "" {
		add(ServerDurable, "%s", why)
	}
	if have, err := strconv.Atoi(facts["connected_slaves"]); err == nil && have < s.replicas {
		add(ServerReplicas, "%d of %d replicas are connected", have, s.replicas)
	}
	s.auditMemory(add, facts, own)
	if facts["redis_mode"] == "cluster" {
		state, err := node.ClusterInfo(ctx).Result()
		if err != nil {
			return wrap("ask the server at "+where+" for the cluster", err)
		}
		if got := factsOf(state)["cluster_state"]; got != "ok" {
			add(ServerCluster, "cluster_state is %q", got)
		}
	}
	f.Add(Finding{Level: LevelOK, Kind: "server", Server: where, Text: fmt.Sprintf("version %s, up %ss, memory %s, policy %s",
		facts["redis_version"], facts["uptime_in_seconds"], facts["used_memory_human"], facts["maxmemory_policy"])})
	return nil
}

func (s *Store) auditMemory(add func(Kind, string, ...any), facts map[string]string, own bool) {
	number := func(name string) float64 {
		n, err := strconv.ParseFloat(facts[name], 64)
		if err != nil {
			return 0
		}
		return n
	}
	most := number("maxmemory")
	if most == 0 {
		if !own {
			add(ServerNoLimit, "maxmemory is not set")
		}
		most = number("total_system_memory")
	}
	if share := 100 * number("used_memory") / most; most > 0 && share >= memoryHigh {
		add(ServerMemory, "%.0f %% of its memory is used", share)
	}
}

// Skew is the server's time less this host's, as last read.
func (s *Store) Skew() time.Duration { return time.Duration(s.skew.Load()) }

// Alive are the processes that said within 15 seconds that they live.
func (s *Store) Alive(ctx context.Context) ([]string, error) {
	_, alive, err := s.alive(ctx)
	var list []string
	for process, lives := range alive {
		if lives {
			list = append(list, process)
		}
	}
	sort.Strings(list)
	return list, err
}

// LastClaim is the latest program time at which a timer was claimed; zero:
// never.
func (s *Store) LastClaim(ctx context.Context) (time.Time, error) {
	marks, err := s.metas(ctx, metaMark)
	if err != nil {
		return time.Time{}, err
	}
	var last int64
	for _, m := range marks {
		last = max(last, m)
	}
	if last == 0 {
		return time.Time{}, nil
	}
	return time.UnixMilli(last).UTC(), nil
}
