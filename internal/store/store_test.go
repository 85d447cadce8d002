package store_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

var prefixes atomic.Int64

// own gives each test its keys, on servers that all of them share.
func own(t testing.TB, o store.Options) store.Options {
	if o.Prefix == "" {
		o.Prefix = fmt.Sprintf("t%d", prefixes.Add(1))
	}
	if o.Shards == 0 {
		o.Shards = 8
	}
	return o
}

func open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	s, err := store.Open(ctx, own(t, o))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func oneNode(t testing.TB) store.Options {
	return own(t, store.Options{URL: redistest.Start(t)})
}

func threeNodes(t testing.TB) store.Options {
	return own(t, store.Options{Cluster: redistest.Cluster(t)})
}

// onBoth runs a test on one server and on a cluster of three. where gives fresh
// keys each time.
func onBoth(t *testing.T, test func(t *testing.T, where store.Options)) {
	t.Run("one node", func(t *testing.T) { t.Parallel(); test(t, oneNode(t)) })
	t.Run("cluster", func(t *testing.T) { t.Parallel(); test(t, threeNodes(t)) })
}

var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// put stores a contact of shop "anna" that is due at due.
func put(t testing.TB, s *store.Store, id string, due time.Time) lifecycle.Contact {
	t.Helper()
	return update(t, s, store.Request{ID: id, Create: true}, func(c *lifecycle.Contact) {
		c.Shop, c.MadeAt, c.Due = "anna", noon, due
	})
}

// update changes a contact and fails the test when it cannot.
func update(t testing.TB, s *store.Store, r store.Request, change func(*lifecycle.Contact)) lifecycle.Contact {
	t.Helper()
	c, err := s.Update(context.Background(), r, writing(change))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func writing(change func(*lifecycle.Contact)) func(lifecycle.Contact, store.Known) (store.Change, error) {
	return func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
		change(&c)
		return store.Change{Contact: c, Write: true}, nil
	}
}

func nothing(c lifecycle.Contact, _ store.Known) (store.Change, error) {
	return store.Change{Contact: c}, nil
}

// keysOf lists the keys of all nodes that match.
func keysOf(t testing.TB, s *store.Store, pattern string) []string {
	t.Helper()
	all, err := s.AllKeys(context.Background(), pattern)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
