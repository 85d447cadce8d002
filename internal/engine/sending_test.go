package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ritorno/connectors"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

// due is a shop with one person whose first message is due now.
func due(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
	if err := b.st.SetOffset(b.ctx, b.st.Offset()+30*day); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) tick(t *testing.T) {
	t.Helper()
	if _, err := b.Tick(b.ctx); err != nil {
		t.Fatal(err)
	}
}

// claim takes the lease of the one contact that is due, for this process.
func (b *bench) claim(t *testing.T) store.Claimed {
	t.Helper()
	for shard := range b.st.Shards() {
		got, err := b.st.Claim(b.ctx, shard, b.now(t), 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) > 0 {
			return got[0]
		}
	}
	t.Fatal("nobody is due")
	return store.Claimed{}
}

// runUntil runs an engine until done says so, and ends it.
func (b *bench) runUntil(t *testing.T, done func() bool) {
	t.Helper()
	ctx, stop := context.WithCancel(b.ctx)
	ended := make(chan struct{})
	go func() {
		b.Run(ctx)
		close(ended)
	}()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for !done() {
		select {
		case <-look.C:
		case <-limit.C:
			t.Error("not done in 20 s")
			stop()
			<-ended
			return
		}
	}
	stop()
	<-ended
}

func TestAClaimOfADeadProcessFallsDueAgain(t *testing.T) {
	t.Parallel()
	dead := due(t)
	dead.claim(t) // and then it dies: no heartbeat, no release
	b := dead.twin(t, func(o *engine.Options) { o.Exclusive = true })
	b.runUntil(t, func() bool { return len(b.sms.all()) > 0 })
	if m := b.find(t, "1").Messages[0]; m.Status != lifecycle.SentStatus || len(b.all()) != 1 {
		t.Fatalf("message is %s", m.Status)
	}
}

func TestAMessageThatADeadProcessHadBegunIsNeverSentAgain(t *testing.T) {
	t.Parallel()
	dead := due(t)
	c := dead.claim(t)
	s, _ := dead.Shop("bottega")
	now := dead.now(t)
	plan := s.Rules.Decide(lifecycle.Event{Type: lifecycle.StepDue, At: now}, c.Contact, now)
	a := &lifecycle.Attempt{ID: plan.Send.ID + ".01", Fence: c.Fence, Message: *plan.Send}
	if _, err := dead.st.Update(dead.ctx, store.Request{ID: c.ID, Fence: c.Fence}, func(con lifecycle.Contact, _ store.Known) (store.Change, error) {
		t := s.Rules.Decide(lifecycle.Event{Type: lifecycle.Begin, At: now, Attempt: a}, con, now)
		return store.Change{Contact: t.Contact, Write: true}, nil
	}); err != nil {
		t.Fatal(err)
	}
	b := dead.twin(t, func(o *engine.Options) { o.Exclusive = true })
	status := func() lifecycle.MessageStatus { return b.find(t, "1").Messages[0].Status }
	b.runUntil(t, func() bool { return status() == lifecycle.Uncertain })
	b.goTo(t, day0.Add(40*day))
	if len(b.all()) != 0 || status() != lifecycle.Uncertain {
		t.Fatalf("sent %d, %s", len(b.all()), status())
	}
	if err := b.Delivered(b.ctx, "twilio", lifecycle.News{AttemptID: a.ID, ProviderID: "SM1", Status: lifecycle.Delivered}, time.Time{}, "k"); err != nil {
		t.Fatal(err)
	}
	if m := b.find(t, "1").Messages[0]; m.Status != lifecycle.Delivered || m.ProviderID != "SM1" {
		t.Fatalf("message %+v", m)
	}
}

func TestALivingProcessKeepsItsLeases(t *testing.T) {
	t.Parallel()
	alive := due(t)
	alive.claim(t)
	b := alive.twin(t)
	for shard := range b.st.Shards() {
		if got, err := b.st.Recover(b.ctx, shard, false); err != nil || len(got) != 0 {
			t.Fatalf("took over %v, %v", got, err)
		}
	}
	b.tick(t)
	if len(b.all()) != 0 {
		t.Fatal("sent what another process holds")
	}
}

// TestTheStoreGoesAwayBetweenClaimAndBegin: nothing leaves without a confirmed
// begin, and nothing is lost.
func TestTheStoreGoesAwayBetweenClaimAndBegin(t *testing.T) {
	t.Parallel()
	node := redistest.NewNode(t)
	b := newBenchOn(t, node.URL, "gone", shopYAML)
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
	if err := b.st.SetOffset(b.ctx, b.st.Offset()+30*day); err != nil {
		t.Fatal(err)
	}
	away, back := make(chan struct{}), make(chan struct{})
	b.BeforeBegin(func(lifecycle.Message) {
		b.BeforeBegin(nil)
		node.Stop(t)
		close(away)
	})
	go func() {
		<-away
		if len(b.all()) != 0 {
			t.Error("bytes left without a begin")
		}
		node.Start(t)
		close(back)
	}()
	b.runUntil(t, func() bool { return len(b.all()) > 0 })
	<-back
	for id, n := range b.all() {
		if n != 1 {
			t.Errorf("%s left %d times", id, n)
		}
	}
	if m := b.find(t, "1").Messages; len(m) != 1 || m[0].Status != lifecycle.SentStatus {
		t.Fatalf("messages %+v", m)
	}
}

func TestAMessageThatCannotBeComposedPassesItsStepOver(t *testing.T) {
	t.Parallel()
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), shopYAML, func(o *engine.Options) {
		o.PublicURL = "https://" + strings.Repeat("ritorno.", 40) + "example.com" // no SMS has room for such a link
	})
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
	b.goTo(t, day0.Add(95*day))
	ms := b.find(t, "1").Messages
	if len(ms) != 3 || len(b.sms.all()) != 0 {
		t.Fatalf("messages %+v", ms)
	}
	for _, m := range ms {
		if m.Status != lifecycle.Failed || m.Error != lifecycle.ReasonContent {
			t.Fatalf("message %s (%s)", m.Status, m.Error)
		}
	}
}

// TestTheProviderIsBusy: a 429 costs time, not the message, and never more than
// one try at once.
func TestTheProviderIsBusy(t *testing.T) {
	t.Parallel()
	b := due(t)
	tries := 0
	var busy func(connectors.Outgoing) *lifecycle.Result
	busy = func(connectors.Outgoing) *lifecycle.Result {
		if tries++; tries < 3 {
			b.sms.answer(busy)
		}
		return &lifecycle.Result{Outcome: lifecycle.NotSent, RetryAfter: 50 * time.Millisecond}
	}
	b.sms.answer(busy)
	b.tick(t)
	c := b.find(t, "1")
	if m := c.Messages[0]; m.Status != lifecycle.Queued || m.Error != lifecycle.ReasonProvider || !c.Due.After(b.now(t)) {
		t.Fatalf("message %s (%s), due %s", m.Status, m.Error, c.Due)
	}
	b.goTo(t, b.now(t).Add(time.Minute))
	if m := b.find(t, "1").Messages; tries != 3 || len(m) != 1 || m[0].Status != lifecycle.SentStatus || len(b.all()) != 1 {
		t.Fatalf("%d tries, messages %+v", tries, m)
	}
}

func TestRunDrainsBeforeItEnds(t *testing.T) {
	b := due(t)
	started := goleak.IgnoreCurrent()
	ctx, stop := context.WithCancel(b.ctx)
	defer stop()
	leave := make(chan struct{})
	b.sms.answer(func(connectors.Outgoing) *lifecycle.Result {
		stop()
		<-leave
		return nil
	})
	ended := make(chan struct{})
	go func() {
		b.Run(ctx)
		close(ended)
	}()
	<-ctx.Done()
	select {
	case <-ended:
		t.Fatal("ended while a message was under way")
	default:
	}
	close(leave)
	<-ended
	if m := b.find(t, "1").Messages[0]; m.Status != lifecycle.SentStatus || m.ProviderID == "" {
		t.Fatalf("message %+v", m)
	}
	goleak.VerifyNone(t, started)
}

// TestQuietHoursAreThoseOfTheLastLook: the provider's pace may hold a message
// back into the night; what counts is the hour in which it would leave.
func TestQuietHoursAreThoseOfTheLastLook(t *testing.T) {
	t.Parallel()
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), shopYAML, func(o *engine.Options) { o.Workers = 1 })
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
	b.tell(t, allowed(orderOf("2", day0, named("2", otherMail, "+393337654321"))))
	if err := b.st.SetOffset(b.ctx, b.st.Offset()+30*day); err != nil {
		t.Fatal(err)
	}
	b.sms.answer(func(connectors.Outgoing) *lifecycle.Result {
		if err := b.st.SetOffset(b.ctx, b.st.Offset()+10*time.Hour); err != nil { // 23:00 in Rome
			t.Error(err)
		}
		return nil
	})
	b.tick(t)
	waiting := 0
	for _, c := range b.contacts(t) {
		if c.DueWhy == lifecycle.ReasonQuiet {
			waiting++
		}
	}
	if len(b.all()) != 1 || waiting != 1 {
		t.Fatalf("%d sent, %d wait for the morning", len(b.all()), waiting)
	}
}

// TestRunAsksTheRecordsByItself: the loops of a running engine settle what can
// be settled, without anybody calling them.
func TestRunAsksTheRecordsByItself(t *testing.T) {
	t.Parallel()
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), shopYAML+"delivery: {settle: 1s, recheck: 2s}\n")
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
	if err := b.st.SetOffset(b.ctx, b.st.Offset()+30*day); err != nil {
		t.Fatal(err)
	}
	b.sms.set("cuts")
	b.sms.mu.Lock()
	b.sms.records = "show"
	b.sms.mu.Unlock()
	b.runUntil(t, func() bool {
		m := b.find(t, "1").Messages
		return len(m) == 1 && m[0].Status == lifecycle.SentStatus
	})
	if m := b.find(t, "1").Messages; len(b.all()) != 1 || m[0].ProviderID != "P1" {
		t.Fatalf("left %v, %+v", b.all(), m)
	}
}
