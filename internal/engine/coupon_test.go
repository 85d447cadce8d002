package engine_test

import (
	"context"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ritorno/connectors"
	"ritorno/connectors/fake"
	"ritorno/connectors/outbound"
	"ritorno/connectors/shopify"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
	"ritorno/internal/store"
)

// counter is a shop that makes coupons, in front of which a fault can stand.
type counter struct {
	*fake.Shop
	status atomic.Int64 // to answer with instead; 0: none
	cut    atomic.Bool  // the line breaks after the next coupon was made
}

const couponToken = "shpat_test"

// withShop gives the first shop a pretend Shopify.
func withShop(t *testing.T) (*counter, func(*engine.Options)) {
	t.Helper()
	c := &counter{}
	c.Shop = fake.NewShop(fake.ShopOptions{
		Token: couponToken, Fault: func(int) int { return int(c.status.Load()) }, Cut: func(int) bool { return c.cut.Swap(false) },
	})
	server := httptest.NewServer(c.Handler())
	t.Cleanup(server.Close)
	m, err := shopify.NewMaker(shopify.MakerOptions{
		URL: server.URL, Token: couponToken,
		Client: outbound.New(outbound.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, func(o *engine.Options) {
		o.Shops[0].Coupon = &engine.Coupons{Maker: m, Percent: 15, Life: 14 * day}
	}
}

// onThePool gives the first shop a pool of codes.
func onThePool(o *engine.Options) { o.Shops[0].Coupon = &engine.Coupons{Percent: 10, Life: 14 * day} }

// oneStep is a journey whose only message carries a coupon.
const oneStep = `journeys:
  reactivation:
    trigger: inactivity
    steps:
      - {after: 30d, channel: sms, template: coupon}
    finish: {after: 7d, otherwise: unsubscribed}
`

// quietAnna is a shop whose Anna will get a coupon on day 30.
func quietAnna(t *testing.T, with ...func(*engine.Options)) *bench {
	t.Helper()
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), shopWith("journeys: [reactivation]")+oneStep, with...)
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("1", annaMail, annaPhone))))
	return b
}

// buy is an order with a code.
func (b *bench) buy(t *testing.T, id, code string) {
	t.Helper()
	ev := orderOf(id, b.now(t), named("1", annaMail, annaPhone))
	ev.Order.Codes = []string{"WELCOME", code}
	b.tell(t, ev)
}

func TestACouponIsMadeBeforeItsMessageLeavesAndRecognisedInTheOrder(t *testing.T) {
	t.Parallel()
	shop, with := withShop(t)
	b := quietAnna(t, with)
	b.goTo(t, day0.Add(30*day))
	got, sent := shop.Discounts(), b.sms.all()
	if len(got) != 1 || len(sent) != 1 || got[0].Limit != 1 || got[0].Percent != 15 || !strings.Contains(sent[0].Message.Text, got[0].Code) {
		t.Fatalf("made %+v, sent %+v", got, sent)
	}
	if !strings.Contains(sent[0].Message.Text, "15%") {
		t.Errorf("the text does not say what it gives: %s", sent[0].Message.Text)
	}
	m := b.find(t, "1").Messages[0]
	if m.Coupon != got[0].Code || !m.CouponUntil.Equal(got[0].End) || !m.CouponUntil.Equal(day0.Add(44*day)) {
		t.Fatalf("the record says %s until %s, the shop %s until %s", m.Coupon, m.CouponUntil, got[0].Code, got[0].End)
	}
	page, err := b.Page(b.ctx, m.Code)
	if err != nil || !page.CouponExpires.Equal(got[0].End) {
		t.Fatalf("the page says until %s, %v", page.CouponExpires, err)
	}
	b.goTo(t, day0.Add(32*day))
	b.buy(t, "2", strings.ToLower(got[0].Code)) // as WooCommerce writes it
	b.buy(t, "2", got[0].Code)                  // told twice
	c := b.find(t, "1")
	if !c.Messages[0].CouponUsed.Truncate(time.Minute).Equal(day0.Add(32 * day)) {
		t.Fatalf("not recognised: %+v", c.Messages[0])
	}
	lines := 0
	for _, e := range c.Timeline {
		if e.Type == "coupon.used" {
			lines++
		}
	}
	counts, err := b.st.Counts(b.ctx, "bottega")
	if err != nil || lines != 1 || counts["coupon_used:reactivation:1"] != 1 {
		t.Fatalf("%d lines, counts %v, %v", lines, counts, err)
	}
	b.whole(t)
}

// While the shop is away its steps wait, with a reason, and leave once it is
// back: one coupon, one message, the same last day as was said first.
func TestWhileTheShopIsAwayTheStepWaits(t *testing.T) {
	t.Parallel()
	shop, with := withShop(t)
	b := quietAnna(t, with)
	shop.status.Store(503)
	b.goTo(t, day0.Add(30*day+time.Minute))
	c := b.find(t, "1")
	if len(b.all()) != 0 || c.Run.Waited != lifecycle.ReasonCouponAway || c.Messages[0].Status != lifecycle.Queued || c.Messages[0].Error != lifecycle.ReasonCouponAway {
		t.Fatalf("sent %v, waits for %s, %+v", b.all(), c.Run.Waited, c.Messages)
	}
	if shop.Requests() < 3 {
		t.Fatalf("asked %d times only", shop.Requests())
	}
	held, err := b.HeldShops(b.ctx)
	if err != nil || len(held) != 1 || !strings.Contains(held[0], "bottega") || !strings.Contains(held[0], "503") {
		t.Fatalf("the operator is told %q, %v", held, err)
	}
	shop.status.Store(0)
	b.goTo(t, day0.Add(30*day+time.Hour))
	got := shop.Discounts()
	if len(b.all()) != 1 || len(got) != 1 || !got[0].End.Equal(day0.Add(44*day)) {
		t.Fatalf("sent %v, made %+v", b.all(), got)
	}
	if held, err = b.HeldShops(b.ctx); err != nil || len(held) != 0 {
		t.Fatalf("the operator is still told %q, %v", held, err)
	}
	b.whole(t)
}

func TestAStepWhoseShopStaysAwayIsDroppedForIt(t *testing.T) {
	t.Parallel()
	shop, with := withShop(t)
	b := quietAnna(t, with)
	shop.status.Store(503)
	b.goTo(t, day0.Add(34*day))
	c := b.find(t, "1")
	if m := c.Messages[len(c.Messages)-1]; len(b.all()) != 0 || m.Status != lifecycle.Dropped || m.Error != lifecycle.ReasonCouponAway {
		t.Fatalf("sent %v, %+v", b.all(), c.Messages)
	}
}

func TestAShopThatRefusesIsToldToTheOperator(t *testing.T) {
	t.Parallel()
	shop, with := withShop(t)
	reg := prometheus.NewRegistry()
	b := quietAnna(t, with, func(o *engine.Options) { o.Metrics = reg })
	shop.status.Store(403)
	b.goTo(t, day0.Add(30*day+time.Minute))
	c := b.find(t, "1")
	if len(b.all()) != 0 || c.Run.Waited != lifecycle.ReasonCouponRefused || !c.Run.Wait.Truncate(time.Minute).Equal(day0.Add(30*day+15*time.Minute)) {
		t.Fatalf("sent %v, %+v", b.all(), c.Run)
	}
	held, err := b.HeldShops(b.ctx)
	if err != nil || len(held) != 1 || !strings.Contains(held[0], "api_token") {
		t.Fatalf("the operator is told %q, %v", held, err)
	}
	if n := couponsCounted(t, reg, "refused"); n != 1 {
		t.Fatalf("%v are counted", n)
	}
	shop.status.Store(0)
	b.goTo(t, day0.Add(30*day+time.Hour))
	if len(b.all()) != 1 || len(shop.Discounts()) != 1 || couponsCounted(t, reg, "made") != 1 {
		t.Fatalf("sent %v, made %+v", b.all(), shop.Discounts())
	}
}

func couponsCounted(t *testing.T, reg *prometheus.Registry, outcome string) (n float64) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "ritorno_coupons_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "outcome" && l.GetValue() == outcome {
					n += m.GetCounter().GetValue()
				}
			}
		}
	}
	return n
}

// The process is killed between the making and the begin, or before it could
// note that it was made, or the shop's answer is lost: the next one makes no
// second coupon, and says the same code and day.
func TestAKillBetweenMakingAndBeginMakesNoSecondCoupon(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"coupon", "coupon made", "begin", "the answer is lost"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			shop, with := withShop(t)
			b := quietAnna(t, with)
			if err := b.st.SetOffset(b.ctx, b.st.Offset()+30*day); err != nil {
				t.Fatal(err)
			}
			killed := false
			if place == "the answer is lost" {
				shop.cut.Store(true)
				killed = true
			}
			b.OnPoint(func(at string) {
				if at == place {
					b.OnPoint(nil)
					killed = true
					panic("killed at " + at)
				}
			})
			b.tick(t)
			made := shop.Discounts()
			if !killed || len(made) != 1 || len(b.all()) != 0 {
				t.Fatalf("killed %v, made %+v, sent %v", killed, made, b.all())
			}
			b.restart(t)
			b.goTo(t, b.now(t).Add(time.Hour))
			if got := shop.Discounts(); len(got) != 1 || len(b.all()) != 1 {
				t.Fatalf("made %+v, sent %v", got, b.all())
			}
			m := b.find(t, "1").Messages[0]
			if m.Coupon != made[0].Code || !m.CouponUntil.Equal(made[0].End) || !strings.Contains(b.sms.all()[0].Message.Text, made[0].Code) {
				t.Fatalf("made %+v, the record says %+v", made, m)
			}
		})
	}
}

// A message that the provider surely did not take is tried again with the same
// coupon, and the shop is not asked again.
func TestARepeatedTryBringsTheSameCoupon(t *testing.T) {
	t.Parallel()
	shop, with := withShop(t)
	b := quietAnna(t, with)
	b.sms.set("refuses")
	b.goTo(t, day0.Add(30*day+time.Minute))
	b.sms.set("")
	b.goTo(t, day0.Add(30*day+time.Hour))
	if len(b.all()) != 1 || shop.Requests() != 1 {
		t.Fatalf("sent %v, asked %d times", b.all(), shop.Requests())
	}
	if m := b.find(t, "1").Messages[0]; !m.CouponUntil.Equal(day0.Add(44 * day)) {
		t.Fatalf("good until %s", m.CouponUntil)
	}
}

// No coupon is made for a message that may not leave.
func TestAPausedShopMakesNoCoupons(t *testing.T) {
	t.Parallel()
	shop, with := withShop(t)
	b := quietAnna(t, with)
	if _, err := b.PauseShop(b.ctx, "bottega", "a test", "somebody"); err != nil {
		t.Fatal(err)
	}
	b.goTo(t, day0.Add(30*day+time.Hour))
	if c := b.find(t, "1"); shop.Requests() != 0 || c.Run.Waited != lifecycle.ReasonShopPaused {
		t.Fatalf("asked %d times, waits for %s", shop.Requests(), c.Run.Waited)
	}
}

func TestACodeOfThePoolIsTakenAndRecognised(t *testing.T) {
	t.Parallel()
	b := quietAnna(t, onThePool)
	ends := day0.Add(60 * day)
	if _, err := b.st.AddCoupons(b.ctx, "bottega", []store.Coupon{{Code: "Over", Expires: day0.Add(30 * day)}, {Code: "Torna-10a", Expires: ends}, {Code: "Torna-10b"}}); err != nil {
		t.Fatal(err)
	}
	b.sms.set("refuses") // the second try takes no second code
	b.goTo(t, day0.Add(30*day+time.Minute))
	b.sms.set("")
	b.goTo(t, day0.Add(30*day+time.Hour))
	sent := b.sms.all()
	if len(sent) != 1 || !strings.Contains(sent[0].Message.Text, "Torna-10a") || !strings.Contains(sent[0].Message.Text, "10%") {
		t.Fatalf("sent %+v", sent)
	}
	if p, err := b.st.CouponPool(b.ctx, "bottega"); err != nil || p.Free != 1 || p.Taken != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	b.buy(t, "2", "TORNA-10A")
	if m := b.find(t, "1").Messages[0]; m.Coupon != "Torna-10a" || !m.CouponUntil.Equal(ends) || m.CouponUsed.IsZero() {
		t.Fatalf("%+v", m)
	}
	b.whole(t)
}

func TestAnEmptyPoolLetsTheStepWait(t *testing.T) {
	t.Parallel()
	b := quietAnna(t, onThePool)
	b.goTo(t, day0.Add(30*day+time.Hour))
	if c := b.find(t, "1"); len(b.all()) != 0 || c.Run.Waited != lifecycle.ReasonCouponsOut {
		t.Fatalf("sent %v, waits for %s", b.all(), c.Run.Waited)
	}
	held, err := b.HeldShops(b.ctx)
	if err != nil || len(held) != 1 || !strings.Contains(held[0], "ritorno coupon import") {
		t.Fatalf("the operator is told %q, %v", held, err)
	}
	if _, err := b.st.AddCoupons(b.ctx, "bottega", []store.Coupon{{Code: "LAST"}}); err != nil {
		t.Fatal(err)
	}
	b.goTo(t, day0.Add(30*day+2*time.Hour))
	if len(b.all()) != 1 {
		t.Fatalf("sent %v", b.all())
	}
	if m := b.find(t, "1").Messages[0]; m.Coupon != "LAST" || !m.CouponUntil.IsZero() {
		t.Fatalf("%+v", m)
	}
}

// silentMaker never answers.
type silentMaker struct{ asked atomic.Int64 }

func (m *silentMaker) MakeCoupon(context.Context, connectors.Coupon) error {
	m.asked.Add(1)
	return &connectors.CouponFault{Text: "no answer"}
}

// A shop that does not answer is not asked for each of its contacts: the other
// messages need the workers.
func TestAShopThatDoesNotAnswerIsLeftAloneForAWhile(t *testing.T) {
	t.Parallel()
	m := &silentMaker{}
	b := quietAnna(t, func(o *engine.Options) {
		o.Workers = 1
		o.Shops[0].Coupon = &engine.Coupons{Maker: m, Percent: 15, Life: 14 * day}
	})
	for i := range 20 {
		id := string(rune('a' + i))
		b.tell(t, allowed(orderOf(id, day0, lifecycle.Person{CustomerID: id, Phone: "+3933300000" + string(rune('1'+i/10)) + string(rune('0'+i%10)), Country: "IT"})))
	}
	if err := b.st.SetOffset(b.ctx, b.st.Offset()+30*day); err != nil {
		t.Fatal(err)
	}
	b.tick(t)
	waiting := 0
	for _, c := range b.contacts(t) {
		if c.Run != nil && c.Run.Waited == lifecycle.ReasonCouponAway {
			waiting++
		}
	}
	if n := m.asked.Load(); waiting != 21 || n > 10 {
		t.Fatalf("%d wait, asked %d times", waiting, n)
	}
}
