package activecampaign_test

import (
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/activecampaign"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/fake"
	"ritorno/connectors/outbound"
	"ritorno/internal/lifecycle"
)

func newTeller(url string, client *outbound.Client) (connectors.Teller, error) {
	return activecampaign.NewTeller(activecampaign.TellerOptions{
		URL: url, Key: connectorstest.TellerSecret, Tags: true, SMS: []string{"7"}, Other: []string{"9"}, Client: client,
		Fields: map[string]string{connectors.FieldState: "11", connectors.FieldCoupon: "12", connectors.FieldSMSConsent: "13"},
	})
}

// account is a pretend account with Anna (contact 4711) on three lists.
func account(t *testing.T, fault func(int) int) (*fake.CRM, connectors.Teller) {
	t.Helper()
	crm := fake.NewCRM(connectorstest.TellerSecret, fault)
	before := time.Date(2027, 1, 1, 9, 0, 0, 0, time.UTC)
	crm.Add(fake.CRMContact{ID: "4711", Email: "Anna@example.com", Lists: map[string]fake.CRMListed{
		"3": {Status: "1", Updated: before}, "7": {Status: "1", Updated: before}, "9": {Status: "1", Updated: before},
	}})
	server := httptest.NewServer(crm.Handler())
	t.Cleanup(server.Close)
	teller, err := newTeller(server.URL, connectorstest.Local())
	if err != nil {
		t.Fatal(err)
	}
	return crm, teller
}

func TestAContactOfTheAccountIsTold(t *testing.T) {
	crm, teller := account(t, nil)
	for range 2 { // the second time changes nothing
		if err := teller.Tell(t.Context(), connectorstest.Anna()); err != nil {
			t.Fatal(err)
		}
		c, tags := crm.Contact("4711")
		if !slices.Equal(tags, []string{"ritorno-dormant", "ritorno-sms-unsubscribed"}) {
			t.Errorf("tags %v", tags)
		}
		if c.Lists["3"].Status != "2" || c.Lists["7"].Status != "2" || c.Lists["9"].Status != "1" {
			t.Errorf("lists %v", c.Lists)
		}
		if c.Fields["11"] != "dormant" || c.Fields["12"] != "BCDF2345" || c.Fields["13"] != "unsubscribed" {
			t.Errorf("fields %v", c.Fields)
		}
	}
	n := connectors.Telling{IDs: []string{"4711"}, State: &connectors.TellingState{State: lifecycle.Returning}}
	if err := teller.Tell(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	if _, tags := crm.Contact("4711"); !slices.Equal(tags, []string{"ritorno-returning", "ritorno-sms-unsubscribed"}) {
		t.Errorf("tags %v", tags)
	}
}

func TestNobodyIsMadeInTheAccount(t *testing.T) {
	crm, teller := account(t, nil)
	for name, n := range map[string]connectors.Telling{
		"an unknown address":         {Email: "bruno@example.com", State: &connectors.TellingState{State: lifecycle.Dormant}},
		"no address":                 {State: &connectors.TellingState{State: lifecycle.Dormant}},
		"a contact that was deleted": {IDs: []string{"4712"}, State: &connectors.TellingState{State: lifecycle.Dormant}},
	} {
		if err := teller.Tell(t.Context(), n); !errors.Is(err, connectors.ErrNobody) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if crm.Writes() != 0 {
		t.Errorf("%d writes", crm.Writes())
	}
}

// An opt-in with us takes back only what was left before it.
func TestNobodyIsPutOnAListAgain(t *testing.T) {
	left := time.Date(2027, 2, 1, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		status string
		at     time.Time
		want   string
	}{
		"left before the opt-in": {"2", left.Add(time.Hour), "1"},
		"left after the opt-in":  {"2", left.Add(-time.Hour), "2"},
		"bounced":                {"3", left.Add(time.Hour), "3"},
		"never confirmed":        {"0", left.Add(time.Hour), "0"},
		"never on the list":      {"", left.Add(time.Hour), ""},
	} {
		crm := fake.NewCRM(connectorstest.TellerSecret, nil)
		lists := map[string]fake.CRMListed{}
		if c.status != "" {
			lists["3"] = fake.CRMListed{Status: c.status, Updated: left}
		}
		crm.Add(fake.CRMContact{ID: "4711", Email: "anna@example.com", Lists: lists})
		server := httptest.NewServer(crm.Handler())
		teller, err := newTeller(server.URL, connectorstest.Local())
		if err != nil {
			t.Fatal(err)
		}
		n := connectors.Telling{IDs: []string{"4711"}, Out: []connectors.TellingConsent{{Channel: lifecycle.Email, State: lifecycle.Subscribed, At: c.at}}}
		if err := teller.Tell(t.Context(), n); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, _ := crm.Contact("4711"); got.Lists["3"].Status != c.want {
			t.Errorf("%s: status %q, want %q", name, got.Lists["3"].Status, c.want)
		}
		server.Close()
	}
}

// Whatever call fails, the next try ends what the first began.
func TestATryThatBrokeOffIsEndedByTheNext(t *testing.T) {
	for broken := 1; ; broken++ {
		crm, teller := account(t, func(n int) int {
			if n == broken {
				return 503
			}
			return 0
		})
		first := teller.Tell(t.Context(), connectorstest.Anna())
		if err := teller.Tell(t.Context(), connectorstest.Anna()); err != nil && first != nil {
			t.Fatalf("call %d: %v", broken, err)
		}
		_, tags := crm.Contact("4711")
		if got := strings.Join(tags, " "); got != "ritorno-dormant ritorno-sms-unsubscribed" {
			t.Errorf("call %d: tags %s", broken, got)
		}
		if first == nil { // there is no such call any more
			if broken < 8 {
				t.Errorf("only %d calls", broken)
			}
			return
		}
	}
}

func TestWhatTheAccountAnswers(t *testing.T) { connectorstest.Teller(t, newTeller) }

func FuzzTell(f *testing.F) {
	connectorstest.FuzzTeller(f, newTeller, `{"contacts":[{"id":"4711","email":"anna@example.com"}],"contactTags":[{"id":"1","tag":"2"}],"tags":[{"id":"2","tag":"ritorno-active"}]}`,
		`{"contactLists":[{"list":"3","status":"1","udate":"2027-01-01T00:00:00-05:00"}],"tag":{"id":"5"}}`, `[]`, ``)
}
