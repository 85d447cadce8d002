package sim_test

import (
	"errors"
	"time"

	"ritorno/internal/lifecycle"
)

// Errors that the engine tells apart, as in internal/store.
var (
	errLost      = errors.New("the answer got lost: perhaps done")
	errAway      = errors.New("refused: not done")
	errFence     = errors.New("lease lost")
	errNotFound  = errors.New("not found")
	errDuplicate = errors.New("delivery applied before")
	errAgain     = errors.New("unconfirmed: call again")
)

// isDone reports whether an error ends the engine's insisting.
func isDone(err error) bool {
	return err == nil || errors.Is(err, errFence) || errors.Is(err, errNotFound)
}

// latency is one way between a process and the store.
func (w *world) latency() time.Duration {
	if w.chance(w.f.slow) {
		return w.between(time.Millisecond, 6*time.Second)
	}
	return 50*time.Microsecond + w.upTo(2*time.Millisecond)
}

// call sends one command to the store. exec runs there, if it gets there; done
// runs in the process, if it lives and the answer comes within limit (by its
// monotonic clock).
func (p *process) call(where string, limit time.Duration, exec func(), done func(error)) {
	w, l, s := p.w, p.life, p.w.st
	limit = min(limit, patience)
	issued, boots := p.mono(), s.boots
	answer := func(d time.Duration, err error) {
		if d > limit {
			d, err = limit, errLost
		}
		if errors.Is(err, errLost) {
			w.stats.lost++
		}
		w.after(d, func() {
			p.step(l, where, func() {
				if p.mono()-issued > limit && err == nil {
					err = errLost
				}
				done(err)
			})
		})
	}
	if w.chance(w.f.loseRequest) {
		answer(w.upTo(replyTimeout), errLost)
		return
	}
	w.after(w.latency(), func() {
		switch {
		case s.down() && s.boots > 0 && w.rng.IntN(2) == 0:
			answer(w.latency(), errAway) // LOADING
			return
		case s.down(), s.boots != boots:
			answer(w.latency(), errLost)
			return
		case w.chance(w.f.cutBefore): // or during: it was executed, and is not on the disk
			s.powerCut()
			answer(w.latency(), errLost)
			return
		}
		exec()
		if w.chance(w.f.cutAfter) {
			w.after(w.upTo(3*time.Millisecond), s.powerCut)
		}
		if w.chance(w.f.loseReply) {
			w.note("", "%s: the answer to %s gets lost", name(l), where)
			answer(w.upTo(replyTimeout), errLost)
			return
		}
		back, boots := w.latency(), s.boots
		w.after(back, func() {
			if s.boots != boots {
				answer(0, errLost)
				return
			}
			answer(0, nil)
		})
	})
}

func name(l *life) string {
	if l == nil {
		return "-"
	}
	return l.name
}

// read is call for what changes nothing: a lost answer is asked for again.
func (p *process) read(where string, limit time.Duration, exec func(), done func(error)) {
	p.readTry(where, p.mono()+limit, 1, exec, done)
}

func (p *process) readTry(where string, deadline time.Duration, try int, exec func(), done func(error)) {
	p.call(where, deadline-p.mono(), exec, func(err error) {
		if err == nil || try == 3 || !errors.Is(err, errLost) || p.mono() >= deadline {
			done(err)
			return
		}
		p.then(p.w.backoff(try), where, func() { p.readTry(where, deadline, try+1, exec, done) })
	})
}

func (w *world) backoff(try int) time.Duration {
	return w.upTo(time.Millisecond<<min(try, 7)) + time.Microsecond
}

// clock reads the store's time.
func (p *process) clock(limit time.Duration, done func(now time.Time, err error)) {
	var at time.Time
	p.read("now", limit, func() { at = p.w.st.now() }, func(err error) {
		if err == nil {
			p.skew = at.Sub(epoch.Add(p.now()))
		}
		done(at, err)
	})
}

// confirm waits until the disk has what was written before, in the given run of
// the server.
func (p *process) confirm(where string, run int, limit time.Duration, done func(error)) {
	s := p.w.st
	if !s.barrier || p.w.opt.beginNoBarrier && where == "begin" {
		done(nil)
		return
	}
	l := p.life
	p.call(where+" barrier", limit, func() {}, func(err error) {
		if err != nil {
			done(err)
			return
		}
		if s.runs != run && !p.w.opt.looseBarrier {
			done(errLost)
			return
		}
		boots := s.boots
		next := s.synced() + s.period()
		p.w.at(next, func() {
			p.step(l, where+" barrier", func() {
				if s.boots != boots {
					done(errLost)
					return
				}
				done(nil)
			})
		})
	})
}

// side sends a command of the look-ups and waits until the disk has it.
func (p *process) side(where string, exec func(), done func(error)) {
	run := 0
	p.call(where, forever, func() { p.w.st.settle(); exec(); run = p.w.st.runs }, func(err error) {
		if err != nil {
			done(err)
			return
		}
		p.confirm(where, run, forever, done)
	})
}

// forever is the limit of a call without one.
const forever = 1000 * day

// request is store.Request.
type request struct {
	id       string
	delivery uint64
	orders   []uint64
	create   bool
	news     bool // not of the send path: a tombstone is nobody
	fence    uint64
	since    int64
	release  bool
	limit    time.Duration // 0: none
	where    string
}

// change is store.Change.
type change struct {
	c       lifecycle.Contact
	write   bool
	remove  bool
	seen    []uint64
	counts  []lifecycle.Count
	release *bool
}

// changed turns what Decide decided into what the store writes.
func changed(t lifecycle.Transition) change {
	ch := change{c: t.Contact, write: t.Changed, remove: t.Erase, seen: t.SeenOrders}
	if t.Changed {
		ch.counts = t.Counts
	}
	return ch
}

// keep changes nothing.
func keep(c lifecycle.Contact, _ map[uint64]bool) change { return change{c: c} }

type decide func(c lifecycle.Contact, orders map[uint64]bool) change
