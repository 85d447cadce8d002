package activecampaign_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/activecampaign"
	"ritorno/internal/lifecycle"
)

var now = time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)

// call is a post that is verified already; pairs are further fields, event is of
// the URL.
func call(event string, pairs ...string) connectors.Request {
	f := url.Values{"contact[id]": {"42"}, "contact[email]": {"anna@example.com"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f[pairs[i]] = []string{pairs[i+1]}
	}
	q := url.Values{}
	if event != "" {
		q.Set("event", event)
	}
	return connectors.Request{Header: http.Header{}, Query: q, Body: []byte(f.Encode()), Now: now}
}

// said is what a post became, in one line: types, and each consent.
func said(t *testing.T, s *activecampaign.Source, r connectors.Request) string {
	t.Helper()
	events, err := s.Normalise(r)
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for _, ev := range events {
		part := string(ev.Type)
		for _, c := range ev.Consents {
			part += " " + c.Channel.String() + " " + c.State.String()
		}
		if ev.Subscription != nil && ev.Subscription.ID != "" {
			part += " " + ev.Subscription.ID
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ", ")
}

func TestWhatEachTypeBecomes(t *testing.T) {
	s := source(t, "t")
	for name, tt := range map[string]struct {
		fields []string
		want   string
	}{
		"subscribed to a list":             {[]string{"type", "subscribe", "list", "1"}, "consent.changed email subscribed"},
		"subscribed to no list":            {[]string{"type", "subscribe", "list", "0"}, "consent.changed email subscribed"},
		"the list for SMS":                 {[]string{"type", "subscribe", "list", "7"}, "consent.changed sms subscribed"},
		"the list of subscribers":          {[]string{"type", "subscribe", "list", "3"}, "subscription.started list 3"},
		"a list that means nothing":        {[]string{"type", "subscribe", "list", "9"}, "contact.changed"},
		"left one list of several":         {[]string{"type", "unsubscribe", "list", "12"}, "consent.changed email unsubscribed"},
		"left, and said why":               {[]string{"type", "unsubscribe", "list", "1", "unsubscribe[reason]", "too many"}, "consent.changed email unsubscribed, noted"},
		"left the list for SMS":            {[]string{"type", "unsubscribe", "list", "7"}, "consent.changed sms unsubscribed"},
		"left the list of subscribers":     {[]string{"type", "unsubscribe", "list", "3"}, "subscription.cancelled list 3"},
		"left a list that means nothing":   {[]string{"type", "unsubscribe", "list", "9"}, ""},
		"in capitals":                      {[]string{"type", "Unsubscribe", "list", "1"}, "consent.changed email unsubscribed"},
		"changed":                          {[]string{"type", "update"}, "contact.changed"},
		"a contact on a list":              {[]string{"type", "list_add"}, "contact.changed"},
		"bounced":                          {[]string{"type", "bounce"}, "consent.changed email unknown, noted"},
		"no more SMS":                      {[]string{"type", "sms_unsub"}, "consent.changed sms unsubscribed"},
		"a tag that is a cancellation":     {[]string{"type", "contact_tag_added", "tag", "cliente disdetto"}, "subscription.cancelled"},
		"written otherwise":                {[]string{"type", "contact_tag_added", "tag", " Cliente DISDETTO "}, "subscription.cancelled"},
		"set by a program":                 {[]string{"type", "contact_tag_added", "tag", "cliente disdetto", "initiated_from", "api"}, "subscription.cancelled"},
		"taken away again":                 {[]string{"type", "contact_tag_removed", "tag", "cliente disdetto"}, "subscription.started"},
		"a tag that is a subscription":     {[]string{"type", "contact_tag_added", "tag", "abbonato"}, "subscription.started"},
		"no longer one":                    {[]string{"type", "contact_tag_removed", "tag", "abbonato"}, "subscription.cancelled"},
		"a tag that is consent":            {[]string{"type", "contact_tag_added", "tag", "promo-sms"}, "consent.changed sms subscribed"},
		"consent that ended":               {[]string{"type", "contact_tag_removed", "tag", "promo-sms"}, "consent.changed sms unknown"},
		"e-mail consent that ended":        {[]string{"type", "contact_tag_removed", "tag", "newsletter"}, "consent.changed email unknown"},
		"a tag that is an opt-out":         {[]string{"type", "contact_tag_added", "tag", "niente-mail"}, "consent.changed email unsubscribed"},
		"an opt-out is not taken back":     {[]string{"type", "contact_tag_removed", "tag", "niente-mail"}, ""},
		"paused":                           {[]string{"type", "contact_tag_added", "tag", "in pausa"}, "subscription.paused"},
		"a card refused":                   {[]string{"type", "contact_tag_added", "tag", "carta rifiutata"}, "payment.failed"},
		"that was mended":                  {[]string{"type", "contact_tag_removed", "tag", "carta rifiutata"}, ""},
		"to be forgotten":                  {[]string{"type", "contact_tag_added", "tag", "dimentica"}, "erase.requested"},
		"a tag that nobody mapped":         {[]string{"type", "contact_tag_added", "tag", "vip"}, ""},
		"that went":                        {[]string{"type", "contact_tag_removed", "tag", "vip"}, ""},
		"no tag at all":                    {[]string{"type", "contact_tag_added"}, ""},
		"its own mail was opened":          {[]string{"type", "open"}, ""},
		"a click in its own mail":          {[]string{"type", "click"}, ""},
		"a deal":                           {[]string{"type", "deal_update", "deal[status]", "1"}, ""},
		"an account":                       {[]string{"type", "account_add"}, ""},
		"an SMS reply":                     {[]string{"type", "sms_reply"}, ""},
		"what a later release may bring":   {[]string{"type", "contact_merged"}, ""},
		"an automation":                    {nil, "contact.changed"},
		"an automation, its fields by tag": {[]string{"contact[fields][contact_owner]", "x", "seriesid", "929"}, "contact.changed"},
	} {
		if got := said(t, s, call("", tt.fields...)); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestAnAutomationMeansWhatItsURLSays(t *testing.T) {
	s := source(t, "t")
	for event, want := range map[string]string{
		"cancelled": "subscription.cancelled", "subscription.cancelled": "subscription.cancelled", " Cancelled ": "subscription.cancelled",
		"started": "subscription.started", "renewed": "subscription.renewed", "paused": "subscription.paused", "payment.failed": "payment.failed",
		"email.subscribed": "consent.changed email subscribed", "sms.unsubscribed": "consent.changed sms unsubscribed",
		"contact.changed": "contact.changed", "contact.erase": "erase.requested",
	} {
		if got := said(t, s, call(event)); got != want {
			t.Errorf("?event=%s: %q, want %q", event, got, want)
		}
		if got := said(t, s, call(event, "type", "update")); got != "contact.changed" {
			t.Errorf("?event=%s on a webhook of its own type: %q, want what the type says", event, got)
		}
	}
	for _, event := range []string{"canceled-it", "email.unknown", "planted.person@example.com"} {
		_, err := s.Normalise(call(event))
		if !errors.Is(err, connectors.ErrMalformed) || !strings.Contains(err.Error(), "subscription.cancelled") || strings.Contains(err.Error(), event) {
			t.Errorf("?event=%s: %v, want an error with the words that are known", event, err)
		}
	}
}

func TestTimes(t *testing.T) {
	s := source(t, "t") // in Rome
	for text, want := range map[string]string{
		"2026-11-02T09:15:44-06:00": "2026-11-02T15:15:44Z",
		"2013-01-01 12:00:00":       "2013-01-01T11:00:00Z",
		"2026-07-01T12:00:00":       "2026-07-01T10:00:00Z",
		"2026-03-29 02:30:00":       "2026-03-29T01:00:00Z", // skipped: the first instant after it
		"2026-10-25 02:30:00":       "2026-10-25T00:30:00Z", // twice: the first
		"2026-10-25 03:30:00":       "2026-10-25T02:30:00Z",
		"2026-12-31T23:30:00Z":      "2026-12-31T23:30:00Z",
		"":                          "2026-11-05T12:00:00Z", // the time of arrival
	} {
		events, err := s.Normalise(call("", "type", "subscribe", "date_time", text))
		if err != nil || len(events) != 1 {
			t.Fatalf("%q: %d events, %v", text, len(events), err)
		}
		if got := events[0].Consents[0].At.Format(time.RFC3339); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if _, err := s.Normalise(call("", "type", "subscribe", "date_time", "yesterday")); !errors.Is(err, connectors.ErrMalformed) || !strings.Contains(err.Error(), "/date_time") {
		t.Errorf("a time in words: %v", err)
	}
}

func TestKey(t *testing.T) {
	s := source(t, "t")
	key := func(r connectors.Request) string {
		t.Helper()
		events, err := s.Normalise(r)
		if err != nil || len(events) == 0 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		return events[0].Key
	}
	later := func(r connectors.Request, d time.Duration) connectors.Request { r.Now = r.Now.Add(d); return r }
	dated := []string{"type", "subscribe", "date_time", "2026-11-02T09:15:44-06:00", "list", "1"}
	for name, tt := range map[string]struct {
		a, b connectors.Request
		same bool
	}{
		"the same post, a week later":          {call("", dated...), later(call("", dated...), 7*24*time.Hour), true},
		"another list":                         {call("", dated...), call("", append(dated, "list", "2")...), false},
		"another second":                       {call("", dated...), call("", append(dated, "date_time", "2026-11-02T09:15:45-06:00")...), false},
		"an automation, twice in a minute":     {call("cancelled"), later(call("cancelled"), time.Minute), true},
		"an automation again, in another week": {call("cancelled"), later(call("cancelled"), 7*24*time.Hour), false},
		"an automation with another meaning":   {call("cancelled"), call("renewed"), false},
	} {
		if got := key(tt.a) == key(tt.b); got != tt.same {
			t.Errorf("%s: same key = %v, want %v", name, got, tt.same)
		}
	}
}

func TestForms(t *testing.T) {
	s := source(t, "t")
	for name, tt := range map[string]struct {
		body string
		want string // of the error; empty: understood
	}{
		"nothing":                       {"", "the body is empty"},
		"JSON":                          {`{"type":"subscribe","contact":{"email":"anna@example.com"}}`, "names neither a type nor a contact"},
		"half a percent code":           {"type=subscribe&contact%5Bemail%5D=anna%4", "is no form"},
		"too many fields":               {"type=subscribe&contact%5Bid%5D=1" + strings.Repeat("&a=1", 2000), "more than 2000 fields"},
		"nobody":                        {"type=subscribe&contact%5Bid%5D=0&contact%5Bemail%5D=+", "/contact: names nobody"},
		"a field that comes twice":      {"type=subscribe&contact%5Bid%5D=1&contact%5Bemail%5D=a%40example.com&contact%5Bemail%5D=b%40example.com", "/contact_email: comes twice"},
		"bytes that are no UTF-8":       {"type=subscribe&contact%5Bid%5D=1&contact%5Bfirst_name%5D=%FF%FE", "/contact_first_name: is not valid UTF-8"},
		"a contact without an address":  {"type=subscribe&contact%5Bid%5D=1", ""},
		"a contact without an id":       {"type=subscribe&contact%5Bemail%5D=a%40example.com", ""},
		"brackets as they are":          {"type=subscribe&contact[id]=1", ""},
		"an unused field that is twice": {"type=subscribe&contact%5Bid%5D=1&x=1&x=2", ""},
	} {
		_, err := s.Normalise(connectors.Request{Header: http.Header{}, Query: url.Values{}, Body: []byte(tt.body), Now: now})
		if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, connectors.ErrMalformed) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestPersonAndReason(t *testing.T) {
	s := source(t, "t")
	events, err := s.Normalise(call("cancelled",
		"contact[first_name]", "Nicol&ograve;", "contact[last_name]", "D&#039;Angelo\u202e", "contact[phone]", " +33 6 39 98 01 02 ",
		"contact[fields][40]", "fr_FR", "contact[fields][reason]", "||&euro; 30 sono troppi||altro||"))
	if err != nil || len(events) != 1 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	want := lifecycle.Person{
		CustomerID: "42", Email: "anna@example.com", Phone: "+33 6 39 98 01 02",
		FirstName: "Nicolò", LastName: "D'Angelo", Locale: "fr-FR", Authoritative: true,
	}
	if events[0].Person != want {
		t.Errorf("got %+v, want %+v", events[0].Person, want)
	}
	if got := events[0].Subscription.Reason; got != "€ 30 sono troppi" {
		t.Errorf("reason %q", got)
	}
}
