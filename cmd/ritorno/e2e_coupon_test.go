package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ritorno/connectors/fake"
	"ritorno/internal/lifecycle"
)

// Credentials of the pretend shop, marked like the providers'.
const (
	shopAppID  = "secretAppIDOfTheTests"
	shopSecret = "shpss_secretOfTheTestsForTheAPI"
)

// couponShop is an installation whose shop makes the coupons.
func couponShop(t *testing.T, source, top string) (*world, *fake.Shop, *atomic.Int64) {
	t.Helper()
	fault := &atomic.Int64{}
	shop := fake.NewShop(fake.ShopOptions{
		ClientID: shopAppID, ClientSecret: shopSecret, Key: shopAppID, Secret: shopSecret,
		Fault: func(int) int { return int(fault.Load()) },
	})
	server := httptest.NewServer(shop.Handler())
	t.Cleanup(server.Close)
	w := newWorld(t, worldOptions{lines: []string{"coupon: {from: maker, percent: 15, expires: 14d}"}})
	w.edit(func(src string) string {
		line := "      maker: {kind: " + source + ", secret: s, api_url: " + server.URL + ", api_key: " + shopAppID + ", api_secret: " + shopSecret + "}\n"
		return top + strings.Replace(src, "    sources:\n", "    sources:\n"+line, 1)
	})
	w.serve("--dev-clock")
	return w, shop, fault
}

// orderWith is an order in which codes were used.
func orderWith(t *testing.T, p person, id int, at time.Time, codes ...string) string {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal([]byte(shopOrder(p, id, at, noConsent)), &body); err != nil {
		t.Fatal(err)
	}
	var used []map[string]string
	for _, c := range codes {
		used = append(used, map[string]string{"code": c, "amount": "5.00", "type": "percentage"})
	}
	body["discount_codes"] = used
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// held are the reasons in /readyz.
func (w *world) held() string {
	w.t.Helper()
	return w.send(http.MethodGet, "/readyz", "").is(200).body
}

// A coupon that was made in the shop appears in the SMS, and its use is
// recognised when the order comes. While the shop is away the step waits.
func TestCouponsMadeInTheShop(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"shopify", "woocommerce"} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			w, shop, fault := couponShop(t, source, "outbound: {allow: [127.0.0.0/8]}\n")
			anna := someone("Anna", 1)
			start := time.Date(2027, 3, 2, 8, 0, 0, 0, time.UTC)
			w.clockTo(start)
			w.order(anna, 1001, start, bySMS)
			fault.Store(503)
			w.clockTo(start.Add(90*24*time.Hour + time.Minute))
			st := w.record(anna.email)
			if m := st.Messages[len(st.Messages)-1]; m.Template != "coupon" || m.Status != "queued" || m.Error != lifecycle.ReasonCouponAway {
				t.Fatalf("while the shop is away: %+v", m)
			}
			if got := w.held(); !strings.Contains(got, "shop bottega: no coupon can be made just now") {
				t.Fatalf("/readyz says %s", got)
			}
			fault.Store(0)
			w.clockTo(start.Add(90*24*time.Hour + time.Hour))
			made := shop.Discounts()
			sms := w.outbox(anna)
			if len(made) != 1 || made[0].Limit != 1 || made[0].Percent != 15 || len(sms) != 3 {
				t.Fatalf("made %+v, sent %+v", made, sms)
			}
			m := w.record(anna.email).Messages[2]
			if !strings.EqualFold(m.Coupon, made[0].Code) || !strings.Contains(sms[2].Body, m.Coupon) || m.Until == nil || !m.Until.Equal(made[0].End) {
				t.Fatalf("made %+v, sent %q, status %+v", made, sms[2].Body, m)
			}
			used := start.Add(91 * 24 * time.Hour)
			w.clockTo(used)
			w.hook(1002, orderWith(t, anna, 1002, used, made[0].Code)).is(200)
			st = w.record(anna.email)
			if st.Messages[2].Used == nil || !st.Messages[2].Used.Equal(used) ||
				!slices.ContainsFunc(st.Timeline, func(e lifecycle.StatusEntry) bool { return strings.HasPrefix(e.Summary, "Used our coupon "+m.Coupon) }) {
				t.Fatalf("not recognised: %+v", st)
			}
			for _, text := range []string{w.log.String(), w.held(), w.look(anna.email).body} {
				if strings.Contains(text, shopSecret) || strings.Contains(text, shopAppID) {
					t.Errorf("a secret of the shop in %q", text)
				}
			}
		})
	}
}

// A shop in an internal network is not called unless the operator opens it.
func TestAnInternalShopIsNotCalled(t *testing.T) {
	t.Parallel()
	w, shop, _ := couponShop(t, "shopify", "")
	anna := someone("Anna", 1)
	start := time.Date(2027, 3, 2, 8, 0, 0, 0, time.UTC)
	w.clockTo(start)
	w.order(anna, 1001, start, bySMS)
	w.clockTo(start.Add(90*24*time.Hour + time.Minute))
	st := w.record(anna.email)
	if m := st.Messages[len(st.Messages)-1]; m.Status != "queued" || m.Error != lifecycle.ReasonCouponRefused || shop.Requests() != 0 {
		t.Fatalf("%d requests, %+v", shop.Requests(), m)
	}
	if got := w.held(); !strings.Contains(got, "outbound.allow") {
		t.Fatalf("/readyz says %s", got)
	}
}

// Codes of a file go out one by one, and a file that is imported twice adds
// nothing.
func TestCouponsOfAFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, worldOptions{lines: []string{"coupon: {from: pool, percent: 10}"}})
	file := filepath.Join(w.dir, "codes.csv")
	if err := os.WriteFile(file, []byte("code;expires\nTORNA-1;2027-07-31\nTORNA-2;2027-07-31\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.serve("--dev-clock")
	for _, want := range []string{"2 codes read, 2 added, 0 known before; 2 left", "2 codes read, 0 added, 2 known before; 2 left"} {
		if out, errs, code := w.run("coupon", "import", file); code != 0 || !strings.Contains(out, want) {
			t.Fatalf("exit %d: %s%s", code, out, errs)
		}
	}
	anna := someone("Anna", 1)
	start := time.Date(2027, 3, 2, 8, 0, 0, 0, time.UTC)
	w.clockTo(start)
	w.order(anna, 1001, start, bySMS)
	w.clockTo(start.Add(90*24*time.Hour + time.Hour))
	sms := w.outbox(anna)
	if len(sms) != 3 || !strings.Contains(sms[2].Body, "TORNA-1") {
		t.Fatalf("sent %+v", sms)
	}
	if out, _, code := w.run("coupon", "status"); code != 0 || !strings.Contains(strings.Join(strings.Fields(out), " "), "bottega pool 10% 1 1 2") {
		t.Fatalf("exit %d: %s", code, out)
	}
	w.clockTo(start.Add(91 * 24 * time.Hour))
	w.hook(1002, orderWith(t, anna, 1002, start.Add(91*24*time.Hour), "torna-1")).is(200)
	if m := w.record(anna.email).Messages[2]; m.Used == nil {
		t.Fatalf("not recognised: %+v", m)
	}
}
