package handlers_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/fake"
	"ritorno/connectors/sendgrid"
	"ritorno/connectors/twilio"
	"ritorno/handlers"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
)

const authToken = "twilio-token-of-the-tests"

// providers is a service with both providers and Anna's first message sent.
func providers(t *testing.T, storeURL string) (*rig, *ecdsa.PrivateKey) {
	t.Helper()
	return providersWith(t, storeURL, func(*handlers.Options) {})
}

func providersWith(t *testing.T, storeURL string, change func(*handlers.Options)) (*rig, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	mail := must(sendgrid.NewCallbacks(base64.StdEncoding.EncodeToString(der)))(t)
	r := openOn(t, storeURL, func(o *handlers.Options) {
		o.Twilio = must(twilio.NewCallbacks(authToken))(t)
		o.SendGrid = func(q connectors.Request) ([]handlers.MailEvent, error) {
			events, err := mail.Events(q)
			var out []handlers.MailEvent
			for _, e := range events {
				out = append(out, handlers.MailEvent(e))
			}
			return out, err
		}
		change(o)
	})
	r.clock(beforeAll).is(200)
	r.anna("")
	r.clock(`{"now":"` + surveyDay + `"}`).is(200)
	return r, key
}

func (r *rig) twilio(target string, form url.Values) answer {
	r.Helper()
	return r.form(target, form.Encode(), "X-Twilio-Signature", fake.SignTwilio(authToken, publicURL+target, form))
}

func (r *rig) lastSent() connectors.Outgoing {
	r.Helper()
	r.outbox.mu.Lock()
	defer r.outbox.mu.Unlock()
	sent := *r.outbox.sent
	if len(sent) == 0 {
		r.Fatal("nothing was sent")
	}
	return sent[len(sent)-1]
}

func TestTwilioReportsMoveTheMessageForwardOnly(t *testing.T) {
	r, _ := providers(t, redistest.Start(t))
	m := r.lastSent()
	target := "/callbacks/twilio/status?a=" + url.QueryEscape(m.AttemptID)
	report := func(status string) url.Values {
		return url.Values{"MessageSid": {"SM1"}, "MessageStatus": {status}, "To": {"+393331234567"}}
	}
	for _, s := range []string{"delivered", "sent", "delivered"} {
		r.twilio(target, report(s)).is(204)
	}
	if got := r.find("c1").Messages[0].Status; got != lifecycle.Delivered {
		t.Errorf("status %v, want delivered", got)
	}
	r.form(target, report("failed").Encode(), "X-Twilio-Signature", "AAAA").is(401)
	r.form(target, report("failed").Encode()).is(401)
	r.twilio(target, report("a word of tomorrow")).is(204)
	r.twilio("/callbacks/twilio/status?a=nobody-1.2", report("delivered")).is(204)
	if got := r.find("c1").Messages[0].Status; got != lifecycle.Delivered {
		t.Errorf("status %v after nonsense", got)
	}
	if strings.Contains(r.log.String(), "+393331234567") {
		t.Error("the log has the number")
	}
}

func TestStopBySMS(t *testing.T) {
	r, _ := providers(t, redistest.Start(t))
	form := url.Values{"From": {"+393331234567"}, "To": {"+390600000000"}, "Body": {"STOP"}, "MessageSid": {"SM77"}, "OptOutType": {""}}
	a := r.twilio("/callbacks/twilio/inbound", form).is(200)
	if got := a.Header().Get("Content-Type"); got != "text/xml" || !strings.Contains(a.Body.String(), "<Response/>") {
		t.Errorf("%s %s", got, a.Body)
	}
	if r.consent(lifecycle.SMS) != "unsubscribed" || r.consent(lifecycle.Email) != "subscribed" {
		t.Errorf("sms %s, email %s", r.consent(lifecycle.SMS), r.consent(lifecycle.Email))
	}
	r.form("/callbacks/twilio/inbound", form.Encode(), "X-Twilio-Signature", "AAAA").is(401)
	r.twilio("/callbacks/twilio/inbound", url.Values{"Body": {"from nobody"}}).is(200)
}

func TestSendGridEvents(t *testing.T) {
	r, key := providers(t, redistest.Start(t))
	post := func(body string) answer {
		stamp := strconv.FormatInt(time.Now().Unix(), 10)
		sig, err := fake.SignEvents(key, stamp, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		return r.send("POST", "/callbacks/sendgrid/events", body, "Content-Type", "application/json",
			"X-Twilio-Email-Event-Webhook-Signature", sig, "X-Twilio-Email-Event-Webhook-Timestamp", stamp)
	}
	// The message went by SMS; the opt-out concerns e-mail all the same.
	m := r.lastSent()
	body := fmt.Sprintf(`[{"event":"spamreport","sg_event_id":"e1","ritorno_message":%q,"ritorno_attempt":%q,"timestamp":%d}]`, m.MessageID, m.AttemptID, time.Now().Unix())
	post(body).is(204)
	if r.consent(lifecycle.Email) != "unsubscribed" {
		t.Error("a spam report left e-mail open")
	}
	post(`[]`).is(204)
	post(`{"not":"an array"}`).is(204)
	r.send("POST", "/callbacks/sendgrid/events", body).is(401)
}

func TestCallbacksWaitForTheStore(t *testing.T) {
	node := redistest.NewNode(t)
	r, _ := providers(t, node.URL)
	m := r.lastSent()
	node.Stop(t)
	r.twilio("/callbacks/twilio/status?a="+url.QueryEscape(m.AttemptID), url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"delivered"}}).is(503)
	r.twilio("/callbacks/twilio/inbound", url.Values{"From": {"+393331234567"}, "To": {"+390600000000"}, "Body": {"STOP"}, "MessageSid": {"SM77"}}).is(503)
}

func TestProvidersThatAreNotConfigured(t *testing.T) {
	r := open(t)
	for _, target := range []string{"/callbacks/twilio/status", "/callbacks/twilio/inbound", "/callbacks/sendgrid/events"} {
		if a := r.form(target, "a=b").is(404); a.code() != "not_configured" {
			t.Errorf("%s: code %q", target, a.code())
		}
	}
}
