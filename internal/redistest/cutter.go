package redistest

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Cutter stands between a client and the server of Start. Armed, it lets the
// next request that contains its mark through, waits for the answer, drops it
// and cuts the connection: the change was made, and nobody was told.
type Cutter struct {
	URL string // of the way through the cutter

	server string
	mark   atomic.Pointer[[]byte]
	armed  atomic.Int64 // how many answers to drop
	cut    atomic.Int64
	onCut  atomic.Pointer[func()]
}

// NewCutter opens a way to the server; it ends with the test.
func NewCutter(t *testing.T) *Cutter {
	t.Helper()
	dir, err := os.MkdirTemp("", "cut")
	if err != nil {
		t.Fatal(err)
	}
	c := &Cutter{server: strings.TrimPrefix(Start(t), "unix://")}
	socket := filepath.Join(dir, "s")
	c.URL = "unix://" + socket
	c.server, _, _ = strings.Cut(c.server, "?")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { c.serve(conn) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait(); _ = os.RemoveAll(dir) })
	return c
}

// Arm lets the answers to the next requests with the mark get lost, so many.
// onCut, if any, runs when the server has answered and nobody was told yet.
func (c *Cutter) Arm(mark string, answers int64, onCut func()) {
	m := []byte(mark)
	c.mark.Store(&m)
	c.onCut.Store(&onCut)
	c.armed.Store(answers)
}

// Cuts is how many answers got lost.
func (c *Cutter) Cuts() int64 { return c.cut.Load() }

func (c *Cutter) serve(near net.Conn) {
	defer func() { _ = near.Close() }()
	far, err := net.Dial("unix", c.server)
	if err != nil {
		return
	}
	defer func() { _ = far.Close() }()
	var drop atomic.Bool
	done := make(chan struct{})
	go func() { // answers
		defer close(done)
		defer func() { _ = near.Close() }()
		buf := make([]byte, 64<<10)
		for {
			n, err := far.Read(buf)
			if err != nil {
				return
			}
			if drop.Load() {
				if f := c.onCut.Load(); f != nil && *f != nil {
					(*f)()
				}
				return
			}
			if _, err := near.Write(buf[:n]); err != nil {
				return
			}
		}
	}()
	buf := make([]byte, 64<<10)
	for {
		n, err := near.Read(buf)
		if err != nil {
			break
		}
		if m := c.mark.Load(); m != nil && bytes.Contains(buf[:n], *m) && c.armed.Add(-1) >= 0 {
			drop.Store(true)
			c.cut.Add(1)
		}
		if _, err := far.Write(buf[:n]); err != nil {
			break
		}
	}
	_ = far.Close()
	<-done
}
