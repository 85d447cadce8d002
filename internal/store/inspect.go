package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/defect"
)

// inspect refuses servers that drop data and learns whether they survive a
// power cut. All masters must agree; the weakest counts.
func (s *Store) inspect(ctx context.Context) error {
	nodes, err := s.masters(ctx)
	if err != nil {
		return err
	}
	s.health.Lock()
	s.durable = true
	s.health.Unlock()
	for _, node := range nodes {
		if err := s.inspectNode(ctx, node); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) inspectNode(ctx context.Context, node *redis.Client) error {
	facts, err := info(ctx, node)
	if err != nil {
		return err
	}
	at := address(node)
	version := facts["redis_version"]
	_, clustered := s.rdb.(*redis.ClusterClient)
	switch {
	case !atLeast(version, 7, 0, 0):
		return fmt.Errorf("%w: the server at %s is version %q; 7.0 or newer is needed (Redis or Valkey)", ErrUnsafe, at, version)
	case facts["role"] == "slave":
		return fmt.Errorf("%w: the server at %s is a replica; give the address of its primary", ErrUnsafe, at)
	case facts["redis_mode"] == "cluster" && !clustered:
		return fmt.Errorf("%w: the server at %s is a node of a cluster; list the cluster's nodes in redis.url", ErrUnsafe, at)
	}
	if err := s.checkEviction(facts["maxmemory_policy"], at); err != nil {
		return err
	}
	s.countReplicas(facts)
	return s.checkDurable(ctx, node, facts)
}

// countReplicas learns how many replicas must confirm a change, where the
// operator did not say: the one there is, or a majority; of several masters, as
// many as all can have.
func (s *Store) countReplicas(facts map[string]string) {
	if s.wanted != AutoReplicas {
		s.replicas = s.wanted
		return
	}
	n, err := strconv.Atoi(facts["connected_slaves"])
	if err != nil {
		n = 0
	}
	if n > 1 {
		n = n/2 + 1
	}
	if s.replicas < 0 || n < s.replicas {
		s.replicas = n
	}
}

func (s *Store) checkEviction(policy, at string) error {
	if defect.On("eviction") {
		return nil
	}
	switch policy {
	case "noeviction":
		return nil
	case "":
		slog.Warn("cannot see the server's maxmemory-policy; it must be noeviction, or contacts vanish when memory is full", "server", at)
		return nil
	}
	return fmt.Errorf("%w: the server at %s has maxmemory-policy %s and drops data when memory is full; set maxmemory-policy noeviction", ErrUnsafe, at, policy)
}

// checkDurable learns how a write to node is confirmed. Not durable is no
// error: who sends decides. A server that went away while it was asked is one:
// it said nothing about itself.
func (s *Store) checkDurable(ctx context.Context, node *redis.Client, facts map[string]string) error {
	why, wait, err := durability(ctx, node, facts)
	if err != nil {
		return err
	}
	if why != "" {
		s.forgetful(why)
	}
	s.waitAOF = s.waitAOF || wait
	return nil
}

// durability says why a write to node may be forgotten, empty when it cannot
// be; wait: only WAITAOF confirms it.
func durability(ctx context.Context, node *redis.Client, facts map[string]string) (why string, wait bool, err error) {
	at := address(node)
	if facts["aof_enabled"] != "1" {
		return fmt.Sprintf("the server at %s keeps no append-only file; set appendonly yes and appendfsync always", at), false, nil
	}
	config, err := node.ConfigGet(ctx, "appendfsync").Result()
	if err != nil && lost(err) {
		return "", false, wrap("ask the server at "+at+" for appendfsync", err)
	}
	fsync := config["appendfsync"]
	switch {
	case err != nil || fsync == "":
		why = fmt.Sprintf("cannot see appendfsync of the server at %s; allow CONFIG GET, or ask the provider for appendfsync always", at)
	case fsync == "always":
	case fsync == "everysec" && waits(facts["redis_version"]):
		wait = true
	case fsync == "everysec":
		why = fmt.Sprintf("the server at %s (%s) writes to disk once a second and cannot confirm; set appendfsync always, or use 7.2 or 7.4.3 and later", at, facts["redis_version"])
	default:
		why = fmt.Sprintf("the server at %s has appendfsync %s; set appendfsync always", at, fsync)
	}
	return why, wait, nil
}

// forgetful notes the first reason why the store is not durable.
func (s *Store) forgetful(why string) {
	s.health.Lock()
	defer s.health.Unlock()
	if s.durable {
		s.durable, s.why = false, why
	}
}

// waits reports whether WAITAOF can be trusted: it is there from 7.2, and
// answers too early in 7.4.0 to 7.4.2.
func waits(version string) bool {
	return atLeast(version, 7, 2, 0) && (!atLeast(version, 7, 4, 0) || atLeast(version, 7, 4, 3))
}

// atLeast compares a version such as "7.0.15"; what cannot be read is old.
func atLeast(version string, want ...int) bool {
	parts := strings.SplitN(version, ".", 3)
	for i, w := range want {
		if i >= len(parts) {
			return w == 0
		}
		digits := strings.IndexFunc(parts[i], func(r rune) bool { return r < '0' || r > '9' })
		if digits < 0 {
			digits = len(parts[i])
		}
		n, err := strconv.Atoi(parts[i][:digits])
		if err != nil {
			return false
		}
		if n != w {
			return n > w
		}
	}
	return true
}

// info reads what a node says about itself.
func info(ctx context.Context, node *redis.Client) (map[string]string, error) {
	return infoOf(ctx, node, address(node))
}

func infoOf(ctx context.Context, node server, at string) (map[string]string, error) {
	text, err := node.Info(ctx, "server", "memory", "persistence", "replication").Result()
	if err != nil {
		return nil, wrap("ask the server at "+at+" for its state", err)
	}
	facts := factsOf(text)
	if facts["loading"] == "1" && !defect.On("loading") {
		// Until its files are read it says aof_enabled:0, whatever it is set to.
		return nil, fmt.Errorf("%w: %s: %w", ErrUnavailable, at, errLoading)
	}
	return facts, nil
}

// errLoading stands beside another error in its chain: the client takes a single
// wrapping off what a new connection met.
var errLoading = errors.New("the server is still reading its files")

// factsOf reads the answer to INFO.
func factsOf(text string) map[string]string {
	facts := make(map[string]string)
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			facts[name] = value
		}
	}
	return facts
}
