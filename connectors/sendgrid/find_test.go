package sendgrid_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest/apicheck"
	"ritorno/internal/lifecycle"
)

var started = time.Date(2027, 3, 1, 9, 0, 0, 500_000_000, time.UTC)

func attempted() connectors.Attempted {
	return connectors.Attempted{Attempt: "c1.01JABCDEF", MessageID: "c1-m1", To: "anna@example.com", Code: "Ab3dE6gH9j", Started: started}
}

type object = map[string]any

const logID = id + ".recvd-7d8c-1-0.0"

func listed(after time.Duration, from string) object {
	return object{
		"from_email": from, "to_email": "x@example.com", "sg_message_id": logID, "subject": "x", "status": "processed",
		"sg_message_id_created_at": started.Add(after).Format(time.RFC3339),
	}
}

const shop = "ciao@bottega.example"

func logged(status, attempt, message string, events ...object) object {
	o := object{"sg_message_id": logID, "status": status, "custom_args": object{"ritorno_attempt": attempt, "ritorno_message": message}}
	if events != nil {
		o["events"] = events
	}
	return o
}

// logs serves one list for the account, one for the address, and the logs in
// their order; nil is a log that is not there. It keeps the requests.
type logs struct {
	all, to []object
	entries []object

	mu     sync.Mutex
	got    []*http.Request
	bodies []string
}

func (l *logs) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got, l.bodies = append(l.got, r), append(l.bodies, string(body))
	w.Header().Set("Content-Type", "application/json")
	var v object
	switch {
	case r.Method == http.MethodPost && strings.Contains(string(body), "to_email"):
		v = object{"messages": append([]object{}, l.to...)}
	case r.Method == http.MethodPost:
		v = object{"messages": append([]object{}, l.all...)}
	case len(l.entries) > 0:
		v, l.entries = l.entries[0], l.entries[1:]
	}
	if v == nil {
		w.WriteHeader(http.StatusNotFound)
		v = object{"errors": []object{{"message": "not found"}}}
	}
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(err)
	}
}

func (l *logs) find(t *testing.T) connectors.Evidence {
	t.Helper()
	s := httptest.NewServer(l)
	defer s.Close()
	e, err := sender(t, s.URL).Find(t.Context(), attempted())
	if err != nil {
		t.Fatal(err)
	}
	if e.What == "" || strings.Contains(e.What, "@") || strings.Contains(e.What, "c1") {
		t.Errorf("told the operator %q", e.What)
	}
	e.What = ""
	return e
}

func TestFind(t *testing.T) {
	newer := started.Add(90 * time.Second).Truncate(time.Second)
	found := func(status lifecycle.MessageStatus) connectors.Evidence {
		return connectors.Evidence{Found: true, ProviderID: id, Status: status}
	}
	failed := func(reason lifecycle.Reason, suppress bool) connectors.Evidence {
		return connectors.Evidence{Found: true, ProviderID: id, Status: lifecycle.Failed, Reason: reason, Suppress: suppress}
	}
	dropped := func(reason string) []object {
		return []object{logged("dropped", "c1.01JABCDEF", "c1-m1", object{"event": "processed"}, object{"event": "dropped", "reason": reason})}
	}
	mine := func(status string) []object { return []object{logged(status, "c1.01JABCDEF", "c1-m1")} }
	recent, one := []object{listed(90*time.Second, shop)}, []object{listed(time.Second, shop)}
	theirs := logged("delivered", "c1.01OTHER", "c1-other")
	many := make([]object, 20)
	for i := range many {
		many[i] = listed(time.Second, shop)
	}
	noID := listed(time.Second, shop)
	noID["sg_message_id"] = "a b"
	fresh, doubt := connectors.Evidence{Fresh: true, Newest: newer}, connectors.Evidence{Newest: newer}
	for name, c := range map[string]struct {
		all, to, entries []object
		want             connectors.Evidence
	}{
		"found processed":                            {to: one, entries: mine("processed"), want: found(lifecycle.SentStatus)},
		"found deferred":                             {to: one, entries: mine("deferred"), want: found(lifecycle.SentStatus)},
		"found with a state we do not know":          {to: one, entries: mine("teleported"), want: found(lifecycle.SentStatus)},
		"found delivered":                            {to: one, entries: mine("delivered"), want: found(lifecycle.Delivered)},
		"found bounced":                              {to: one, entries: mine("bounced"), want: failed(lifecycle.ReasonBounced, true)},
		"found blocked":                              {to: one, entries: mine("blocked"), want: failed(lifecycle.ReasonBlocked, false)},
		"found dropped, bounced before":              {to: one, entries: dropped("Bounced Address"), want: failed(lifecycle.ReasonBounced, true)},
		"found dropped for its content":              {to: one, entries: dropped("Spam Content"), want: failed(lifecycle.ReasonContent, false)},
		"found dropped for no reason":                {to: one, entries: mine("dropped"), want: failed(lifecycle.ReasonProvider, false)},
		"found the second of two":                    {to: []object{one[0], one[0]}, entries: append([]object{theirs}, mine("processed")...), want: found(lifecycle.SentStatus)},
		"found another attempt of the message":       {to: one, entries: []object{logged("delivered", "c1.01EARLIER", "c1-m1")}, want: found(lifecycle.Delivered)},
		"not there, and newer ones are":              {all: recent, want: fresh},
		"not there, and nothing is":                  {},
		"not there, and no newer one is":             {all: []object{listed(0, shop)}},
		"not there, the newer one is another's":      {all: []object{listed(90*time.Second, "info@else.example")}},
		"not there, the newer one has no date":       {all: []object{{"from_email": shop, "sg_message_id_created_at": "gestern"}}},
		"another message to the address":             {all: recent, to: one, entries: []object{theirs}, want: fresh},
		"a log that is not there yet":                {all: recent, to: one, want: doubt},
		"a log without custom arguments":             {all: recent, to: one, entries: []object{{"sg_message_id": logID, "status": "delivered"}}, want: doubt},
		"another sender's without custom arguments":  {all: recent, to: []object{listed(time.Second, "info@else.example")}, entries: []object{{"sg_message_id": logID, "status": "delivered"}}, want: fresh},
		"custom arguments that are no text":          {all: recent, to: one, entries: []object{{"sg_message_id": logID, "custom_args": object{"ritorno_attempt": 7}}}, want: doubt},
		"a message without a usable id":              {all: recent, to: []object{noID}, want: doubt},
		"more messages to the address than are read": {all: recent, to: many, entries: slicesOf(theirs, 20), want: doubt},
	} {
		t.Run(name, func(t *testing.T) {
			got := (&logs{all: c.all, to: c.to, entries: c.entries}).find(t)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func slicesOf(o object, n int) []object {
	list := make([]object, n)
	for i := range list {
		list[i] = o
	}
	return list
}

func TestTheAccountIsReadBeforeTheAddress(t *testing.T) {
	description := apicheck.Load(t, "sendgrid_logs_v3.json")
	l := &logs{all: []object{listed(90*time.Second, shop)}, to: []object{listed(0, shop)}, entries: []object{logged("delivered", "c1.01JABCDEF", "c1-m1")}}
	if e := l.find(t); !e.Found {
		t.Fatalf("evidence %+v", e)
	}
	want := []string{
		`{"limit":100,"query":"sg_message_id_created_at >= TIMESTAMP \"2027-03-01T09:00:00Z\""}`,
		`{"limit":20,"query":"to_email = \"anna@example.com\" AND sg_message_id_created_at >= TIMESTAMP \"2027-03-01T08:58:00Z\""}`,
		"",
	}
	got := append([]string{}, l.bodies...)
	for i := range got {
		got[i] = strings.ReplaceAll(got[i], `\u003e`, ">")
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("look-ups (-want +got):\n%s", d)
	}
	for i, r := range l.got {
		if a := r.Header.Values("Authorization"); len(a) != 1 || a[0] != "Bearer "+apiKey {
			t.Error("credentials are not the API key, once")
		}
		if err := description.Request(r, []byte(l.bodies[i])); err != nil {
			t.Errorf("the description refuses %s %s: %v", r.Method, r.URL.Path, err)
		}
	}
	if p := l.got[2].URL.Path; l.got[2].Method != http.MethodGet || p != "/v3/logs/"+logID {
		t.Errorf("the third is %s %s", l.got[2].Method, p)
	}
	for _, change := range [][2]string{{`"limit":100`, `"limit":5000`}, {`"query"`, `"kwery"`}} {
		if description.Request(l.got[0], []byte(strings.Replace(l.bodies[0], change[0], change[1], 1))) == nil {
			t.Errorf("%s for %s passes: this test proves nothing", change[1], change[0])
		}
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	list, one := `{"messages":[]}`, `{"messages":[{"sg_message_id":"x.1"}]}`
	for name, c := range map[string]struct {
		status   int
		search   string // the answer to searches; empty: that of fetching a log, body, is under test
		body     string
		header   [2]string
		is       error
		wait     time.Duration
		requests int64
	}{
		"wrong key":                              {status: 401, body: list, is: connectors.ErrCredentials, requests: 1},
		"no right to the logs":                   {status: 403, body: list, is: connectors.ErrNoRecords, requests: 1},
		"no logs on this plan":                   {status: 404, body: list, is: connectors.ErrNoRecords, requests: 1},
		"a query refused":                        {status: 400, body: list, requests: 1},
		"a redirect":                             {status: 307, body: list, header: [2]string{"Location", "/elsewhere"}, requests: 1},
		"told to wait for a day":                 {status: 429, body: list, header: [2]string{"Retry-After", "86400"}, wait: 24 * time.Hour, requests: 1},
		"told to come back":                      {status: 429, body: list, requests: 4},
		"a broken server":                        {status: 500, body: list, requests: 4},
		"an empty answer":                        {status: 200, requests: 1},
		"a page of HTML":                         {status: 200, body: "<html>", requests: 1},
		"a list of nothing":                      {status: 200, body: `{"messages":null}`, requests: 1},
		"a list of something odd":                {status: 200, body: `{"messages":[{"sg_message_id":7}]}`, requests: 1},
		"an answer without end":                  {status: 200, body: list + strings.Repeat(" ", 2<<20), requests: 4},
		"an answer that breaks":                  {status: 200, body: list, header: [2]string{"Content-Length", "999"}, requests: 4},
		"fetching a log: wrong key":              {status: 401, search: one, is: connectors.ErrCredentials, requests: 3},
		"fetching a log: another's":              {status: 403, search: one, is: connectors.ErrNoRecords, requests: 3},
		"fetching a log: a broken server":        {status: 500, search: one, requests: 6},
		"fetching a log: told to wait for a day": {status: 429, search: one, header: [2]string{"Retry-After", "86400"}, wait: 24 * time.Hour, requests: 3},
		"fetching a log: JSON of something else": {status: 200, search: one, body: `{}`, requests: 3},
		"fetching a log: an answer that breaks":  {status: 200, search: one, body: `{}`, header: [2]string{"Content-Length", "999"}, requests: 3},
		"fetching a log: an answer without end":  {status: 200, search: one, body: `{"sg_message_id":"x"}` + strings.Repeat(" ", 5<<20), requests: 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				requests.Add(1)
				if r.Method == http.MethodPost && c.search != "" {
					_, _ = io.WriteString(w, c.search)
					return
				}
				if c.header[0] != "" {
					w.Header().Set(c.header[0], c.header[1])
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer s.Close()
			e, err := sender(t, s.URL).Find(t.Context(), attempted())
			told := refused(t, e, err)
			if told.Status != c.status || told.Wait != c.wait || requests.Load() != c.requests || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("status %d, wait %v, %d requests, %v; want %d, %v, %d, %v", told.Status, told.Wait, requests.Load(), err, c.status, c.wait, c.requests, c.is)
			}
			if c.is == connectors.ErrNoRecords && !strings.Contains(err.Error(), "only comes from its reports") {
				t.Errorf("the error does not say where evidence comes from: %v", err)
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
	for _, private := range []string{apiKey, "anna", "example.com", "c1"} {
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

func TestWhatCannotBeAskedStaysHere(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") }))
	defer s.Close()
	for name, change := range map[string]func(*connectors.Attempted){
		"no attempt":                 func(a *connectors.Attempted) { a.Attempt = "" },
		"no address":                 func(a *connectors.Attempted) { a.To = "" },
		"an address that is a query": func(a *connectors.Attempted) { a.To = `anna" AND status IN ('x') AND subject = "@example.com` },
		"an address with a line":     func(a *connectors.Attempted) { a.To = "anna\n@example.com" },
	} {
		a := attempted()
		change(&a)
		e, err := sender(t, s.URL).Find(t.Context(), a)
		if _ = refused(t, e, err); !errors.Is(err, connectors.ErrNoRecords) {
			t.Errorf("%s: %v, want ErrNoRecords", name, err)
		}
	}
}
