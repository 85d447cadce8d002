package store

import (
	"context"
	"sync"
)

// locks let one goroutine at a time work on a contact, so that within a process
// the version check hardly ever has to send anybody back.
type locks struct {
	mu   sync.Mutex
	rows map[string]*row
}

type row struct {
	free    chan struct{} // holds one token while nobody has the row
	waiting int           // including the holder
}

// take waits for the contact; give it back with the returned function.
func (l *locks) take(ctx context.Context, id string) (func(), error) {
	l.mu.Lock()
	if l.rows == nil {
		l.rows = make(map[string]*row)
	}
	r := l.rows[id]
	if r == nil {
		r = &row{free: make(chan struct{}, 1)}
		r.free <- struct{}{}
		l.rows[id] = r
	}
	r.waiting++
	l.mu.Unlock()
	select {
	case <-r.free:
		return func() { r.free <- struct{}{}; l.leave(id, r) }, nil
	case <-ctx.Done():
		l.leave(id, r)
		return nil, ctx.Err()
	}
}

func (l *locks) leave(id string, r *row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.waiting--; r.waiting == 0 {
		delete(l.rows, id)
	}
}

// leases are those this process knows it holds, whole: after a power cut the
// server may hand the same fence out again, but not at the same time. A lease of
// ours that is not here was taken by a claim whose answer got lost.
type leases struct {
	mu   sync.Mutex
	rows map[string]held
}

type held struct {
	fence uint64
	token string // fence:process:realms
}

func (l *leases) add(id string, fence uint64, token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rows == nil {
		l.rows = make(map[string]held)
	}
	l.rows[id] = held{fence, token}
}

// drop forgets the lease, unless it was taken anew since.
func (l *leases) drop(id string, fence uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rows[id].fence == fence {
		delete(l.rows, id)
	}
}

// token is the whole lease; false when this process does not hold it.
func (l *leases) token(id string, fence uint64) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.rows[id]
	return h.token, ok && h.fence == fence
}

// has reports whether the lease, whole, is one this process holds.
func (l *leases) has(id, token string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.rows[id]
	return ok && h.token == token
}
