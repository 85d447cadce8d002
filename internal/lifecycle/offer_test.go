package lifecycle_test

import (
	"strings"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/when"
)

func offersOf(t *testing.T) []lifecycle.Offer {
	t.Helper()
	only := func(src string) *when.Expr {
		e, err := when.Compile(src)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	euro := func(minor int64) lifecycle.Money { return lifecycle.Money{Minor: minor, Currency: "EUR"} }
	return []lifecycle.Offer{
		{Name: "broken", Kind: lifecycle.Financial, Type: "credit", Cost: euro(900), When: only("orders / orders > 0")},
		{Name: "small", Kind: lifecycle.Financial, Type: lifecycle.OfferCoupon, Cost: euro(300)},
		{Name: "strong", Kind: lifecycle.Financial, Type: lifecycle.OfferCoupon, Cost: euro(800), When: only("not opened")},
		{Name: "thanks", Kind: lifecycle.Emotional, Type: "thanks"},
		{Name: "vip", Kind: lifecycle.Material, Type: "surprise", Cost: euro(500), When: only("spent > 1000")},
	}
}

func TestTheOffersThatFitAContact(t *testing.T) {
	day := time.Date(2026, time.May, 1, 9, 0, 0, 0, time.UTC)
	r := lifecycle.Rules{Currency: "EUR", Offers: offersOf(t), Journeys: []lifecycle.Journey{
		{Name: "reactivation", Trigger: lifecycle.OnInactivity, Finish: lifecycle.Finish{Otherwise: lifecycle.UnsubscribedState}, Steps: []lifecycle.Step{
			{Template: "survey"}, {Template: "survey", Offers: []string{"thanks", "gone", "vip"}}, {Template: "coupon"},
		}},
		{Name: "cancellation", Trigger: lifecycle.OnCancellation, Steps: []lifecycle.Step{{Template: "cancellation_offer"}}, Finish: lifecycle.Finish{Otherwise: lifecycle.Dormant}},
	}}
	for name, tc := range map[string]struct {
		journey  string
		step     int
		template string
		reason   string
		opened   bool
		want     string
		ask      bool
	}{
		"a template without an offer":               {"reactivation", 1, "survey", "", false, "", false},
		"what the step names, in its order":         {"reactivation", 2, "survey", "", false, "thanks", true},
		"all of the shop's, the dearest first":      {"reactivation", 3, "coupon", "", false, "strong small thanks", true},
		"who opened a message":                      {"reactivation", 3, "coupon", "", true, "small thanks", true},
		"a reason of price":                         {"cancellation", 1, "cancellation_offer", "too expensive", false, "strong small thanks", true},
		"no reason":                                 {"cancellation", 1, "cancellation_offer", "", false, "strong small thanks", true},
		"who moved away":                            {"cancellation", 1, "cancellation_offer", "we moved", false, "", true},
		"a fraud":                                   {"cancellation", 1, "cancellation_offer", "fraud", false, "", true},
		"who did not use it":                        {"cancellation", 1, "cancellation_offer", "unused", false, "", true},
		"a reason counts only after a cancellation": {"reactivation", 3, "coupon", "we moved", false, "strong small thanks", true},
		"a journey that is gone":                    {"farewell", 1, "coupon", "", false, "strong small thanks", true},
	} {
		t.Run(name, func(t *testing.T) {
			m := lifecycle.Message{Journey: tc.journey, Step: tc.step, Template: tc.template, Run: "r1"}
			c := lifecycle.Contact{
				State: lifecycle.Dormant, CancelReason: tc.reason, Run: &lifecycle.Run{ID: "r1", Journey: tc.journey, Trigger: lifecycle.OnInactivity},
				Messages: []lifecycle.Message{{Run: "r1", Opened: tc.opened}},
			}
			fit, ask := r.OffersFor(&c, &m, day)
			var names []string
			for _, o := range fit {
				names = append(names, o.Name)
			}
			if got := strings.Join(names, " "); got != tc.want || ask != tc.ask {
				t.Errorf("%q, ask %v; want %q, %v", got, ask, tc.want, tc.ask)
			}
		})
	}
}

func TestWhichMessagesCarryACode(t *testing.T) {
	none := lifecycle.Rules{Journeys: []lifecycle.Journey{{Name: "cancellation", Trigger: lifecycle.OnCancellation, Steps: []lifecycle.Step{{}}}}}
	shop := none
	shop.Offers = offersOf(t)
	for name, tc := range map[string]struct {
		r      lifecycle.Rules
		m      lifecycle.Message
		reason string
		want   bool
	}{
		"by its template":                        {none, lifecycle.Message{Template: "coupon"}, "", true},
		"a template without":                     {none, lifecycle.Message{Template: "survey"}, "", false},
		"a reason that no discount mends":        {none, lifecycle.Message{Journey: "cancellation", Step: 1, Template: "cancellation_offer"}, "unused", false},
		"a reason that a discount mends":         {none, lifecycle.Message{Journey: "cancellation", Step: 1, Template: "cancellation_offer"}, "troppo caro", true},
		"an offer that is a coupon":              {shop, lifecycle.Message{Template: "survey", Offer: "small"}, "", true},
		"an offer that is none":                  {shop, lifecycle.Message{Template: "coupon", Offer: "thanks"}, "", false},
		"a shop with offers, of which none fits": {shop, lifecycle.Message{Template: "coupon"}, "", false},
	} {
		if got := tc.r.GivesCoupon(&lifecycle.Contact{CancelReason: tc.reason}, &tc.m); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTheLastMessageOfAJourneyThatLetsGo(t *testing.T) {
	steps := []lifecycle.Step{{Template: "survey"}, {Template: "coupon"}}
	r := lifecycle.Rules{Journeys: []lifecycle.Journey{
		{Name: "reactivation", Steps: steps, Finish: lifecycle.Finish{Otherwise: lifecycle.UnsubscribedState}},
		{Name: "welcome", Steps: steps, Finish: lifecycle.Finish{Otherwise: lifecycle.Active}},
	}}
	for m, want := range map[lifecycle.Message]bool{
		{Journey: "reactivation", Step: 1}: false,
		{Journey: "reactivation", Step: 2}: true,
		{Journey: "welcome", Step: 2}:      false,
		{Journey: "gone", Step: 2}:         false,
		{}:                                 false,
	} {
		if got := r.Last(&m); got != want {
			t.Errorf("%s %d: %v", m.Journey, m.Step, got)
		}
	}
	if m := r.StepWith("coupon", lifecycle.Email); m.Journey != "reactivation" || m.Step != 2 || m.Channel != lifecycle.Email {
		t.Errorf("%+v", m)
	}
}
