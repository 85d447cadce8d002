package lifecycle_test

import (
	"encoding/json"
	"math/rand"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"ritorno/internal/lifecycle"
)

// TestConsentIsTheSameInWhateverOrderItIsTold: any permutation and repetition
// of the same news, ties included, leaves the same consent to the last byte.
func TestConsentIsTheSameInWhateverOrderItIsTold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var told []lifecycle.ConsentChange
		for range rapid.IntRange(1, 24).Draw(t, "changes") {
			told = append(told, lifecycle.ConsentChange{
				Channel:  rapid.SampledFrom([]lifecycle.Channel{lifecycle.Email, lifecycle.SMS}).Draw(t, "channel"),
				State:    rapid.SampledFrom([]lifecycle.ConsentState{lifecycle.Unknown, lifecycle.Subscribed, lifecycle.Unsubscribed, lifecycle.Pending}).Draw(t, "state"),
				At:       day0.Add(time.Duration(rapid.IntRange(1, 8).Draw(t, "hour")) * time.Hour), // few, so that ties are many
				Source:   rapid.SampledFrom([]string{"shopify", "erp", "page"}).Draw(t, "source"),
				Evidence: rapid.SampledFrom([]string{"", "checkout", "one-click"}).Draw(t, "evidence"),
			})
		}
		mixed := slices.Clone(told)
		for range rapid.IntRange(0, 8).Draw(t, "repeats") {
			mixed = append(mixed, told[rapid.IntRange(0, len(told)-1).Draw(t, "which")])
		}
		rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed"))).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		one, two := consentsTold(t, told), consentsTold(t, mixed)
		if diff := cmp.Diff(one.Consent, two.Consent); diff != "" {
			t.Fatalf("consent depends on the order of arrival:\n%s\ntold  %v\nmixed %v", diff, told, mixed)
		}
		for ch := range lifecycle.Channel(2) {
			if want := newest(told, ch); one.Consent[ch].Decided != want {
				t.Fatalf("channel %s is %s, the newest decision is %s: %v", ch, one.Consent[ch].Decided, want, told)
			}
		}
		for _, n := range told {
			if n.State != lifecycle.Unknown && (!hasEvidence(one, n) || !hasEvidence(two, n)) {
				t.Fatalf("no evidence is left of %+v: told %v\nmixed %v", n, told, mixed)
			}
		}
	})
}

// newest is the decision that must be in force: the last one, of several at one
// instant the narrowest.
func newest(told []lifecycle.ConsentChange, ch lifecycle.Channel) lifecycle.ConsentState {
	rank := map[lifecycle.ConsentState]int{lifecycle.Subscribed: 1, lifecycle.Pending: 2, lifecycle.Unsubscribed: 3}
	var best lifecycle.ConsentChange
	for _, n := range told {
		if n.Channel == ch && n.State != lifecycle.Unknown && (n.At.After(best.At) || n.At.Equal(best.At) && rank[n.State] > rank[best.State]) {
			best = n
		}
	}
	return best.State
}

// hasEvidence reports whether a record still has a decision, by itself or as one
// of the repetitions that a span stands for.
func hasEvidence(c lifecycle.Contact, n lifecycle.ConsentChange) bool {
	return slices.Contains(c.Ledger, n) || slices.ContainsFunc(c.History, func(h lifecycle.ConsentSpan) bool {
		return h.Channel == n.Channel && h.State == n.State && h.Source == n.Source && h.Evidence == n.Evidence && !n.At.Before(h.At) && !n.At.After(h.Until)
	})
}

func consentsTold(t interface{ Fatal(...any) }, told []lifecycle.ConsentChange) lifecycle.Contact {
	r := rules()
	c := lifecycle.Contact{ID: "c", Shop: r.Shop}
	for i, n := range told {
		ev := lifecycle.Event{Type: lifecycle.ConsentChanged, Source: n.Source, Key: strconv.Itoa(i), At: n.At, Version: day0, Person: anna(), Consents: []lifecycle.ConsentChange{n}}
		c = r.Decide(ev, c, day0.Add(day)).Contact
	}
	if len(c.Ledger) > lifecycle.MaxLedger {
		t.Fatal("the ledger grows beyond its bound")
	}
	return c
}

// TestConsentEvidenceOutlivesTheLedger: a source that tells the same every day,
// and changes of mind in between, for years.
func TestConsentEvidenceOutlivesTheLedger(t *testing.T) {
	var told []lifecycle.ConsentChange
	at := day0.Add(-2000 * day)
	say := func(s lifecycle.ConsentState, source, evidence string) {
		at = at.Add(day)
		told = append(told, lifecycle.ConsentChange{Channel: lifecycle.Email, State: s, At: at, Source: source, Evidence: evidence})
	}
	say(lifecycle.Subscribed, "shopify", "double opt-in, mail 1")
	first := at
	for range 300 {
		say(lifecycle.Subscribed, "erp", "")
	}
	say(lifecycle.Unsubscribed, "one-click", "mail 77")
	for range 300 {
		say(lifecycle.Unsubscribed, "erp", "")
	}
	say(lifecycle.Subscribed, "sms", "reply: START")
	for range 40 {
		say(lifecycle.Subscribed, "erp", "")
	}
	c := consentsTold(t, told)
	r := rules()
	x := r.Export(c, day0)
	var got []string
	times := 0
	for _, n := range x.ConsentHistory {
		line := n.Channel + " " + n.State + " " + n.Source + " " + n.Evidence
		if len(got) == 0 || got[len(got)-1] != line {
			got = append(got, line)
		}
		times += max(1, n.Times)
	}
	want := []string{
		"email subscribed shopify double opt-in, mail 1", "email subscribed erp ", "email unsubscribed one-click mail 77",
		"email unsubscribed erp ", "email subscribed sms reply: START", "email subscribed erp ",
	}
	if diff := cmp.Diff(want, got); diff != "" || times != len(told) {
		t.Fatalf("%d of %d tellings (-want +got):\n%s", times, len(told), diff)
	}
	if len(c.History) != 6 || !x.ConsentHistory[0].At.Equal(first) {
		t.Fatalf("%d spans, the first at %s", len(c.History), x.ConsentHistory[0].At)
	}
	for range 400 { // somebody who cannot decide
		say(lifecycle.Unsubscribed, "page", "")
		say(lifecycle.Subscribed, "page", "")
	}
	if c := consentsTold(t, told); len(c.History) != lifecycle.MaxHistory || len(c.Ledger) != lifecycle.MaxLedger {
		t.Fatalf("%d and %d entries are kept", len(c.History), len(c.Ledger))
	}
}

func TestLateConsentNewsIsEvidenceToo(t *testing.T) {
	n := func(s lifecycle.ConsentState, hour int, source string) lifecycle.ConsentChange {
		return lifecycle.ConsentChange{Channel: lifecycle.SMS, State: s, At: day0.Add(time.Duration(hour) * time.Hour), Source: source}
	}
	c := consentsTold(t, []lifecycle.ConsentChange{n(lifecycle.Unsubscribed, 5, "page"), n(lifecycle.Subscribed, 1, "shopify"), n(lifecycle.Subscribed, 1, "shopify")})
	if len(c.Ledger) != 2 || c.Ledger[0].Source != "shopify" || c.Consent[lifecycle.SMS].State() != lifecycle.Unsubscribed {
		t.Fatalf("%+v", c.Ledger)
	}
}

// TestAnAddressThatChangesTakesItsConsentBackOnRecord: the ledger says why a
// consent holds no more.
func TestAnAddressThatChangesTakesItsConsentBackOnRecord(t *testing.T) {
	w := newWorld(t)
	ev := order("1", w.now, 100)
	ev.Consents = consents(w.now, lifecycle.Subscribed, lifecycle.Email).Consents
	w.apply(ev)
	p := anna()
	p.Email, p.Authoritative = "new@example.com", true
	w.apply(lifecycle.Event{Type: lifecycle.ContactChanged, Source: "shopify", Key: "c", At: w.now.Add(time.Hour), Version: w.now.Add(time.Hour), Person: p})
	l := w.c.Ledger
	if len(l) != 2 || l[1].State != lifecycle.Unknown || l[1].Evidence != "the address changed" || l[1].Source != "shopify" {
		t.Fatalf("%+v", l)
	}
}

// TestTheExportNamesEverythingThatIsKept holds the export against a record with
// a life in it: every text that came from outside must be in it.
func TestTheExportNamesEverythingThatIsKept(t *testing.T) {
	w := newWorld(t)
	ev := order("1001", w.now, 4990)
	ev.Consents = consents(w.now, lifecycle.Subscribed, lifecycle.Email, lifecycle.SMS).Consents
	ev.Consents[0].Evidence = "checkout box"
	ev.Order.Items, ev.Order.Codes = []lifecycle.Item{{Title: "Olio"}}, []string{"WELCOME"}
	w.apply(ev)
	w.until(w.now.Add(31 * day))
	w.apply(lifecycle.Event{Type: lifecycle.Responded, Source: "sms", Response: &lifecycle.Response{Kind: lifecycle.ResponseAnswer, Choice: "price", Text: "troppo caro"}})
	w.apply(lifecycle.Event{Type: lifecycle.SubscriptionCancelled, Source: "stripe", Subscription: &lifecycle.Subscription{ID: "S", Reason: "moved away", Plan: "gold"}})
	w.c.Suppress[lifecycle.Email] = lifecycle.Suppression{Reason: lifecycle.ReasonBounced, At: w.now, Address: w.c.Email.Key}
	w.c.Older = lifecycle.Rolled{Count: 7, Spent: 12300, First: day0.Add(-900 * day), Last: day0.Add(-100 * day)}
	r := rules()
	x := r.Export(w.c, w.now)
	text, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		w.c.Email.Value, w.c.Phone.Value, w.c.Profile.FirstName, "1001", "49.90", "Olio", "WELCOME", "checkout box", "price", "troppo caro",
		"moved away", "gold", "bounced", "123.00", "survey", "reactivation", "won_by_response", "subscription cancelled", "shopify", "stripe",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is kept and not in the export", want)
		}
	}
	if !slices.Contains(x.Sources, "stripe") || x.EarlierOrders.Count != 7 || len(x.Record.Messages) == 0 || x.MessagesSent == 0 || len(x.Journeys) == 0 {
		t.Errorf("%s", text)
	}
}

// An opt-in told at a number that the record takes over only later is void, and
// stays so however often it is told: an import may be repeated.
func TestAnOptInToldBeforeItsAddressIsVoidEachTime(t *testing.T) {
	w := newWorld(t)
	at := func(d int, phone string, consents ...lifecycle.ConsentChange) lifecycle.Event {
		ev := order("o"+strconv.Itoa(d), day0.Add(time.Duration(d)*day), 1000)
		ev.Person = lifecycle.Person{CustomerID: "1", Phone: phone}
		ev.Consents = consents
		return ev
	}
	optIn := at(1, "+393331000002", lifecycle.ConsentChange{Channel: lifecycle.SMS, State: lifecycle.Subscribed, At: day0.Add(day), Source: "desk"})
	w.now = day0.Add(10 * day)
	w.apply(at(5, "+393331000001"))
	w.apply(optIn) // the record has a newer number
	w.apply(at(9, "+393331000002"))
	if got := w.c.Consent[lifecycle.SMS]; got.State() != lifecycle.Unknown {
		t.Fatalf("consent %+v", got)
	}
	before := w.c
	if tr := w.apply(optIn); tr.Changed {
		t.Errorf("told again it changes the record: %s", cmp.Diff(before, w.c))
	}
}
