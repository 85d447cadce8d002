package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/lifecycle"
)

// span is what a count may be: records that were perhaps seen twice, or are
// between two states, make it wide.
type span struct{ least, most int64 }

func (c *span) add(sure bool) {
	if c.most++; sure {
		c.least++
	}
}

// recount counts records in one pass, to be held against the exact counters.
type recount struct {
	s      *Store
	before []int64 // seq of each shard
	seen   sieve
	live   []span                     // by shard
	states map[string]map[string]span // by shop and state
	n      int64                      // records
	broken int64                      // of these, such as cannot be read: they may be anything
}

func (s *Store) newRecount(ctx context.Context, size int64) (*recount, error) {
	before, err := s.metas(ctx, metaSeq)
	return &recount{s: s, before: before, seen: newSieve(size), live: make([]span, s.shards), states: map[string]map[string]span{}}, err
}

// take counts one record.
func (r *recount) take(p *snap) {
	c := &p.contact
	if p.stored == nil || r.s.Shard(p.id) != p.shard {
		return
	}
	fresh := r.seen.fresh(p.id)
	if fresh {
		r.n++
	}
	if p.broken != nil {
		r.broken++
		r.live[p.shard].most++
		return
	}
	if live(c) {
		r.live[p.shard].add(fresh)
	}
	if c.State == lifecycle.None || c.Erasing != nil {
		return
	}
	shop := r.states[c.Shop]
	if shop == nil {
		shop = map[string]span{}
		r.states[c.Shop] = shop
	}
	state := shop[c.State.String()]
	state.add(fresh && c.Forward == "") // a merged one counts until it is absorbed
	shop[c.State.String()] = state
}

// metas reads a number of each shard.
func (s *Store) metas(ctx context.Context, field string) ([]int64, error) {
	all := make([]int64, s.shards)
	err := s.shardwise(ctx, "read "+field+" of all shards", func(i int) *redis.Cmd {
		return command(ctx, 1, "hget", s.keys.meta(i), field)
	}, func(i int, c *redis.Cmd) (err error) {
		if all[i], err = c.Int64(); errors.Is(err, redis.Nil) {
			err = nil
		}
		return err
	})
	return all, err
}

// compare holds the counters against the recount. Each change since the pass
// began moves a count by one at most, so what lies within that proves nothing,
// and a store at rest is compared exactly.
func (r *recount) compare(ctx context.Context, shops []string) ([]Finding, error) {
	lives, err := r.s.metas(ctx, metaLive)
	if err != nil {
		return nil, err
	}
	counts := map[string]map[string]int64{}
	for _, shop := range union(shops, r.states) {
		if counts[shop], err = r.s.Counts(ctx, shop); err != nil {
			return nil, err
		}
	}
	after, err := r.s.metas(ctx, metaSeq)
	if err != nil {
		return nil, err
	}
	var out []Finding
	var moved int64
	for shard, n := range lives {
		m := after[shard] - r.before[shard]
		moved += m
		if c := r.live[shard]; n < c.least-m || n > c.most+m {
			out = append(out, Finding{Kind: CountContacts, Shard: &shard, Text: fmt.Sprintf("the shard counts %d contacts and holds %s", n, c)})
		}
	}
	for _, shop := range union(shops, r.states) {
		for s := lifecycle.Active; s <= lifecycle.UnsubscribedState; s++ {
			n, c := counts[shop]["state:"+s.String()], r.states[shop][s.String()]
			if n < c.least-moved || n > c.most+moved+r.broken {
				out = append(out, Finding{Kind: CountState, Shop: shop, Text: fmt.Sprintf("%d contacts count as %s, and there are %s", n, s, c)})
			}
		}
		for _, field := range slices.Sorted(maps.Keys(counts[shop])) {
			if ch, ok := strings.CutPrefix(field, "doubled:"); ok && counts[shop][field] > 0 {
				out = append(out, Finding{Kind: Doubled, Shop: shop, Text: fmt.Sprintf("a provider took %d %s message(s) twice since the store was made", counts[shop][field], ch)})
			}
		}
	}
	return out, nil
}

func (c span) String() string {
	if c.least == c.most {
		return fmt.Sprint(c.most)
	}
	return fmt.Sprintf("%d to %d", c.least, c.most)
}

// union are the shops of both, in order.
func union(shops []string, states map[string]map[string]span) []string {
	all := slices.AppendSeq(slices.Clone(shops), maps.Keys(states))
	slices.Sort(all)
	return slices.Compact(all)
}

// counters holds the exact counters against the records. What seems wrong is
// counted a second time.
func (a *audit) counters(ctx context.Context) error {
	first := a.count
	a.count = nil
	found, err := first.compare(ctx, a.o.Shops)
	if err != nil {
		return err
	}
	if doubtful(found) {
		if found, err = a.recount(ctx, first.n); err != nil {
			return err
		}
	}
	for _, f := range found {
		a.f.Add(f)
	}
	for _, shop := range union(nil, first.states) {
		if !a.knows(shop) {
			a.f.Add(Finding{Kind: ShopUnknown, Shop: shop, Text: "the store holds contacts of a shop that is not in the configuration"})
		}
	}
	a.f.OK("records", fmt.Sprintf("%d records in %d shards read", first.n, a.s.shards))
	return nil
}

func doubtful(found []Finding) bool {
	for _, f := range found {
		if f.Kind == CountContacts || f.Kind == CountState {
			return true
		}
	}
	return false
}

// recount counts once more, by itself.
func (a *audit) recount(ctx context.Context, n int64) ([]Finding, error) {
	r, err := a.s.newRecount(ctx, n)
	if err != nil {
		return nil, err
	}
	err = a.walk(ctx, a.s.keys.contacts(), func(names []string) error {
		var spots []spot
		for _, name := range names {
			if shard, id, ok := parseKey(name, ":c:"); ok {
				spots = append(spots, spot{shard: shard, id: id})
			}
		}
		all := make([]snap, len(spots))
		if err := a.s.fetch(ctx, spots, all); err != nil {
			return err
		}
		for i := range all {
			r.take(&all[i])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return r.compare(ctx, a.o.Shops)
}

func (a *audit) knows(shop string) bool {
	for _, s := range a.o.Shops {
		if s == shop {
			return true
		}
	}
	return false
}
