package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// counting are n jobs of which each counts its contact's orders up by one.
func counting(ids []string) []store.Job {
	jobs := make([]store.Job, len(ids))
	for i, id := range ids {
		jobs[i] = store.Job{Request: store.Request{ID: id, Create: true, Orders: []uint64{uint64(i + 1)}}}
		jobs[i].Decide = func(c lifecycle.Contact, known store.Known) (store.Change, error) {
			if known.Orders[uint64(i+1)] {
				return store.Change{}, nil
			}
			c.Shop, c.MadeAt, c.Due = "anna", noon, noon
			c.Accepted++
			return store.Change{Contact: c, Write: true, SeenOrders: []uint64{uint64(i + 1)}, Counts: []store.Count{{Shop: "anna", Field: "orders", N: 1}}}, nil
		}
	}
	return jobs
}

func newIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = store.NewID()
	}
	return ids
}

func TestUpdateManyStoresAsUpdateDoes(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		ids := newIDs(700) // more than one pipeline
		for range 2 {      // the second time all orders are known
			done, err := s.UpdateMany(t.Context(), counting(ids))
			if err != nil {
				t.Fatal(err)
			}
			for i, d := range done {
				if d.Err != nil || d.Contact.ID != ids[i] || d.Contact.Version != 1 || d.Contact.Accepted != 1 {
					t.Fatalf("job %d: %v, %q version %d, %d", i, d.Err, d.Contact.ID, d.Contact.Version, d.Contact.Accepted)
				}
			}
		}
		got, err := s.LoadMany(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range got {
			if c.Version != 1 || c.Accepted != 1 || !c.Due.Equal(noon) {
				t.Fatalf("contact %d is stored as version %d, %d, due %v", i, c.Version, c.Accepted, c.Due)
			}
		}
		n, err := s.Contacts(t.Context())
		counts, err2 := s.Counts(t.Context(), "anna")
		overdue, _, err3 := s.Overdue(t.Context(), noon)
		if err := errors.Join(err, err2, err3); err != nil || n != 700 || counts["orders"] != 700 || overdue != 700 {
			t.Errorf("%v: %d contacts, %v, %d due", err, n, counts, overdue)
		}
	})
}

func TestAFreshJobIsReadAfterAllWhereSomebodyWasFaster(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		ids := newIDs(3)
		if _, err := s.UpdateMany(t.Context(), counting(ids[:1])); err != nil {
			t.Fatal(err)
		}
		jobs := counting(ids)
		jobs[0].Orders = []uint64{9} // what is there already is no reason not to count another one
		var met []uint64             // versions that the first contact was decided on
		count := jobs[0].Decide
		jobs[0].Decide = func(c lifecycle.Contact, known store.Known) (store.Change, error) {
			met = append(met, c.Version)
			return count(c, known)
		}
		for i := range jobs {
			jobs[i].Fresh = true
		}
		done, err := s.UpdateMany(t.Context(), jobs)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(met) != "[0 1]" {
			t.Errorf("the contact that was there was decided on at versions %v, want none and then the first", met)
		}
		for i, want := range []uint64{2, 1, 1} {
			if got := done[i]; got.Err != nil || got.Contact.Version != want || uint64(got.Contact.Accepted) != want {
				t.Errorf("job %d: %v, version %d, counted %d; want %d", i, got.Err, got.Contact.Version, got.Contact.Accepted, want)
			}
		}
	})
}

func TestUpdateManyStandsAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		ids := newIDs(4)
		jobs := counting(ids)
		jobs[1].Create = false
		no := errors.New("no")
		jobs[2].Decide = func(lifecycle.Contact, store.Known) (store.Change, error) { return store.Change{}, no }
		calls := 0
		third := jobs[3].Decide
		jobs[3].Decide = func(c lifecycle.Contact, k store.Known) (store.Change, error) {
			if calls++; calls == 1 { // another process is faster
				other := open(t, where)
				update(t, other, store.Request{ID: ids[3], Create: true}, func(c *lifecycle.Contact) { c.Shop, c.MadeAt, c.Accepted = "anna", noon, 41 })
			}
			return third(c, k)
		}
		done, err := s.UpdateMany(t.Context(), jobs)
		if err != nil {
			t.Fatal(err)
		}
		if done[0].Err != nil || done[0].Contact.Accepted != 1 {
			t.Errorf("the plain one: %v", done[0].Err)
		}
		if !errors.Is(done[1].Err, store.ErrNotFound) {
			t.Errorf("one that must be there: %v", done[1].Err)
		}
		if !errors.Is(done[2].Err, no) {
			t.Errorf("one that was refused: %v", done[2].Err)
		}
		if done[3].Err != nil || done[3].Contact.Accepted != 42 || done[3].Contact.Version != 2 {
			t.Errorf("one that was overtaken: %v, %d, version %d", done[3].Err, done[3].Contact.Accepted, done[3].Contact.Version)
		}
	})
}

func TestUpdateManyAfterTheScriptsWereFlushed(t *testing.T) {
	s := open(t, oneNode(t))
	if err := s.Client().ScriptFlush(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	done, err := s.UpdateMany(t.Context(), counting(newIDs(300)))
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range done {
		if d.Err != nil {
			t.Fatalf("job %d: %v", i, d.Err)
		}
	}
}

func TestUpdateManyMeetsUpdate(t *testing.T) {
	s := open(t, oneNode(t))
	ids := newIDs(50)
	var all sync.WaitGroup
	for w := range 3 {
		all.Go(func() {
			jobs := counting(ids)
			for i := range jobs {
				jobs[i].Orders = nil
				jobs[i].Decide = func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
					c.Shop, c.MadeAt = "anna", noon
					c.Accepted++
					return store.Change{Contact: c, Write: true}, nil
				}
			}
			if w == 0 {
				for _, j := range jobs {
					if _, err := s.Update(context.Background(), j.Request, j.Decide); err != nil {
						t.Error(err)
					}
				}
				return
			}
			done, err := s.UpdateMany(context.Background(), jobs)
			if err != nil {
				t.Error(err)
			}
			for _, d := range done {
				if d.Err != nil {
					t.Error(d.Err)
				}
			}
		})
	}
	all.Wait()
	got, err := s.LoadMany(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range got {
		if c.Accepted != 3 {
			t.Errorf("%d of 3 changes are stored", c.Accepted)
		}
	}
}

func TestUnconfirmedUpdateManyIsNoSuccess(t *testing.T) {
	s := open(t, oneNode(t))
	s.WithWaitAOF() // this server cannot
	if done, err := s.UpdateMany(t.Context(), counting(newIDs(3))); err == nil {
		t.Errorf("the disk confirmed nothing, and yet: %+v", done)
	}
}

func TestLookUpsOfManyAreThoseOfOne(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		ids := newIDs(400)
		var claims []store.Hint
		var ds []store.Digest
		var orders []store.OrderPointer
		for i, id := range ids {
			d := store.Digest{byte(i), byte(i >> 8), 7}
			claims, ds = append(claims, store.Hint{Digest: d, ID: id}), append(ds, d)
			orders = append(orders, store.OrderPointer{Digest: store.Digest{byte(i), byte(i >> 8), 9}, ID: id, At: noon})
		}
		if w, err := s.ClaimLookup(t.Context(), ds[5], ids[0]); err != nil || w != ids[0] {
			t.Fatal(w, err)
		}
		winners, err := s.ClaimLookups(t.Context(), claims)
		if err != nil {
			t.Fatal(err)
		}
		found, err := s.Lookup(t.Context(), ds...)
		if err != nil {
			t.Fatal(err)
		}
		for i := range ids {
			want := ids[i]
			if i == 5 {
				want = ids[0] // whoever came first
			}
			if winners[i] != want || fmt.Sprint(found[i]) != fmt.Sprint([]string{want}) {
				t.Fatalf("look-up %d leads to %s and %v, want %s", i, winners[i], found[i], want)
			}
		}
		if err := errors.Join(s.PointAll(t.Context(), []store.Hint{{Digest: ds[1], ID: ids[2]}}), s.PointOrders(t.Context(), orders)); err != nil {
			t.Fatal(err)
		}
		if two, err := s.Lookup(t.Context(), ds[1]); err != nil || len(two[0]) != 2 {
			t.Errorf("a phone of two leads to %v, %v", two, err)
		}
		var keys []store.Digest
		for _, o := range orders {
			keys = append(keys, o.Digest)
		}
		led, err := s.LookupOrders(t.Context(), append(keys, store.Digest{1, 1, 1}))
		if err != nil || led[399] != ids[399] || led[400] != "" {
			t.Errorf("orders lead to %q and %q, %v", led[399], led[400], err)
		}
		if err := s.Park(t.Context(), ds[3], []byte("x")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.UpdateMany(t.Context(), counting(ids[:2])); err != nil {
			t.Fatal(err)
		}
		if seen, err := s.Seen(t.Context(), []string{ids[0], ids[1], ids[1]}, []uint64{1, 2, 9}); err != nil || fmt.Sprint(seen) != "[true true false]" {
			t.Errorf("seen: %v, %v", seen, err)
		}
		if waits, err := s.ParkedAny(t.Context(), ds[:5]); err != nil || fmt.Sprint(waits) != "[false false false true false]" {
			t.Errorf("parked: %v, %v", waits, err)
		}
	})
}

func TestFullOfAServerWithoutALimit(t *testing.T) {
	node := open(t, oneNode(t))
	if full, err := node.Full(t.Context()); err != nil || full != 0 {
		t.Errorf("Full = %v, %v", full, err)
	}
}
