package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// doubtful is a contact whose survey left and nobody knows whether it arrived.
func doubtful(t *testing.T, change ...func(*lifecycle.Rules)) *world {
	t.Helper()
	w := newWorld(t)
	for _, f := range change {
		f(&w.rules)
	}
	w.apply(consentBoth(day0))
	w.apply(order("1", day0, 4990))
	w.fail = func(lifecycle.Message) *lifecycle.Result { return &lifecycle.Result{Outcome: lifecycle.Ambiguous} }
	w.until(day0.Add(30 * day))
	w.fail = nil
	if m := lastMessage(w); m.Status != lifecycle.Uncertain {
		t.Fatalf("the survey is %s", m.Status)
	}
	return w
}

func resend(r *lifecycle.Rules) { r.Resend = true }

func looks(t *testing.T, w *world) lifecycle.Look {
	t.Helper()
	l, ok := w.c.Look(lastMessage(w).ID)
	if !ok {
		t.Fatalf("no question is open; looks %+v", w.c.Looks)
	}
	return l
}

// says lets the records, or a person, answer at the time at which they are
// asked.
func (w *world) says(t *testing.T, k lifecycle.VerdictKind, change ...func(*lifecycle.Verdict)) lifecycle.Transition {
	t.Helper()
	v := verdict(w, k)
	if l := looks(t, w); !l.Next.IsZero() {
		if v.Asked = l.Next; l.Next.After(w.now) {
			w.until(l.Next)
		}
	}
	for _, f := range change {
		f(v)
	}
	return w.apply(lifecycle.Event{Type: lifecycle.Settled, At: w.now, Verdict: v})
}

func TestTheFirstTwoQuestionsComeAfterSettleAndRecheck(t *testing.T) {
	w := doubtful(t)
	lost := w.now
	if got := looks(t, w).Next; !got.Equal(lost.Add(time.Minute)) {
		t.Fatalf("first question at %s, want a minute after the loss", got)
	}
	w.says(t, lifecycle.RecordSilent)
	if got := looks(t, w).Next; !got.Equal(lost.Add(10 * time.Minute)) {
		t.Fatalf("second question at %s, want 10 minutes after the loss", got)
	}
	for n := 2; !looks(t, w).Next.IsZero(); n++ {
		if w.says(t, lifecycle.RecordSilent); n > 200 {
			t.Fatal("the questions never end")
		}
	}
	if m := lastMessage(w); m.Status != lifecycle.Uncertain || !w.c.UncertainSince().Equal(lost) {
		t.Fatalf("unsettled for a week, the message is %s since %s", m.Status, w.c.UncertainSince())
	}
	if end := looks(t, w).Asked.Sub(lost); end < 6*day || end > 7*day {
		t.Fatalf("asked last after %s", end)
	}
}

func TestAMessageThatTheRecordsShowIsSent(t *testing.T) {
	w := doubtful(t)
	w.says(t, lifecycle.RecordFound, func(v *lifecycle.Verdict) {
		v.News = lifecycle.News{ProviderID: "SM1", Status: lifecycle.SentStatus}
	})
	m := lastMessage(w)
	if m.Status != lifecycle.SentStatus || m.ProviderID != "SM1" || w.c.Accepted != 1 {
		t.Fatalf("%+v, %d accepted", m, w.c.Accepted)
	}
	if l := looks(t, w); !l.Next.Equal(w.now.Add(10 * time.Minute)) {
		t.Fatalf("what became of it is asked at %s", l.Next)
	}
	w.says(t, lifecycle.RecordFound, func(v *lifecycle.Verdict) {
		v.News = lifecycle.News{ProviderID: "SM1", Status: lifecycle.Delivered}
	})
	if m := lastMessage(w); m.Status != lifecycle.Delivered || len(w.c.Looks) > 0 {
		t.Fatalf("%s, still asking %+v", m.Status, w.c.Looks)
	}
}

func TestAMessageThatTheRecordsDoNotKnowIsHeldOrSentAgain(t *testing.T) {
	t.Run("hold", func(t *testing.T) {
		w := doubtful(t)
		w.says(t, lifecycle.RecordAbsent)
		w.says(t, lifecycle.RecordAbsent)
		if l := looks(t, w); !l.Next.IsZero() || l.Absent != 2 {
			t.Fatalf("a person is to decide, and yet: %+v", l)
		}
		w.until(w.now.Add(20 * day))
		if m := lastMessage(w); m.Status != lifecycle.Uncertain || len(w.sent) > 0 {
			t.Fatalf("%s, sent %v", m.Status, w.sent)
		}
	})
	t.Run("resend", func(t *testing.T) {
		w := doubtful(t, resend)
		id := lastMessage(w).ID
		w.says(t, lifecycle.RecordAbsent)
		w.says(t, lifecycle.RecordSilent) // proves nothing, and takes nothing back
		w.says(t, lifecycle.RecordAbsent)
		w.until(w.now)
		if m := lastMessage(w); m.ID != id || m.Status != lifecycle.SentStatus || len(w.sent) != 1 {
			t.Fatalf("%+v, sent %v", m, w.sent)
		}
	})
	t.Run("one proof is none", func(t *testing.T) {
		w := doubtful(t, resend)
		first := looks(t, w).Next
		w.says(t, lifecycle.RecordAbsent)
		// The same answer again, as from a second process that asked as well.
		w.apply(lifecycle.Event{Type: lifecycle.Settled, At: w.now, Verdict: &lifecycle.Verdict{Message: lastMessage(w).ID, Kind: lifecycle.RecordAbsent, Asked: first}})
		if l := looks(t, w); l.Absent != 1 || lastMessage(w).Status != lifecycle.Uncertain {
			t.Fatalf("%+v", l)
		}
	})
	t.Run("the reason is gone", func(t *testing.T) {
		w := doubtful(t, resend)
		w.says(t, lifecycle.RecordAbsent)
		w.apply(order("2", w.now.Add(time.Second), 990))
		id := w.c.Messages[0].ID
		l, _ := w.c.Look(id)
		w.until(l.Next)
		w.apply(lifecycle.Event{Type: lifecycle.Settled, At: w.now, Verdict: &lifecycle.Verdict{Message: id, Kind: lifecycle.RecordAbsent, Asked: l.Next}})
		if m, _ := w.c.Message(id); m.Status != lifecycle.Dropped || m.Error != lifecycle.ReasonBought {
			t.Fatalf("%s (%s)", m.Status, m.Error)
		}
	})
}

// TestAJourneyWaitsForTheAnswer: the questions lag far behind, and still the
// message that was proven never accepted is sent before the step after it.
func TestAJourneyWaitsForTheAnswer(t *testing.T) {
	near := func(r *lifecycle.Rules) {
		r.Resend = true
		for i := range r.Journeys {
			if r.Journeys[i].Trigger == lifecycle.OnInactivity {
				r.Journeys[i].Steps[1].After = r.Journeys[i].Steps[0].After + time.Hour
			}
		}
	}
	t.Run("proven", func(t *testing.T) {
		w := doubtful(t, near)
		w.until(w.now.Add(5 * time.Hour))
		if w.c.DueWhy != lifecycle.ReasonUncertain || len(w.sent) > 0 {
			t.Fatalf("waits for %q, sent %v", w.c.DueWhy, w.sent)
		}
		w.says(t, lifecycle.RecordAbsent)
		w.says(t, lifecycle.RecordAbsent)
		w.until(w.now)
		if len(w.sent) != 2 || !strings.HasPrefix(w.sent[0], "survey@") {
			t.Fatalf("sent %v", w.sent)
		}
	})
	t.Run("found", func(t *testing.T) {
		w := doubtful(t, near)
		w.until(w.now.Add(2 * time.Hour))
		w.says(t, lifecycle.RecordFound, func(v *lifecycle.Verdict) { v.News = lifecycle.News{ProviderID: "SM1", Status: lifecycle.SentStatus} })
		if w.until(w.now); len(w.sent) != 1 {
			t.Fatalf("the journey does not go on: %s %s", w.c.Due, w.c.DueWhy)
		}
	})
	t.Run("never answered", func(t *testing.T) {
		w := doubtful(t, near)
		w.until(day0.Add(33 * day).Add(-time.Second)) // a second before the first step would be too late
		if len(w.sent) > 0 {
			t.Fatalf("sent %v", w.sent)
		}
		if w.until(w.now.Add(time.Hour)); len(w.sent) != 1 || w.c.Run.Step != 2 {
			t.Fatalf("sent %v, run %+v", w.sent, w.c.Run)
		}
	})
}

func TestAReportAfterTheDecisionToSendAgainStillCounts(t *testing.T) {
	w := doubtful(t, resend)
	w.says(t, lifecycle.RecordAbsent)
	w.says(t, lifecycle.RecordAbsent)
	m := lastMessage(w)
	if m.Status != lifecycle.Queued {
		t.Fatalf("it is %s", m.Status)
	}
	w.apply(lifecycle.Event{Type: lifecycle.Delivery, At: w.now, News: &lifecycle.News{MessageID: m.ID, ProviderID: "SM1", Status: lifecycle.SentStatus}})
	w.until(w.now.Add(day))
	if m := lastMessage(w); m.Status != lifecycle.SentStatus || len(w.sent) > 0 {
		t.Fatalf("%s, sent again %v", m.Status, w.sent)
	}
}

func TestAPersonDecides(t *testing.T) {
	for name, c := range map[string]struct {
		kind lifecycle.VerdictKind
		want lifecycle.MessageStatus
		sent int
	}{
		"it was sent":     {lifecycle.PersonSent, lifecycle.SentStatus, 0},
		"it was not sent": {lifecycle.PersonNotSent, lifecycle.SentStatus, 1},
		"drop it":         {lifecycle.PersonDrop, lifecycle.Dropped, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := doubtful(t)
			v := lifecycle.Verdict{Message: lastMessage(w).ID, Kind: c.kind, By: "anna"}
			w.apply(lifecycle.Event{Type: lifecycle.Settled, At: w.now, Verdict: &v})
			w.until(w.now.Add(time.Minute))
			if m := lastMessage(w); m.Status != c.want || len(w.sent) != c.sent {
				t.Fatalf("%s, sent %v", m.Status, w.sent)
			}
			if got := w.apply(lifecycle.Event{Type: lifecycle.Settled, At: w.now, Verdict: &v}); got.Reason != lifecycle.ReasonSettled {
				t.Fatalf("decided twice: %s", got.Reason)
			}
		})
	}
}

func TestWhatWasNeverReportedOnIsAskedForFourTimes(t *testing.T) {
	w := newWorld(t)
	w.apply(consentBoth(day0))
	w.apply(order("1", day0, 4990))
	w.until(day0.Add(30 * day))
	sent := w.now
	var after []time.Duration
	for len(w.c.Looks) > 0 {
		after = append(after, looks(t, w).Next.Sub(w.now))
		if w.says(t, lifecycle.RecordSilent); len(after) > 9 {
			t.Fatal("the questions never end")
		}
	}
	if len(after) != 4 || after[0] != 10*time.Minute || after[3] != 24*time.Hour {
		t.Fatalf("asked after %v (sent %s)", after, sent)
	}
	if m := lastMessage(w); m.Status != lifecycle.SentStatus {
		t.Fatalf("it is %s", m.Status)
	}
}

func TestTwoIdsForOneMessageAreTold(t *testing.T) {
	w := newWorld(t)
	w.apply(consentBoth(day0))
	w.apply(order("1", day0, 4990))
	w.until(day0.Add(30 * day))
	m := lastMessage(w)
	n := lifecycle.News{MessageID: m.ID, ProviderID: "another", Status: lifecycle.SentStatus}
	for range 2 {
		w.apply(lifecycle.Event{Type: lifecycle.Delivery, At: w.now, News: &n})
	}
	told := 0
	for _, e := range w.c.Timeline {
		if e.Type == "message.doubled" {
			told++
		}
	}
	if told != 1 {
		t.Fatalf("told %d times; timeline %+v", told, w.c.Timeline)
	}
}

func TestAnUncertainMessageCountsUnderTheCapAndIsNotForgotten(t *testing.T) {
	w := doubtful(t, func(r *lifecycle.Rules) { r.Cap = lifecycle.Cap{Messages: 1, Per: 40 * day} })
	w.until(day0.Add(61 * day))
	if len(w.sent) > 0 || w.c.DueWhy != lifecycle.ReasonCapped {
		t.Fatalf("sent %v, waits for %s", w.sent, w.c.DueWhy)
	}
	if w.c.UncertainSince() != looks(t, w).Started {
		t.Fatalf("uncertain since %s", w.c.UncertainSince())
	}
}

// TestAnAttemptThatTheStoreForgotIsWrittenAgain: the record is as it was before
// the journey began; its process remembers that a message left.
func TestAnAttemptThatTheStoreForgotIsWrittenAgain(t *testing.T) {
	for name, res := range map[string]*lifecycle.Result{
		"not answered": nil,
		"accepted":     {Outcome: lifecycle.Accepted, ProviderID: "SM1"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.apply(consentBoth(day0))
			w.apply(order("1", day0, 4990))
			before := w.c
			w.until(day0.Add(30 * day))
			m := lastMessage(w)
			a := &lifecycle.Attempt{ID: m.ID + ".1", Started: w.now, Message: m}
			a.Message.Status, a.Message.SentAt = lifecycle.Sending, time.Time{}
			if res != nil {
				res.AttemptID = a.ID
			}
			w.c, w.sent = before, nil
			w.apply(lifecycle.Event{Type: lifecycle.Recalled, At: w.now, Attempt: a, Result: res})
			want := lifecycle.Uncertain
			if res != nil {
				want = lifecycle.SentStatus
			}
			if got := lastMessage(w); got.Status != want || got.ID != m.ID {
				t.Fatalf("%+v", got)
			}
			if again := w.apply(lifecycle.Event{Type: lifecycle.Recalled, At: w.now, Attempt: a, Result: res}); again.Reason != lifecycle.ReasonNothingNew {
				t.Fatalf("written twice: %s", again.Reason)
			}
			w.until(day0.Add(31 * day))
			if len(w.sent) > 0 || w.c.State != lifecycle.Dormant {
				t.Fatalf("sent again: %v, %s", w.sent, w.c.State)
			}
			w.until(day0.Add(61 * day))
			if len(w.sent) != 1 {
				t.Fatalf("then sent %v", w.sent)
			}
		})
	}
}
