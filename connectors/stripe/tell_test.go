package stripe_test

import (
	"errors"
	"maps"
	"net/http/httptest"
	"testing"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/fake"
	"ritorno/connectors/outbound"
	"ritorno/connectors/stripe"
	"ritorno/internal/lifecycle"
)

func newTeller(url string, client *outbound.Client) (connectors.Teller, error) {
	return stripe.NewTeller(stripe.TellerOptions{URL: url, Key: connectorstest.TellerSecret, Client: client, Metadata: map[string]string{
		connectors.FieldState: "ritorno_state", connectors.FieldSMSConsent: "ritorno_sms_consent", connectors.FieldLastMessage: "last",
	}})
}

func TestCustomersAreTold(t *testing.T) {
	account := fake.NewPayments(connectorstest.TellerSecret, nil)
	account.Add(fake.Payer{ID: "cus_1", Email: "anna@example.com", Metadata: map[string]string{"theirs": "stays"}})
	account.Add(fake.Payer{ID: "cus_2", Email: "anna@example.com"})
	account.Add(fake.Payer{ID: "cus_3", Email: "anna@example.com", Deleted: true})
	server := httptest.NewServer(account.Handler())
	t.Cleanup(server.Close)
	teller, err := newTeller(server.URL, connectorstest.Local())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"ritorno_state": "dormant", "ritorno_sms_consent": "unsubscribed", "last": "2027-03-01 reactivation 1 sms survey"}
	if err := teller.Tell(t.Context(), connectorstest.Anna()); err != nil { // both are Anna's
		t.Fatal(err)
	}
	if got := account.Metadata("cus_2"); !maps.Equal(got, want) {
		t.Errorf("told %v", got)
	}
	want["theirs"] = "stays"
	if got := account.Metadata("cus_1"); !maps.Equal(got, want) {
		t.Errorf("told %v", got)
	}
	for _, key := range []string{"try-1", "try-1", "try-2"} { // the same try again, and the next one, with other news
		n := connectors.Telling{IDs: []string{"cus_1"}, Key: key, State: &connectors.TellingState{State: lifecycle.Returning}}
		if err := teller.Tell(t.Context(), n); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
	}
	if got := account.Metadata("cus_1"); got["ritorno_state"] != "returning" || got["last"] == "" {
		t.Errorf("told %v", got)
	}
	for name, n := range map[string]connectors.Telling{
		"an unknown address":          {Email: "bruno@example.com", State: &connectors.TellingState{State: lifecycle.Dormant}},
		"a customer that was deleted": {IDs: []string{"cus_3"}, State: &connectors.TellingState{State: lifecycle.Dormant}},
		"an id that is none":          {IDs: []string{"../v1/charges"}, State: &connectors.TellingState{State: lifecycle.Dormant}},
	} {
		if err := teller.Tell(t.Context(), n); !errors.Is(err, connectors.ErrNobody) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatStripeAnswers(t *testing.T) { connectorstest.Teller(t, newTeller) }

func FuzzTell(f *testing.F) {
	connectorstest.FuzzTeller(f, newTeller, `{"object":"list","data":[{"id":"cus_1"}]}`, `{"id":"cus_1","deleted":true}`,
		`{"error":{"type":"invalid_request_error","code":"resource_missing"}}`, `[]`, ``)
}
