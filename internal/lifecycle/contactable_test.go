package lifecycle_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/lifecycle"
)

func TestAfterAPauseTheStepsKeepTheirDistance(t *testing.T) {
	w := bought(t)
	w.until(day0.Add(5 * day))
	w.apply(lifecycle.Event{Type: lifecycle.Paused, Key: "p", Until: w.now.Add(90 * day)})
	w.until(day0.Add(95*day - time.Second))
	if len(w.sent) != 0 {
		t.Fatalf("sent during the pause: %v", w.sent)
	}
	for _, c := range []struct{ day, want int }{{95, 1}, {124, 1}, {125, 2}, {154, 2}, {155, 3}} {
		w.until(day0.Add(time.Duration(c.day) * day))
		if len(w.sent) != c.want {
			t.Fatalf("day %d: sent %v, want %d", c.day, w.sent, c.want)
		}
	}
	w.until(day0.Add(162 * day))
	wantState(t, w, lifecycle.UnsubscribedState, lifecycle.ReasonNoResponse)
}

func TestAPauseInAJourneyMovesTheRestOfIt(t *testing.T) {
	w := bought(t)
	w.until(day0.Add(31 * day))
	w.apply(order("2", w.now, 100))
	w.until(day0.Add(32 * day)) // the first welcome is out
	w.apply(lifecycle.Event{Type: lifecycle.Paused, Key: "p", Until: w.now.Add(10 * day)})
	w.until(day0.Add(42 * day))
	if diff := cmp.Diff([]string{"survey@sms", "welcome_back_memory@email", "welcome_back_news@email"}, w.sent); diff != "" {
		t.Fatal(diff)
	}
	w.until(day0.Add(46*day - time.Second))
	if len(w.sent) != 3 {
		t.Fatalf("the last welcome came too early: %v", w.sent)
	}
	w.until(day0.Add(46 * day))
	if len(w.sent) != 4 {
		t.Fatalf("sent %v", w.sent)
	}
}

func TestAnOptOutDropsWhatIsQueuedOnItsChannelAtOnce(t *testing.T) {
	w := bought(t)
	w.fail = func(lifecycle.Message) *lifecycle.Result { return &lifecycle.Result{Outcome: lifecycle.NotSent} }
	w.until(day0.Add(30*day + time.Minute))
	if m := w.c.Messages[0]; m.Status != lifecycle.Queued || m.Channel != lifecycle.SMS {
		t.Fatalf("message %+v", m)
	}
	got := w.apply(lifecycle.Event{Type: lifecycle.ConsentChanged, Source: "sms", Consents: []lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: lifecycle.Unsubscribed}}})
	if m := w.c.Messages[0]; m.Status != lifecycle.Dropped || m.Error != lifecycle.ReasonOptedOut {
		t.Fatalf("message %s (%s), want dropped (opted_out)", m.Status, m.Error)
	}
	if counted(got, "dropped:opted_out") != 1 {
		t.Fatalf("counts %v", got.Counts)
	}
	w.fail = nil
	w.until(day0.Add(31 * day))
	if diff := cmp.Diff([]string{"survey@email"}, w.sent); diff != "" {
		t.Fatal(diff)
	}
}

func TestAReportProvesAMessageThatSeemedNotSent(t *testing.T) {
	w := bought(t)
	w.fail = func(lifecycle.Message) *lifecycle.Result { return &lifecycle.Result{Outcome: lifecycle.NotSent} }
	w.until(day0.Add(30 * day))
	w.fail = nil
	w.apply(lifecycle.Event{Type: lifecycle.Delivery, News: &lifecycle.News{MessageID: w.c.Messages[0].ID, Status: lifecycle.Delivered}})
	w.until(day0.Add(31 * day))
	if len(w.sent) != 0 || w.c.Run.Step != 1 || w.c.Messages[0].Status != lifecycle.Delivered {
		t.Fatalf("sent %v although the provider had it: %+v", w.sent, w.c.Run)
	}
}

func TestARefusedRecipientIsNotTriedForEver(t *testing.T) {
	w := bought(t)
	w.fail = func(m lifecycle.Message) *lifecycle.Result {
		if m.Channel == lifecycle.SMS {
			return &lifecycle.Result{Outcome: lifecycle.RejectedContact} // a provider that gives no reason
		}
		return nil
	}
	w.until(day0.Add(31 * day))
	if w.tries != 2 || len(w.sent) != 1 || w.sent[0] != "survey@email" {
		t.Fatalf("%d tries, sent %v", w.tries, w.sent)
	}
	if m := w.c.Messages[0]; m.Status != lifecycle.Failed || m.Error != lifecycle.ReasonBlocked {
		t.Fatalf("message %s (%s)", m.Status, m.Error)
	}
}

func TestNobodyWritesToAPlaceholder(t *testing.T) {
	w := newWorld(t)
	w.rules.Assume = [2]lifecycle.ConsentState{lifecycle.Subscribed, lifecycle.Unknown}
	ev := order("1", day0, 100)
	ev.Person.Email = "noreply@bottega.example"
	w.apply(ev)
	w.until(day0.Add(31 * day))
	if len(w.sent) != 0 {
		t.Fatalf("sent %v", w.sent)
	}
}

func TestTheShopsAssumption(t *testing.T) {
	for name, c := range map[string]struct {
		told []lifecycle.ConsentChange
		want int
	}{
		"holds where the source tells nothing":               {nil, 1},
		"does not hold where the source knows of no consent": {[]lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: lifecycle.Unknown}, {Channel: lifecycle.Email, State: lifecycle.Unknown}}, 0},
		"does not hold after an opt-out":                     {[]lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: lifecycle.Unsubscribed}, {Channel: lifecycle.Email, State: lifecycle.Unsubscribed}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.rules.Assume = [2]lifecycle.ConsentState{lifecycle.Subscribed, lifecycle.Subscribed}
			ev := order("1", day0, 100)
			ev.Consents = c.told
			w.apply(ev)
			w.until(day0.Add(31 * day))
			if len(w.sent) != c.want {
				t.Fatalf("sent %v, want %d", w.sent, c.want)
			}
		})
	}
}

func TestAPageSeenAgainDaysLaterIsAResponse(t *testing.T) {
	w := bought(t)
	w.until(day0.Add(31 * day))
	seen := lifecycle.Event{Type: lifecycle.Responded, Source: "page", Response: &lifecycle.Response{Kind: lifecycle.ResponseSeen, MessageID: w.c.Messages[0].ID}}
	w.apply(seen)
	wantState(t, w, lifecycle.Active, lifecycle.ReasonWonResponse)
	marks := len(w.c.Marks)
	w.until(w.now.Add(time.Hour))
	w.apply(seen)
	if len(w.c.Marks) != marks {
		t.Fatal("a page that is loaded again fills the record")
	}
	w.until(day0.Add(62 * day))
	wantState(t, w, lifecycle.Dormant, lifecycle.ReasonInactive)
	w.apply(seen)
	wantState(t, w, lifecycle.Active, lifecycle.ReasonWonResponse)
}

func TestAnImportedReturnIsNotWelcomed(t *testing.T) {
	w := newWorld(t)
	w.apply(consentBoth(day0))
	for _, ev := range []lifecycle.Event{order("1", day0.Add(-200*day), 100), order("2", day0.Add(-2*day), 100)} {
		ev.Historical = true
		w.apply(ev)
	}
	w.until(day0.Add(20 * day))
	wantState(t, w, lifecycle.Active, lifecycle.ReasonWelcomed)
	if len(w.sent) != 0 {
		t.Fatalf("sent %v", w.sent)
	}
	w.until(day0.Add(28 * day)) // not past the first step when imported
	wantState(t, w, lifecycle.Dormant, lifecycle.ReasonInactive)
}

func TestImportedInactivityStartsNothing(t *testing.T) {
	w := newWorld(t)
	w.apply(consentBoth(day0))
	for _, ev := range []lifecycle.Event{order("1", day0.Add(-200*day), 100), order("2", day0.Add(-31*day), 100)} {
		ev.Historical = true
		w.apply(ev)
	}
	w.apply(lifecycle.Event{Type: lifecycle.ContactChanged, Source: "shopify", Key: "c", Person: anna()})
	w.until(day0.Add(400 * day))
	if len(w.sent) != 0 || !w.c.Due.IsZero() {
		t.Fatalf("sent %v, due %s", w.sent, w.c.Due)
	}
	w.apply(order("3", w.now, 100))
	w.until(w.now.Add(31 * day))
	if len(w.sent) == 0 {
		t.Fatal("a new order starts the clock again")
	}
}

func TestConsentForAnotherAddressDoesNotHold(t *testing.T) {
	for name, c := range map[string]struct {
		state lifecycle.ConsentState
		want  lifecycle.ConsentState
	}{
		"an opt-in":  {lifecycle.Subscribed, lifecycle.Unknown},
		"an opt-out": {lifecycle.Unsubscribed, lifecycle.Unsubscribed},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			known := lifecycle.Event{Type: lifecycle.ContactChanged, Source: "shopify", Key: "c", At: day0, Person: anna()}
			known.Person.Authoritative = true
			w.apply(known)
			ev := order("1", day0, 100)
			ev.Person.Email, ev.Consents = "gift@example.org", []lifecycle.ConsentChange{{Channel: lifecycle.Email, State: c.state}}
			w.apply(ev)
			if got := w.c.Consent[lifecycle.Email].State(); w.c.Email.Key != "anna@example.com" || got != c.want {
				t.Fatalf("%s is %s, want %s", w.c.Email.Key, got, c.want)
			}
		})
	}
}
