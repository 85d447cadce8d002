package handlers_test

import (
	"testing"
	"time"

	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
)

const day = 24 * time.Hour

// world is a service whose shops have all journeys, and three people in each:
// one who stays away, one who comes back, one who cancels.
type world struct {
	*rig
	shops []engine.Shop
}

// trader is a shop with all journeys.
func trader(id, locale, country string, b lifecycle.Business) engine.Shop {
	s := shopOf(id, "Bottega Rossi & Figli", locale, country)
	mail := func(after time.Duration, template string) lifecycle.Step {
		return lifecycle.Step{After: after, Channels: []lifecycle.Channel{lifecycle.Email}, Template: template}
	}
	s.Rules.Business = b
	s.Rules.Journeys = append(s.Rules.Journeys,
		lifecycle.Journey{
			Name: "welcome_back", Trigger: lifecycle.OnReturn,
			Steps: []lifecycle.Step{
				mail(0, "welcome_back_memory"), mail(3*day, "welcome_back_news"), mail(7*day, "welcome_back_stay"),
				mail(10*day, "payment_failed"), mail(12*day, "early_warning"), mail(28*day, "welcome_back_check"), // each template once
			},
			Finish: lifecycle.Finish{Otherwise: lifecycle.Active},
		},
		lifecycle.Journey{
			Name: "cancellation", Trigger: lifecycle.OnCancellation,
			Steps:  []lifecycle.Step{mail(time.Hour, "cancellation_sorry"), mail(14*day, "cancellation_offer"), mail(20*day, "cancellation_door")},
			Finish: lifecycle.Finish{After: 14 * day, Otherwise: lifecycle.Dormant},
		})
	return s
}

// worldOf lets the three people of every shop do what they do until each
// template was sent. Reason is why the third one cancels.
func worldOf(t *testing.T, name, reason string, shops ...engine.Shop) *world {
	t.Helper()
	w := soonAfter(t, name, reason, shops...)
	w.clock(`{"now":"` + contestDay + `"}`).is(200)
	w.clock(`{"now":"` + couponDay + `"}`).is(200)
	return w
}

// soonAfter is a world 15 days after the return and the cancellation.
func soonAfter(t *testing.T, name, reason string, shops ...engine.Shop) *world {
	t.Helper()
	w := &world{openShops(t, redistest.Start(t), shops), shops}
	w.clock(beforeAll).is(200)
	for _, s := range shops {
		for _, who := range []string{"away", "back", "gone"} {
			w.tell(s.Name, who, "order.paid", lifecycle.Event{Type: lifecycle.OrderPlaced, Order: &lifecycle.Order{ID: "1" + who, Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: 4990, Currency: "EUR"}}}, name)
		}
	}
	w.clock(`{"now":"` + surveyDay + `"}`).is(200)
	for _, s := range shops {
		w.tell(s.Name, "back", "again", lifecycle.Event{Type: lifecycle.OrderPlaced, Order: &lifecycle.Order{ID: "2", Status: lifecycle.OrderPaid, Total: lifecycle.Money{Minor: 4990, Currency: "EUR"}}}, name)
		w.tell(s.Name, "gone", "cancelled", lifecycle.Event{Type: lifecycle.SubscriptionCancelled, Subscription: &lifecycle.Subscription{ID: "S", Reason: reason}}, name)
	}
	w.clock(`{"advance":"15d"}`).is(200)
	return w
}

func (w *world) tell(shop, who, key string, ev lifecycle.Event, name string) {
	w.Helper()
	ev.Source, ev.Key = "erp", shop+who+key
	ev.Person = lifecycle.Person{CustomerID: who, Email: who + "@example.com", FirstName: name}
	ev.Consents = []lifecycle.ConsentChange{{Channel: lifecycle.Email, State: lifecycle.Subscribed}}
	if _, err := w.engine.Apply(w.Context(), shop, ev); err != nil {
		w.Fatal(err)
	}
}

// leads is where the last message with a template leads, and whose it is.
func (w *world) leads(shop, template string) (path string, c lifecycle.Contact) {
	w.Helper()
	for _, who := range []string{"away", "back", "gone"} {
		c := w.findIn(shop, who)
		for _, m := range c.Messages {
			if m.Template == template && m.Code != "" {
				return "/l/" + m.Code, c
			}
		}
	}
	w.Fatalf("%s sent no %s", shop, template)
	return "", c
}

// templates are all built-in ones.
var templates = []string{
	"survey", "contest", "coupon", "welcome_back_memory", "welcome_back_news", "welcome_back_stay", "welcome_back_check",
	"cancellation_sorry", "cancellation_offer", "cancellation_door", "payment_failed", "early_warning",
}

// paths are all pages of a shop by name.
func (w *world) paths(shop string) map[string]string {
	w.Helper()
	all := map[string]string{
		"preferences": "/u/" + w.engine.UnsubscribeToken(shop, w.findIn(shop, "away").ID), "gone": "/l/aaaaaaaaaa",
	}
	for _, t := range templates {
		all[t], _ = w.leads(shop, t)
	}
	return all
}

// everyTrade is a shop for each language and kind of business.
func everyTrade() (shops []engine.Shop) {
	for _, b := range lifecycle.Businesses() {
		shops = append(shops, trader("it"+string(b), "it", "IT", b), trader("en"+string(b), "en", "GB", b))
	}
	return shops
}
