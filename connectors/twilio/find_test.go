package twilio_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest/apicheck"
	"ritorno/connectors/twilio"
	"ritorno/internal/lifecycle"
)

const code = "Ab3dE6gH9j"

var started = time.Date(2027, 3, 1, 9, 0, 0, 500_000_000, time.UTC)

func attempted() connectors.Attempted {
	return connectors.Attempted{Attempt: "c1.01JABCDEF", MessageID: "c1-m1", To: "+393331234567", Code: code, Started: started}
}

// made is a record as Twilio shows it.
func made(after time.Duration, change map[string]any) map[string]any {
	m := map[string]any{
		"sid": sid, "status": "sent", "direction": "outbound-api", "to": "+393331234567", "from": "+390600000000",
		"body": "Ciao https://r.example/l/" + code + " Stop: STOP", "date_created": started.Add(after).Format(time.RFC1123Z),
		"error_code": nil, "messaging_service_sid": nil, "num_segments": "1",
	}
	for k, v := range change {
		m[k] = v
	}
	return m
}

func other(after time.Duration, change map[string]any) map[string]any {
	m := made(after, map[string]any{"sid": "SMffffffffffffffffffffffffffffffff", "to": "+393470000000", "body": "https://r.example/l/ZZZZZZZZZZ"})
	for k, v := range change {
		m[k] = v
	}
	return m
}

type list []map[string]any

// records serves one list for the account and one for the number, and keeps
// the requests.
type records struct {
	all, to list
	more    bool

	mu  sync.Mutex
	got []*http.Request
}

func (l *records) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	l.got = append(l.got, r)
	l.mu.Unlock()
	v := map[string]any{"messages": append(list{}, l.all...), "next_page_uri": nil}
	if r.URL.Query().Has("To") {
		v["messages"] = append(list{}, l.to...)
		if l.more {
			v["next_page_uri"] = "/2010-04-01/more"
		}
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	answer(w, http.StatusOK, string(b))
}

func (l *records) find(t *testing.T, change ...func(*twilio.Options)) connectors.Evidence {
	t.Helper()
	s := httptest.NewServer(l)
	defer s.Close()
	e, err := sender(t, s.URL, change...).Find(t.Context(), attempted())
	if err != nil {
		t.Fatal(err)
	}
	if e.What == "" || strings.Contains(e.What, "333") || strings.Contains(e.What, code) {
		t.Errorf("told the operator %q", e.What)
	}
	e.What = ""
	return e
}

func TestFind(t *testing.T) {
	newer := started.Add(90 * time.Second).Truncate(time.Second)
	found := func(status lifecycle.MessageStatus) connectors.Evidence {
		return connectors.Evidence{Found: true, ProviderID: sid, Status: status}
	}
	failed := func(reason lifecycle.Reason, suppress bool) connectors.Evidence {
		return connectors.Evidence{Found: true, ProviderID: sid, Status: lifecycle.Failed, Reason: reason, Suppress: suppress}
	}
	fresh := connectors.Evidence{Fresh: true, Newest: newer}
	doubt := connectors.Evidence{Newest: newer}
	with := func(name string, v any) list { return list{made(time.Second, map[string]any{name: v})} }
	recent := list{other(90*time.Second, nil)}
	many := make(list, 50)
	for i := range many {
		many[i] = other(time.Second, map[string]any{"to": "+393331234567"})
	}
	for name, c := range map[string]struct {
		all, to list
		more    bool
		want    connectors.Evidence
	}{
		"found in the account's newest":                    {all: list{made(0, nil)}, want: found(lifecycle.SentStatus)},
		"found among those to the number":                  {all: recent, to: list{made(time.Second, nil)}, want: found(lifecycle.SentStatus)},
		"found by a clock that is behind":                  {to: list{made(-119*time.Second, nil)}, want: found(lifecycle.SentStatus)},
		"found in the queue of a service":                  {to: list{made(0, map[string]any{"status": "accepted", "from": nil})}, want: found(lifecycle.SentStatus)},
		"found with a state we do not know":                {to: with("status", "teleported"), want: found(lifecycle.SentStatus)},
		"found delivered":                                  {to: with("status", "delivered"), want: found(lifecycle.Delivered)},
		"found failed for good":                            {to: list{made(0, map[string]any{"status": "undelivered", "error_code": 30005})}, want: failed(lifecycle.ReasonInvalid, true)},
		"found failed, and the code is text":               {to: list{made(0, map[string]any{"status": "failed", "error_code": "30007"})}, want: failed(lifecycle.ReasonContent, false)},
		"found failed without a code":                      {to: with("status", "failed"), want: failed(lifecycle.ReasonProvider, false)},
		"found with an id of nonsense":                     {to: with("sid", "SM<b>"), want: connectors.Evidence{Found: true, Status: lifecycle.SentStatus}},
		"the link ends the text":                           {to: with("body", "r.example/l/"+code), want: found(lifecycle.SentStatus)},
		"not there, and newer ones are":                    {all: recent, want: fresh},
		"not there, and no newer one is":                   {all: list{other(-time.Minute, nil)}},
		"a newer one of the same second is not newer":      {all: list{other(0, nil)}},
		"not there, the newer one came in":                 {all: list{other(90*time.Second, map[string]any{"direction": "inbound"})}},
		"not there, the newer one is another sender's":     {all: list{other(90*time.Second, map[string]any{"from": "+390611111111"})}},
		"not there, the newer one has no date":             {all: list{other(90*time.Second, map[string]any{"date_created": nil})}},
		"not there, the newer one hides its text":          {all: list{other(90*time.Second, map[string]any{"body": ""})}},
		"not there, the newer one hides its number":        {all: list{other(90*time.Second, map[string]any{"to": "+39347XXXXXXX"})}},
		"not there, nothing is":                            {},
		"another text to the number":                       {all: recent, to: with("body", "Ciao https://r.example/l/ZZZZZZZZZZ"), want: fresh},
		"a longer code that begins alike":                  {all: recent, to: with("body", "https://r.example/l/"+code+"x"), want: fresh},
		"a longer code that ends alike":                    {all: recent, to: with("body", "https://r.example/l/x"+code), want: fresh},
		"an answer that quotes the link":                   {all: recent, to: with("direction", "inbound"), want: fresh},
		"the link in a message that is too old":            {all: recent, to: list{made(-3*time.Minute, nil)}, want: doubt},
		"the link in a message without a date":             {all: recent, to: with("date_created", "gestern"), want: doubt},
		"a text that Twilio does not keep":                 {all: recent, to: with("body", nil), want: doubt},
		"an old text that Twilio does not keep any more":   {all: recent, to: list{made(-time.Hour, map[string]any{"body": nil})}, want: fresh},
		"a masked message without text in the first list":  {all: append(list{other(time.Second, map[string]any{"to": "+39333XXXXXXX", "body": ""})}, recent...), want: doubt},
		"another's message without text in the first list": {all: append(list{other(time.Second, map[string]any{"body": ""})}, recent...), want: fresh},
		"a full page that does not reach back":             {all: recent, to: many, want: doubt},
		"a full page that reaches back":                    {all: recent, to: append(many[:49:49], other(-time.Hour, nil)), more: true, want: fresh},
		"a page that is not the last":                      {all: recent, to: many[:1], more: true, want: doubt},
	} {
		t.Run(name, func(t *testing.T) {
			got := (&records{all: c.all, to: c.to, more: c.more}).find(t)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestFreshnessOfAService(t *testing.T) {
	const service = "MG0123456789abcdef0123456789abcdef"
	viaService := func(o *twilio.Options) { o.From, o.MessagingServiceSID = "", service }
	l := &records{all: list{other(90*time.Second, map[string]any{"from": nil, "messaging_service_sid": service})}}
	if e := l.find(t, viaService); !e.Fresh {
		t.Errorf("a newer message of our service: %+v", e)
	}
	l = &records{all: list{other(90*time.Second, map[string]any{"from": nil})}}
	if e := l.find(t, viaService); e.Fresh {
		t.Errorf("a newer message of another service: %+v", e)
	}
}

func TestTheAccountIsReadBeforeTheNumber(t *testing.T) {
	api := apicheck.Load(t, "twilio_messages_v2010.json")
	l := &records{all: list{other(90*time.Second, nil)}}
	if e := l.find(t); !e.Fresh {
		t.Fatalf("evidence %+v", e)
	}
	var queries []url.Values
	for _, r := range l.got {
		queries = append(queries, r.URL.Query())
		if user, password, _ := r.BasicAuth(); user != accountSID || password != authToken {
			t.Error("credentials are not those of the account")
		}
		if err := api.Request(r, nil); err != nil {
			t.Errorf("the description refuses %s: %v", r.URL.RawQuery, err)
		}
		r.URL.RawQuery = "PageSize=0"
		if api.Request(r, nil) == nil {
			t.Error("a page of nothing passes: this test proves nothing")
		}
	}
	want := []url.Values{{"PageSize": {"50"}}, {"PageSize": {"50"}, "To": {"+393331234567"}}}
	if d := cmp.Diff(want, queries); d != "" {
		t.Errorf("look-ups (-want +got):\n%s", d)
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	full := `{"messages":[]}`
	for name, c := range map[string]struct {
		status   int
		body     string
		header   [2]string
		is       error
		wait     time.Duration
		requests int64
	}{
		"wrong credentials":       {status: 401, body: full, is: connectors.ErrCredentials, requests: 1},
		"forbidden":               {status: 403, body: full, is: connectors.ErrCredentials, requests: 1},
		"no such account":         {status: 404, body: full, requests: 1},
		"a redirect":              {status: 302, body: full, header: [2]string{"Location", "/elsewhere"}, requests: 1},
		"told to wait for a day":  {status: 429, body: full, header: [2]string{"Retry-After", "86400"}, wait: 24 * time.Hour, requests: 1},
		"told to come back":       {status: 429, body: full, requests: 4},
		"a broken server":         {status: 500, body: full, requests: 4},
		"an empty answer":         {status: 200, requests: 1},
		"a page of HTML":          {status: 200, body: "<html>", requests: 1},
		"JSON of something else":  {status: 200, body: `{"error":null}`, requests: 1},
		"a list of nothing":       {status: 200, body: `{"messages":null}`, requests: 1},
		"a list of something odd": {status: 200, body: `{"messages":[{"body":7}]}`, requests: 1},
		"an answer that breaks":   {status: 200, body: full, header: [2]string{"Content-Length", "999"}, requests: 1},
		"an answer without end":   {status: 200, body: full + strings.Repeat(" ", 5<<20), requests: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				requests.Add(1)
				if c.header[0] != "" {
					w.Header().Set(c.header[0], c.header[1])
				}
				answer(w, c.status, c.body)
			}))
			defer s.Close()
			e, err := sender(t, s.URL).Find(t.Context(), attempted())
			told := refused(t, e, err)
			if told.Status != c.status || told.Wait != c.wait || requests.Load() != c.requests || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("status %d, wait %v, %d requests, %v; want %d, %v, %d, %v", told.Status, told.Wait, requests.Load(), err, c.status, c.wait, c.requests, c.is)
			}
		})
	}
}

// refused asserts that a look-up brought an error and nothing else, and that
// the error shows nothing private.
func refused(t *testing.T, e connectors.Evidence, err error) *connectors.LookupError {
	t.Helper()
	var told *connectors.LookupError
	if !errors.As(err, &told) || e != (connectors.Evidence{}) {
		t.Fatalf("got %+v, %v; want nothing and a *LookupError", e, err)
	}
	for _, private := range []string{authToken, accountSID, "393331234567", code} {
		if strings.Contains(err.Error(), private) {
			t.Errorf("the error shows %q: %v", private, err)
		}
	}
	return told
}

func TestNoAnswerIsAnError(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	e, err := sender(t, s.URL).Find(t.Context(), attempted())
	if told := refused(t, e, err); told.Status != 0 {
		t.Errorf("status %d without an answer", told.Status)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e, err = sender(t, s.URL).Find(ctx, attempted())
	if _ = refused(t, e, err); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v, want context.Canceled inside", err)
	}
}

func TestWithoutALinkThereIsNothingToLookFor(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") }))
	defer s.Close()
	for name, change := range map[string]func(*connectors.Attempted){
		"no code":       func(a *connectors.Attempted) { a.Code = "" },
		"half a code":   func(a *connectors.Attempted) { a.Code = code[:4] },
		"no receiver":   func(a *connectors.Attempted) { a.To = "" },
		"a code of dot": func(a *connectors.Attempted) { a.Code = "." },
	} {
		a := attempted()
		change(&a)
		e, err := sender(t, s.URL).Find(t.Context(), a)
		if _ = refused(t, e, err); !errors.Is(err, connectors.ErrNoRecords) {
			t.Errorf("%s: %v, want ErrNoRecords", name, err)
		}
	}
}
