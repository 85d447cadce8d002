package engine_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
)

func refund(order, id string, amount int64, p lifecycle.Person) lifecycle.Event {
	return lifecycle.Event{
		Type: lifecycle.OrderRefunded, Source: "shopify", Key: "refund " + id, At: day0.Add(time.Hour), Person: p,
		Refund: &lifecycle.Refund{OrderID: order, ID: id, Amount: amount},
	}
}

func consentByID(id string) lifecycle.Event {
	return lifecycle.Event{
		Type: lifecycle.ConsentChanged, Source: "shopify", Key: "consent " + id, At: day0, Person: lifecycle.Person{CustomerID: id},
		Consents: []lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: lifecycle.Subscribed}},
	}
}

// TestNewsThatComesBeforeItsPerson: each story tells everything out of order.
func TestNewsThatComesBeforeItsPerson(t *testing.T) {
	nobody, byID, anna := lifecycle.Person{}, lifecycle.Person{CustomerID: "1"}, named("1", annaMail, annaPhone)
	onlyID := orderOf("1", day0, byID)
	for name, c := range map[string]struct {
		told   []lifecycle.Event
		parked int // of them
		spent  string
		state  lifecycle.State
	}{
		"a refund before its order":                               {[]lifecycle.Event{refund("1", "r", 400, nobody), orderOf("1", day0, anna)}, 1, "6.00", lifecycle.Active},
		"a refund after it, which names the order alone":          {[]lifecycle.Event{orderOf("1", day0, anna), refund("1", "r", 400, nobody)}, 0, "6.00", lifecycle.Active},
		"an order by an id that nobody knows yet":                 {[]lifecycle.Event{onlyID, changed("c", day0, anna)}, 1, "10.00", lifecycle.Active},
		"the same, and then its refund":                           {[]lifecycle.Event{onlyID, changed("c", day0, anna), refund("1", "r", 400, nobody)}, 1, "6.00", lifecycle.Active},
		"its refund first of all":                                 {[]lifecycle.Event{refund("1", "r", 400, nobody), onlyID, changed("c", day0, anna)}, 2, "6.00", lifecycle.Active},
		"a refund by id, the order, and a refund of the order":    {[]lifecycle.Event{changed("c", day0, anna), refund("1", "r", 400, byID), orderOf("1", day0, anna), refund("1", "r2", 100, nobody)}, 0, "5.00", lifecycle.Active},
		"consent by id":                                           {[]lifecycle.Event{consentByID("1"), orderOf("1", day0, anna)}, 1, "10.00", lifecycle.Active},
		"a subscription of a customer whom nobody has introduced": {[]lifecycle.Event{{Type: lifecycle.SubscriptionCancelled, Source: "shopify", Key: "s", At: day0, Person: byID, Subscription: &lifecycle.Subscription{ID: "S"}}, changed("c", day0, anna)}, 1, "0.00", lifecycle.Cancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.goTo(t, day0.Add(2*time.Hour))
			parked := 0
			for _, ev := range c.told {
				if b.tell(t, ev).Parked {
					parked++
				}
			}
			got := b.find(t, annaMail)
			if st := b.StatusOf(got, day0); parked != c.parked || st.Spent != c.spent || got.State != c.state {
				t.Fatalf("%d parked, %s, %s; want %d, %s, %s", parked, st.Spent, got.State, c.parked, c.spent, c.state)
			}
			if n, err := b.st.ParkedCount(b.ctx); err != nil || n != 0 {
				t.Fatalf("%d are parked for ever, %v", n, err)
			}
			for _, ev := range c.told { // the same deliveries again
				b.tell(t, ev)
			}
			again := b.find(t, annaMail)
			if st := b.StatusOf(again, day0); st.Spent != c.spent || again.State != c.state || len(again.Timeline) != len(got.Timeline) {
				t.Fatalf("told again: %s, %s, %+v", st.Spent, again.State, again.Timeline)
			}
		})
	}
}

// TestARetryAfterACrashFinishesWhatWasLeft: the process died after the order
// was stored and before it could be found by its id, or its parked news were
// applied. The source's retry must mend that.
func TestARetryAfterACrashFinishesWhatWasLeft(t *testing.T) {
	b := newBench(t)
	b.goTo(t, day0.Add(2*time.Hour))
	b.tell(t, refund("1", "r", 400, lifecycle.Person{}))
	b.tell(t, consentByID("1"))
	if err := b.ApplyAndDie(b.ctx, "bottega", orderOf("1", day0, named("1", annaMail, annaPhone))); err != nil {
		t.Fatal(err)
	}
	if out := b.tell(t, orderOf("1", day0, named("1", annaMail, annaPhone))); !out.Duplicate {
		t.Fatalf("the retry is no duplicate: %+v", out)
	}
	c := b.find(t, "1")
	if st := b.StatusOf(c, day0); st.Spent != "6.00" || st.Consent["sms"].State != "subscribed" {
		t.Fatalf("spent %s, sms %s", st.Spent, st.Consent["sms"].State)
	}
	b.tell(t, refund("1", "r2", 100, lifecycle.Person{}))
	if st := b.StatusOf(b.find(t, "1"), day0); st.Spent != "5.00" {
		t.Fatalf("spent %s", st.Spent)
	}
}

// TestNewsRacingItsPerson: whichever comes first, nothing stays parked.
func TestNewsRacingItsPerson(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.goTo(t, day0.Add(2*time.Hour))
	const people = 20
	var all sync.WaitGroup
	errs := make(chan error, 3*people)
	for i := range people {
		id, mail := strconv.Itoa(i), "p"+strconv.Itoa(i)+"@example.com"
		for _, ev := range []lifecycle.Event{consentByID(id), refund("o"+id, "r"+id, 400, lifecycle.Person{}), orderOf("o"+id, day0, named(id, mail, ""))} {
			all.Go(func() {
				_, err := b.Apply(b.ctx, "bottega", ev)
				errs <- err
			})
		}
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range people {
		c := b.find(t, strconv.Itoa(i))
		if st := b.StatusOf(c, day0); st.Spent != "6.00" || st.Consent["sms"].State != "subscribed" {
			t.Errorf("person %d: spent %s, sms %s", i, st.Spent, st.Consent["sms"].State)
		}
	}
	if n, err := b.st.ParkedCount(b.ctx); err != nil || n != 0 {
		t.Fatalf("%d are parked for ever, %v", n, err)
	}
}

// TestManyAtOnceMakeOnePerson posts different orders of one new person, each
// several times, all at once.
func TestManyAtOnceMakeOnePerson(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.goTo(t, day0.Add(2*time.Hour))
	const orders, repeats = 50, 4
	var all sync.WaitGroup
	outs := make(chan engine.Outcome, orders*repeats)
	for i := range orders * repeats {
		id := strconv.Itoa(i % orders)
		p := []lifecycle.Person{named("1", annaMail, annaPhone), named("1", annaMail, ""), named("", annaMail, annaPhone)}[i%orders%3]
		all.Go(func() {
			out, err := b.Apply(b.ctx, "bottega", orderOf(id, day0.Add(time.Duration(i%orders)*time.Minute), p))
			if err != nil {
				t.Error(err)
			}
			outs <- out
		})
	}
	all.Wait()
	close(outs)
	duplicates := 0
	for out := range outs {
		if out.Duplicate {
			duplicates++
		}
	}
	got := b.contacts(t)
	if len(got) != 1 {
		t.Fatalf("%d people", len(got))
	}
	if st := b.StatusOf(got[0], day0); st.Orders != orders || st.Spent != "500.00" || duplicates != orders*(repeats-1) {
		t.Fatalf("%d orders, %s, %d duplicates", st.Orders, st.Spent, duplicates)
	}
	if n, err := b.Counts(b.ctx, "bottega"); err != nil || n["state:active"] != 1 || n["orders"] != orders {
		t.Fatalf("counts %v, %v", n, err)
	}
}
