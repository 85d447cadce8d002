package sim_test

import (
	"time"

	"ritorno/internal/lifecycle"
)

// provenAfter is by how much the newest message in the provider's records must
// be newer than an attempt before "not found" proves anything, as in
// internal/engine/reconcile.go.
const provenAfter = 2 * time.Minute

// entry is one message as the provider's records show it, sooner or later.
type entry struct {
	message, sid string
	at           time.Duration // true time at which the provider took it
	news         lifecycle.News
}

// looksMoved plans the next question about a contact's messages. The engine
// looks every second at an index of these times, which comes to the same.
func (w *world) looksMoved(c *lifecycle.Contact) {
	next := c.NextLook()
	if next.IsZero() {
		return
	}
	id := c.ID
	w.after(next.Sub(w.st.now())+w.upTo(time.Second), func() { w.lookAt(id) })
}

// lookAt lets one of the processes that live ask, and again as long as the
// question is open: whoever asked may have died over it.
func (w *world) lookAt(id string) {
	if w.over {
		return
	}
	r, ok := w.st.shard(id).records[id]
	if !ok {
		return
	}
	next := r.c.NextLook()
	if next.IsZero() || next.After(w.st.now()) {
		return // answered, or put off: that write planned another
	}
	var up []*process
	for _, p := range w.procs {
		if p.life != nil && p.until <= w.t {
			up = append(up, p)
		}
	}
	if len(up) > 0 {
		up[w.rng.IntN(len(up))].ask(id)
	}
	w.after(w.between(20*time.Second, time.Minute), func() { w.lookAt(id) })
}

// ask mirrors Engine.lookAt: read, ask the provider, store the verdict.
func (p *process) ask(id string) {
	w := p.w
	var c lifecycle.Contact
	found := false
	p.read("look", forever, func() {
		if r, ok := w.st.shard(id).records[id]; ok {
			c, found = r.c, true
		}
	}, func(err error) {
		if err != nil || !found {
			return
		}
		if c.Erasing != nil {
			if !w.opt.abandonErased {
				p.clear(c, w.owner(id), func(error) {})
			}
			return
		}
		p.clock(forever, func(now time.Time, err error) {
			if err != nil {
				return
			}
			p.askNext(c, c.Looks, now)
		})
	})
}

func (p *process) askNext(c lifecycle.Contact, looks []lifecycle.Look, now time.Time) {
	for len(looks) > 0 && (looks[0].Next.IsZero() || looks[0].Next.After(now)) {
		looks = looks[1:]
	}
	if len(looks) == 0 {
		return
	}
	l := looks[0]
	p.then(p.w.upTo(2*time.Second), "asked", func() {
		v := p.w.prov.verdict(&c, l)
		switch v.Kind {
		case lifecycle.RecordFound:
			p.w.stats.found++
		case lifecycle.RecordAbsent:
			p.w.stats.absent++
		}
		p.w.note(c.ID, "%s: the records say %d about %s: %s", p.life.name, v.Kind, l.Attempt, v.Found)
		p.settle(c.ID, v, func() { p.askNext(c, looks[1:], now) })
	})
}

// settle mirrors Engine.settle.
func (p *process) settle(id string, v lifecycle.Verdict, done func()) {
	p.clock(forever, func(now time.Time, err error) {
		if err != nil {
			return
		}
		p.update(request{id: id, where: "settle", news: true}, func(con lifecycle.Contact, _ map[uint64]bool) change {
			was, _ := con.Message(v.Message)
			t := p.w.rules.Decide(lifecycle.Event{Type: lifecycle.Settled, Source: "ritorno", At: now, Verdict: &v}, con, now)
			if is, _ := t.Contact.Message(v.Message); was.Status == lifecycle.Uncertain && is.Status == lifecycle.Queued {
				p.w.stats.again++
			}
			return changed(t)
		}, func(_ lifecycle.Contact, err error) {
			if err == nil {
				done()
			}
		})
	})
}

// verdict is what the provider's records prove. They show a prefix of what was
// taken: how long it lags behind is drawn for each question.
func (v *provider) verdict(c *lifecycle.Contact, l lifecycle.Look) lifecycle.Verdict {
	w := v.w
	out := lifecycle.Verdict{Message: l.Message, Asked: l.Next, Kind: lifecycle.RecordSilent, Found: "silent"}
	if w.chance(w.f.callbacks * 0.3) {
		return out // not answered
	}
	lag := w.upTo(2 * time.Second)
	if w.chance(w.f.callbacks) {
		lag = w.upTo(30 * time.Minute)
	}
	var newest time.Duration = -1
	for i := len(v.taken) - 1; i >= 0; i-- {
		e := v.taken[i]
		if e.at > w.t-lag {
			continue
		}
		newest = max(newest, e.at)
		if e.message == l.Message {
			out.Kind, out.News, out.Found = lifecycle.RecordFound, e.news, "found"
			return out
		}
	}
	started := l.Started.Sub(epoch)
	switch {
	case w.opt.trustSilence && started >= 0:
		out.Kind, out.Found = lifecycle.RecordAbsent, "not found"
	case newest >= started+provenAfter:
		out.Kind, out.Found = lifecycle.RecordAbsent, "absent"
	}
	return out
}
