package handlers

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"ritorno/internal/lifecycle"
)

// FuzzReadForm: any body of any type is a form, or a fault, within the limit.
func FuzzReadForm(f *testing.F) {
	for _, s := range [][2]string{
		{"application/x-www-form-urlencoded", "choice=price&text=a+b"},
		{"application/x-www-form-urlencoded; charset", "choice=%zz;x=1"},
		{"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"choice\"\r\n\r\nprice\r\n--x--\r\n"},
		{"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"choice\"; filename=\"a\"\r\n\r\nprice"},
		{"multipart/form-data", "x"},
		{"", "List-Unsubscribe=One-Click"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, kind, body string) {
		req := httptest.NewRequest(http.MethodPost, "/u/x?form=2", strings.NewReader(body))
		req.Header.Set("Content-Type", kind)
		form, err := readForm(echo.New().NewContext(req, httptest.NewRecorder()))
		if err != nil {
			if got := faultOf(err); got != errForm && got != errTooLarge {
				t.Errorf("%v answers %d", err, got.Status)
			}
			return
		}
		size := 0
		for name, values := range form {
			size += len(name) + len(strings.Join(values, ""))
		}
		if size > maxForm {
			t.Errorf("a form of %d bytes", size)
		}
		if len(form["form"]) > 0 && !strings.Contains(body, "form") && !strings.Contains(body, "%") {
			t.Error("the address counts as form")
		}
		for _, text := range []string{tidy(form.Get("choice")), tidy(form.Get("text"))} {
			if strings.ContainsAny(text, "\r\n\x00") || !utf8.ValidString(text) {
				t.Errorf("%q is no line of text", text)
			}
		}
	})
}

// FuzzAnswer: whatever is sent to a landing page is a response with a choice of
// that page and one line of text, or something is missing.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		"choice=price&text=a+b", "choice=other", "choice=pause", "choice=help&text=", "rules=yes", "rules=", "choice=%00&text=%ff", "choice=price&choice=x", "text=\u202e",
	} {
		f.Add(s)
	}
	w := wordsFor("it", "")
	f.Fuzz(func(t *testing.T, body string) {
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		for kind, q := range map[pageKind]*question{
			pageSurvey: &w.Survey, pageBack: &w.Back, pageLeave: &w.Leave, pageContest: nil, pageOffer: nil, pageCoupon: nil, pagePlain: nil,
		} {
			l := landingPage{kind: kind, question: q, view: view{T: w}}
			r, missing := l.read(form)
			switch {
			case missing != "":
				if r != (lifecycle.Response{}) {
					t.Errorf("%s: %+v although %q", kind, r, missing)
				}
			case kind == pageContest:
				if r.Kind != lifecycle.ResponseContest || form.Get("rules") == "" {
					t.Errorf("%q enters the contest: %+v", body, r)
				}
			case r.Kind != lifecycle.ResponseAnswer || !slices.Contains(l.choices(), r.Choice) || r.Text != tidy(r.Text) || !utf8.ValidString(r.Text):
				t.Errorf("%s: %q is %+v", kind, body, r)
			case r.Text == "" && r.Choice == otherChoice && q == nil:
				t.Errorf("%s: %q says nothing", kind, body)
			}
		}
	})
}

// FuzzClockTarget: the development clock moves within what times can hold.
func FuzzClockTarget(f *testing.F) {
	for _, s := range []string{
		`{"advance":"30d"}`, `{"now":"2027-03-01T00:00:00Z"}`, `{"advance":"1d12h"}`, `{"advance":""}`, `{}`, `null`, `{"advance":"4294967295w"}`,
		`{"advance":"36500d36500d"}`, `{"now":"9999-12-31T00:00:00Z"}`, `{"now":"0000-01-01T00:00:00Z"}`,
	} {
		f.Add(s)
	}
	now := time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body string) {
		to, ok := clockTarget([]byte(body), now)
		if ok && (to.Year() < 1 || to.Year() >= 2250) {
			t.Errorf("%q leads to %s", body, to)
		}
		if d, ok := parseSpan(body); ok && (d < 0 || d > maxAdvance) {
			t.Errorf("%q is %s", body, d)
		}
	})
}

// FuzzKept: of a delivery that is kept, no part is one that opens the source,
// and all of it can be stored as text.
func FuzzKept(f *testing.F) {
	f.Add("X-Shopify-Topic", "orders/create", "token=1&a=2")
	f.Add("Authorization", "Bearer x", "TOKEN=1")
	f.Add("Cookie", "a=b", "secret=%zz;x")
	f.Add("Webhook-Id", "\xff", "%74oken=1")
	f.Fuzz(func(t *testing.T, name, value, query string) {
		kept := keptHeaders(http.Header{http.CanonicalHeaderKey(name): {value}}, nil)
		if _, err := json.Marshal(kept); err != nil {
			t.Error(err)
		}
		for k, v := range kept {
			if len(v) > maxHeader+2*maxHeader || !utf8.ValidString(v) || strings.EqualFold(k, "Authorization") || strings.EqualFold(k, "Cookie") {
				t.Errorf("keeps %q: %q", k, v)
			}
		}
		given, _ := url.ParseQuery(query)
		left, err := url.ParseQuery(withoutSecrets(given))
		if err != nil {
			t.Error(err)
		}
		for _, p := range secretParams {
			if left.Has(p) || left.Has(strings.ToUpper(p)) {
				t.Errorf("%q keeps %s", query, p)
			}
		}
	})
}

// FuzzMask: a list shows no whole address.
func FuzzMask(f *testing.F) {
	for _, s := range []string{"anna@example.com", "@", "a@b@c", "", "+393331234567", "1234567", "\xff@x", "è@x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if m := MaskEmail(address); m != "" && !strings.Contains(m, "•••@") {
			t.Errorf("%q is shown as %q", address, m)
		}
		if m := MaskPhone(address); m != "" && (len(address) < 8 || !strings.Contains(m, " ••• ")) {
			t.Errorf("%q is shown as %q", address, m)
		}
	})
}

// FuzzParam: a part of the path is decoded once, whatever stands in it.
func FuzzParam(f *testing.F) {
	for _, s := range []string{"anna@example.com", "a%2Fb", "a%252Fb", "%zz", "+39 333", "\xff", "a/b", "%00"} {
		f.Add(s)
	}
	e := echo.New()
	var got string
	e.GET("/status/:contact", func(c echo.Context) error {
		got = Param(c, "contact")
		return nil
	})
	f.Fuzz(func(t *testing.T, who string) {
		if who == "" || who == "." || who == ".." {
			return
		}
		u := &url.URL{Path: "/status/" + who, RawPath: "/status/" + url.PathEscape(who)}
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		req.URL = u
		got = ""
		e.ServeHTTP(httptest.NewRecorder(), req)
		if got != who {
			t.Errorf("%q arrives as %q", who, got)
		}
	})
}
