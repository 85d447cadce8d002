package woocommerce_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/internal/lifecycle"
)

// Published samples: what each becomes.
var published = map[string]struct {
	types []lifecycle.Type
	fails string // what the error says; empty: understood
	check func(*testing.T, lifecycle.Event)
}{
	"order-created-guest.json":           {types: []lifecycle.Type{lifecycle.OrderPlaced}, check: guest},
	"order-created-doc.json":             {types: []lifecycle.Type{lifecycle.OrderPlaced}, check: placed("727", 2935)},
	"order-updated-coupon.json":          {types: []lifecycle.Type{lifecycle.OrderPlaced}, check: coupon},
	"order-created-renewal-derived.json": {types: []lifecycle.Type{lifecycle.Renewed}, check: renewal},
	"order-deleted.json":                 {types: []lifecycle.Type{lifecycle.OrderCancelled}},
	"customer-created.json":              {types: []lifecycle.Type{lifecycle.ContactChanged}, check: john},
	"customer-created-doc.json":          {types: []lifecycle.Type{lifecycle.ContactChanged}, check: john},
	"subscription-updated.json":          {types: []lifecycle.Type{lifecycle.SubscriptionStarted, lifecycle.SubscriptionStarted}, check: brooks},
	"error-body.json":                    {fails: "it was gone before the delivery"},
}

func TestPublishedSamples(t *testing.T) {
	c := connectorstest.Published(t, "woocommerce")
	s := source(t, c.Secret)
	for i, r := range c.Requests {
		t.Run(r.File, func(t *testing.T) {
			want, known := published[r.File]
			if !known {
				t.Fatal("a new sample: say what it becomes")
			}
			request := c.Request(t, i)
			if err := s.Verify(request); err != nil {
				t.Fatal(err)
			}
			events, err := s.Normalise(request)
			if want.fails != "" {
				if !errors.Is(err, connectors.ErrMalformed) || !strings.Contains(err.Error(), want.fails) {
					t.Fatalf("err = %v, want ErrMalformed with %q", err, want.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var types []lifecycle.Type
			for _, ev := range events {
				types = append(types, ev.Type)
			}
			if diff := cmp.Diff(want.types, types); diff != "" {
				t.Fatalf("events (-want +got):\n%s", diff)
			}
			if want.check != nil {
				want.check(t, events[0])
			}
		})
	}
}

func TestPublishedSamplesAreSources(t *testing.T) {
	c := connectorstest.Published(t, "woocommerce")
	var all []connectorstest.Sample
	for _, sample := range samples(t, c) {
		if sample.Name != "customer-created-doc" { // the same bytes as customer-created
			all = append(all, sample)
		}
	}
	connectorstest.Source(t, source(t, c.Secret), all)
}

func guest(t *testing.T, ev lifecycle.Event) {
	t.Helper()
	at := time.Date(2022, 1, 28, 13, 59, 7, 0, time.UTC)
	want := lifecycle.Event{
		Type: lifecycle.OrderPlaced, At: at, Version: at.Add(2 * time.Second),
		Person: lifecycle.Person{Email: "2177025@example.net", Phone: "+15742177025", FirstName: "Marcus", LastName: "Fisher", Country: "US", Region: "AZ"},
		Order: &lifecycle.Order{
			ID: "211", Number: "211", At: at, Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: 3330, Currency: "USD"},
			Items: []lifecycle.Item{{Product: "16", Title: "Beanie", Quantity: 1}},
		},
		Also: []lifecycle.OrderName{{Owner: lifecycle.OwnerStripe, ID: "pi_3KMuym2EdyGr1FMV0TtJrfac"}},
	}
	if diff := cmp.Diff(want, ev, cmpopts.IgnoreFields(lifecycle.Event{}, "Key")); diff != "" {
		t.Errorf("event (-want +got):\n%s", diff)
	}
}

func placed(id string, minor int64) func(*testing.T, lifecycle.Event) {
	return func(t *testing.T, ev lifecycle.Event) {
		t.Helper()
		if ev.Order.ID != id || ev.Order.Total != (lifecycle.Money{Minor: minor, Currency: "USD"}) || ev.Order.Status != lifecycle.OrderPaid || len(ev.Order.Items) != 2 {
			t.Errorf("order %+v", *ev.Order)
		}
		if ev.Order.Items[0].Title != "Ship Your Idea – Color: Black, Size: M Test" {
			t.Errorf("items %+v, want the most valuable first and no entities", ev.Order.Items)
		}
	}
}

func coupon(t *testing.T, ev lifecycle.Event) {
	t.Helper()
	if diff := cmp.Diff([]string{"30$off"}, ev.Order.Codes); diff != "" {
		t.Errorf("codes (-want +got):\n%s", diff)
	}
	items := []lifecycle.Item{{Product: "52", Title: "Fruits Basket (Mix & Match Product)", Quantity: 2}, {Product: "234", Title: "Fruits Bundle", Quantity: 2}}
	if diff := cmp.Diff(items, ev.Order.Items); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	if ev.Order.ID != "963" || ev.Order.Total.Minor != 3120 || ev.Person.CustomerID != "11" || ev.Person.Email != "scrambled@example.com" {
		t.Errorf("order %+v of %+v", *ev.Order, ev.Person)
	}
}

func renewal(t *testing.T, ev lifecycle.Event) {
	t.Helper()
	if !ev.Order.Renewal || ev.Order.ID != "731" || ev.Subscription == nil || ev.Subscription.ID != "282" {
		t.Errorf("order %+v, subscription %+v", *ev.Order, ev.Subscription)
	}
}

func john(t *testing.T, ev lifecycle.Event) {
	t.Helper()
	want := lifecycle.Person{CustomerID: "25", Email: "john.doe@example.com", Phone: "(555) 555-5555", FirstName: "John", LastName: "Doe", Country: "US", Region: "CA", Authoritative: true}
	if diff := cmp.Diff(want, ev.Person); diff != "" {
		t.Errorf("person (-want +got):\n%s", diff)
	}
}

func brooks(t *testing.T, ev lifecycle.Event) {
	t.Helper()
	if ev.Subscription.ID != "282" || ev.Subscription.Plan != "Polo" || ev.Person.CustomerID != "27375286" || ev.Person.Email != "fakedata38165@example.com" {
		t.Errorf("subscription %+v of %+v", *ev.Subscription, ev.Person)
	}
	if want := time.Date(2023, 1, 31, 16, 29, 46, 0, time.UTC); !ev.At.Equal(want) {
		t.Errorf("at %s, want its start %s", ev.At, want)
	}
}
