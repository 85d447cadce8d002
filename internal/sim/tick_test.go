package sim_test

import (
	"slices"
	"time"

	"ritorno/internal/lifecycle"
)

// round is one turn of the tick loop.
type round struct {
	at      bool // it is under way
	reading bool // it still claims
	under   int  // contacts being worked off
	claimed int
	err     error
}

// claimed is a contact leased to a process.
type claimed struct {
	id    string
	fence uint64
	since int64
	c     lifecycle.Contact
}

// tick mirrors Engine.tick: it works off what is due until nothing is, then
// sleeps until something will be.
func (p *process) tick() {
	if p.round.at {
		return
	}
	p.asleep = false
	p.round = round{at: true, reading: true}
	p.clock(forever, func(now time.Time, err error) {
		if err != nil {
			p.claimedAll(err)
			return
		}
		next, ok, due := time.Time{}, false, [len(p.w.st.shards)]bool{}
		p.read("next due", forever, func() {
			next, ok = p.w.st.nextDue()
			for i, sh := range p.w.st.shards {
				for h := range sh.hours {
					due[i] = due[i] || h <= now.UnixMilli()/hourLong
				}
			}
		}, func(err error) {
			if err != nil || !ok || next.After(now) {
				p.claimedAll(err)
				return
			}
			p.claimFrom(p.w.rng.IntN(len(due)), 0, due[:], now)
		})
	})
}

// claimFrom claims shard after shard.
func (p *process) claimFrom(start, i int, due []bool, now time.Time) {
	if i == len(due) {
		p.claimedAll(nil)
		return
	}
	k := (start + i) % len(due)
	if !due[k] {
		p.claimFrom(start, i+1, due, now)
		return
	}
	p.claim(p.w.st.shards[k], now, func(list []claimed, err error) {
		if err != nil {
			p.claimedAll(err)
			return
		}
		for _, c := range list {
			p.round.claimed++
			p.round.under++
			p.fire(c, now, p.worked())
		}
		p.claimFrom(start, i+1, due, now)
	})
}

// worked returns what ends one contact's work in this round.
func (p *process) worked() func() {
	l, once := p.life, false
	return func() {
		if p.life != l || once {
			return
		}
		once = true
		p.round.under--
		p.roundOver()
	}
}

func (p *process) claimedAll(err error) {
	p.round.reading, p.round.err = false, err
	p.roundOver()
}

// roundOver goes on to the next round, backs off or sleeps.
func (p *process) roundOver() {
	r := p.round
	if !r.at || r.reading || r.under > 0 {
		return
	}
	p.round = round{}
	switch {
	case r.err != nil:
		p.failed = min(max(2*p.failed, 100*time.Millisecond), backOffMax)
		p.sleepFor(p.failed/2 + p.w.upTo(p.failed))
	case r.claimed > 0:
		p.failed = 0
		p.then(0, "next round", p.tick)
	default:
		p.failed = 0
		p.sleep()
	}
}

// sleep waits for the next timer. The loop would look once a minute; here it
// is called when the index moves, which comes to the same.
func (p *process) sleep() {
	next, ok := p.w.st.nextDue()
	if !ok {
		p.asleep, p.wakeAt = true, 1<<62
		return
	}
	p.sleepFor(max(next.Sub(p.w.st.now()), time.Millisecond) + p.w.upTo(5*time.Millisecond))
	p.asleep = true
}

func (p *process) sleepFor(d time.Duration) {
	p.wake++
	call := p.wake
	p.wakeAt = p.w.t + d
	p.then(d, "wake", func() {
		if p.wake == call {
			p.tick()
		}
	})
}

// indexMoved tells sleeping processes of an earlier timer: they would have
// found it within a minute.
func (w *world) indexMoved() {
	if !slices.ContainsFunc(w.procs, func(p *process) bool { return p.life != nil && p.asleep }) {
		return
	}
	next, ok := w.st.nextDue()
	if !ok {
		return
	}
	at := w.t + next.Sub(w.st.now())
	for _, p := range w.procs {
		if p.life != nil && p.asleep && at < p.wakeAt {
			p.sleepFor(max(min(at-w.t, p.wakeAt-w.t), 0) + w.upTo(time.Second))
			p.asleep = true
		}
	}
}

// claim mirrors Store.Claim: look which hours are ripe, claim, load.
func (p *process) claim(sh *shard, now time.Time, done func([]claimed, error)) {
	s, last := p.w.st, now.UnixMilli()
	var hours []int64
	p.read("ripe", forever, func() {
		hours = sh.sortedHours()
		hours = hours[:min(len(hours), claimHours)]
		last = max(now.UnixMilli(), sh.clk)
	}, func(err error) {
		n := 0
		for n < len(hours) && hours[n]*hourLong <= last {
			n++
		}
		if err != nil || n == 0 {
			done(nil, err)
			return
		}
		var got []taken
		l, real := p.life, p.real().UnixMilli()
		p.call("claim", forever, func() { got = s.claim(sh, now.UnixMilli(), claimBatch, hours[:n], l.name, real) }, func(err error) {
			p.w.guardLeases()
			if err != nil {
				done(nil, err)
				return
			}
			p.fill(sh, got, done)
		})
	})
}

// fill loads what was claimed, gives up leases of contacts that do not exist
// and notes the others as held.
func (p *process) fill(sh *shard, got []taken, done func([]claimed, error)) {
	if len(got) == 0 {
		done(nil, nil)
		return
	}
	recs := make([]*record, len(got))
	p.read("load", forever, func() {
		for i, g := range got {
			recs[i] = sh.records[g.id]
		}
	}, func(err error) {
		if err != nil {
			done(nil, err)
			return
		}
		p.filled(sh, got, recs, nil, 0, done)
	})
}

func (p *process) filled(sh *shard, got []taken, recs []*record, list []claimed, i int, done func([]claimed, error)) {
	for ; i < len(got); i++ {
		g := got[i]
		if recs[i] == nil {
			l := p.life
			p.call("abandon", forever, func() { p.w.st.abandon(sh, g.id, g.fence, l.name) }, func(err error) {
				if err != nil {
					done(nil, err)
					return
				}
				p.filled(sh, got, recs, list, i+1, done)
			})
			return
		}
		p.held[g.id] = g.fence
		p.w.note(g.id, "%s claims it, fence %d", p.life.name, g.fence)
		list = append(list, claimed{g.id, g.fence, g.since, recs[i].c})
		p.w.newsInBetween(&recs[i].c)
	}
	done(list, nil)
}

// fire mirrors Engine.fire.
func (p *process) fire(c claimed, now time.Time, done func()) {
	if c.c.Sending != nil { // taken over from a process that ended in the middle
		p.lose(c, done)
		return
	}
	t := p.w.rules.Decide(lifecycle.Event{Type: lifecycle.StepDue, At: now}, c.c, now)
	if t.Send != nil {
		p.send(c, t, done)
		return
	}
	var placed *lifecycle.Grant
	p.release(c, "release", func(con lifecycle.Contact, _ map[uint64]bool) change {
		ev := lifecycle.Event{Type: lifecycle.StepDue, At: now}
		t := p.w.rules.Decide(ev, con, now)
		if t.Ask != nil {
			if placed == nil || placed.Run != t.Ask.Run {
				placed = &lifecycle.Grant{Run: t.Ask.Run, At: p.w.st.place(*t.Ask, now)}
			}
			ev.Grant = placed
			t = p.w.rules.Decide(ev, con, now)
		}
		return changed(t)
	}, done)
}
