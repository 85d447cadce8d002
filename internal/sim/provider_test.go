package sim_test

import (
	"strconv"
	"time"

	"ritorno/internal/lifecycle"
)

// provider is a model of a provider that takes messages and does not know that
// two requests may be the same.
type provider struct {
	w     *world
	n     int
	taken []entry // in the order in which it took them
}

// answerOf is what the sender gets to see; a negative time means nothing.
type answerOf struct {
	answer time.Duration
	res    lifecycle.Result
}

// take meets the first byte of a request. Whether the sender lives to see the
// answer is none of the provider's business.
func (v *provider) take(s *sending) answerOf {
	w := v.w
	there := time.Millisecond + w.upTo(300*time.Millisecond)
	back := time.Millisecond + w.upTo(300*time.Millisecond)
	if w.chance(w.f.late) {
		there = w.upTo(40 * time.Second)
	}
	if !w.chance(w.f.provider) {
		id := v.accept(s, there)
		return answerOf{there + back, lifecycle.Result{Outcome: lifecycle.Accepted, ProviderID: id, Segments: 1}}
	}
	unknown := lifecycle.Result{Outcome: lifecycle.Ambiguous}
	switch w.rng.IntN(12) {
	case 0: // half an answer
		v.accept(s, there)
		return answerOf{there + back, lifecycle.Result{Outcome: lifecycle.Accepted}}
	case 1, 2: // 429
		return answerOf{there + back, lifecycle.Result{Outcome: lifecycle.NotSent, RetryAfter: w.upTo(2 * time.Hour)}}
	case 3:
		return answerOf{there + back, lifecycle.Result{Outcome: lifecycle.RejectedContact, Reason: lifecycle.ReasonInvalid}}
	case 4:
		return answerOf{there + back, lifecycle.Result{Outcome: lifecycle.RejectedContent, Reason: lifecycle.ReasonContent}}
	case 5:
		return answerOf{there + back, lifecycle.Result{Outcome: lifecycle.RejectedAccount, Reason: lifecycle.ReasonAccount}}
	case 6, 7: // 5xx or a broken line, after it took the message
		v.accept(s, there)
		return answerOf{there + back, unknown}
	case 8: // the same, before
		return answerOf{there + back, unknown}
	case 9: // silence, after it took the message
		v.accept(s, there)
		return answerOf{answer: -1}
	case 10: // it takes the message when nobody waits any more
		v.accept(s, sendLimit+w.upTo(20*time.Second))
		return answerOf{answer: -1}
	default: // silence
		return answerOf{answer: -1}
	}
}

// accept takes the message after d and reports on it later.
func (v *provider) accept(s *sending, d time.Duration) string {
	w := v.w
	v.n++
	sid, a, m := "SM"+strconv.Itoa(v.n), s.a.ID, s.m
	w.after(d, func() {
		w.stats.accepted++
		w.note(s.c.id, "the provider accepts %s", a)
		w.o.accepted(s.c.id, a, &m)
		v.taken = append(v.taken, entry{m.ID, sid, w.t, lifecycle.News{ProviderID: sid, Status: lifecycle.Delivered}})
	})
	v.reports(s.c.id, a, sid, d)
	return sid
}

// reports are the callbacks about a message: they may come before the answer,
// twice, swapped, late or never.
func (v *provider) reports(id, attempt, sid string, d time.Duration) {
	w := v.w
	last := lifecycle.News{AttemptID: attempt, ProviderID: sid, Status: lifecycle.Delivered}
	if w.rng.IntN(12) == 0 {
		last.Status, last.Reason, last.Suppress = lifecycle.Failed, lifecycle.ReasonBounced, w.rng.IntN(2) == 0
	}
	for i, n := range [2]lifecycle.News{{AttemptID: attempt, ProviderID: sid, Status: lifecycle.SentStatus}, last} {
		at := d + time.Duration(i)*time.Second + w.upTo(5*time.Second)
		if w.chance(w.f.callbacks * 0.4) {
			continue // never
		}
		times := 1
		if w.chance(w.f.callbacks * 0.5) {
			times = 2
		}
		if w.chance(w.f.callbacks * 0.5) {
			at = d + w.upTo(3*time.Hour)
		}
		if w.chance(w.f.callbacks * 0.5) {
			at = d + w.upTo(2*time.Millisecond)
		}
		for k := range times {
			w.after(at+time.Duration(k)*w.upTo(time.Minute), func() {
				w.submit(&delivery{
					kind: report, contact: id, most: 5, key: sid + n.Status.String(),
					ev: lifecycle.Event{Type: lifecycle.Delivery, Source: "twilio", News: &n},
				})
			})
		}
	}
}
