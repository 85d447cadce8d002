package lifecycle_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/lifecycle"
	"ritorno/internal/when"
)

func expr(t *testing.T, src string) *when.Expr {
	t.Helper()
	e, err := when.Compile(src)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// journey is one with e-mails a, b, c on the days given.
func journey(name string, trigger lifecycle.Trigger, days ...int) lifecycle.Journey {
	j := lifecycle.Journey{Name: name, Trigger: trigger, Finish: lifecycle.Finish{After: day, Otherwise: lifecycle.Active}}
	for i, n := range days {
		j.Steps = append(j.Steps, lifecycle.Step{
			After: time.Duration(n) * day, Channels: []lifecycle.Channel{lifecycle.Email}, Template: name + "_" + string(rune('a'+i)),
		})
	}
	return j
}

// with is a customer of day 0 in a shop with further journeys.
func with(t *testing.T, js ...lifecycle.Journey) *world {
	t.Helper()
	w := bought(t)
	w.rules.Journeys = append(w.rules.Journeys, js...)
	w.rules.Pin()
	return w
}

func failed(id string, n int) lifecycle.Event {
	ev := sub(lifecycle.PaymentFailed, n)
	ev.Key += "failed" + id
	ev.Subscription = &lifecycle.Subscription{ID: id}
	return ev
}

func started(name string, n int) lifecycle.Event {
	return lifecycle.Event{Type: lifecycle.Started, Source: "api", Key: "call" + name + at(n).String(), At: at(n), Journey: name}
}

func (w *world) on(n int, evs ...lifecycle.Event) {
	w.until(at(n))
	for _, ev := range evs {
		w.apply(ev)
	}
}

func wantSent(t *testing.T, w *world, want ...string) {
	t.Helper()
	var got []string
	for _, s := range w.sent {
		got = append(got, strings.TrimSuffix(s, "@email"))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("sent %v, want %v; timeline %+v", got, want, w.c.Timeline)
	}
}

func TestAFailedPaymentStartsAJourneyThatAPaymentEnds(t *testing.T) {
	w := with(t, journey("dunning", lifecycle.OnPaymentFailed, 0, 5, 10))
	w.on(2, failed("S1", 2))
	w.on(4, failed("S1", 4)) // the same one, tried again
	w.on(8)
	wantSent(t, w, "dunning_a", "dunning_b")
	wantState(t, w, lifecycle.Active, "")
	paid := sub(lifecycle.Renewed, 9)
	w.on(9, paid)
	w.on(20)
	wantSent(t, w, "dunning_a", "dunning_b")
	if run := w.c.Runs[len(w.c.Runs)-1]; run.Journey != "dunning" || run.Outcome != lifecycle.ReasonRenewed {
		t.Fatalf("%+v", run)
	}
	w.on(40, failed("S1", 40))
	w.on(41)
	if last := w.sent[len(w.sent)-1]; last != "dunning_a@email" {
		t.Fatalf("the next failure starts nothing: %v", w.sent)
	}
}

func TestALateFailureBeforeThePaymentStartsNothing(t *testing.T) {
	w := with(t, journey("dunning", lifecycle.OnPaymentFailed, 0))
	w.on(5, order("2", at(5), 100), failed("S1", 4))
	w.on(8)
	wantSent(t, w)
}

func TestAnEarlyWarningComesOnceForAGapOfTheOwnRhythm(t *testing.T) {
	w := with(t, journey("early", lifecycle.OnEarlyWarning, 0))
	for i := 1; i <= 3; i++ {
		w.on(i*10, order("n"+string(rune('0'+i)), at(i*10), 100))
	}
	w.on(44)
	wantSent(t, w)
	w.on(46) // 1.5 times 10 days after day 30
	wantSent(t, w, "early_a")
	w.on(59)
	wantSent(t, w, "early_a")
	wantState(t, w, lifecycle.Active, "")
	w.on(59, order("n9", at(59), 100))
	w.on(75)
	wantSent(t, w, "early_a", "early_a")
	w.on(90)
	wantState(t, w, lifecycle.Dormant, lifecycle.ReasonInactive)
}

func TestAnEarlyWarningNeedsFourOrdersAndItsDayBeforeTheSilence(t *testing.T) {
	w := with(t, journey("early", lifecycle.OnEarlyWarning, 0))
	w.on(10, order("n1", at(10), 100))
	w.on(20, order("n2", at(20), 100))
	w.on(49)
	wantSent(t, w)
	far := with(t, journey("early", lifecycle.OnEarlyWarning, 0))
	for i := 1; i <= 4; i++ {
		far.on(i*25, order("n"+string(rune('0'+i)), at(i*25), 100))
	}
	far.on(131)
	if slices.Contains(far.sent, "early_a@email") {
		t.Fatal("37 days are later than the inactivity journey's first step")
	}
}

func TestAPIJourneysStartByNameAndEndWithAnAnswer(t *testing.T) {
	w := with(t, journey("vip", lifecycle.OnAPI, 0, 3), journey("other", lifecycle.OnAPI, 0))
	w.on(2, started("vip", 2), started("unknown", 2))
	w.on(3)
	wantSent(t, w, "vip_a")
	w.on(3, answered(3))
	w.on(10)
	wantSent(t, w, "vip_a")
	if run := w.c.Runs[len(w.c.Runs)-1]; run.Outcome != lifecycle.ReasonWonResponse {
		t.Fatalf("%+v", run)
	}
}

func TestAnImportStartsItsJourneyOnce(t *testing.T) {
	w := newWorld(t)
	w.rules.Journeys = append(w.rules.Journeys, journey("hello", lifecycle.OnImport, 1))
	w.rules.Pin()
	w.apply(consentBoth(day0))
	for _, n := range []string{"1", "2"} {
		ev := order(n, day0.Add(-400*day), 100)
		ev.Historical = true
		w.apply(ev)
	}
	w.on(3)
	wantSent(t, w, "hello_a")
	again := order("3", day0.Add(-300*day), 100)
	again.Historical = true
	w.on(4, again)
	w.on(9)
	wantSent(t, w, "hello_a")
}

func TestTheHigherJourneyHasTheContactAndTheLowerGoesOnAfterwards(t *testing.T) {
	w := with(t, journey("dunning", lifecycle.OnPaymentFailed, 0, 1), journey("vip", lifecycle.OnAPI, 0, 2, 20))
	w.on(2, started("vip", 2))
	w.on(3, failed("S1", 3))
	w.on(7)
	// vip_b fell due meanwhile and is passed over
	wantSent(t, w, "vip_a", "dunning_a", "dunning_b")
	if w.c.Run == nil || w.c.Run.Journey != "vip" {
		t.Fatalf("%+v", w.c.Run)
	}
	w.on(23)
	wantSent(t, w, "vip_a", "dunning_a", "dunning_b", "vip_c")
}

func TestSilenceWaitsForAHigherJourneyAndKeepsItsDistances(t *testing.T) {
	w := with(t, journey("vip", lifecycle.OnAPI, 0, 15))
	w.on(20, started("vip", 20))
	w.on(35)
	wantState(t, w, lifecycle.Active, "")
	w.on(37)
	wantState(t, w, lifecycle.Dormant, lifecycle.ReasonInactive)
	w.on(65)
	if n := len(w.sent); n != 3 {
		t.Fatalf("sent %v", w.sent)
	}
	w.on(67)
	if n := len(w.sent); n != 4 {
		t.Fatalf("the second step keeps its 30 days from the first: %v", w.sent)
	}
}

func TestReentry(t *testing.T) {
	for name, c := range map[string]struct {
		reentry lifecycle.Reentry
		want    []string
	}{
		"always":                {lifecycle.Reentry{}, []string{"vip_a", "vip_a", "vip_a"}},
		"never":                 {lifecycle.Reentry{Never: true}, []string{"vip_a"}},
		"after sixteen days":    {lifecycle.Reentry{After: 16 * day}, []string{"vip_a", "vip_a"}},
		"longer than they wait": {lifecycle.Reentry{After: 60 * day}, []string{"vip_a"}},
	} {
		t.Run(name, func(t *testing.T) {
			j := journey("vip", lifecycle.OnAPI, 0)
			j.Reentry = c.reentry
			w := with(t, j)
			for _, n := range []int{1, 11, 21} {
				w.on(n, started("vip", n))
			}
			w.on(25)
			wantSent(t, w, c.want...)
		})
	}
}

func TestSilenceBeginsWhenReentryAllowsItAndTheSecondJourneyTakesTheRest(t *testing.T) {
	w := bought(t)
	w.rules.Journeys[0].Reentry, w.rules.Journeys[0].Priority = lifecycle.Reentry{Never: true}, 35
	w.rules.Journeys = append(w.rules.Journeys, journey("softer", lifecycle.OnInactivity, 40))
	w.rules.Pin()
	w.on(31, answered(31))
	w.on(70)
	wantState(t, w, lifecycle.Active, lifecycle.ReasonWonResponse)
	w.until(at(71).Add(time.Hour))
	wantState(t, w, lifecycle.Dormant, lifecycle.ReasonInactive)
	if w.c.Run.Journey != "softer" {
		t.Fatalf("%+v", w.c.Run)
	}
}

func TestEntriesWaitForTheirPlaceOfTheDay(t *testing.T) {
	w := bought(t)
	w.rules.Journeys[0].PerDay = 1
	w.rules.Pin()
	asked := 0
	w.grant = func(a lifecycle.Ask) time.Time {
		asked++
		return w.now.Add(4 * day)
	}
	w.on(33)
	wantState(t, w, lifecycle.Active, "")
	if st := w.rules.Status(w.c, w.now); st.Next == nil || st.Next.Why != lifecycle.ReasonPerDay || !st.Next.Due.Equal(at(34)) {
		t.Fatalf("%+v", st.Next)
	}
	w.on(35)
	wantState(t, w, lifecycle.Dormant, lifecycle.ReasonInactive)
	if len(w.sent) != 1 || asked != 1 {
		t.Fatalf("sent %v, asked %d times", w.sent, asked)
	}
	w.on(63)
	if len(w.sent) != 1 {
		t.Fatalf("the second step keeps its 30 days: %v", w.sent)
	}
	w.on(65)
	if len(w.sent) != 2 {
		t.Fatalf("%v", w.sent)
	}
	w.grant = nil
	back := with(t)
	back.rules.Journeys[1].PerDay = 1
	back.on(31, order("2", at(31), 100))
	back.on(32)
	if got := back.sent[len(back.sent)-1]; got != "welcome_back_memory@email" {
		t.Fatalf("%v", back.sent)
	}
}

func TestHoldoutWalksTheJourneyAndIsNobodysSilence(t *testing.T) {
	w := bought(t)
	w.rules.Journeys[0].Holdout = 0.999999
	w.rules.Pin()
	w.on(120)
	wantSent(t, w)
	wantState(t, w, lifecycle.Dormant, lifecycle.ReasonUnreachable)
	if len(w.c.Messages) != 3 {
		t.Fatalf("%+v", w.c.Messages)
	}
	for _, m := range w.c.Messages {
		if m.Status != lifecycle.Dropped || m.Error != lifecycle.ReasonHoldout {
			t.Errorf("%+v", m)
		}
	}
}

func TestVariantsAndHoldoutAreDrawnByWeightAndStayWhatTheyAre(t *testing.T) {
	j := journey("vip", lifecycle.OnAPI, 0)
	j.Holdout = 0.2
	j.Steps[0].Template, j.Steps[0].Variants = "", []lifecycle.Variant{{Name: "dry", Weight: 1, Template: "d"}, {Name: "warm", Weight: 3, Template: "w"}}
	counts := map[string]int{}
	const people = 2000
	for n := range people {
		first := ""
		for range 2 {
			w := newWorld(t)
			w.c.ID = "c" + time.Duration(n).String()
			w.rules.Journeys = []lifecycle.Journey{j}
			w.apply(consentBoth(day0))
			w.apply(started("vip", 0))
			w.on(1)
			m := w.c.Messages[0]
			got := m.Variant + " " + m.Template + " " + string(m.Error)
			if first != "" && first != got {
				t.Fatalf("%s, then %s", first, got)
			}
			first = got
		}
		counts[first]++
	}
	for got, share := range map[string]float64{"dry d ": 0.2, "warm w ": 0.6, "dry d holdout": 0.05, "warm w holdout": 0.15} {
		if n := float64(counts[got]) / people; n < share*0.75 || n > share*1.25 {
			t.Errorf("%s: %.3f of all, want about %.2f", got, n, share)
		}
	}
}

func TestAStepWaitsForAReaction(t *testing.T) {
	for name, c := range map[string]struct {
		otherwise lifecycle.Unheard
		click     int // day; 0: never
		want      []string
		dropped   bool
	}{
		"heard before it is due":   {lifecycle.UnheardSkip, 7, []string{"dunning_a", "dunning_b", "dunning_c"}, false},
		"heard while it waits":     {lifecycle.UnheardSkip, 11, []string{"dunning_a", "dunning_b", "dunning_c"}, false},
		"heard too late":           {lifecycle.UnheardSkip, 18, []string{"dunning_a", "dunning_c"}, true},
		"not heard, and gone":      {lifecycle.UnheardGo, 0, []string{"dunning_a", "dunning_b", "dunning_c"}, false},
		"not heard, and the end":   {lifecycle.UnheardEnd, 0, []string{"dunning_a"}, true},
		"not heard, and passed by": {lifecycle.UnheardSkip, 0, []string{"dunning_a", "dunning_c"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			j := journey("dunning", lifecycle.OnPaymentFailed, 0, 8, 20)
			j.Steps[1].WaitFor = &lifecycle.WaitFor{Reaction: lifecycle.ReactionClick, Timeout: 6 * day, Otherwise: c.otherwise}
			w := with(t, j)
			w.on(1, failed("S1", 1))
			if c.click > 0 {
				w.on(c.click)
				ev := answered(c.click)
				ev.Response = &lifecycle.Response{Kind: lifecycle.ResponseSeen, MessageID: w.c.Messages[0].ID}
				w.apply(ev)
				w.until(w.now.Add(time.Second))
				if c.click == 11 && len(w.sent) != 2 {
					t.Fatalf("it still waits: %v", w.sent)
				}
			} else {
				w.on(10)
				if w.c.DueWhy != lifecycle.ReasonAwaits || !w.c.Due.Equal(at(15)) {
					t.Fatalf("due %s for %s", w.c.Due, w.c.DueWhy)
				}
			}
			w.on(29)
			wantSent(t, w, c.want...)
			i := slices.IndexFunc(w.c.Messages, func(m lifecycle.Message) bool { return m.Error == lifecycle.ReasonNoReaction })
			if i >= 0 != c.dropped || i >= 0 && w.c.Messages[i].Detail != "click" {
				t.Errorf("%+v", w.c.Messages)
			}
		})
	}
}

func TestStopIfEndsTheJourneyAndLeavesTheStateAlone(t *testing.T) {
	w := bought(t)
	w.rules.Journeys[0].StopIf = expr(t, "messages >= 2")
	w.rules.Journeys[0].Steps[1].StopIf = expr(t, `1 % orders == 5`)
	w.rules.Pin()
	w.on(120)
	wantState(t, w, lifecycle.Dormant, lifecycle.ReasonStopped)
	if len(w.sent) != 2 {
		t.Fatalf("%v", w.sent)
	}
	named := slices.ContainsFunc(w.c.Timeline, func(e lifecycle.Entry) bool {
		return e.Type == "journey.stopped" && e.Text == "reactivation: messages >= 2"
	})
	if !named {
		t.Errorf("timeline %+v", w.c.Timeline)
	}
}

func TestAConditionThatDoesNotHoldIsNamed(t *testing.T) {
	w := bought(t)
	w.rules.Journeys[0].Steps[0].When = expr(t, "orders > 7")
	w.on(31)
	if m := w.c.Messages[0]; m.Error != lifecycle.ReasonWhenFalse || m.Detail != "orders > 7" {
		t.Fatalf("%+v", m)
	}
}

func TestAfterPreviousCountsFromWhenTheStepBeforeWasHandled(t *testing.T) {
	j := journey("vip", lifecycle.OnAPI, 0, 3)
	j.Steps[1].Previous = true
	w := with(t, j)
	w.on(2, lifecycle.Event{Type: lifecycle.Paused, Key: "p", At: at(2), Until: at(10), Person: anna()}, started("vip", 2))
	w.on(12)
	wantSent(t, w, "vip_a")
	w.on(14)
	wantSent(t, w, "vip_a", "vip_b")
}

func TestAContactKeepsTheVersionItStartedWith(t *testing.T) {
	w := with(t)
	w.on(31)
	old := w.rules.Journeys[0]
	text, digest := old.Definition()
	kept, err := lifecycle.ParseDefinition(text)
	if err != nil || kept.Version != digest || w.c.Run.Version != digest {
		t.Fatalf("%v, %q, %q", err, digest, w.c.Run.Version)
	}
	w.rules.Journeys = slices.Clone(w.rules.Journeys)
	w.rules.Journeys[0].Steps = []lifecycle.Step{{After: 30 * day, Channels: old.Steps[0].Channels, Template: "new"}}
	w.rules.Pin()
	w.rules.Versions = func(d string) *lifecycle.Journey { return map[string]*lifecycle.Journey{digest: kept}[d] }
	w.on(95)
	if len(w.sent) != 3 || w.sent[2] != "coupon@sms" {
		t.Fatalf("%v", w.sent)
	}
	if st := w.rules.Status(w.c, w.now); st.Journey.Steps != 3 || st.Journey.Version != digest {
		t.Errorf("%+v", st.Journey)
	}
	later := with(t)
	later.rules = w.rules
	later.on(31)
	if later.sent[0] != "new@sms" {
		t.Errorf("%v", later.sent)
	}
}

func TestADefinitionComesBackAsItWas(t *testing.T) {
	j := journey("vip", lifecycle.OnAPI, 0, 3)
	j.StopIf, j.Auto = expr(t, "orders > 1"), true
	j.Steps[0].Template, j.Steps[0].Variants = "", []lifecycle.Variant{{Name: "dry", Weight: 1, Template: "d"}, {Name: "warm", Weight: 3, Template: "w"}}
	j.Steps[1] = lifecycle.Step{
		After: 3 * day, Previous: true, Channels: []lifecycle.Channel{lifecycle.SMS, lifecycle.Email}, Template: "x", Expires: time.Hour,
		When: expr(t, "orders > 2"), StopIf: expr(t, "opened"),
		WaitFor: &lifecycle.WaitFor{Reaction: lifecycle.ReactionReply, Timeout: day, Otherwise: lifecycle.UnheardEnd},
	}
	text, digest := j.Definition()
	got, err := lifecycle.ParseDefinition(text)
	if err != nil {
		t.Fatal(err)
	}
	j.Version = digest
	if d := cmp.Diff(&j, got, cmp.Comparer(func(a, b *when.Expr) bool { return a.String() == b.String() })); d != "" {
		t.Errorf("(-put +got):\n%s", d)
	}
	j.Priority, j.Holdout, j.PerDay, j.Reentry = 5, 0.5, 9, lifecycle.Reentry{Never: true}
	if _, same := j.Definition(); same != digest {
		t.Error("what decides on the entry changes what those under way follow")
	}
	for _, text := range []string{"", "{}", `{"name":"a","steps":[{"channels":["fax"]}],"finish":{"otherwise":"active"}}`, `{"name":"a","stop_if":"((","finish":{"otherwise":"active"}}`} {
		if _, err := lifecycle.ParseDefinition([]byte(text)); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

// A count of those who follow a version is right whatever becomes of them.
func TestThoseUnderWayAreCounted(t *testing.T) {
	w := with(t, journey("vip", lifecycle.OnAPI, 0, 3))
	counts := map[string]int64{}
	w.counted = func(t lifecycle.Transition) {
		for _, n := range t.Counts {
			counts[n.Field] += n.N
		}
	}
	key := "running:vip:" + w.rules.Journeys[3].Version
	w.on(2, started("vip", 2))
	if counts[key] != 1 {
		t.Fatalf("%v", counts)
	}
	w.on(9)
	if counts[key] != 0 {
		t.Fatalf("%v", counts)
	}
	w.on(10, started("vip", 10))
	w.apply(lifecycle.Event{Type: lifecycle.EraseRequested, Person: anna()})
	if counts[key] != 0 {
		t.Fatalf("%v", counts)
	}
}
