package lifecycle_test

import (
	"slices"
	"strconv"
	"time"

	"ritorno/internal/lifecycle"
)

// situations are contacts in every state, by every way into it that leads to
// different ways out.
func situations() []situation {
	on := func(d int, evs ...lifecycle.Event) func(w *world) {
		return func(w *world) {
			w.until(at(d))
			for _, ev := range evs {
				w.apply(ev)
			}
		}
	}
	order0, both := order("1", day0, 4990), consentBoth(day0)
	cancel := func(d int) lifecycle.Event { return sub(lifecycle.SubscriptionCancelled, d) }
	all := func(fs ...func(w *world)) func(w *world) {
		return func(w *world) {
			for _, f := range fs {
				f(w)
			}
		}
	}
	customer := all(on(0, both, order0))
	noPhone, noPhoneConsent := order("1", day0, 4990), consentBoth(day0)
	noPhone.Person.Phone, noPhoneConsent.Person.Phone, noPhoneConsent.Consents = "", "", noPhoneConsent.Consents[:1]
	mailOnly := on(0, noPhoneConsent, noPhone)
	stop := func(d int, chs ...lifecycle.Channel) func(w *world) {
		return on(d, consents(at(d), lifecycle.Unsubscribed, chs...))
	}
	again := order("2", at(31), 100)
	list := []situation{
		{"nobody", func(*world) {}},
		{"a customer without orders", on(0, lifecycle.Event{Type: lifecycle.ContactChanged, At: day0, Person: anna()})},
		{"bought five days ago", all(customer, on(5))},
		{"a day of silence short of dormant", all(customer, on(29))},
		{"its day has come", all(customer, clock(30))},
		{"long silent in a shop without reactivation", all(without(lifecycle.OnInactivity), customer, on(100))},
		{"answered", all(customer, on(31, answered(31)), on(32))},
		{"spared by late news", all(customer, on(31, order("2", at(29), 100)), on(32))},
		{"bought twice after silence", all(customer, on(31, again), on(32, order("3", at(32), 100)))},
		{"welcomed back", all(customer, on(31, again), on(40))},
		{"dormant", all(customer, on(35))},
		{"dormant while a message is under way", all(customer, clock(30), underWay)},
		{"dormant, one channel left, a message under way", all(customer, stop(1, lifecycle.Email), clock(30), underWay)},
		{"active, one channel left, a message under way", all(customer, stop(1, lifecycle.Email), clock(30), underWay, on(31, answered(31)))},
		{"cancelled, one channel left, a message under way", all(customer, stop(1, lifecycle.SMS), on(5, cancel(5)), clock(6), underWay)},
		{"returning, one channel left, a message under way", all(customer, stop(1, lifecycle.SMS), on(31, again), underWay)},
		{"let go, one channel left", all(customer, stop(1, lifecycle.Email), on(120))},
		{"dormant, the last step's time is over", all(customer, on(90), clock(97))},
		{"dormant, never written to, the time is over", all(on(0, order0), on(90), clock(97))},
		{"dormant and unreachable", all(on(0, order0), on(120))},
		{"dormant, its journey was renamed", all(customer, on(35), func(w *world) { w.rules.Journeys[0].Name = "reactivation_2" })},
		{"dormant after a cancellation", all(customer, on(5, cancel(5)), on(40))},
		{"dormant after a cancellation, its day has come", all(customer, on(5, cancel(5)), on(40), clock(5+28+30))},
		{"cancelled", all(customer, on(5, cancel(5)), on(6))},
		{"cancelled and dormant before", all(customer, on(35, cancel(35)), on(36))},
		{"cancelled, its journey is over", all(customer, on(5, cancel(5)), on(19), clock(5+28))},
		{"cancelled, never written to, its journey is over", all(endings(lifecycle.UnsubscribedState), on(0, order0), on(5, cancel(5)), on(19), clock(5+28))},
		{"returning from dormant", all(customer, on(31, again), on(32))},
		{"returning by themselves", all(without(lifecycle.OnInactivity), customer, on(100, order("2", at(100), 100)), on(101))},
		{"returning from unsubscribed", all(customer, on(120, order("2", at(120), 100)), on(121))},
		{"returning from cancelled by an order", all(customer, on(5, cancel(5)), on(9, order("2", at(9), 100)))},
		{"returning from cancelled by a renewal", all(customer, on(5, cancel(5)), on(9, renewal("2", at(9))))},
		{"returning from cancelled by subscribing again", all(customer, on(5, cancel(5)), on(9, sub(lifecycle.SubscriptionStarted, 9)))},
		{"returning, the welcome is over", all(welcome(20*day), customer, on(31, again), on(45), clock(31+20))},
		{"returning, never written to, the welcome is over", all(welcome(20*day), endings(lifecycle.UnsubscribedState), on(0, order0), on(31, again), on(45), clock(31+20))},
		{"returning, silent before the welcome is over", all(welcome(60*day), customer, on(31, again), on(45), clock(31+30))},
		{"returning in a shop without a welcome", all(without(lifecycle.OnReturn), customer, on(31, again), on(58), clock(31+28))},
		{"let go", all(customer, on(120))},
	}
	for _, d := range []int{5, 31, 120} { // active, dormant, let go
		list = append(list,
			situation{"opted out after days: " + strconv.Itoa(d), all(customer, stop(d, lifecycle.Email, lifecycle.SMS), on(d+1))},
			situation{"opted out, no phone number, after days: " + strconv.Itoa(d), all(mailOnly, stop(d, lifecycle.Email), on(d+1))})
	}
	for _, ev := range []lifecycle.Event{order("2", at(31), 100), sub(lifecycle.SubscriptionCancelled, 31)} {
		noPhone := ev
		noPhone.Person.Phone = ""
		list = append(list,
			situation{"opted out after " + string(ev.Type), all(customer, on(31, ev), stop(32, lifecycle.Email, lifecycle.SMS), on(33))},
			situation{"opted out, no phone number, after " + string(ev.Type), all(mailOnly, on(31, noPhone), stop(32, lifecycle.Email), on(33))})
	}
	for _, s := range []lifecycle.State{lifecycle.Active, lifecycle.Dormant, lifecycle.UnsubscribedState} {
		list = append(list,
			situation{"dormant, the journey ends " + s.String(), all(endings(s), customer, on(90), clock(97))},
			situation{"cancelled, the journey ends " + s.String(), all(endings(s), customer, on(5, cancel(5)), on(19), clock(5+28))},
			situation{"returning, the journey ends " + s.String(), all(welcome(20*day), endings(s), customer, on(31, again), on(45), clock(31+20))},
		)
	}
	return list
}

func at(days int) time.Time { return day0.Add(time.Duration(days) * day) }

func sub(kind lifecycle.Type, days int) lifecycle.Event {
	return lifecycle.Event{Type: kind, Source: "shopify", Key: string(kind) + strconv.Itoa(days), At: at(days), Person: anna(), Subscription: &lifecycle.Subscription{ID: "S1"}}
}

func answered(days int) lifecycle.Event {
	return lifecycle.Event{Type: lifecycle.Responded, Key: "answer", At: at(days), Response: &lifecycle.Response{Kind: lifecycle.ResponseSeen}}
}

func consents(t time.Time, s lifecycle.ConsentState, chs ...lifecycle.Channel) lifecycle.Event {
	ev := lifecycle.Event{Type: lifecycle.ConsentChanged, Source: "sms", At: t}
	for _, ch := range chs {
		ev.Consents = append(ev.Consents, lifecycle.ConsentChange{Channel: ch, State: s, At: t})
	}
	return ev
}

// clock moves the time to a day without firing what falls due then.
func clock(days int) func(w *world) { return func(w *world) { w.now = at(days) } }

// underWay fires the timer and stops before the provider's answer.
func underWay(w *world) {
	t := w.rules.Decide(lifecycle.Event{Type: lifecycle.StepDue, At: w.now}, w.c, w.now)
	if t.Send == nil {
		w.tb.Fatalf("nothing to send: %s", t.Reason)
	}
	w.apply(lifecycle.Event{Type: lifecycle.Begin, Attempt: &lifecycle.Attempt{ID: t.Send.ID + ".1", Message: *t.Send}})
}

func without(trigger lifecycle.Trigger) func(w *world) {
	return func(w *world) {
		w.rules.Journeys = slices.DeleteFunc(w.rules.Journeys, func(j lifecycle.Journey) bool { return j.Trigger == trigger })
	}
}

// endings lets every journey end in s.
func endings(s lifecycle.State) func(w *world) {
	return func(w *world) {
		for i := range w.rules.Journeys {
			w.rules.Journeys[i].Finish.Otherwise = s
		}
	}
}

// welcome makes the welcome one message and a time of waiting.
func welcome(wait time.Duration) func(w *world) {
	return func(w *world) {
		for i := range w.rules.Journeys {
			if j := &w.rules.Journeys[i]; j.Trigger == lifecycle.OnReturn {
				j.Steps, j.Finish.After = j.Steps[:1], wait
			}
		}
	}
}

// allNews are all kinds of events, in every shape that can tell them apart.
func allNews() []news {
	list := slices.Concat(newsOfOldAndNow(), newsOfOrdersTaken(), newsOfPeople(), newsOfMessages())
	for _, kind := range []lifecycle.Type{
		lifecycle.SubscriptionPaused, lifecycle.PaymentFailed, lifecycle.ContactChanged, lifecycle.ContactDeleted, lifecycle.EraseRequested, lifecycle.Cleared,
		lifecycle.DataRequested, lifecycle.SourceGone, lifecycle.Noted, lifecycle.StepDue, lifecycle.Started,
	} {
		list = append(list, about(kind, func(*world, *lifecycle.Event) {}))
	}
	return list
}

func kinds() map[string]bool {
	all := map[string]bool{}
	for _, n := range allNews() {
		all[string(n.kind)] = true
	}
	return all
}

// about is an event of a kind about the contact at hand, who is told with no
// other addresses than are known. What lies ahead cannot be told, and most
// kinds need a contact.
func about(kind lifecycle.Type, fill func(w *world, ev *lifecycle.Event)) news {
	return news{kind, func(w *world) (lifecycle.Event, bool) {
		ev := lifecycle.Event{Type: kind, Source: "shopify", Key: "news", At: w.now, Person: anna()}
		if w.c.State != lifecycle.None {
			ev.Person.Email, ev.Person.Phone = w.c.Email.Value, w.c.Phone.Value
		}
		fill(w, &ev)
		return ev, !ev.At.After(w.now) && (w.c.State != lifecycle.None || ev.Creates())
	}}
}

// newsOfOldAndNow is told of now, of day 3 and of day 29.
func newsOfOldAndNow() (list []news) {
	for _, when := range []func(w *world) time.Time{
		func(w *world) time.Time { return w.now }, func(*world) time.Time { return at(3) }, func(*world) time.Time { return at(29) },
	} {
		for _, kind := range []lifecycle.Type{lifecycle.OrderPlaced, lifecycle.Renewed} {
			list = append(list, about(kind, func(w *world, ev *lifecycle.Event) {
				ev.At, ev.Order = when(w), order("new", when(w), 100).Order
				ev.Order.Renewal = kind == lifecycle.Renewed
			}))
		}
		for _, kind := range []lifecycle.Type{lifecycle.SubscriptionCancelled, lifecycle.SubscriptionStarted, lifecycle.Renewed} {
			for _, id := range []string{"S1", "S2"} {
				list = append(list, about(kind, func(w *world, ev *lifecycle.Event) {
					ev.At, ev.Subscription = when(w), &lifecycle.Subscription{ID: id}
				}))
			}
		}
		for _, s := range []lifecycle.Subscription{{ID: "S1", Involuntary: true}, {ID: "S1", Involuntary: true, Disputed: true}} {
			list = append(list, about(lifecycle.SubscriptionCancelled, func(w *world, ev *lifecycle.Event) {
				ev.At, ev.Subscription = when(w), &s
			}))
		}
		list = append(list, about(lifecycle.Responded, func(w *world, ev *lifecycle.Event) {
			ev.At, ev.Response = when(w), &lifecycle.Response{Kind: lifecycle.ResponseReply}
		}))
	}
	return list
}

// newsOfOrdersTaken takes the last order back, or the one before.
func newsOfOrdersTaken() (list []news) {
	for back := 1; back <= 2; back++ {
		nth := func(w *world) lifecycle.OrderMark {
			return append([]lifecycle.OrderMark{{}, {}}, w.c.Orders...)[2+len(w.c.Orders)-back]
		}
		list = append(list,
			about(lifecycle.OrderCancelled, func(w *world, ev *lifecycle.Event) { ev.Order = &lifecycle.Order{ID: nth(w).ID, Partial: true} }),
			about(lifecycle.OrderRefunded, func(w *world, ev *lifecycle.Event) {
				ev.Refund = &lifecycle.Refund{OrderID: nth(w).ID, ID: "r", Full: true}
			}),
			about(lifecycle.OrderPlaced, func(w *world, ev *lifecycle.Event) { // its newest version: void
				ev.Order = &lifecycle.Order{ID: nth(w).ID, At: nth(w).At, Status: lifecycle.OrderVoid}
			}))
	}
	return list
}

func newsOfPeople() (list []news) {
	for _, s := range []lifecycle.ConsentState{lifecycle.Unknown, lifecycle.Subscribed, lifecycle.Unsubscribed, lifecycle.Pending} {
		for _, chs := range [][]lifecycle.Channel{{lifecycle.Email}, {lifecycle.SMS}, {lifecycle.Email, lifecycle.SMS}} {
			list = append(list, about(lifecycle.ConsentChanged, func(w *world, ev *lifecycle.Event) { ev.Consents = consents(w.now, s, chs...).Consents }))
		}
	}
	return append(list,
		about(lifecycle.ContactChanged, func(_ *world, ev *lifecycle.Event) { ev.Person.Phone, ev.Person.Authoritative = "+393337654321", true }),
		about(lifecycle.ContactMerged, func(_ *world, ev *lifecycle.Event) { ev.Merged = &lifecycle.Person{CustomerID: "18"} }),
		about(lifecycle.Opened, func(w *world, ev *lifecycle.Event) { ev.Response = &lifecycle.Response{MessageID: lastMessage(w).ID} }),
		about(lifecycle.Paused, func(w *world, ev *lifecycle.Event) { ev.Until = w.now.Add(90 * day) }),
		about(lifecycle.ConsentTold, func(w *world, ev *lifecycle.Event) {
			ev.Consents = []lifecycle.ConsentChange{{Channel: lifecycle.Email, State: lifecycle.Subscribed, At: w.c.Consent[lifecycle.Email].At, Source: "crm"}}
		}),
		about(lifecycle.Paused, func(w *world, ev *lifecycle.Event) { ev.Until = w.now }),
		about(lifecycle.Released, func(w *world, ev *lifecycle.Event) { ev.Until = w.now.Add(day) }))
}

func lastMessage(w *world) lifecycle.Message {
	return append([]lifecycle.Message{{}}, w.c.Messages...)[len(w.c.Messages)]
}

// attempt is the one under way, or one that nobody knows.
func attempt(w *world) *lifecycle.Attempt {
	if w.c.Sending != nil {
		return w.c.Sending
	}
	return &lifecycle.Attempt{ID: lastMessage(w).ID + ".9", Message: lastMessage(w)}
}

func newsOfMessages() (list []news) {
	for _, kind := range []lifecycle.Type{lifecycle.Begin, lifecycle.Unbegin, lifecycle.Lost, lifecycle.Recalled} {
		list = append(list, about(kind, func(w *world, ev *lifecycle.Event) { ev.Attempt = attempt(w) }))
	}
	for o := lifecycle.Accepted; o <= lifecycle.Ambiguous; o++ {
		list = append(list, about(lifecycle.Sent, func(w *world, ev *lifecycle.Event) {
			ev.Result = &lifecycle.Result{AttemptID: attempt(w).ID, Outcome: o, Reason: lifecycle.ReasonOptedOut}
		}))
	}
	for _, s := range []lifecycle.MessageStatus{lifecycle.SentStatus, lifecycle.Delivered, lifecycle.Failed} {
		list = append(list, about(lifecycle.Delivery, func(w *world, ev *lifecycle.Event) {
			ev.News = &lifecycle.News{MessageID: lastMessage(w).ID, Status: s, Reason: lifecycle.ReasonOptedOut, Suppress: s == lifecycle.Failed}
		}), about(lifecycle.Settled, func(w *world, ev *lifecycle.Event) {
			ev.Verdict = verdict(w, lifecycle.RecordFound)
			ev.Verdict.News = lifecycle.News{Status: s, Reason: lifecycle.ReasonOptedOut, Suppress: s == lifecycle.Failed}
		}))
	}
	for k := lifecycle.RecordAbsent; k <= lifecycle.PersonDrop; k++ {
		list = append(list, about(lifecycle.Settled, func(w *world, ev *lifecycle.Event) { ev.Verdict = verdict(w, k) }))
	}
	return list
}

// verdict answers the open question about the last message, if there is one.
func verdict(w *world, k lifecycle.VerdictKind) *lifecycle.Verdict {
	l, _ := w.c.Look(lastMessage(w).ID)
	return &lifecycle.Verdict{Message: lastMessage(w).ID, Kind: k, Asked: l.Next, Found: "records", By: "support"}
}

// TestNewsOfEveryKindMeetsContactsInEveryState keeps the derivation whole: a
