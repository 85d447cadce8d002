package engine_test

import (
	"testing"
	"time"

	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
)

const twoShops = `public_url: https://ritorno.example.com
shops:
  bottega:
    home_url: https://bottega.example
    country: IT
    currency: EUR
    sources:
      shopify: {kind: shopify, secret: s}
      stripe: {kind: stripe, secret: whsec_x}
      woo: {kind: woocommerce, secret: s}
      woo2: {kind: woocommerce, secret: s}
      erp: {kind: webhook, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}
      pos: {kind: webhook, orders_of: woo, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}
`

// by is an event as a source tells it.
func by(source string, ev lifecycle.Event) lifecycle.Event {
	ev.Source, ev.Key = source, source+" "+ev.Key
	return ev
}

func backFor(source, order string) lifecycle.Event {
	return by(source, lifecycle.Event{
		Type: lifecycle.OrderRefunded, Key: "refund " + order, At: day0.Add(time.Hour),
		Refund: &lifecycle.Refund{OrderID: order, ID: source + order, Full: true},
	})
}

func (b *bench) wantOrders(t *testing.T, who string, n int, spent string) {
	t.Helper()
	if st := b.StatusOf(b.find(t, who), day0); st.Orders != n || st.Spent != spent {
		t.Errorf("%s has %d orders for %s, want %d for %s", who, st.Orders, st.Spent, n, spent)
	}
}

// TestSmallIdsOfTwoSourcesAreTwoOrders: both count their orders from one, and
// what names an order alone means the one of its own source.
func TestSmallIdsOfTwoSourcesAreTwoOrders(t *testing.T) {
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), twoShops)
	b.goTo(t, day0.Add(2*time.Hour))
	for source, who := range map[string]string{"woo": annaMail, "woo2": otherMail, "erp": "bob@example.com"} {
		b.tell(t, by(source, orderOf("1001", day0, named("", who, ""))))
	}
	if n := len(b.contacts(t)); n != 3 {
		t.Fatalf("%d people, want 3", n)
	}
	b.tell(t, backFor("woo2", "1001"))
	b.wantOrders(t, annaMail, 1, "10.00")
	b.wantOrders(t, otherMail, 0, "0.00")
	b.wantOrders(t, "bob@example.com", 1, "10.00")
	// One person with both orders.
	b.tell(t, by("erp", orderOf("1002", day0, named("", annaMail, ""))))
	b.tell(t, by("woo2", orderOf("1002", day0, named("", annaMail, ""))))
	b.wantOrders(t, annaMail, 3, "30.00")
	// Who tells another's orders says so: for all, or for one.
	b.tell(t, by("pos", orderOf("1001", day0, named("", annaMail, ""))))
	ev := by("erp", orderOf("1002", day0.Add(time.Second), named("", annaMail, "")))
	ev.Owner, ev.Key = "woo2", "erp says woo2"
	b.tell(t, ev)
	b.wantOrders(t, annaMail, 3, "30.00")
	// A refund waits for the order that it means, and no other.
	if out := b.tell(t, backFor("woo", "1002")); !out.Parked {
		t.Errorf("a refund of an order that nobody told: %+v", out)
	}
	b.tell(t, by("woo", orderOf("1002", day0, named("", otherMail, ""))))
	b.wantOrders(t, annaMail, 3, "30.00")
	b.wantOrders(t, otherMail, 0, "0.00")
}

// TestOrdersOfBeforeOwnersStayOne: a store of a release that knew no owners of
// order ids.
func TestOrdersOfBeforeOwnersStayOne(t *testing.T) {
	url, prefix := redistest.Start(t), prefixOf(t)
	old := newBenchOn(t, url, prefix, twoShops, func(o *engine.Options) { o.Shops[0].Rules.Owners = nil })
	old.goTo(t, day0.Add(2*time.Hour))
	const shopID = "6200000000000000201"
	old.tell(t, by("shopify", orderOf(shopID, day0, named("7", annaMail, ""))))
	old.tell(t, by("woo", orderOf("1001", day0, named("", annaMail, ""))))
	for i := range lifecycle.MaxOrders + 3 { // some roll out of the record
		old.tell(t, by("woo", orderOf("old"+string(rune('a'+i)), day0.Add(-time.Duration(30-i)*time.Hour), named("", otherMail, ""))))
	}
	if out := old.tell(t, backFor("woo", "1500")); !out.Parked {
		t.Fatalf("%+v", out)
	}

	b := newBenchOn(t, url, prefix, twoShops)
	again := by("shopify", orderOf(shopID, day0, named("7", annaMail, "")))
	again.Key, again.Version = "after the upgrade", day0.Add(time.Minute)
	b.tell(t, again)
	for i := range lifecycle.MaxOrders + 3 {
		ev := by("woo", orderOf("old"+string(rune('a'+i)), day0.Add(-time.Duration(30-i)*time.Hour), named("", otherMail, "")))
		ev.Key += " after"
		b.tell(t, ev)
	}
	b.wantOrders(t, annaMail, 2, "20.00")
	b.wantOrders(t, otherMail, lifecycle.MaxOrders+3, "230.00")
	// The other source's order of the same number is another one, and another
	// person's.
	b.tell(t, by("erp", orderOf("1001", day0, named("", "bob@example.com", ""))))
	b.tell(t, by("erp", orderOf("1001", day0, named("", "bob@example.com", ""))))
	b.wantOrders(t, "bob@example.com", 1, "10.00")
	if n := len(b.contacts(t)); n != 3 {
		t.Errorf("%d people, want 3", n)
	}
	// A refund finds its order under the name of before, and what waited under it
	// is applied.
	b.tell(t, backFor("woo", "1001"))
	b.tell(t, by("woo", orderOf("1500", day0, named("", annaMail, ""))))
	b.wantOrders(t, annaMail, 1, "10.00")
	b.wantOrders(t, "bob@example.com", 1, "10.00")
}

// TestAnImportWithoutASourceIsAnybodys: its orders count once beside those of
// webhooks, whichever comes first; with a source its ids are that one's.
func TestAnImportWithoutASourceIsAnybodys(t *testing.T) {
	history := func(source, id, who string) lifecycle.Event {
		ev := orderOf(id, day0, named("", who, ""))
		ev.Source, ev.Key, ev.Historical, ev.Version = source, "", true, day0
		return ev
	}
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), twoShops)
	b.goTo(t, day0.Add(2*time.Hour))
	take := func(evs ...lifecycle.Event) {
		t.Helper()
		if _, err := b.Import(b.ctx, "bottega", engine.InParts(1, func(int) (engine.Next, error) { return from(evs), nil })); err != nil {
			t.Fatal(err)
		}
	}
	b.tell(t, by("woo", orderOf("1001", day0, named("", annaMail, ""))))
	take(history("import", "1001", annaMail), history("import", "1002", annaMail), history("import", "1003", otherMail))
	b.tell(t, by("woo", orderOf("1002", day0, named("", annaMail, ""))))
	b.wantOrders(t, annaMail, 2, "20.00")
	b.tell(t, backFor("woo", "1003"))
	b.wantOrders(t, otherMail, 0, "0.00")
	named := history("woo2", "1001", annaMail)
	named.Owner = "woo2"
	take(named, named)
	b.wantOrders(t, annaMail, 3, "30.00")
	old := history("oldshop", "1001", otherMail)
	old.Owner = "oldshop"
	take(old, old)
	b.wantOrders(t, annaMail, 3, "30.00")
	b.wantOrders(t, otherMail, 1, "10.00")
}

// TestAPaymentFindsItsOrder: Stripe's refund names the payment, the shop told
// the order; and an erasure removes both ways there.
func TestAPaymentFindsItsOrder(t *testing.T) {
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), twoShops)
	b.goTo(t, day0.Add(2*time.Hour))
	shop := by("woo", orderOf("1001", day0, named("", annaMail, "")))
	shop.Also = []lifecycle.OrderName{{Owner: lifecycle.OwnerStripe, ID: "pi_1"}}
	pay := by("stripe", orderOf("pi_1", day0, named("cus_1", "", "")))
	if out := b.tell(t, backFor("stripe", "pi_1")); !out.Parked {
		t.Fatalf("a refund of an unknown payment: %+v", out)
	}
	b.tell(t, shop)
	b.wantOrders(t, annaMail, 0, "0.00")
	b.tell(t, pay)
	b.wantOrders(t, annaMail, 0, "0.00")
	if b.find(t, "cus_1").ID != b.find(t, annaMail).ID {
		t.Error("the payment is somebody else's")
	}
	if _, err := b.Erase(b.ctx, "bottega", annaMail); err != nil {
		t.Fatal(err)
	}
	for _, ev := range []lifecycle.Event{backFor("stripe", "pi_1"), backFor("woo", "1001")} {
		ev.Key = "after " + ev.Key
		if out := b.tell(t, ev); !out.Parked || out.Contact != "" {
			t.Errorf("after the erasure %s still leads somewhere: %+v", ev.Key, out)
		}
	}
}
