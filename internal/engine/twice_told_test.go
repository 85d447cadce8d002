package engine_test

import (
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// A shop and its subscription app tell one order, each with the address and the
// customer id that it knows. It is one person, whom both find from then on.
func TestAnOrderToldByTwoSourcesIsOfOnePerson(t *testing.T) {
	const other = "anna.rossi@example.com"
	tell := func(source string, ev lifecycle.Event) lifecycle.Event {
		ev.Source, ev.Key = source, source+" "+ev.Key
		return ev
	}
	shop := tell("shopify", orderOf("6200000000000000201", day0, named("7", annaMail, "")))
	app := tell("erp", orderOf("6200000000000000201", day0.Add(time.Second), named("71", other, "")))
	app.Owner = "shopify"
	gone := lifecycle.Event{
		Type: lifecycle.SubscriptionCancelled, Source: "erp", Key: "s", At: day0.Add(time.Hour),
		Person: lifecycle.Person{CustomerID: "71"}, Subscription: &lifecycle.Subscription{ID: "S"},
	}
	for name, told := range map[string][]lifecycle.Event{
		"the shop first":              {shop, app, gone},
		"the app first":               {app, shop, gone},
		"the cancellation first":      {gone, shop, app},
		"its news between the two":    {app, gone, shop},
		"each of them more than once": {shop, app, shop, gone, app, gone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.goTo(t, day0.Add(2*time.Hour))
			for _, ev := range told {
				b.tell(t, ev)
			}
			got, again := b.find(t, annaMail), b.find(t, other)
			if got.ID != again.ID {
				t.Fatalf("%s and %s: two records", got.ID, again.ID)
			}
			if st := b.StatusOf(got, day0); st.Orders != 1 || st.Spent != "10.00" || got.State != lifecycle.Cancelled {
				t.Errorf("%d orders, %s, %s; want one of 10.00, cancelled", st.Orders, st.Spent, got.State)
			}
			if n, err := b.st.ParkedCount(b.ctx); err != nil || n != 0 {
				t.Errorf("%d events still wait, %v", n, err)
			}
		})
	}
}
