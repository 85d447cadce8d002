package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

// TestTwoPowerCutsInARow: the first one tears the file inside a script's block.
// Redis starts all the same and drops the block, but leaves its beginning in the
// file. What comes behind that is gone with the next start, or half of the block
// comes back. So nothing may be acknowledged before the file is whole, however
// soon the second cut comes.
func TestTwoPowerCutsInARow(t *testing.T) {
	for name, torn := range map[string]int64{"in the middle of the block": 60, "in its last command": 20, "in its end": 3} {
		t.Run(name, func(t *testing.T) {
			node := redistest.NewBare(t)
			s := open(t, store.Options{URL: node.URL})
			put(t, s, anna, noon) // the last change: its block is torn
			node.Kill()
			node.Tear(t, torn)
			node.Start(t)

			if err := s.SetFlag(t.Context(), "pause", "told between the cuts", 0); err != nil {
				t.Fatal(err)
			}
			node.Kill()
			node.Start(t)
			if text, err := s.Flag(t.Context(), "pause"); err != nil || text == "" {
				t.Errorf("what was acknowledged between the cuts is gone: %q, %v", text, err)
			}
			update(t, s, store.Request{ID: "bruno0000000", Create: true}, func(c *lifecycle.Contact) { c.Shop = "anna" })
			node.Kill()
			node.Start(t)
			if keys := keysOf(t, s, "*"+anna+"*"); len(keys) > 0 {
				t.Errorf("half of the torn block came back: %q", keys)
			}
		})
	}
}

// TestAServerThatReadsItsFilesIsNotTakenForWhole: while it does, it says that it
// keeps no append-only file. A connection that comes so early must not be used
// later, when the server writes behind the torn block.
func TestAServerThatReadsItsFilesIsNotTakenForWhole(t *testing.T) {
	node := redistest.NewBare(t)
	s := open(t, store.Options{URL: node.URL})
	for i := range 200 {
		put(t, s, fmt.Sprintf("c%011d", i), noon)
	}
	if err := s.Seal(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, s, anna, noon) // the last change: its block is torn
	node.Kill()
	node.Tear(t, 60)
	node.StartSlowly(t, 2*time.Millisecond)

	early := 0
	for {
		err := s.SetFlag(t.Context(), "pause", "told between the cuts", 0)
		if err == nil {
			break
		}
		if strings.Contains(err.Error(), "still reading its files") {
			early++
		}
		if !errors.Is(err, store.ErrUnavailable) || t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
	if early == 0 {
		t.Error("no connection came while the server read its files")
	}
	node.Kill()
	node.Start(t)
	if text, err := s.Flag(t.Context(), "pause"); err != nil || text == "" {
		t.Errorf("what was acknowledged between the cuts is gone: %q, %v", text, err)
	}
}

// TestTheGuardAsksOnceForEachStart: a server that is whole is not rewritten for
// each connection, nor for each process.
func TestTheGuardAsksOnceForEachStart(t *testing.T) {
	node := redistest.NewBare(t)
	where := store.Options{URL: node.URL, Prefix: "guard"}
	s, other := open(t, where), open(t, where)
	put(t, s, anna, noon)
	node.Kill()
	node.Start(t)
	for range 3 {
		for _, who := range []*store.Store{s, other} {
			update(t, who, store.Request{ID: anna}, func(c *lifecycle.Contact) { c.Accepted++ })
		}
	}
	if n := rewrites(t, node.URL); n != "1" {
		t.Errorf("the file was rewritten %s times after one restart", n)
	}
}

// TestAServerThatGoesAwayAtOpenSaysNothingAboutItself: its silence is not taken
// for "may forget", by which a process would hold its sends for good.
func TestAServerThatGoesAwayAtOpenSaysNothingAboutItself(t *testing.T) {
	c := redistest.NewCutter(t)
	c.Arm("appendfsync", 1, nil)
	s, err := store.Open(t.Context(), own(t, store.Options{URL: c.URL}))
	if !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("%v, %v", s, err)
	}
	s = open(t, store.Options{URL: c.URL})
	if ok, why := s.Durable(); !ok || c.Cuts() != 1 {
		t.Errorf("not durable: %s (%d cuts)", why, c.Cuts())
	}
}
