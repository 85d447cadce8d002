package rehearse_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ritorno/internal/lifecycle"
	"ritorno/internal/rehearse"
)

const day = 24 * time.Hour

// noon is a Monday, 11:00 UTC, noon in Rome.
var noon = time.Date(2025, 1, 13, 11, 0, 0, 0, time.UTC)

// bought is an order some days after noon.
func bought(customer string, after float64, euros int64) lifecycle.Event {
	at := noon.Add(time.Duration(after * float64(day)))
	return lifecycle.Event{
		Type: lifecycle.OrderPlaced, Source: "import", At: at, Version: at, Historical: true,
		Person: lifecycle.Person{CustomerID: customer},
		Order: &lifecycle.Order{
			ID: fmt.Sprintf("%s-%v", customer, after), At: at, Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: 100 * euros, Currency: "EUR"},
		},
	}
}

func historyOf(evs ...lifecycle.Event) *rehearse.History {
	h := rehearse.NewHistory("bottega")
	for _, ev := range evs {
		h.Add(ev)
	}
	return h
}

func play(t *testing.T, h *rehearse.History, change func(*rehearse.Options)) *rehearse.Result {
	t.Helper()
	o := rehearse.Options{Rules: rulesOf(t, shopYAML), Within: 30 * day, Workers: 2, Keep: true}
	if change != nil {
		change(&o)
	}
	r, err := rehearse.Play(h, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// story is every decision in one line.
func story(all []rehearse.Decision) string {
	var b strings.Builder
	for _, d := range all {
		fmt.Fprintf(&b, "%s +%.1f %s %d %s %s %s\n", d.Customer, d.At.Sub(noon).Hours()/24, d.Journey, d.Step, d.Channel, d.What, d.Reason)
	}
	return strings.ReplaceAll(b.String(), " \n", "\n")
}

func sameStory(t *testing.T, all []rehearse.Decision, want string) {
	t.Helper()
	if diff := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(story(all))); diff != "" {
		t.Errorf("decisions (-want +got):\n%s", diff)
	}
}

func TestAJourneyIsPlayedUpToTheOrderThatEndsIt(t *testing.T) {
	h := historyOf(bought("anna", 0, 40), bought("anna", 75, 50), bought("bruno", 80, 10))
	h.Reach("IT", lifecycle.Email, lifecycle.SMS)
	r := play(t, h, nil)
	sameStory(t, r.Decisions, `
anna +30.0 reactivation 1 sms sent
anna +60.0 reactivation 2 sms sent
anna +75.0 welcome_back 1 email sent
anna +78.0 welcome_back 2 email sent
`)
	rules := rulesOf(t, shopYAML)
	rep := r.Report(&rules, rehearse.Prices{SMS: 78_000, Email: 800}, 30*day)
	if rep.Cost != "0.16" || rep.AverageOrder != "33.33" || rep.Messages != 4 {
		t.Errorf("cost %s, average order %s, %d messages; want 2×0.078 + 2×0.0008 rounded up, 33.33 and 4", rep.Cost, rep.AverageOrder, rep.Messages)
	}
	if c := (rehearse.PerCustomer{WrittenTo: 1, Mean: 4, P50: 4, P90: 4, Max: 4}); rep.PerCustomer != c {
		t.Errorf("per customer %+v, want %+v", rep.PerCustomer, c)
	}
	if rep.Entries[0].Entered != 1 || rep.Entries[0].Ended["won_by_order"] != 1 || rep.Spared.Stopped != 1 {
		t.Errorf("entries %+v, spared %+v", rep.Entries, rep.Spared)
	}
	// Day 75 lies within 30 days of the message of day 60, not of that of day 30.
	if rep.Returns.Watched != 2-1 || rep.Returns.Followed != 0 {
		t.Errorf("returns %+v", rep.Returns)
	}
}

func TestOrdersAfterMessagesAreCountedWhereTheHistoryIsLongEnough(t *testing.T) {
	h := historyOf(bought("anna", 0, 40), bought("anna", 45, 50), bought("bruno", 0, 40), bought("carla", 200, 10))
	h.Reach("IT", lifecycle.SMS)
	r := play(t, h, func(o *rehearse.Options) { o.Rules.Journeys = o.Rules.Journeys[:1] })
	var sum rehearse.Tally
	for _, tally := range r.Messages {
		sum.Sent += tally.Sent
		sum.Watched += tally.Watched
		sum.Followed += tally.Followed
	}
	// Anna: days 30, then 75, 105, 135 after her second order. Bruno: 30, 60, 90.
	if want := (rehearse.Tally{Sent: 7, Watched: 7, Followed: 1}); sum != want {
		t.Errorf("got %+v, want %+v:\n%s", sum, want, story(r.Decisions))
	}
}

func TestAFixedCalendarWritesToPeopleWhoAreBack(t *testing.T) {
	for _, c := range []struct {
		back                float64
		customers, messages int
	}{{20, 0, 0}, {45, 1, 2}, {75, 1, 1}, {95, 0, 0}} {
		r := play(t, historyOf(bought("anna", 0, 40), bought("anna", c.back, 50)), nil)
		if r.SparedCustomers != c.customers || r.SparedMessages != c.messages {
			t.Errorf("back on day %v: %d customers and %d messages spared, want %d and %d", c.back, r.SparedCustomers, r.SparedMessages, c.customers, c.messages)
		}
	}
}

func TestWhatBlocksIsSaid(t *testing.T) {
	h := func() *rehearse.History { return historyOf(bought("anna", 0, 40), bought("bruno", 40, 10)) }
	sameStory(t, play(t, h(), nil).Decisions, "anna +30.0 reactivation 1 sms dropped no_address")
	reached := h()
	reached.Reach("IT", lifecycle.Email, lifecycle.SMS)
	r := play(t, reached, func(o *rehearse.Options) { o.Rules.Assume = [2]lifecycle.ConsentState{} })
	sameStory(t, r.Decisions, "anna +30.0 reactivation 1 sms dropped no_consent")
	rules := rulesOf(t, shopYAML)
	if rep := r.Report(&rules, rehearse.Prices{}, 30*day); !rep.Only(lifecycle.ReasonNoConsent) || rep.Only(lifecycle.ReasonNoAddress) {
		t.Errorf("everything is blocked by missing consent: %+v", rep.Blocked)
	}
	if reached.Reached != [2]int{2, 2} {
		t.Errorf("made-up addresses %v, want two on each channel", reached.Reached)
	}
}

func TestTheLawsHoursAreToldFromTheShops(t *testing.T) {
	late := bought("anna", 9.5/24, 40) // 21:30 in Rome: the shop sleeps, the law does not yet
	night := bought("bruno", 11.0/24, 40)
	end := bought("carla", 40, 10)
	moves := func(quiet bool) map[rehearse.StepKey]int {
		h := historyOf(late, night, end)
		h.Reach("IT", lifecycle.SMS)
		return play(t, h, func(o *rehearse.Options) {
			if !quiet {
				o.Rules.Quiet = nil
			}
		}).Moves
	}
	shop, law := rehearse.StepKey{Journey: "reactivation", Step: 1, Reason: lifecycle.ReasonQuiet}, rehearse.StepKey{Journey: "reactivation", Step: 1, Reason: rehearse.LawWindow}
	if got, want := moves(true), (map[rehearse.StepKey]int{shop: 2}); !cmp.Equal(got, want) {
		t.Errorf("with quiet hours: %v, want %v", got, want)
	}
	if got, want := moves(false), (map[rehearse.StepKey]int{law: 1}); !cmp.Equal(got, want) {
		t.Errorf("without: %v, want %v", got, want)
	}
}

func TestAnOrderIsTakenBackWhenItWasAndNotBefore(t *testing.T) {
	back := bought("anna", 40, 50)
	back.Order.Status, back.Version = lifecycle.OrderVoid, back.At.Add(10*day)
	h := historyOf(bought("anna", 0, 40), back, bought("bruno", 120, 10))
	h.Reach("IT", lifecycle.Email, lifecycle.SMS)
	r := play(t, h, nil)
	got := story(r.Decisions)
	if !strings.Contains(got, "anna +40.0 welcome_back 1 email sent") {
		t.Errorf("the order of day 40 is not seen on its day:\n%s", got)
	}
	if !strings.Contains(got, "reactivation 2") || strings.Contains(got, "welcome_back 4") {
		t.Errorf("the order that was cancelled on day 50 still stands:\n%s", got)
	}
}

func TestWhatIsOlderThanFromStartsNothingByItself(t *testing.T) {
	h := func() *rehearse.History {
		h := historyOf(bought("anna", 0, 40), bought("bruno", 90, 10), bought("carla", 150, 10))
		h.Reach("IT", lifecycle.SMS)
		return h
	}
	from := noon.Add(100 * day)
	r := play(t, h(), func(o *rehearse.Options) { o.From = from })
	sameStory(t, r.Decisions, "bruno +120.0 reactivation 1 sms sent\nbruno +150.0 reactivation 2 sms sent")
	if r.Orders != 1 || !r.From.Equal(from) {
		t.Errorf("%d orders from %s, want the one since %s", r.Orders, r.From, from)
	}
	r = play(t, h(), func(o *rehearse.Options) { o.From, o.Release = from, true })
	if got := story(r.Decisions); !strings.HasPrefix(got, "anna +100.0 reactivation 1 sms sent") {
		t.Errorf("who was silent already does not enter at once:\n%s", got)
	}
}

func TestNobodySeesTheFuture(t *testing.T) {
	whole := life(t, 120)
	_, last := whole.Span()
	cut := last.Add(-200 * day)
	part := rehearse.NewHistory("bottega")
	for ev := range whole.Events() {
		if !ev.At.After(cut) {
			part.Add(ev)
		}
	}
	// Made-up addresses follow the order in which customers appear.
	whole.Reach("IT", lifecycle.Email, lifecycle.SMS)
	part.Reach("IT", lifecycle.Email, lifecycle.SMS)
	_, partLast := part.Span()
	all := play(t, whole, nil).Decisions
	past := slices.DeleteFunc(all, func(d rehearse.Decision) bool { return d.At.After(partLast.Add(time.Second)) })
	got := play(t, part, nil).Decisions
	if len(past) < 100 {
		t.Fatalf("only %d decisions lie before the cut", len(past))
	}
	if diff := cmp.Diff(past, got); diff != "" {
		t.Errorf("what comes later changes what was decided (-whole +cut):\n%s", diff)
	}
}

func TestTheNumberOfWorkersChangesNothing(t *testing.T) {
	h := life(t, 400)
	h.Reach("IT", lifecycle.Email, lifecycle.SMS)
	one := rehearse.Options{Rules: rulesOf(t, shopYAML), Within: 30 * day, Workers: 1, Keep: true}
	other := one
	other.Rules.Journeys = other.Rules.Journeys[:1]
	first, second, diff, err := rehearse.Compare(h, one, other)
	if err != nil {
		t.Fatal(err)
	}
	if diff.Different == 0 || len(diff.Examples) == 0 || len(first.Decisions) <= len(second.Decisions) {
		t.Fatalf("nothing to compare: %+v", diff)
	}
	for _, workers := range []int{2, 5, 16} {
		one.Workers, other.Workers = workers, workers
		a, b, d, err := rehearse.Compare(h, one, other)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]any{first, second, diff}, []any{a, b, d}, cmpopts.IgnoreUnexported(rehearse.Example{})); diff != "" {
			t.Errorf("%d workers (-one +more):\n%s", workers, diff)
		}
	}
	alone := play(t, h, nil)
	if diff := cmp.Diff(alone, first); diff != "" {
		t.Errorf("compared with another configuration, the first decides otherwise (-alone +compared):\n%s", diff)
	}
}

// Customers do not know of each other: one clock for all gives what one clock for
// each gives.
func TestOneClockForAllChangesNothing(t *testing.T) {
	h := life(t, 150)
	h.Reach("IT", lifecycle.Email, lifecycle.SMS)
	each := play(t, h, nil)
	all := play(t, h, func(o *rehearse.Options) { o.Together = true })
	if len(each.Decisions) < 100 {
		t.Fatalf("only %d decisions", len(each.Decisions))
	}
	if diff := cmp.Diff(each, all); diff != "" {
		t.Errorf("(-one after the other +together):\n%s", diff)
	}
}

// The fourth of a day in which three fit enters on the next one; the others are
// spread over the rest of their day.
func TestOnlySoManyEnterInADay(t *testing.T) {
	h := historyOf(bought("anna", 0, 40), bought("bruno", 0.001, 40), bought("carla", 0.002, 40), bought("dora", 0.003, 40), bought("zeno", 59, 1))
	h.Reach("IT", lifecycle.Email)
	one := play(t, h, func(o *rehearse.Options) { o.Rules.Journeys = perDay(o.Rules.Journeys[:1], 3) })
	sameStory(t, one.Decisions, `
anna +30.0 reactivation 1 email sent
bruno +30.2 reactivation 1 email sent
carla +30.3 reactivation 1 email sent
dora +30.5 reactivation 1 email sent
`)
	// By two configurations each with places of its own.
	o := rehearse.Options{Rules: rulesOf(t, shopYAML), Within: 30 * day, Workers: 2, Keep: true}
	few := o
	few.Rules.Journeys = perDay(o.Rules.Journeys[:1], 3)
	a, b, _, err := rehearse.Compare(h, o, few)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Decisions) < 4 || cmp.Diff(one.Decisions, b.Decisions) != "" {
		t.Errorf("compared:\n%s\n%s", story(a.Decisions), story(b.Decisions))
	}
}

// Who was bought from before Ritorno came enters a journey for the imported on
// the day it came, so many a day; who came later never does.
func TestTheImportedEnterTheirJourneyOnTheFirstDay(t *testing.T) {
	h := historyOf(bought("anna", 0, 40), bought("bruno", 1, 40), bought("carla", 2, 40), bought("dora", 11, 40), bought("zeno", 14, 1))
	h.Reach("IT", lifecycle.Email)
	src := strings.Replace(shopYAML, "[reactivation, welcome_back, cancellation]", "[hello]", 1) + `journeys:
  hello:
    trigger: import
    entries_per_day: 2
    steps: [{after: 0s, channel: email, template: survey}]
    finish: {after: 1d, otherwise: active}
`
	r := play(t, h, func(o *rehearse.Options) { o.Rules, o.From = rulesOf(t, src), noon.Add(10*day) })
	if len(r.Decisions) != 3 {
		t.Fatalf("decisions:\n%s", story(r.Decisions))
	}
	days := map[int]int{}
	for _, d := range r.Decisions {
		if d.Journey != "hello" || d.What != rehearse.Sent || d.Customer == "dora" {
			t.Errorf("%+v", d)
		}
		days[d.At.Add(time.Hour).YearDay()-noon.YearDay()]++ // of Rome
	}
	if diff := cmp.Diff(map[int]int{10: 2, 11: 1}, days); diff != "" {
		t.Errorf("entries by day (-want +got):\n%s", diff)
	}
}

func perDay(js []lifecycle.Journey, n int) []lifecycle.Journey {
	js = slices.Clone(js)
	for i := range js {
		js[i].PerDay = n
	}
	return js
}

func TestTwoRecordsOfOnePersonAreJoined(t *testing.T) {
	a, b, both := bought("101", 0, 40), bought("102", 5, 40), bought("102", 10, 40)
	a.Person.Email, both.Person.Email = "anna@shop.example", "anna@shop.example"
	r := play(t, historyOf(a, b, both, bought("103", 50, 1)), nil)
	if r.Contacts != 2 || r.Counts["merged"] != 1 || r.Counts["orders"] != 4 {
		t.Errorf("%d contacts, %d merged, %d orders; want 2, 1 and 4", r.Contacts, r.Counts["merged"], r.Counts["orders"])
	}
	sameStory(t, r.Decisions, "101 +40.0 reactivation 1 email sent")
}

func TestAnEmptyHistoryIsAnError(t *testing.T) {
	o := rehearse.Options{Rules: rulesOf(t, shopYAML)}
	if _, err := rehearse.Play(historyOf(), o); !errors.Is(err, rehearse.ErrEmpty) {
		t.Errorf("got %v", err)
	}
	o.To = noon.Add(-day)
	if _, err := rehearse.Play(historyOf(bought("anna", 0, 1)), o); !errors.Is(err, rehearse.ErrEmpty) {
		t.Errorf("all after the end: got %v", err)
	}
}

func TestPricesAreShownInFull(t *testing.T) {
	for p, want := range map[rehearse.Price]string{0: "0.00", 78_000: "0.078", 90_000: "0.09", 1_234_500: "1.2345", 800: "0.0008", 2_000_000: "2.00"} {
		if got := p.String(); got != want {
			t.Errorf("%d: %s, want %s", int64(p), got, want)
		}
	}
}
