package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Time limits of a connection. A caller's context may be shorter.
const (
	dialTimeout  = 2 * time.Second
	replyTimeout = 5 * time.Second
)

// poolSize is the most connections to one node. Contacts share a few through
// the pipeline; the rest is for the side tables, also on a machine of one core.
const poolSize = 64

// connect makes the client; it does not talk to the server yet. ready is asked
// before a new connection is used. MaxRetries -1:
// the client must not repeat what it cannot know to be undone.
func connect(o Options, ready func(context.Context, *redis.Conn) error) (redis.UniversalClient, error) {
	switch {
	case count(o.Socket != "", o.URL != "", len(o.Cluster) > 0) != 1:
		return nil, errors.New("exactly one of socket, url and cluster must be given")
	case len(o.Cluster) > 0:
		return connectCluster(o.Cluster, ready)
	case o.Socket != "":
		return redis.NewClient(tune(&redis.Options{Network: "unix", Addr: o.Socket, OnConnect: ready})), nil
	}
	opt, err := redis.ParseURL(o.URL)
	if err != nil {
		// The chain ends here: it may quote the URL and its password.
		return nil, errors.New("redis.url is no address that begins with redis://, rediss:// or unix://")
	}
	opt.OnConnect = ready
	return redis.NewClient(tune(opt)), nil
}

func count(is ...bool) (n int) {
	for _, b := range is {
		if b {
			n++
		}
	}
	return n
}

// tune sets what we need and a URL does not say.
func tune(o *redis.Options) *redis.Options {
	o.MaxRetries = -1
	o.DialTimeout, o.DialerRetries = dialTimeout, 1
	o.ReadTimeout, o.WriteTimeout, o.PoolSize = replyTimeout, replyTimeout, poolSize
	o.ContextTimeoutEnabled = true
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return o
}

func connectCluster(nodes []string, ready func(context.Context, *redis.Conn) error) (redis.UniversalClient, error) {
	o := &redis.ClusterOptions{
		MaxRetries: -1, OnConnect: ready,
		DialTimeout: dialTimeout, DialerRetries: 1, ReadTimeout: replyTimeout, WriteTimeout: replyTimeout,
		PoolSize: poolSize, ContextTimeoutEnabled: true, DisableIdentity: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	for i, node := range nodes {
		addr, user, password, secure, err := parseNode(node)
		if err != nil {
			return nil, fmt.Errorf("node %d of the cluster: %w", i+1, err)
		}
		if i == 0 {
			o.Username, o.Password, o.TLSConfig = user, password, secure
		}
		o.Addrs = append(o.Addrs, addr)
	}
	return redis.NewClusterClient(o), nil
}

func parseNode(node string) (addr, user, password string, secure *tls.Config, err error) {
	if strings.Contains(node, "://") {
		opt, err := redis.ParseURL(node)
		if err != nil {
			return "", "", "", nil, errors.New("not an address like host:port or redis://user:password@host:port")
		}
		return opt.Addr, opt.Username, opt.Password, opt.TLSConfig, nil
	}
	if _, _, err := net.SplitHostPort(node); err != nil {
		return "", "", "", nil, errors.New("not an address like host:port")
	}
	return node, "", "", nil, nil
}

// share makes the pipeline that concurrent calls go through.
func share(rdb redis.UniversalClient) (*redis.AutoPipeliner, error) {
	switch c := rdb.(type) {
	case *redis.Client:
		return c.AsyncAutoPipeline()
	case *redis.ClusterClient:
		return c.AsyncAutoPipeline()
	}
	return nil, fmt.Errorf("client of type %T", rdb)
}

// masters are the nodes that take writes: one, or those of the cluster.
func (s *Store) masters(ctx context.Context) ([]*redis.Client, error) {
	switch c := s.rdb.(type) {
	case *redis.Client:
		return []*redis.Client{c}, nil
	case *redis.ClusterClient:
		var mu sync.Mutex
		var all []*redis.Client
		err := c.ForEachMaster(ctx, func(_ context.Context, node *redis.Client) error {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, node)
			return nil
		})
		return all, wrap("find the masters of the cluster", err)
	}
	return nil, fmt.Errorf("client of type %T", s.rdb)
}

// master is the node that holds key.
func (s *Store) master(ctx context.Context, key string) (*redis.Client, error) {
	if c, ok := s.rdb.(*redis.ClusterClient); ok {
		node, err := c.MasterForKey(ctx, key)
		return node, wrap("find the master of a key", err)
	}
	return s.rdb.(*redis.Client), nil
}

// address names a node in errors and in the installation record.
func address(c *redis.Client) string { return c.Options().Addr }
