package engine_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"ritorno/connectors/fake"
	"ritorno/connectors/twilio"
	"ritorno/handlers"
	"ritorno/internal/lifecycle"
	"ritorno/internal/redistest"
)

const stopToken = "twilio-token-of-the-tests"

// door is the service's HTTP door in front of a bench.
func (b *bench) door(t *testing.T) http.Handler {
	t.Helper()
	calls, err := twilio.NewCallbacks(stopToken)
	if err != nil {
		t.Fatal(err)
	}
	return handlers.New(handlers.Options{Engine: b.Engine, Store: b.st, PublicURL: b.options.PublicURL, Twilio: calls}).Handler()
}

// sms posts a signed SMS from a phone, as Twilio does, and says how long the
// answer took.
func (b *bench) text(t *testing.T, door http.Handler, from, body, id string) time.Duration {
	t.Helper()
	const target = "/callbacks/twilio/inbound"
	form := url.Values{"From": {from}, "To": {"+390600000000"}, "Body": {body}, "MessageSid": {id}, "NumMedia": {"0"}}
	req := httptest.NewRequestWithContext(b.ctx, http.MethodPost, target, strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", fake.SignTwilio(stopToken, b.options.PublicURL+target, form))
	rec, start := httptest.NewRecorder(), time.Now()
	door.ServeHTTP(rec, req)
	if rec.Code != http.StatusOK {
		t.Errorf("%q is answered %d: %s", body, rec.Code, rec.Body)
	}
	return time.Since(start)
}

// smsOnly lets an event allow SMS and nothing else.
func smsOnly(ev lifecycle.Event) lifecycle.Event {
	ev.Consents = []lifecycle.ConsentChange{{Channel: lifecycle.SMS, State: lifecycle.Subscribed}}
	return ev
}

// TestAStopAmongManyMessages: 200 people are due at once. Every tenth of them
// says STOP when the message is claimed and composed and stands right before
// the gate. Once the call is answered it does not leave, and all others do.
func TestAStopAmongManyMessages(t *testing.T) {
	t.Parallel()
	const people = 200
	b := newBench(t)
	b.goTo(t, day0)
	for i := range people {
		id := fmt.Sprint(i)
		b.tell(t, smsOnly(orderOf(id, day0, named(id, "", phoneNo(i)))))
	}
	if err := b.st.SetOffset(b.ctx, b.st.Offset()+30*day); err != nil {
		t.Fatal(err)
	}
	door, stops := b.door(t), map[string]string{}
	for i := 0; i < people; i += 10 {
		stops[phoneNo(i)] = []string{"STOP", "Basta, grazie", "Non scrivetemi più", "no grazie", "Don't text me any more"}[i/10%5]
	}
	var mu sync.Mutex
	var slowest time.Duration
	b.BeforeBegin(func(m lifecycle.Message) {
		body, leaves := stops[m.Address]
		if !leaves {
			return
		}
		took := b.text(t, door, m.Address, body, "SM"+m.ID)
		mu.Lock()
		slowest = max(slowest, took)
		mu.Unlock()
	})
	for range 5 {
		b.tick(t)
	}
	t.Logf("the slowest of %d STOPs, signed call to stored consent, while %d messages leave: %s", len(stops), people-len(stops), slowest)
	sent := map[string]bool{}
	for _, m := range b.sms.all() {
		sent[m.To] = true
	}
	for i := range people {
		phone := phoneNo(i)
		c := b.find(t, phone)
		if stops[phone] == "" {
			if !sent[phone] {
				t.Errorf("%s got no message: %+v", phone, c.Messages)
			}
			continue
		}
		if con := c.Consent[lifecycle.SMS]; sent[phone] || con.State() != lifecycle.Unsubscribed {
			t.Errorf("%s said %q: consent %s, a message left: %v", phone, stops[phone], con.State(), sent[phone])
		}
		if len(c.Messages) != 1 || c.Messages[0].Status != lifecycle.Dropped || c.Messages[0].Error != lifecycle.ReasonOptedOut {
			t.Errorf("%s said %q: %+v, want one message dropped as opted_out", phone, stops[phone], c.Messages)
		}
	}
}

func phoneNo(i int) string { return fmt.Sprintf("+39333%07d", 1000000+i) }

// shopsOfOneNumber all know Anna's number; bottega and osteria write to it, cantina
// never does. Bruno shares the number in bottega, and is written to first.
func shopsOfOneNumber(t *testing.T) (*bench, http.Handler) {
	t.Helper()
	one := shopYAML[strings.Index(shopYAML, "  bottega:"):]
	all := shopYAML
	for _, name := range []string{"osteria", "cantina"} {
		all += strings.Replace(one, "  bottega:", "  "+name+":", 1)
	}
	b := newBenchOn(t, redistest.Start(t), prefixOf(t), all)
	b.goTo(t, day0)
	b.tell(t, smsOnly(orderOf("b1", day0.Add(-24*time.Hour), named("bruno", "bruno@example.com", annaPhone))))
	for _, shop := range []string{"bottega", "osteria", "cantina"} {
		at := day0
		if shop == "cantina" {
			at = day0.Add(29 * day)
		}
		ev := smsOnly(orderOf("a1", at, named("anna", annaMail, annaPhone)))
		ev.Historical = shop == "cantina"
		if _, err := b.Apply(b.ctx, shop, ev); err != nil {
			t.Fatal(err)
		}
	}
	b.goTo(t, day0.Add(31*day))
	return b, b.door(t)
}

func (b *bench) allows(t *testing.T, shop, who string) string {
	t.Helper()
	st, err := b.Status(b.ctx, shop, who)
	if err != nil {
		t.Fatal(err)
	}
	return st.Consent["sms"].State
}

func TestAStopActsInEveryShopThatWrote(t *testing.T) {
	t.Parallel()
	b, door := shopsOfOneNumber(t)
	if n := len(b.sms.all()); n != 3 {
		t.Fatalf("%d messages left, want Bruno's, and Anna's of two shops", n)
	}
	want := func(when string, states map[string]string) {
		t.Helper()
		for who, state := range states {
			shop, id, _ := strings.Cut(who, " ")
			if got := b.allows(t, shop, id); got != state {
				t.Errorf("%s: %s is %s, want %s", when, who, got, state)
			}
		}
	}
	b.text(t, door, annaPhone, "Ma chi siete? Basta che non chiamate", "SM1")
	want("after an unclear reply", map[string]string{"bottega anna": "subscribed", "bottega bruno": "subscribed", "osteria anna": "subscribed", "cantina anna": "subscribed"})
	for shop, times := range map[string]int{"bottega": 1, "osteria": 1, "cantina": 0} {
		st, err := b.Status(b.ctx, shop, "anna")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, e := range st.Timeline {
			if strings.Contains(e.Summary, "reply unclear: Ma chi siete? Basta che non chiamate") {
				n++
			}
		}
		counts, err := b.Counts(b.ctx, shop)
		if err != nil {
			t.Fatal(err)
		}
		if n != times || (counts["reply:unclear"] > 0) != (times > 0) {
			t.Errorf("%s: the unclear reply is shown %d times, want %d; counted %d", shop, n, times, counts["reply:unclear"])
		}
	}
	b.text(t, door, annaPhone, "Non scrivetemi più", "SM2")
	want("after a request", map[string]string{"bottega anna": "unsubscribed", "bottega bruno": "unsubscribed", "osteria anna": "unsubscribed", "cantina anna": "subscribed"})
	b.text(t, door, annaPhone, "START", "SM3")
	want("after START", map[string]string{"bottega anna": "subscribed", "bottega bruno": "unsubscribed", "osteria anna": "subscribed", "cantina anna": "subscribed"})
	b.text(t, door, annaPhone, "Non scrivetemi più", "SM2")
	want("after the request was told again", map[string]string{"bottega anna": "subscribed", "osteria anna": "subscribed"})
	b.text(t, door, annaPhone, "quando riaprite?", "SM4")
	for who, times := range map[string]int{"bottega": 0, "osteria": 0, "cantina": 0} {
		c, err := b.Find(b.ctx, who, "anna")
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range c.Answers {
			if a.Text == "quando riaprite?" {
				times++
			}
		}
		if times > 1 || who == "cantina" && times > 0 {
			t.Errorf("%s keeps the question %d times", who, times)
		}
	}
}

// TestAReplyBeforeAnyMessage: whom no shop wrote to is let go everywhere.
func TestAReplyBeforeAnyMessage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("anna", annaMail, annaPhone))))
	b.tell(t, allowed(orderOf("2", day0, named("bruno", "bruno@example.com", annaPhone))))
	door := b.door(t)
	b.text(t, door, annaPhone, "START", "SM1")
	if st, err := b.Status(b.ctx, "bottega", "anna"); err != nil || st.Consent["sms"].Source != "shopify" || st.Consent["email"].State != "subscribed" {
		t.Errorf("a START that may be anybody's: %+v, %v", st.Consent, err)
	}
	b.text(t, door, annaPhone, "stop", "SM2")
	for _, who := range []string{"anna", "bruno"} {
		if got := b.allows(t, "bottega", who); got != "unsubscribed" {
			t.Errorf("after STOP %s is %s", who, got)
		}
	}
	b.text(t, door, annaPhone, "START", "SM3")
	for _, who := range []string{"anna", "bruno"} {
		if got := b.allows(t, "bottega", who); got != "unsubscribed" {
			t.Errorf("START of nobody knows whom opened %s", who)
		}
	}
	if c := b.find(t, "anna"); len(c.Answers) == 0 || c.Answers[len(c.Answers)-1].Choice != "unclear" {
		t.Errorf("the START is not shown as unclear: %+v", c.Answers)
	}
}

// TestStartOpensOnlySMS: an opt-out by e-mail stays.
func TestStartOpensOnlySMS(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.goTo(t, day0)
	b.tell(t, allowed(orderOf("1", day0, named("anna", annaMail, annaPhone))))
	door := b.door(t)
	b.text(t, door, annaPhone, "stop", "SM1")
	if err := b.OptOut(b.ctx, b.find(t, "anna").ID, lifecycle.Email, "page", "page", ""); err != nil {
		t.Fatal(err)
	}
	if c := b.find(t, "anna"); c.State != lifecycle.UnsubscribedState || c.Reason != lifecycle.ReasonOptedOut && c.Reason != "opt_out" {
		t.Fatalf("without a channel: %s (%s)", c.State, c.Reason)
	}
	b.goTo(t, day0.Add(day))
	b.text(t, door, annaPhone, "START", "SM2")
	c := b.find(t, "anna")
	if c.Consent[lifecycle.SMS].State() != lifecycle.Subscribed || c.Consent[lifecycle.Email].State() != lifecycle.Unsubscribed {
		t.Errorf("after START: sms %s, email %s", c.Consent[lifecycle.SMS].State(), c.Consent[lifecycle.Email].State())
	}
}
