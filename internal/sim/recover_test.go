package sim_test

import (
	"time"

	"ritorno/internal/lifecycle"
)

// recoverAll mirrors Engine.recoverAll.
func (p *process) recoverAll(all bool, done func()) {
	if p.looking {
		done()
		return
	}
	p.looking = true
	p.recoverShard(0, all, func() { p.looking = false; done() })
}

func (p *process) recoverShard(i int, all bool, done func()) {
	if i == len(p.w.st.shards) {
		done()
		return
	}
	p.takeOrphans(p.w.st.shards[i], all, func(list []claimed, err error) {
		if err != nil {
			done()
			return
		}
		p.takeOver(list, 0, func() {
			if len(list) == 0 {
				p.recoverShard(i+1, all, done)
				return
			}
			p.recoverShard(i, all, done)
		})
	})
}

// takeOrphans mirrors Store.Recover.
func (p *process) takeOrphans(sh *shard, all bool, done func([]claimed, error)) {
	s := p.w.st
	var rows []held
	p.read("leases", forever, func() { rows = sh.leases() }, func(err error) {
		if err != nil || len(rows) == 0 {
			done(nil, err)
			return
		}
		now, alive := time.Time{}, map[string]bool{}
		p.read("beats", forever, func() {
			now = s.now()
			for _, r := range rows {
				alive[r.process] = s.alive(r.process)
			}
		}, func(err error) {
			var mine []held
			for _, r := range rows {
				if err == nil && p.orphaned(r, now, alive, all) {
					mine = append(mine, r)
				}
			}
			if err != nil || len(mine) == 0 {
				done(nil, err)
				return
			}
			var got []taken
			l, real := p.life, p.real().UnixMilli()
			p.call("recover", forever, func() { got = s.recover(sh, mine, l.name, real) }, func(err error) {
				if err != nil {
					done(nil, err)
					return
				}
				p.fill(sh, got, done)
			})
		})
	})
}

func (p *process) orphaned(r held, now time.Time, alive map[string]bool, all bool) bool {
	if r.process == p.life.name {
		fence, ok := p.held[r.id]
		return (!ok || fence != r.fence) && now.Sub(time.UnixMilli(r.since)).Abs() > quiet
	}
	return all || !alive[r.process]
}

func (p *process) takeOver(list []claimed, i int, done func()) {
	if i == len(list) {
		done()
		return
	}
	next := func() { p.takeOver(list, i+1, done) }
	if list[i].c.Sending != nil {
		p.lose(list[i], next)
		return
	}
	p.release(list[i], "take over", keep, next)
}

// lose records that an attempt's outcome is not known.
func (p *process) lose(c claimed, done func()) {
	p.clock(forever, func(now time.Time, err error) {
		if err != nil {
			now = c.c.Due
		}
		p.w.note(c.id, "%s: the attempt under way has nobody any more", name(p.life))
		p.release(c, "lose", func(con lifecycle.Contact, _ map[uint64]bool) change {
			if con.Sending == nil {
				return change{c: con}
			}
			kind := lifecycle.Lost
			if p.w.opt.requeueBegun {
				kind = lifecycle.Unbegin
			}
			return changed(p.w.rules.Decide(lifecycle.Event{Type: kind, At: now, Attempt: con.Sending}, con, now))
		}, done)
	})
}

// guardLeases plans the next look for orphaned leases, every five seconds as
// long as there are leases.
func (w *world) guardLeases() {
	for _, p := range w.procs {
		p.guardLeases()
	}
}

func (p *process) guardLeases() {
	if p.life == nil || p.guard {
		return
	}
	busy := false
	for _, sh := range p.w.st.shards {
		busy = busy || len(sh.lease) > 0
	}
	if !busy {
		return
	}
	p.guard = true
	next := recoverEvery - (p.w.t-p.life.from)%recoverEvery
	p.then(next, "recover", func() {
		p.guard = false
		p.recoverAll(false, p.guardLeases)
	})
}
