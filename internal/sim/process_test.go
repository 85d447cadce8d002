package sim_test

import (
	"strconv"
	"time"
)

// Pace and patience of the engine, as in internal/engine and internal/store.
const (
	beatEvery    = 3 * time.Second
	recoverEvery = 5 * time.Second
	sleepAtMost  = time.Minute
	backOffMax   = 15 * time.Second
	quiet        = 15 * time.Second
	recordFor    = 5 * time.Second
	patience     = 10 * time.Second
	replyTimeout = 5 * time.Second
	beginGrace   = 5 * time.Second
	sendLimit    = 45 * time.Second
	claimBatch   = 100
	claimHours   = 8
)

// process is one machine with one serve on it. Its work is a chain of steps,
// each an event of the queue; between two steps it may die, stand still or
// find its clock moved.
type process struct {
	w    *world
	n    int
	life *life // nil: it is down
	gen  int

	until    time.Duration // it stands still until then
	monoLost time.Duration // what the monotonic clock missed while it was suspended
	wall     time.Duration // how far the wall clock is off
	skew     time.Duration // store's clock against the wall clock, as last measured

	held map[string]uint64 // leases it knows it holds

	round   round
	wake    uint64 // the wake-up call in force
	wakeAt  time.Duration
	asleep  bool
	failed  time.Duration // back-off of the loop
	looking bool          // recovery is at work
	guard   bool          // a recovery is planned
}

// life is one start of a process, under its own name.
type life struct {
	name  string
	from  time.Duration
	ended bool
	last  time.Duration // last heartbeat, once it ended
	woke  time.Duration // when it last woke from a pause
	stood time.Duration // when it began to stand still; -1: it does not
}

func (p *process) start() {
	if p.life != nil {
		return
	}
	p.gen++
	p.life = &life{name: "p" + strconv.Itoa(p.n) + "." + strconv.Itoa(p.gen), from: p.w.t, stood: -1}
	p.w.o.lives[p.life.name] = p.life
	p.held = map[string]uint64{}
	p.until, p.failed, p.looking, p.guard, p.asleep, p.round = 0, 0, false, false, false, round{}
	p.w.note("", "%s starts", p.life.name)
	p.then(time.Millisecond, "start", func() {
		p.recoverAll(p.w.f.exclusive, func() {
			p.guardLeases()
			p.tick()
		})
	})
}

// crash ends the process in the middle of whatever it does.
func (p *process) crash(where string) {
	w := p.w
	w.stats.crashes++
	w.note("", "%s is killed at %s", p.life.name, where)
	p.life.last = w.st.lastBeat(p.life)
	p.life.ended = true
	p.life = nil
	back := w.between(500*time.Millisecond, 30*time.Second)
	if w.rng.IntN(4) == 0 {
		back = w.between(time.Second, w.f.downtime)
	}
	w.after(back, p.start)
	w.guardLeases()
}

// pause lets the process stand still: SIGSTOP, or the machine is suspended and
// its monotonic clock with it.
func (p *process) pause(where string) {
	w := p.w
	w.stats.pauses++
	var d time.Duration
	switch r := w.rng.IntN(10); {
	case r < 4:
		d = w.between(100*time.Millisecond, beginGrace)
	case r < 6:
		d = w.between(beginGrace, quiet)
	case r < 9:
		d = w.between(quiet, 2*time.Minute)
	default:
		d = w.between(2*time.Minute, 8*time.Hour)
	}
	suspended := w.f.suspends && w.rng.IntN(2) == 0
	w.note("", "%s stands still for %v at %s (suspended: %v)", p.life.name, d, where, suspended)
	if suspended {
		p.monoLost += d
	}
	p.life.stood = w.t
	p.until = w.t + d
	l := p.life
	w.at(p.until, func() {
		if p.life == l && p.until <= w.t {
			l.stood, l.woke = -1, w.t
		}
	})
	w.guardLeases()
}

// mono and now are the process' clocks.
func (p *process) mono() time.Duration { return p.w.t - p.monoLost }
func (p *process) now() time.Duration  { return p.w.t + p.wall }

// real is the store's time as far as this process knows without asking.
func (p *process) real() time.Time { return epoch.Add(p.now() + p.skew).Truncate(time.Millisecond) }

// then takes the next step after d, unless the process dies before.
func (p *process) then(d time.Duration, where string, fn func()) {
	l := p.life
	p.w.after(d, func() { p.step(l, where, fn) })
}

// step runs fn in the life l: at once, after a pause, or never.
func (p *process) step(l *life, where string, fn func()) {
	w := p.w
	if p.life != l || l == nil {
		return
	}
	if w.chance(w.f.crash) {
		p.crash(where)
		return
	}
	if p.until <= w.t && w.chance(w.f.pause) {
		p.pause(where)
	}
	if p.until > w.t {
		w.at(p.until, func() { p.step(l, where, fn) })
		return
	}
	if w.chance(w.f.hostJump) {
		back := 2 * time.Hour
		if w.f.suspends { // asleep and set back by as long: no clock of the machine would tell
			back = 0
		}
		p.wall += w.between(-back, 2*time.Hour)
		w.note("", "%s: the machine's clock is now off by %v", l.name, p.wall)
	}
	fn()
}

// lastBeat is when a process last wrote its heartbeat, in true time. Beats
// have no events of their own: 3 million in a run would be for nothing.
func (s *store) lastBeat(l *life) time.Duration {
	if l.ended {
		return l.last
	}
	t := s.w.t
	if l.stood >= 0 {
		t = l.stood
	}
	at := l.from + (t-l.from)/beatEvery*beatEvery
	if l.woke > at && l.woke <= t {
		at = l.woke // the beat that was missed comes at once
	}
	if a := s.outage; at >= a[0] && at < a[1] {
		at = max(l.from, l.from+(a[0]-l.from)/beatEvery*beatEvery)
	}
	return at
}

// alive reports whether a process was heard of within 15 seconds, by the
// store's clock.
func (s *store) alive(name string) bool {
	l := s.w.o.lives[name]
	return l != nil && s.now().Sub(s.timeAt(s.lastBeat(l))).Abs() <= quiet
}
