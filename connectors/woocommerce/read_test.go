package woocommerce_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/fake"
	"ritorno/connectors/woocommerce"
	"ritorno/internal/lifecycle"
)

func reader(t *testing.T, h http.Handler) *woocommerce.Reader {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	r, err := woocommerce.NewReader(woocommerce.MakerOptions{URL: s.URL, Key: "ck_1", Secret: "cs_secretOfTheTests", Client: local})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func pretend() *fake.Shop {
	return fake.NewShop(fake.ShopOptions{Key: "ck_1", Secret: "cs_secretOfTheTests"})
}

// plain is the source that reads what its reader brings.
func plain(t *testing.T) connectors.Source {
	t.Helper()
	src, err := woocommerce.New(woocommerce.Options{Secrets: []string{"x"}})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestOrdersAreReadPageByPage(t *testing.T) {
	shop := pretend()
	buy := func(id int64, modified time.Time) {
		shop.Buy(fake.Purchase{ID: id, Customer: id, Email: fmt.Sprintf("c%d@example.com", id), Total: "10.00", Created: noon.Add(-time.Hour), Modified: modified})
	}
	for i := range int64(120) {
		buy(1+i, noon.Add(time.Duration(i)*time.Second))
	}
	buy(999, noon.Add(-time.Minute)) // changed before
	shop.Buy(fake.Purchase{ID: 500, Email: "trash@example.com", Total: "5.00", Status: "trash", Created: noon, Modified: noon.Add(time.Minute)})
	pages, events := connectorstest.ReadAll(t, reader(t, shop.Handler()), plain(t), noon, noon.Add(time.Hour), func(page int) {
		if page == 1 { // the first page loses one to the end: nothing may slip over its edge
			buy(3, noon.Add(time.Hour))
		}
	})
	seen := map[string]int{}
	for _, ev := range events {
		seen[ev.Order.ID]++
	}
	// Three pages of orders; the trash and the subscriptions, of which there are none.
	if pages != 5 || len(seen) != 121 || seen["999"] != 0 || seen["500"] != 1 || seen["3"] != 2 {
		t.Errorf("%d pages, %d orders, 999: %d, 500: %d, 3: %d", pages, len(seen), seen["999"], seen["500"], seen["3"])
	}
}

// A shop that changed hundreds of orders in one second is read through.
func TestManyChangesOfOneSecond(t *testing.T) {
	shop := pretend()
	for i := range int64(130) {
		shop.Buy(fake.Purchase{ID: 1 + i, Email: "a@example.com", Total: "1.00", Created: noon, Modified: noon.Add(time.Minute)})
	}
	_, events := connectorstest.ReadAll(t, reader(t, shop.Handler()), plain(t), noon, noon.Add(time.Hour), func(int) {})
	seen := map[string]bool{}
	for _, ev := range events {
		seen[ev.Order.ID] = true
	}
	if len(seen) != 130 {
		t.Errorf("%d orders", len(seen))
	}
}

// What is read and what a webhook tells are the same event; only its key says
// that it came another way.
func TestReadIsAsTold(t *testing.T) {
	shop := pretend()
	shop.Buy(fake.Purchase{ID: 727, Customer: 7, Email: "anna@example.com", Name: "Anna", Total: "49.90", Created: noon})
	_, read := connectorstest.ReadAll(t, reader(t, shop.Handler()), plain(t), noon, noon.Add(time.Hour), func(int) {})
	told := connectorstest.EventsOf(t, plain(t), connectors.Page{Deliveries: []connectors.Request{{
		Header: http.Header{"X-Wc-Webhook-Topic": {"order.created"}},
		Body: []byte(`{"id":727,"number":"727","status":"processing","created_via":"checkout","currency":"EUR","total":"49.90","customer_id":7,
			"billing":{"first_name":"Anna","last_name":"","email":"anna@example.com","phone":"","country":"IT"},
			"date_created_gmt":"2027-03-01T12:00:00","date_modified_gmt":"2027-03-01T12:00:00","date_paid_gmt":"2027-03-01T12:00:00",
			"line_items":[{"product_id":7,"name":"Tea","quantity":1,"total":"49.90"}],"coupon_lines":[],"refunds":[],"meta_data":[]}`),
	}}}, noon.Add(time.Hour))
	if diff := cmp.Diff(told, read, cmpopts.IgnoreFields(lifecycle.Event{}, "Key")); diff != "" {
		t.Errorf("told and read differ (-told +read):\n%s", diff)
	}
}

func TestPurchasesOfOneCustomer(t *testing.T) {
	shop := pretend()
	shop.Buy(fake.Purchase{ID: 1, Customer: 7, Email: "anna@example.com", Total: "1.00", Created: noon.Add(-48 * time.Hour)})
	shop.Buy(fake.Purchase{ID: 2, Customer: 7, Email: "anna@work.example.com", Total: "2.00", Created: noon})
	shop.Buy(fake.Purchase{ID: 3, Email: "anna@example.com", Total: "3.00", Created: noon.Add(time.Minute)}) // as a guest
	shop.Buy(fake.Purchase{ID: 4, Email: "joanna@example.com", Total: "4.00", Created: noon})                // found by the search, and not hers
	r := reader(t, shop.Handler())
	for name, c := range map[string]struct {
		who   connectors.Customer
		since time.Time
		want  []string
	}{
		"by id and e-mail": {connectors.Customer{IDs: []string{"7"}, Email: "anna@example.com"}, noon, []string{"2", "3"}},
		"by e-mail":        {connectors.Customer{Email: "Anna@example.com"}, noon, nil}, // this shop's search looks at letter case
		"a guest":          {connectors.Customer{IDs: []string{"0"}, Email: "anna@example.com"}, time.Time{}, []string{"3", "1"}},
		"nobody":           {connectors.Customer{}, time.Time{}, nil},
	} {
		p, err := r.Purchases(t.Context(), c.who, c.since)
		var got []string
		for _, ev := range connectorstest.EventsOf(t, plain(t), p, noon.Add(time.Hour)) {
			got = append(got, ev.Order.ID)
		}
		if err != nil || !cmp.Equal(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
}

func TestWhatAReadAnswerMeans(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		body    string
		fault   string
		refused bool
		names   string
	}{
		"too many":         {429, "", "throttled", false, "429"},
		"no permission":    {401, `{"code":"woocommerce_rest_cannot_view"}`, "refused", true, "woocommerce_rest_cannot_view"},
		"no API":           {404, `{"code":"rest_no_route"}`, "refused", true, "permalinks"},
		"moved":            {301, "", "refused", true, "www"},
		"too old":          {400, `{"code":"rest_invalid_param"}`, "refused", true, "5.8"},
		"down":             {502, "", "unreachable", false, "502"},
		"front page":       {200, "<!doctype html>", "not_understood", false, "permalinks"},
		"object, no list":  {200, `{"id":1}`, "not_understood", false, "list"},
		"strange words in": {400, `{"code":"<b>"}`, "refused", true, "no code"},
	} {
		t.Run(name, func(t *testing.T) {
			r := reader(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "5")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			_, err := r.Changes(t.Context(), noon, "")
			var f *connectors.ReadFault
			if !errors.As(err, &f) || f.Name != c.fault || f.Refused != c.refused || !strings.Contains(f.Text, c.names) {
				t.Fatalf("%v (%+v)", err, f)
			}
			if f.Name == "throttled" && f.RetryAfter != 5*time.Second || strings.Contains(err.Error(), "secretOfTheTests") {
				t.Errorf("%v (%+v)", err, f)
			}
		})
	}
}

func TestAMarkThatIsNotOurs(t *testing.T) {
	_, err := reader(t, pretend().Handler()).Changes(t.Context(), noon, "orders yesterday 1")
	var f *connectors.ReadFault
	if !errors.As(err, &f) || !f.Restart {
		t.Fatal(err)
	}
}
