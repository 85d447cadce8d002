package transport_test

import (
	"net/http"
	"testing"
	"time"

	"ritorno/connectors/transport"
	"ritorno/internal/lifecycle"
)

func TestClassify(t *testing.T) {
	answered := func(status int) transport.Evidence {
		return transport.Evidence{GotConn: true, Wrote: true, Status: status}
	}
	for name, c := range map[string]struct {
		ev   transport.Evidence
		want lifecycle.Outcome
	}{
		"no connection: not sent":                     {transport.Evidence{}, lifecycle.NotSent},
		"a connection and no byte on it: not sent":    {transport.Evidence{GotConn: true}, lifecycle.NotSent},
		"bytes left and no answer came: nobody knows": {transport.Evidence{GotConn: true, Wrote: true}, lifecycle.Ambiguous},
		"201 is accepted":                             {answered(201), lifecycle.Accepted},
		"202 with a broken body is accepted":          {transport.Evidence{GotConn: true, Wrote: true, Status: 202, BodyErr: http.ErrBodyReadAfterClose}, lifecycle.Accepted},
		"429 is not sent":                             {answered(429), lifecycle.NotSent},
		"400 is the message's fault":                  {answered(400), lifecycle.RejectedContent},
		"413 is the message's fault":                  {answered(413), lifecycle.RejectedContent},
		"401 is the account's fault":                  {answered(401), lifecycle.RejectedAccount},
		"402, 403, 404: what hits all burns nobody":   {answered(402), lifecycle.RejectedAccount},
		"408 comes from a gateway: nobody knows":      {answered(408), lifecycle.Ambiguous},
		"a redirect: nobody knows":                    {answered(307), lifecycle.Ambiguous},
		"500: nobody knows":                           {answered(500), lifecycle.Ambiguous},
		"503: nobody knows":                           {answered(503), lifecycle.Ambiguous},
		"a switch of protocols: nobody knows":         {answered(101), lifecycle.Ambiguous},
		"a status of nonsense: nobody knows":          {answered(999), lifecycle.Ambiguous},
	} {
		t.Run(name, func(t *testing.T) {
			if got := transport.Classify(c.ev); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		header, value string
		want          time.Duration
	}{
		"seconds":                     {"Retry-After", "7", 7 * time.Second},
		"a date":                      {"Retry-After", "Sun, 22 Nov 2026 10:01:00 GMT", time.Minute},
		"a date that has passed":      {"Retry-After", "Sun, 22 Nov 2026 09:00:00 GMT", 0},
		"less than nothing":           {"Retry-After", "-7", 0},
		"never more than a day":       {"Retry-After", "99999999999999", 24 * time.Hour},
		"nonsense":                    {"Retry-After", "soon", 0},
		"SendGrid's own header":       {"X-RateLimit-Reset", "1795341630", 30 * time.Second},
		"SendGrid's own, in the past": {"X-RateLimit-Reset", "1", 0},
		"nothing":                     {"X-Other", "1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			h.Set(c.header, c.value)
			if got := transport.RetryAfter(h, now); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func FuzzClassify(f *testing.F) {
	f.Add(true, true, 201, "7")
	f.Add(false, false, 0, "")
	f.Add(true, true, -5, "Sun, 22 Nov 2026 10:01:00 GMT")
	f.Fuzz(func(t *testing.T, gotConn, wrote bool, status int, wait string) {
		ev := transport.Evidence{GotConn: gotConn, Wrote: wrote, Status: status}
		o := transport.Classify(ev)
		switch {
		case o == lifecycle.NotSent && status != 429 && (status != 0 || wrote):
			t.Errorf("not sent without proof: %+v", ev)
		case o == lifecycle.Accepted && (status < 200 || status > 299):
			t.Errorf("accepted without proof: %+v", ev)
		case (transport.ReasonOf(o) == "") != (o == lifecycle.Accepted):
			t.Errorf("reason %q for %v", transport.ReasonOf(o), o)
		}
		if d := transport.RetryAfter(http.Header{"Retry-After": {wait}}, time.Unix(0, 0)); d < 0 || d > 24*time.Hour {
			t.Errorf("wait %v for %q", d, wait)
		}
	})
}
