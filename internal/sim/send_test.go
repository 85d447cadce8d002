package sim_test

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"ritorno/internal/lifecycle"
)

// sending is one message on its way through the protocol: internal/engine/send.go
// step by step.
type sending struct {
	p    *process
	c    claimed
	m    lifecycle.Message
	a    *lifecycle.Attempt
	now  time.Time // as the gate read it
	done func()

	looked  time.Duration // true time at which it was read
	began   time.Duration // true time at which begin was called
	started time.Duration // the same by the monotonic clock
	wall    time.Duration // and by the wall clock
	fenced  bool
}

func (p *process) send(c claimed, t lifecycle.Transition, done func()) {
	s := &sending{p: p, c: c, m: *t.Send, done: done, fenced: true}
	p.then(p.w.upTo(200*time.Millisecond), "gate", s.clock)
}

// giveBack gives the lease back with nothing changed.
func (s *sending) giveBack() { s.p.release(s.c, "give back", keep, s.done) }

func (s *sending) clock() {
	s.startClock()
	s.looked = s.p.w.t
	s.p.clock(forever, func(now time.Time, err error) {
		if err != nil {
			s.giveBack()
			return
		}
		s.now = now
		s.compose()
	})
}

// startClock notes when the five seconds begin in which the bytes may leave.
func (s *sending) startClock() { s.began, s.started, s.wall = s.p.w.t, s.p.mono(), s.p.now() }

// compose stores the link of the message before it can be clicked.
func (s *sending) compose() {
	s.p.side("compose", func() {}, func(err error) {
		if err != nil {
			s.giveBack()
			return
		}
		s.m.Code, s.m.Segments = "code", 1
		s.begin()
	})
}

func (s *sending) begin() {
	w := s.p.w
	w.o.attempts++
	s.a = &lifecycle.Attempt{
		ID: s.m.ID + "." + strconv.Itoa(w.o.attempts), Fence: s.c.fence, Process: s.p.life.name, Started: s.now, Message: s.m,
	}
	ev := lifecycle.Event{Type: lifecycle.Begin, At: s.now, Attempt: s.a}
	if w.chance(w.f.provider * 0.02) { // the template does not take it
		ev.Result = &lifecycle.Result{Outcome: lifecycle.RejectedContent, Reason: lifecycle.ReasonContent}
	}
	if w.opt.lateClock {
		s.startClock()
	}
	var t lifecycle.Transition
	s.p.update(request{id: s.c.id, fence: s.c.fence, since: s.c.since, where: "begin"}, func(con lifecycle.Contact, _ map[uint64]bool) change {
		t = s.decide(ev, con)
		if con.Sending != nil && con.Sending.ID == s.a.ID && !w.opt.beginForgets { // stored by us, and changed by others since: nothing has left yet
			t = w.rules.Decide(lifecycle.Event{Type: lifecycle.Unbegin, At: s.now, Attempt: s.a}, con, s.now)
		}
		ch := changed(t)
		if !t.Go {
			ch.release = yes
		}
		return ch
	}, func(_ lifecycle.Contact, err error) {
		switch {
		case errors.Is(err, errFence), errors.Is(err, errNotFound):
			s.done() // somebody else has it, or the person is gone
		case err != nil && !w.opt.unbeginFaults:
			s.unbegin()
		case !t.Go:
			w.note(s.c.id, "begin says no: %s", t.Reason)
			s.done()
		case s.late():
			w.note(s.c.id, "begun too long ago: taken back")
			s.unbegin()
		default:
			s.p.then(0, "begun", s.connect)
		}
	})
}

var yes = func() *bool { b := true; return &b }()

// decide is the gate, or what is left of it under a planted defect.
func (s *sending) decide(ev lifecycle.Event, con lifecycle.Contact) lifecycle.Transition {
	w := s.p.w
	if !w.opt.blindBegin || con.Sending != nil {
		return w.rules.Decide(ev, con, ev.At)
	}
	a := *ev.Attempt
	a.Message.Status, a.Message.At = lifecycle.Sending, ev.At
	con.Sending = &a
	con.Messages = slices.DeleteFunc(slices.Clone(con.Messages), func(m lifecycle.Message) bool { return m.ID == a.Message.ID })
	con.Messages = append(con.Messages, a.Message)
	con.Due, con.DueWhy = time.Time{}, ""
	return lifecycle.Transition{Contact: con, Changed: true, Reason: lifecycle.ReasonBegun, Go: true}
}

// late is the deadline check, by both clocks.
func (s *sending) late() bool {
	if s.p.w.opt.noDeadline {
		return false
	}
	return s.p.mono()-s.started > beginGrace || s.p.now()-s.wall > beginGrace
}

func (s *sending) unbegin() {
	s.p.release(s.c, "unbegin", func(con lifecycle.Contact, _ map[uint64]bool) change {
		return changed(s.p.w.rules.Decide(lifecycle.Event{Type: lifecycle.Unbegin, At: s.now, Attempt: s.a}, con, s.now))
	}, s.done)
}

// connect gets a connection; the first byte leaves only before the deadline.
func (s *sending) connect() {
	w := s.p.w
	d := 2*time.Millisecond + w.upTo(150*time.Millisecond)
	if w.chance(w.f.provider * 0.1) {
		d = w.upTo(2 * beginGrace)
	}
	refused := w.chance(w.f.provider * 0.15)
	s.p.then(d, "connected", func() {
		if refused || s.late() {
			s.record(lifecycle.Result{Outcome: lifecycle.NotSent})
			return
		}
		s.post()
	})
}

// post lets the bytes leave and waits for the answer, once.
func (s *sending) post() {
	w, p := s.p.w, s.p
	w.stats.sends++
	w.note(s.c.id, "%s: the first byte of %s leaves (%s, step %d)", p.life.name, s.a.ID, s.m.Channel, s.m.Step)
	w.o.firstByte(s)
	from, answered := p.mono(), false
	over := func(where string, res lifecycle.Result) func() {
		return func() {
			if !answered {
				answered = true
				if p.mono()-from > sendLimit {
					res = lifecycle.Result{Outcome: lifecycle.Ambiguous}
				}
				s.record(res)
			}
		}
	}
	a := w.prov.take(s)
	if a.answer >= 0 && a.answer < sendLimit {
		p.then(a.answer, "answered", over("answered", a.res))
		return
	}
	p.then(sendLimit, "no answer", over("no answer", lifecycle.Result{Outcome: lifecycle.Ambiguous}))
}

// record stores how the attempt ended. Where the lease was lost meanwhile, the
// answer still counts as proof.
func (s *sending) record(res lifecycle.Result) {
	w, p := s.p.w, s.p
	res.AttemptID = s.a.ID
	w.note(s.c.id, "%s: outcome of %s: %s", p.life.name, s.a.ID, res.Outcome)
	if w.opt.retryAmbiguous && res.Outcome == lifecycle.Ambiguous {
		res.Outcome = lifecycle.NotSent
	}
	if res.Outcome == lifecycle.Ambiguous {
		w.stats.uncertain++
	}
	p.insist("record", func(done func(error)) {
		p.clock(recordFor, func(now time.Time, err error) {
			if err != nil {
				done(err)
				return
			}
			r := request{id: s.c.id, limit: recordFor, where: "record"}
			if s.fenced {
				r.fence, r.since, r.release = s.c.fence, s.c.since, true
			}
			ev := lifecycle.Event{Type: lifecycle.Sent, At: now, Result: &res, Source: "provider"}
			p.update(r, func(con lifecycle.Contact, _ map[uint64]bool) change {
				return changed(w.rules.Decide(ev, con, now))
			}, func(_ lifecycle.Contact, err error) {
				if errors.Is(err, errFence) && s.fenced {
					s.fenced = false
					err = errAgain
				}
				done(err)
			})
		})
	}, s.done)
}
