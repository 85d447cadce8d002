package activecampaign_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/activecampaign"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/fake"
	"ritorno/internal/lifecycle"
)

var (
	local = connectorstest.Local()
	noon  = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
)

func reader(t *testing.T, h http.Handler) *activecampaign.Reader {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	r, err := activecampaign.NewReader(activecampaign.ReaderOptions{URL: s.URL, Key: "secretOfTheTests", Client: local})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// plain is the source that reads what its reader brings.
func plain(t *testing.T) connectors.Source {
	t.Helper()
	src, err := activecampaign.New(activecampaign.Options{Token: "0123456789abcdef"})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestContactsAreReadPageByPage(t *testing.T) {
	shop := fake.NewShop(fake.ShopOptions{ACKey: "secretOfTheTests"})
	know := func(id int, at time.Time) {
		shop.Know(fake.ACContact{ID: id, Email: fmt.Sprintf("c%d@example.com", id), Updated: at})
	}
	for i := range 250 {
		know(2*i+2, noon.Add(time.Minute))
	}
	know(999, noon.Add(-time.Hour))
	pages, events := connectorstest.ReadAll(t, reader(t, shop.Handler()), plain(t), noon, noon.Add(time.Hour), func(page int) {
		know(1, noon.Add(time.Hour)) // changes behind our back: the next round's, and it pushes nobody over an edge
	})
	seen := map[string]int{}
	for _, ev := range events {
		seen[ev.Person.CustomerID]++
	}
	if pages != 4 || len(seen) != 250 || seen["999"] != 0 || seen["2"] != 1 {
		t.Errorf("%d pages, %d contacts", pages, len(seen))
	}
}

// Consent and orders come in as a webhook, or the shop, would have told them.
func TestListsAndOrders(t *testing.T) {
	shop := fake.NewShop(fake.ShopOptions{ACKey: "secretOfTheTests"})
	left := noon.Add(-30 * time.Minute)
	shop.Know(fake.ACContact{ID: 7, Email: "anna@example.com", Name: "Anna", Updated: noon, Lists: map[int]fake.ACPlace{3: {Left: true, At: left}}})
	shop.Know(fake.ACContact{ID: 8, Email: "gino@example.com", Updated: noon, Lists: map[int]fake.ACPlace{4: {At: left}}})
	shop.Buy(fake.Purchase{ID: 727, Email: "anna@example.com", Total: "49.90", Created: noon.Add(-time.Hour), Modified: noon.Add(time.Minute)})
	shop.Buy(fake.Purchase{ID: 1, Email: "anna@example.com", Total: "1.00", Created: noon.Add(-time.Hour)}) // told before
	_, events := connectorstest.ReadAll(t, reader(t, shop.Handler()), plain(t), noon, noon.Add(time.Hour), func(int) {})
	if len(events) != 5 {
		t.Fatalf("%d events: %+v", len(events), events)
	}
	off, on, order := events[1], events[3], events[4]
	if off.Type != lifecycle.ConsentChanged || off.Person.CustomerID != "7" || off.Consents[0].State != lifecycle.Unsubscribed || !off.Consents[0].At.Equal(left) {
		t.Errorf("left a list: %+v", off)
	}
	if on.Consents[0].State != lifecycle.Subscribed || !strings.Contains(on.Consents[0].Evidence, "list 4") {
		t.Errorf("joined a list: %+v", on)
	}
	want := lifecycle.Order{ID: "727", Number: "727", At: noon.Add(-time.Hour), Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: 4990, Currency: "EUR"}}
	if o := order.Order; order.Type != lifecycle.OrderPlaced || o.ID != want.ID || !o.At.Equal(want.At) || o.Total != want.Total || o.Status != want.Status || order.Person.Email != "anna@example.com" {
		t.Errorf("an order: %+v %+v", order, o)
	}
	p, err := reader(t, shop.Handler()).Purchases(t.Context(), connectors.Customer{Email: "anna@example.com"}, noon.Add(-2*time.Hour))
	if err != nil || len(p.Deliveries) != 2 {
		t.Errorf("asked for: %d, %v", len(p.Deliveries), err)
	}
}

// An account without e-commerce has no orders; that is no fault.
func TestAnAccountWithoutOrders(t *testing.T) {
	shop := fake.NewShop(fake.ShopOptions{ACKey: "secretOfTheTests"})
	r := reader(t, http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if strings.Contains(q.URL.Path, "ecomOrders") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		shop.Handler().ServeHTTP(w, q)
	}))
	if pages, events := connectorstest.ReadAll(t, r, plain(t), noon, noon.Add(time.Hour), func(int) {}); pages != 2 || len(events) != 0 {
		t.Errorf("%d pages, %+v", pages, events)
	}
}

func TestWhatAReadAnswerMeans(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		body    string
		fault   string
		refused bool
	}{
		"too many":      {429, "", "throttled", false},
		"key refused":   {403, "", "refused", true},
		"no account":    {404, "", "refused", true},
		"down":          {503, "", "unreachable", false},
		"a page":        {200, "<!doctype html>", "not_understood", false},
		"ids that fall": {200, `{"contacts":[{"id":"5"},{"id":"4"}]}`, "not_understood", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := reader(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			_, err := r.Changes(t.Context(), noon, "")
			var f *connectors.ReadFault
			if !errors.As(err, &f) || f.Name != c.fault || f.Refused != c.refused || strings.Contains(err.Error(), "secretOfTheTests") {
				t.Fatalf("%v (%+v)", err, f)
			}
		})
	}
}
