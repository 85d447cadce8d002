package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"ritorno/internal/defect"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// Bounds of what a process remembers of its own attempts.
const (
	recallFor  = 10 * time.Minute
	recallMost = 20_000
)

// recent are the attempts that this process began lately. A store that forgot
// what it acknowledged can be reminded of them: otherwise their messages would
// fall due again and leave twice.
type recent struct {
	mu   sync.Mutex
	list []begun // oldest first
}

type begun struct {
	at      time.Time
	shop    string
	attempt lifecycle.Attempt
	result  *lifecycle.Result // nil: not answered yet
}

func (r *recent) begin(shop string, a lifecycle.Attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	old := 0
	for old < len(r.list) && (now.Sub(r.list[old].at) > recallFor || len(r.list)-old >= recallMost) {
		old++
	}
	r.list = append(r.list[old:], begun{at: now, shop: shop, attempt: a})
}

func (r *recent) end(res lifecycle.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.list) - 1; i >= 0; i-- {
		if r.list[i].attempt.ID == res.AttemptID {
			r.list[i].result = &res
			return
		}
	}
}

func (r *recent) forget(attempt string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.list) - 1; i >= 0; i-- {
		if r.list[i].attempt.ID == attempt {
			r.list = append(r.list[:i], r.list[i+1:]...)
			return
		}
	}
}

// forgetContact drops what was begun for somebody who is erased.
func (r *recent) forgetContact(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = slices.DeleteFunc(r.list, func(b begun) bool { return lifecycle.ContactOf(b.attempt.ID) == id })
}

func (r *recent) all() []begun {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]begun(nil), r.list...)
}

// RolledBack is told by the store that it forgot acknowledged changes: see
// store.Options. It does not block; the loop does the rest.
func (e *Engine) RolledBack(shard int, lost int64) {
	e.m.rollbacks.Inc()
	e.m.forgotten.Add(float64(lost))
	e.log.Error("the store went back in time: acknowledged changes are gone, and sends are held until what this process began is written again",
		"shard", shard, "changes_lost", lost)
	e.hold("rollback", "the store forgot acknowledged changes: what was being sent is compared first")
	select {
	case e.forgot <- struct{}{}:
	default:
	}
}

// remind writes into the store again what this process knows it began, and then
// lets sends go on.
func (e *Engine) remind(ctx context.Context) error {
	select {
	case <-e.forgot:
	default:
		if e.holding("rollback") == "" {
			return nil
		}
	}
	for _, b := range e.recent.all() {
		if defect.On("recall") {
			break
		}
		if err := e.recall(ctx, b); err != nil {
			return err
		}
	}
	e.letGo("rollback")
	return nil
}

func (e *Engine) recall(ctx context.Context, b begun) error {
	s, ok := e.shops[b.shop]
	if !ok {
		return nil
	}
	real, now, err := e.st.Now(ctx)
	if err != nil {
		return err
	}
	ev := lifecycle.Event{Type: lifecycle.Recalled, At: now, Real: real, Source: "ritorno", Attempt: &b.attempt, Result: b.result}
	_, _, err = e.update(ctx, s, lifecycle.ContactOf(b.attempt.ID), ev, false)
	if errors.Is(err, store.ErrNotFound) {
		return nil // erased, or forgotten as a whole
	}
	return err
}
