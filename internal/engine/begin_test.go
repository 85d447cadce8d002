package engine_test

import (
	"sync/atomic"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
)

// dueThrough is due, with the process's way to the store through a cutter.
func dueThrough(t *testing.T) (*bench, *redistest.Cutter) {
	t.Helper()
	c := redistest.NewCutter(t)
	b := newBenchOn(t, c.URL, prefixOf(t), shopYAML)
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
	if err := b.st.SetOffset(b.ctx, b.st.Offset()+30*day); err != nil {
		t.Fatal(err)
	}
	return b, c
}

// TestABeginWhoseAnswerWasLost: the intent was stored and nobody was told.
// Nothing has left, so the message leaves, once.
func TestABeginWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	b, c := dueThrough(t)
	b.BeforeBegin(func(m lifecycle.Message) {
		b.BeforeBegin(nil)
		c.Arm(m.ID+".", 1, nil)
	})
	b.tick(t)
	if m := b.find(t, "1").Messages; c.Cuts() != 1 || len(b.all()) != 1 || m[0].Status != lifecycle.SentStatus {
		t.Fatalf("%d cut, sent %v, %+v", c.Cuts(), b.all(), m)
	}
}

// TestABeginWhoseAnswerWasLostAndSomebodyWroteSince: the intent found in the
// record is this process's own, of which nothing left: it is taken back and
// decided anew, and not taken for somebody else's message under way.
func TestABeginWhoseAnswerWasLostAndSomebodyWroteSince(t *testing.T) {
	t.Parallel()
	b, c := dueThrough(t)
	other := b.twin(t)
	b.BeforeBegin(func(m lifecycle.Message) {
		b.BeforeBegin(nil)
		c.Arm(m.ID+".", 1, func() {
			other.tell(t, changed("renamed", other.now(t), named("1", annaMail, annaPhone)))
		})
	})
	b.tick(t)
	got := b.find(t, "1")
	if c.Cuts() != 1 || got.Sending != nil || len(b.all()) != 0 || got.Due.IsZero() {
		t.Fatalf("%d cut, sent %v, under way %+v, due %s", c.Cuts(), b.all(), got.Sending, got.Due)
	}
	b.goTo(t, b.now(t).Add(time.Minute))
	if m := b.find(t, "1").Messages; len(b.all()) != 1 || len(m) != 1 || m[0].Status != lifecycle.SentStatus {
		t.Fatalf("sent %v, %+v", b.all(), m)
	}
}

// TestTheDeadlineCountsFromBeforeTheLookAtTheClock: whatever holds the process
// up after it learnt the hour makes what it decided by that hour stale.
func TestTheDeadlineCountsFromBeforeTheLookAtTheClock(t *testing.T) {
	t.Parallel()
	b := due(t)
	var limit, asked atomic.Int64
	b.OnPoint(func(place string) {
		if place == "clock" {
			asked.CompareAndSwap(0, time.Now().UnixNano())
		}
	})
	b.sms.answer(func(m connectors.Outgoing) *lifecycle.Result {
		limit.Store(m.Deadline.UnixNano())
		return nil
	})
	b.tick(t)
	if d := time.Duration(limit.Load() - asked.Load()); limit.Load() == 0 || d >= 5*time.Second {
		t.Fatalf("bytes may leave until %s after the look at the clock", d)
	}
}

// TestABeginThatIsTooOldIsTakenBack: whatever held the process up, the message
// is decided anew.
func TestABeginThatIsTooOldIsTakenBack(t *testing.T) {
	t.Parallel()
	b := due(t)
	b.SetGrace(-1)
	b.tick(t)
	c := b.find(t, "1")
	if len(b.all()) != 0 || c.Sending != nil || c.Messages[0].Status != lifecycle.Queued {
		t.Fatalf("sent %v, %+v", b.all(), c.Messages)
	}
	b.SetGrace(5 * time.Second)
	b.goTo(t, b.now(t).Add(time.Minute))
	if len(b.all()) != 1 {
		t.Fatalf("then sent %v", b.all())
	}
}
