package stripe_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ritorno/connectors/connectorstest"
	"ritorno/connectors/stripe"
	"ritorno/internal/lifecycle"
)

// Stripe's published samples: what each becomes. All but one are of test mode.
var published = map[string]struct {
	live   bool
	types  []lifecycle.Type // none: accepted and ignored
	order  string
	person lifecycle.Person
}{
	"customer.subscription.created.json": {types: []lifecycle.Type{lifecycle.SubscriptionStarted}, person: lifecycle.Person{CustomerID: "cus_00000000000000"}},
	"customer.subscription.deleted.json": {types: []lifecycle.Type{lifecycle.SubscriptionCancelled}, person: lifecycle.Person{CustomerID: "cus_00000000000000"}},
	"customer.subscription.updated.json": {types: []lifecycle.Type{lifecycle.SubscriptionCancelled}, person: lifecycle.Person{CustomerID: "cus_QXg1o8vcGmoR32"}},
	"invoice.paid.json":                  {types: []lifecycle.Type{lifecycle.OrderPlaced}, order: "in_000000000000000000000000", person: lifecycle.Person{CustomerID: "cus_00000000000000"}},
	"charge.refunded.json":               {types: []lifecycle.Type{lifecycle.OrderRefunded}, order: "ch_000000000000000000000000"},
	"checkout.session.completed.json": {
		types: []lifecycle.Type{lifecycle.OrderPlaced}, order: "pi_000000000000000000000000",
		person: lifecycle.Person{CustomerID: "cus_00000000000000", Email: "stripe@example.com"},
	},
	"checkout.session.completed-subscription.json": {
		types:  []lifecycle.Type{lifecycle.SubscriptionStarted}, // its invoice tells the order
		person: lifecycle.Person{CustomerID: "cus_M5wW9RPFk9xNZ5", Email: "chris@example.com", FirstName: "Example", LastName: "Customer", Country: "US", Region: "KY"},
	},
	"invoice.payment_failed.json": {
		live: true, types: []lifecycle.Type{lifecycle.PaymentFailed},
		person: lifecycle.Person{CustomerID: "cus_1234", Email: "customer@example.org", FirstName: "Example", LastName: "Customer", Country: "US", Region: "CA"},
	},
}

func TestPublishedSamples(t *testing.T) {
	c := connectorstest.Published(t, "stripe")
	s := source(t, c.Secret)
	trial, err := stripe.New(stripe.Options{Secrets: []string{c.Secret}, TestEvents: true})
	if err != nil {
		t.Fatal(err)
	}
	connectorstest.Source(t, trial, samples(t, c))
	for i, r := range c.Requests {
		t.Run(r.File, func(t *testing.T) {
			want, known := published[r.File]
			if !known {
				t.Fatal("a new sample: say what it becomes")
			}
			if events, err := s.Normalise(c.Request(t, i)); err != nil || (len(events) > 0) != want.live {
				t.Errorf("%d events, %v; live: %v", len(events), err, want.live)
			}
			events, err := trial.Normalise(c.Request(t, i))
			if err != nil {
				t.Fatal(err)
			}
			var types []lifecycle.Type
			for _, ev := range events {
				types = append(types, ev.Type)
				if diff := cmp.Diff(want.person, ev.Person); diff != "" {
					t.Errorf("person of %s (-want +got):\n%s", ev.Type, diff)
				}
			}
			if diff := cmp.Diff(want.types, types, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("events (-want +got):\n%s", diff)
			}
			if want.order != "" && events[0].Order.ID != want.order {
				t.Errorf("order %q, want %q", events[0].Order.ID, want.order)
			}
		})
	}
}
