package redistest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	masters   = 3
	slotCount = 16384
	poll      = 10 * time.Millisecond
	// attempts to find free ports: between our look and the server's bind another
	// process may take one.
	attempts = 5
)

// Cluster returns the addresses (host:port) of three masters that share the
// 16,384 slots, ready for writes. They are started once for this test binary,
// which takes about three seconds, and end with Main.
func Cluster(tb testing.TB) []string {
	tb.Helper()
	return sharedCluster.get(tb, startCluster)
}

func startCluster() ([]string, error) {
	dir, err := os.MkdirTemp("", "redistest-")
	if err != nil {
		return nil, err
	}
	cleanups.push(func() { _ = os.RemoveAll(dir) })
	nodes := make([]*process, masters)
	for i := range nodes {
		if nodes[i], err = startMaster(filepath.Join(dir, strconv.Itoa(i))); err != nil {
			return nil, fmt.Errorf("master %d: %w", i, err)
		}
		cleanups.push(nodes[i].stop)
	}
	if err := join(nodes); err != nil {
		return nil, err
	}
	return addresses(nodes), nil
}

func startMaster(dir string) (*process, error) {
	return startOn(dir, func(port, bus string) []string { return clusterArgs(dir, port, bus) })
}

// startOn starts a server on free ports, and anew if somebody else took one
// meanwhile.
func startOn(dir string, args func(port, bus string) []string) (*process, error) {
	var lastErr error
	for range attempts {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		ports, err := freePorts(2)
		if err != nil {
			return nil, err
		}
		p, err := startProcess(args(ports[0], ports[1])...)
		if err != nil {
			return nil, err
		}
		p.addr, p.port, p.bus = "127.0.0.1:"+ports[0], ports[0], ports[1]
		if lastErr = p.awaitPong(); lastErr == nil {
			return p, nil
		}
		p.stop()
		if err := os.RemoveAll(dir); err != nil {
			return nil, err
		}
	}
	return nil, lastErr
}

func clusterArgs(dir, port, bus string) []string {
	return []string{
		"--bind", "127.0.0.1", "--port", port, "--cluster-port", bus, "--dir", dir,
		"--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "5000",
		"--appendonly", "yes", "--appendfsync", "always", "--save", "",
		"--maxmemory-policy", "noeviction", "--daemonize", "no", "--logfile", "",
	}
}

// join gives each node its share of the slots, introduces them to each other
// and waits until all of them take writes.
func join(nodes []*process) error {
	for i, n := range nodes {
		first, last := i*slotCount/masters, (i+1)*slotCount/masters-1
		if err := n.expectOK(fmt.Sprintf("CLUSTER ADDSLOTSRANGE %d %d", first, last)); err != nil {
			return err
		}
		// Distinct epochs from the start spare the nodes settling them.
		if err := n.expectOK(fmt.Sprintf("CLUSTER SET-CONFIG-EPOCH %d", i+1)); err != nil {
			return err
		}
	}
	for _, n := range nodes[1:] {
		if err := nodes[0].expectOK("CLUSTER MEET 127.0.0.1 " + n.port + " " + n.bus); err != nil {
			return err
		}
	}
	for _, n := range nodes {
		if err := n.await("cluster_state:ok and three nodes", "CLUSTER INFO", func(info string) bool {
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_size:3")
		}); err != nil {
			return err
		}
	}
	return nil
}

func addresses(nodes []*process) []string {
	list := make([]string, len(nodes))
	for i, n := range nodes {
		list[i] = n.addr
	}
	return list
}

// freePorts asks the kernel for n loopback ports nobody uses, all different.
func freePorts(n int) ([]string, error) {
	var open []net.Listener
	ports := make([]string, 0, n)
	var errs []error
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			errs = append(errs, err)
			break
		}
		open = append(open, l)
		_, port, err := net.SplitHostPort(l.Addr().String())
		errs = append(errs, err)
		ports = append(ports, port)
	}
	for _, l := range open {
		errs = append(errs, l.Close())
	}
	return ports, errors.Join(errs...)
}
