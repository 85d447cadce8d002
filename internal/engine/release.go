package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// Release is the owner's choice for imported contacts who had been silent past
// the first step of the inactivity journey: nobody is the zero value.
type Release struct {
	All    bool // at once
	PerDay int  // at most so many in a day of the shop's calendar, the best first
}

// Released is what became of them.
type Released struct {
	Held     int       `json:"held"`           // waited for the choice
	Released int       `json:"released"`       // have a day now
	Last     time.Time `json:"last,omitzero"`  // when the last of these enters
	First    time.Time `json:"first,omitzero"` // and the first
}

// releaseStep is how many contacts are told at once.
const releaseStep = 1000

// waiter is a contact who waits for the owner's choice.
type waiter struct {
	id        string
	worth     float64
	last      time.Time
	reachable bool
}

// ReleaseImported lets the contacts of a shop that an import held into the
// inactivity journey, as the owner chose. Who has a day keeps it, so repeating
// it changes nothing, and the days of an earlier choice count towards the most
// of a day.
func (e *Engine) ReleaseImported(ctx context.Context, shop string, choice Release) (Released, error) {
	s, ok := e.shops[shop]
	if !ok {
		return Released{}, fmt.Errorf("shop %q: %w", shop, ErrShop)
	}
	_, now, err := e.st.Now(ctx)
	if err != nil {
		return Released{}, err
	}
	days := planner{perDay: choice.PerDay, zone: s.Rules.Location, now: now, taken: map[time.Time]int{}}
	if days.zone == nil {
		days.zone = time.UTC
	}
	waiters, err := e.waiters(ctx, s, &days)
	out := Released{Held: len(waiters)}
	if err != nil || !choice.All && choice.PerDay <= 0 {
		return out, err
	}
	for len(waiters) > 0 {
		some := waiters[:min(releaseStep, len(waiters))]
		waiters = waiters[len(some):]
		when := make([]time.Time, len(some))
		for i := range some {
			if when[i] = now; !choice.All {
				when[i] = days.next()
			}
		}
		if err := e.let(ctx, s, some, when, now); err != nil {
			return out, err
		}
		if out.Released += len(some); out.First.IsZero() {
			out.First = when[0]
		}
		out.Last = when[len(when)-1]
	}
	return out, nil
}

// waiters are those who wait, the best first: who can be written to before who
// cannot, then by worth. It also notes the days that are taken.
func (e *Engine) waiters(ctx context.Context, s *Shop, days *planner) ([]waiter, error) {
	var all []waiter
	err := e.st.Scan(ctx, func(c lifecycle.Contact) error {
		if c.Shop != s.Name || c.Forward != "" || c.Erasing != nil {
			return nil
		}
		if !c.HeldTo.IsZero() {
			days.take(c.HeldTo)
		}
		if s.Rules.Held(&c) {
			all = append(all, waiter{c.ID, s.Rules.Worth(&c, days.now), s.Rules.Totals(&c).Last, s.Rules.Reachable(&c)})
		}
		return nil
	})
	slices.SortFunc(all, func(a, b waiter) int {
		if a.reachable != b.reachable {
			if a.reachable {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.worth, a.worth), b.last.Compare(a.last), cmp.Compare(a.id, b.id))
	})
	return slices.CompactFunc(all, func(a, b waiter) bool { return a.id == b.id }), err // a scan may show one twice
}

func (e *Engine) let(ctx context.Context, s *Shop, some []waiter, when []time.Time, now time.Time) error {
	jobs := make([]store.Job, len(some))
	for i, w := range some {
		jobs[i].ID = w.id
		ev := lifecycle.Event{Type: lifecycle.Released, Source: "ritorno", At: now, Until: when[i]}
		jobs[i].Decide = func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
			return e.change(s.Name, s.Rules.Decide(ev, c, now)), nil
		}
	}
	done, err := e.st.UpdateMany(ctx, jobs)
	if err != nil {
		return err
	}
	for _, d := range done {
		if d.Err != nil && !errors.Is(d.Err, store.ErrNotFound) { // erased meanwhile
			return d.Err
		}
		e.due(d.Contact)
	}
	return nil
}

// planner hands out times, spread evenly over each day of a zone.
type planner struct {
	perDay int
	zone   *time.Location
	now    time.Time
	taken  map[time.Time]int // by the first instant of the day
	day    time.Time
	free   []time.Time // of day
}

func (c *planner) begin(t time.Time) time.Time {
	y, m, d := t.In(c.zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, c.zone)
}

// take notes that somebody enters at t, or did.
func (c *planner) take(t time.Time) {
	if day := c.begin(t); !day.Before(c.begin(c.now)) {
		c.taken[day.UTC()]++
	}
}

// next is the next free time.
func (c *planner) next() time.Time {
	for len(c.free) == 0 {
		if c.day.IsZero() {
			c.day = c.begin(c.now)
		} else {
			y, m, d := c.day.Date()
			c.day = time.Date(y, m, d+1, 0, 0, 0, 0, c.zone)
		}
		c.fill()
	}
	t := c.free[0]
	c.free = c.free[1:]
	return t
}

// fill finds the times of the day that lie ahead; as many as are taken are left
// out, the first ones.
func (c *planner) fill() {
	y, m, d := c.day.Date()
	long := time.Date(y, m, d+1, 0, 0, 0, 0, c.zone).Sub(c.day)
	for i := range c.perDay {
		at := c.day.Add(time.Duration((float64(i) + 0.5) / float64(c.perDay) * float64(long))).UTC().Truncate(time.Second)
		if at.After(c.now) {
			c.free = append(c.free, at)
		}
	}
	room := max(0, c.perDay-c.taken[c.day.UTC()])
	c.free = c.free[max(0, len(c.free)-room):]
}
