package shopify_test

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

// Shopify's published samples: what each becomes.
var published = map[string]struct {
	types []lifecycle.Type // none: accepted and ignored
	fails string           // what the error says; empty: understood
	check func(*testing.T, lifecycle.Event)
}{
	"orders-create.json":                            {}, // test orders
	"orders-create-2024-10.json":                    {},
	"orders-updated.json":                           {},
	"orders-paid-derived.json":                      {types: []lifecycle.Type{lifecycle.OrderPlaced}, check: paidOrder},
	"orders-create-pos-no-customer-derived.json":    {types: []lifecycle.Type{lifecycle.OrderPlaced}, check: orderOfNobody},
	"orders-create-shape-b2b-no-pii.json":           {fails: "not a decimal amount"}, // every text is "example string"
	"customers-create.json":                         {types: []lifecycle.Type{lifecycle.ContactChanged}, check: bob("bob@biller.com")},
	"customers-update-2024-10.json":                 {types: []lifecycle.Type{lifecycle.ContactChanged}, check: neverOptedIn},
	"customers_email_marketing_consent-update.json": {types: []lifecycle.Type{lifecycle.ConsentChanged}, check: neverOptedIn},
	"customers-data_request.json":                   {types: []lifecycle.Type{lifecycle.DataRequested}, check: john},
	"customers-redact.json":                         {types: []lifecycle.Type{lifecycle.EraseRequested}, check: john},
	"shop-redact.json":                              {types: []lifecycle.Type{lifecycle.SourceGone}},
	"app-uninstalled.json":                          {types: []lifecycle.Type{lifecycle.SourceGone}, check: nobody},
	"refunds-create.json":                           {types: []lifecycle.Type{lifecycle.OrderRefunded}, check: refund},
	"subscription_contracts-create.json":            {types: []lifecycle.Type{lifecycle.SubscriptionStarted}, check: subscription("7103183873", "1")},
	"subscription_billing_attempts-failure.json":    {types: []lifecycle.Type{lifecycle.PaymentFailed}, check: subscription("4645218207", "")},
}

func TestPublishedSamples(t *testing.T) {
	c := connectorstest.Published(t, "shopify")
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
			if diff := cmp.Diff(want.types, types, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("events (-want +got):\n%s", diff)
			}
			if want.check != nil {
				want.check(t, events[0])
			}
		})
	}
}

func TestPublishedSamplesAreSources(t *testing.T) {
	c := connectorstest.Published(t, "shopify")
	s := source(t, c.Secret)
	var usable []connectorstest.Sample
	for _, sample := range samples(t, c) {
		if len(published[sample.Name+".json"].types) > 0 { // the others come to nothing anyway
			usable = append(usable, sample)
		}
	}
	connectorstest.Source(t, s, usable)
}

func paidOrder(t *testing.T, ev lifecycle.Event) {
	t.Helper()
	at := time.Date(2026, 11, 20, 8, 0, 20, 0, time.UTC)
	want := lifecycle.Order{
		ID: "5550100200301", Number: "#1034", At: at, Status: lifecycle.OrderPaid,
		Total: lifecycle.Money{Minor: 40495, Currency: "EUR"}, Codes: []string{"BACK10"},
	}
	if diff := cmp.Diff(want, *ev.Order, cmpopts.IgnoreFields(lifecycle.Order{}, "Items")); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	if len(ev.Order.Items) != 5 || ev.Order.Items[0].Title != "Mid-century lounger" {
		t.Errorf("items %+v, want the most valuable first", ev.Order.Items)
	}
	who := lifecycle.Person{
		CustomerID: "7001002003001", Email: "ada@example.com", Phone: "+33639980102",
		FirstName: "Ada", LastName: "Example", Locale: "fr-FR", Country: "US", Region: "KY",
	}
	if diff := cmp.Diff(who, ev.Person); diff != "" {
		t.Errorf("person (-want +got):\n%s", diff)
	}
	consents := []lifecycle.ConsentChange{{Channel: lifecycle.Email, State: lifecycle.Subscribed, At: at, Evidence: "checkout box of order #1034"}}
	if diff := cmp.Diff(consents, ev.Consents); diff != "" {
		t.Errorf("consents (-want +got):\n%s", diff)
	}
	if !ev.Version.Equal(at.Add(2 * time.Second)) {
		t.Errorf("version %v is not updated_at", ev.Version)
	}
}

func orderOfNobody(t *testing.T, ev lifecycle.Event) {
	t.Helper()
	if ev.Order.ID != "5550100200302" || ev.Consents != nil {
		t.Errorf("got %+v", ev)
	}
	nobody(t, ev)
}

func nobody(t *testing.T, ev lifecycle.Event) {
	t.Helper()
	if ev.Person != (lifecycle.Person{}) {
		t.Errorf("person %+v, want nobody", ev.Person)
	}
}

func bob(email string) func(*testing.T, lifecycle.Event) {
	return func(t *testing.T, ev lifecycle.Event) {
		t.Helper()
		want := lifecycle.Person{CustomerID: "706405506930370084", Email: email, FirstName: "Bob", LastName: "Biller", Country: "CA", Region: "ON", Authoritative: true}
		if diff := cmp.Diff(want, ev.Person); diff != "" {
			t.Errorf("person (-want +got):\n%s", diff)
		}
	}
}

func neverOptedIn(t *testing.T, ev lifecycle.Event) {
	t.Helper()
	if len(ev.Consents) != 1 || ev.Consents[0].State != lifecycle.Unknown || !ev.Consents[0].At.Equal(ev.At) || ev.At.IsZero() {
		t.Errorf("consents %+v, want unknown at the event's time", ev.Consents)
	}
}

func john(t *testing.T, ev lifecycle.Event) {
	t.Helper()
	want := lifecycle.Person{CustomerID: "191167", Email: "john@example.com", Phone: "555-625-1199"}
	if diff := cmp.Diff(want, ev.Person); diff != "" {
		t.Errorf("person (-want +got):\n%s", diff)
	}
}

func refund(t *testing.T, ev lifecycle.Event) {
	t.Helper()
	want := lifecycle.Refund{OrderID: "820982911946154508", ID: "890088186047892319", Amount: 8500}
	if diff := cmp.Diff(want, *ev.Refund); diff != "" {
		t.Errorf("refund (-want +got):\n%s", diff)
	}
}

func subscription(id, customer string) func(*testing.T, lifecycle.Event) {
	return func(t *testing.T, ev lifecycle.Event) {
		t.Helper()
		if ev.Subscription.ID != id || ev.Person.CustomerID != customer {
			t.Errorf("subscription %+v of %+v, want %s of %q", *ev.Subscription, ev.Person, id, customer)
		}
	}
}
