package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/connectors"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
)

// town puts a small town of people with different fates into a shop.
func town(t *testing.T, b *bench) {
	t.Helper()
	for i := range 12 {
		p := named(fmt.Sprint(i), fmt.Sprintf("p%d@example.com", i), fmt.Sprintf("+39333%07d", 1000000+i))
		ev := orderOf(fmt.Sprintf("o%d", i), day0.Add(time.Duration(i)*-7*time.Hour), p)
		if i%4 != 3 {
			ev = allowed(ev)
		}
		b.tell(t, ev)
		if i%3 == 0 {
			b.tell(t, lifecycle.Event{Type: lifecycle.SubscriptionCancelled, Source: "shopify", Key: fmt.Sprintf("s%d", i), At: day0, Person: p, Subscription: &lifecycle.Subscription{ID: fmt.Sprintf("s%d", i)}})
		}
	}
}

// life is what everybody got, and when by the program's clock.
func (b *bench) life(t *testing.T) (lines []string) {
	t.Helper()
	for _, c := range b.contacts(t) {
		line := c.Email.Key + " " + c.State.String() + " " + string(c.Reason)
		for _, m := range c.Messages {
			at := m.SentAt
			if at.IsZero() {
				at = m.At
			}
			line += fmt.Sprintf("\n  %s %s %s %s %s", at.Round(time.Minute).Format("2006-01-02 15:04"), m.Template, m.Channel, m.Status, m.Error)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

func TestAYearInOneJumpIsTwelveMonths(t *testing.T) {
	t.Parallel()
	run := func(jumps int) []string {
		b := newBenchOn(t, redistest.Start(t), fmt.Sprintf("%s_%d", prefixOf(t), jumps), shopYAML)
		b.goTo(t, day0)
		town(t, b)
		for i := 1; i <= jumps; i++ {
			b.goTo(t, day0.Add(time.Duration(i)*360*day/time.Duration(jumps)))
		}
		for id, n := range b.all() {
			if n != 1 {
				t.Errorf("message %s left %d times", id, n)
			}
		}
		return b.life(t)
	}
	if diff := cmp.Diff(run(12), run(1)); diff != "" {
		t.Fatalf("one jump differs from twelve (-twelve +one):\n%s", diff)
	}
}

func TestAdvanceWaitsForWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
	reached, leave := make(chan struct{}), make(chan struct{})
	b.sms.answer(func(connectors.Outgoing) *lifecycle.Result {
		close(reached)
		<-leave
		return nil
	})
	done := make(chan error)
	go func() { done <- b.Advance(b.ctx, day0.Add(40*day)) }()
	<-reached
	select {
	case err := <-done:
		t.Fatalf("the clock arrived while a message was under way: %v", err)
	default:
	}
	close(leave)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if m := b.find(t, "1").Messages[0]; m.Status != lifecycle.SentStatus {
		t.Fatalf("message is %s", m.Status)
	}
}

func TestTheClockGoesBackOnlyWhileNobodyIsThere(t *testing.T) {
	b := newBench(t)
	b.goTo(t, day0)
	b.goTo(t, day0.Add(-300*day))
	if got := b.now(t); got.Sub(day0.Add(-300*day)).Abs() > time.Minute {
		t.Fatalf("the clock stands at %s", got)
	}
	b.tell(t, orderOf("1", day0.Add(-300*day), named("1", annaMail, "")))
	if err := b.Advance(b.ctx, day0.Add(-301*day)); !errors.Is(err, engine.ErrPast) {
		t.Fatalf("err = %v", err)
	}
	if _, err := b.Erase(b.ctx, "bottega", "1"); err != nil {
		t.Fatal(err)
	}
	b.goTo(t, day0.Add(-301*day))
}

// TestTwoProcessesSendEachMessageOnce lets two processes work off the same due
// contacts at once.
func TestTwoProcessesSendEachMessageOnce(t *testing.T) {
	t.Parallel()
	people := 300
	if testing.Short() {
		people = 50
	}
	a := newBench(t)
	a.goTo(t, day0)
	var all sync.WaitGroup
	for part := range 10 {
		all.Go(func() {
			for i := part; i < people; i += 10 {
				p := named(fmt.Sprint(i), fmt.Sprintf("p%d@example.com", i), fmt.Sprintf("+39333%07d", 1000000+i))
				if _, err := a.Apply(a.ctx, "bottega", allowed(orderOf(fmt.Sprint(i), day0, p))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := a.st.SetOffset(a.ctx, a.st.Offset()+30*day); err != nil {
		t.Fatal(err)
	}
	b := a.twin(t)
	for _, x := range []*bench{a, b} {
		all.Go(func() {
			for range 3 {
				if _, err := x.Tick(x.ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	sent := a.all()
	for id, n := range b.all() {
		sent[id] += n
	}
	for id, n := range sent {
		if n != 1 {
			t.Errorf("message %s left %d times", id, n)
		}
	}
	if len(sent) != people || len(a.all()) == 0 || len(b.all()) == 0 {
		t.Fatalf("%d messages of %d people, %d by the one and %d by the other", len(sent), people, len(a.all()), len(b.all()))
	}
}
