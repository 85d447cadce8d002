package twilio_test

import (
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
	"ritorno/connectors/twilio"
	"ritorno/internal/lifecycle"
	"ritorno/internal/message"
)

const (
	accountSID = "AC0123456789abcdef0123456789abcdef"
	authToken  = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
	sid        = "SM0123456789abcdef0123456789abcdef"
)

func outgoing() connectors.Outgoing {
	return connectors.Outgoing{
		Shop: "bottega", To: "+393331234567", ToName: "Anna Perché",
		Message:   message.Message{Channel: "sms", Template: "survey", Locale: "it", Text: "Ciao Anna, perché non torni? € 5 https://r.example/l/abc", Segments: 1},
		MessageID: "c1-m1", AttemptID: "c1.01JABCDEF", CallbackURL: "https://ritorno.example.com/",
		Validity: 4 * time.Hour,
	}
}

func sender(t *testing.T, base string, change ...func(*twilio.Options)) *twilio.Sender {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	o := twilio.Options{AccountSID: accountSID, AuthToken: authToken, From: "+390600000000", BaseURL: u}
	for _, f := range change {
		f(&o)
	}
	s, err := twilio.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSenderKeepsToTheContract(t *testing.T) {
	connectorstest.Sender(t, connectorstest.SenderCase{
		New:      func(base string) connectors.Sender { return sender(t, base) },
		Outgoing: outgoing(),
		Accepted: func(w http.ResponseWriter) { answer(w, http.StatusCreated, `{"sid":"`+sid+`","num_segments":"1"}`) },
		Status:   http.StatusCreated, ID: sid,
		Secrets: []string{authToken, accountSID},
	})
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// capture runs one send and returns the request that arrived.
func capture(t *testing.T, m connectors.Outgoing, change ...func(*twilio.Options)) (*http.Request, []byte) {
	t.Helper()
	var got *http.Request
	var body []byte
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		answer(w, http.StatusCreated, `{"sid":"`+sid+`"}`)
	}))
	defer s.Close()
	if r := sender(t, s.URL, change...).Send(t.Context(), m); r.Outcome != lifecycle.Accepted {
		t.Fatalf("outcome %v, want accepted", r.Outcome)
	}
	return got, body
}

func TestRequestIsWhatWeMean(t *testing.T) {
	r, body := capture(t, outgoing())
	form, err := url.ParseQuery(string(body))
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"To": {"+393331234567"}, "From": {"+390600000000"}, "Body": {outgoing().Message.Text}, "RiskCheck": {"disable"},
		"ValidityPeriod": {"14400"},
		"StatusCallback": {"https://ritorno.example.com/callbacks/twilio/status?a=c1.01JABCDEF#rc=5&rp=all"},
	}
	if d := cmp.Diff(want, form); d != "" {
		t.Errorf("form (-want +got):\n%s", d)
	}
	if user, password, _ := r.BasicAuth(); user != accountSID || password != authToken {
		t.Error("credentials are not those of the account")
	}
	if r.Method != http.MethodPost || r.URL.Path != "/2010-04-01/Accounts/"+accountSID+"/Messages.json" || r.ProtoMajor != 1 {
		t.Errorf("%s %s over HTTP/%d", r.Method, r.URL.Path, r.ProtoMajor)
	}
	for _, h := range []string{"Idempotency-Key", "X-Idempotency-Key"} {
		if r.Header.Values(h) != nil {
			t.Errorf("%s is set: net/http would repeat the request", h)
		}
	}
}

func TestRequestFitsTheOfficialDescription(t *testing.T) {
	api := apicheck.Load(t, "twilio_messages_v2010.json")
	service := func(o *twilio.Options) { o.From, o.MessagingServiceSID = "", "MG0123456789abcdef0123456789abcdef" }
	plain := outgoing()
	plain.Validity, plain.CallbackURL = 0, ""
	for name, c := range map[string]struct {
		m      connectors.Outgoing
		change []func(*twilio.Options)
	}{
		"from a number":            {m: outgoing()},
		"from a messaging service": {m: outgoing(), change: []func(*twilio.Options){service}},
		"with nothing optional":    {m: plain},
	} {
		t.Run(name, func(t *testing.T) {
			r, body := capture(t, c.m, c.change...)
			if err := api.Request(r, body); err != nil {
				t.Errorf("the description refuses the request: %v", err)
			}
			if err := api.Request(r, append(body, "&Boddy=x"...)); err == nil {
				t.Error("a misspelt field passes: this test proves nothing")
			}
			if err := api.Request(r, []byte("Body=x")); err == nil {
				t.Error("a missing receiver passes: this test proves nothing")
			}
		})
	}
}

func TestValidityStaysInTwiliosBounds(t *testing.T) {
	for name, c := range map[string]struct {
		validity time.Duration
		want     string
	}{
		"none is left to Twilio":           {0, ""},
		"half a second is one":             {500 * time.Millisecond, "1"},
		"more than ten hours is ten hours": {48 * time.Hour, "36000"},
	} {
		t.Run(name, func(t *testing.T) {
			m := outgoing()
			m.Validity = c.validity
			_, body := capture(t, m)
			form, _ := url.ParseQuery(string(body))
			if got := form.Get("ValidityPeriod"); got != c.want {
				t.Errorf("ValidityPeriod %q, want %q", got, c.want)
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
		Segments   int
	}
	code := func(n string) string { return `{"code":` + n + `,"message":"x","more_info":"x","status":400}` }
	contact := func(r lifecycle.Reason) want { return want{Outcome: lifecycle.RejectedContact, Reason: r, Segments: 1} }
	account := want{Outcome: lifecycle.RejectedAccount, Reason: lifecycle.ReasonAccount, Segments: 1}
	content := want{Outcome: lifecycle.RejectedContent, Reason: lifecycle.ReasonContent, Segments: 1}
	unknown := want{Outcome: lifecycle.Ambiguous, Reason: lifecycle.ReasonUncertain, Segments: 1}
	wait := func(d time.Duration) want {
		return want{Outcome: lifecycle.NotSent, Reason: lifecycle.ReasonProvider, RetryAfter: d, Segments: 1}
	}
	for name, c := range map[string]struct {
		status int
		body   string
		want   want
	}{
		"201 is accepted, with Twilio's count":       {201, `{"sid":"` + sid + `","num_segments":"3"}`, want{ProviderID: sid, Segments: 3}},
		"201 from a service does not know the count": {201, `{"sid":"` + sid + `","num_segments":"0"}`, want{ProviderID: sid, Segments: 1}},
		"201 without an id is still accepted":        {201, `{}`, want{Segments: 1}},
		"201 with an id of nonsense has none":        {201, `{"sid":"SM\u0000<b>"}`, want{Segments: 1}},
		"201 with no JSON is still accepted":         {201, `<html>`, want{Segments: 1}},
		"200 with an id is accepted":                 {200, `{"sid":"` + sid + `"}`, want{ProviderID: sid, Segments: 1}},
		"200 without an id proves nothing":           {200, `<html>captive portal</html>`, unknown},
		"302 proves nothing":                         {302, `{"sid":"` + sid + `"}`, unknown},
		"500 with a known code proves nothing":       {500, code("21211"), unknown},
		"503 proves nothing":                         {503, code("20503"), unknown},
		"408 proves nothing":                         {408, code("21211"), unknown},
		"429 is not sent":                            {429, code("20429"), wait(7 * time.Second)},
		"429 is not sent, whatever its code":         {429, code("21211"), wait(7 * time.Second)},
		"a full queue waits":                         {400, code("21611"), wait(10 * time.Minute)},
		"the daily limit waits longer":               {400, code("63038"), wait(6 * time.Hour)},
		"not a number":                               {400, code("21211"), contact(lifecycle.ReasonInvalid)},
		"a landline":                                 {400, code("21635"), contact(lifecycle.ReasonInvalid)},
		"not mobile":                                 {400, code("21614"), contact(lifecycle.ReasonInvalid)},
		"opted out":                                  {400, code("21610"), contact(lifecycle.ReasonOptedOut)},
		"not reachable from here":                    {400, code("21612"), contact(lifecycle.ReasonBlocked)},
		"too long":                                   {400, code("21617"), content},
		"scheduling":                                 {400, code("35114"), content},
		"a code nobody knows":                        {400, code("29999"), content},
		"a gateway's 400":                            {400, `<html>`, content},
		"country not enabled":                        {400, code("21408"), account},
		"a service without senders":                  {400, code("21703"), account},
		"wrong credentials":                          {401, code("20003"), account},
		"wrong credentials, whatever the code":       {401, code("21211"), account},
		"forbidden":                                  {403, `<html>`, account},
		"no such account":                            {404, code("20404"), account},
		"a code as text is no code":                  {400, `{"code":"21211"}`, content},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "7")
				answer(w, c.status, c.body)
			}))
			defer s.Close()
			r := sender(t, s.URL).Send(t.Context(), outgoing())
			got := want{r.Outcome, r.Reason, r.ProviderID, r.RetryAfter, r.Segments}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestWhatCannotBeSentStaysHere(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a request arrived") }))
	defer s.Close()
	nobody, empty := outgoing(), outgoing()
	nobody.To, empty.Message.Text = "", " \n"
	if r := sender(t, s.URL).Send(t.Context(), nobody); r.Outcome != lifecycle.RejectedContact {
		t.Errorf("no receiver: %v", r.Outcome)
	}
	if r := sender(t, s.URL).Send(t.Context(), empty); r.Outcome != lifecycle.RejectedContent {
		t.Errorf("no text: %v", r.Outcome)
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	good := twilio.Options{AccountSID: accountSID, AuthToken: authToken, From: "Bottega"}
	for name, c := range map[string]struct {
		change func(*twilio.Options)
		key    string
	}{
		"no account":        {func(o *twilio.Options) { o.AccountSID = "" }, "twilio.account_sid"},
		"a path as account": {func(o *twilio.Options) { o.AccountSID = "AC1/../x" }, "twilio.account_sid"},
		"no token":          {func(o *twilio.Options) { o.AuthToken = "" }, "twilio.auth_token"},
		"no sender":         {func(o *twilio.Options) { o.From = "" }, "twilio.from"},
	} {
		t.Run(name, func(t *testing.T) {
			o := good
			c.change(&o)
			_, err := twilio.New(o)
			if err == nil || !strings.Contains(err.Error(), c.key) {
				t.Fatalf("error %v, want one that names %s", err, c.key)
			}
			if o.AuthToken != "" && strings.Contains(err.Error(), o.AuthToken) {
				t.Error("the error shows the token")
			}
		})
	}
	odd := good
	odd.AuthToken = "token-with_signs" // the SDK alone would refuse it
	if _, err := twilio.New(odd); err != nil {
		t.Errorf("a token with signs: %v", err)
	}
}
