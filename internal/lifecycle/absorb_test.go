package lifecycle_test

import (
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// two are two records of one person in one shop.
func two(t *testing.T) (keep, gone *world) {
	keep, gone = newWorld(t), bought(t)
	gone.c.ID = "c00000000002"
	gone.c.Messages = nil
	keep.apply(lifecycle.Event{Type: lifecycle.ContactChanged, At: day0, Person: anna()})
	return keep, gone
}

func TestAMessageUnderWayIsNotSentAgainByTheJoinedRecord(t *testing.T) {
	for name, c := range map[string]struct {
		outcome lifecycle.Outcome
		want    lifecycle.MessageStatus
	}{
		"accepted":         {lifecycle.Accepted, lifecycle.SentStatus},
		"not sent":         {lifecycle.NotSent, lifecycle.Dropped},
		"nobody can tell":  {lifecycle.Ambiguous, lifecycle.Uncertain},
		"the answer never": {99, lifecycle.Uncertain},
	} {
		t.Run(name, func(t *testing.T) {
			keep, gone := two(t)
			gone.now = day0.Add(30 * day)
			plan := gone.rules.Decide(lifecycle.Event{Type: lifecycle.StepDue, At: gone.now}, gone.c, gone.now)
			a := &lifecycle.Attempt{ID: plan.Send.ID + ".1", Message: *plan.Send}
			gone.apply(lifecycle.Event{Type: lifecycle.Begin, Attempt: a})
			keep.until(gone.now)
			keep.c = keep.rules.Absorb(keep.c, gone.c, keep.now).Contact
			if c.outcome <= lifecycle.Ambiguous {
				keep.apply(lifecycle.Event{Type: lifecycle.Sent, Result: &lifecycle.Result{AttemptID: a.ID, Outcome: c.outcome, ProviderID: "P"}})
			}
			if m := keep.c.Messages[0]; m.Status != c.want {
				t.Fatalf("message is %s (%s), want %s", m.Status, m.Error, c.want)
			}
			keep.until(day0.Add(59 * day))
			if len(keep.sent) != 0 {
				t.Fatalf("the joined record sent the step again: %v", keep.sent)
			}
			keep.until(day0.Add(61 * day))
			if len(keep.sent) != 1 {
				t.Fatalf("the journey stopped: %+v", keep.c.Run)
			}
		})
	}
}

func TestAWaitingStepSurvivesTheMerge(t *testing.T) {
	keep, gone := two(t)
	gone.rules.Quiet = &lifecycle.Quiet{From: 11 * 60, To: 20 * 60, Channels: [2]bool{true, true}}
	gone.until(day0.Add(30*day + time.Hour)) // 13:00, waits for 20:00
	keep.until(gone.now)
	tr := keep.rules.Absorb(keep.c, gone.c, keep.now)
	keep.c = tr.Contact
	wantState(t, keep, lifecycle.Dormant, lifecycle.ReasonInactive)
	keep.until(day0.Add(31 * day))
	if len(keep.sent) != 1 {
		t.Fatalf("sent %v, want the survey that waited", keep.sent)
	}
	if counted(tr, "state:dormant") != 0 || counted(tr, "state:active") != -1 {
		t.Fatalf("one contact of two must be left in the counts: %v", tr.Counts)
	}
}

func TestConsentOfTwoRecords(t *testing.T) {
	in, out := lifecycle.Subscribed, lifecycle.Unsubscribed
	for name, c := range map[string]struct {
		phone      string // of the record that goes
		keep, gone lifecycle.ConsentState
		later      time.Duration // by how much the other record's decision is younger
		want       lifecycle.ConsentState
	}{
		"a later opt-in for the same number holds":           {"+393331234567", out, in, day, in},
		"a later opt-out for the same number holds":          {"+393331234567", in, out, day, out},
		"an earlier opt-in changes nothing":                  {"+393331234567", out, in, -day, out},
		"an opt-out wins a tie":                              {"+393331234567", in, out, 0, out},
		"the only decision holds":                            {"+393331234567", lifecycle.Unknown, in, 0, in},
		"an opt-in for another number does not carry over":   {"+393337654321", lifecycle.Unknown, in, day, lifecycle.Unknown},
		"an opt-out for another number carries over":         {"+393337654321", in, out, -day, out},
		"a later opt-in for another number reopens no other": {"+393337654321", out, in, day, out},
	} {
		t.Run(name, func(t *testing.T) {
			keep, gone := two(t)
			keep.until(at(3))
			gone.c.Phone, gone.c.Consent = lifecycle.Address{Value: c.phone, Key: c.phone}, [2]lifecycle.Consent{}
			keep.apply(consents(at(2), c.keep, lifecycle.SMS))
			gone.until(at(3))
			gone.apply(consents(at(2).Add(c.later), c.gone, lifecycle.SMS))
			keep.c = keep.rules.Absorb(keep.c, gone.c, keep.now).Contact
			if got := keep.c.Consent[lifecycle.SMS].State(); got != c.want {
				t.Fatalf("SMS is %s, want %s", got, c.want)
			}
		})
	}
}
