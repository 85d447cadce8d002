package handlers_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/fake"
	"ritorno/connectors/outbound"
	"ritorno/connectors/woocommerce"
	"ritorno/handlers"
	"ritorno/internal/auth"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// reading is a service with a WooCommerce shop behind it that can be read.
type reading struct {
	*rig
	shop  *fake.Shop
	fault atomic.Int64 // status to answer with; 0: none
	after atomic.Int64 // requests before the fault
	now   time.Time
}

func openReading(t *testing.T, change ...func(*handlers.Source)) *reading {
	t.Helper()
	r := &reading{now: time.Now().UTC().Truncate(time.Second)}
	r.shop = fake.NewShop(fake.ShopOptions{Key: "ck_1", Secret: "cs_1", Fault: func(int) int {
		if r.after.Add(-1) >= 0 {
			return 0
		}
		return int(r.fault.Load())
	}})
	server := httptest.NewServer(r.shop.Handler())
	t.Cleanup(server.Close)
	r.rig = open(t, func(o *handlers.Options) {
		src := handlers.Source{
			Kind: "woocommerce", Once: true, Every: time.Hour, Source: must(woocommerce.New(woocommerce.Options{Secrets: []string{wooSecret}}))(t),
			Reader: must(woocommerce.NewReader(woocommerce.MakerOptions{URL: server.URL, Key: "ck_1", Secret: "cs_1", Client: outbound.New(outbound.Options{
				Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
			})}))(t),
		}
		for _, c := range change {
			c(&src)
		}
		o.Sources["bottega"]["woo"] = src
	})
	return r
}

func (r *reading) buy(id int64, at time.Time) {
	r.shop.Buy(fake.Purchase{ID: id, Customer: id, Email: fmt.Sprintf("c%d@example.com", id), Name: "Anna", Total: "10.00", Created: at})
}

// read reads one round to its end.
func (r *reading) read() handlers.Caught {
	r.Helper()
	got, err := r.server.CatchUp(r.Context(), "bottega", "woo")
	if err != nil {
		r.Fatal(err)
	}
	return got
}

func (r *reading) at() store.Reading {
	r.Helper()
	all, err := r.store.Readings(r.Context(), [2]string{"bottega", "woo"})
	if err != nil {
		r.Fatal(err)
	}
	return all[0]
}

func (r *reading) orders(id int64) int {
	r.Helper()
	c, err := r.engine.Find(r.Context(), "bottega", fmt.Sprintf("c%d@example.com", id))
	if err != nil {
		return 0
	}
	return len(c.Orders)
}

// hook tells an order as the shop's webhook does.
func (r *reading) hook(id int64, at time.Time) answer {
	r.Helper()
	body := fmt.Sprintf(`{"id":%d,"number":"%d","status":"processing","currency":"EUR","total":"10.00","customer_id":%d,"date_created_gmt":%q,
		"date_modified_gmt":%[4]q,"date_paid_gmt":%[4]q,"billing":{"email":"c%[1]d@example.com","first_name":"Anna"},"line_items":[]}`, id, id, id, at.UTC().Format("2006-01-02T15:04:05"))
	mac := hmac.New(sha256.New, []byte(wooSecret))
	mac.Write([]byte(body))
	return r.send("POST", "/hooks/bottega/woo", body, "X-WC-Webhook-Topic", "order.created", "Content-Type", "application/json",
		"X-WC-Webhook-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

func TestAnOrderWhoseWebhookWasLostIsRead(t *testing.T) {
	t.Parallel()
	r := openReading(t)
	r.buy(1, r.now.Add(-48*time.Hour)) // history: an import's business
	if got := r.read(); !got.First || got.Read != 0 {
		t.Fatalf("the first round: %+v", got)
	}
	r.buy(2, r.now.Add(-5*time.Minute)) // within the overlap: its clock is behind, or it was shown late
	r.buy(3, r.now.Add(time.Minute))
	if got := r.read(); got.Read != 2 || got.Found != 2 || r.orders(2) != 1 || r.orders(3) != 1 || r.orders(1) != 0 {
		t.Fatalf("%+v: %d, %d, %d orders", got, r.orders(1), r.orders(2), r.orders(3))
	}
	// The webhook comes after all: nothing changes.
	c := must(r.engine.Find(r.Context(), "bottega", "c3@example.com"))(t)
	r.hook(3, r.now.Add(time.Minute)).is(http.StatusOK)
	if after := must(r.engine.Find(r.Context(), "bottega", "c3@example.com"))(t); len(after.Orders) != 1 || after.Orders[0].Total != c.Orders[0].Total {
		t.Errorf("told after it was read: %+v", after.Orders)
	}
	// What a webhook told is no find, and what was read before is read again and
	// changes nothing.
	r.hook(4, r.now.Add(2*time.Minute)).is(http.StatusOK)
	r.buy(4, r.now.Add(2*time.Minute))
	if got := r.read(); got.Found != 0 || r.orders(4) != 1 {
		t.Errorf("%+v, %d orders", got, r.orders(4))
	}
	if at := r.at(); at.Found != 2 || at.Rounds != 3 || at.Next != "" || at.Whole.IsZero() || !at.Since.Equal(at.Whole.Add(-10*time.Minute)) {
		t.Errorf("kept %+v", at)
	}
	// Nothing was delivered, so nothing hides that webhooks do not come.
	st, err := r.store.SourceStatus(r.Context(), "bottega", "woo")
	if err != nil || st.Counts[store.OutcomeAccepted] != 2 {
		t.Errorf("%+v, %v", st, err)
	}
}

// Pages that are stored stay stored; a fault in between is shown, webhooks go
// on, and the next round begins where this one stopped.
func TestAFaultBetweenPages(t *testing.T) {
	t.Parallel()
	r := openReading(t)
	r.read()
	for i := range int64(120) {
		r.buy(100+i, r.now.Add(time.Duration(i)*time.Second))
	}
	r.fault.Store(http.StatusTooManyRequests)
	r.after.Store(1) // one page, then 429
	_, err := r.server.CatchUp(r.Context(), "bottega", "woo")
	var f *connectors.ReadFault
	if !errors.As(err, &f) || f.Name != "throttled" || r.orders(100) != 1 || r.orders(219) != 0 {
		t.Fatalf("%v, %d and %d orders", err, r.orders(100), r.orders(219))
	}
	at := r.at()
	if at.Error != "throttled" || at.FailedAt.IsZero() || !strings.HasPrefix(at.Next, "orders ") {
		t.Fatalf("kept %+v", at)
	}
	r.hook(7, r.now).is(http.StatusOK)
	owner := r.token(auth.Owner, "bottega")
	list := r.get("/api/v1/sources?shop=bottega", "Authorization", "Bearer "+owner).is(http.StatusOK).Body.String()
	if !strings.Contains(list, `"error":"throttled"`) || !strings.Contains(list, "asks to slow down") {
		t.Errorf("not shown: %s", list)
	}
	r.fault.Store(0)
	if got := r.read(); got.Read >= 120 || got.Found != 70 || r.orders(219) != 1 {
		t.Errorf("%+v", got)
	}
	if at := r.at(); at.Error != "" || at.Found != 120 {
		t.Errorf("kept %+v", at)
	}
}

// An order that cannot be read becomes a dead letter, once, and the others come in.
func TestAnOddOrderBecomesADeadLetter(t *testing.T) {
	t.Parallel()
	r := openReading(t)
	r.read()
	r.shop.Buy(fake.Purchase{ID: 5, Email: "c5@example.com", Total: "ten", Created: r.now})
	r.buy(6, r.now)
	r.read()
	r.read()
	dead, err := r.store.ListDead(r.Context(), "bottega", "", 10)
	if err != nil || len(dead) != 1 || dead[0].Source != "woo" || !strings.Contains(dead[0].Reason, "total") || r.orders(6) != 1 {
		t.Fatalf("%+v, %v", dead, err)
	}
}

// A reader that is cut off in the middle of what a page brought keeps no mark:
// the page is read again.
func TestAPageThatIsNotStoredIsReadAgain(t *testing.T) {
	t.Parallel()
	cut := &cutting{}
	r := openReading(t, func(s *handlers.Source) { cut.Source, s.Source = s.Source, cut })
	r.read()
	for i := range int64(20) {
		r.buy(300+i, r.now.Add(time.Duration(i)*time.Second))
	}
	ctx, cancel := context.WithCancel(r.Context())
	cut.after, cut.cancel = 10, cancel
	if _, err := r.server.CatchUp(ctx, "bottega", "woo"); err == nil {
		t.Fatal("a page that was cut off counts as read")
	}
	if at := r.at(); at.Next != "" || at.Rounds != 1 || at.Error != "" {
		t.Errorf("kept %+v", at)
	}
	cut.cancel = nil
	if got := r.read(); got.Read != 20 {
		t.Errorf("%+v", got)
	}
	for i := range int64(20) {
		if n := r.orders(300 + i); n != 1 {
			t.Errorf("order %d: %d times", 300+i, n)
		}
	}
}

// cutting ends a context in the middle of a page.
type cutting struct {
	connectors.Source
	n, after int
	cancel   context.CancelFunc
}

func (c *cutting) Normalise(r connectors.Request) ([]lifecycle.Event, error) {
	if c.n++; c.cancel != nil && c.n > c.after {
		c.cancel()
	}
	return c.Source.Normalise(r)
}

// A shop that asks to slow down is left alone for as long as it says, and each
// failure in a row doubles the wait, up to the source's own interval.
func TestWhenASourceIsReadAgain(t *testing.T) {
	t.Parallel()
	slow := &connectors.ReadFault{Name: "throttled", RetryAfter: 2 * time.Hour}
	for name, c := range map[string]struct {
		got    handlers.Caught
		err    error
		failed int
		wait   time.Duration
		next   int
	}{
		"read":                {handlers.Caught{}, nil, 3, time.Hour, 0},
		"a round left behind": {handlers.Caught{Late: true}, nil, 3, time.Second, 0},
		"another is at it":    {handlers.Caught{}, fmt.Errorf("x: %w", store.ErrLeased), 2, 30 * time.Second, 2},
		"failed":              {handlers.Caught{}, &connectors.ReadFault{Name: "unreachable"}, 0, 30 * time.Second, 1},
		"failed again":        {handlers.Caught{}, &connectors.ReadFault{Name: "unreachable"}, 3, 4 * time.Minute, 4},
		"failed for long":     {handlers.Caught{}, store.ErrUnavailable, 40, time.Hour, 41},
		"asked to slow down":  {handlers.Caught{}, slow, 0, 2 * time.Hour, 1},
	} {
		if wait, next := handlers.NextRound(time.Hour, c.got, c.err, c.failed); wait != c.wait || next != c.next {
			t.Errorf("%s: %s and %d, want %s and %d", name, wait, next, c.wait, c.next)
		}
	}
}
