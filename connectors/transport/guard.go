package transport

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"ritorno/internal/defect"
)

var (
	errLate      = errors.New("deadline passed before the bytes left")
	errSealed    = errors.New("send is over")
	errUnguarded = errors.New("connection without a send")
)

// guard stands between a send and its connection. It refuses bytes after the
// deadline and after the send is over, and knows whether any byte of the
// request was handed to the kernel: if none was, nothing was sent.
type guard struct {
	mu       sync.Mutex
	deadline time.Time     // zero: none
	began    time.Time     // with monotonic reading
	left     time.Duration // from began to deadline
	gotConn  bool
	wrote    bool
	sealed   bool
}

func newGuard(deadline, now time.Time) *guard {
	g := &guard{deadline: deadline, began: now}
	if !deadline.IsZero() {
		g.left = min(deadline.Sub(now), deadline.Round(0).Sub(now.Round(0)))
	}
	return g
}

// late compares by both clocks: the monotonic one stands still while the
// machine sleeps, the wall clock may be set back.
func (g *guard) late(now time.Time) bool {
	if g.deadline.IsZero() || defect.On("wire_deadline") {
		return false
	}
	return now.Sub(g.began) >= g.left || !now.Round(0).Before(g.deadline.Round(0))
}

// connected notes that the request got its connection.
func (g *guard) connected() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.gotConn = true
}

// pass says whether bytes may be written now, and remembers that they were.
// Bytes before the request has its connection belong to the TLS handshake.
func (g *guard) pass(now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.sealed:
		return errSealed
	case g.late(now):
		return errLate
	}
	g.wrote = g.wrote || g.gotConn
	return nil
}

// seal ends the send: from now on no byte leaves, so what it returns stays
// true, whatever goroutine of net/http still holds the connection.
func (g *guard) seal() (gotConn, wrote bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sealed = true
	return g.gotConn, g.wrote
}

type guardKey struct{}

func (g *guard) into(ctx context.Context) context.Context {
	return context.WithValue(ctx, guardKey{}, g)
}

// guarded puts the guard of the send that dials around its connection.
// Connections are never kept, so the one who dials is the one who writes.
// Without a guard nothing could be proved, so nothing may be sent.
func guarded(ctx context.Context, c net.Conn) (net.Conn, error) {
	g, ok := ctx.Value(guardKey{}).(*guard)
	if !ok {
		return nil, errors.Join(errUnguarded, c.Close())
	}
	return &conn{Conn: c, guard: g}, nil
}

type conn struct {
	net.Conn
	guard *guard
}

// Write refuses after the deadline. A write that blocks ends with it too.
func (c *conn) Write(b []byte) (int, error) {
	now := time.Now()
	if err := c.guard.pass(now); err != nil {
		return 0, err
	}
	if !c.guard.deadline.IsZero() {
		if err := c.SetWriteDeadline(now.Add(c.guard.left - now.Sub(c.guard.began))); err != nil {
			return 0, err
		}
	}
	return c.Conn.Write(b)
}
