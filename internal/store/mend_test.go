package store_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

// hook runs before each command of one name.
type hook struct {
	name string
	run  func()
}

func (h *hook) DialHook(next redis.DialHook) redis.DialHook { return next }
func (h *hook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h *hook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == h.name {
			h.run()
		}
		return next(ctx, cmd)
	}
}

// TestABarrierOfAnotherStartConfirmsNothing: the server took the change, and
// restarted before the barrier. What it confirms then is not the change.
func TestABarrierOfAnotherStartConfirmsNothing(t *testing.T) {
	node := redistest.NewNode(t)
	s := open(t, store.Options{URL: node.URL})
	put(t, s, anna, noon)
	s.Client().AddHook(&disk{confirms: 1})
	s.WithWaitAOF()
	var restarted atomic.Bool
	s.Client().AddHook(&hook{"set", func() {
		if restarted.CompareAndSwap(false, true) {
			node.Stop(t)
			node.Start(t)
		}
	}})
	_, err := s.Update(t.Context(), store.Request{ID: anna}, writing(func(c *lifecycle.Contact) { c.Accepted = 1 }))
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "restarted") {
		t.Fatalf("%v", err)
	}
	if _, err := s.Update(t.Context(), store.Request{ID: anna}, writing(func(c *lifecycle.Contact) { c.Accepted = 2 })); err != nil {
		t.Errorf("after the seal: %v", err)
	}
}

// TestALeaseOfTheSameFenceIsNotTheSameLease: a power cut took the fence counter
// back, and the server handed the same fence to the same process again.
func TestALeaseOfTheSameFenceIsNotTheSameLease(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		put(t, s, anna, noon)
		c := one(t, s, noon)
		key := s.LeaseKey(s.Shard(anna))
		whole, err := s.Client().HGet(t.Context(), key, anna).Result()
		if err != nil {
			t.Fatal(err)
		}
		i := strings.LastIndexByte(whole, ':')
		if err := s.Client().HSet(t.Context(), key, anna, whole[:i+1]+"1").Err(); err != nil {
			t.Fatal(err)
		}
		_, err = s.Update(t.Context(), store.Request{ID: anna, Fence: c.Fence}, writing(func(c *lifecycle.Contact) { c.Accepted = 99 }))
		if !errors.Is(err, store.ErrFence) {
			t.Errorf("%v", err)
		}
	})
}

// TestAChangeWaitsForTheReplica: with a replica a change counts when both have
// it, and not before.
func TestAChangeWaitsForTheReplica(t *testing.T) {
	primary, replica, _ := redistest.Pair(t)
	s := open(t, store.Options{URL: "redis://" + primary, Replicas: store.AutoReplicas})
	put(t, s, anna, noon)
	copied := redis.NewClient(&redis.Options{Addr: replica})
	t.Cleanup(func() { _ = copied.Close() })
	if n, err := copied.Exists(t.Context(), s.ContactKey(anna)).Result(); err != nil || n != 1 {
		t.Fatalf("the replica has %d of it, %v", n, err)
	}
	if err := copied.Do(t.Context(), "replicaof", "no", "one").Err(); err != nil { // the link is cut for good
		t.Fatal(err)
	}
	_, err := s.Update(t.Context(), store.Request{ID: anna}, writing(func(c *lifecycle.Contact) { c.Accepted = 1 }))
	if !errors.Is(err, store.ErrUnavailable) || s.Stats().Unconfirmed == 0 {
		t.Errorf("without the replica: %v, %d unconfirmed", err, s.Stats().Unconfirmed)
	}
	alone := open(t, store.Options{URL: "redis://" + primary, Replicas: 0})
	if _, err := alone.Update(t.Context(), store.Request{ID: anna, Create: true}, writing(func(c *lifecycle.Contact) { c.Accepted = 2 })); err != nil {
		t.Errorf("an operator who wants none: %v", err)
	}
}

// TestAStoreThatForgotSaysSo: acknowledged changes are gone.
func TestAStoreThatForgotSaysSo(t *testing.T) {
	type loss struct {
		shard int
		lost  int64
	}
	var told []loss
	where := oneNode(t)
	where.OnRollback = func(shard int, lost int64) { told = append(told, loss{shard, lost}) }
	s := open(t, where)
	for range 3 {
		put(t, s, anna, noon)
	}
	shard := s.Shard(anna)
	if err := s.Client().HIncrBy(t.Context(), s.MetaKey(shard), "seq", -2).Err(); err != nil {
		t.Fatal(err)
	}
	put(t, s, anna, noon)
	if len(told) != 1 || told[0] != (loss{shard, 1}) || s.Stats().Back != 1 {
		t.Errorf("told %+v, %d times", told, s.Stats().Back)
	}
	put(t, s, anna, noon)
	if len(told) != 1 {
		t.Errorf("told again: %+v", told)
	}
}

// TestOpenQuestionsAreIndexed: in the script that writes the record, and in no
// other.
func TestOpenQuestionsAreIndexed(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		m := lifecycle.Message{ID: anna + "-1", Status: lifecycle.Uncertain}
		began := noon.Add(-time.Hour)
		next := func(at time.Time, status lifecycle.MessageStatus) {
			t.Helper()
			update(t, s, store.Request{ID: anna, Create: true}, func(c *lifecycle.Contact) {
				m.Status = status
				c.Messages = []lifecycle.Message{m}
				c.Looks = []lifecycle.Look{{Message: m.ID, Started: began, Next: at}}
			})
		}
		due := func(at time.Time, want int) {
			t.Helper()
			if ids, err := s.DueLooks(t.Context(), at, 10); err != nil || len(ids) != want {
				t.Errorf("due at %s: %v, %v; want %d", at, ids, err, want)
			}
		}
		next(noon, lifecycle.Uncertain)
		due(noon.Add(-time.Second), 0)
		due(noon, 1)
		if n, oldest, err := s.UncertainCount(t.Context()); err != nil || n != 1 || !oldest.Equal(began) {
			t.Errorf("%d since %s, %v", n, oldest, err)
		}
		next(time.Time{}, lifecycle.Uncertain)
		due(noon, 0)
		if ids, more, err := s.UncertainContacts(t.Context(), "", 10); err != nil || len(ids) != 1 || more != "" {
			t.Errorf("%v %q, %v", ids, more, err)
		}
		next(noon, lifecycle.SentStatus)
		due(noon, 1)
		if n, _, err := s.UncertainCount(t.Context()); err != nil || n != 0 {
			t.Errorf("%d uncertain, %v", n, err)
		}
		if _, err := s.Update(t.Context(), store.Request{ID: anna}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
			return store.Change{Contact: c, Write: true, Remove: true}, nil // as an erasure comes from the core
		}); err != nil {
			t.Fatal(err)
		}
		due(noon, 0)
	})
}
