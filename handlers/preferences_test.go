package handlers_test

import (
	"bytes"
	"encoding/json"
	"html"
	"mime/multipart"
	"strings"
	"testing"

	"ritorno/internal/lifecycle"
)

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// known is a service that knows Anna, and the path of her preferences.
func known(t *testing.T) (r *rig, path string) {
	t.Helper()
	r = open(t)
	r.clock(beforeAll).is(200)
	r.anna("")
	return r, "/u/" + r.engine.UnsubscribeToken("bottega", r.find("c1").ID)
}

func (r *rig) consent(ch lifecycle.Channel) string { return r.find("c1").Consent[ch].State().String() }

func TestOneClickClosesEmailAtOnce(t *testing.T) {
	r, path := known(t)
	for range 2 { // again changes nothing
		a := r.form(path, "List-Unsubscribe=One-Click").is(200)
		if a.Header().Get("Set-Cookie") != "" || a.Header().Get("Location") != "" {
			t.Error("one-click answered with a cookie or a redirect")
		}
		if r.consent(lifecycle.Email) != "unsubscribed" || r.consent(lifecycle.SMS) != "subscribed" {
			t.Errorf("email %s, sms %s", r.consent(lifecycle.Email), r.consent(lifecycle.SMS))
		}
	}
	c := r.find("c1").Consent[lifecycle.Email]
	if c.Source != "one-click" {
		t.Errorf("source of the opt-out: %q", c.Source)
	}
}

func TestOneClickMayComeAsMultipart(t *testing.T) {
	r, path := known(t)
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	if err := w.WriteField("List-Unsubscribe", "One-Click"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r.send("POST", path, b.String(), "Content-Type", w.FormDataContentType()).is(200)
	if r.consent(lifecycle.Email) != "unsubscribed" {
		t.Error("email is still open")
	}
}

func TestLookingAtPreferencesChangesNothing(t *testing.T) {
	r, path := known(t)
	before := r.find("c1")
	a := r.get(path).is(200)
	r.send("HEAD", path, "").is(200)
	if after := r.find("c1"); after.Version != before.Version {
		t.Error("a GET changed the record")
	}
	body := html.UnescapeString(a.Body.String())
	for _, want := range []string{"a•••@example.com", "+39 ••• 67", `lang="it"`, `name="email" value="on" checked`, `name="sms" value="on" checked`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, secret := range []string{"anna+x", "333123"} {
		if strings.Contains(body, secret) {
			t.Errorf("the page shows %q", secret)
		}
	}
}

func TestPreferencesPerChannel(t *testing.T) {
	r, path := known(t)
	r.form(path, "form=page&email=off&email=on&sms=off&why=too_many").is(200)
	if r.consent(lifecycle.Email) != "subscribed" || r.consent(lifecycle.SMS) != "unsubscribed" {
		t.Fatalf("email %s, sms %s", r.consent(lifecycle.Email), r.consent(lifecycle.SMS))
	}
	if c := r.find("c1").Consent[lifecycle.Email]; c.Source != "erp" {
		t.Errorf("a box that was ticked already became a new consent from %q", c.Source)
	}
	noted := false
	for _, e := range r.find("c1").Timeline {
		noted = noted || e.Type == lifecycle.Noted && strings.Contains(e.Text, "too_many")
	}
	if !noted {
		t.Error("why is not in the timeline")
	}
	r.clock(`{"advance":"1h"}`).is(200)
	r.form(path, "form=page&email=off&sms=off&sms=on").is(200)
	if r.consent(lifecycle.Email) != "unsubscribed" || r.consent(lifecycle.SMS) != "subscribed" {
		t.Errorf("email %s, sms %s", r.consent(lifecycle.Email), r.consent(lifecycle.SMS))
	}
	r.form(path, "form=page&all=off&sms=off&sms=on").is(200)
	c := r.find("c1")
	if c.State != lifecycle.UnsubscribedState || c.Reason != lifecycle.ReasonOptOut {
		t.Errorf("state %v, reason %v after leaving everything", c.State, c.Reason)
	}
}

func TestPauseFor90Days(t *testing.T) {
	r, path := known(t)
	a := r.form(path, "form=page&email=off&email=on&sms=off&sms=on&pause=90d").is(200)
	if !strings.Contains(a.Body.String(), "In pausa fino al 30/5/2027") {
		t.Errorf("the page does not say until when:\n%s", a.Body)
	}
	r.clock(`{"now":"2027-05-29T12:00:00Z"}`).is(200)
	if got := r.find("c1").Messages; len(got) != 0 {
		t.Errorf("written to in the pause: %+v", got)
	}
}

func TestUnknownTokensAreNeutral(t *testing.T) {
	r, path := known(t)
	for _, p := range []string{"/u/nonsense", path + "x", "/u/" + r.engine.UnsubscribeToken("bottega", "000000000000"), "/u/%00"} {
		r.get(p).is(404)
		a := r.form(p, "List-Unsubscribe=One-Click").is(200)
		if strings.Contains(a.Body.String(), "Bottega") {
			t.Errorf("the answer to %q names a shop", p)
		}
	}
}
