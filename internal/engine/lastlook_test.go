package engine_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/fake"
	"ritorno/connectors/outbound"
	"ritorno/connectors/shopify"
	"ritorno/internal/engine"
	"ritorno/internal/guard"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

// asked is a pretend Shopify that the last look asks.
type asked struct {
	*fake.Shop
	status atomic.Int64 // to answer with instead; 0: none
}

// withLook lets the first shop be asked.
func withLook(t *testing.T, hold bool, rate float64) (*asked, func(*engine.Options)) {
	t.Helper()
	a := &asked{}
	a.Shop = fake.NewShop(fake.ShopOptions{Token: couponToken, Fault: func(int) int { return int(a.status.Load()) }})
	server := httptest.NewServer(a.Handler())
	t.Cleanup(server.Close)
	r, err := shopify.NewReader(shopify.MakerOptions{URL: server.URL, Token: couponToken, Client: outbound.New(outbound.Options{
		Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Rate: rate,
	})})
	if err != nil {
		t.Fatal(err)
	}
	src, err := shopify.New(shopify.Options{Secrets: []string{"s"}})
	if err != nil {
		t.Fatal(err)
	}
	return a, func(o *engine.Options) {
		o.Shops[0].LastLook = &engine.LastLook{
			Asks: []engine.Ask{{Source: "shopify", Reader: r, Reads: src, Rate: rate}}, Within: 10 * time.Second, Hold: hold,
		}
	}
}

func (a *asked) buy(id int64, at time.Time) {
	a.Buy(fake.Purchase{ID: id, Customer: 1, Email: annaMail, Name: "Anna", Total: "10.00", Created: at})
}

// Somebody bought a minute ago and no webhook told: the message does not leave,
// the order counts, and when the webhook comes after all nothing changes.
func TestTheShopKnowsOfAnOrderThatNoWebhookTold(t *testing.T) {
	t.Parallel()
	shop, with := withLook(t, false, 0)
	coupons, withCoupon := withShop(t)
	b := quietAnna(t, with, withCoupon)
	bought := day0.Add(30*day - time.Minute)
	shop.buy(2, bought)
	b.goTo(t, day0.Add(30*day+time.Minute))
	c := b.find(t, "1")
	if len(b.all()) != 0 || len(coupons.Discounts()) != 0 || len(c.Orders) != 2 || c.State != lifecycle.Active || !c.Due.Equal(bought.Add(30*day)) {
		t.Fatalf("%d messages, %d coupons, %+v", len(b.all()), len(coupons.Discounts()), c)
	}
	ev := orderOf("2", bought, named("1", annaMail, annaPhone))
	b.tell(t, ev)
	if again := b.find(t, "1"); len(again.Orders) != 2 || again.State != c.State {
		t.Errorf("told after all: %+v", again)
	}
	b.goTo(t, bought.Add(32*day)) // behind a Sunday; and now they are silent again, which the shop confirms
	if len(b.all()) != 1 || len(coupons.Discounts()) != 1 {
		t.Errorf("%d messages, %d coupons", len(b.all()), len(coupons.Discounts()))
	}
	b.whole(t)
}

// A journey whose first message has left already ends by the order that only
// the shop knew, and its next message is dropped with the reason.
func TestTheLastLookEndsAJourney(t *testing.T) {
	t.Parallel()
	shop, with := withLook(t, false, 0)
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), shopWith("contest: {rules_url: https://bottega.example/r, registration: X, from: 2026-01-01, to: 2027-12-31}"), with)
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
	b.goTo(t, day0.Add(31*day))
	if len(b.sms.all()) != 1 {
		t.Fatalf("%d messages", len(b.sms.all()))
	}
	shop.buy(2, day0.Add(50*day))
	b.goTo(t, day0.Add(61*day))
	c := b.find(t, "1")
	if len(b.sms.all()) != 1 || c.State != lifecycle.Returning || len(c.Orders) != 2 {
		t.Fatalf("%d messages, %s, %d orders", len(b.sms.all()), c.State, len(c.Orders))
	}
	dropped := 0
	for _, m := range c.Messages {
		if m.Step == 2 && m.Status == lifecycle.Dropped && m.Error == lifecycle.ReasonBought {
			dropped++
		}
	}
	if dropped != 1 {
		t.Errorf("messages %+v", c.Messages)
	}
	b.whole(t)
}

// A shop that does not answer: the message leaves, or waits, as configured.
func TestAShopThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for name, hold := range map[string]bool{"send": false, "hold": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop, with := withLook(t, hold, 0)
			b := quietAnna(t, with)
			shop.status.Store(503)
			b.goTo(t, day0.Add(30*day+time.Minute))
			c := b.find(t, "1")
			reasons, err := b.HeldShops(b.ctx)
			if err != nil {
				t.Fatal(err)
			}
			if !hold {
				if len(b.all()) != 1 || len(reasons) != 0 {
					t.Fatalf("%d messages, held %v", len(b.all()), reasons)
				}
				return
			}
			if len(b.all()) != 0 || c.Run.Waited != lifecycle.ReasonLastLook || len(reasons) != 1 || !strings.Contains(reasons[0], "shopify cannot be asked") {
				t.Fatalf("%d messages, %+v, held %v", len(b.all()), c.Run, reasons)
			}
			shop.status.Store(0)
			b.restart(t) // this process leaves the shop alone for a second more; another one asks at once
			b.goTo(t, day0.Add(30*day+time.Hour))
			if len(b.all()) != 1 {
				t.Errorf("%d messages after the shop was back", len(b.all()))
			}
			b.whole(t)
		})
	}
}

// Other journeys have another reason: nobody is asked.
func TestNobodyIsAskedWhereTheReasonIsAnother(t *testing.T) {
	t.Parallel()
	shop, with := withLook(t, true, 0)
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), shopYAML, with)
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
	b.tell(t, lifecycle.Event{Type: lifecycle.SubscriptionCancelled, Source: "shopify", Key: "s", At: day0, Person: named("1", annaMail, annaPhone), Subscription: &lifecycle.Subscription{ID: "1"}})
	b.goTo(t, day0.Add(2*time.Hour))
	if len(b.mail.all()) != 1 || shop.Requests() != 0 {
		t.Errorf("%d messages, %d questions", len(b.mail.all()), shop.Requests())
	}
}

// busy is a shop whose rate is used up.
type busy struct{ n atomic.Int64 }

func (*busy) Changes(context.Context, time.Time, string) (connectors.Page, error) {
	return connectors.Page{}, errors.New("not asked for")
}

func (b *busy) Purchases(context.Context, connectors.Customer, time.Time) (connectors.Page, error) {
	if b.n.Add(1) > 5 {
		return connectors.Page{}, nil
	}
	return connectors.Page{}, &connectors.ReadFault{Name: "busy", Text: "more calls than the rate allows"}
}

// Steps that must wait for their turn wait one after the other, also where an
// unreachable shop would let them leave.
func TestStepsWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	reader := &busy{}
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), shopWith("journeys: [reactivation]")+oneStep, func(o *engine.Options) {
		o.Workers = 1
		o.Shops[0].LastLook = &engine.LastLook{Asks: []engine.Ask{{Source: "shopify", Reader: reader, Rate: 0.1}}, Within: time.Second}
	})
	b.goTo(t, day0)
	for _, id := range []string{"1", "2", "3", "4", "5"} {
		b.tell(t, allowed(orderOf(id, day0, named(id, "c"+id+"@example.com", "+39333123456"+id))))
	}
	b.goTo(t, day0.Add(30*day))
	waits := map[time.Duration]bool{}
	for _, c := range b.contacts(t) {
		if c.Run == nil || c.Run.Waited != lifecycle.ReasonLastLook {
			t.Fatalf("%+v", c.Run)
		}
		waits[c.Run.Wait.Sub(day0.Add(30*day)).Round(10*time.Second)] = true
	}
	if len(waits) != 5 || !waits[10*time.Second] || !waits[50*time.Second] {
		t.Errorf("they come back after %v", waits)
	}
	b.goTo(t, day0.Add(30*day+time.Hour))
	if len(b.all()) != 5 {
		t.Errorf("%d messages", len(b.all()))
	}
}

// A source whose webhooks are silent holds nothing while the shop itself is
// read and knows of no order either.
func TestASilentFeedThatIsReadHoldsNothing(t *testing.T) {
	t.Parallel()
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), shopYAML, func(o *engine.Options) {
		o.Shops[0].Reads = map[string]time.Duration{"shopify": time.Hour}
	})
	b.goTo(t, day0)
	if err := b.flow("shopify", 20*day, 4); err != nil {
		t.Fatal(err)
	}
	b.Pass(4 * day)
	v := verdictOf(t, b, "shopify")
	if !v.Silent || !v.Holds() {
		t.Fatalf("not silent: %+v", v)
	}
	real, _, err := b.st.Now(b.ctx)
	if err != nil {
		t.Fatal(err)
	}
	whole := func(at time.Time) {
		t.Helper()
		if _, _, err := b.st.TakeReading(b.ctx, "bottega", "shopify", time.Minute, false); err != nil {
			t.Fatal(err)
		}
		if err := b.st.SaveReading(b.ctx, "bottega", "shopify", store.Step{Reading: store.Reading{Whole: at}, Finished: true}, 0); err != nil {
			t.Fatal(err)
		}
	}
	whole(real.Add(-5 * time.Hour)) // too long ago to say anything
	if v := verdictOf(t, b, "shopify"); !v.Holds() {
		t.Errorf("read long ago: %+v", v)
	}
	whole(real)
	if v := verdictOf(t, b, "shopify"); !v.Silent || v.Holds() || !v.Read {
		t.Errorf("read just now: %+v", v)
	}
}

func verdictOf(t *testing.T, b *bench, source string) guard.Verdict {
	t.Helper()
	all, err := b.Feeds(b.ctx, "bottega")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		if v.Name == source {
			return v
		}
	}
	t.Fatalf("no source %s", source)
	return guard.Verdict{}
}
