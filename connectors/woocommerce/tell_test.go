package woocommerce_test

import (
	"errors"
	"maps"
	"net/http/httptest"
	"testing"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/fake"
	"ritorno/connectors/outbound"
	"ritorno/connectors/woocommerce"
	"ritorno/internal/lifecycle"
)

func newTeller(url string, client *outbound.Client) (connectors.Teller, error) {
	return woocommerce.NewTeller(woocommerce.TellerOptions{
		MakerOptions: woocommerce.MakerOptions{URL: url, Key: "ck_1", Secret: connectorstest.TellerSecret, Client: client},
		Meta: map[string]string{
			connectors.FieldState: "_ritorno_state", connectors.FieldReason: "_ritorno_reason",
			connectors.FieldSMSConsent: "_ritorno_sms_consent", connectors.FieldCoupon: "my_coupon",
		},
	})
}

func TestACustomerIsTold(t *testing.T) {
	shop := fake.NewShop(fake.ShopOptions{Key: "ck_1", Secret: connectorstest.TellerSecret})
	shop.AddCustomer(fake.Customer{ID: 4711, Email: "Anna@example.com", Meta: map[string]string{"_ritorno_state": "active", "theirs": "stays"}})
	server := httptest.NewServer(shop.Handler())
	t.Cleanup(server.Close)
	teller, err := newTeller(server.URL, connectorstest.Local())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"_ritorno_state": "dormant", "_ritorno_reason": "inactive", "_ritorno_sms_consent": "unsubscribed", "my_coupon": "BCDF2345", "theirs": "stays",
	}
	for _, ids := range [][]string{nil, {"4711"}, {"0", "4711"}} {
		n := connectorstest.Anna()
		n.IDs = ids
		if err := teller.Tell(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		if c, _ := shop.Customer(4711); !maps.Equal(c.Meta, want) {
			t.Errorf("told %v", c.Meta)
		}
	}
	before := shop.Writes()
	for name, n := range map[string]connectors.Telling{
		"an unknown address": {Email: "bruno@example.com", State: &connectors.TellingState{State: lifecycle.Dormant}},
		"a guest":            {IDs: []string{"0"}, State: &connectors.TellingState{State: lifecycle.Dormant}},
	} {
		if err := teller.Tell(t.Context(), n); !errors.Is(err, connectors.ErrNobody) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if shop.Writes() != before {
		t.Error("somebody was told who is not there")
	}
	gone := connectors.Telling{IDs: []string{"4712"}, State: &connectors.TellingState{State: lifecycle.Dormant}}
	if err := teller.Tell(t.Context(), gone); !errors.Is(err, connectors.ErrNobody) {
		t.Errorf("a customer that was deleted: %v", err)
	}
}

func TestWhatTheShopAnswers(t *testing.T) { connectorstest.Teller(t, newTeller) }

func FuzzTell(f *testing.F) {
	connectorstest.FuzzTeller(f, newTeller, `[{"id":4711,"email":"anna@example.com"}]`, `{"id":4711,"meta_data":[]}`,
		`{"code":"woocommerce_rest_invalid_id","data":{"status":400}}`, `{"code":"rest_no_route"}`, ``)
}
