package sim_test

import (
	"time"

	"ritorno/internal/lifecycle"
)

// release records a decision and gives the lease back.
func (p *process) release(c claimed, where string, fn decide, done func()) {
	p.insist(where, func(done func(error)) {
		p.update(request{id: c.id, fence: c.fence, since: c.since, release: true, limit: recordFor, where: where}, fn, func(_ lifecycle.Contact, err error) { done(err) })
	}, done)
}

// insist mirrors Engine.insist: it repeats a write until it is confirmed, from
// the third failure on in the background.
func (p *process) insist(where string, try func(done func(error)), done func()) {
	wait := 50 * time.Millisecond
	var again func(n int)
	again = func(n int) {
		try(func(err error) {
			if isDone(err) {
				if n <= 2 {
					done()
				}
				return
			}
			if n == 2 {
				wait = time.Second / 2
				done()
			}
			if n >= 2 {
				wait = min(2*wait, backOffMax)
			}
			p.then(wait, where+" again", func() { again(n + 1) })
			if n < 2 {
				wait *= 2
			}
		})
	}
	again(0)
}
