package store_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

func TestLostAnswerOfAWrite(t *testing.T) {
	c := redistest.NewCutter(t)
	s := open(t, store.Options{URL: c.URL})
	put(t, s, anna, noon)
	c.Arm(store.TransitionSHA(), 1, nil)
	calls := 0
	got, err := s.Update(t.Context(), store.Request{ID: anna, Delivery: 5, Fence: 0}, func(ct lifecycle.Contact, _ store.Known) (store.Change, error) {
		calls++
		ct.Accepted++
		return store.Change{Contact: ct, Write: true, Counts: []store.Count{{Shop: "anna", Field: "n", N: 1}}}, nil
	})
	if err != nil || got.Accepted != 1 || got.Version != 2 || calls != 1 {
		t.Errorf("accepted %d, version %d, decided %d times, %v", got.Accepted, got.Version, calls, err)
	}
	if c.Cuts() != 1 || s.Stats().Lost != 1 {
		t.Errorf("%d answers were cut, the store noticed %d", c.Cuts(), s.Stats().Lost)
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
	c := redistest.NewCutter(t)
	s := open(t, store.Options{URL: c.URL})
	put(t, s, anna, noon)
	c.Arm(store.TransitionSHA(), 1, nil)
	_, err := s.Update(t.Context(), store.Request{ID: anna}, func(ct lifecycle.Contact, _ store.Known) (store.Change, error) {
		return store.Change{Contact: ct, Remove: true}, nil
	})
	if err != nil || c.Cuts() != 1 {
		t.Errorf("%d answers cut, %v", c.Cuts(), err)
	}
	if n, err := s.Contacts(t.Context()); n != 0 || err != nil {
		t.Errorf("%d contacts, %v", n, err)
	}
}

func TestLostAnswerOfACountIsNotGuessed(t *testing.T) {
	c := redistest.NewCutter(t)
	s := open(t, store.Options{URL: c.URL})
	put(t, s, anna, noon)
	c.Arm(store.TransitionSHA(), 1, nil)
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
	c := redistest.NewCutter(t)
	s := open(t, store.Options{URL: c.URL})
	put(t, s, anna, noon)
	c.Arm(store.TransitionSHA(), 1000, nil)
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
