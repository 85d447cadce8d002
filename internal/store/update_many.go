package store

import (
	"context"
	"runtime"
	"sync"

	"ritorno/internal/lifecycle"
)

// Job is one update of many: what Update takes.
type Job struct {
	Request
	// Fresh: the id was made just now and nobody else can know of it, so there is
	// nothing to be read. Where somebody does know it, it is read after all.
	Fresh  bool
	Decide func(lifecycle.Contact, Known) (Change, error)
}

// Done is how one of many updates ended: what Update returns.
type Done struct {
	Contact lifecycle.Contact
	Err     error
}

// UpdateMany does what Update does, for many contacts in a few round trips and
// with one confirmation for all. The jobs stand alone: each is one step, one
// fails without the others, and what another writer overtook is decided anew.
// Jobs must not share an id, nor carry a fence. An error means that nothing is
// confirmed, whatever was stored: do it all again.
func (s *Store) UpdateMany(ctx context.Context, jobs []Job) ([]Done, error) {
	const op = "update contacts"
	us := make([]*update, len(jobs))
	keys := make([]string, len(jobs))
	for i, j := range jobs {
		us[i] = &update{s: s, r: j.Request, fresh: j.Fresh, fn: j.Decide, shard: s.Shard(j.ID)}
		keys[i] = s.keys.contact(us[i].shard, j.ID)
	}
	seals, err := s.sealsOf(ctx, keys)
	if err != nil {
		return nil, wrap(op, err)
	}
	done := make([]Done, len(jobs))
	m := many{s: s, us: us, done: done, sure: make([]bool, len(us))}
	if err := m.run(ctx); err != nil {
		return nil, wrap(op, err)
	}
	for i, u := range us {
		if !m.sure[i] { // overtaken, or the answer got lost
			done[i].Contact, done[i].Err = u.settle(ctx)
		}
		if err := done[i].Err; err != nil && !u.failed {
			done[i].Err = wrap("update contact "+u.r.ID, err)
		}
	}
	return done, wrap(op, s.confirmAll(ctx, seals))
}

// many is one call of UpdateMany.
type many struct {
	s    *Store
	us   []*update
	done []Done
	sure []bool // how it ended is certain
}

// run reads, decides and stores each once.
func (m *many) run(ctx context.Context) error {
	looks, err := m.look(ctx)
	if err != nil {
		return err
	}
	m.decide(looks)
	var to []int
	var writes []call
	var before []int64
	for i, u := range m.us {
		if m.sure[i] || looks[i].err != nil {
			continue
		}
		keys, args := u.call()
		to, writes, before = append(to, i), append(writes, call{keys, args}), append(before, m.s.seq[u.shard].Load())
	}
	stored, err := m.s.evalMany(ctx, "transition", writes)
	if err != nil {
		return err
	}
	for n, i := range to {
		u := m.us[i]
		ok, err := u.stores(ctx, stored[n].list, before[n], stored[n].err)
		m.sure[i] = ok || err != nil
		m.done[i] = Done{u.change.Contact, err}
	}
	return nil
}

// look reads what there is to be read.
func (m *many) look(ctx context.Context) ([]answer, error) {
	var calls []call
	var whose []int
	for i, u := range m.us {
		if u.fresh {
			continue
		}
		keys, args := u.question()
		calls, whose = append(calls, call{keys, args}), append(whose, i)
	}
	found, err := m.s.evalMany(ctx, "look", calls)
	if err != nil {
		return nil, err
	}
	looks := make([]answer, len(m.us))
	for n, i := range whose {
		looks[i] = found[n]
	}
	return looks, nil
}

// decide lets all processors decide; the core needs no other. What is certain
// without a word to the server is sure afterwards.
func (m *many) decide(looks []answer) {
	var wait sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wait.Go(func() {
			for i := w; i < len(m.us); i += workers {
				if looks[i].err != nil {
					continue // asked again, alone
				}
				u := m.us[i]
				known := &Known{Orders: map[uint64]bool{}}
				if !u.fresh {
					known = u.heard(looks[i].list)
				}
				done, err := u.consider(known)
				m.sure[i] = done || err != nil
				m.done[i] = Done{u.change.Contact, err}
			}
		})
	}
	wait.Wait()
}
