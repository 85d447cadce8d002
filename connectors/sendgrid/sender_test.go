package sendgrid_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/connectors"
	"ritorno/connectors/connectorstest"
	"ritorno/connectors/connectorstest/apicheck"
	"ritorno/connectors/sendgrid"
	"ritorno/internal/lifecycle"
	"ritorno/internal/message"
)

const (
	apiKey = "SG.abcdefghijklmnop.qrstuvwxyz-0123456789_ABCDEF"
	id     = "Wv3bqtN0TPyV8_bJJ3oLnA"
)

func outgoing() connectors.Outgoing {
	return connectors.Outgoing{
		Shop: "bottega", To: "anna@example.com", ToName: "Anna Perché",
		Message: message.Message{
			Channel: "email", Template: "welcome_back_memory", Subject: "Bentornata, Anna", Text: "Ciao Anna,\nci sei mancata.", HTML: "<p>Ciao Anna</p>",
			Headers: map[string]string{
				"List-Unsubscribe":      "<https://ritorno.example.com/u/TOKEN>",
				"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
				"reply-to":              "somebody@example.com",
				"X-Broken":              "a\r\nBcc: all@example.com",
			},
		},
		MessageID: "c1-m1", AttemptID: "c1.01JABCDEF", CallbackURL: "https://ritorno.example.com",
	}
}

func sender(t *testing.T, base string) *sendgrid.Sender {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sendgrid.New(sendgrid.Options{
		APIKey: apiKey, From: sendgrid.Address{Email: "ciao@bottega.example", Name: "Bottega Rossi"},
		ReplyTo: sendgrid.Address{Email: "aiuto@bottega.example"}, BaseURL: u,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSenderKeepsToTheContract(t *testing.T) {
	connectorstest.Sender(t, connectorstest.SenderCase{
		New:      func(base string) connectors.Sender { return sender(t, base) },
		Outgoing: outgoing(),
		Accepted: func(w http.ResponseWriter) {
			w.Header().Set("X-Message-Id", id)
			w.WriteHeader(http.StatusAccepted)
		},
		Status: http.StatusAccepted, ID: id,
		Secrets: []string{apiKey},
	})
}

// capture runs one send and returns the request that arrived.
func capture(t *testing.T, m connectors.Outgoing) (*http.Request, []byte) {
	t.Helper()
	var got *http.Request
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusAccepted)
	}))
	defer s.Close()
	if r := sender(t, s.URL).Send(t.Context(), m); r.Outcome != lifecycle.Accepted {
		t.Fatalf("outcome %v, want accepted", r.Outcome)
	}
	return got, body
}

func TestRequestIsWhatWeMean(t *testing.T) {
	r, body := capture(t, outgoing())
	var got map[string]any
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	off := map[string]any{"enable": false}
	want := map[string]any{
		"from":     map[string]any{"email": "ciao@bottega.example", "name": "Bottega Rossi"},
		"reply_to": map[string]any{"email": "aiuto@bottega.example"},
		"subject":  "Bentornata, Anna",
		"personalizations": []any{map[string]any{
			"to": []any{map[string]any{"email": "anna@example.com", "name": "Anna Perché"}},
			"headers": map[string]any{
				"List-Unsubscribe":      "<https://ritorno.example.com/u/TOKEN>",
				"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
			},
			"custom_args": map[string]any{"ritorno_attempt": "c1.01JABCDEF", "ritorno_message": "c1-m1", "ritorno_shop": "bottega"},
		}},
		"content": []any{
			map[string]any{"type": "text/plain", "value": "Ciao Anna,\nci sei mancata."},
			map[string]any{"type": "text/html", "value": "<p>Ciao Anna</p>"},
		},
		"categories": []any{"ritorno", "welcome_back_memory"},
		"tracking_settings": map[string]any{
			"click_tracking": map[string]any{"enable": false, "enable_text": false},
			"open_tracking":  off, "subscription_tracking": off, "ganalytics": off,
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("body (-want +got):\n%s", d)
	}
	if a := r.Header.Values("Authorization"); len(a) != 1 || a[0] != "Bearer "+apiKey {
		t.Error("credentials are not the API key, once")
	}
	if r.Method != http.MethodPost || r.URL.Path != "/v3/mail/send" || r.ProtoMajor != 1 {
		t.Errorf("%s %s over HTTP/%d", r.Method, r.URL.Path, r.ProtoMajor)
	}
}

func TestRequestFitsTheOfficialDescription(t *testing.T) {
	api := apicheck.Load(t, "sendgrid_mail_v3.json")
	textOnly := outgoing()
	textOnly.Message.HTML, textOnly.Message.Headers, textOnly.ToName, textOnly.Message.Template = "", nil, "", "ritorno"
	for name, m := range map[string]connectors.Outgoing{"with everything": outgoing(), "with text only": textOnly} {
		t.Run(name, func(t *testing.T) {
			r, body := capture(t, m)
			if err := api.Request(r, body); err != nil {
				t.Errorf("the description refuses the request: %v", err)
			}
			for _, change := range [][2]string{
				{`"subject"`, `"subjekt"`}, {`"to":`, `"too":`}, {`"click_tracking"`, `"klick_tracking"`}, {`["ritorno"`, `["ritorno","ritorno"`},
			} {
				if err := api.Request(r, []byte(strings.Replace(string(body), change[0], change[1], 1))); err == nil {
					t.Errorf("%s for %s passes: this test proves nothing", change[1], change[0])
				}
			}
		})
	}
}

func TestOutcomeOfAnswers(t *testing.T) {
	type want struct {
		Outcome    lifecycle.Outcome
		Reason     lifecycle.Reason
		ProviderID string
		RetryAfter time.Duration
	}
	field := func(f string) string { return `{"errors":[{"message":"x","field":"` + f + `","help":null}]}` }
	content := want{Outcome: lifecycle.RejectedContent, Reason: lifecycle.ReasonContent}
	account := want{Outcome: lifecycle.RejectedAccount, Reason: lifecycle.ReasonAccount}
	unknown := want{Outcome: lifecycle.Ambiguous, Reason: lifecycle.ReasonUncertain}
	for name, c := range map[string]struct {
		status   int
		id, body string
		want     want
	}{
		"202 with an id":                  {202, id, "", want{ProviderID: id}},
		"202 without an id":               {202, "", "", want{}},
		"202 with an id of nonsense":      {202, strings.Repeat("x", 200), "", want{}},
		"200 is sandbox mode or no proof": {200, "", "{}", unknown},
		"200 with an id":                  {200, id, "", want{ProviderID: id}},
		"400 on the content":              {400, "", field("content.0.value"), content},
		"400 on the receiver":             {400, "", field("personalizations.0.to.0.email"), want{Outcome: lifecycle.RejectedContact, Reason: lifecycle.ReasonBounced}},
		"400 on the sender":               {400, "", field("from.email"), account},
		"400 on custom arguments":         {400, "", field("personalizations.0.custom_args"), content},
		"400 that is no JSON":             {400, "", "<html>", content},
		"401":                             {401, "", field(""), account},
		"403":                             {403, "", field("from"), account},
		"404":                             {404, "", "", account},
		"413 is a page of HTML":           {413, "", "<html>", content},
		"429 waits as told":               {429, "", "", want{Outcome: lifecycle.NotSent, Reason: lifecycle.ReasonProvider, RetryAfter: 9 * time.Second}},
		"408":                             {408, "", "", unknown},
		"500":                             {500, id, "", unknown},
		"503":                             {503, "", "", unknown},
		"307":                             {307, id, "", unknown},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "9")
				if c.id != "" {
					w.Header().Set("X-Message-Id", c.id)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			}))
			defer s.Close()
			r := sender(t, s.URL).Send(t.Context(), outgoing())
			if d := cmp.Diff(c.want, want{r.Outcome, r.Reason, r.ProviderID, r.RetryAfter}); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestWhatCannotBeSentStaysHere(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") }))
	defer s.Close()
	for name, c := range map[string]struct {
		change func(*connectors.Outgoing)
		want   lifecycle.Outcome
	}{
		"no address": {func(m *connectors.Outgoing) { m.To = "+393331234567" }, lifecycle.RejectedContact},
		"no subject": {func(m *connectors.Outgoing) { m.Message.Subject = "" }, lifecycle.RejectedContent},
		"no content": {func(m *connectors.Outgoing) { m.Message.Text, m.Message.HTML = "", "" }, lifecycle.RejectedContent},
	} {
		t.Run(name, func(t *testing.T) {
			m := outgoing()
			c.change(&m)
			if r := sender(t, s.URL).Send(t.Context(), m); r.Outcome != c.want {
				t.Errorf("outcome %v, want %v", r.Outcome, c.want)
			}
		})
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		o   sendgrid.Options
		key string
	}{
		"no key":                  {sendgrid.Options{From: sendgrid.Address{Email: "a@b.example"}}, "sendgrid.api_key"},
		"a key with a line break": {sendgrid.Options{APIKey: "SG.x\n", From: sendgrid.Address{Email: "a@b.example"}}, "sendgrid.api_key"},
		"no sender":               {sendgrid.Options{APIKey: apiKey}, "sendgrid.from"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sendgrid.New(c.o)
			if err == nil || !strings.Contains(err.Error(), c.key) {
				t.Fatalf("error %v, want one that names %s", err, c.key)
			}
			if c.o.APIKey != "" && strings.Contains(err.Error(), c.o.APIKey) {
				t.Error("the error shows the key")
			}
		})
	}
}
