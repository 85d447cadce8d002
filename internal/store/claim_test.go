package store_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

const anna = "anna00000000"

func claim(t *testing.T, s *store.Store, now time.Time) []store.Claimed {
	t.Helper()
	var all []store.Claimed
	for shard := range s.Shards() {
		got, err := s.Claim(t.Context(), shard, now, 100)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, got...)
	}
	return all
}

func one(t *testing.T, s *store.Store, now time.Time) store.Claimed {
	t.Helper()
	all := claim(t, s, now)
	if len(all) != 1 {
		t.Fatalf("%d claimed, want 1", len(all))
	}
	return all[0]
}

func TestTimerFiresOnceAtItsTime(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		put(t, s, anna, noon.Add(1500*time.Millisecond))
		if got := claim(t, s, noon.Add(1499*time.Millisecond)); len(got) != 0 {
			t.Errorf("claimed %v too early", got)
		}
		c := one(t, s, noon.Add(1500*time.Millisecond))
		if c.ID != anna || c.Fence == 0 || !c.Due.Equal(noon.Add(1500*time.Millisecond)) || c.Contact.Shop != "anna" || c.Missing {
			t.Errorf("claimed %+v", c)
		}
		if got := claim(t, s, noon.Add(time.Hour)); len(got) != 0 {
			t.Errorf("claimed again: %v", got)
		}
		if _, ok, err := s.NextDue(t.Context()); ok || err != nil {
			t.Errorf("a leased contact is due: %v, %v", ok, err)
		}
	})
}

func TestDueMovesBetweenHours(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		put(t, s, anna, noon.Add(30*24*time.Hour))
		for _, due := range []time.Time{noon.Add(48 * time.Hour), noon.Add(48*time.Hour + time.Minute), noon.Add(2 * time.Hour), time.Date(1969, 12, 31, 23, 10, 0, 0, time.UTC)} {
			update(t, s, store.Request{ID: anna}, func(c *lifecycle.Contact) { c.Due = due })
			next, ok, err := s.NextDue(t.Context())
			if err != nil || !ok || !next.Equal(due) {
				t.Errorf("due %v, next is %v, %v, %v", due, next, ok, err)
			}
			if keys := keysOf(t, s, s.ShardTag(s.Shard(anna))+":due:*"); len(keys) != 1 {
				t.Errorf("in %v", keys)
			}
		}
		update(t, s, store.Request{ID: anna}, func(c *lifecycle.Contact) { c.Due = time.Time{} })
		if _, ok, err := s.NextDue(t.Context()); ok || err != nil {
			t.Errorf("still due: %v, %v", ok, err)
		}
		if n := len(keysOf(t, s, s.ShardTag(s.Shard(anna))+":due:*")); n != 0 {
			t.Errorf("%d hours left", n)
		}
		if n := s.Client().ZCard(t.Context(), s.HoursKey(s.Shard(anna))).Val(); n != 0 {
			t.Errorf("%d hours left in the index", n)
		}
	})
}

func TestStaleFenceChangesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		put(t, s, anna, noon)
		c := one(t, s, noon)
		_, err := s.Update(t.Context(), store.Request{ID: anna, Fence: c.Fence + 1},
			writing(func(c *lifecycle.Contact) { c.Accepted = 99 }))
		if !errors.Is(err, store.ErrFence) {
			t.Errorf("wrong fence: %v", err)
		}
		other := open(t, where)
		_, err = other.Update(t.Context(), store.Request{ID: anna, Fence: c.Fence}, writing(func(c *lifecycle.Contact) { c.Accepted = 99 }))
		if !errors.Is(err, store.ErrFence) {
			t.Errorf("fence of another process: %v", err)
		}
		update(t, s, store.Request{ID: anna, Fence: c.Fence}, func(c *lifecycle.Contact) { c.Accepted = 1 })
		update(t, s, store.Request{ID: anna, Fence: c.Fence, Release: true}, func(c *lifecycle.Contact) { c.Accepted++ })
		_, err = s.Update(t.Context(), store.Request{ID: anna, Fence: c.Fence}, nothing)
		if !errors.Is(err, store.ErrFence) {
			t.Errorf("fence of a lease given back: %v", err)
		}
		got, err := s.Load(t.Context(), anna)
		if err != nil || got.Accepted != 2 || got.Version != 3 {
			t.Errorf("accepted %d, version %d, %v", got.Accepted, got.Version, err)
		}
	})
}

func TestReleaseIndexesTheTimerOfTheRecord(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		put(t, s, anna, noon)
		c := one(t, s, noon)
		// Somebody else moves the timer while we hold the lease.
		update(t, s, store.Request{ID: anna}, func(c *lifecycle.Contact) { c.Due = noon.Add(72 * time.Hour) })
		if _, ok, _ := s.NextDue(t.Context()); ok {
			t.Error("a leased contact was indexed")
		}
		if _, err := s.Update(t.Context(), store.Request{ID: anna, Fence: c.Fence, Release: true}, nothing); err != nil {
			t.Fatal(err)
		}
		if next, ok, err := s.NextDue(t.Context()); err != nil || !ok || !next.Equal(noon.Add(72*time.Hour)) {
			t.Errorf("next due %v, %v, %v", next, ok, err)
		}
		c = one(t, s, noon.Add(72*time.Hour))
		keep := false
		_, err := s.Update(t.Context(), store.Request{ID: anna, Fence: c.Fence, Release: true},
			func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
				return store.Change{Contact: c, Write: true, Release: &keep}, nil
			})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Update(t.Context(), store.Request{ID: anna, Fence: c.Fence, Release: true}, nothing); err != nil {
			t.Errorf("the lease that fn kept is gone: %v", err)
		}
	})
}

func TestStepBackOfTheClockHoldsNothingBack(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		put(t, s, anna, noon)
		c := one(t, s, noon)
		update(t, s, store.Request{ID: anna, Fence: c.Fence, Release: true}, func(c *lifecycle.Contact) { c.Due = noon.Add(-time.Minute) })
		c = one(t, s, noon.Add(-24*time.Hour))
		update(t, s, store.Request{ID: anna, Fence: c.Fence, Release: true}, func(c *lifecycle.Contact) {})
		if err := s.ResetMarks(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := claim(t, s, noon.Add(-24*time.Hour)); len(got) != 0 {
			t.Errorf("claimed %v although the marks were reset", got)
		}
	})
}

func TestClaimIsBoundedAndOldestFirst(t *testing.T) {
	where := oneNode(t)
	where.Shards = 1
	s := open(t, where)
	for i := range 30 {
		put(t, s, fmt.Sprintf("c%011d", i), noon.Add(time.Duration(i)*20*time.Minute))
	}
	n, oldest, err := s.Overdue(t.Context(), noon.Add(9*time.Hour))
	if err != nil || n != 28 || !oldest.Equal(noon) {
		t.Errorf("%d overdue, oldest %v, %v", n, oldest, err)
	}
	seen := 0
	for _, want := range []int{10, 10, 8, 0} {
		got, err := s.Claim(t.Context(), 0, noon.Add(9*time.Hour), 10)
		if err != nil || len(got) != want {
			t.Fatalf("%d claimed, want %d, %v", len(got), want, err)
		}
		for _, c := range got {
			if c.ID != fmt.Sprintf("c%011d", seen) {
				t.Errorf("claim %d is %s", seen, c.ID)
			}
			seen++
		}
	}
	if n, _, err := s.Overdue(t.Context(), noon.Add(9*time.Hour)); n != 0 || err != nil {
		t.Errorf("%d overdue are left, %v", n, err)
	}
}

func TestEntryWithoutARecordIsRemovedAndCounted(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		put(t, s, anna, noon)
		if err := s.Client().Del(t.Context(), s.ContactKey(anna)).Err(); err != nil {
			t.Fatal(err)
		}
		if c := one(t, s, noon); !c.Missing || c.ID != anna {
			t.Errorf("claimed %+v", c)
		}
		if n, err := s.Orphans(t.Context()); n != 1 || err != nil {
			t.Errorf("%d orphans, %v", n, err)
		}
		if n := s.Client().HLen(t.Context(), s.LeaseKey(s.Shard(anna))).Val(); n != 0 {
			t.Errorf("%d leases left", n)
		}
	})
}

func TestLeasesOfTheDeadAreTakenOver(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		where.Process = "first"
		first := open(t, where)
		where.Process = "second"
		second := open(t, where)
		put(t, first, anna, noon)
		old := one(t, first, noon)
		shard := first.Shard(anna)
		if got, err := second.Recover(t.Context(), shard, false); err != nil || len(got) != 0 {
			t.Errorf("took %v from the living, %v", got, err)
		}
		if dead, err := second.Dead(t.Context()); err != nil || len(dead) != 0 {
			t.Errorf("dead %v, %v", dead, err)
		}
		long := time.Now().Add(-16 * time.Second).UnixMilli()
		if err := first.Client().HSet(t.Context(), first.BeatsKey(), "first", long).Err(); err != nil {
			t.Fatal(err)
		}
		if dead, err := second.Dead(t.Context()); err != nil || len(dead) != 1 || dead[0] != "first" {
			t.Errorf("dead %v, %v", dead, err)
		}
		got, err := second.Recover(t.Context(), shard, false)
		if err != nil || len(got) != 1 || got[0].ID != anna || got[0].Fence <= old.Fence || !got[0].Due.Equal(noon) {
			t.Fatalf("took over %+v, %v", got, err)
		}
		_, err = first.Update(t.Context(), store.Request{ID: anna, Fence: old.Fence}, nothing)
		if !errors.Is(err, store.ErrFence) {
			t.Errorf("the dead came back and was told %v", err)
		}
		if _, err := second.Update(t.Context(), store.Request{ID: anna, Fence: got[0].Fence, Release: true}, nothing); err != nil {
			t.Error(err)
		}
	})
}

func TestRecoverAllTakesFromEveryOtherProcess(t *testing.T) {
	where := oneNode(t)
	first := open(t, where)
	put(t, first, anna, noon)
	one(t, first, noon)
	if got, err := first.Recover(t.Context(), first.Shard(anna), true); err != nil || len(got) != 0 {
		t.Errorf("took its own leases: %v, %v", got, err)
	}
	second := open(t, where)
	if got, err := second.Recover(t.Context(), first.Shard(anna), true); err != nil || len(got) != 1 {
		t.Errorf("took %v, %v", got, err)
	}
}

func TestLeaseOfALostAnswerComesBack(t *testing.T) {
	where := oneNode(t)
	where.Process = "first"
	s := open(t, where)
	put(t, s, anna, noon)
	c := one(t, s, noon)
	s.ForgetHeld(anna, c.Fence)
	if got, err := s.Recover(t.Context(), s.Shard(anna), false); err != nil || len(got) != 0 {
		t.Errorf("took a lease that a claim may be about to get: %v, %v", got, err)
	}
	value := fmt.Sprintf("%d:first:%d", c.Fence, time.Now().Add(-20*time.Second).UnixMilli())
	if err := s.Client().HSet(t.Context(), s.LeaseKey(s.Shard(anna)), anna, value).Err(); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Recover(t.Context(), s.Shard(anna), false); err != nil || len(got) != 1 {
		t.Errorf("took %v, %v", got, err)
	}
}

func TestGoodbyeMakesLeasesFree(t *testing.T) {
	where := oneNode(t)
	first, second := open(t, where), open(t, where)
	put(t, first, anna, noon)
	one(t, first, noon)
	if err := first.Goodbye(t.Context()); err != nil {
		t.Fatal(err)
	}
	if dead, err := second.Dead(t.Context()); err != nil || len(dead) != 1 || dead[0] != first.Process() {
		t.Errorf("dead %v, %v", dead, err)
	}
	if got, err := second.Recover(t.Context(), first.Shard(anna), false); err != nil || len(got) != 1 {
		t.Errorf("took %v, %v", got, err)
	}
}

func TestStrayEntryOfALeasedContactIsRemoved(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		put(t, s, anna, noon)
		c := one(t, s, noon)
		shard, hour := s.Shard(anna), noon.Unix()/3600-1
		for key, member := range map[string]any{s.DueKey(shard, hour): anna, s.HoursKey(shard): hour} {
			if err := s.Client().ZAdd(t.Context(), key, redis.Z{Score: float64(hour), Member: member}).Err(); err != nil {
				t.Fatal(err)
			}
		}
		if got := claim(t, s, noon); len(got) != 0 {
			t.Errorf("a leased contact was claimed: %+v", got)
		}
		if n, err := s.Orphans(t.Context()); n != 1 || err != nil {
			t.Errorf("%d orphans, %v", n, err)
		}
		if _, ok, err := s.NextDue(t.Context()); ok || err != nil {
			t.Errorf("the stray is still there: %v, %v", ok, err)
		}
		if _, err := s.Update(t.Context(), store.Request{ID: anna, Fence: c.Fence}, nothing); err != nil {
			t.Errorf("the lease is gone: %v", err)
		}
	})
}

func TestLeaseIsTakenOverByOneOnly(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		where.Shards = 1
		first := open(t, where)
		for i := range 100 {
			put(t, first, fmt.Sprintf("c%011d", i), noon)
		}
		claim(t, first, noon)
		if err := first.Goodbye(t.Context()); err != nil {
			t.Fatal(err)
		}
		var taken atomic.Int64
		var begin, wg sync.WaitGroup
		begin.Add(1)
		for range 6 {
			s := open(t, where)
			if err := s.Heartbeat(t.Context()); err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				begin.Wait()
				got, err := s.Recover(t.Context(), 0, false)
				if err != nil {
					t.Error(err)
				}
				taken.Add(int64(len(got)))
			})
		}
		begin.Done()
		wg.Wait()
		if taken.Load() != 100 {
			t.Errorf("100 leases were taken over %d times", taken.Load())
		}
	})
}

// TestLeasesFromBeforeTheClockWasSetBack: their times lie ahead, and would for
// hours. Nobody waits for that: whoever still holds one is kept out by its fence.
func TestLeasesFromBeforeTheClockWasSetBack(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		where.Process = "first"
		first := open(t, where)
		where.Process = "second"
		second := open(t, where)
		put(t, first, anna, noon)
		one(t, first, noon)
		ahead := strconv.FormatInt(time.Now().Add(time.Hour).UnixMilli(), 10)
		if err := first.Client().HSet(t.Context(), first.BeatsKey(), "first", ahead).Err(); err != nil {
			t.Fatal(err)
		}
		shard := first.Shard(anna)
		if got, err := second.Recover(t.Context(), shard, false); err != nil || len(got) != 1 || got[0].ID != anna {
			t.Fatalf("of a process whose last beat lies ahead: %v, %v", got, err)
		}

		// Its own, of which it knows nothing: the answer to the claim was lost.
		key := second.LeaseKey(shard)
		lease, err := second.Client().HGet(t.Context(), key, anna).Result()
		if err != nil {
			t.Fatal(err)
		}
		lost := lease[:strings.LastIndexByte(lease, ':')+1] + ahead
		if err := second.Client().HSet(t.Context(), key, anna, lost).Err(); err != nil {
			t.Fatal(err)
		}
		if got, err := second.Recover(t.Context(), shard, false); err != nil || len(got) != 1 || got[0].ID != anna {
			t.Errorf("of its own, from ahead: %v, %v", got, err)
		}
	})
}
