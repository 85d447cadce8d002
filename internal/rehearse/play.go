package rehearse

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"ritorno/internal/lifecycle"
)

// Options say how a history is played.
type Options struct {
	Rules   lifecycle.Rules
	From    time.Time     // Ritorno is installed then: what is older is known, and starts nothing by itself; zero: from the beginning
	To      time.Time     // the last instant; zero: that of the last event
	Within  time.Duration // how long an order is taken for an answer to a message
	Workers int           // 0: one
	Keep    bool          // every decision, for a list
	// Release is whether customers who were silent already at From enter at once.
	Release bool
	// Together plays all customers on one clock instead of one after the other: the
	// same result, by one worker and in more memory. Rules that let customers wait
	// for each other (entries_per_day) are always played so.
	Together bool
	// Segments counts the parts of an SMS as it would be composed; an error means
	// that it cannot be. nil: every SMS is one part.
	Segments func(c *lifecycle.Contact, m *lifecycle.Message, now time.Time) (int, error)
}

// Result is what came out.
type Result struct {
	Sum
	From, To  time.Time
	Decisions []Decision // in the order of time; only with Keep
}

// Play plays a history.
func Play(h *History, o Options) (*Result, error) {
	rs, _, err := play(h, []Options{o})
	if err != nil {
		return nil, err
	}
	return rs[0], nil
}

// ErrEmpty: there is nothing to play between From and To.
var ErrEmpty = errors.New("the history holds no event in this time")

// player is one configuration in the hands of one worker.
type player struct {
	o    Options
	h    *History
	keys []keys
	to   int64 // Unix ms
	sum  *Sum
	keep bool
	all  []Decision

	limited bool               // a journey takes only so many a day
	places  map[string]*places // of such journeys, by name

	zone       *time.Location
	monthFrom  time.Time // the month that was looked up last
	monthUntil time.Time
	monthIs    int
}

// work is what the workers share.
type work struct {
	h      *History
	groups [][]telling
	keys   []keys
	next   atomic.Int64
	o      []Options
	to     int64
}

// batch is how many groups a worker takes at once.
const batch = 64

// play plays a history by several configurations at once, so that the two of
// each customer can be compared and forgotten.
func play(h *History, os []Options) ([]*Result, *Difference, error) {
	first, last := h.Span()
	w := &work{h: h, o: os}
	to := os[0].To
	if to.IsZero() || to.After(last.Add(day)) && h.Len() > 0 {
		to = last
	}
	from := os[0].From
	if from.IsZero() {
		from = first
	}
	if h.Len() == 0 || to.Before(first) || to.Before(from) {
		return nil, nil, ErrEmpty
	}
	w.to = to.UnixMilli()
	workers := max(os[0].Workers, 1)
	w.keys = h.keysOf(&os[0].Rules, workers)
	together := slices.ContainsFunc(os, func(o Options) bool { return o.Together || limited(&o.Rules) })
	if w.groups = h.groups(w.keys); together {
		w.groups = [][]telling{h.tellings}
	}
	hands := make([]*hand, workers)
	var group sync.WaitGroup
	for i := range hands {
		hands[i] = w.hand()
		group.Go(hands[i].run)
	}
	group.Wait()
	return w.gather(hands, from, to)
}

// gather adds up what the workers did.
func (w *work) gather(hands []*hand, from, to time.Time) ([]*Result, *Difference, error) {
	var errs []error
	diff := &Difference{}
	results := make([]*Result, len(w.o))
	for i := range results {
		results[i] = &Result{Sum: *newSum(), From: from.UTC(), To: to.UTC()}
	}
	for _, h := range hands {
		errs = append(errs, h.err)
		diff.add(&h.diff)
		for i, p := range h.players {
			results[i].add(p.sum)
			results[i].Decisions = append(results[i].Decisions, p.all...)
		}
	}
	for _, r := range results {
		slices.SortFunc(r.Decisions, compareDecisions)
	}
	return results, diff, errors.Join(errs...)
}

// hand is one worker, with a player for each configuration.
type hand struct {
	w       *work
	players []*player
	diff    Difference
	err     error
}

func (w *work) hand() *hand {
	h := &hand{w: w}
	for _, o := range w.o {
		p := &player{o: o, h: w.h, keys: w.keys, to: w.to, sum: newSum(), keep: o.Keep || len(w.o) > 1, zone: o.Rules.Location, limited: limited(&o.Rules)}
		if p.zone == nil {
			p.zone = time.UTC
		}
		h.players = append(h.players, p)
	}
	return h
}

func (h *hand) run() {
	for h.err == nil {
		end := int(h.w.next.Add(batch))
		from := end - batch
		if from >= len(h.w.groups) {
			return
		}
		for i := from; i < min(end, len(h.w.groups)) && h.err == nil; i++ {
			h.err = h.group(i)
		}
	}
}

// group plays one group by each configuration.
func (h *hand) group(i int) error {
	stages := make([]*stage, len(h.players))
	for n, p := range h.players {
		stages[n] = p.stage(i, h.w.groups[i])
		if err := stages[n].play(h.w.groups[i]); err != nil {
			return err
		}
		stages[n].close()
	}
	if len(stages) == 2 {
		h.diff.hold(i, stages[0].souls, stages[1].souls)
	}
	return nil
}

// stage is an empty one for these tellings.
func (p *player) stage(group int, tellings []telling) *stage {
	st := &stage{p: p, group: group}
	alone := !slices.ContainsFunc(tellings, func(t telling) bool { return t.person != tellings[0].person })
	if alone && p.keys[tellings[0].person] != (keys{}) {
		st.solo = st.make(&tellings[0])
	} else {
		st.ways = ways{}
	}
	if len(tellings) > lifecycle.MaxOrders { // else no order ever leaves the record
		st.seen = map[uint64]bool{}
	}
	return st
}

// close counts the contacts when the play is over.
func (st *stage) close() {
	for _, s := range st.souls {
		if s.gone == nil && !s.c.MadeAt.IsZero() {
			st.p.sum.Contacts++
			st.p.sum.Each[s.got]++
			if st.p.o.Keep {
				for i := range s.messages { // some may be of a record that was merged into this one
					s.messages[i].Customer = s.label
				}
				st.p.all = append(st.p.all, s.messages...)
			}
		}
	}
}

// release lets who was silent already at the beginning into the journey, where
// the owner wants it.
func (st *stage) release() {
	if !st.p.o.Release {
		return
	}
	now := st.p.o.From
	for _, s := range st.souls {
		if s.gone == nil && st.p.o.Rules.Held(&s.c) {
			ev := lifecycle.Event{Type: lifecycle.Released, Source: "ritorno", At: now, Until: now, OwnTime: true}
			st.at = now
			st.hear(s, st.p.o.Rules.DecideInPlace(ev, s.c, now))
		}
	}
}

// month is the calendar month of a time in the shop's zone.
func (p *player) month(t time.Time) int {
	if t.Before(p.monthFrom) || !t.Before(p.monthUntil) {
		y, m, _ := t.In(p.zone).Date()
		p.monthIs = y*12 + int(m) - 1
		p.monthFrom = time.Date(y, m, 1, 0, 0, 0, 0, p.zone)
		p.monthUntil = time.Date(y, m+1, 1, 0, 0, 0, 0, p.zone)
	}
	return p.monthIs
}
