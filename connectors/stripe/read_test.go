package stripe_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/fake"
	"ritorno/connectors/stripe"
)

var (
	local = connectorstest.Local()
	noon  = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
)

func reader(t *testing.T, h http.Handler) *stripe.Reader {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	r, err := stripe.NewReader(stripe.ReaderOptions{URL: s.URL, Key: "rk_secretOfTheTests", Client: local})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// plain is the source that reads what its reader brings.
func plain(t *testing.T) connectors.Source {
	t.Helper()
	src, err := stripe.New(stripe.Options{Secrets: []string{"x"}})
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func TestEventsAreReadPageByPage(t *testing.T) {
	shop := fake.NewShop(fake.ShopOptions{StripeKey: "rk_secretOfTheTests"})
	buy := func(id int64, at time.Time) {
		shop.Charge(fake.Purchase{ID: id, Customer: id, Email: fmt.Sprintf("c%d@example.com", id), Total: "10.00", Created: at})
	}
	buy(999, noon.Add(-time.Minute))
	for i := range int64(250) {
		buy(1+i, noon.Add(time.Duration(i)*time.Second))
	}
	r := reader(t, shop.Handler())
	pages, seen := 0, map[string]int{}
	for next := ""; ; {
		p, err := r.Changes(t.Context(), noon, next)
		if err != nil {
			t.Fatal(err)
		}
		for _, ev := range connectorstest.EventsOf(t, plain(t), p, noon) {
			seen[ev.Order.ID]++
		}
		if pages++; pages == 1 {
			buy(300, noon.Add(time.Hour)) // stands in front of what was read: the next round's
		}
		if p.Next == "" {
			break
		}
		next = p.Next
	}
	if pages != 3 || len(seen) != 250 || seen["pi_999"] != 0 || seen["pi_300"] != 0 || seen["pi_1"] != 1 {
		t.Errorf("%d pages, %d orders", pages, len(seen))
	}
	_, err := r.Changes(t.Context(), noon, "evt_gone")
	var f *connectors.ReadFault
	if !errors.As(err, &f) || !f.Restart {
		t.Errorf("an event that is gone: %v", err)
	}
}

// An event that is read is the very delivery of the webhook, key and all.
func TestReadIsAsTold(t *testing.T) {
	shop := fake.NewShop(fake.ShopOptions{StripeKey: "rk_secretOfTheTests"})
	shop.Charge(fake.Purchase{ID: 1, Customer: 7, Email: "anna@example.com", Name: "Anna", Total: "49.90", Created: noon})
	p, err := reader(t, shop.Handler()).Changes(t.Context(), noon, "")
	if err != nil {
		t.Fatal(err)
	}
	read := connectorstest.EventsOf(t, plain(t), p, noon)
	if len(read) != 1 || read[0].Key != "stripe evt_1 0" || read[0].Order.ID != "pi_1" || read[0].Person.CustomerID != "cus_7" {
		t.Fatalf("%+v", read)
	}
	// The same payment, asked for by its customer, is the same order.
	p, err = reader(t, shop.Handler()).Purchases(t.Context(), connectors.Customer{IDs: []string{"cus_7"}}, noon)
	if err != nil {
		t.Fatal(err)
	}
	asked := connectorstest.EventsOf(t, plain(t), p, noon)
	asked[0].Key = read[0].Key
	if diff := cmp.Diff(read, asked); diff != "" {
		t.Errorf("(-read +asked):\n%s", diff)
	}
}

func TestPurchasesOfOneCustomer(t *testing.T) {
	shop := fake.NewShop(fake.ShopOptions{StripeKey: "rk_secretOfTheTests"})
	shop.Charge(fake.Purchase{ID: 1, Customer: 7, Email: "anna@example.com", Total: "1.00", Created: noon.Add(-48 * time.Hour)})
	shop.Charge(fake.Purchase{ID: 2, Customer: 7, Email: "anna@example.com", Total: "2.00", Created: noon})
	r := reader(t, shop.Handler())
	for name, c := range map[string]struct {
		who  connectors.Customer
		want []string
	}{
		"by id":     {connectors.Customer{IDs: []string{"cus_7"}}, []string{"pi_2"}},
		"by e-mail": {connectors.Customer{IDs: []string{"7"}, Email: "anna@example.com"}, []string{"pi_2"}},
		"nobody":    {connectors.Customer{Email: "gino@example.com"}, nil},
		"nothing":   {connectors.Customer{}, nil},
	} {
		p, err := r.Purchases(t.Context(), c.who, noon.Add(-time.Hour))
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
	for name, c := range map[string]struct {
		status  int
		body    string
		fault   string
		refused bool
		names   string
	}{
		"too many":       {429, "", "throttled", false, "429"},
		"unknown key":    {401, "", "refused", true, "api_key"},
		"no permission":  {403, "", "refused", true, "events"},
		"down":           {500, "", "unreachable", false, "500"},
		"no list":        {200, `{"object":"charge"}`, "not_understood", false, "list"},
		"without an id":  {200, `{"object":"list","data":[{}]}`, "not_understood", false, "id"},
		"not understood": {400, `{"error":{"param":"limit"}}`, "refused", true, "400"},
	} {
		t.Run(name, func(t *testing.T) {
			r := reader(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			_, err := r.Changes(t.Context(), noon, "")
			var f *connectors.ReadFault
			if !errors.As(err, &f) || f.Name != c.fault || f.Refused != c.refused || !strings.Contains(f.Text, c.names) || strings.Contains(err.Error(), "secretOfTheTests") {
				t.Fatalf("%v (%+v)", err, f)
			}
		})
	}
}
