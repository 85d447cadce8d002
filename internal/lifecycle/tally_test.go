package lifecycle_test

import (
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// surveyed is somebody who got the survey by SMS.
func surveyed(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.apply(consentBoth(day0))
	w.apply(order("1", day0, 1000))
	w.until(day0.Add(30*day + time.Hour))
	return w
}

func newsOf(w *world, s lifecycle.MessageStatus, why lifecycle.Reason) lifecycle.Event {
	return lifecycle.Event{Type: lifecycle.Delivery, Source: "provider", News: &lifecycle.News{
		MessageID: w.c.Messages[0].ID, ProviderID: w.c.Messages[0].ProviderID, Status: s, Reason: why,
	}}
}

func smsConsent(s lifecycle.ConsentState, at time.Time) lifecycle.Event {
	return lifecycle.Event{Type: lifecycle.ConsentChanged, Source: "sms", At: at, Consents: []lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: s, At: at}}}
}

// TestWhatTheBrakesCount: each harm once for its message, and in the hour in
// which that left, however often and late it is told.
func TestWhatTheBrakesCount(t *testing.T) {
	failed, content := lifecycle.TallyFailed, lifecycle.TallyContent
	spam, optedOut := lifecycle.TallySpam, lifecycle.TallyOptedOut
	historical := func(ev lifecycle.Event) lifecycle.Event { ev.Historical = true; return ev }
	for name, tc := range map[string]struct {
		after  time.Duration // since the message left
		events func(w *world) []lifecycle.Event
		want   map[lifecycle.TallyKind]int
	}{
		"delivered": {0, func(w *world) []lifecycle.Event {
			return []lifecycle.Event{newsOf(w, lifecycle.Delivered, ""), newsOf(w, lifecycle.Delivered, "")}
		}, nil},
		"bounced, told three times": {5 * time.Hour, func(w *world) []lifecycle.Event {
			ev := newsOf(w, lifecycle.Failed, lifecycle.ReasonBounced)
			return []lifecycle.Event{ev, ev, newsOf(w, lifecycle.Delivered, ""), ev}
		}, map[lifecycle.TallyKind]int{failed: 1}},
		"filtered by the carrier": {0, func(w *world) []lifecycle.Event {
			ev := newsOf(w, lifecycle.Failed, lifecycle.ReasonContent)
			return []lifecycle.Event{ev, ev}
		}, map[lifecycle.TallyKind]int{content: 1}},
		"delivered, then reported as spam, told twice": {0, func(w *world) []lifecycle.Event {
			ev := newsOf(w, lifecycle.Delivered, lifecycle.ReasonSpam)
			return []lifecycle.Event{newsOf(w, lifecycle.Delivered, ""), ev, ev, newsOf(w, lifecycle.Delivered, "")}
		}, map[lifecycle.TallyKind]int{spam: 1}},
		"opted out, in again and out again": {time.Hour, func(w *world) []lifecycle.Event {
			return []lifecycle.Event{
				smsConsent(lifecycle.Unsubscribed, w.now), smsConsent(lifecycle.Unsubscribed, w.now.Add(time.Second)),
				smsConsent(lifecycle.Subscribed, w.now.Add(2*time.Second)), smsConsent(lifecycle.Unsubscribed, w.now.Add(3*time.Second)),
			}
		}, map[lifecycle.TallyKind]int{optedOut: 1}},
		"opted out more than a day later": {25 * time.Hour, func(w *world) []lifecycle.Event {
			return []lifecycle.Event{smsConsent(lifecycle.Unsubscribed, w.now)}
		}, nil},
		"an opt-out of an import": {time.Hour, func(w *world) []lifecycle.Event {
			return []lifecycle.Event{historical(smsConsent(lifecycle.Unsubscribed, w.now))}
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := surveyed(t)
			left := w.c.Messages[0].SentAt
			w.now = left.Add(tc.after)
			got := map[lifecycle.TallyKind]int{}
			for _, ev := range tc.events(w) {
				for _, n := range w.apply(ev).Tallies {
					got[n.Kind]++
					if !n.At.Equal(left) || n.Channel != lifecycle.SMS {
						t.Errorf("%s counted for %s at %s, which left at %s", n.Kind, n.Channel, n.At, left)
					}
				}
			}
			for k := range lifecycle.TallyKinds {
				if got[k] != tc.want[k] {
					t.Errorf("%s: %d, want %d", k, got[k], tc.want[k])
				}
				if again, ok := lifecycle.ParseTally(k.String()); !ok || again != k {
					t.Errorf("%s is read as %s", k, again)
				}
			}
			if n := w.tally[lifecycle.TallySent]; n[lifecycle.SMS] != 1 || n[lifecycle.Email] != 0 {
				t.Errorf("sent %v", n)
			}
		})
	}
}

func TestARefusalCountsAsAMessageThatLeft(t *testing.T) {
	for name, tc := range map[string]struct {
		res  lifecycle.Result
		want lifecycle.TallyKind
		n    int
	}{
		"the number":         {lifecycle.Result{Outcome: lifecycle.RejectedContact, Reason: lifecycle.ReasonInvalid}, lifecycle.TallyFailed, 1},
		"the text":           {lifecycle.Result{Outcome: lifecycle.RejectedContent, Reason: lifecycle.ReasonContent}, lifecycle.TallyContent, 1},
		"the account":        {lifecycle.Result{Outcome: lifecycle.RejectedAccount, Reason: lifecycle.ReasonAccount}, lifecycle.TallySent, 0},
		"nobody was asked":   {lifecycle.Result{Outcome: lifecycle.NotSent}, lifecycle.TallySent, 0},
		"the answer is lost": {lifecycle.Result{Outcome: lifecycle.Ambiguous}, lifecycle.TallySent, 0},
		"a brake":            {lifecycle.Result{Outcome: lifecycle.RejectedAccount, Reason: lifecycle.ReasonBraked}, lifecycle.TallySent, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fail = func(lifecycle.Message) *lifecycle.Result { r := tc.res; return &r }
			w.apply(consentBoth(day0))
			w.apply(order("1", day0, 1000))
			w.now = w.c.Due
			w.fire()
			if w.tally[tc.want][lifecycle.SMS] != tc.n || w.tally[lifecycle.TallySent][lifecycle.SMS] != tc.n {
				t.Errorf("tallied %v", w.tally)
			}
		})
	}
}

// TestAHeldMessageSaysWhatHoldsIt, waits, and is dropped for that reason when
// it is too late.
func TestAHeldMessageSaysWhatHoldsIt(t *testing.T) {
	for _, why := range []lifecycle.Reason{lifecycle.ReasonShopPaused, lifecycle.ReasonFeedSilent, lifecycle.ReasonBraked} {
		w := newWorld(t)
		w.fail = func(lifecycle.Message) *lifecycle.Result {
			return &lifecycle.Result{Outcome: lifecycle.RejectedAccount, Reason: why}
		}
		w.apply(consentBoth(day0))
		w.apply(order("1", day0, 1000))
		w.now = w.c.Due
		w.fire()
		if m := w.c.Messages[0]; m.Status != lifecycle.Queued || m.Error != why || w.c.DueWhy != why || !w.c.Due.Equal(w.now.Add(15*time.Minute)) {
			t.Errorf("%s: %+v, due %s for %s", why, m, w.c.Due, w.c.DueWhy)
		}
		w.until(day0.Add(34 * day))
		if m := w.c.Messages[0]; m.Status != lifecycle.Dropped || m.Error != why {
			t.Errorf("%s, too late: %+v", why, m)
		}
	}
}

// TestOnlyJourneysOfTheSilentAwaitAnOrder: these wait for a silent feed.
func TestOnlyJourneysOfTheSilentAwaitAnOrder(t *testing.T) {
	for trigger, want := range map[lifecycle.Trigger]bool{
		lifecycle.OnInactivity: true, lifecycle.OnEarlyWarning: true, lifecycle.OnReturn: false, lifecycle.OnCancellation: false,
		lifecycle.OnPaymentFailed: false, lifecycle.OnImport: false, lifecycle.OnAPI: false,
	} {
		if trigger.AwaitsOrder() != want {
			t.Errorf("%s: %v", trigger, !want)
		}
	}
}
