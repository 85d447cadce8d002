package connectorstest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/outbound"
	"ritorno/internal/lifecycle"
)

// TellerSecret is what the teller under test must use as its key. No error may
// hold it.
const TellerSecret = "secretOfTheTellerTests"

// Local calls this machine, where pretend shops are.
func Local() *outbound.Client {
	return outbound.New(outbound.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
}

// Anna is somebody to tell of, without an id at the source.
func Anna() connectors.Telling {
	return connectors.Telling{
		Email: "anna@example.com",
		State: &connectors.TellingState{State: lifecycle.Dormant, Reason: lifecycle.ReasonInactive, Since: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)},
		Out: []connectors.TellingConsent{
			{Channel: lifecycle.Email, State: lifecycle.Unsubscribed, At: time.Date(2027, 3, 1, 10, 0, 0, 0, time.UTC)},
			{Channel: lifecycle.SMS, State: lifecycle.Unsubscribed, At: time.Date(2027, 3, 1, 10, 0, 0, 0, time.UTC)},
		},
		LastMessage: "2027-03-01 reactivation 1 sms survey", Coupon: "BCDF2345", Key: "try-1",
	}
}

// Teller is what every teller must do with answers that are none: whatever the
// status, it says whether a person must mend something, and neither a secret
// nor an address is in what it says. unwell answers with one status, whatever
// the request.
func Teller(t *testing.T, make func(url string, client *outbound.Client) (connectors.Teller, error)) {
	t.Helper()
	var status int
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"message":"anna@example.com ` + TellerSecret + `","code":"anna@example.com","error":{"code":"` + TellerSecret + `"}}`))
	}))
	t.Cleanup(server.Close)
	teller, err := make(server.URL, Local())
	if err != nil {
		t.Fatal(err)
	}
	for code, refused := range map[int]bool{
		301: true, 302: true, 400: true, 401: true, 402: true, 403: true, 422: true,
		408: false, 409: false, 425: false, 429: false, 500: false, 502: false, 503: false, 504: false,
	} {
		status = code
		for _, ids := range [][]string{nil, {"4711"}} {
			n := Anna()
			n.IDs = ids
			fault := tellFault(t, teller.Tell(t.Context(), n))
			if fault == nil {
				t.Errorf("status %d counts as told", code)
				continue
			}
			if fault.Refused != refused || !refused && fault.RetryAfter != 7*time.Second && code != 409 && code != 425 && code != 408 && code < 500 {
				t.Errorf("status %d: %+v, want refused %v", code, fault, refused)
			}
		}
	}
	status = 200
	if fault := tellFault(t, teller.Tell(t.Context(), Anna())); fault == nil {
		t.Error("an answer that says nothing counts as told")
	}
	server.Close()
	if fault := tellFault(t, teller.Tell(t.Context(), Anna())); fault == nil || fault.Refused {
		t.Errorf("without a server: %+v", fault)
	}
	internal, err := make("https://10.1.2.3", outbound.New(outbound.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	if fault := tellFault(t, internal.Tell(t.Context(), Anna())); fault == nil || !fault.Refused || !strings.Contains(fault.Text, "outbound.allow") {
		t.Errorf("an internal address: %+v", fault)
	}
}

// tellFault is nil where it was told, or nobody was there.
func tellFault(t *testing.T, err error) *connectors.TellFault {
	t.Helper()
	var fault *connectors.TellFault
	switch {
	case err == nil, errors.Is(err, connectors.ErrNobody):
		return nil
	case !errors.As(err, &fault):
		t.Errorf("%v is no fault", err)
		return nil
	}
	for _, not := range []string{TellerSecret, "anna@example.com", "4711"} {
		if strings.Contains(fault.Text, not) {
			t.Errorf("%q is in %q", not, fault.Text)
		}
	}
	if len(fault.Text) < 10 || len(fault.Text) > 400 {
		t.Errorf("told as %q", fault.Text)
	}
	return fault
}

// FuzzTeller answers a teller with whatever: it must end, and say nothing of
// what it got.
func FuzzTeller(f *testing.F, make func(url string, client *outbound.Client) (connectors.Teller, error), seeds ...string) {
	f.Helper()
	for _, s := range seeds {
		f.Add(200, []byte(s))
		f.Add(404, []byte(s))
	}
	var mu sync.Mutex
	status, answer := 200, []byte(nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write(answer)
	}))
	f.Cleanup(server.Close)
	teller, err := make(server.URL, Local())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, code int, body []byte) {
		if code < 200 || code > 599 || code == 204 || code == 304 {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		status, answer = code, body
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for _, ids := range [][]string{nil, {"4711"}} {
			n := Anna()
			n.IDs = ids
			fault := tellFault(t, teller.Tell(ctx, n))
			if fault == nil && code >= 300 && code != 404 && code != 400 {
				t.Errorf("status %d counts as told: %q", code, body)
			}
		}
	})
}
