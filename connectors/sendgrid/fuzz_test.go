package sendgrid

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

func FuzzReadLogs(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"messages":[]}`, `{}`},
		{`{"messages":[null]}`, `{"sg_message_id":"x","custom_args":null,"events":[null]}`},
		{`{"messages":[{"from_email":"ciao@bottega.example","sg_message_id_created_at":"2027-03-01T09:00:01Z"}]}`, `{"sg_message_id":"x.y","status":"dropped","custom_args":{"ritorno_attempt":"a"},"events":[{"event":"dropped","reason":"Invalid"}]}`},
		{`[]`, `{"sg_message_id":".","status":"bounced","custom_args":{"ritorno_message":"m"}}`},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	s, err := New(Options{APIKey: "k", From: Address{Email: "ciao@bottega.example"}})
	if err != nil {
		f.Fatal(err)
	}
	started := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	a := connectors.Attempted{Attempt: "a", MessageID: "m", To: "anna@example.com", Started: started}
	f.Fuzz(func(t *testing.T, list, one []byte) {
		rows, err := readRows(list)
		if err == nil {
			e := absent(s.newest(rows, started), "")
			if e.Found || e.What == "" || e.Fresh != e.Newest.After(started) {
				t.Errorf("absent: %+v", e)
			}
		}
		log, err := readEntry(one)
		if err != nil {
			return
		}
		e, doubt := log.compare(a)
		ours := text(log.Args, argAttempt) == "a" || text(log.Args, argMessage) == "m"
		final := e.Status == lifecycle.SentStatus || e.Status == lifecycle.Delivered || e.Status == lifecycle.Failed
		switch {
		case e.Found != ours || e.Found && doubt != "" || e.Fresh:
			t.Errorf("found %v, doubt %q: %+v", e.Found, doubt, e)
		case e.Found && (!final || len(e.ProviderID) > maxField || (e.Reason != "") != (e.Status == lifecycle.Failed)):
			t.Errorf("found in no state: %+v", e)
		}
	})
}

// FuzzRefused: whatever SendGrid answers to a refused request, one of three
// things was wrong.
func FuzzRefused(f *testing.F) {
	for _, s := range []string{`{"errors":[{"field":"from.email"}]}`, `{"errors":[{"field":"personalizations.0.to.0.email"}]}`, `{"errors":[{"field":null}]}`, `{"errors":{}}`, `<html>`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		switch o := refused(body); o {
		case lifecycle.RejectedAccount, lifecycle.RejectedContact, lifecycle.RejectedContent:
		default:
			t.Errorf("%q means %v", body, o)
		}
	})
}

// FuzzNewCallbacks: a key of any kind is taken or refused, and the answer does
// not repeat it.
func FuzzNewCallbacks(f *testing.F) {
	for _, s := range []string{
		"", "AAAA", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
		"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, key string) {
		c, err := NewCallbacks(key)
		switch {
		case err != nil && len(key) > 40 && strings.Contains(err.Error(), key):
			t.Errorf("the error repeats the key: %v", err)
		case err == nil:
			if _, err := c.Events(connectors.Request{Body: []byte("[]"), ReceivedAt: time.Now()}); !errors.Is(err, connectors.ErrSignature) {
				t.Errorf("unsigned events: %v", err)
			}
		}
	})
}
