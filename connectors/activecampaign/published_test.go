package activecampaign_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ritorno/connectors"
	"ritorno/connectors/activecampaign"
	"ritorno/connectors/connectorstest"
	"ritorno/internal/lifecycle"
)

var jean = lifecycle.Person{
	CustomerID: "27760", Email: "jean.exemple@example.com", Phone: "+33 6 39 98 01 02", FirstName: "Jean", LastName: "Exemple", Authoritative: true, //nolint:misspell // a French name
}

// Published samples: what each becomes where the owner mapped the tag vip only.
var published = map[string][]lifecycle.Event{
	"automation-webhook.form": {{Type: lifecycle.ContactChanged, At: now, Version: now, Person: jean}},
	"contact_tag_added.form": {{
		Type: lifecycle.SubscriptionStarted, At: time.Date(2026, 11, 3, 16, 0, 0, 0, time.UTC), Version: time.Date(2026, 11, 3, 16, 0, 0, 0, time.UTC),
		Person: without(jean), Subscription: &lifecycle.Subscription{},
	}},
	"subscribe.form": told(time.Date(2013, 1, 1, 11, 0, 0, 0, time.UTC), lifecycle.Subscribed, "ActiveCampaign subscribe, list 1, form 1004, by admin",
		lifecycle.Person{CustomerID: "42", Email: "test@example.com", FirstName: "First", LastName: "Last", Authoritative: true}),
	"unsubscribe.form": append(
		told(time.Date(2026, 11, 2, 15, 15, 44, 0, time.UTC), lifecycle.Unsubscribed, "ActiveCampaign unsubscribe, list 3, by public", jean),
		lifecycle.Event{
			Type: lifecycle.Noted, At: time.Date(2026, 11, 2, 15, 15, 44, 0, time.UTC), Version: time.Date(2026, 11, 2, 15, 15, 44, 0, time.UTC),
			Person: jean, Text: "unsubscribed: I no longer want these e-mails",
		}),
}

func without(p lifecycle.Person) lifecycle.Person { p.Phone = ""; return p }

func told(at time.Time, state lifecycle.ConsentState, evidence string, p lifecycle.Person) []lifecycle.Event {
	return []lifecycle.Event{{
		Type: lifecycle.ConsentChanged, At: at, Version: at, Person: p,
		Consents: []lifecycle.ConsentChange{{Channel: lifecycle.Email, State: state, At: at, Evidence: evidence}},
	}}
}

func TestPublishedSamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(connectorstest.Fixtures(t, "activecampaign"), "*.form"))
	if err != nil || len(files) == 0 {
		t.Fatal("no samples", err)
	}
	o := options(t, "t")
	o.Tags, o.Lists = map[string]activecampaign.Meaning{"VIP": activecampaign.Started}, nil
	s, err := activecampaign.New(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			want, known := published[filepath.Base(f)]
			if !known {
				t.Fatal("a new sample: say what it becomes")
			}
			body, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			r := connectors.Request{
				Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Query: url.Values{"token": {"t"}}, Body: body, Now: now,
			}
			if err := s.Verify(r); err != nil {
				t.Fatal(err)
			}
			events, err := s.Normalise(r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, events, cmpopts.IgnoreFields(lifecycle.Event{}, "Key")); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}
