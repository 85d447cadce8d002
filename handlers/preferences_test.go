package handlers_test

import (
	"bytes"
	"encoding/json"
	"html"
	"mime/multipart"
	"strings"
	"testing"
	"time"

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
	if !strings.Contains(a.Body.String(), "In pausa fino a domenica 30 maggio 2027") {
		t.Errorf("the page does not say until when:\n%s", a.Body)
	}
	r.clock(`{"now":"2027-05-29T12:00:00Z"}`).is(200)
	if got := r.find("c1").Messages; len(got) != 0 {
		t.Errorf("written to in the pause: %+v", got)
	}
}

// TestAPauseIsShortenedLengthenedAndEnded, each with one button that only the
// page of somebody paused has.
func TestAPauseIsShortenedLengthenedAndEnded(t *testing.T) {
	r, path := known(t)
	buttons := func(want string) {
		t.Helper()
		d := parsed(t, r.get(path).is(200).Body.String())
		got := ""
		for _, b := range d.all("button") {
			if attr(b, "name") == "pause" {
				got += attr(b, "value") + " "
			}
		}
		if got != want {
			t.Errorf("the page offers %q, want %q", got, want)
		}
	}
	press := func(value, notice, until string) {
		t.Helper()
		body := r.form(path, "form=page&pause="+value).is(200).Body.String()
		if !strings.Contains(body, notice) {
			t.Errorf("%s: the page does not say %q", value, notice)
		}
		got := ""
		if to := r.find("c1").PausedTo; !to.IsZero() {
			got = to.Format(time.DateOnly)
		}
		if got != until {
			t.Errorf("%s: paused to %q, want %q", value, got, until)
		}
	}
	buttons("90d ")
	press("90d", "Pausa salvata", "2027-05-30")
	buttons("off 30d ")
	press("36500d", "salvate.", "2027-05-30")
	press("30d", "Pausa salvata", "2027-03-31")
	r.clock(`{"advance":"1h"}`).is(200)
	buttons("off 90d ")
	press("off", "La pausa è finita", "")
	buttons("90d ")
	if r.consent(lifecycle.Email) != "subscribed" || r.consent(lifecycle.SMS) != "subscribed" {
		t.Error("a pause touched the channels")
	}
	if c := r.find("c1"); c.Due.IsZero() || c.Due.After(time.Date(2027, 4, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("after the pause the next message is due on %s", c.Due)
	}
}

// TestOneTapStays: who got the goodbye is let go no more, from the page of the
// message and from the preferences.
func TestOneTapStays(t *testing.T) {
	for name, tap := range map[string]func(r *rig, code, token string){
		"the preferences":               func(r *rig, _, token string) { r.form(token, "form=page&keep=yes").is(200) },
		"the preferences by short code": func(r *rig, code, _ string) { r.form("/u/"+code, "form=page&keep=yes").is(200) },
		"the message":                   func(r *rig, code, _ string) { r.form("/l/"+code+"/seen", "go=1").is(303) },
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := dormant(t, "")
			token := "/u/" + r.engine.UnsubscribeToken("bottega", r.find("c1").ID)
			keep := func(want bool) {
				t.Helper()
				if got := strings.Contains(r.get(token).is(200).Body.String(), `name="keep"`); got != want {
					t.Errorf("the page offers to stay: %v, want %v", got, want)
				}
			}
			keep(false)
			r.link(contestDay)
			code := r.link(couponDay)
			keep(true)
			tap(r, code, token)
			c := r.find("c1")
			if m := c.Messages[len(c.Messages)-1]; c.State != lifecycle.Active || !m.Responded {
				t.Errorf("state %v, responded %v; want active by response", c.State, m.Responded)
			}
			keep(false)
		})
	}
}

func TestWhoWasLetGoMayStillStay(t *testing.T) {
	r, _ := dormant(t, "")
	r.link(contestDay)
	r.link(couponDay)
	r.clock(`{"advance":"3w"}`).is(200)
	if c := r.find("c1"); c.State != lifecycle.UnsubscribedState {
		t.Fatalf("state %v", c.State)
	}
	path := "/u/" + r.engine.UnsubscribeToken("bottega", r.find("c1").ID)
	if !strings.Contains(r.get(path).is(200).Body.String(), `name="keep"`) {
		t.Error("the page does not offer to stay")
	}
	if a := r.form(path, "form=page&keep=yes").is(200); !strings.Contains(a.Body.String(), "siamo felici che tu resti") {
		t.Error("the page does not say that they stay")
	}
	if st := r.find("c1").State; st != lifecycle.Active {
		t.Errorf("state %v, want active", st)
	}
}

// TestWhyTheyLeaveMayBeSaidAfterwards: who closed everything is asked once.
func TestWhyTheyLeaveMayBeSaidAfterwards(t *testing.T) {
	r, path := known(t)
	a := r.form(path, "form=page&all=off").is(200)
	if body := a.Body.String(); !strings.Contains(body, "Invia il motivo") || strings.Contains(body, `name="pause"`) || strings.Contains(body, `name="all"`) {
		t.Errorf("the page after leaving everything:\n%s", body)
	}
	a = r.form(path, "form=page&why=no_need").is(200)
	if body := a.Body.String(); !strings.Contains(body, "Grazie: lo legge una persona") || strings.Contains(body, "Invia il motivo") {
		t.Errorf("the page after the reason:\n%s", body)
	}
	noted := 0
	for _, e := range r.find("c1").Timeline {
		if e.Type == lifecycle.Noted && strings.Contains(e.Text, "no_need") {
			noted++
		}
	}
	if noted != 1 || r.consent(lifecycle.Email) != "unsubscribed" {
		t.Errorf("noted %d times, email %s", noted, r.consent(lifecycle.Email))
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
