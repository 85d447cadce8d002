package handlers_test

import (
	"strings"
	"testing"

	"ritorno/internal/auth"
)

func TestAProgramStartsAJourneyOnce(t *testing.T) {
	r := open(t)
	r.anna("")
	const who = "c1"
	support := bearer(r.token(auth.Support, "bottega"))
	path := "/api/v1/contacts/" + who + "/journeys?shop=bottega"
	for body, want := range map[string]string{
		`{"journey":"reactivation"}`: "journey_unknown", `{"journey":"nothing"}`: "journey_unknown",
	} {
		if a := r.send("POST", path, body, support...).is(404); a.code() != want {
			t.Errorf("%s: %s", body, a.code())
		}
	}
	for _, body := range []string{`{}x`, `{"journey":1}`, `{"journeys":"vip"}`} {
		if a := r.send("POST", path, body, support...).is(400); a.code() != "body_not_json" {
			t.Errorf("%s: %s", body, a.code())
		}
	}
	r.send("POST", "/api/v1/contacts/nobody@example.com/journeys?shop=bottega", `{"journey":"vip"}`, support...).is(404)
	for range 2 {
		a := r.send("POST", path, `{"journey":"vip"}`, append(support, "Idempotency-Key", "fair")...).is(200)
		if !strings.Contains(a.Body.String(), `"entered":true`) {
			t.Errorf("%s", a.Body)
		}
	}
	if a := r.get("/status/"+who+"?shop=bottega", support...).is(200); strings.Count(a.Body.String(), "Asked for by a program") != 1 {
		t.Errorf("%s", a.Body)
	}
}
