package shopify_test

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
	"ritorno/connectors/shopify"
	"ritorno/internal/lifecycle"
)

func reader(t *testing.T, h http.Handler) *shopify.Reader {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	r, err := shopify.NewReader(shopify.MakerOptions{URL: s.URL, Token: "shpat_secretOfTheTests", Client: local})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// plain is the source that reads what its reader brings.
func plain(t *testing.T) connectors.Source {
	t.Helper()
	src, err := shopify.New(shopify.Options{Secrets: []string{"x"}})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestOrdersAreReadPageByPage(t *testing.T) {
	shop := fake.NewShop(fake.ShopOptions{Token: "shpat_secretOfTheTests"})
	for i := range int64(60) {
		shop.Buy(fake.Purchase{ID: 1 + i, Customer: 100 + i, Email: fmt.Sprintf("c%d@example.com", i), Total: "10.00", Created: noon.Add(time.Duration(i) * time.Second)})
	}
	shop.Buy(fake.Purchase{ID: 999, Email: "old@example.com", Total: "1.00", Created: noon.Add(-time.Hour)})
	pages, events := connectorstest.ReadAll(t, reader(t, shop.Handler()), plain(t), noon, noon, func(page int) {
		if page == 1 { // one of the first page, and one that is still to come, change meanwhile
			for _, id := range []int64{3, 40} {
				shop.Buy(fake.Purchase{ID: id, Customer: 99 + id, Email: fmt.Sprintf("c%d@example.com", id-1), Total: "10.00", Created: noon, Modified: noon.Add(time.Hour)})
			}
		}
	})
	seen := map[string]int{}
	for _, ev := range events {
		seen[ev.Order.ID]++
	}
	if pages != 3 || len(seen) != 60 || seen["3"] != 2 || seen["40"] != 1 || seen["999"] != 0 {
		t.Errorf("%d pages, %d orders, 3: %d, 40: %d, 999: %d", pages, len(seen), seen["3"], seen["40"], seen["999"])
	}
}

// What is read and what a webhook tells are the same event; only its key says
// that it came another way.
func TestReadIsAsTold(t *testing.T) {
	shop := fake.NewShop(fake.ShopOptions{Token: "shpat_secretOfTheTests"})
	for _, p := range []fake.Purchase{
		{ID: 1, Customer: 7, Email: "anna@example.com", Name: "Anna", Total: "49.90", Created: noon},
		{ID: 2, Email: "guest@example.com", Name: "Gino", Total: "20.00", Status: "cancelled", Created: noon, Modified: noon.Add(time.Hour)},
		{ID: 3, Customer: 7, Email: "anna@example.com", Name: "Anna", Total: "30.00", Status: "refunded", Created: noon, Modified: noon.Add(2 * time.Hour)},
	} {
		shop.Buy(p)
	}
	_, read := connectorstest.ReadAll(t, reader(t, shop.Handler()), plain(t), noon, noon, func(int) {})
	body := func(id int, customer, more string) string {
		return fmt.Sprintf(`{"id":%d,"admin_graphql_api_id":"gid://shopify/Order/%d","name":"#%d","currency":"EUR","customer_locale":"it",
			"created_at":"2027-03-01T13:00:00+01:00","processed_at":"2027-03-01T13:00:00+01:00","source_name":"web",
			"line_items":[{"product_id":7,"title":"Tea","quantity":1,"price":"1.00"}],"buyer_accepts_marketing":false,%s%s}`, id, id, id, customer, more)
	}
	const anna = `"email":"anna@example.com","customer":{"id":7,"first_name":"Anna","email":"anna@example.com"},"billing_address":{"first_name":"Anna","country_code":"IT"},`
	told := connectors.Page{}
	for _, b := range []string{
		body(1, anna, `"total_price":"49.90","financial_status":"paid","updated_at":"2027-03-01T13:00:00+01:00"`),
		body(2, `"email":"guest@example.com","billing_address":{"first_name":"Gino","country_code":"IT"},`, `"total_price":"20.00","financial_status":"paid","cancelled_at":"2027-03-01T14:00:00+01:00","updated_at":"2027-03-01T14:00:00+01:00"`),
		body(3, anna, `"total_price":"30.00","financial_status":"refunded","updated_at":"2027-03-01T15:00:00+01:00",
			"refunds":[{"id":1,"transactions":[{"kind":"refund","status":"success","amount":"30.00","currency":"EUR"}]}]`),
	} {
		told.Deliveries = append(told.Deliveries, connectors.Request{Body: []byte(b), Header: http.Header{"X-Shopify-Topic": {"orders/updated"}}})
	}
	if diff := cmp.Diff(connectorstest.EventsOf(t, plain(t), told, noon), read, cmpopts.IgnoreFields(lifecycle.Event{}, "Key")); diff != "" {
		t.Errorf("told and read differ (-told +read):\n%s", diff)
	}
	_, again := connectorstest.ReadAll(t, reader(t, shop.Handler()), plain(t), noon, noon, func(int) {})
	if again[0].Key == "" || again[0].Key == again[1].Key {
		t.Errorf("keys %q and %q", again[0].Key, again[1].Key)
	}
}

func TestPurchasesOfOneCustomer(t *testing.T) {
	shop := fake.NewShop(fake.ShopOptions{Token: "shpat_secretOfTheTests"})
	shop.Buy(fake.Purchase{ID: 1, Customer: 7, Email: "anna@example.com", Total: "1.00", Created: noon.Add(-48 * time.Hour)})
	shop.Buy(fake.Purchase{ID: 2, Customer: 7, Email: "anna@work.example.com", Total: "2.00", Created: noon})
	shop.Buy(fake.Purchase{ID: 3, Email: "gino@example.com", Total: "3.00", Created: noon})
	r := reader(t, shop.Handler())
	for name, c := range map[string]struct {
		who   connectors.Customer
		since time.Time
		want  []string
	}{
		"by id":                      {connectors.Customer{IDs: []string{"gone", "7"}, Email: "other@example.com"}, time.Time{}, []string{"2", "1"}},
		"by id, lately":              {connectors.Customer{IDs: []string{"7"}}, noon.Add(-time.Hour), []string{"2"}},
		"by e-mail":                  {connectors.Customer{Email: "gino@example.com"}, time.Time{}, []string{"3"}},
		"nobody can be searched for": {connectors.Customer{Email: `x" OR email:'*`}, time.Time{}, nil},
		"nothing is known":           {connectors.Customer{}, time.Time{}, nil},
	} {
		p, err := r.Purchases(t.Context(), c.who, c.since)
		var got []string
		for _, ev := range connectorstest.EventsOf(t, plain(t), p, noon) {
			got = append(got, ev.Order.ID)
		}
		if err != nil || !cmp.Equal(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
}

func TestWhatAReadAnswerMeans(t *testing.T) {
	const throttled = `{"errors":[{"extensions":{"code":"THROTTLED"}}],"extensions":{"cost":{"requestedQueryCost":800,"throttleStatus":{"maximumAvailable":2000,"currentlyAvailable":100,"restoreRate":100}}}}`
	for name, c := range map[string]struct {
		status  int
		body    string
		after   string
		fault   string
		refused bool
		wait    time.Duration
	}{
		"too many":           {429, "", "7", "throttled", false, 7 * time.Second},
		"points used up":     {200, throttled, "", "throttled", false, 9 * time.Second},
		"no scope":           {200, `{"errors":[{"extensions":{"code":"ACCESS_DENIED"}}]}`, "", "refused", true, 0},
		"token refused":      {401, `{"errors":"no"}`, "", "refused", true, 0},
		"cursor refused":     {200, `{"errors":[{"extensions":{"code":"INVALID_CURSOR"}}]}`, "", "not_understood", true, 0},
		"down":               {503, "", "", "unreachable", false, 0},
		"not a shop":         {200, "<!doctype html>", "", "not_understood", false, 0},
		"nothing in it":      {200, `{"data":null}`, "", "not_understood", false, 0},
		"frozen for payment": {402, "", "", "refused", true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := reader(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.after != "" {
					w.Header().Set("Retry-After", c.after)
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			_, err := r.Changes(t.Context(), noon, "")
			var f *connectors.ReadFault
			if !errors.As(err, &f) || f.Name != c.fault || f.Refused != c.refused || f.RetryAfter != c.wait || f.Restart != (name == "cursor refused") {
				t.Fatalf("%v (%+v)", err, f)
			}
			if strings.Contains(err.Error(), "secretOfTheTests") {
				t.Errorf("a secret in %q", err)
			}
		})
	}
}

// A shop whose bucket is half empty is left alone until it is half full.
func TestTheShopsPointsAreSpared(t *testing.T) {
	r := reader(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":{"orders":{"pageInfo":{"hasNextPage":true,"endCursor":"x"},"nodes":[]}},"extensions":{"cost":{"requestedQueryCost":800,"throttleStatus":{"maximumAvailable":2000,"currentlyAvailable":300,"restoreRate":100}}}}`))
	}))
	p, err := r.Changes(t.Context(), noon, "")
	if err != nil || p.Pause != 7*time.Second || p.Next != "x" {
		t.Fatalf("%+v, %v", p, err)
	}
}
