package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/lifecycle"
)

// bought is a contact with consent and one order on day 0.
func bought(t *testing.T) *world {
	w := newWorld(t)
	w.apply(consentBoth(day0))
	w.apply(order("1001", day0, 4990))
	return w
}

func TestSilenceEndsInUnsubscribed(t *testing.T) {
	w := bought(t)
	wantState(t, w, lifecycle.Active, "")
	w.until(day0.Add(30*day - time.Second))
	wantState(t, w, lifecycle.Active, "")
	if len(w.sent) != 0 {
		t.Fatalf("day 29 is too early: %v", w.sent)
	}
	w.until(day0.Add(30 * day))
	wantState(t, w, lifecycle.Dormant, lifecycle.ReasonInactive)
	w.until(day0.Add(97*day - time.Second))
	wantState(t, w, lifecycle.Dormant, lifecycle.ReasonInactive)
	w.until(day0.Add(97 * day))
	wantState(t, w, lifecycle.UnsubscribedState, lifecycle.ReasonNoResponse)
	w.until(day0.Add(1000 * day))
	// Italy asks for a registered contest: without one the survey goes out.
	if diff := cmp.Diff([]string{"survey@sms", "survey@sms", "coupon@sms"}, w.sent); diff != "" {
		t.Fatal(diff)
	}
}

func TestTheContestRunsOnlyWhereItMay(t *testing.T) {
	registered := func(change func(*lifecycle.Contest)) *lifecycle.Contest {
		c := lifecycle.Contest{RulesURL: "https://shop.example/rules", Registration: "CO/1/2027", From: day0, To: day0.Add(90 * day)}
		change(&c)
		return &c
	}
	for name, c := range map[string]struct {
		contest *lifecycle.Contest
		country string
		want    string
	}{
		"Italy without a contest gets the survey":    {nil, "IT", "survey"},
		"Italy with all of it gets the contest":      {registered(func(*lifecycle.Contest) {}), "IT", "contest"},
		"Italy without rules gets the survey":        {registered(func(c *lifecycle.Contest) { c.RulesURL = "" }), "IT", "survey"},
		"Italy without registration gets the survey": {registered(func(c *lifecycle.Contest) { c.Registration = "" }), "IT", "survey"},
		"Italy without a first day gets the survey":  {registered(func(c *lifecycle.Contest) { c.From = time.Time{} }), "IT", "survey"},
		"Italy without a last day gets the survey":   {registered(func(c *lifecycle.Contest) { c.To = time.Time{} }), "IT", "survey"},
		"Italy before the first day gets the survey": {registered(func(c *lifecycle.Contest) { c.From = day0.Add(70 * day) }), "IT", "survey"},
		"Italy after the last day gets the survey":   {registered(func(c *lifecycle.Contest) { c.To = day0.Add(day) }), "IT", "survey"},
		"France asks for none":                       {nil, "FR", "contest"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.rules.Contest = c.contest
			ev := order("1", day0, 100)
			ev.Person.Country = c.country
			w.apply(consentBoth(day0))
			w.apply(ev)
			w.until(day0.Add(60 * day))
			if got := w.sent[len(w.sent)-1]; got != c.want+"@sms" {
				t.Fatalf("sent %s, want %s", got, c.want)
			}
		})
	}
}

func TestLifecycleTable(t *testing.T) {
	at := func(days int) time.Time { return day0.Add(time.Duration(days) * day) }
	sub := func(typ lifecycle.Type, d int) lifecycle.Event {
		return lifecycle.Event{Type: typ, Source: "shopify", Key: string(typ), At: at(d), Person: anna(), Subscription: &lifecycle.Subscription{ID: "S1", Reason: "too expensive"}}
	}
	answer := lifecycle.Event{Type: lifecycle.Responded, Response: &lifecycle.Response{Kind: lifecycle.ResponseAnswer, Choice: "price"}}
	stop := func(chs ...lifecycle.Channel) lifecycle.Event {
		ev := lifecycle.Event{Type: lifecycle.ConsentChanged, Source: "sms"}
		for _, ch := range chs {
			ev.Consents = append(ev.Consents, lifecycle.ConsentChange{Channel: ch, State: lifecycle.Unsubscribed})
		}
		return ev
	}
	start := lifecycle.Event{Type: lifecycle.ConsentChanged, Source: "sms", Consents: []lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: lifecycle.Subscribed}}}
	type move struct {
		day int
		ev  lifecycle.Event
	}
	for name, c := range map[string]struct {
		moves []move
		end   int
		state lifecycle.State
		why   lifecycle.Reason
		last  string // of the sent messages
		count int
	}{
		"an answer makes a dormant contact active again":       {[]move{{31, answer}}, 31, lifecycle.Active, lifecycle.ReasonWonResponse, "survey@sms", 1},
		"after an answer the clock starts again":               {[]move{{31, answer}}, 61, lifecycle.Dormant, lifecycle.ReasonInactive, "survey@sms", 2},
		"an order leads out of the journey and welcomes":       {[]move{{31, order("2", at(31), 100)}}, 32, lifecycle.Returning, lifecycle.ReasonWonOrder, "welcome_back_memory@email", 2},
		"the last welcome makes active":                        {[]move{{31, order("2", at(31), 100)}}, 39, lifecycle.Active, lifecycle.ReasonWelcomed, "welcome_back_stay@email", 4},
		"a second order makes active and ends the welcome":     {[]move{{31, order("2", at(31), 100)}, {32, order("3", at(32), 100)}}, 40, lifecycle.Active, lifecycle.ReasonSecondOrder, "welcome_back_memory@email", 2},
		"returning and quiet again is dormant":                 {[]move{{31, order("2", at(31), 100)}}, 62, lifecycle.Dormant, lifecycle.ReasonInactive, "survey@sms", 5},
		"a cancellation starts its journey":                    {[]move{{5, sub(lifecycle.SubscriptionCancelled, 5)}}, 6, lifecycle.Cancelled, lifecycle.ReasonCancelled, "cancellation_sorry@email", 1},
		"a cancellation ends the reactivation":                 {[]move{{35, sub(lifecycle.SubscriptionCancelled, 35)}}, 36, lifecycle.Cancelled, lifecycle.ReasonCancelled, "cancellation_sorry@email", 2},
		"a response leaves cancelled cancelled":                {[]move{{5, sub(lifecycle.SubscriptionCancelled, 5)}, {6, answer}}, 7, lifecycle.Cancelled, lifecycle.ReasonCancelled, "cancellation_sorry@email", 1},
		"a renewal after cancelling is a return":               {[]move{{5, sub(lifecycle.SubscriptionCancelled, 5)}, {9, renewal("9", at(9))}}, 10, lifecycle.Returning, lifecycle.ReasonRenewed, "welcome_back_memory@email", 2},
		"subscribing again is a return":                        {[]move{{5, sub(lifecycle.SubscriptionCancelled, 5)}, {9, sub(lifecycle.SubscriptionStarted, 9)}}, 10, lifecycle.Returning, lifecycle.ReasonResumed, "welcome_back_memory@email", 2},
		"the end of the paid period is no second cancellation": {[]move{{5, sub(lifecycle.SubscriptionCancelled, 5)}, {9, order("9", at(9), 100)}, {20, sub(lifecycle.SubscriptionCancelled, 20)}}, 20, lifecycle.Active, lifecycle.ReasonWelcomed, "welcome_back_stay@email", 4},
		"a cancelled contact falls dormant and starts over":    {[]move{{5, sub(lifecycle.SubscriptionCancelled, 5)}}, 5 + 28, lifecycle.Dormant, lifecycle.ReasonFinished, "cancellation_offer@email", 2},
		"the reactivation then counts from that moment":        {[]move{{5, sub(lifecycle.SubscriptionCancelled, 5)}}, 5 + 28 + 30, lifecycle.Dormant, lifecycle.ReasonInactive, "survey@sms", 3},
		"STOP on one channel leaves the other":                 {[]move{{31, stop(lifecycle.SMS)}}, 61, lifecycle.Dormant, lifecycle.ReasonInactive, "survey@email", 2},
		"STOP on both is unsubscribed":                         {[]move{{31, stop(lifecycle.SMS, lifecycle.Email)}}, 400, lifecycle.UnsubscribedState, lifecycle.ReasonOptOut, "survey@sms", 1},
		"an order after an opt-out is recorded only":           {[]move{{31, stop(lifecycle.SMS, lifecycle.Email)}, {40, order("2", at(40), 100)}}, 400, lifecycle.UnsubscribedState, lifecycle.ReasonOptOut, "survey@sms", 1},
		"START opens a channel again":                          {[]move{{31, stop(lifecycle.SMS, lifecycle.Email)}, {40, order("2", at(40), 100)}, {41, start}}, 41, lifecycle.Returning, lifecycle.ReasonWonOrder, "survey@sms", 1},
		"an order after silence is a return":                   {[]move{{120, order("2", at(120), 100)}}, 121, lifecycle.Returning, lifecycle.ReasonWonOrder, "welcome_back_memory@email", 4},
		"an answer after silence is active":                    {[]move{{120, answer}}, 120, lifecycle.Active, lifecycle.ReasonWonResponse, "coupon@sms", 3},
		"an order after a long gap came back by itself":        {[]move{{0, stop()}, {20, order("2", at(20), 100)}}, 20, lifecycle.Active, "", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := bought(t)
			for _, m := range c.moves {
				w.until(at(m.day))
				w.apply(m.ev)
			}
			w.until(at(c.end))
			wantState(t, w, c.state, c.why)
			if len(w.sent) != c.count || c.count > 0 && w.sent[c.count-1] != c.last {
				t.Fatalf("sent %v, want %d ending with %s", w.sent, c.count, c.last)
			}
		})
	}
}

func renewal(id string, at time.Time) lifecycle.Event {
	ev := order(id, at, 999)
	ev.Type, ev.Order.Renewal = lifecycle.Renewed, true
	return ev
}

func TestComingBackByThemselvesAfterTheLapseTime(t *testing.T) {
	w := newWorld(t) // no consent: nobody was written to
	w.rules.Journeys = w.rules.Journeys[1:]
	w.apply(order("1", day0, 100))
	w.until(day0.Add(100 * day))
	w.apply(order("2", w.now, 100))
	wantState(t, w, lifecycle.Returning, lifecycle.ReasonCameBack)
}

func TestNobodyIsLetGoWhoWasNeverWrittenTo(t *testing.T) {
	w := newWorld(t)
	w.apply(order("1", day0, 100)) // no consent on any channel
	w.until(day0.Add(400 * day))
	wantState(t, w, lifecycle.Dormant, lifecycle.ReasonUnreachable)
	for _, m := range w.c.Messages {
		if m.Status != lifecycle.Dropped || m.Error != lifecycle.ReasonNoConsent {
			t.Fatalf("message %+v", m)
		}
	}
}

func TestAFullRefundGoesBackToTheStateBefore(t *testing.T) {
	w := bought(t)
	w.until(day0.Add(31 * day))
	w.apply(order("2", w.now, 100))
	wantState(t, w, lifecycle.Returning, lifecycle.ReasonWonOrder)
	sent := len(w.sent)
	w.apply(lifecycle.Event{Type: lifecycle.OrderRefunded, Source: "shopify", At: w.now, Person: anna(), Refund: &lifecycle.Refund{OrderID: "2", ID: "r", Amount: 100}})
	wantState(t, w, lifecycle.Dormant, lifecycle.ReasonInactive)
	w.until(w.now.Add(day))
	if len(w.sent) != sent {
		t.Fatalf("a refund sent %v", w.sent[sent:])
	}
}

func TestAnOrderFromBeforeTheJourneySparesTheContact(t *testing.T) {
	w := bought(t)
	w.until(day0.Add(32 * day))
	w.apply(order("2", day0.Add(29*day), 100))
	wantState(t, w, lifecycle.Active, lifecycle.ReasonSpared)
	if want := day0.Add(59 * day); !w.c.Due.Equal(want) {
		t.Fatalf("next due %s, want %s", w.c.Due, want)
	}
}

func TestPurchaseBetweenClaimAndBeginStopsTheMessage(t *testing.T) {
	for name, c := range map[string]struct {
		ev   lifecycle.Event
		want lifecycle.Reason
	}{
		"bought":    {order("2", day0.Add(30*day), 100), lifecycle.ReasonBought},
		"answered":  {lifecycle.Event{Type: lifecycle.Responded, Response: &lifecycle.Response{Kind: lifecycle.ResponseSeen}}, lifecycle.ReasonResponded},
		"opted out": {lifecycle.Event{Type: lifecycle.ConsentChanged, Consents: []lifecycle.ConsentChange{{Channel: lifecycle.Email, State: lifecycle.Unsubscribed}, {Channel: lifecycle.SMS, State: lifecycle.Unsubscribed}}}, lifecycle.ReasonOptedOut},
	} {
		t.Run(name, func(t *testing.T) {
			w := bought(t)
			w.until(day0.Add(30*day - time.Hour))
			w.rules.Quiet = nil
			w.now = day0.Add(30 * day)
			claimed := w.rules.Decide(lifecycle.Event{Type: lifecycle.StepDue, At: w.now}, w.c, w.now)
			if claimed.Send == nil {
				t.Fatal("nothing planned")
			}
			// The entry into the journey is stored by another process first.
			w.c = claimed.Contact
			w.now = w.now.Add(time.Second)
			c.ev.At = w.now
			if c.ev.Order != nil {
				c.ev.Order.At = w.now
			}
			w.apply(c.ev)
			got := w.apply(lifecycle.Event{Type: lifecycle.Begin, Attempt: &lifecycle.Attempt{ID: claimed.Send.ID + ".1", Message: *claimed.Send}})
			if got.Go {
				t.Fatal("the message left although its reason was gone")
			}
			m := w.c.Messages[len(w.c.Messages)-1]
			if m.Status != lifecycle.Dropped || m.Error != c.want {
				t.Fatalf("message %s (%s), want dropped (%s)", m.Status, m.Error, c.want)
			}
		})
	}
}

func TestStatusTellsWhatComesNext(t *testing.T) {
	w := bought(t)
	w.until(day0.Add(61 * day))
	s := w.rules.Status(w.c, w.now)
	if s.State != "dormant" || s.Journey == nil || s.Journey.Step != 2 || s.Journey.Steps != 3 || s.Journey.Next == nil || s.Journey.Next.Step != 3 ||
		s.Journey.Next.Template != "coupon" || !s.Journey.Next.Due.Equal(day0.Add(90*day)) || s.Journey.Next.Channel != "sms" {
		t.Fatalf("status %+v journey %+v", s, s.Journey)
	}
	if s.Spent != "49.90" || s.Orders != 1 || s.LastOrder.ID != "1001" || s.Email != "Anna@example.com" {
		t.Fatalf("status %+v", s)
	}
	found := false
	for _, e := range s.Timeline {
		found = found || strings.HasPrefix(e.Summary, "Order 1001, 49.90 EUR")
	}
	if !found {
		t.Fatalf("timeline %+v", s.Timeline)
	}
}
