package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// model is what the store must hold: for each contact its timer, its lease and
// how often it was changed.
type model struct {
	s        *store.Store
	now      time.Time
	contacts map[string]*modelled
	delivery map[[2]uint64]bool // by shard and digest: the same key is known in one shard
	counted  int64
}

type modelled struct {
	due      time.Time
	fence    uint64
	version  uint64
	accepted int
}

func TestEveryTimerIsInExactlyOneIndex(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		where.Shards = 2
		run := 0
		rapid.Check(t, func(rt *rapid.T) {
			if run++; run > invariantRuns {
				return
			}
			mine := where
			mine.Prefix = fmt.Sprintf("%s-%d", where.Prefix, run)
			s, err := store.Open(context.Background(), mine)
			if err != nil {
				rt.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			m := &model{s: s, now: noon, contacts: map[string]*modelled{}, delivery: map[[2]uint64]bool{}}
			rt.Repeat(map[string]func(*rapid.T){
				"update":  m.update,
				"erase":   m.erase,
				"claim":   m.claim,
				"release": m.release,
				"stale":   m.stale,
				"advance": func(rt *rapid.T) { m.now = m.now.Add(times30.Draw(rt, "by")) },
				"":        m.check,
			})
			m.checkHours(rt)
		})
	})
}

// invariantRuns bounds the sequences of one run of the test: each has about 30
// steps, after each of which all indexes are read.
const invariantRuns = 25

var (
	ids     = rapid.SampledFrom([]string{"a00000000000", "b00000000000", "c00000000000", "d00000000000"})
	times30 = rapid.Map(rapid.IntRange(0, 4*60), func(n int) time.Duration { return time.Duration(n) * 30 * time.Second })
)

func (m *model) update(rt *rapid.T) {
	id := ids.Draw(rt, "id")
	var due time.Time
	if rapid.IntRange(0, 3).Draw(rt, "timer") > 0 {
		due = m.now.Add(times30.Draw(rt, "in") - time.Hour)
	}
	delivery := rapid.Uint64Range(0, 30).Draw(rt, "delivery")
	write := rapid.IntRange(0, 4).Draw(rt, "write") > 0
	_, err := m.s.Update(context.Background(), store.Request{ID: id, Create: true, Delivery: delivery},
		func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
			c.Due, c.Accepted = due, c.Accepted+1
			return store.Change{Contact: c, Write: write, Counts: []store.Count{{Shop: "a/b {s1}", Field: "n", N: 1}}}, nil
		})
	known := [2]uint64{uint64(m.s.Shard(id)), delivery}
	if m.delivery[known] {
		if err == nil {
			rt.Fatalf("delivery %d was applied twice", delivery)
		}
		return
	}
	if err != nil {
		rt.Fatal(err)
	}
	m.counted++
	if delivery != 0 {
		m.delivery[known] = true
	}
	if !write {
		return
	}
	c := m.contacts[id]
	if c == nil {
		c = &modelled{}
		m.contacts[id] = c
	}
	c.due, c.version, c.accepted = due, c.version+1, c.accepted+1
}

func (m *model) erase(rt *rapid.T) {
	id := ids.Draw(rt, "id")
	_, err := m.s.Update(context.Background(), store.Request{ID: id},
		func(lifecycle.Contact, store.Known) (store.Change, error) { return store.Change{Remove: true}, nil })
	if (err == nil) != (m.contacts[id] != nil) {
		rt.Fatalf("erase %s: %v", id, err)
	}
	delete(m.contacts, id)
}

func (m *model) claim(rt *rapid.T) {
	shard := rapid.IntRange(0, m.s.Shards()-1).Draw(rt, "shard")
	most := rapid.IntRange(1, 5).Draw(rt, "most")
	got, err := m.s.Claim(context.Background(), shard, m.now, most)
	if err != nil {
		rt.Fatal(err)
	}
	ripe := 0
	for id, c := range m.contacts {
		if m.s.Shard(id) == shard && c.fence == 0 && !c.due.IsZero() && !c.due.After(m.now) {
			ripe++
		}
	}
	if len(got) != min(ripe, most) {
		rt.Fatalf("%d claimed of %d that are due, at most %d", len(got), ripe, most)
	}
	for _, c := range got {
		known := m.contacts[c.ID]
		if known == nil || known.fence != 0 || !known.due.Equal(c.Due) || c.Missing {
			rt.Fatalf("claimed %+v, known is %+v", c, known)
		}
		known.fence = c.Fence
	}
}

// release gives back a lease, with or without a new timer.
func (m *model) release(rt *rapid.T) {
	id := ids.Draw(rt, "id")
	c := m.contacts[id]
	if c == nil || c.fence == 0 {
		rt.Skip("not leased")
	}
	r := store.Request{ID: id, Fence: c.fence, Release: rapid.Bool().Draw(rt, "release")}
	write := rapid.Bool().Draw(rt, "write")
	due := m.now.Add(times30.Draw(rt, "in"))
	_, err := m.s.Update(context.Background(), r, func(contact lifecycle.Contact, _ store.Known) (store.Change, error) {
		contact.Due, contact.Accepted = due, contact.Accepted+1
		return store.Change{Contact: contact, Write: write}, nil
	})
	if err != nil {
		rt.Fatal(err)
	}
	if write {
		c.due, c.version, c.accepted = due, c.version+1, c.accepted+1
	}
	if r.Release {
		c.fence = 0
	}
}

// stale writes with a fence that nobody holds.
func (m *model) stale(rt *rapid.T) {
	id := ids.Draw(rt, "id")
	fence := rapid.Uint64Range(1, 3).Draw(rt, "fence")
	c := m.contacts[id]
	if c == nil || c.fence == fence {
		rt.Skip("not stale")
	}
	_, err := m.s.Update(context.Background(), store.Request{ID: id, Fence: fence, Release: true},
		writing(func(c *lifecycle.Contact) { c.Accepted = 1000; c.Due = noon }))
	if err == nil {
		rt.Fatal("a stale fence was taken")
	}
}

// check compares all keys of the store with the model.
func (m *model) check(rt *rapid.T) {
	ctx := context.Background()
	due, leased := m.indexes(rt)
	for id, c := range m.contacts {
		got, err := m.s.Load(ctx, id)
		if err != nil {
			rt.Fatal(err)
		}
		if !got.Due.Equal(c.due) || got.Accepted != c.accepted {
			rt.Fatalf("%s is due %v with %d changes, want %v with %d", id, got.Due, got.Accepted, c.due, c.accepted)
		}
		at, indexed := due[id]
		if _, held := leased[id]; held != (c.fence != 0) {
			rt.Fatalf("%s: leased %v, want %v", id, held, c.fence != 0)
		}
		if want := c.fence == 0 && !c.due.IsZero(); indexed != want || indexed && !at.Equal(c.due) {
			rt.Fatalf("%s: indexed %v at %v, want %v at %v", id, indexed, at, want, c.due)
		}
	}
	if strays := len(due) + len(leased); strays > len(m.contacts) {
		rt.Fatalf("%d index entries for %d contacts", strays, len(m.contacts))
	}
	if n, err := m.s.Contacts(ctx); err != nil || n != int64(len(m.contacts)) {
		rt.Fatalf("%d contacts, want %d, %v", n, len(m.contacts), err)
	}
	if n, err := m.s.Counts(ctx, "a/b {s1}"); err != nil || n["n"] != m.counted {
		rt.Fatalf("counted %d, want %d, %v", n["n"], m.counted, err)
	}
}

// checkHours looks for due keys that are not listed.
func (m *model) checkHours(rt *rapid.T) {
	for shard := range m.s.Shards() {
		names, err := m.s.AllKeys(context.Background(), m.s.ShardTag(shard)+":due:*")
		if err != nil {
			rt.Fatal(err)
		}
		if n := m.s.Client().ZCard(context.Background(), m.s.HoursKey(shard)).Val(); n != int64(len(names)) {
			rt.Fatalf("%d hours are listed, %v hold something", n, names)
		}
	}
}

// indexes reads the due sets and leases of all shards.
func (m *model) indexes(rt *rapid.T) (due map[string]time.Time, leased map[string]string) {
	ctx, db := context.Background(), m.s.Client()
	due, leased = map[string]time.Time{}, map[string]string{}
	for shard := range m.s.Shards() {
		for _, h := range db.ZRangeWithScores(ctx, m.s.HoursKey(shard), 0, -1).Val() {
			hour := int64(h.Score)
			entries := db.ZRangeWithScores(ctx, m.s.DueKey(shard, hour), 0, -1).Val()
			if len(entries) == 0 {
				rt.Fatalf("hour %d is listed and empty", hour)
			}
			for _, z := range entries {
				id := z.Member.(string)
				if _, twice := due[id]; twice {
					rt.Fatalf("%s is due twice", id)
				}
				due[id] = time.UnixMilli(hour*3600000 + int64(z.Score)).UTC()
			}
		}
		for id, value := range db.HGetAll(ctx, m.s.LeaseKey(shard)).Val() {
			leased[id] = value
		}
	}
	return due, leased
}
