package fake_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest/apicheck"
	"ritorno/connectors/fake"
	"ritorno/connectors/sendgrid"
	"ritorno/connectors/twilio"
	"ritorno/internal/lifecycle"
	"ritorno/internal/message"
)

const (
	accountSID = "AC0123456789abcdef0123456789abcdef"
	authToken  = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	apiKey     = "SG.key"
)

// house is a fake provider, the senders that use it, and the ear that its
// callbacks reach: all real but the provider.
type house struct {
	provider *fake.Provider
	url      string
	sms      *twilio.Sender
	mail     *sendgrid.Sender
	public   string

	mu      sync.Mutex
	news    []lifecycle.News
	events  []sendgrid.Event
	replies []connectors.Reply
}

func open(t *testing.T, change func(*fake.Options)) *house {
	t.Helper()
	h := &house{}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ear := httptest.NewServer(h.ear(t, key))
	t.Cleanup(ear.Close)
	h.public = ear.URL
	o := fake.Options{
		AccountSID: accountSID, AuthToken: authToken, APIKey: apiKey,
		SendGridKey: key, EventsURL: ear.URL + sendgrid.EventsPath, CallbackClient: ear.Client(),
		Now: func() time.Time { return time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC) },
	}
	if change != nil {
		change(&o)
	}
	h.provider = fake.New(o)
	s := httptest.NewServer(h.provider.Handler())
	t.Cleanup(s.Close)
	t.Cleanup(h.provider.Close)
	h.url = s.URL
	h.senders(t)
	return h
}

func (h *house) senders(t *testing.T) {
	t.Helper()
	base, err := url.Parse(h.url)
	if err != nil {
		t.Fatal(err)
	}
	if h.sms, err = twilio.New(twilio.Options{AccountSID: accountSID, AuthToken: authToken, From: "+390600000000", BaseURL: base, Timeout: time.Second}); err != nil {
		t.Fatal(err)
	}
	if h.mail, err = sendgrid.New(sendgrid.Options{APIKey: apiKey, From: sendgrid.Address{Email: "ciao@bottega.example"}, BaseURL: base, Timeout: time.Second}); err != nil {
		t.Fatal(err)
	}
}

// ear verifies and reads callbacks with the real connectors.
func (h *house) ear(t *testing.T, key *ecdsa.PrivateKey) http.Handler {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	mails, err := sendgrid.NewCallbacks(base64.StdEncoding.EncodeToString(der))
	if err != nil {
		t.Fatal(err)
	}
	texts, err := twilio.NewCallbacks(authToken)
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		in := connectors.Request{Method: r.Method, URL: h.public + r.URL.RequestURI(), Header: r.Header, Body: body, ReceivedAt: time.Now()}
		h.mu.Lock()
		defer h.mu.Unlock()
		var err error
		switch r.URL.Path {
		case twilio.StatusPath:
			var n lifecycle.News
			n, err = texts.Status(in)
			h.news = append(h.news, n)
		case twilio.InboundPath:
			var reply connectors.Reply
			reply, err = texts.Inbound(in)
			h.replies = append(h.replies, reply)
		case sendgrid.EventsPath:
			var events []sendgrid.Event
			events, err = mails.Events(in)
			h.events = append(h.events, events...)
		}
		if err != nil {
			t.Errorf("callback to %s: %v", r.URL.Path, err)
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
}

// heard is what came back so far.
func (h *house) heard() (news []lifecycle.News, events []sendgrid.Event, replies []connectors.Reply) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.news), slices.Clone(h.events), slices.Clone(h.replies)
}

func (h *house) text(attempt string) connectors.Outgoing {
	return connectors.Outgoing{
		Shop: "bottega", To: "+393331234567", AttemptID: attempt, MessageID: "m1", CallbackURL: h.public,
		Message: message.Message{Text: "Ciao Anna, torna <b>presto</b>", Segments: 1},
	}
}

func (h *house) letter(attempt string) connectors.Outgoing {
	return connectors.Outgoing{
		Shop: "bottega", To: "anna@example.com", AttemptID: attempt, MessageID: "m2", CallbackURL: h.public,
		Message: message.Message{Subject: "Bentornata", Text: "Ciao", HTML: "<p>Ciao</p>", Headers: map[string]string{"List-Unsubscribe": "<https://x.example/u/t>"}},
	}
}

func TestMessagesReachTheOutboxAndReportsComeBack(t *testing.T) {
	h := open(t, nil)
	sms := h.sms.Send(t.Context(), h.text("c1.01A"))
	mail := h.mail.Send(t.Context(), h.letter("c1.01B"))
	if sms.Outcome != lifecycle.Accepted || mail.Outcome != lifecycle.Accepted || sms.ProviderID == "" || mail.ProviderID == "" {
		t.Fatalf("results %+v, %+v", sms, mail)
	}
	box := h.provider.Outbox()
	if len(box) != 2 {
		t.Fatalf("%d in the outbox, want 2", len(box))
	}
	s, m := box[0], box[1]
	if s.Channel != lifecycle.SMS || s.To != "+393331234567" || s.Body != "Ciao Anna, torna <b>presto</b>" || s.AttemptID != "c1.01A" || s.ID != sms.ProviderID {
		t.Errorf("SMS in the outbox: %+v", s)
	}
	if m.Channel != lifecycle.Email || m.Subject != "Bentornata" || m.HTML != "<p>Ciao</p>" || m.AttemptID != "c1.01B" || m.MessageID != "m2" || m.Shop != "bottega" ||
		m.Headers["List-Unsubscribe"] == "" || m.At.Year() != 2027 {
		t.Errorf("e-mail in the outbox: %+v", m)
	}
	if news, events, _ := h.heard(); len(news)+len(events) != 0 {
		t.Error("reports came without being asked for")
	}
	if err := h.provider.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	news, events, _ := h.heard()
	if len(news) != 2 || news[0].Status != lifecycle.SentStatus || news[1].Status != lifecycle.Delivered || news[1].AttemptID != "c1.01A" || news[1].ProviderID != sms.ProviderID {
		t.Errorf("reports on the SMS: %+v", news)
	}
	if len(events) != 2 || events[0].Status != lifecycle.SentStatus || events[1].Status != lifecycle.Delivered || events[1].AttemptID != "c1.01B" ||
		events[1].ProviderID != mail.ProviderID || events[0].EventID == events[1].EventID {
		t.Errorf("events of the e-mail: %+v", events)
	}
	if c := h.provider.Counts(); c != (fake.Counts{Requests: 2, Accepted: 2, Calls: 3}) {
		t.Errorf("counts %+v", c)
	}
}

func TestReportsComeByThemselvesIfWanted(t *testing.T) {
	h := open(t, func(o *fake.Options) { o.Auto = true })
	for i := range 20 {
		if r := h.sms.Send(t.Context(), h.text(fmt.Sprintf("c1.%d", i))); r.Outcome != lifecycle.Accepted {
			t.Fatalf("outcome %v", r.Outcome)
		}
	}
	for h.provider.Counts().Calls < 40 && t.Context().Err() == nil {
		if err := h.provider.Flush(t.Context()); err != nil { // waits for the one under way
			t.Fatal(err)
		}
	}
	if news, _, _ := h.heard(); len(news) != 40 {
		t.Errorf("%d reports, want 40", len(news))
	}
}

func TestFates(t *testing.T) {
	h := open(t, func(o *fake.Options) {
		o.Fate = func(s fake.Sent) fake.Fate {
			switch s.AttemptID {
			case "silent":
				return fake.Fate{Event: "none"}
			case "dead":
				return fake.Fate{Event: "undelivered", Code: "30005"}
			case "full":
				return fake.Fate{Event: "blocked", Code: "mailbox full"}
			}
			return fake.Fate{Event: "spamreport"}
		}
	})
	for _, a := range []string{"silent", "dead"} {
		if r := h.sms.Send(t.Context(), h.text(a)); r.Outcome != lifecycle.Accepted {
			t.Fatalf("SMS %s: %v", a, r.Outcome)
		}
	}
	for _, a := range []string{"silent", "full", "angry"} {
		if r := h.mail.Send(t.Context(), h.letter(a)); r.Outcome != lifecycle.Accepted {
			t.Fatalf("e-mail %s: %v", a, r.Outcome)
		}
	}
	if err := h.provider.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	news, events, _ := h.heard()
	if len(news) != 2 || news[1].Reason != lifecycle.ReasonInvalid || !news[1].Suppress {
		t.Errorf("reports: %+v", news)
	}
	if len(events) != 4 || events[1].Reason != lifecycle.ReasonBlocked || events[1].Suppress || !events[3].OptOut {
		t.Errorf("events: %+v", events)
	}
}

func TestRepliesAreSigned(t *testing.T) {
	h := open(t, nil)
	status, err := h.provider.Reply(t.Context(), "+390600000000", "+393331234567", "Basta, grazie 👋", h.public+twilio.InboundPath)
	if err != nil || status != http.StatusOK {
		t.Fatalf("got %d, %v", status, err)
	}
	_, _, replies := h.heard()
	if len(replies) != 1 || replies[0].Body != "Basta, grazie 👋" || replies[0].From != "+393331234567" || replies[0].To != "+390600000000" {
		t.Errorf("replies %+v", replies)
	}
}

func TestFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault  fake.Fault
		want   lifecycle.Outcome
		reason lifecycle.Reason
		taken  int
	}{
		"none":                       {fake.Fault{}, lifecycle.Accepted, "", 1},
		"429":                        {fake.Fault{Kind: fake.TooMany, Wait: 3 * time.Second}, lifecycle.NotSent, lifecycle.ReasonProvider, 0},
		"503":                        {fake.Fault{Kind: fake.Unavailable}, lifecycle.Ambiguous, lifecycle.ReasonUncertain, 0},
		"500 after it was taken":     {fake.Fault{Kind: fake.ErrorAfter}, lifecycle.Ambiguous, lifecycle.ReasonUncertain, 1},
		"reset after it was taken":   {fake.Fault{Kind: fake.ResetAfter}, lifecycle.Ambiguous, lifecycle.ReasonUncertain, 1},
		"silence after it was taken": {fake.Fault{Kind: fake.HangAfter}, lifecycle.Ambiguous, lifecycle.ReasonUncertain, 1},
		"silence":                    {fake.Fault{Kind: fake.HangBefore}, lifecycle.Ambiguous, lifecycle.ReasonUncertain, 0},
		"half a body":                {fake.Fault{Kind: fake.HalfBody}, lifecycle.Accepted, "", 1},
		"no id":                      {fake.Fault{Kind: fake.NoID}, lifecycle.Accepted, "", 1},
		"a redirect":                 {fake.Fault{Kind: fake.Redirect}, lifecycle.Ambiguous, lifecycle.ReasonUncertain, 0},
		"slow":                       {fake.Fault{Kind: fake.Slow, Wait: time.Millisecond}, lifecycle.Accepted, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t, func(o *fake.Options) { o.Fault = func(int, string) fake.Fault { return c.fault } })
			for channel, send := range map[string]func(context.Context) lifecycle.Result{
				"sms":   func(ctx context.Context) lifecycle.Result { return h.sms.Send(ctx, h.text("a")) },
				"email": func(ctx context.Context) lifecycle.Result { return h.mail.Send(ctx, h.letter("a")) },
			} {
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				r := send(ctx)
				cancel()
				if r.Outcome != c.want || r.Reason != c.reason || r.RetryAfter != c.fault.Wait && c.fault.Kind == fake.TooMany {
					t.Errorf("%s: %v, %q, %v; want %v, %q", channel, r.Outcome, r.Reason, r.RetryAfter, c.want, c.reason)
				}
				if c.fault.Kind == fake.NoID && r.ProviderID != "" {
					t.Errorf("%s: id %q out of nothing", channel, r.ProviderID)
				}
			}
			if n := h.provider.Counts(); n.Requests != 2 || n.Accepted != 2*c.taken || len(h.provider.Outbox()) != 2*c.taken {
				t.Errorf("counts %+v, want 2 requests and %d taken", n, 2*c.taken)
			}
		})
	}
}

func TestARefusalCarriesItsCode(t *testing.T) {
	h := open(t, func(o *fake.Options) {
		o.Fault = func(n int, to string) fake.Fault {
			if n == 1 && to == "+393331234567" {
				return fake.Fault{Kind: fake.Refuse, Code: 21610}
			}
			return fake.Fault{}
		}
	})
	if r := h.sms.Send(t.Context(), h.text("a")); r.Outcome != lifecycle.RejectedContact || r.Reason != lifecycle.ReasonOptedOut {
		t.Errorf("the first: %v, %q", r.Outcome, r.Reason)
	}
	if r := h.sms.Send(t.Context(), h.text("b")); r.Outcome != lifecycle.Accepted {
		t.Errorf("the second: %v", r.Outcome)
	}
}

func TestWhatTheRealOnesRefuse(t *testing.T) {
	h := open(t, nil)
	odd := h.text("a")
	odd.To = "333 1234567"
	if r := h.sms.Send(t.Context(), odd); r.Outcome != lifecycle.RejectedContact || r.Reason != lifecycle.ReasonInvalid {
		t.Errorf("a national number: %v, %q", r.Outcome, r.Reason)
	}
	long := h.text("a")
	long.Message.Text = strings.Repeat("è", 1601)
	if r := h.sms.Send(t.Context(), long); r.Outcome != lifecycle.RejectedContent {
		t.Errorf("1,601 characters: %v", r.Outcome)
	}
	for name, r := range map[string]*http.Request{
		"Twilio":   request(t, http.MethodPost, h.url+"/2010-04-01/Accounts/"+accountSID+"/Messages.json", "To=%2B393331234567"),
		"SendGrid": request(t, http.MethodPost, h.url+"/v3/mail/send", "{}"),
	} {
		r.SetBasicAuth(accountSID, "wrong")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s with wrong credentials: %d", name, resp.StatusCode)
		}
	}
	if n := h.provider.Counts().Accepted; n != 0 {
		t.Errorf("%d taken, want none", n)
	}
}

func request(t *testing.T, method, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(accountSID, authToken)
	return r
}

func do(t *testing.T, r *http.Request) (*http.Response, []byte) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp, b
}

func TestTwilioAnswersFitTheOfficialDescription(t *testing.T) {
	api := apicheck.Load(t, "twilio_messages_v2010.json")
	h := open(t, nil)
	path := "/2010-04-01/Accounts/" + accountSID + "/Messages"
	check := func(r *http.Request, sent string) []byte {
		t.Helper()
		resp, body := do(t, r)
		if err := api.Response(r, []byte(sent), resp.StatusCode, resp.Header, body); err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		}
		return body
	}
	form := "To=%2B393331234567&From=%2B390600000000&Body=uno"
	check(request(t, http.MethodPost, h.url+path+".json", form), form)
	service := "To=%2B393337654321&MessagingServiceSid=MG0123456789abcdef0123456789abcdef&Body=due"
	check(request(t, http.MethodPost, h.url+path+".json", service), service)
	list := check(request(t, http.MethodGet, h.url+path+".json?To=%2B393337654321&PageSize=50", ""), "")
	var got struct {
		Messages []struct{ Sid, Body, Status string }
	}
	if err := json.Unmarshal(list, &got); err != nil || len(got.Messages) != 1 || got.Messages[0].Body != "due" || got.Messages[0].Status != "accepted" {
		t.Fatalf("list by receiver: %+v, %v", got, err)
	}
	one := check(request(t, http.MethodGet, h.url+path+"/"+got.Messages[0].Sid+".json", ""), "")
	if !strings.Contains(string(one), `"body":"due"`) {
		t.Errorf("fetched %s", one)
	}
	if resp, _ := do(t, request(t, http.MethodGet, h.url+path+"/SM0.json", "")); resp.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown id: %d", resp.StatusCode)
	}
}

func TestThePageEscapesWhatItShows(t *testing.T) {
	h := open(t, nil)
	h.sms.Send(t.Context(), h.text("a"))
	evil := h.letter("b")
	evil.Message.Subject, evil.Message.HTML = "<script>alert(1)</script>", `<p>"'><script>alert(2)</script></p>`
	h.mail.Send(t.Context(), evil)
	resp, page := do(t, request(t, http.MethodGet, h.url+"/", ""))
	if resp.StatusCode != http.StatusOK || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("status %d, policy %q", resp.StatusCode, resp.Header.Get("Content-Security-Policy"))
	}
	s := string(page)
	if strings.Contains(s, "<script") || strings.Contains(s, "<b>presto") || strings.Contains(s, `srcdoc="<p>"`) {
		t.Errorf("something is not escaped:\n%s", s)
	}
	if !strings.Contains(s, "&lt;b&gt;presto&lt;/b&gt;") || !strings.Contains(s, "2 messages taken") {
		t.Errorf("something is missing:\n%s", s)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	h := open(t, func(o *fake.Options) { o.Keep = 8 })
	for i := range 40 {
		h.sms.Send(t.Context(), h.text(fmt.Sprint(i)))
	}
	box := h.provider.Outbox()
	if len(box) < 8 || len(box) > 9 || box[len(box)-1].AttemptID != "39" {
		t.Errorf("%d in the outbox, the last is %q", len(box), box[len(box)-1].AttemptID)
	}
	if c := h.provider.Counts(); c.Accepted != 40 || c.Lost != 32 {
		t.Errorf("counts %+v; want 40 taken, and 32 reports dropped", c)
	}
}

func TestCredentialsCanBeChecked(t *testing.T) {
	good := open(t, nil)
	bad := open(t, func(o *fake.Options) { o.AuthToken, o.APIKey = "another", "another" })
	for name, c := range map[string]struct {
		good, bad func(context.Context) error
		key       string
	}{
		"Twilio":   {good.sms.Check, bad.sms.Check, "twilio.auth_token"},
		"SendGrid": {good.mail.Check, bad.mail.Check, "sendgrid.api_key"},
	} {
		if err := c.good(t.Context()); err != nil {
			t.Errorf("%s with good credentials: %v", name, err)
		}
		err := c.bad(t.Context())
		if err == nil || !strings.Contains(err.Error(), c.key) || strings.Contains(err.Error(), authToken) || strings.Contains(err.Error(), "AC0123") {
			t.Errorf("%s with wrong credentials: %v; want an error that names %s and shows nothing", name, err, c.key)
		}
	}
	if n := good.provider.Counts(); n != (fake.Counts{}) {
		t.Errorf("counts %+v: a check is no request to send", n)
	}
}

func TestCloseEndsWhatHangs(t *testing.T) {
	h := open(t, func(o *fake.Options) {
		o.Fault = func(int, string) fake.Fault { return fake.Fault{Kind: fake.HangAfter} }
	})
	done := make(chan lifecycle.Result)
	go func() { done <- h.sms.Send(context.WithoutCancel(t.Context()), h.text("a")) }()
	for h.provider.Counts().Accepted == 0 && t.Context().Err() == nil {
		<-time.After(time.Millisecond)
	}
	h.provider.Close()
	if r := <-done; r.Outcome != lifecycle.Ambiguous {
		t.Errorf("outcome %v", r.Outcome)
	}
}
