package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"ritorno/connectors/fake"
	"ritorno/internal/engine"
	"ritorno/internal/lifecycle"
)

var shortLink = regexp.MustCompile(`https?://\S+/l/([0-9A-Za-z]{10})`)

// TestWalk is the life of five customers by HTTP alone, as an outside tester
// would try it: signed orders in, days pass, messages arrive at the providers,
// and each of the five reacts in another way.
func TestWalk(t *testing.T) {
	t.Parallel()
	anna, bruno, carla := someone("Anna", 1), someone("Bruno", 2), someone("Carla", 3)
	dario, elena := someone("Dario", 4), someone("Elena", 5)
	w := newWorld(t, worldOptions{
		lines: []string{`quiet_hours: {from: "21:00", to: "09:00", days: [sun], holidays: true, channels: [sms]}`},
		fate: func(s fake.Sent) fake.Fate {
			if s.To == elena.email {
				return fake.Fate{Event: "bounce", Code: "no such mailbox"}
			}
			return fake.Fate{}
		},
	})
	w.edit(func(s string) string { // a second shop, for what it must not see
		return s + `  emporio:
    name: Emporio
    home_url: https://emporio.example
    locale: it
    timezone: Europe/Rome
    country: IT
    currency: EUR
    sources: {erp: {kind: webhook, secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw}}
`
	})
	w.serve("--dev-clock")

	// Half past eleven at night in Rome, a Tuesday.
	start := time.Date(2027, 3, 2, 22, 30, 0, 0, time.UTC)
	w.clockTo(start)
	w.order(anna, 1001, start, byMail|bySMS)
	w.order(bruno, 1002, start, byMail|bySMS)
	w.order(carla, 1003, start, byMail|bySMS)
	w.order(dario, 1004, start, bySMS)
	w.order(elena, 1005, start, byMail)
	if st := w.record(anna.email); st.State != "active" || st.Orders != 1 || st.Spent != "49.90" || st.Next == nil || !st.Next.Due.Equal(start.AddDate(0, 0, 30)) {
		t.Fatalf("Anna after her order: %+v", st)
	}

	// On day 30 it is half past midnight: no SMS leaves before nine.
	w.clock(`{"advance":"30d"}`)
	nine := time.Date(2027, 4, 2, 7, 0, 0, 0, time.UTC)
	for _, p := range []person{anna, bruno, carla, dario} {
		if got := w.outbox(p); len(got) != 0 {
			t.Fatalf("%s got an SMS at night: %+v", p.name, got)
		}
		if st := w.record(p.phone); st.Next == nil || !st.Next.Due.Equal(nine) || st.Next.Why != lifecycle.ReasonQuiet {
			t.Errorf("%s at night: next %+v, want nine in the morning because of the quiet hours", p.name, st.Next)
		}
	}
	if got := w.outbox(elena); len(got) != 1 || got[0].Channel != lifecycle.Email {
		t.Errorf("Elena, who has e-mail only, got %+v", got)
	}
	w.clockTo(nine)
	links := map[string]string{}
	for _, p := range []person{anna, bruno, carla, dario} {
		got := w.outbox(p)
		if len(got) != 1 || got[0].Channel != lifecycle.SMS || got[0].From != smsNumber || !strings.Contains(got[0].Body, p.name) {
			t.Fatalf("%s at nine: %+v, want one SMS with the name", p.name, got)
		}
		m := shortLink.FindStringSubmatch(got[0].Body)
		if m == nil || !strings.HasPrefix(m[0], w.url) {
			t.Fatalf("%s: no link of ours in %q", p.name, got[0].Body)
		}
		links[p.name] = "/l/" + m[1]
		if st := w.record(p.email); st.State != "dormant" || st.Journey == nil || st.Journey.Name != "reactivation" || st.Journey.Step != 1 || st.Journey.Steps != 3 ||
			len(st.Messages) != 1 || st.Messages[0].Status != "sent" || st.Messages[0].Template != "survey" || st.Messages[0].ProviderID != got[0].ID {
			t.Errorf("%s after the SMS: %+v", p.name, st)
		}
	}

	t.Run("support finds a record in every way, and nobody else does", func(t *testing.T) { walkStatus(t, w.during(t), carla) })
	t.Run("support sees what a message says, and the operator that all is reachable", func(t *testing.T) { walkCommands(t, w.during(t), carla) })
	t.Run("signed reports of both providers arrive", func(t *testing.T) { walkReports(t, w.during(t), anna, elena) })
	t.Run("a human visit wins a contact back, fetching the page does not", func(t *testing.T) { walkVisit(t, w.during(t), anna, links["Anna"]) })
	t.Run("an order leads to a welcome that can be left with one click", func(t *testing.T) { walkOrder(t, w.during(t), bruno, nine) })
	t.Run("a signed STOP closes SMS at once, and e-mail goes on", func(t *testing.T) { walkStop(t, w.during(t), carla, start) })
	t.Run("silence ends it", func(t *testing.T) { walkSilence(t, w.during(t), dario, start) })
	t.Run("an address that bounced is not written to again", func(t *testing.T) {
		if got := w.outbox(elena); len(got) != 1 {
			t.Errorf("Elena got %d messages, want the one that bounced", len(got))
		}
	})
	t.Run("who has been erased is gone", func(t *testing.T) {
		w := w.during(t)
		out, errs, code := w.run("export", carla.phone, "--shop", "bottega")
		var copied engine.Export
		if err := json.Unmarshal([]byte(out), &copied); err != nil || code != 0 || copied.Record.Email != carla.email || len(copied.ConsentHistory) == 0 || len(copied.Orders) == 0 || len(copied.Journeys) == 0 {
			t.Errorf("export: exit %d, %v, %s%s", code, err, out, errs)
		}
		out, errs, code = w.run("erase", carla.phone, "--shop", "bottega", "--json")
		if code != 0 || !strings.Contains(out, `"contacts": 1`) {
			t.Errorf("erase: exit %d, %s%s", code, out, errs)
		}
		w.look(carla.email).problem(404, "not_found")
		w.look(carla.phone).problem(404, "not_found")
	})
}

func walkCommands(t *testing.T, w *world, p person) {
	out, errs, code := w.run("preview", "survey", "--contact", p.email, "--channel", "sms", "--shop", "bottega")
	if code != 0 || !strings.Contains(out, p.name) || !strings.Contains(out, "1 segment(s), GSM-7") {
		t.Errorf("preview of the SMS: exit %d, %s%s", code, out, errs)
	}
	out, errs, code = w.run("preview", "coupon", "--contact", p.phone, "--shop", "bottega", "--json")
	var mail rendered
	if err := json.Unmarshal([]byte(out), &mail); err != nil || code != 0 || mail.Subject == "" || !strings.Contains(mail.HTML, "<html") || mail.Headers["List-Unsubscribe"] == "" {
		t.Errorf("preview of the e-mail: exit %d, %v, %s%s", code, err, out, errs)
	}
	if got := w.outbox(p); len(got) != 1 {
		t.Errorf("a preview was sent: %+v", got)
	}
	out, errs, code = w.run("check", "--connect")
	for _, line := range []string{"store: reachable", "sms: the provider answers", "email: the provider answers"} {
		if !strings.Contains(out, line) {
			t.Errorf("check --connect does not say %q", line)
		}
	}
	if code != 0 {
		t.Errorf("check --connect: exit %d, %s%s", code, out, errs)
	}
}

func walkReports(t *testing.T, w *world, anna, elena person) {
	w.report()
	if st := w.record(anna.email); st.Messages[0].Status != "delivered" {
		t.Errorf("Anna's SMS is %q, want delivered", st.Messages[0].Status)
	}
	st := w.record(elena.email)
	if st.Messages[0].Status != "failed" || st.Messages[0].Error != lifecycle.ReasonBounced || st.Consent["email"].Suppressed != lifecycle.ReasonBounced {
		t.Errorf("Elena's e-mail: %+v, consent %+v; want failed, bounced and suppressed", st.Messages[0], st.Consent["email"])
	}
	// Nobody else may report.
	form := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"failed"}}
	target := w.url + "/callbacks/twilio/status"
	w.send("POST", target, form.Encode(), "Content-Type", "application/x-www-form-urlencoded",
		"X-Twilio-Signature", fake.SignTwilio("another token", target, form)).problem(401, "bad_signature")
	w.send("POST", target, form.Encode(), "Content-Type", "application/x-www-form-urlencoded").problem(401, "bad_signature")
	w.send("POST", "/callbacks/sendgrid/events", `[{"event":"bounce","email":"anna@example.com"}]`,
		"X-Twilio-Email-Event-Webhook-Signature", "MEUCIQ==", "X-Twilio-Email-Event-Webhook-Timestamp", "1").problem(401, "bad_signature")
}

func walkVisit(t *testing.T, w *world, anna person, page string) {
	a := w.send("GET", page, "", "User-Agent", "facebookexternalhit/1.1").is(200)
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || !strings.Contains(a.body, "Anna") || !strings.Contains(a.body, `lang="it"`) {
		t.Errorf("the page: %s\n%s", a.header.Get("Content-Type"), a.body)
	}
	if strings.Contains(a.body, anna.email) || strings.Contains(a.body, anna.phone) {
		t.Error("the page shows an address")
	}
	if st := w.record(anna.email); st.State != "dormant" || !st.Messages[0].Opened || st.Messages[0].Responded {
		t.Errorf("after the page was fetched: %s, %+v", st.State, st.Messages[0])
	}
	w.send("POST", page+"/seen", "").is(204)
	if st := w.record(anna.email); st.State != "active" || st.StateReason != lifecycle.ReasonWonResponse || !st.Messages[0].Responded || st.Journey != nil {
		t.Errorf("after the visit: %s %s, %+v", st.State, st.StateReason, st.Messages[0])
	}
	w.send("POST", page+"/answer", "choice=price", "Content-Type", "application/x-www-form-urlencoded").is(200)
	if st := w.record(anna.email); len(st.Answers) != 1 || st.Answers[0].Choice != "price" {
		t.Errorf("answers: %+v", st.Answers)
	}
	w.send("GET", "/l/AAAAAAAAAA", "").is(404)
}

func walkOrder(t *testing.T, w *world, bruno person, at time.Time) {
	w.order(bruno, 2002, at, noConsent)
	w.clock(`{"advance":"1m"}`)
	st := w.record(bruno.email)
	if st.State != "returning" || st.StateReason != lifecycle.ReasonWonOrder || st.Orders != 2 || st.Spent != "99.80" || st.Journey == nil || st.Journey.Name != "welcome_back" {
		t.Fatalf("after the order: %+v", st)
	}
	got := w.outbox(bruno)
	if len(got) != 2 || got[1].Channel != lifecycle.Email || got[1].Subject == "" || got[1].HTML == "" {
		t.Fatalf("Bruno got %+v, want a welcome-back e-mail", got)
	}
	leave := unsubscribeURL(t, got[1], w.url)

	// Scanners fetch every link: that changes nothing.
	w.send("GET", leave, "").is(200)
	if st := w.record(bruno.email); st.Consent["email"].State != "subscribed" {
		t.Errorf("a GET of the unsubscribe link: e-mail is %s", st.Consent["email"].State)
	}
	w.send("POST", leave, "List-Unsubscribe=One-Click", "Content-Type", "application/x-www-form-urlencoded").is(200)
	st = w.record(bruno.email)
	if st.Consent["email"].State != "unsubscribed" || st.Consent["sms"].State != "subscribed" || st.Consent["email"].Evidence == "" || st.Consent["email"].At == nil {
		t.Errorf("after one click: %+v", st.Consent)
	}
	w.clock(`{"advance":"8d"}`)
	if got := w.outbox(bruno); len(got) != 2 {
		t.Errorf("Bruno got %d messages, want none after he left", len(got)-2)
	}
}

// unsubscribeURL checks the two headers of RFC 8058 and returns the address.
func unsubscribeURL(t *testing.T, mail fake.Sent, base string) string {
	t.Helper()
	list := mail.Headers["List-Unsubscribe"]
	first, _, _ := strings.Cut(strings.TrimPrefix(list, "<"), ">")
	if !strings.HasPrefix(list, "<"+base+"/u/") || mail.Headers["List-Unsubscribe-Post"] != "List-Unsubscribe=One-Click" {
		t.Fatalf("headers of the e-mail: %q", mail.Headers)
	}
	return first
}

func walkStop(t *testing.T, w *world, carla person, start time.Time) {
	inbound := w.url + "/callbacks/twilio/inbound"
	status, err := w.fake.Reply(t.Context(), smsNumber, carla.phone, "Basta, grazie", inbound)
	if err != nil || status != http.StatusOK {
		t.Fatalf("the reply: %d, %v", status, err)
	}
	st := w.record(carla.phone)
	if st.Consent["sms"].State != "unsubscribed" || st.Consent["email"].State != "subscribed" || st.State != "dormant" {
		t.Fatalf("after STOP: %s, %+v", st.State, st.Consent)
	}
	form := url.Values{"From": {carla.phone}, "To": {smsNumber}, "Body": {"START"}, "MessageSid": {"SMforged"}}
	w.send("POST", inbound, form.Encode(), "Content-Type", "application/x-www-form-urlencoded",
		"X-Twilio-Signature", fake.SignTwilio("guess", inbound, form)).problem(401, "bad_signature")
	if st := w.record(carla.phone); st.Consent["sms"].State != "unsubscribed" {
		t.Error("a forged START opened the channel")
	}
	w.clockTo(start.AddDate(0, 0, 61))
	if got := w.outbox(carla); len(got) != 2 || got[1].Channel != lifecycle.Email {
		t.Errorf("Carla on day 61: %+v, want the second step by e-mail", got)
	}
}

func walkSilence(t *testing.T, w *world, dario person, start time.Time) {
	w.clockTo(start.AddDate(0, 0, 92))
	if st := w.record(dario.phone); st.State != "dormant" || len(st.Messages) != 3 {
		t.Fatalf("on day 92: %s, %+v", st.State, st.Messages)
	}
	got := w.outbox(dario)
	if len(got) != 3 || got[2].Channel != lifecycle.SMS {
		t.Fatalf("Dario got %+v", got)
	}
	for _, s := range got {
		if h := s.Body; strings.Count(h, "/l/") != 1 {
			t.Errorf("no link in %q", h)
		}
	}
	w.clockTo(start.AddDate(0, 0, 99))
	st := w.record(dario.phone)
	if st.State != "unsubscribed" || st.StateReason != lifecycle.ReasonNoResponse || st.Next != nil || st.Journey != nil {
		t.Errorf("on day 99: %s %s, next %+v", st.State, st.StateReason, st.Next)
	}
	w.clock(`{"advance":"200d"}`)
	if after := w.outbox(dario); len(after) != 3 {
		t.Errorf("%d messages after the end", len(after)-3)
	}
}
