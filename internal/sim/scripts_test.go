package sim_test

import (
	"cmp"
	"slices"
	"time"

	"ritorno/internal/lifecycle"
)

// transition is the call of lua/transition.lua.
type transition struct {
	id      string
	base    uint64  // version decided on
	had     bool    // there was a record
	what    byte    // 'w' write, 'r' remove, 'k' keep
	rec     *record // for 'w'
	was     slot    // place in the due index of the record decided on
	will    slot    // and of the new one
	fenced  bool    // the lease must be held with fence by process
	fence   uint64
	process string
	since   int64
	release bool
	live    int64
	digest  uint64
	gens    []int64 // generations of delivery keys, the one in force first
	orders  []uint64
	counts  []lifecycle.Count
}

// slot is a place in the due index.
type slot struct {
	set  bool
	hour int64
	off  int64
}

func slotOf(t time.Time) slot {
	if t.IsZero() {
		return slot{}
	}
	ms := t.UnixMilli()
	return slot{true, ms / hourLong, ms % hourLong}
}

// Answers of the transition.
const (
	stored   = 1
	mine     = 2 // stored by the same call before
	raced    = 0
	repeated = -1
	unleased = -2
)

// transition runs lua/transition.lua.
func (s *store) transition(x *transition) int {
	s.settle()
	sh := s.shard(x.id)
	now, exists := sh.records[x.id]
	if x.what == 'w' && now == x.rec {
		return mine
	}
	if x.digest != 0 && !s.w.opt.noDigest {
		for _, g := range x.gens {
			if sh.seen[delivered{g, x.digest}] {
				return repeated
			}
		}
	}
	held, leased := sh.lease[x.id]
	if x.fenced && !s.w.opt.popThenSend && !x.holds(held, leased, s.w.opt.shortToken) {
		if s.w.stats.stales++; !s.w.opt.noFence {
			return unleased
		}
	}
	if (exists != x.had || exists && now.version != x.base) && !s.w.opt.noVersion {
		return raced
	}
	s.write(sh, x, leased)
	s.w.o.committed(x, now, exists)
	return stored
}

// holds reports whether the lease is the one that the caller means.
func (x *transition) holds(l lease, leased, short bool) bool {
	return leased && l.fence == x.fence && l.process == x.process && (short || l.since == x.since)
}

// write is the part of the script that changes something.
func (s *store) write(sh *shard, x *transition, leased bool) {
	free := !leased || x.release || x.what == 'r'
	switch x.what {
	case 'w':
		put(s, sh.records, x.id, x.rec)
	case 'r':
		drop(s, sh.records, x.id)
	}
	if leased && free {
		drop(s, sh.lease, x.id)
	}
	if x.was.set && (!x.will.set || x.was.hour != x.will.hour || !free) {
		if drop(s, s.hour(sh, x.was.hour), x.id) && len(sh.due[x.was.hour]) == 0 {
			drop(s, sh.hours, x.was.hour)
		}
	}
	if x.will.set && free && (!s.w.opt.noReindex || !x.release) {
		put(s, s.hour(sh, x.will.hour), x.id, x.will.off)
		put(s, sh.hours, x.will.hour, true)
	}
	if x.digest != 0 {
		put(s, sh.seen, delivered{x.gens[0], x.digest}, true)
	}
	for _, o := range x.orders {
		put(s, sh.orders, o, true)
	}
	for _, n := range x.counts {
		put(s, s.counts, n.Field, s.counts[n.Field]+n.N)
	}
	if x.live != 0 {
		s.set(&sh.n, sh.n+x.live)
	}
	s.set(&sh.seq, sh.seq+1)
	s.w.indexMoved()
}

// taken is one lease handed out.
type taken struct {
	id    string
	fence uint64
	since int64
	due   int64
}

// claim runs lua/claim.lua on the hours that were found before.
func (s *store) claim(sh *shard, now int64, most int, hours []int64, process string, real int64) []taken {
	s.settle()
	now = max(now, sh.clk)
	var got, gone []taken
	for _, h := range hours {
		start := h * hourLong
		if most <= 0 || start > now {
			continue
		}
		for _, e := range entries(sh.due[h]) {
			if most <= 0 || start+e.due > now {
				break
			}
			gone = append(gone, taken{id: e.id, due: h})
			if _, leased := sh.lease[e.id]; !leased {
				got = append(got, taken{id: e.id, due: start + e.due})
			} else {
				s.set(&sh.orphan, sh.orphan+1)
			}
			most--
		}
	}
	for _, g := range gone {
		drop(s, sh.due[g.due], g.id)
	}
	for _, h := range hours {
		if len(sh.due[h]) == 0 {
			drop(s, sh.hours, h)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	for i := range got {
		s.set(&sh.fence, sh.fence+1)
		got[i].fence, got[i].since = uint64(sh.fence), real
		if !s.w.opt.popThenSend {
			put(s, sh.lease, got[i].id, lease{got[i].fence, process, real})
		}
		s.w.o.leased(got[i].id, got[i].fence)
	}
	if now > sh.clk {
		s.set(&sh.clk, now)
	}
	s.set(&sh.seq, sh.seq+1)
	return got
}

// entries are an hour's timers as a sorted set gives them.
func entries(m map[string]int64) []taken {
	list := make([]taken, 0, len(m))
	for id, off := range m {
		list = append(list, taken{id: id, due: off})
	}
	slices.SortFunc(list, func(a, b taken) int { return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.id, b.id)) })
	return list
}

// held is one lease as it was read.
type held struct {
	id string
	lease
}

// leases are a shard's, in a fixed order.
func (sh *shard) leases() []held {
	list := make([]held, 0, len(sh.lease))
	for id, l := range sh.lease {
		list = append(list, held{id, l})
	}
	slices.SortFunc(list, func(a, b held) int { return cmp.Compare(a.id, b.id) })
	return list
}

// recover runs lua/recover.lua on leases as they were read.
func (s *store) recover(sh *shard, list []held, process string, real int64) []taken {
	s.settle()
	var got []taken
	for _, h := range list {
		if l, ok := sh.lease[h.id]; ok && l == h.lease {
			got = append(got, taken{id: h.id})
		}
	}
	for i := range got {
		s.set(&sh.fence, sh.fence+1)
		got[i].fence, got[i].since = uint64(sh.fence), real
		put(s, sh.lease, got[i].id, lease{got[i].fence, process, real})
		s.w.o.leased(got[i].id, got[i].fence)
	}
	if len(got) > 0 {
		s.set(&sh.seq, sh.seq+1)
	}
	return got
}

// abandon runs lua/release.lua.
func (s *store) abandon(sh *shard, id string, fence uint64, process string) {
	s.settle()
	l, ok := sh.lease[id]
	if _, exists := sh.records[id]; exists || !ok || l.fence != fence || l.process != process {
		return
	}
	drop(s, sh.lease, id)
	s.set(&sh.orphan, sh.orphan+1)
	s.set(&sh.seq, sh.seq+1)
}
