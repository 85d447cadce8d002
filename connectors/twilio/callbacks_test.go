package twilio_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ritorno/connectors"
	"ritorno/connectors/twilio"
	"ritorno/internal/lifecycle"
)

const public = "https://ritorno.example.com"

// sign is the documented signature, written a second time.
func sign(token, target string, form url.Values) string {
	names := make([]string, 0, len(form))
	for n := range form {
		names = append(names, n)
	}
	slices.Sort(names)
	for _, n := range names {
		target += n + form.Get(n)
	}
	h := hmac.New(sha1.New, []byte(token))
	h.Write([]byte(target))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func signed(target, body, signature string) connectors.Request {
	return connectors.Request{
		Method: http.MethodPost, URL: target, Body: []byte(body),
		Header: http.Header{"X-Twilio-Signature": {signature}, "Content-Type": {"application/x-www-form-urlencoded"}},
	}
}

func callbacks(t testing.TB, token string) *twilio.Callbacks {
	t.Helper()
	c, err := twilio.NewCallbacks(token)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The vectors are Twilio's own: from its guide to webhook security and from
// the tests of its SDK.
func TestPublishedSignatures(t *testing.T) {
	sdk := url.Values{
		"Digits": {"1234"}, "CallSid": {"CA1234567890ABCDE"}, "To": {"+18005551212"}, "Caller": {"+14158675309"},
		"From": {"+14158675309"}, "ReasonConferenceEnded": {"test"}, "Reason": {"Participant"},
	}
	for name, c := range map[string]struct {
		target, signature string
		form              url.Values
	}{
		"of the guide": {"https://mycompany.com/myapp.php?foo=1&bar=2", "0/KCTR6DLpKmkAf8muzZqo1nDgQ=", url.Values{
			"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+12349013030"}, "Digits": {"1234"}, "From": {"+12349013030"}, "To": {"+18005551212"},
		}},
		"of the SDK": {"https://mycompany.com/myapp.php?foo=1&bar=2", "vOEb5UThFn24KEfnOFLQY2AE5FY=", sdk},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := callbacks(t, "12345").VerifyForm(signed(c.target, c.form.Encode(), c.signature))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.form, got); d != "" {
				t.Errorf("form (-want +got):\n%s", d)
			}
		})
	}
}

func TestSignatureTraps(t *testing.T) {
	form := url.Values{"MessageSid": {sid}, "Body": {"perché € 👍"}, "OptOutType": {""}}
	target := public + "/callbacks/twilio/inbound"
	good := sign(authToken, target, form)
	for name, c := range map[string]struct {
		r    connectors.Request
		fits bool
	}{
		"as signed":                     {signed(target, form.Encode(), good), true},
		"another order of the form":     {signed(target, "OptOutType=&MessageSid="+sid+"&Body="+url.QueryEscape("perché € 👍"), good), true},
		"a fragment left in the URL":    {signed(target+"#rc=5&rp=all", form.Encode(), good), true},
		"the default port spelled out":  {signed(strings.Replace(target, ".com", ".com:443", 1), form.Encode(), good), true},
		"http seen behind a proxy":      {signed(strings.Replace(target, "https", "http", 1), form.Encode(), good), false},
		"another host":                  {signed(strings.Replace(target, "ritorno", "x", 1), form.Encode(), good), false},
		"a trailing slash":              {signed(target+"/", form.Encode(), good), false},
		"an empty parameter dropped":    {signed(target, strings.Replace(form.Encode(), "&OptOutType=", "", 1), good), false},
		"one letter changed":            {signed(target, strings.Replace(form.Encode(), "perch", "perck", 1), good), false},
		"a parameter more":              {signed(target, form.Encode()+"&X=1", good), false},
		"no signature":                  {signed(target, form.Encode(), ""), false},
		"not a signature":               {signed(target, form.Encode(), "%%%"), false},
		"signed with another token":     {signed(target, form.Encode(), sign("x", target, form)), false},
		"a form that cannot be read":    {signed(target, "a=%zz", sign(authToken, target, nil)), false},
		"an URL that cannot be read":    {signed("http://[::1", form.Encode(), good), false},
		"a body hash in place of names": {signed(target+"?bodySHA256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "", sign(authToken, target+"?bodySHA256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", nil)), false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := callbacks(t, authToken).VerifyForm(c.r)
			if c.fits && err != nil {
				t.Fatalf("refused: %v", err)
			}
			if !c.fits && !errors.Is(err, connectors.ErrSignature) {
				t.Fatalf("error %v, want ErrSignature", err)
			}
		})
	}
}

func TestOnlyTheFirstOfRepeatedParametersIsBelieved(t *testing.T) {
	target := public + "/callbacks/twilio/inbound"
	form := url.Values{"From": {"+393331234567"}, "To": {"+390600000000"}, "MessageSid": {sid}, "Body": {"ciao"}}
	got, err := callbacks(t, authToken).VerifyForm(signed(target, form.Encode()+"&Body=STOP", sign(authToken, target, form)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(form, got); d != "" {
		t.Errorf("form (-want +got):\n%s", d)
	}
}

func status(t testing.TB, query string, form url.Values) (lifecycle.News, error) {
	target := public + "/callbacks/twilio/status" + query
	return callbacks(t, authToken).Status(signed(target, form.Encode(), sign(authToken, target, form)))
}

func TestStatus(t *testing.T) {
	news := func(s lifecycle.MessageStatus, r lifecycle.Reason, suppress bool) lifecycle.News {
		return lifecycle.News{AttemptID: "c1.01JABC", ProviderID: sid, Status: s, Reason: r, Suppress: suppress}
	}
	for name, c := range map[string]struct {
		state, code string
		want        lifecycle.News
	}{
		"queued proves acceptance":    {"queued", "", news(lifecycle.SentStatus, "", false)},
		"accepted":                    {"accepted", "", news(lifecycle.SentStatus, "", false)},
		"sending":                     {"sending", "", news(lifecycle.SentStatus, "", false)},
		"sent":                        {"sent", "", news(lifecycle.SentStatus, "", false)},
		"delivered":                   {"delivered", "", news(lifecycle.Delivered, "", false)},
		"handset off":                 {"undelivered", "30003", news(lifecycle.Failed, lifecycle.ReasonBounced, false)},
		"blocked once":                {"undelivered", "30004", news(lifecycle.Failed, lifecycle.ReasonBlocked, false)},
		"unknown number":              {"undelivered", "30005", news(lifecycle.Failed, lifecycle.ReasonInvalid, true)},
		"landline":                    {"undelivered", "30006", news(lifecycle.Failed, lifecycle.ReasonInvalid, true)},
		"filtered as spam":            {"undelivered", "30007", news(lifecycle.Failed, lifecycle.ReasonContent, false)},
		"opted out meanwhile":         {"failed", "21610", news(lifecycle.Failed, lifecycle.ReasonOptedOut, true)},
		"not mobile":                  {"failed", "21614", news(lifecycle.Failed, lifecycle.ReasonInvalid, true)},
		"too late for the queue":      {"failed", "30036", news(lifecycle.Failed, lifecycle.ReasonExpired, false)},
		"an unknown code":             {"failed", "39999", news(lifecycle.Failed, lifecycle.ReasonProvider, false)},
		"no code":                     {"failed", "", news(lifecycle.Failed, lifecycle.ReasonProvider, false)},
		"a code on a delivered one":   {"delivered", "30005", news(lifecycle.Delivered, "", false)},
		"cancelled at Twilio by hand": {"canceled", "", news(lifecycle.Failed, lifecycle.ReasonProvider, false)},
	} {
		t.Run(name, func(t *testing.T) {
			form := url.Values{"MessageSid": {sid}, "MessageStatus": {c.state}, "SomethingNew": {"x"}}
			if c.code != "" {
				form.Set("ErrorCode", c.code)
			}
			got, err := status(t, "?a=c1.01JABC", form)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestStatusThatSaysNothingIsMalformed(t *testing.T) {
	for name, c := range map[string]struct {
		query string
		form  url.Values
	}{
		"no id at all":        {"", url.Values{"MessageStatus": {"sent"}}},
		"no state":            {"?a=x", url.Values{"MessageSid": {sid}}},
		"a state of tomorrow": {"?a=x", url.Values{"MessageSid": {sid}, "MessageStatus": {"teleported"}}},
		"an endless id":       {"?a=" + strings.Repeat("x", 300), url.Values{"MessageSid": {sid}, "MessageStatus": {"sent"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := status(t, c.query, c.form); !errors.Is(err, connectors.ErrMalformed) {
				t.Errorf("error %v, want ErrMalformed", err)
			}
		})
	}
}

func TestInbound(t *testing.T) {
	target := public + twilio.InboundPath
	form := url.Values{
		"MessageSid": {sid}, "From": {"+393331234567"}, "To": {"+390600000000"}, "Body": {"Basta, grazie"},
		"OptOutType": {"STOP"}, "NumMedia": {"0"}, "FromCity": {""},
	}
	got, err := callbacks(t, authToken).Inbound(signed(target, form.Encode(), sign(authToken, target, form)))
	if err != nil {
		t.Fatal(err)
	}
	want := connectors.Reply{From: "+393331234567", To: "+390600000000", Body: "Basta, grazie", ProviderID: sid, OptOutType: "STOP"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, missing := range []string{"From", "To", "MessageSid"} {
		f := url.Values{}
		for n, v := range form {
			f[n] = v
		}
		f.Del(missing)
		_, err := callbacks(t, authToken).Inbound(signed(target, f.Encode(), sign(authToken, target, f)))
		if !errors.Is(err, connectors.ErrMalformed) || !strings.Contains(err.Error(), missing) {
			t.Errorf("without %s: error %v, want ErrMalformed that names it", missing, err)
		}
	}
}

func TestCallbacksWithoutATokenAreRefused(t *testing.T) {
	if _, err := twilio.NewCallbacks(""); err == nil {
		t.Error("an empty token would let anybody call back")
	}
}

// FuzzCallbacks signs whatever comes, so that the parsers behind the signature
// see it.
func FuzzCallbacks(f *testing.F) {
	f.Add("?a=c1.01", "MessageSid=SM1&MessageStatus=delivered")
	f.Add("?a=%zz", "MessageStatus=failed&ErrorCode=30005")
	f.Add("", "From=%2B39333&To=%2B3906&MessageSid=SM1&Body=%ff")
	f.Add("?bodySHA256=00", "a=1;b=2")
	c := callbacks(f, authToken)
	f.Fuzz(func(t *testing.T, query, body string) {
		target := public + "/callbacks/twilio/status" + query
		form, _ := url.ParseQuery(body)
		r := signed(public, body, sign(authToken, target, form))
		r.URL = target
		if n, err := c.Status(r); err == nil && (n.AttemptID == "" && n.ProviderID == "" || n.Status < lifecycle.SentStatus || n.Status > lifecycle.Failed) {
			t.Errorf("news without id or state: %+v", n)
		}
		if in, err := c.Inbound(r); err == nil && (in.From == "" || in.ProviderID == "") {
			t.Errorf("a reply from nobody: %+v", in)
		}
	})
}
