// Package sim_test plays the real core (lifecycle.Rules.Decide) and the send
// protocol together on a virtual clock: one event queue, no goroutines, every
// choice drawn from one seed. The store, the provider, the network and the
// machines are models that break in every way the protocol promises to
// survive; docs/simulation.md describes them. Everything here is test code, so
// nothing of it can end up in the program.
package sim_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"ritorno/internal/lifecycle"
)

// epoch is when the virtual clock stands at zero: a winter Monday, so that a
// run passes a clock change and Easter.
var epoch = time.Date(2026, 1, 12, 7, 0, 0, 0, time.UTC)

// Bounds of one run. A run that needs more turns in a circle.
const (
	mostSteps   = 600_000
	mostAtOnce  = 3_000 // events of one virtual instant
	shopName    = "bottega"
	troubleDays = 112 // then the faults end, and everything must come to rest
	calmDays    = 12
)

// world is one run.
type world struct {
	opt   options
	seed  uint64
	rng   *rand.Rand
	rules *lifecycle.Rules // by which is decided
	right *lifecycle.Rules // by which the oracle judges
	f     faults
	calm  bool // the faults are over
	over  bool // the run is

	q       queue
	t       time.Duration // true time since epoch
	steps   int
	crowded int // events since the clock last moved

	st     *store
	procs  []*process
	prov   *provider
	people []*person
	open   int // deliveries that are not acknowledged yet
	o      *oracle

	bad    *violation
	trace  []line
	traced bool
	stats  stats
}

// stats are what a run did.
type stats struct {
	sends, accepted, uncertain          int
	found, absent, again                int // verdicts of the provider's records, and messages that left once more because of them
	crashes, pauses, cuts, lost, stales int
	events, races                       int
}

func (s *stats) add(o stats) {
	s.sends += o.sends
	s.accepted += o.accepted
	s.uncertain += o.uncertain
	s.found += o.found
	s.absent += o.absent
	s.again += o.again
	s.crashes += o.crashes
	s.pauses += o.pauses
	s.cuts += o.cuts
	s.lost += o.lost
	s.stales += o.stales
	s.events += o.events
	s.races += o.races
}

// violation is a broken promise.
type violation struct {
	Inv  string // I1 … I10, livelock
	ID   string // contact, empty: none in particular
	Text string

	Known string // the open fault that it comes from, see known_test.go
}

func (v *violation) String() string { return v.Inv + ": " + v.Text }

// line is one line of the trace.
type line struct {
	at   time.Duration
	id   string // contact, or empty for what concerns all
	text string
}

// newWorld prepares the run of one seed.
func newWorld(seed uint64, rules *lifecycle.Rules, opt options) *world {
	w := &world{opt: opt, seed: seed, rules: rules, right: rules, rng: rand.New(rand.NewPCG(seed, 0x5269746f726e6f))}
	if opt.skipQuiet || opt.looseCap {
		loose := *rules
		if opt.skipQuiet {
			loose.Quiet = nil
		} else {
			loose.Cap = lifecycle.Cap{}
		}
		w.rules = &loose
	}
	w.f = drawFaults(w.rng, opt)
	if w.f.resend {
		again := *w.rules
		again.Resend = true
		w.rules = &again
	}
	w.o = newOracle(w)
	w.st = newStore(w)
	w.prov = &provider{w: w}
	for i := range w.f.processes {
		w.procs = append(w.procs, &process{w: w, n: i, held: map[string]uint64{}})
	}
	for _, p := range w.procs {
		w.after(w.upTo(time.Second), p.start)
	}
	w.peopleArrive()
	w.machinesFail()
	w.at(troubleDays*day, w.peace)
	return w
}

const day = 24 * time.Hour

// run plays until all is at rest or a promise is broken.
func (w *world) run() *violation {
	w.at((troubleDays+calmDays)*day, w.comeToRest)
	for w.bad == nil && !w.over {
		e, ok := w.q.pop()
		if !ok {
			break
		}
		w.steps++
		if w.crowded++; e.at > w.t {
			w.crowded = 0
		}
		if w.steps > mostSteps || w.crowded > mostAtOnce {
			w.fail("livelock", "", fmt.Sprintf("%d steps, %d of them at this instant", w.steps, w.crowded))
			break
		}
		w.t = e.at
		e.fn()
	}
	return w.bad
}

// comeToRest looks every second whether all is done.
func (w *world) comeToRest() {
	if late := w.t - (troubleDays+calmDays)*day; !w.atRest() && late < 2*time.Hour {
		w.after(time.Second+late/10, w.comeToRest)
		return
	}
	w.over = true
	w.o.atTheEnd()
	if w.bad == nil && !w.atRest() {
		w.fail("I3", "", "two hours of calm after the end, and something is still under way")
	}
}

// peace ends the faults.
func (w *world) peace() {
	w.calm = true
	w.note("", "the faults end")
	for _, p := range w.procs {
		if p.life == nil {
			w.after(time.Second+w.upTo(time.Minute), p.start)
		}
	}
}

// atRest reports whether nothing is under way.
func (w *world) atRest() bool {
	if w.open > 0 {
		return false
	}
	for _, sh := range w.st.shards {
		if len(sh.lease) > 0 {
			return false
		}
	}
	next, ok := w.st.nextDue()
	return !ok || next.After(w.st.now())
}

// at and after put an event into the queue.
func (w *world) at(t time.Duration, fn func())    { w.q.push(max(t, w.t), fn) }
func (w *world) after(d time.Duration, fn func()) { w.q.push(w.t+max(d, 0), fn) }

// chance draws whether a fault happens; never when the faults are over.
func (w *world) chance(p float64) bool { return p > 0 && !w.calm && w.rng.Float64() < p }

// upTo draws a duration below d.
func (w *world) upTo(d time.Duration) time.Duration { return time.Duration(w.rng.Int64N(int64(d))) }

func (w *world) between(lo, hi time.Duration) time.Duration { return lo + w.upTo(hi-lo) }

func (w *world) fail(inv, id, text string) {
	if w.bad == nil {
		w.bad = &violation{Inv: inv, ID: id, Text: text}
		w.note(id, "BROKEN %s", w.bad)
	}
}

// failFor is fail for what may come from an open fault.
func (w *world) failFor(known, inv, id, text string) {
	if w.bad == nil {
		w.fail(inv, id, text)
		w.bad.Known = known
	}
}

// note writes a line of the trace, when one is kept.
func (w *world) note(id, format string, args ...any) {
	if !w.traced {
		return
	}
	w.trace = append(w.trace, line{w.t, id, fmt.Sprintf(format, args...)})
}

// queue is the one event queue: a heap by time, then by order of arrival.
type queue struct {
	h   []event
	seq uint64
}

type event struct {
	at  time.Duration
	seq uint64
	fn  func()
}

func (e event) before(o event) bool { return e.at < o.at || e.at == o.at && e.seq < o.seq }

func (q *queue) push(at time.Duration, fn func()) {
	q.seq++
	q.h = append(q.h, event{at, q.seq, fn})
	for i := len(q.h) - 1; i > 0; {
		up := (i - 1) / 2
		if !q.h[i].before(q.h[up]) {
			return
		}
		q.h[i], q.h[up] = q.h[up], q.h[i]
		i = up
	}
}

func (q *queue) pop() (event, bool) {
	if len(q.h) == 0 {
		return event{}, false
	}
	first, last := q.h[0], len(q.h)-1
	q.h[0] = q.h[last]
	q.h[last] = event{}
	q.h = q.h[:last]
	for i := 0; ; {
		least := i
		for _, c := range [2]int{2*i + 1, 2*i + 2} {
			if c < last && q.h[c].before(q.h[least]) {
				least = c
			}
		}
		if least == i {
			return first, true
		}
		q.h[i], q.h[least] = q.h[least], q.h[i]
		i = least
	}
}
