package lifecycle_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/lifecycle"
)

// move is one row of docs/state-machine.md: an event that changed a contact's
// state or the reason of it.
type move struct{ from, event, to, reason string }

// nobody and gone are not states: before the first event, and after an erasure.
const nobody, gone = "(none)", "(gone)"

// place names where a contact is. The two ways of being unsubscribed are two
// places, for different things lead out of them.
func place(c lifecycle.Contact) string {
	switch c.State {
	case lifecycle.None:
		return nobody
	case lifecycle.UnsubscribedState:
		return c.State.String() + " (" + string(c.Reason) + ")"
	}
	return c.State.String()
}

// situation is a contact in a state, brought there by events and timers alone.
type situation struct {
	name string
	make func(w *world)
}

// news is one event of a kind, as it may meet a contact.
type news struct {
	kind lifecycle.Type
	make func(w *world) (lifecycle.Event, bool) // false: cannot meet this contact
}

// TestTheStateMachineOfTheDocumentIsTheOneOfTheCode derives the moves by
// letting every kind of event meet contacts in every state, and holds the
// document's tables against them in both directions. The picture shows the
// first table.
func TestTheStateMachineOfTheDocumentIsTheOneOfTheCode(t *testing.T) {
	doc, derived, idle := readStateMachine(t), derive(t), kinds()
	for m, name := range derived {
		if m.from != nobody {
			delete(idle, m.event)
		}
		if !doc.rows[m] {
			t.Errorf("the code does what the tables do not say: %q [%s]", m, name)
		}
	}
	for m := range doc.rows {
		if _, ok := derived[m]; !ok {
			t.Errorf("the tables say what the code never does: %q", m)
		}
	}
	if diff := cmp.Diff(idle, doc.idle); diff != "" {
		t.Errorf("what moves nothing differs (-code +document):\n%s", diff)
	}
	if diff := cmp.Diff(doc.life, doc.arrows); diff != "" {
		t.Errorf("the picture differs from the first table (-table +picture):\n%s", diff)
	}
}

// derive lets all news meet all contacts. It tells each move, and one contact
// that made it.
func derive(t *testing.T) map[move]string {
	t.Helper()
	all := map[move]string{}
	for _, s := range situations() {
		for _, n := range allNews() {
			if m, ok := moveOf(t, s, n); ok {
				all[m] = s.name
			}
		}
	}
	return all
}

// moveOf lets an event meet a contact and tells what it moved; false: nothing.
// Told again, the event must move nothing.
func moveOf(t *testing.T, s situation, n news) (move, bool) {
	t.Helper()
	w := newWorld(t)
	s.make(w)
	ev, ok := n.make(w)
	if !ok {
		return move{}, false
	}
	before := w.c
	got := w.apply(ev)
	m := move{place(before), string(ev.Type), place(w.c), string(w.c.Reason)}
	if got.Contact.Erasing != nil {
		m.to, m.reason = gone, string(got.Reason)
	} else if w.apply(ev); m.to != place(w.c) || m.reason != string(w.c.Reason) {
		t.Errorf("%s: %q, and told again %s (%s)", s.name, m, place(w.c), w.c.Reason)
	}
	return m, m.from != m.to || m.reason != string(before.Reason)
}

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
// new kind of event, a new state or a new reason for one must be driven, too.
func TestNewsOfEveryKindMeetsContactsInEveryState(t *testing.T) {
	driven := kinds()
	for _, kind := range constants(t, "event.go", "Type", "// Event is") {
		if !driven[kind] {
			t.Errorf("no event of the kind %s is driven", kind)
		}
	}
	places, reasons := map[lifecycle.State]bool{}, map[string]bool{}
	for _, s := range situations() {
		w := newWorld(t)
		s.make(w)
		places[w.c.State] = true
	}
	for m := range derive(t) {
		reasons[m.reason] = true
	}
	for s := lifecycle.None; s <= lifecycle.UnsubscribedState; s++ {
		if !places[s] {
			t.Errorf("no contact in the state %q is driven", s)
		}
	}
	for _, why := range constants(t, "reason.go", "Reason", "// Why a message") {
		if !reasons[why] {
			t.Errorf("nothing driven leads to a state for the reason %s", why)
		}
	}
}

// constants reads the string constants of a type from a source file, up to end.
func constants(t *testing.T, file, of, end string) (all []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	part, _, found := strings.Cut(string(text), end)
	for _, m := range regexp.MustCompile(`(?m)^\t\w+\s+`+of+`\s+= "(.*?)"`).FindAllStringSubmatch(part, -1) {
		all = append(all, m[1])
	}
	if len(all) == 0 || !found {
		t.Fatalf("%s has no constants of type %s before %q", file, of, end)
	}
	return all
}

var (
	arrow   = regexp.MustCompile(`^\s*(\[\*\]|\w+) --> (\w+)`)
	nothing = regexp.MustCompile(`(?s)## What moves nothing\n\n(.*?) never move`)
	// drawn turns a name in the picture into the place that it stands for.
	drawn = strings.NewReplacer("[*]", nobody, "no_response", "unsubscribed (no_response)")
	quote = regexp.MustCompile("`([^`]*)`")
)

// stateMachine is what docs/state-machine.md says.
type stateMachine struct {
	rows         map[move]bool
	life, arrows map[[2]string]bool // from one place to another: in the first table, in the picture
	idle         map[string]bool    // events that move nothing
}

// readStateMachine reads all tables whose head begins with from, event, to and
// reason, and the arrows of the picture. The cells of from and event may list
// several words: the row then stands for each combination of them.
func readStateMachine(t *testing.T) stateMachine {
	t.Helper()
	text, err := os.ReadFile("../../docs/state-machine.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := stateMachine{map[move]bool{}, map[[2]string]bool{}, map[[2]string]bool{}, map[string]bool{}}
	if m := nothing.FindStringSubmatch(string(text)); m != nil {
		for _, kind := range words(m[1]) {
			doc.idle[kind] = true
		}
	}
	table, inside := 0, false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if m := arrow.FindStringSubmatch(line); m != nil {
			doc.arrows[[2]string{drawn.Replace(m[1]), drawn.Replace(m[2])}] = true
		}
		switch {
		case strings.HasPrefix(line, "| from | event | to | reason |"):
			table, inside = table+1, true
		case !strings.HasPrefix(line, "|"):
			inside = false
		case inside && !strings.HasPrefix(line, "|--"):
			doc.row(t, strings.Split(strings.Trim(line, "|"), "|"), table == 1)
		}
	}
	if len(doc.rows) == 0 || len(doc.arrows) == 0 {
		t.Fatal("docs/state-machine.md has no table or no picture")
	}
	return doc
}

// row takes in one row of a table; life: of the first.
func (doc stateMachine) row(t *testing.T, cells []string, life bool) {
	for _, from := range words(cells[0]) {
		for _, event := range words(cells[1]) {
			m := move{from, event, words(cells[2])[0], words(cells[3])[0]}
			if doc.rows[m] {
				t.Errorf("the tables say twice: %q", m)
			}
			doc.rows[m] = true
			if life && m.from != m.to {
				doc.life[[2]string{m.from, m.to}] = true
			}
		}
	}
}

// words are the quoted words of a cell; an empty cell is one empty word.
func words(cell string) (all []string) {
	for _, m := range quote.FindAllStringSubmatch(cell, -1) {
		all = append(all, m[1])
	}
	if len(all) == 0 {
		return []string{""}
	}
	return all
}
