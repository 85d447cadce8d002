package twilio

import (
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

func FuzzReadPage(f *testing.F) {
	const code = "Ab3dE6gH9j"
	started := time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)
	for _, seed := range []string{
		`{"messages":[]}`, `{"messages":null}`, `[]`, `{"messages":[null]}`, `{"messages":[{"error_code":{}}]}`,
		`{"messages":[{"sid":"SM1","status":"failed","direction":"outbound-api","body":"/l/Ab3dE6gH9j","date_created":"Mon, 01 Mar 2027 09:00:01 +0000","error_code":30005}]}`,
		`{"messages":[{"direction":"outbound-api","body":"x","to":"+393331234567","from":"+390600000000","date_created":"Mon, 01 Mar 2027 09:00:09 +0000"}],"next_page_uri":""}`,
		`{"messages":[{"direction":"outbound-api","body":"Ab3dE6gH9jAb3dE6gH9j","date_created":"Mon, 01 Mar 0000 09:00:09 +0000"}],"next_page_uri":"/x"}`,
	} {
		f.Add([]byte(seed))
	}
	s, err := New(Options{AccountSID: "AC1", AuthToken: "t", From: "+390600000000"})
	if err != nil {
		f.Fatal(err)
	}
	a := connectors.Attempted{Attempt: "c1.01A", MessageID: "m1", To: "+393331234567", Code: code, Started: started}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := readPage(body)
		if err != nil {
			return
		}
		borne := false
		for _, r := range p.records {
			borne = borne || r.Direction == "outbound-api" && r.bears(code)
		}
		e, ok := find(p, a)
		if !ok {
			e = s.absent(p, p, a)
		}
		final := e.Status == lifecycle.SentStatus || e.Status == lifecycle.Delivered || e.Status == lifecycle.Failed
		switch {
		case e.Found != ok || e.Found && !borne || e.What == "":
			t.Errorf("found without its link: %+v", e)
		case e.Found && (!final || len(e.ProviderID) > 64 || (e.Reason != "") != (e.Status == lifecycle.Failed)):
			t.Errorf("found in no state: %+v", e)
		case e.Fresh && (e.Found || borne || !e.Newest.After(started)):
			t.Errorf("fresh without proof: %+v", e)
		}
	})
}
