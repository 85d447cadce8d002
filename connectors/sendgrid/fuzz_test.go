package sendgrid

import (
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
