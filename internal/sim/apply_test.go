package sim_test

import (
	"cmp"
	"errors"
	"strconv"
	"time"

	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
)

// take mirrors what a handler does with news: Engine.Apply, ApplyTo, Delivered
// or Erase. done gets nil when the answer is 2xx.
func (p *process) take(d *delivery, done func(error)) {
	switch {
	case d.kind == report:
		p.applyTo(d.contact, d, done)
	case d.kind == erase:
		p.erase(d, done)
	case d.reply:
		p.find(d.person, func(id string, known bool, err error) {
			if err != nil || !known {
				done(err)
				return
			}
			p.applyTo(id, d, done)
		})
	default:
		p.apply(d, done)
	}
}

// find looks a person up: known is false where there is no record.
func (p *process) find(who *person, done func(id string, known bool, err error)) {
	s, id := p.w.st, ""
	var r *record
	p.read("look up", forever, func() {
		if id, r = s.lookup[who.n], nil; id != "" {
			r = s.shard(id).records[id]
		}
	}, func(err error) {
		if err == nil && r != nil && r.c.Erasing != nil && !p.w.opt.reuseErased { // the erasure is finished first
			p.clear(r.c, who, func(err error) { done("", false, err) })
			return
		}
		done(id, r != nil, err)
	})
}

// apply mirrors Engine.apply: find or claim the record's id, decide, store.
// Where the person is erased in between, the look-up goes and it is told again.
func (p *process) apply(d *delivery, done func(error)) {
	p.find(d.person, func(id string, known bool, err error) {
		switch {
		case err != nil:
			done(err)
		case known:
			p.store(id, d, d.ev, false, p.strangerNext(id, d.person, done))
		case !d.ev.Creates():
			done(nil) // parked: nobody to tell it of
		default:
			p.make(d, done)
		}
	})
}

func (p *process) strangerNext(id string, who *person, done func(error)) func(error) {
	return func(err error) {
		if !errors.Is(err, errNotFound) {
			done(err)
			return
		}
		p.unpoint(id, who, func(err error) { done(cmp.Or(err, errAgain)) })
	}
}

func (p *process) unpoint(id string, who *person, done func(error)) {
	s := p.w.st
	p.side("drop look-up", func() {
		if s.lookup[who.n] == id {
			drop(s, s.lookup, who.n)
		}
	}, done)
}

// make claims an id for a person who is not known, and keeps an erased one out
// of journeys.
func (p *process) make(d *delivery, done func(error)) {
	s, who := p.w.st, d.person
	id, mark := "", time.Time{}
	p.side("claim look-up", func() {
		if id = s.lookup[who.n]; id == "" { // else somebody was faster
			p.w.o.ids++
			id = "c" + strconv.Itoa(1000+p.w.o.ids)
			put(s, s.lookup, who.n, id)
		}
		who.ids[id] = true
		mark = s.erased[who.n]
	}, func(err error) {
		if err != nil {
			done(err)
			return
		}
		ev := d.ev
		if !mark.IsZero() {
			ev.Consents = append([]lifecycle.ConsentChange(nil), ev.Consents...)
			for ch := range lifecycle.Channel(2) {
				ev.Consents = append(ev.Consents, lifecycle.ConsentChange{Channel: ch, State: lifecycle.Unsubscribed, At: mark, Source: "suppression"})
			}
		}
		p.store(id, d, ev, true, p.strangerNext(id, who, done))
	})
}

func (p *process) applyTo(id string, d *delivery, done func(error)) {
	p.store(id, d, d.ev, false, func(err error) {
		if errors.Is(err, errNotFound) {
			err = nil // nothing left to tell it of
		}
		done(err)
	})
}

// store mirrors Engine.update.
func (p *process) store(id string, d *delivery, ev lifecycle.Event, create bool, done func(error)) {
	p.clock(forever, func(now time.Time, err error) {
		if err != nil {
			done(err)
			return
		}
		r := request{id: id, create: create, news: true, where: d.kind.String(), delivery: identity.DeliveryKey(shopName+"/"+ev.Source, d.key)}
		names := p.w.rules.OrderKeys(&ev)
		r.orders = names.Asked()
		p.update(r, func(c lifecycle.Contact, orders map[uint64]bool) change {
			ev := ev
			if c.Erasing != nil { // reached only with the rule switched off
				c = lifecycle.Contact{ID: c.ID, Shop: c.Shop, Version: c.Version}
			}
			ev.Recall(names, &c, orders)
			return changed(p.w.rules.Decide(ev, c, now))
		}, func(_ lifecycle.Contact, err error) {
			if errors.Is(err, errDuplicate) {
				err = nil
			}
			if err == nil {
				p.w.note(id, "%s stored %s %s", name(p.life), d.kind, d.key)
			}
			done(err)
		})
	})
}

// erase mirrors Engine.Erase: a tombstone in one step, then what it names.
func (p *process) erase(d *delivery, done func(error)) {
	who := d.person
	p.find(who, func(id string, known bool, err error) {
		if err != nil || !known {
			done(err)
			return
		}
		p.clock(forever, func(now time.Time, err error) {
			if err != nil {
				done(err)
				return
			}
			p.update(request{id: id, where: "erase"}, func(c lifecycle.Contact, _ map[uint64]bool) change {
				return changed(p.w.rules.Decide(lifecycle.Event{Type: lifecycle.EraseRequested, At: now}, c, now))
			}, func(tomb lifecycle.Contact, err error) {
				switch {
				case errors.Is(err, errNotFound):
					done(nil)
				case err != nil:
					done(err)
				default:
					p.clear(tomb, who, done)
				}
			})
		})
	})
}

// clear mirrors Engine.clear: suppression first, then what leads to the
// tombstone, then the tombstone. Any process may do it again.
func (p *process) clear(tomb lifecycle.Contact, who *person, done func(error)) {
	s := p.w.st
	p.side("suppress", func() {
		if at := tomb.Erasing.At; s.erased[who.n].Before(at) {
			put(s, s.erased, who.n, at)
		}
	}, func(err error) {
		if err != nil {
			done(err)
			return
		}
		p.unpoint(tomb.ID, who, func(err error) {
			if err != nil {
				done(err)
				return
			}
			p.update(request{id: tomb.ID, where: "cleared"}, func(c lifecycle.Contact, _ map[uint64]bool) change {
				return changed(p.w.rules.Decide(lifecycle.Event{Type: lifecycle.Cleared}, c, p.w.st.now()))
			}, func(_ lifecycle.Contact, err error) {
				if errors.Is(err, errNotFound) {
					err = nil
				}
				done(err)
			})
		})
	})
}
