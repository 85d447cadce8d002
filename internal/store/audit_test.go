package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// pointer is where an address must lead from in these tests.
func pointer(address string) store.Digest {
	sum := sha256.Sum256([]byte(address))
	return store.Digest(sum[:16])
}

func pointers(c lifecycle.Contact) (all []store.Pointer) {
	if c.Email.Key != "" {
		all = append(all, store.Pointer{Digest: pointer(c.Email.Key), What: "e-mail"})
	}
	if c.Phone.Key != "" {
		all = append(all, store.Pointer{Digest: pointer(c.Phone.Key), What: "phone", Shared: true})
	}
	return all
}

// The people of a healthy store, with whom something can go wrong.
const (
	waits  = "wa0000000000" // has a timer, two orders, an e-mail address and a phone number
	works  = "wo0000000000" // is leased, a message under way
	asks   = "as0000000000" // a message of unknown outcome, about which is asked
	merged = "me0000000000" // merged into waits
	still  = "st0000000000" // has nothing
)

// healthy is a store in which everything is as it must be.
func healthy(t *testing.T, where store.Options) *store.Store {
	t.Helper()
	s := open(t, where)
	made := func(c *lifecycle.Contact) { c.Shop, c.MadeAt, c.State = "anna", noon, lifecycle.Active }
	add := func(id string, r store.Request, change func(*lifecycle.Contact)) {
		t.Helper()
		r.ID, r.Create = id, r.Fence == 0
		_, err := s.Update(t.Context(), r, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
			ch := store.Change{Write: true}
			if c.Version == 0 {
				made(&c)
				ch.Counts = []store.Count{{Shop: "anna", Field: "state:active", N: 1}}
			}
			change(&c)
			if c.Forward != "" {
				ch.Counts = nil
			}
			ch.Contact = c
			for _, o := range c.Orders {
				ch.SeenOrders = append(ch.SeenOrders, o.Key)
			}
			return ch, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, address := range []string{"anna@example.com", "+393331234567"} {
		if err := s.Point(t.Context(), pointer(address), waits); err != nil {
			t.Fatal(err)
		}
	}
	add(waits, store.Request{}, func(c *lifecycle.Contact) {
		c.Due = noon.Add(90 * time.Minute)
		c.Email, c.Phone = lifecycle.Address{Key: "anna@example.com"}, lifecycle.Address{Key: "+393331234567"}
		c.Orders = []lifecycle.OrderMark{{Key: 7, ID: "7", At: noon}, {Key: 1 << 63, ID: "8", At: noon}}
	})
	add(works, store.Request{}, func(c *lifecycle.Contact) { c.Due = noon })
	claimed := one(t, s, noon)
	add(works, store.Request{Fence: claimed.Fence}, func(c *lifecycle.Contact) {
		m := lifecycle.Message{ID: works + "-1", Status: lifecycle.Sending}
		c.Due, c.Messages = time.Time{}, []lifecycle.Message{m}
		c.Sending = &lifecycle.Attempt{ID: m.ID + ".A", Message: m}
	})
	add(asks, store.Request{}, func(c *lifecycle.Contact) {
		c.Messages = []lifecycle.Message{{ID: asks + "-1", Status: lifecycle.Uncertain}}
		c.Looks = []lifecycle.Look{{Message: asks + "-1", Started: noon, Next: noon.Add(time.Hour)}}
	})
	add(merged, store.Request{}, func(c *lifecycle.Contact) { *c = lifecycle.Contact{Shop: "anna", Forward: waits} })
	add(still, store.Request{}, func(*lifecycle.Contact) {})
	return s
}

// audited are the kinds found, each once, and the findings.
func audited(t *testing.T, s *store.Store, repair bool) ([]string, *store.Findings) {
	t.Helper()
	f, err := s.Audit(t.Context(), store.AuditOptions{Shops: []string{"anna"}, Pointers: pointers, Pause: time.Millisecond, Repair: repair})
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, x := range f.List {
		if x.Level != store.LevelOK && !slices.Contains(kinds, string(x.Kind)) {
			kinds = append(kinds, string(x.Kind))
		}
		if x.Level != store.LevelOK && x.Mend == "" || x.Text == "" {
			t.Errorf("a finding without a mend or a text: %+v", x)
		}
		if strings.Contains(x.Text+x.Mend, "example.com") || strings.Contains(x.Text, "+39") {
			t.Errorf("an address: %+v", x)
		}
	}
	slices.Sort(kinds)
	return kinds, f
}

// breaks are all the ways in which a store can be broken by hand, each with
// what is then found. kept: it cannot be repaired.
var breaks = []struct {
	name, found string
	contact     string
	kept        bool
	leaves      string // what is still found after the repair
	do          func(t *testing.T, s *store.Store)
}{
	{name: "record cut short", found: "record_unreadable", contact: still, kept: true, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().SetRange(t.Context(), s.ContactKey(still), 9, "\xff\xff\xff").Err())
	}},
	{name: "record of a newer release", found: "record_unreadable", contact: still, kept: true, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().SetRange(t.Context(), s.ContactKey(still), 8, "\x09").Err())
	}},
	{name: "record in another shard", found: "record_misplaced", contact: still, kept: true, do: func(t *testing.T, s *store.Store) {
		elsewhere := s.ShardTag((s.Shard(still)+1)%s.Shards()) + ":c:" + still
		ok(t, s.Client().Set(t.Context(), elsewhere, s.Client().Get(t.Context(), s.ContactKey(still)).Val(), 0).Err())
	}},
	{name: "timer gone", found: "due_missing", contact: waits, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().ZRem(t.Context(), dueOf(s, waits), waits).Err())
		ok(t, s.Client().ZRem(t.Context(), s.HoursKey(s.Shard(waits)), hourOf(noon.Add(90*time.Minute))).Err())
	}},
	{name: "timer at another minute", found: "due_time", contact: waits, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().ZIncrBy(t.Context(), dueOf(s, waits), 60000, waits).Err())
	}},
	{name: "second timer", found: "due_stray", contact: waits, do: func(t *testing.T, s *store.Store) { index(t, s, waits, noon.Add(48*time.Hour)) }},
	{name: "timer of somebody without", found: "due_stray", contact: still, do: func(t *testing.T, s *store.Store) { index(t, s, still, noon) }},
	{name: "timer of nobody", found: "due_orphan", contact: "no0000000000", leaves: "orphans", do: func(t *testing.T, s *store.Store) { index(t, s, "no0000000000", noon) }},
	{name: "timer of somebody at work", found: "due_leased", contact: works, do: func(t *testing.T, s *store.Store) { index(t, s, works, noon) }},
	{name: "hour not listed", found: "hour_unlisted", do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().ZRem(t.Context(), s.HoursKey(s.Shard(waits)), hourOf(noon.Add(90*time.Minute))).Err())
	}},
	{name: "empty hour listed", found: "hour_empty", do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().Do(t.Context(), "zadd", s.HoursKey(0), hourOf(noon), hourOf(noon)).Err())
	}},
	{name: "lease of nobody", found: "lease_orphan", contact: "no0000000000", leaves: "orphans", do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().HSet(t.Context(), s.LeaseKey(s.Shard("no0000000000")), "no0000000000", lease(t, s)).Err())
	}},
	{name: "lease lost", found: "lease_missing", contact: works, leaves: "lease_old", do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().HDel(t.Context(), s.LeaseKey(s.Shard(works)), works).Err())
	}},
	{name: "lease of yesterday", found: "lease_old", contact: still, kept: true, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().HSet(t.Context(), s.LeaseKey(s.Shard(still)), still, "1:other:1000").Err())
	}},
	{name: "question not in the index", found: "look_index", contact: asks, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().ZRem(t.Context(), s.ShardTag(s.Shard(asks))+":look", asks).Err())
	}},
	{name: "question at another time", found: "look_index", contact: asks, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().ZIncrBy(t.Context(), s.ShardTag(s.Shard(asks))+":look", 1, asks).Err())
	}},
	{name: "question of somebody without", found: "look_index", contact: still, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().Do(t.Context(), "zadd", s.ShardTag(s.Shard(still))+":look", 5, still).Err())
	}},
	{name: "question of nobody", found: "look_orphan", contact: "no0000000000", leaves: "orphans", do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().Do(t.Context(), "zadd", s.ShardTag(s.Shard("no0000000000"))+":look", 5, "no0000000000").Err())
	}},
	{name: "uncertain message not listed", found: "uncertain_index", contact: asks, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().ZRem(t.Context(), s.ShardTag(s.Shard(asks))+":unc", asks).Err())
	}},
	{name: "uncertain message of nobody", found: "uncertain_orphan", contact: "no0000000000", leaves: "orphans", do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().Do(t.Context(), "zadd", s.ShardTag(s.Shard("no0000000000"))+":unc", 5, "no0000000000").Err())
	}},
	{name: "order forgotten", found: "order_forgotten", contact: waits, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().SRem(t.Context(), s.ShardTag(s.Shard(waits))+":o:0", "-9223372036854775808").Err())
	}},
	{name: "address leads nowhere", found: "lookup_missing", contact: waits, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Unpoint(t.Context(), pointer("anna@example.com"), waits))
	}},
	{name: "phone leads to somebody else only", found: "lookup_missing", contact: waits, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Point(t.Context(), pointer("+393331234567"), still))
		ok(t, s.Unpoint(t.Context(), pointer("+393331234567"), waits))
	}},
	{name: "address leads to somebody else", found: "lookup_elsewhere", contact: waits, kept: true, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Unpoint(t.Context(), pointer("anna@example.com"), waits))
		ok(t, s.Point(t.Context(), pointer("anna@example.com"), still))
	}},
	{name: "placeholder number", found: "lookup_crowded", contact: waits, kept: true, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Unpoint(t.Context(), pointer("+393331234567"), waits))
		key, field := s.LookupKey(pointer("+393331234567"))
		ok(t, s.Client().HSet(t.Context(), key, field, strings.Repeat(still, 64)).Err())
	}},
	{name: "look-up cut short", found: "lookup_unreadable", contact: waits, do: func(t *testing.T, s *store.Store) {
		key, field := s.LookupKey(pointer("anna@example.com"))
		ok(t, s.Client().HSet(t.Context(), key, field, waits[:7]).Err())
	}},
	{name: "look-up to nobody", found: "lookup_orphan", contact: "no0000000000", kept: true, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Point(t.Context(), pointer("nobody@example.com"), "no0000000000"))
	}},
	{name: "merged into nobody", found: "forward_nowhere", contact: merged, kept: true, do: func(t *testing.T, s *store.Store) {
		update(t, s, store.Request{ID: merged}, func(c *lifecycle.Contact) { c.Forward = "no0000000000" })
	}},
	{name: "merged in a circle", found: "forward_circle", contact: merged, kept: true, do: func(t *testing.T, s *store.Store) {
		update(t, s, store.Request{ID: merged}, func(c *lifecycle.Contact) { c.Forward = merged })
	}},
	{name: "half a merge", found: "merge_unfinished", contact: merged, kept: true, do: func(t *testing.T, s *store.Store) {
		update(t, s, store.Request{ID: merged}, func(c *lifecycle.Contact) { c.MadeAt = noon })
	}},
	{name: "half an erasure", found: "erasure_waits", contact: merged, kept: true, do: func(t *testing.T, s *store.Store) {
		update(t, s, store.Request{ID: merged}, func(c *lifecycle.Contact) { c.Forward, c.Erasing = "", &lifecycle.Erasing{Codes: []string{"a"}} })
	}},
	{name: "a shop of nobody", found: "shop_unknown", kept: true, do: func(t *testing.T, s *store.Store) {
		_, err := s.Update(t.Context(), store.Request{ID: "ot0000000000", Create: true}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
			c.Shop, c.MadeAt, c.State = "berta", noon, lifecycle.Active
			return store.Change{Contact: c, Write: true, Counts: []store.Count{{Shop: "berta", Field: "state:active", N: 1}}}, nil
		})
		ok(t, err)
	}},
	{name: "one contact too many counted", found: "count_contacts", kept: true, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().HIncrBy(t.Context(), s.MetaKey(3), "n", 1).Err())
	}},
	{name: "one state too few counted", found: "count_state", kept: true, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().HIncrBy(t.Context(), s.ShardTag(0)+":n:anna", "state:active", -1).Err())
	}},
	{name: "a message counted as doubled", found: "message_doubled", kept: true, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().HIncrBy(t.Context(), s.ShardTag(0)+":n:anna", "doubled:sms", 1).Err())
	}},
	{name: "entries were removed before", found: "orphans", kept: true, do: func(t *testing.T, s *store.Store) {
		ok(t, s.Client().HIncrBy(t.Context(), s.MetaKey(0), "orphan", 2).Err())
	}},
	{name: "a record that contradicts itself", found: "timer_unwanted", contact: waits, kept: true, do: func(t *testing.T, s *store.Store) {
		_, err := s.Update(t.Context(), store.Request{ID: waits}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
			c.State = lifecycle.UnsubscribedState
			counts := []store.Count{{Shop: "anna", Field: "state:active", N: -1}, {Shop: "anna", Field: "state:unsubscribed", N: 1}}
			return store.Change{Contact: c, Write: true, Counts: counts}, nil
		})
		ok(t, err)
	}},
}

// TestEveryBreakIsFoundAndMended breaks a healthy store by hand in exactly one
// way: exactly that is found, and nothing is left of it after the repair.
func TestEveryBreakIsFoundAndMended(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		for i, b := range breaks {
			t.Run(b.name, func(t *testing.T) {
				mine := where
				mine.Prefix = where.Prefix + "-" + strconv.Itoa(i)
				s := healthy(t, mine)
				if kinds, f := audited(t, s, false); len(kinds) > 0 {
					t.Fatalf("a healthy store has %v: %+v", kinds, f.List)
				}
				b.do(t, s)
				want := strings.Fields(b.found)
				slices.Sort(want)
				kinds, f := audited(t, s, false)
				if !slices.Equal(kinds, want) {
					t.Fatalf("found %v, want %v: %+v", kinds, want, f.List)
				}
				if x := find(f, strings.Fields(b.found)[0]); x.Contact != b.contact || b.contact != "" && x.Kind != store.LookupOrphan && x.Kind != store.LeaseOld && x.Shard == nil {
					t.Errorf("it names %q, want %q: %+v", x.Contact, b.contact, x)
				}
				if _, f = audited(t, s, true); (f.Repaired == 0) != b.kept {
					t.Fatalf("repaired %d, kept %v: %+v", f.Repaired, b.kept, f.List)
				}
				if b.kept {
					return
				}
				if kinds, f = audited(t, s, true); f.Repaired != 0 || strings.Join(kinds, " ") != b.leaves {
					t.Errorf("after the repair %v, repaired again %d: %+v", kinds, f.Repaired, f.List)
				}
			})
		}
	})
}

func find(f *store.Findings, kind string) store.Finding {
	for _, x := range f.List {
		if string(x.Kind) == kind {
			return x
		}
	}
	return store.Finding{}
}

// TestALostLeaseIsTakenOver: after the repair the usual take-over finds the
// message that was under way.
func TestALostLeaseIsTakenOver(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := healthy(t, where)
		shard := s.Shard(works)
		ok(t, s.Client().HDel(t.Context(), s.LeaseKey(shard), works).Err())
		audited(t, s, true)
		taken, err := s.Recover(t.Context(), shard, false)
		if err != nil || len(taken) != 1 || taken[0].ID != works || taken[0].Contact.Sending == nil {
			t.Errorf("%+v, %v", taken, err)
		}
	})
}

// TestARepairLooksAgain: what was right by the time of the repair is left
// alone.
func TestARepairLooksAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := healthy(t, where)
		index(t, s, still, noon)
		// The record's timer is set to the very entry, after it was judged.
		s.BeforeMend(func() { update(t, s, store.Request{ID: still}, func(c *lifecycle.Contact) { c.Due = noon }) })
		if _, f := audited(t, s, true); f.Repaired != 0 {
			t.Errorf("repaired %d: %+v", f.Repaired, f.List)
		}
		if kinds, f := audited(t, s, false); len(kinds) > 0 {
			t.Errorf("%v: %+v", kinds, f.List)
		}
	})
}

// TestAnAuditOfAStoreWithABarrier: what is written only to be waited for is
// neither a record nor a look-up.
func TestAnAuditOfAStoreWithABarrier(t *testing.T) {
	s := healthy(t, oneNode(t))
	s.Client().AddHook(&disk{confirms: 1})
	s.WithWaitAOF()
	ok(t, s.Point(t.Context(), pointer("anna@example.com"), waits))
	index(t, s, still, noon)
	if kinds, f := audited(t, s, true); f.Repaired != 1 {
		t.Errorf("%v: %+v", kinds, f.List)
	}
	if kinds, f := audited(t, s, false); len(kinds) > 0 {
		t.Errorf("%v: %+v", kinds, f.List)
	}
	if n := len(keysOf(t, s, s.ShardTag(s.Shard(still))+":c:*:sync")); n != 0 {
		t.Errorf("%d keys that look like records", n)
	}
}

// TestManyFindingsAreCounted: the list is bounded, the count is not, and all
// are repaired.
func TestManyFindingsAreCounted(t *testing.T) {
	s := healthy(t, oneNode(t))
	const n = 1200
	for i := range n {
		index(t, s, fmt.Sprintf("n%011d", i), noon.Add(time.Duration(i)*time.Second))
	}
	_, f := audited(t, s, true)
	if f.Counts[store.DueOrphan] != n || f.Repaired != n || len(f.List) > 25 {
		t.Errorf("%d of %d found, %d repaired, %d listed", f.Counts[store.DueOrphan], n, f.Repaired, len(f.List))
	}
	if kinds, _ := audited(t, s, false); strings.Join(kinds, " ") != "orphans" {
		t.Errorf("left: %v", kinds)
	}
}

// TestAuditUnderLoad: what is in transition is no fault, however often it is
// looked at. Two processes write, claim, give back, merge and erase.
func TestAuditUnderLoad(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := healthy(t, where)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 2)
		for w := range 2 {
			other := open(t, where)
			go func() { done <- churn(ctx, other, w) }()
		}
		for range 10 {
			if kinds, f := audited(t, s, false); len(kinds) > 0 {
				t.Errorf("%v: %+v", kinds, f.List)
			}
		}
		stop()
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if kinds, f := audited(t, s, false); len(kinds) > 0 {
			t.Errorf("at rest %v: %+v", kinds, f.List)
		}
	})
}

// churn changes a few contacts as fast as it can.
func churn(ctx context.Context, s *store.Store, w int) error {
	quit := context.WithoutCancel(ctx)
	if err := s.Heartbeat(quit); err != nil {
		return err
	}
	for i := 0; ctx.Err() == nil; i++ {
		id := fmt.Sprintf("x%d%010d", w, i%40)
		remove := i%7 == 6
		_, err := s.Update(quit, store.Request{ID: id, Create: true}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
			ch := store.Change{Write: !remove, Remove: remove && c.Version > 0}
			if n := int64(1); c.Version == 0 != remove {
				if remove {
					n = -1
				}
				ch.Counts = []store.Count{{Shop: "anna", Field: "state:active", N: n}}
			}
			c.Shop, c.MadeAt, c.State = "anna", noon, lifecycle.Active
			c.Due = noon.Add(time.Duration(i%200) * time.Minute)
			c.Messages = []lifecycle.Message{{ID: id + "-1", Status: lifecycle.Uncertain}}
			c.Looks = []lifecycle.Look{{Message: id + "-1", Started: noon, Next: noon.Add(time.Duration(i) * time.Second)}}
			key := uint64(i + 1)
			c.Orders = []lifecycle.OrderMark{{Key: key, ID: "1", At: noon}}
			ch.Contact, ch.SeenOrders = c, []uint64{key}
			return ch, nil
		})
		if err != nil {
			return err
		}
		claimed, err := s.Claim(quit, i%s.Shards(), noon.Add(time.Hour), 3)
		if err != nil {
			return err
		}
		for _, c := range claimed {
			if _, err := s.Update(quit, store.Request{ID: c.ID, Fence: c.Fence, Release: true}, writing(func(c *lifecycle.Contact) {
				c.Due = noon.Add(3 * time.Hour)
			})); err != nil && !isGone(err) {
				return err
			}
		}
	}
	return nil
}

func isGone(err error) bool {
	return errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrFence)
}

func hourOf(at time.Time) string { return strconv.FormatInt(at.Unix()/3600, 10) }

func dueOf(s *store.Store, id string) string {
	return s.DueKey(s.Shard(id), noon.Add(90*time.Minute).Unix()/3600)
}

// index puts an entry into the due index by hand.
func index(t *testing.T, s *store.Store, id string, at time.Time) {
	t.Helper()
	hour := at.Unix() / 3600
	ok(t, s.Client().Do(t.Context(), "zadd", s.DueKey(s.Shard(id), hour), at.UnixMilli()-hour*3600000, id).Err())
	ok(t, s.Client().Do(t.Context(), "zadd", s.HoursKey(s.Shard(id)), hour, hour).Err())
}

// lease is one as somebody takes it now.
func lease(t *testing.T, s *store.Store) string {
	t.Helper()
	real, _, err := s.Now(t.Context())
	ok(t, err)
	return "1:other:" + strconv.FormatInt(real.UnixMilli(), 10)
}
