package fake

import (
	"testing"
	"time"
)

func FuzzParseQuery(f *testing.F) {
	for _, seed := range []string{
		"", `to_email = "a@b.example" AND sg_message_id_created_at >= TIMESTAMP "2027-03-01T09:00:00Z"`,
		`status IN ('a', 'b')`, `status IN ()`, `a = "b" AND`, `sg_message_id_created_at < TIMESTAMP ""`,
	} {
		f.Add(seed)
	}
	s := &Sent{To: "a@b.example", Status: "queued", At: time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)}
	f.Fuzz(func(t *testing.T, q string) {
		want, err := parseQuery(q)
		if (want == nil) != (err != nil) {
			t.Fatalf("%q: a query and an error: %v", q, err)
		}
		if err != nil {
			return
		}
		both, err := parseQuery(q + ` AND to_email = "nobody"`)
		if want(s); err == nil && both(s) {
			t.Errorf("%q takes in what it rules out", q)
		}
	})
}
