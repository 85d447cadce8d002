package shopify_test

import (
	"errors"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/fake"
	"ritorno/connectors/outbound"
	"ritorno/connectors/shopify"
	"ritorno/internal/lifecycle"
)

func newTeller(url string, client *outbound.Client) (connectors.Teller, error) {
	return shopify.NewTeller(shopify.TellerOptions{Tags: true, MakerOptions: shopify.MakerOptions{URL: url, Token: connectorstest.TellerSecret, Client: client}})
}

func pretendShop(t *testing.T, o fake.ShopOptions) (*fake.Shop, connectors.Teller) {
	t.Helper()
	o.Token = connectorstest.TellerSecret
	shop := fake.NewShop(o)
	server := httptest.NewServer(shop.Handler())
	t.Cleanup(server.Close)
	teller, err := newTeller(server.URL, connectorstest.Local())
	if err != nil {
		t.Fatal(err)
	}
	return shop, teller
}

func TestACustomerIsTold(t *testing.T) {
	shop, teller := pretendShop(t, fake.ShopOptions{})
	before := time.Date(2027, 1, 1, 9, 0, 0, 0, time.UTC)
	shop.AddCustomer(fake.Customer{
		ID: 4711, Email: "Anna@example.com", Phone: "+393331230001", Tags: []string{"vip", "ritorno-active"},
		EmailBox: fake.Box{State: "SUBSCRIBED", Updated: before}, SMSBox: fake.Box{State: "SUBSCRIBED", Updated: before},
	})
	shop.AddCustomer(fake.Customer{ID: 4712, Email: "marianna@example.com"})
	for _, ids := range [][]string{nil, {"4711"}} {
		n := connectorstest.Anna()
		n.IDs = ids
		if err := teller.Tell(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		c, _ := shop.Customer(4711)
		if !slices.Equal(c.Tags, []string{"vip", "ritorno-dormant"}) {
			t.Errorf("tags %v", c.Tags)
		}
		at := n.Out[0].At
		if c.EmailBox != (fake.Box{State: "UNSUBSCRIBED", Updated: at}) || c.SMSBox != (fake.Box{State: "UNSUBSCRIBED", Updated: at}) {
			t.Errorf("consent %+v %+v", c.EmailBox, c.SMSBox)
		}
		if shop.Writes() != 4 { // the second time nothing is left to write
			t.Errorf("%d writes", shop.Writes())
		}
	}
	if c, _ := shop.Customer(4712); len(c.Tags) > 0 {
		t.Error("somebody else was told, whose address only looks like it")
	}
}

func TestNobodyIsMadeInTheShop(t *testing.T) {
	shop, teller := pretendShop(t, fake.ShopOptions{})
	for name, n := range map[string]connectors.Telling{
		"an unknown address":          {Email: "bruno@example.com", State: &connectors.TellingState{State: lifecycle.Dormant}},
		"no address":                  {State: &connectors.TellingState{State: lifecycle.Dormant}},
		"an address that is a search": {Email: `x" OR id:"1`, State: &connectors.TellingState{State: lifecycle.Dormant}},
		"a customer that was deleted": {IDs: []string{"4711"}, State: &connectors.TellingState{State: lifecycle.Dormant}},
	} {
		if err := teller.Tell(t.Context(), n); !errors.Is(err, connectors.ErrNobody) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if shop.Writes() != 0 {
		t.Errorf("%d writes", shop.Writes())
	}
}

func TestNobodyIsSubscribedAgain(t *testing.T) {
	decided := time.Date(2027, 3, 1, 10, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		have fake.Box
		tell lifecycle.ConsentState
		want string
	}{
		"who left before they opted in with us comes back": {fake.Box{State: "UNSUBSCRIBED", Updated: decided.Add(-time.Hour)}, lifecycle.Subscribed, "SUBSCRIBED"},
		"who left the shop after it stays out":             {fake.Box{State: "UNSUBSCRIBED", Updated: decided.Add(time.Hour)}, lifecycle.Subscribed, "UNSUBSCRIBED"},
		"who never opted in at the shop stays out":         {fake.Box{State: "NOT_SUBSCRIBED"}, lifecycle.Subscribed, "NOT_SUBSCRIBED"},
		"who waits for a confirmation goes on waiting":     {fake.Box{State: "PENDING", Updated: decided.Add(-time.Hour)}, lifecycle.Subscribed, "PENDING"},
		"who left us is out":                               {fake.Box{State: "SUBSCRIBED", Updated: decided.Add(-time.Hour)}, lifecycle.Unsubscribed, "UNSUBSCRIBED"},
		"who never opted in is out, too":                   {fake.Box{State: "NOT_SUBSCRIBED"}, lifecycle.Unsubscribed, "UNSUBSCRIBED"},
		"who came back to the shop after it is in":         {fake.Box{State: "SUBSCRIBED", Updated: decided.Add(time.Hour)}, lifecycle.Unsubscribed, "SUBSCRIBED"},
	} {
		shop, teller := pretendShop(t, fake.ShopOptions{})
		shop.AddCustomer(fake.Customer{ID: 4711, Email: "anna@example.com", EmailBox: c.have})
		n := connectors.Telling{IDs: []string{"4711"}, Out: []connectors.TellingConsent{
			{Channel: lifecycle.Email, State: c.tell, At: decided}, {Channel: lifecycle.SMS, State: c.tell, At: decided}, // there is no number
		}}
		if err := teller.Tell(t.Context(), n); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, _ := shop.Customer(4711); got.EmailBox.State != c.want {
			t.Errorf("%s: %s, want %s", name, got.EmailBox.State, c.want)
		}
	}
}

// What was done although the answer got lost is not done twice.
func TestALostAnswerIsNoHarm(t *testing.T) {
	for cut := 1; ; cut++ {
		shop, teller := pretendShop(t, fake.ShopOptions{Cut: func(n int) bool { return n == cut }})
		shop.AddCustomer(fake.Customer{ID: 4711, Email: "anna@example.com", Phone: "+393331230001", Tags: []string{"ritorno-active"}})
		first := teller.Tell(t.Context(), connectorstest.Anna())
		if first != nil {
			if err := teller.Tell(t.Context(), connectorstest.Anna()); err != nil {
				t.Fatalf("call %d: %v", cut, err)
			}
		}
		if c, _ := shop.Customer(4711); !slices.Equal(c.Tags, []string{"ritorno-dormant"}) || c.SMSBox.State != "UNSUBSCRIBED" || shop.Writes() != 4 {
			t.Errorf("call %d: %+v after %d writes", cut, c, shop.Writes())
		}
		if first == nil {
			if cut < 6 {
				t.Errorf("only %d calls", cut)
			}
			return
		}
	}
}

func TestWhatTheShopAnswersToTelling(t *testing.T) { connectorstest.Teller(t, newTeller) }

func FuzzTell(f *testing.F) {
	connectorstest.FuzzTeller(f, newTeller,
		`{"data":{"customers":{"nodes":[{"id":"gid://shopify/Customer/1","defaultEmailAddress":{"emailAddress":"anna@example.com"}}]},"customer":{"tags":["ritorno-active"],"defaultEmailAddress":{"marketingState":"SUBSCRIBED","marketingUpdatedAt":"2027-01-01T00:00:00Z"}},"tagsAdd":{"userErrors":[]},"tagsRemove":{"userErrors":[]},"customerEmailMarketingConsentUpdate":{"userErrors":[{"code":"INVALID"}]}}}`,
		`{"errors":[{"extensions":{"code":"ACCESS_DENIED"}}]}`, `{"errors":"x"}`, `{"data":null}`, ``)
}
