package store_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

// cutter stands between the store and the server. When armed, it lets the next
// request that contains its mark through, waits for the answer, drops it and
// cuts the connection: the change was made and nobody was told.
type cutter struct {
	socket, server string
	mark           []byte
	armed          atomic.Int64 // how many answers to drop
	cut            atomic.Int64
}

func newCutter(t *testing.T, mark string) *cutter {
	t.Helper()
	dir, err := os.MkdirTemp("", "cut")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{socket: filepath.Join(dir, "s"), server: strings.TrimPrefix(redistest.Start(t), "unix://"), mark: []byte(mark)}
	c.server, _, _ = strings.Cut(c.server, "?")
	l, err := net.Listen("unix", c.socket)
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

func (c *cutter) serve(near net.Conn) {
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
			if err != nil || drop.Load() {
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
		if bytes.Contains(buf[:n], c.mark) && c.armed.Add(-1) >= 0 {
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

func (c *cutter) open(t *testing.T) *store.Store {
	t.Helper()
	return open(t, store.Options{Socket: c.socket})
}

func TestLostAnswerOfAWrite(t *testing.T) {
	c := newCutter(t, store.TransitionSHA())
	s := c.open(t)
	put(t, s, anna, noon)
	c.armed.Store(1)
	calls := 0
	got, err := s.Update(t.Context(), store.Request{ID: anna, Delivery: 5, Fence: 0}, func(ct lifecycle.Contact, _ store.Known) (store.Change, error) {
		calls++
		ct.Accepted++
		return store.Change{Contact: ct, Write: true, Counts: []store.Count{{Shop: "anna", Field: "n", N: 1}}}, nil
	})
	if err != nil || got.Accepted != 1 || got.Version != 2 || calls != 1 {
		t.Errorf("accepted %d, version %d, decided %d times, %v", got.Accepted, got.Version, calls, err)
	}
	if c.cut.Load() != 1 || s.Stats().Lost != 1 {
		t.Errorf("%d answers were cut, the store noticed %d", c.cut.Load(), s.Stats().Lost)
	}
	counts, err := s.Counts(t.Context(), "anna")
	if err != nil || counts["n"] != 1 {
		t.Errorf("counted %d times, %v", counts["n"], err)
	}
	_, err = s.Update(t.Context(), store.Request{ID: anna, Delivery: 5}, nothing)
	if !errors.Is(err, store.ErrDuplicate) {
		t.Errorf("the delivery comes again: %v", err)
	}
}

func TestLostAnswerOfARemoval(t *testing.T) {
	c := newCutter(t, store.TransitionSHA())
	s := c.open(t)
	put(t, s, anna, noon)
	c.armed.Store(1)
	_, err := s.Update(t.Context(), store.Request{ID: anna}, func(ct lifecycle.Contact, _ store.Known) (store.Change, error) {
		return store.Change{Contact: ct, Remove: true}, nil
	})
	if err != nil || c.cut.Load() != 1 {
		t.Errorf("%d answers cut, %v", c.cut.Load(), err)
	}
	if n, err := s.Contacts(t.Context()); n != 0 || err != nil {
		t.Errorf("%d contacts, %v", n, err)
	}
}

func TestLostAnswerOfACountIsNotGuessed(t *testing.T) {
	c := newCutter(t, store.TransitionSHA())
	s := c.open(t)
	put(t, s, anna, noon)
	c.armed.Store(1)
	_, err := s.Update(t.Context(), store.Request{ID: anna}, func(ct lifecycle.Contact, _ store.Known) (store.Change, error) {
		return store.Change{Contact: ct, Counts: []store.Count{{Shop: "anna", Field: "n", N: 1}}}, nil
	})
	if !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%v, want ErrUnavailable", err)
	}
	if counts, err := s.Counts(t.Context(), "anna"); err != nil || counts["n"] != 1 {
		t.Errorf("counted %d, %v", counts["n"], err)
	}
}

func TestAnswersThatAreAlwaysLost(t *testing.T) {
	c := newCutter(t, store.TransitionSHA())
	s := c.open(t)
	put(t, s, anna, noon)
	c.armed.Store(1000)
	_, err := s.Update(t.Context(), store.Request{ID: anna}, func(ct lifecycle.Contact, _ store.Known) (store.Change, error) {
		return store.Change{Contact: ct, Log: []byte("again")}, nil
	})
	if !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

func TestScriptsComeBackAfterAFlush(t *testing.T) {
	s := open(t, store.Options{URL: redistest.Fresh(t)})
	flush := func() {
		t.Helper()
		if err := s.Client().ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
	}
	flush()
	put(t, s, anna, noon)
	flush()
	if c := one(t, s, noon); c.ID != anna {
		t.Errorf("claimed %+v", c)
	}
	flush()
	if _, _, err := s.Now(t.Context()); err != nil {
		t.Error(err)
	}
	flush()
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStoreThatForgotIsNoticed(t *testing.T) {
	s := open(t, oneNode(t))
	put(t, s, anna, noon)
	update(t, s, store.Request{ID: anna}, func(*lifecycle.Contact) {})
	if n := s.Stats().Back; n != 0 {
		t.Fatalf("went back %d times", n)
	}
	if err := s.Client().HSet(t.Context(), s.MetaKey(s.Shard(anna)), "seq", 0).Err(); err != nil {
		t.Fatal(err)
	}
	update(t, s, store.Request{ID: anna}, func(*lifecycle.Contact) {})
	if n := s.Stats().Back; n != 1 {
		t.Errorf("went back %d times, want 1", n)
	}
	update(t, s, store.Request{ID: anna}, func(*lifecycle.Contact) {})
	if n := s.Stats().Back; n != 1 {
		t.Errorf("the same loss was noticed %d times", n)
	}
}

func TestFullMemoryChangesNothing(t *testing.T) {
	url := redistest.Fresh(t)
	s := open(t, store.Options{URL: url})
	put(t, s, anna, noon)
	admin := client(t, url)
	if err := admin.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	_, err := s.Update(t.Context(), store.Request{ID: anna}, writing(func(c *lifecycle.Contact) { c.Accepted = 1 }))
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "OOM") {
		t.Errorf("%v", err)
	}
	if err := admin.ConfigSet(t.Context(), "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	if c, err := s.Load(t.Context(), anna); err != nil || c.Accepted != 0 || c.Version != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestCallerThatGivesUp(t *testing.T) {
	s := open(t, oneNode(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Update(ctx, store.Request{ID: anna, Create: true}, nothing); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// The server of the tests is too old for WAITAOF: whatever it answers, a write
// that was not confirmed must not look like one that was.
func TestUnconfirmedWriteIsNoSuccess(t *testing.T) {
	s := open(t, oneNode(t))
	put(t, s, anna, noon)
	s.WithWaitAOF()
	_, err := s.Update(t.Context(), store.Request{ID: anna, Delivery: 8}, writing(func(c *lifecycle.Contact) { c.Accepted = 1 }))
	if err == nil || s.Stats().Unconfirmed == 0 {
		t.Errorf("%v, %d unconfirmed", err, s.Stats().Unconfirmed)
	}
	_, err = s.Update(t.Context(), store.Request{ID: anna, Delivery: 8}, nothing)
	if err == nil || errors.Is(err, store.ErrDuplicate) {
		t.Errorf("a duplicate of an unconfirmed write: %v", err)
	}
}
