package engine_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
)

// twoOffers are a strong one for whoever opened nothing, of which the budget
// bears two, and a small one.
const twoOffers = `offers:
      strong: {kind: financial, type: coupon, percent: 20, cost: "8.00", expires: 7d, when: "not opened", framing: loss, budget: {amount: "16.00", per: 30d}}
      small: {kind: material, type: surprise, text: un segnalibro nel prossimo pacco}`

// offered is oneStep with the offers of twoOffers.
var offered = strings.Replace(oneStep, "template: coupon}", "template: coupon, offer: [strong, small]}", 1)

// quietPeople are n contacts whose last order is that of day0.
func quietPeople(t *testing.T, n int, src string, with ...func(*engine.Options)) *bench {
	t.Helper()
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), src, with...)
	b.goTo(t, day0)
	for i := range n {
		id := fmt.Sprint(i + 1)
		b.tell(t, allowed(orderOf(id, day0, named(id, "p"+id+"@example.com", "+3933312345"+fmt.Sprintf("%02d", i)))))
	}
	return b
}

func TestTheBudgetDecidesWhoGetsTheStrongOffer(t *testing.T) {
	t.Parallel()
	shop, with := withShop(t)
	b := quietPeople(t, 5, shopWith(twoOffers, "journeys: [reactivation]")+offered, with)
	b.goTo(t, day0.Add(30*day))
	got := map[string]int{}
	for _, c := range b.contacts(t) {
		m := c.Messages[0]
		got[m.Offer]++
		switch m.Offer {
		case "strong":
			if m.OfferKind != lifecycle.Financial || m.OfferCost != 800 || !m.OfferUntil.Equal(day0.Add(37*day)) || m.Framing != "loss" || m.Coupon == "" {
				t.Errorf("%+v", m)
			}
		case "small":
			if m.OfferKind != lifecycle.Material || m.OfferCost != 0 || !m.OfferUntil.IsZero() || m.Coupon != "" {
				t.Errorf("%+v", m)
			}
		}
	}
	if got["strong"] != 2 || got["small"] != 3 {
		t.Errorf("offers %v", got)
	}
	made := shop.Discounts()
	if len(made) != 2 || made[0].Percent != 20 || !made[0].End.Equal(day0.Add(37*day)) {
		t.Errorf("the shop made %+v", made)
	}
	texts := map[bool]int{}
	for _, s := range b.sms.all() {
		texts[strings.Contains(s.Message.Text, "-20% con ")]++
		if !strings.Contains(s.Message.Text, "-20% con ") && !strings.Contains(s.Message.Text, "un segnalibro nel prossimo pacco") {
			t.Errorf("offers nothing: %s", s.Message.Text)
		}
	}
	if texts[true] != 2 {
		t.Errorf("%d messages say 20%%", texts[true])
	}
	status := b.options.Shops[0].Rules.Status(b.find(t, "1"), b.now(t)).Messages[0]
	if status.Offer == "" || status.OfferKind == "" || status.OfferCost == "" {
		t.Errorf("the status does not tell the offer: %+v", status)
	}
	b.whole(t)
}

// Two processes that send at the same time share one budget.
func TestTwoProcessesShareABudget(t *testing.T) {
	t.Parallel()
	src := shopWith(twoOffers, "journeys: [reactivation]") + offered
	b := quietPeople(t, 12, src)
	other := newBenchOn(t, redistest.Start(t), prefixOf(t), src)
	for _, p := range []*bench{b, other} {
		if err := p.st.SetOffset(p.ctx, time.Until(day0.Add(30*day+time.Minute))); err != nil {
			t.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	for _, p := range []*bench{b, other} {
		wg.Go(func() {
			for range 3 {
				if _, err := p.Tick(p.ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	strong, all := 0, 0
	for _, c := range b.contacts(t) {
		for _, m := range c.Messages {
			all++
			if m.Offer == "strong" {
				strong++
			}
		}
	}
	if all != 12 || strong != 2 {
		t.Errorf("%d of %d messages bring the offer of which the budget bears two", strong, all)
	}
}

// What a message took of a budget is free again where it does not leave after
// all, for the next one.
func TestABudgetGetsBackWhatDidNotLeave(t *testing.T) {
	t.Parallel()
	b := quietPeople(t, 1, shopWith(strings.Replace(twoOffers, `"16.00"`, `"8.00"`, 1), "journeys: [reactivation]")+offered)
	bought := false
	b.BeforeBegin(func(m lifecycle.Message) {
		if !bought {
			bought = true
			b.tell(t, orderOf("99", b.now(t), named("1", "p1@example.com", "")))
		}
	})
	b.goTo(t, day0.Add(30*day))
	if !bought || len(b.sms.all()) != 0 {
		t.Fatalf("bought %v, %d messages left", bought, len(b.sms.all()))
	}
	b.tell(t, allowed(orderOf("2", b.now(t).Add(-30*day).Add(time.Hour), named("2", "p2@example.com", "+393331234599"))))
	b.goTo(t, b.now(t).Add(2*time.Hour))
	if m := b.find(t, "2").Messages; len(m) != 1 || m[0].Offer != "strong" {
		t.Errorf("the next one got %+v", m)
	}
}

// Where a shop has offers and its journeys name none, those templates that are
// made for one take the dearest that fits.
func TestBuiltinJourneysTakeTheShopsOffers(t *testing.T) {
	t.Parallel()
	b := quietPeople(t, 1, shopWith(twoOffers))
	b.goTo(t, day0.Add(90*day))
	var offers []string
	for _, m := range b.find(t, "1").Messages {
		offers = append(offers, m.Template+":"+m.Offer)
	}
	if got := strings.Join(offers, " "); got != "survey: survey: coupon:strong" {
		t.Errorf("%s", got)
	}
	last := b.sms.all()[2].Message.Text
	if !strings.Contains(last, "Prima di salutarci") || !strings.Contains(last, "-20% con ") {
		t.Errorf("the last message is no goodbye: %s", last)
	}
}
