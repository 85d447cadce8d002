package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ritorno/connectors/fake"
	"ritorno/handlers"
)

const shopToken = "shpat_secretTokenOfTheTests"

// readWorld is an installation whose Shopify source can be read, with the shop
// behind it. onCall is asked at each call, before it is answered.
func readWorld(t *testing.T, keys string, onCall func(), lines ...string) (*world, *fake.Shop) {
	t.Helper()
	shop := fake.NewShop(fake.ShopOptions{Token: shopToken, Fault: func(int) int {
		if onCall != nil {
			onCall()
		}
		return 0
	}})
	server := httptest.NewServer(shop.Handler())
	t.Cleanup(server.Close)
	w := newWorld(t, worldOptions{lines: lines})
	w.edit(func(src string) string {
		return "outbound: {allow: [127.0.0.0/8]}\n" + strings.Replace(src, "{kind: shopify, secret: shpss_fixture_dev_secret}",
			"{kind: shopify, secret: shpss_fixture_dev_secret, api_url: "+server.URL+", api_token: "+shopToken+keys+"}", 1)
	})
	return w, shop
}

// sources is what ritorno source status says of the Shopify source.
func (w *world) readStatus() handlers.SourceStatus {
	w.t.Helper()
	out, errs, code := w.run("--json", "source", "status")
	var all []handlers.SourceStatus
	if code != 0 || json.Unmarshal([]byte(out), &all) != nil {
		w.t.Fatalf("source status: %d, %s%s", code, out, errs)
	}
	for _, s := range all {
		if s.Name == "shopify" {
			return s
		}
	}
	w.t.Fatalf("no source shopify: %s", out)
	return handlers.SourceStatus{}
}

// check --connect reads with the keys of the configuration and says what is wrong
// with them, but no key.
func TestCheckTriesTheKeysOfAShop(t *testing.T) {
	t.Parallel()
	w, _ := readWorld(t, "", nil)
	tried := func() (ok bool, text string) {
		t.Helper()
		out, errs, code := w.run("--json", "check", "--connect")
		if code != 0 { // Ritorno does its work by webhooks alone
			t.Errorf("check --connect ends with %d: %s", code, errs)
		}
		var got struct{ Connections []connection }
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatalf("%v in %s%s", err, out, errs)
		}
		for _, c := range got.Connections {
			if c.What == "shops.bottega.sources.shopify" {
				return c.OK, c.Text
			}
		}
		t.Fatalf("the source was not tried: %s", out)
		return false, ""
	}
	if ok, text := tried(); !ok || text != "the API answers and lets orders be read" {
		t.Errorf("with the right token: %v, %s", ok, text)
	}
	w.edit(func(src string) string { return strings.ReplaceAll(src, shopToken, "shpat_anotherSecretToken") })
	if ok, text := tried(); ok || !strings.Contains(text, "api_token") || strings.Contains(text, "shpat_") {
		t.Errorf("with a wrong token: %v, %s", ok, text)
	}
	if _, errs, code := w.run("check", "--connect"); code != 0 || !strings.Contains(errs, "warning: shops.bottega.sources.shopify: ") {
		t.Errorf("check --connect ends with %d: %s", code, errs)
	}
}

func bought(p person, id int64, at time.Time) fake.Purchase {
	return fake.Purchase{ID: id, Customer: int64(p.customer), Email: p.email, Name: p.name, Total: "49.90", Created: at}
}

// The service is down while somebody who had gone quiet buys, and the shop's
// webhook is lost. The next start finds the order, counts it once, ends the
// journey; the webhook that comes after all changes nothing.
func TestAnOrderWhoseWebhookWasLostIsFoundAtTheNextStart(t *testing.T) {
	t.Parallel()
	w, shop := readWorld(t, ", catch_up: 1h", nil)
	anna := someone("Anna", 1)
	start := time.Date(2027, 3, 2, 8, 0, 0, 0, time.UTC)
	w.serve("--dev-clock")
	until(t, "the first round", func() bool { return w.readStatus().CatchUp.Whole != nil })
	w.clockTo(start)
	w.order(anna, 1001, start, bySMS)
	w.clockTo(start.Add(31 * 24 * time.Hour))
	if st := w.record(anna.email); st.State != "dormant" || len(w.outbox(anna)) != 1 {
		t.Fatalf("%s, %d messages", st.State, len(w.outbox(anna)))
	}
	w.kill()
	when := start.Add(31*24*time.Hour + time.Hour)
	shop.Buy(bought(anna, 1002, when))
	w.serve("--dev-clock")
	until(t, "the order is found", func() bool { return w.record(anna.email).Orders == 2 })
	st := w.record(anna.email)
	if st.State != "returning" || st.Spent != "99.80" || st.LastOrder == nil || st.LastOrder.ID != "1002" {
		t.Fatalf("after it was found: %+v", st)
	}
	if got := w.readStatus(); got.CatchUp.Found != 1 || got.CatchUp.Error != "" || got.Counts["accepted"] != 1 {
		t.Errorf("source status: %+v, %v", got.CatchUp, got.Counts)
	}
	w.hook(1002, shopOrder(anna, 1002, when, bySMS)).is(200)
	if st := w.record(anna.email); st.Orders != 2 || st.Spent != "99.80" || st.State != "returning" {
		t.Errorf("told after all: %+v", st)
	}
	out, errs, code := w.run("source", "read")
	if code != 0 || !strings.Contains(out, "0 orders that no webhook had told") {
		t.Errorf("source read: %d, %s%s", code, out, errs)
	}
	if log := w.log.String(); strings.Contains(log, shopToken) || strings.Contains(log, anna.email) {
		t.Error("a secret or an address in the log")
	}
}

// SIGKILL in the middle of reading many pages, again and again: every order is
// counted, and counted once.
func TestKillWhileReadingLosesNoOrder(t *testing.T) {
	t.Parallel()
	var armed atomic.Bool
	calls := make(chan struct{})
	w, shop := readWorld(t, ", catch_up: {every: 1h, rate: 20}", func() {
		if armed.Load() {
			calls <- struct{}{}
		}
	})
	w.serve()
	var first *time.Time
	until(t, "the first round", func() bool { first = w.readStatus().CatchUp.Whole; return first != nil })
	w.kill()
	before := *first
	const orders, people = 150, 10 // six pages
	now := time.Now()
	for i := range int64(orders) {
		p := someone(fmt.Sprintf("c%d", i%people), int(i%people))
		shop.Buy(bought(p, 2000+i, now.Add(time.Duration(i-orders)*time.Second)))
	}
	armed.Store(true)
	for range 6 {
		w.serve()
		<-calls                                                       // its first page, which is the round's next one
		<-time.After(time.Duration(rand.IntN(30)) * time.Millisecond) // somewhere in the middle of it
		w.kill()
	}
	armed.Store(false)
	go func() {
		for range calls { // whoever was killed over its call
		}
	}()
	t.Cleanup(func() { close(calls) })
	w.serve()
	until(t, "a round to the end", func() bool { return w.readStatus().CatchUp.Whole.After(before) })
	for i := range people {
		if st := w.record(someone(fmt.Sprintf("c%d", i), i).email); st.Orders != orders/people || st.Spent != "748.50" {
			t.Errorf("customer %d: %d orders, spent %s", i, st.Orders, st.Spent)
		}
	}
	if out, errs, code := w.run("doctor"); code != 0 {
		t.Errorf("doctor says %d:\n%s%s", code, out, errs)
	}
}

// Somebody bought a minute before the message leaves and no webhook came: the
// shop is asked, and nothing leaves.
func TestTheLastLookPreventsAMessage(t *testing.T) {
	t.Parallel()
	w, shop := readWorld(t, "", nil, "last_look: true")
	anna, berta := someone("Anna", 1), someone("Berta", 2)
	start := time.Date(2027, 3, 2, 8, 0, 0, 0, time.UTC)
	w.serve("--dev-clock")
	w.clockTo(start)
	w.order(anna, 1001, start, bySMS)
	w.order(berta, 1002, start, bySMS)
	shop.Buy(bought(anna, 1001, start))
	shop.Buy(bought(berta, 1002, start))
	shop.Buy(bought(anna, 1003, start.Add(30*24*time.Hour-time.Minute)))
	w.clockTo(start.Add(31 * 24 * time.Hour))
	if st := w.record(anna.email); len(w.outbox(anna)) != 0 || st.Orders != 2 || st.State != "active" {
		t.Errorf("Anna, who bought: %d messages, %+v", len(w.outbox(anna)), st)
	}
	if st := w.record(berta.email); len(w.outbox(berta)) != 1 || st.State != "dormant" {
		t.Errorf("Berta, who did not: %d messages, %+v", len(w.outbox(berta)), st)
	}
	metrics := w.send("GET", "/metrics", "").is(200).body
	if !strings.Contains(metrics, `ritorno_last_look_prevented_total{shop="bottega"} 1`) {
		t.Error("the prevented message is not counted")
	}
}
