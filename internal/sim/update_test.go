package sim_test

import (
	"errors"
	"time"

	"ritorno/internal/lifecycle"
)

const (
	tries  = 50 // decisions that others overtook, before giving up
	losses = 3  // answers that got lost, before giving up
)

// update mirrors internal/store/update.go: look, decide, store under the
// version; when the answer gets lost, look whether the record is ours.
type update struct {
	p        *process
	l        *life // of the caller
	r        request
	fn       decide
	done     func(lifecycle.Contact, error)
	deadline time.Duration

	try    int
	stored *record // nil: none
	exists bool
	run    int  // of the server, when it answered
	tomb   bool // the id is an erased contact's, and news meets it
	known  map[uint64]bool
	dup    bool
	ch     change
	rec    *record

	lost    int
	doubt   *record
	gone    bool
	touched bool
}

func (p *process) update(r request, fn decide, done func(lifecycle.Contact, error)) {
	u := &update{p: p, l: p.life, r: r, fn: fn, done: done, deadline: p.mono() + forever}
	if r.limit > 0 {
		u.deadline = p.mono() + r.limit
	}
	u.attempt()
}

func (u *update) left() time.Duration { return u.deadline - u.p.mono() }

// finish confirms what was changed and tells the caller.
func (u *update) finish(err error) {
	if err == nil && u.touched || u.dup {
		u.p.confirm(u.r.where, u.run, u.left(), func(sure error) {
			if sure != nil {
				u.done(lifecycle.Contact{}, errAgain)
				return
			}
			u.done(u.ch.c, err)
		})
		return
	}
	u.done(u.ch.c, err)
}

func (u *update) attempt() {
	if u.try++; u.try > tries {
		u.finish(errAgain)
		return
	}
	u.p.read(u.r.where+" look", u.left(), u.look, func(err error) {
		if err != nil {
			u.finish(err)
			return
		}
		u.looked()
	})
}

// look runs lua/look.lua.
func (u *update) look() {
	s := u.p.w.st
	sh := s.shard(u.r.id)
	u.stored, u.exists = sh.records[u.r.id]
	u.run = s.runs
	erased := u.exists && u.stored.c.Erasing != nil || u.r.create && sh.orders[lifecycle.ErasedKey(u.r.id)]
	u.tomb = erased && u.r.news && !u.p.w.opt.reuseErased
	u.dup = false
	if u.r.delivery != 0 && !u.p.w.opt.noDigest {
		for _, g := range generations(u.p.real()) {
			u.dup = u.dup || sh.seen[delivered{g, u.r.delivery}]
		}
	}
	u.known = nil
	for _, o := range u.r.orders {
		if sh.orders[o] {
			if u.known == nil {
				u.known = map[uint64]bool{}
			}
			u.known[o] = true
		}
	}
}

// looked goes on with what was read.
func (u *update) looked() {
	relook := !u.p.w.opt.noRelook
	if relook && (u.doubt != nil && u.stored == u.doubt || u.gone && !u.exists) {
		u.dup = false
		u.applied() // the answer got lost, the change did not
		return
	}
	if u.dup {
		u.finish(errDuplicate)
		return
	}
	if u.tomb || !u.exists && !u.r.create {
		u.finish(errNotFound)
		return
	}
	old := &lifecycle.Contact{ID: u.r.id, Shop: shopName}
	if u.exists {
		old = &u.stored.c
	}
	u.ch = u.fn(*old, u.known)
	u.prepare(old)
	c := &u.ch
	if !c.write && !c.remove && len(c.seen) == 0 && len(c.counts) == 0 && u.r.delivery == 0 && u.r.fence == 0 {
		u.finish(nil)
		return
	}
	u.store(old)
}

func (u *update) prepare(old *lifecycle.Contact) {
	u.rec = nil
	if !u.ch.write || u.ch.remove {
		if !u.ch.remove {
			u.ch.c = *old
		}
		return
	}
	u.ch.c.ID, u.ch.c.Version = u.r.id, old.Version+1
	u.rec = &record{u.ch.c, old.Version + 1}
}

func (u *update) release() bool {
	if u.ch.release != nil {
		return *u.ch.release && u.r.fence > 0
	}
	return u.r.release && u.r.fence > 0
}

func (u *update) store(old *lifecycle.Contact) {
	x := &transition{
		id: u.r.id, had: u.exists, what: 'k', rec: u.rec,
		fenced: u.r.fence > 0, fence: u.r.fence, since: u.r.since, process: name(u.l), release: u.release(),
		digest: u.r.delivery, orders: u.ch.seen, counts: u.ch.counts,
	}
	if u.exists {
		x.base, x.was = u.stored.version, slotOf(old.Due)
	}
	x.will = x.was
	switch {
	case u.ch.remove:
		x.what, x.will = 'r', slot{}
		x.live = -living(u.exists, old)
	case u.ch.write:
		x.what, x.will = 'w', slotOf(u.ch.c.Due)
		x.live = living(true, &u.ch.c) - living(u.exists, old)
	}
	if x.digest != 0 {
		x.gens = generations(u.p.real())
	}
	answer := 0
	u.p.call(u.r.where, u.left(), func() { answer, u.run = u.p.w.st.transition(x), u.p.w.st.runs }, func(err error) {
		if err != nil {
			u.unsure(err)
			return
		}
		u.answered(answer)
	})
}

// living is 1 for a record that counts as a contact.
func living(exists bool, c *lifecycle.Contact) int64 {
	if exists && c.Erasing == nil {
		return 1
	}
	return 0
}

func (u *update) answered(answer int) {
	switch answer {
	case raced:
		u.again()
	case repeated:
		u.dup = true
		u.finish(errDuplicate)
	case unleased:
		u.p.drop(u.r.id, u.r.fence)
		u.finish(errFence)
	default:
		u.applied()
	}
}

// applied notes what a stored change means for this process.
func (u *update) applied() {
	u.touched = true
	if u.r.fence > 0 && (u.release() || u.ch.remove) {
		u.p.drop(u.r.id, u.r.fence)
	}
	u.finish(nil)
}

// unsure decides what an error of the transition means.
func (u *update) unsure(err error) {
	if !errors.Is(err, errLost) {
		u.finish(err)
		return
	}
	u.lost++
	blind := u.rec == nil && !u.ch.remove && u.r.delivery == 0 && len(u.ch.counts) > 0
	if u.lost >= losses || blind || u.left() <= 0 {
		u.finish(err)
		return
	}
	u.doubt, u.gone = u.rec, u.ch.remove
	u.again()
}

func (u *update) again() {
	u.p.then(u.p.w.backoff(u.try), u.r.where, u.attempt)
}

// drop forgets a lease, unless it was taken anew since.
func (p *process) drop(id string, fence uint64) {
	if p.held[id] == fence {
		delete(p.held, id)
	}
}
