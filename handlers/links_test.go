package handlers_test

import (
	"net/url"
	"strings"
	"testing"

	"ritorno/internal/lifecycle"
)

// link lets days pass after Anna's order and returns the code of her last
// message.
func (r *rig) link(to string) string {
	r.Helper()
	r.clock(`{"now":"` + to + `"}`).is(200)
	c := r.find("c1")
	if len(c.Messages) == 0 || c.Messages[len(c.Messages)-1].Code == "" {
		r.Fatalf("no message with a link: %+v", c.Messages)
	}
	return c.Messages[len(c.Messages)-1].Code
}

const (
	beforeAll  = `{"now":"2027-03-01T12:00:00Z"}`
	surveyDay  = "2027-04-01T12:00:00Z"
	contestDay = "2027-05-01T12:00:00Z"
	couponDay  = "2027-06-01T12:00:00Z"
)

// dormant is a service where Anna just got her first message.
func dormant(t *testing.T, more string) (r *rig, code string) {
	t.Helper()
	r = open(t)
	r.clock(beforeAll).is(200)
	r.anna(more)
	return r, r.link(surveyDay)
}

func TestGettingAPageIsNoResponse(t *testing.T) {
	r, code := dormant(t, "")
	message := func() lifecycle.Message { return r.find("c1").Messages[0] }
	r.send("HEAD", "/l/"+code, "").is(200)
	r.get("/l/"+code, "Sec-Purpose", "prefetch;prerender").is(200)
	r.get("/l/"+code, "Purpose", "prefetch").is(200)
	if message().Opened {
		t.Error("a fetch ahead of time counted as opened")
	}
	a := r.get("/l/" + code).is(200)
	if m := message(); !m.Opened || m.Responded {
		t.Errorf("after a GET: opened %v, responded %v; want opened alone", m.Opened, m.Responded)
	}
	if st := r.find("c1").State; st != lifecycle.Dormant {
		t.Errorf("state %v after a GET", st)
	}
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
		"Content-Type":            "text/html; charset=UTF-8",
	} {
		if got := a.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if a.Header().Get("Set-Cookie") != "" {
		t.Error("the page sets a cookie")
	}
	body := a.Body.String()
	for _, want := range []string{`lang="it"`, "Ciao Anna!", "Bottega Rossi", `action="/l/` + code + `/answer"`, `data-seen="/l/` + code + `/seen"`, "https://bottega.example/", `href="/u/`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, secret := range []string{"example.com", "3331234567", "49.90", "1001", r.find("c1").ID + `"`} {
		if strings.Contains(body, secret) {
			t.Errorf("the page shows %q", secret)
		}
	}
}

func TestSeenIsTheResponse(t *testing.T) {
	r, code := dormant(t, "")
	r.send("POST", "/l/"+code+"/seen", "", "User-Agent", "curl/8").is(204)
	c := r.find("c1")
	if c.State != lifecycle.Active || !c.Messages[0].Responded {
		t.Errorf("state %v, responded %v; want active by response", c.State, c.Messages[0].Responded)
	}
	a := r.form("/l/"+code+"/seen", "go=1").is(303)
	if got := a.Header().Get("Location"); got != "/l/"+code+"?here=1" {
		t.Errorf("the button leads to %q", got)
	}
}

func TestSurveyAnswerIsStored(t *testing.T) {
	r, code := dormant(t, "")
	a := r.form("/l/"+code+"/answer", "").is(422)
	if !strings.Contains(a.Body.String(), "Scegli una risposta") || !strings.Contains(a.Body.String(), `role="alert"`) {
		t.Error("the page does not say that a choice is missing")
	}
	if got := r.find("c1").Answers; len(got) != 0 {
		t.Errorf("an empty form stored %+v", got)
	}
	a = r.form("/l/"+code+"/answer", url.Values{"choice": {"price"}, "text": {"troppo\r\ncaro <b>"}}.Encode()).is(200)
	if !strings.Contains(a.Body.String(), "Grazie!") {
		t.Error("no thanks")
	}
	got := r.find("c1").Answers
	if len(got) != 1 || got[0].Choice != "price" || got[0].Text != "troppo caro <b>" || got[0].Kind != lifecycle.ResponseAnswer {
		t.Errorf("stored %+v", got)
	}
	if st := r.find("c1").State; st != lifecycle.Active {
		t.Errorf("state %v, want active", st)
	}
}

func TestWordsOutsideTheChoicesAreKept(t *testing.T) {
	r, code := dormant(t, "")
	r.form("/l/"+code+"/answer", url.Values{"choice": {"the parcel was wet"}}.Encode()).is(200)
	r.form("/l/"+code+"/answer", url.Values{"text": {"only words"}}.Encode()).is(200)
	got := r.find("c1").Answers
	if len(got) != 2 || got[0].Choice != "other" || got[0].Text != "the parcel was wet" || got[1].Text != "only words" {
		t.Errorf("stored %+v", got)
	}
}

func TestContestNeedsTheRules(t *testing.T) {
	r, _ := dormant(t, "")
	code := r.link(contestDay)
	body := r.get("/l/" + code).is(200).Body.String()
	for _, want := range []string{"https://bottega.example/rules", "CO/1234/2026", `name="rules"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	a := r.form("/l/"+code+"/answer", "entry=1").is(422)
	if !strings.Contains(a.Body.String(), "metti la spunta") {
		t.Error("the page does not say what is missing")
	}
	r.form("/l/"+code+"/answer", "entry=1&rules=yes").is(200)
	if got := r.find("c1").Answers; len(got) != 1 || got[0].Kind != lifecycle.ResponseContest {
		t.Errorf("stored %+v", got)
	}
}

func TestCouponPageShowsTheCode(t *testing.T) {
	r, _ := dormant(t, "")
	r.link(contestDay)
	code := r.link(couponDay)
	m := r.find("c1").Messages[2]
	if m.Coupon == "" {
		t.Fatal("the last step made no coupon")
	}
	body := r.get("/l/" + code).is(200).Body.String()
	// Day 90 is a Sunday: the SMS leaves on Monday, and the code counts from there.
	if !strings.Contains(body, m.Coupon) || !strings.Contains(body, "Valido fino a lunedì 14 giugno 2027") {
		t.Errorf("the page lacks the code or its end:\n%s", body)
	}
	r.clock(`{"advance":"2w"}`).is(200)
	body = r.get("/l/" + code).is(200).Body.String()
	if strings.Contains(body, m.Coupon) || !strings.Contains(body, "non è più valido") {
		t.Error("a code that ran out is still offered")
	}
}

func TestUnknownCodesLookLikeExpiredOnes(t *testing.T) {
	r := open(t)
	var bodies []string
	for _, code := range []string{"aaaaaaaaaa", "zzzzzzzzzz", "short", "..%2F..%2Fetc", "<script>"} {
		a := r.get("/l/" + url.PathEscape(code)).is(404)
		bodies = append(bodies, a.Body.String())
		r.send("POST", "/l/"+url.PathEscape(code)+"/seen", "").is(404)
		r.form("/l/"+url.PathEscape(code)+"/answer", "choice=price").is(404)
	}
	for _, b := range bodies {
		if b != bodies[0] {
			t.Errorf("one page differs:\n%s\n%s", b, bodies[0])
		}
	}
	if !strings.Contains(bodies[0], "<h1>") {
		t.Error("the page is not friendly")
	}
	english := r.get("/l/aaaaaaaaaa", "Accept-Language", "de;q=0.9, en-US").Body.String()
	if !strings.Contains(english, `lang="en"`) || !strings.Contains(bodies[0], `lang="it"`) {
		t.Error("the language is neither the browser's nor the shop's")
	}
}

func TestMissesAreLimitedByAddress(t *testing.T) {
	r, code := dormant(t, "")
	status := map[int]int{}
	for range 350 {
		status[r.get("/l/aaaaaaaaaa").Code]++
	}
	if status[404] < 300 || status[429] == 0 {
		t.Errorf("answers of 350 misses: %v", status)
	}
	a := r.get("/l/" + code).is(429)
	if a.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestHostileNamesStayText(t *testing.T) {
	for _, name := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `{{.Body}}`, `javascript:alert(1)`, `Anna evil.example/x`,
		"Anna\u202egnp.exe", "<b>Anna</b>", `' onmouseover='alert(1)`,
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t)
			r.clock(beforeAll).is(200)
			body := `{"id":"1","created_at":"2027-03-01T10:00:00Z","total":"1.00","currency":"EUR","customer":{"id":"c1","email":"a@example.com","first_name":` +
				quoted(name) + `},"consent":{"email":{"state":"subscribed"}}}`
			r.erp("order.paid", body).is(200)
			code := r.link(surveyDay)
			page := r.get("/l/" + code).is(200).Body.String()
			for _, bad := range []string{"alert(1)", "onerror", "evil.example", "<b>", "\u202e"} {
				if strings.Contains(page, bad) {
					t.Errorf("the page has %q", bad)
				}
			}
		})
	}
}

func TestStaticFilesAreSmallAndKept(t *testing.T) {
	r, code := dormant(t, "")
	page := r.get("/l/" + code).is(200).Body.String()
	total := len(page)
	for _, ext := range []string{".js", ".css"} {
		start := strings.Index(page, "/l/static/page-")
		for !strings.HasPrefix(page[start+strings.IndexByte(page[start:], '.'):], ext) {
			start += 1 + strings.Index(page[start+1:], "/l/static/page-")
		}
		file := page[start : start+strings.IndexByte(page[start:], '"')]
		a := r.get(file).is(200)
		total += a.Body.Len()
		if !strings.Contains(a.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s may not be kept: %q", file, a.Header().Get("Cache-Control"))
		}
	}
	if total > 15<<10 {
		t.Errorf("page, script and style sheet are %d bytes, want at most 15 KiB", total)
	}
	r.get("/l/static/secret.js").is(404)
}
