package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

func TestWhatIsStoredComesBack(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		id := store.NewID()
		c := update(t, s, store.Request{ID: id, Create: true}, func(c *lifecycle.Contact) {
			if c.ID != id || c.Version != 0 {
				t.Errorf("a new contact is handed over as %q version %d", c.ID, c.Version)
			}
			*c = typical()
		})
		if c.ID != id || c.Version != 1 {
			t.Errorf("stored as %q version %d", c.ID, c.Version)
		}
		got, err := s.Load(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, got, cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
		many, err := s.LoadMany(t.Context(), []string{"missing00000", id})
		if err != nil {
			t.Fatal(err)
		}
		if many[0].Version != 0 || many[0].ID != "missing00000" || many[1].Version != 1 {
			t.Errorf("LoadMany gives versions %d and %d", many[0].Version, many[1].Version)
		}
	})
}

func TestMissingContacts(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		if _, err := s.Load(t.Context(), "nobody000000"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Load: %v", err)
		}
		_, err := s.Update(t.Context(), store.Request{ID: "nobody000000"}, func(lifecycle.Contact, store.Known) (store.Change, error) {
			t.Error("fn was called for a missing contact")
			return store.Change{}, nil
		})
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Update: %v", err)
		}
	})
}

func TestNoUpdateIsLost(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		// Two stores: within one, a lock already keeps order.
		stores := []*store.Store{open(t, where), open(t, where)}
		const writers = 100
		var wg sync.WaitGroup
		for i := range writers {
			wg.Go(func() {
				_, err := stores[i%2].Update(context.Background(), store.Request{ID: "one000000000", Create: true},
					func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
						c.Accepted++
						return store.Change{Contact: c, Write: true, Counts: []store.Count{{Shop: "anna", Field: "n", N: 1}}}, nil
					})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		c, err := stores[0].Load(t.Context(), "one000000000")
		if err != nil {
			t.Fatal(err)
		}
		counts, err := stores[1].Counts(t.Context(), "anna")
		if err != nil {
			t.Fatal(err)
		}
		if c.Accepted != writers || c.Version != writers || counts["n"] != writers {
			t.Errorf("%d writers left %d, version %d, counter %d", writers, c.Accepted, c.Version, counts["n"])
		}
	})
}

func TestSameDeliveryIsAppliedOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		stores := []*store.Store{open(t, where), open(t, where)}
		var stored, refused atomic.Int64
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				_, err := stores[i%2].Update(context.Background(), store.Request{ID: "one000000000", Create: true, Delivery: 1<<63 + 7},
					writing(func(c *lifecycle.Contact) { c.Accepted++ }))
				switch {
				case err == nil:
					stored.Add(1)
				case errors.Is(err, store.ErrDuplicate):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		c, err := stores[0].Load(t.Context(), "one000000000")
		if err != nil {
			t.Fatal(err)
		}
		if stored.Load() != 1 || refused.Load() != 59 || c.Accepted != 1 {
			t.Errorf("stored %d times, refused %d times, record says %d", stored.Load(), refused.Load(), c.Accepted)
		}
	})
}

func TestDeliveryIsNotedWithoutAWrite(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		put(t, s, "one000000000", time.Time{})
		r := store.Request{ID: "one000000000", Delivery: 42}
		count := func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
			return store.Change{Contact: c, Counts: []store.Count{{Shop: "anna", Field: "late", N: 2}}}, nil
		}
		c, err := s.Update(t.Context(), r, count)
		if err != nil || c.Version != 1 {
			t.Fatalf("version %d, %v", c.Version, err)
		}
		called := false
		_, err = s.Update(t.Context(), r, func(c lifecycle.Contact, k store.Known) (store.Change, error) {
			called = true
			return count(c, k)
		})
		if !errors.Is(err, store.ErrDuplicate) || called {
			t.Errorf("second time: %v, decided again: %v", err, called)
		}
		counts, err := s.Counts(t.Context(), "anna")
		if err != nil || counts["late"] != 2 {
			t.Errorf("counted %d, %v", counts["late"], err)
		}
	})
}

func TestDeliverySetsEnd(t *testing.T) {
	s := open(t, oneNode(t))
	update(t, s, store.Request{ID: "one000000000", Create: true, Delivery: 42}, func(*lifecycle.Contact) {})
	sets := keysOf(t, s, s.ShardTag(s.Shard("one000000000"))+":d:*")
	if len(sets) != 1 {
		t.Fatalf("%d sets", len(sets))
	}
	life, err := s.Client().TTL(t.Context(), sets[0]).Result()
	if err != nil {
		t.Fatal(err)
	}
	if day := 24 * time.Hour; life < 61*day || life > 62*day {
		t.Errorf("a delivery set lives %v, want 62 days", life)
	}
	if enc := s.Client().ObjectEncoding(t.Context(), sets[0]).Val(); enc != "intset" {
		t.Errorf("encoded as %s", enc)
	}
}

func TestOrdersAreKnownForGood(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		old, fresh := uint64(1<<63+5), uint64(5)
		_, err := s.Update(t.Context(), store.Request{ID: "one000000000", Create: true, Orders: []uint64{old}},
			func(c lifecycle.Contact, k store.Known) (store.Change, error) {
				if k.Orders[old] {
					t.Error("an order is known before it was told")
				}
				return store.Change{Contact: c, Write: true, SeenOrders: []uint64{old}}, nil
			})
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Update(t.Context(), store.Request{ID: "one000000000", Orders: []uint64{old, fresh}, Delivery: 9},
			func(c lifecycle.Contact, k store.Known) (store.Change, error) {
				if !k.Orders[old] || k.Orders[fresh] {
					t.Errorf("known: %v", k.Orders)
				}
				return store.Change{Contact: c}, nil
			})
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range keysOf(t, s, s.ShardTag(s.Shard("one000000000"))+":o:*") {
			if life := s.Client().TTL(t.Context(), key).Val(); life != -1 {
				t.Errorf("%s ends in %v", key, life)
			}
		}
	})
}

func TestRefusalOfFnChangesNothing(t *testing.T) {
	s := open(t, oneNode(t))
	no := errors.New("no")
	_, err := s.Update(t.Context(), store.Request{ID: "one000000000", Create: true, Delivery: 3},
		func(c lifecycle.Contact, _ store.Known) (store.Change, error) { return store.Change{Write: true}, no })
	if err != no {
		t.Errorf("%v, want the error of fn as it is", err)
	}
	update(t, s, store.Request{ID: "one000000000", Create: true, Delivery: 3}, func(*lifecycle.Contact) {})
}

func TestErasureLeavesNoKeyOfTheContact(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		shard := s.Shard("one000000000")
		put(t, s, "one000000000", noon)
		if n, err := s.Contacts(t.Context()); err != nil || n != 1 {
			t.Fatalf("%d contacts, %v", n, err)
		}
		claimed, err := s.Claim(t.Context(), shard, noon, 10)
		if err != nil || len(claimed) != 1 {
			t.Fatalf("%d claimed, %v", len(claimed), err)
		}
		_, err = s.Update(t.Context(), store.Request{ID: "one000000000"},
			func(lifecycle.Contact, store.Known) (store.Change, error) { return store.Change{Remove: true}, nil })
		if err != nil {
			t.Fatal(err)
		}
		if n, err := s.Contacts(t.Context()); err != nil || n != 0 {
			t.Errorf("%d contacts left, %v", n, err)
		}
		for _, key := range keysOf(t, s, s.ShardTag(shard)+":*") {
			switch strings.TrimPrefix(key, s.ShardTag(shard)) {
			case ":m", ":ready":
			default:
				t.Errorf("left: %s", key)
			}
		}
		_, err = s.Update(t.Context(), store.Request{ID: "one000000000", Fence: claimed[0].Fence, Release: true}, nothing)
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the holder is told %v", err)
		}
	})
}

func TestMergedContactsDoNotCount(t *testing.T) {
	s := open(t, oneNode(t))
	put(t, s, "one000000000", time.Time{})
	put(t, s, "two000000000", time.Time{})
	update(t, s, store.Request{ID: "two000000000"}, func(c *lifecycle.Contact) { c.Forward = "one000000000" })
	if n, err := s.Contacts(t.Context()); err != nil || n != 1 {
		t.Errorf("%d contacts, %v", n, err)
	}
	if n := 0; s.Scan(t.Context(), func(lifecycle.Contact) error { n++; return nil }) != nil || n != 2 {
		t.Errorf("scan saw %d records", n)
	}
}

func TestLogKeepsWhatIsAdded(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		for _, entry := range []string{"first", "second"} {
			_, err := s.Update(t.Context(), store.Request{ID: "one000000000", Create: true},
				func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
					return store.Change{Contact: c, Write: true, Log: []byte(entry)}, nil
				})
			if err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Log(t.Context(), s.Shard("one000000000"), 10)
		if err != nil || len(got) != 2 || string(got[0]) != "second" {
			t.Errorf("log %q, %v", got, err)
		}
	})
}

func TestScanSeesEveryContact(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		where.Prefix += "[a]*" // letters that mean something in patterns
		s := open(t, where)
		want := map[string]bool{}
		for range 300 {
			id := store.NewID()
			want[id] = true
			put(t, s, id, noon)
		}
		got := map[string]bool{}
		err := s.Scan(t.Context(), func(c lifecycle.Contact) error { got[c.ID] = true; return nil })
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		stop := errors.New("stop")
		if err := s.Scan(t.Context(), func(lifecycle.Contact) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("a scan that was stopped: %v", err)
		}
	})
}

// Without a write the version cannot tell two deliveries apart.
func TestSameDeliveryIsCountedOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		stores := []*store.Store{open(t, where), open(t, where)}
		put(t, stores[0], anna, noon)
		for round := range uint64(20) {
			var begin, wg sync.WaitGroup
			begin.Add(2)
			for _, s := range stores {
				wg.Go(func() {
					_, err := s.Update(context.Background(), store.Request{ID: anna, Delivery: round + 1},
						func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
							begin.Done()
							begin.Wait() // both have looked before either stores
							return store.Change{Contact: c, Counts: []store.Count{{Shop: "anna", Field: "n", N: 1}}}, nil
						})
					if err != nil && !errors.Is(err, store.ErrDuplicate) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		if counts, err := stores[0].Counts(t.Context(), "anna"); err != nil || counts["n"] != 20 {
			t.Errorf("20 deliveries were counted %d times, %v", counts["n"], err)
		}
	})
}
