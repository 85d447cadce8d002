package lifecycle_test

import (
	"fmt"
	"math/rand"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ritorno/internal/lifecycle"
	"ritorno/internal/when"
)

// essence is what "the same record" means: orders, money, consent, state and
// next due time.
type essence struct {
	State, Why  string
	Since, Due  time.Time
	Orders      int
	Spent       string
	First, Last time.Time
	Email, SMS  string
	Marks       int
}

func essenceOf(r *lifecycle.Rules, c lifecycle.Contact) essence {
	t := r.Totals(&c)
	return essence{
		c.State.String(), string(c.Reason), c.Since, c.Due, t.Orders, t.Spent.String(), t.First, t.Last,
		c.Consent[lifecycle.Email].State().String(), c.Consent[lifecycle.SMS].State().String(), len(c.Marks),
	}
}

// history draws events of one person over a year, each with its own time.
func history(t *rapid.T) []lifecycle.Event {
	n := rapid.IntRange(1, 18).Draw(t, "events")
	var evs []lifecycle.Event
	for i := range n {
		at := day0.Add(time.Duration(rapid.IntRange(0, 365*24*60).Draw(t, "minute"))*time.Minute + time.Duration(i)*time.Second)
		evs = append(evs, anyEvent(t, i, at))
	}
	return evs
}

func anyEvent(t *rapid.T, i int, at time.Time) lifecycle.Event {
	ev := lifecycle.Event{Source: "shopify", Key: strconv.Itoa(i), At: at, Version: at, Person: anna()}
	id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "order")
	cents := int64(1000)
	switch rapid.IntRange(0, 11).Draw(t, "kind") {
	case 10:
		ev.Type, ev.Subscription = lifecycle.PaymentFailed, &lifecycle.Subscription{ID: id}
	case 11:
		ev.Type, ev.Journey = lifecycle.Started, "vip"
	case 0, 1, 2:
		ev = order("o"+strconv.Itoa(i), at, cents)
	case 3: // the same order told again in another version
		ev = order(id, day0.Add(time.Duration(id[0])*day), cents)
		ev.Version = at
		ev.Order.Status = rapid.SampledFrom([]lifecycle.OrderStatus{lifecycle.OrderOpen, lifecycle.OrderPaid, lifecycle.OrderVoid}).Draw(t, "status")
	case 4:
		ev.Type, ev.Refund = lifecycle.OrderRefunded, &lifecycle.Refund{OrderID: id, ID: "r" + strconv.Itoa(i), Amount: rapid.Int64Range(1, cents).Draw(t, "refund")}
	case 5:
		ev.Type, ev.Subscription = lifecycle.SubscriptionCancelled, &lifecycle.Subscription{ID: id}
	case 6:
		ev.Type, ev.Subscription = lifecycle.SubscriptionStarted, &lifecycle.Subscription{ID: id}
	default:
		ev.Type = lifecycle.ConsentChanged
		ev.Consents = []lifecycle.ConsentChange{{
			Channel: rapid.SampledFrom([]lifecycle.Channel{lifecycle.Email, lifecycle.SMS}).Draw(t, "channel"),
			State:   rapid.SampledFrom([]lifecycle.ConsentState{lifecycle.Unknown, lifecycle.Subscribed, lifecycle.Unsubscribed, lifecycle.Pending}).Draw(t, "consent"),
			At:      at,
		}}
	}
	ev.Key = strconv.Itoa(i)
	return ev
}

func TestShuffledAndRepeatedHistoriesLeadToTheSameRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		evs := history(t)
		now := day0.Add(400 * day)
		beside := rapid.Bool().Draw(t, "journeys beside the state")
		run := func(evs []lifecycle.Event) lifecycle.Contact {
			w := newWorld(t)
			if beside {
				w.rules.Journeys = append(w.rules.Journeys, besides()...)
			}
			w.now = now
			for _, ev := range evs {
				w.apply(ev)
			}
			return w.c
		}
		ordered := slices.Clone(evs)
		slices.SortStableFunc(ordered, func(a, b lifecycle.Event) int { return a.Version.Compare(b.Version) })
		want := run(ordered)

		mixed := slices.Clone(evs)
		for range rapid.IntRange(0, 5).Draw(t, "repeats") {
			mixed = append(mixed, mixed[rapid.IntRange(0, len(evs)-1).Draw(t, "which")])
		}
		rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed"))).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		got := run(mixed)
		r := rules()
		if beside {
			r.Journeys = append(r.Journeys, besides()...)
		}
		if diff := cmp.Diff(essenceOf(&r, want), essenceOf(&r, got)); diff != "" {
			t.Fatalf("shuffled differs from ordered (-ordered +shuffled):\n%s\nordered %s", diff, describe(ordered))
		}
	})
}

// besides are journeys that stand beside the state.
func besides() []lifecycle.Journey {
	return []lifecycle.Journey{
		journey("dunning", lifecycle.OnPaymentFailed, 0, 5, 9), journey("vip", lifecycle.OnAPI, 1, 8),
		journey("early", lifecycle.OnEarlyWarning, 0, 3), journey("hello", lifecycle.OnImport, 1, 2),
	}
}

// anyLanguage gives a journey some of the keys of the language.
func anyLanguage(t *rapid.T, j *lifecycle.Journey) {
	has := func(what string) bool { return rapid.IntRange(0, 3).Draw(t, j.Name+" "+what) == 0 }
	if has("priority") {
		j.Priority = rapid.IntRange(1, 90).Draw(t, "priority")
	}
	if has("holdout") {
		j.Holdout = 0.5
	}
	if has("reentry") {
		j.Reentry = rapid.SampledFrom([]lifecycle.Reentry{{Never: true}, {After: 60 * day}}).Draw(t, "reentry")
	}
	if has("entries a day") {
		j.PerDay = 1
	}
	last := &j.Steps[len(j.Steps)-1]
	if has("variants") {
		last.Template, last.Variants = "", []lifecycle.Variant{{Name: "dry", Weight: 1, Template: "d"}, {Name: "warm", Weight: 1, Template: "w"}}
	}
	if has("wait") {
		last.WaitFor = &lifecycle.WaitFor{
			Reaction: rapid.SampledFrom([]lifecycle.Reaction{lifecycle.ReactionOpen, lifecycle.ReactionClick}).Draw(t, "reaction"), Timeout: 3 * day,
			Otherwise: rapid.SampledFrom([]lifecycle.Unheard{lifecycle.UnheardSkip, lifecycle.UnheardGo, lifecycle.UnheardEnd}).Draw(t, "otherwise"),
		}
	}
	if len(j.Steps) > 1 && has("after the step before") {
		last.Previous, last.After = true, 2*day
	}
	if e, err := when.Compile("messages >= 1"); err == nil && has("stop") {
		j.StopIf = e
	}
	if has("ending") {
		j.Finish.Otherwise = rapid.SampledFrom([]lifecycle.State{lifecycle.Active, lifecycle.UnsubscribedState}).Draw(t, "ending")
	}
}

func describe(evs []lifecycle.Event) (s string) {
	for _, ev := range evs {
		s += fmt.Sprintf("\n  %s version %s %s %v", ev.At.Format(time.RFC3339), ev.Version.Format(time.RFC3339), ev.Type, ev.Consents)
		if ev.Order != nil {
			s += fmt.Sprintf(" %s status %d", ev.Order.ID, ev.Order.Status)
		}
	}
	return s
}

// TestLateNewsWhileTimeGoesOn lets a life pass with timers and messages, and
// once more with some orders told late: what the record says in the end about
// orders, money and consent is the same, and so are state and timer unless
// messages were sent meanwhile that a response would have to undo.
func TestWhateverHappensTheInvariantsHold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		failing := rapid.SampledFrom([]lifecycle.Outcome{lifecycle.Accepted, lifecycle.NotSent, lifecycle.RejectedContact, lifecycle.RejectedContent, lifecycle.RejectedAccount, lifecycle.Ambiguous}).Draw(t, "provider")
		w.fail = func(m lifecycle.Message) *lifecycle.Result {
			if w.tries%3 == 0 {
				return nil
			}
			return &lifecycle.Result{Outcome: failing, Reason: lifecycle.ReasonInvalid}
		}
		w.rules.Quiet = &lifecycle.Quiet{From: 21 * 60, To: 9 * 60, Channels: [2]bool{false, true}}
		w.rules.Cap = lifecycle.Cap{Messages: 2, Per: 30 * day}
		w.rules.Journeys = append(w.rules.Journeys, besides()...)
		for i := range w.rules.Journeys { // the language, at random
			anyLanguage(t, &w.rules.Journeys[i])
		}
		w.rules.Pin()
		running := map[string]int64{}
		w.counted = func(t lifecycle.Transition) {
			for _, n := range t.Counts {
				running[n.Field] += n.N
			}
		}
		asked := [2]bool{}
		for i := range rapid.IntRange(1, 25).Draw(t, "moves") {
			w.until(w.now.Add(time.Duration(rapid.IntRange(0, 40*24).Draw(t, "hours")) * time.Hour))
			ev := anyEvent(t, i, w.now.Add(-time.Duration(rapid.IntRange(0, 60).Draw(t, "late"))*day))
			if rapid.IntRange(0, 5).Draw(t, "react") == 0 && len(w.c.Messages) > 0 {
				ev = lifecycle.Event{Type: lifecycle.Responded, Response: &lifecycle.Response{Kind: lifecycle.ResponseSeen, MessageID: w.c.Messages[len(w.c.Messages)-1].ID}}
			}
			before := w.c.Consent
			w.apply(ev)
			for _, n := range ev.Consents {
				asked[n.Channel] = asked[n.Channel] || n.State == lifecycle.Subscribed
			}
			for ch, con := range w.c.Consent {
				widened := con.State() == lifecycle.Subscribed && before[ch].State() != lifecycle.Subscribed
				if widened && (len(ev.Consents) == 0 || ev.Consents[0].State != lifecycle.Subscribed) {
					t.Fatalf("%s widened the consent of channel %d", ev.Type, ch)
				}
			}
			for _, m := range w.c.Messages {
				if !m.SentAt.IsZero() && !asked[m.Channel] {
					t.Fatalf("a message left on %s without consent ever given", m.Channel)
				}
			}
		}
		follows := ""
		if run := w.c.Run; run != nil {
			follows = "running:" + run.Journey + ":" + run.Version
			if running[follows] != 1 {
				t.Fatalf("%s is counted %d times", follows, running[follows])
			}
		}
		for field, n := range running {
			if strings.HasPrefix(field, "running:") && field != follows && n != 0 {
				t.Fatalf("%s is counted %d times, and nobody is in it", field, n)
			}
		}
		seen := map[string]bool{}
		for _, m := range w.c.Messages {
			if m.Error == lifecycle.ReasonHoldout && m.Status != lifecycle.Dropped || m.Variant != "" && m.Template == "" {
				t.Fatalf("%+v", m)
			}
			if seen[m.ID] {
				t.Fatalf("two messages with the id %s", m.ID)
			}
			seen[m.ID] = true
		}
	})
}
