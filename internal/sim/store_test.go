package sim_test

import (
	"slices"
	"time"

	"ritorno/internal/lifecycle"
)

// store is a model of the Redis store with the semantics of the scripts in
// internal/store/lua. A script runs in one instant. The durable copy is kept
// as a journal of what a power cut takes back.
type store struct {
	w       *world
	shards  [2]*shard
	lookup  map[int]string    // person -> contact, the look-ups in one
	erased  map[int]time.Time // suppression marks
	counts  map[string]int64
	places  map[string]map[int64]int // journey -> day -> entries
	mode    fsync
	barrier bool
	phase   time.Duration // when in its period the disk is synced
	journal []undo
	boots   int // connections broke so often
	runs    int // the server was started so often
	downTo  time.Duration
	outage  [2]time.Duration // the last window in which the store was away
	jumps   []jump           // steps of the server's clock
}

type undo struct {
	at   time.Duration
	back func()
}

type jump struct{ at, offset time.Duration }

type shard struct {
	records map[string]*record
	due     map[int64]map[string]int64 // hour -> contact -> ms in the hour
	hours   map[int64]bool             // hours that are not empty
	lease   map[string]lease
	seen    map[delivered]bool
	orders  map[uint64]bool

	fence, clk, seq, n, orphan int64
}

// record is a stored contact; its address stands for its bytes, nonce included. It never
// changes: a write puts another one in its place.
type record struct {
	c       lifecycle.Contact
	version uint64
}

type lease struct {
	fence   uint64
	process string
	since   int64 // real, ms
}

type delivered struct {
	generation int64
	digest     uint64
}

func newStore(w *world) *store {
	s := &store{
		w: w, lookup: map[int]string{}, erased: map[int]time.Time{}, counts: map[string]int64{},
		mode: w.f.mode, barrier: w.f.barrier && w.f.mode == everysec, phase: w.upTo(time.Second),
	}
	for i := range s.shards {
		s.shards[i] = &shard{
			records: map[string]*record{}, due: map[int64]map[string]int64{}, hours: map[int64]bool{},
			lease: map[string]lease{}, seen: map[delivered]bool{}, orders: map[uint64]bool{},
		}
	}
	return s
}

func (s *store) shard(id string) *shard { return s.shards[int(id[len(id)-1])%len(s.shards)] }

// offsetAt is how far the server's clock was off.
func (s *store) offsetAt(t time.Duration) (off time.Duration) {
	for _, j := range s.jumps {
		if j.at <= t {
			off = j.offset
		}
	}
	return off
}

// now is the server's TIME.
func (s *store) now() time.Time { return s.timeAt(s.w.t) }

func (s *store) timeAt(t time.Duration) time.Time {
	return epoch.Add(t + s.offsetAt(t)).Truncate(time.Millisecond)
}

func (s *store) down() bool { return s.w.t < s.downTo }

// away makes the store unreachable for a while.
func (s *store) away(d time.Duration) {
	s.boots++ // connections break
	s.downTo = max(s.downTo, s.w.t+d)
	s.outage = [2]time.Duration{s.w.t, s.downTo}
	s.w.note("", "the store is away for %v", d)
}

// period is how often the disk is synced by itself.
func (s *store) period() time.Duration {
	if s.mode == never {
		return 30 * time.Second
	}
	return time.Second
}

// synced is the last instant at which the disk had everything.
func (s *store) synced() time.Duration {
	p := s.period()
	k := (s.w.t - s.phase) / p
	return k*p + s.phase
}

// settle forgets how to take back what is on the disk.
func (s *store) settle() {
	last := s.synced()
	if n := len(s.journal); n > 0 && s.journal[n-1].at <= last {
		s.journal = s.journal[:0]
		return
	}
	i := 0
	for i < len(s.journal) && s.journal[i].at <= last {
		i++
	}
	s.journal = slices.Delete(s.journal, 0, i)
}

// durable reports whether everything up to now is on the disk.
func (s *store) durable(since time.Duration) bool { return s.mode == always || since <= s.synced() }

// keep notes how to take a write back.
func (s *store) keep(back func()) { s.journal = append(s.journal, undo{s.w.t, back}) }

// powerCut takes the store back to what the disk has.
func (s *store) powerCut() {
	s.settle()
	s.w.stats.cuts++
	s.w.note("", "power cut: %d writes were not on the disk", len(s.journal))
	for i := len(s.journal) - 1; i >= 0; i-- {
		s.journal[i].back()
	}
	s.journal = s.journal[:0]
	s.runs++
	s.away(s.w.between(100*time.Millisecond, 20*time.Second))
}

// put and drop change a map so that a power cut can take it back.
func put[K comparable, V any](s *store, m map[K]V, k K, v V) {
	if s.mode != always {
		old, had := m[k]
		s.keep(func() { restore(m, k, old, had) })
	}
	m[k] = v
}

func drop[K comparable, V any](s *store, m map[K]V, k K) bool {
	old, had := m[k]
	if !had {
		return false
	}
	if s.mode != always {
		s.keep(func() { m[k] = old })
	}
	delete(m, k)
	return true
}

func restore[K comparable, V any](m map[K]V, k K, old V, had bool) {
	if had {
		m[k] = old
	} else {
		delete(m, k)
	}
}

// set changes a number so that a power cut can take it back.
func (s *store) set(n *int64, v int64) {
	if old := *n; s.mode != always {
		s.keep(func() { *n = old })
	}
	*n = v
}

func (s *store) hour(sh *shard, hour int64) map[string]int64 {
	m := sh.due[hour]
	if m == nil {
		m = map[string]int64{}
		sh.due[hour] = m
	}
	return m
}

func (sh *shard) sortedHours() []int64 {
	hours := make([]int64, 0, len(sh.hours))
	for h := range sh.hours {
		hours = append(hours, h)
	}
	slices.Sort(hours)
	return hours
}

// nextDue is the earliest entry of the due index.
func (s *store) nextDue() (time.Time, bool) {
	first := int64(-1)
	for _, sh := range s.shards {
		for h := range sh.hours {
			at := h * hourLong
			for _, off := range sh.due[h] {
				if t := at + off; first < 0 || t < first {
					first = t
				}
			}
			if len(sh.due[h]) == 0 && (first < 0 || at < first) {
				first = at
			}
		}
	}
	return time.UnixMilli(first).UTC(), first >= 0
}

const hourLong = int64(time.Hour / time.Millisecond)

// generation is how long one set of delivery keys is written to.
const generation = int64(30 * 24 * 3600)

func generations(real time.Time) []int64 {
	n := real.Unix() / generation
	gs := []int64{n, n - 1}
	if real.Add(10*time.Minute).Unix()/generation > n {
		gs = append(gs, n+1)
	}
	return gs
}
