package rehearse

import (
	"container/heap"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ritorno/internal/lifecycle"
)

// stage plays the tellings of one group, or of several that must share one
// clock, in the order of time, with the timers in between from one queue.
type stage struct {
	p     *player
	group int // number of the first group, for ids
	souls []*soul
	ways  ways
	solo  *soul // of a group that is one person as every telling names them
	told  bool  // solo: addresses and profile are known
	queue timers
	seen  map[uint64]bool // digests of orders, as the store remembers them for good

	// The message that is decided on.
	at time.Time
}

// timer is when a contact wants attention. One whose contact has another time
// by now is left over.
type timer struct {
	due time.Time
	s   *soul
}

// timers is a heap: the earliest first, among equals who was made first.
type timers []timer

func (q timers) Len() int      { return len(q) }
func (q timers) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q timers) Less(i, j int) bool {
	if c := q[i].due.Compare(q[j].due); c != 0 {
		return c < 0
	}
	return q[i].s.n < q[j].s.n
}
func (q *timers) Push(x any) { *q = append(*q, x.(timer)) }
func (q *timers) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// play takes the tellings in, each at its time. What is told of one instant is
// taken in before the timers that it sets off for the same instant; timers that
// were set before go first.
func (st *stage) play(tellings []telling) error {
	o := &st.p.o
	from := o.From.UnixMilli()
	begun := o.From.IsZero()
	for i := range tellings {
		t := &tellings[i]
		if t.at > st.p.to {
			break
		}
		if t.at < from && !begun {
			st.tell(t, o.From, true)
			continue
		}
		if !begun {
			begun = true
			st.release()
		}
		now := time.UnixMilli(t.at).UTC()
		if i == 0 || tellings[i-1].at != t.at {
			if err := st.until(now); err != nil {
				return err
			}
		}
		st.tell(t, now, false)
	}
	if !begun {
		st.release()
	}
	return st.until(time.UnixMilli(st.p.to).UTC())
}

// tell takes one telling in at a time; an old one as an import would.
func (st *stage) tell(t *telling, now time.Time, old bool) {
	s, who := st.find(t, now)
	if s == nil {
		st.p.sum.Nobody++
		return
	}
	ev := st.p.h.event(t, who)
	ev.Historical = old
	if strings.HasPrefix(who.Phone, "+") { // the country makes no other number of it
		ev.E164, ev.E164In = st.p.keys[t.person].phone, st.p.keys[t.person].in
	}
	if st.seen != nil {
		ev.Recall(st.p.o.Rules.OrderKeys(&ev), &s.c, st.seen)
	}
	st.at = now
	tr := st.p.o.Rules.DecideInPlace(ev, s.c, now)
	for _, k := range tr.SeenOrders {
		if st.seen != nil {
			st.seen[k] = true
		}
	}
	st.hear(s, tr)
	if t.order != nil {
		st.purchase(s, t.order, time.UnixMilli(t.at).UTC(), old)
		if st.solo == nil {
			st.claim(byOrder, t.order.ID, s)
		}
	}
	if st.solo == nil && who.Phone != "" {
		st.point(byPhone, s.c.Phone.Key, s) // the contact's country may read another number
	}
}

// find is the contact of a telling, and what the telling says of the person:
// where a group never says anything else, once is enough.
func (st *stage) find(t *telling, now time.Time) (*soul, teller) {
	who := st.p.h.people[t.person]
	if st.solo == nil {
		return st.resolve(t, st.p.keys[t.person], now), who
	}
	if !st.told {
		st.told = true
		return st.solo, who
	}
	return st.solo, teller{source: who.source, Person: lifecycle.Person{CustomerID: who.CustomerID}}
}

// until fires the timers that are due up to a time.
func (st *stage) until(to time.Time) error {
	for len(st.queue) > 0 && !st.queue[0].due.After(to) {
		next := heap.Pop(&st.queue).(timer)
		if !next.s.c.Due.Equal(next.due) || next.s.gone != nil {
			continue
		}
		if err := st.fire(next.s, next.due); err != nil {
			return err
		}
	}
	return nil
}

// turns is how often a timer may fire at one instant: more would never end.
const turns = 256

// moment is how long the service takes at least from a timer to its message. It
// decides where a wait ends on the very instant at which a step expires.
const moment = time.Millisecond

// fire works off what is due for one contact, as engine.fire does, with what
// falls due while it does so.
func (st *stage) fire(s *soul, now time.Time) error {
	begun := now
	for range turns {
		st.at = now
		tr, err := st.due(s, now)
		if err != nil {
			return err
		}
		st.hear(s, tr)
		if tr.Send != nil {
			now = now.Add(moment)
			st.send(s, *tr.Send, now)
		}
		if s.c.Due.IsZero() || s.c.Due.After(now.Add(moment)) {
			return nil
		}
		if s.c.Due.After(now) {
			now = s.c.Due
		}
	}
	return fmt.Errorf("customer %s: a timer that fires at %s never ends", s.label, begun.Format(time.RFC3339))
}

// send takes one message through the gate. The provider of a rehearsal accepts
// every message that can be composed.
func (st *stage) send(s *soul, m lifecycle.Message, now time.Time) {
	res := lifecycle.Result{Outcome: lifecycle.Accepted}
	if m.Channel == lifecycle.SMS {
		var err error
		if res.Segments, err = st.segments(s, &m, now); err != nil {
			res.Outcome, res.Reason = lifecycle.RejectedContent, lifecycle.ReasonContent
		}
	}
	st.at, m.Segments = now, res.Segments
	a := &lifecycle.Attempt{ID: m.ID + ".rehearsal", Started: now, Message: m}
	tr := st.p.o.Rules.DecideInPlace(lifecycle.Event{Type: lifecycle.Begin, At: now, Attempt: a, Result: &res}, s.c, now)
	st.hear(s, tr)
	if res.Outcome == lifecycle.Accepted {
		st.sent(s, m, now)
	} else {
		st.dropped(s, m, res.Reason)
	}
}

func (st *stage) segments(s *soul, m *lifecycle.Message, now time.Time) (int, error) {
	if st.p.o.Segments == nil {
		return 1, nil
	}
	return st.p.o.Segments(&s.c, m, now)
}

// hear takes over what was decided.
func (st *stage) hear(s *soul, tr lifecycle.Transition) {
	s.c = tr.Contact
	s.c.Timeline, s.c.Looks = nil, nil // no decision asks for them
	for _, n := range tr.Counts {
		st.p.sum.Counts[n.Field] += n.N
	}
	for _, m := range tr.Dropped {
		st.dropped(s, m, m.Error)
	}
	if tr.Reason == lifecycle.ReasonWaits && s.c.Run != nil && s.c.Run.Wait.Sub(st.at) > time.Minute {
		st.moved(s)
	}
	if !s.c.Due.IsZero() {
		heap.Push(&st.queue, timer{s.c.Due, s})
	}
}

// contactID names a contact of this stage as the store would.
func (st *stage) contactID(n int) string {
	return "r" + strconv.FormatInt(int64(st.group), 36) + "x" + strconv.FormatInt(int64(n), 36)
}
