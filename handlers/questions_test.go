package handlers_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// TestEveryTemplateAsksItsOwnQuestion, in the contact's language and in the
// words of the business.
func TestEveryTemplateAsksItsOwnQuestion(t *testing.T) {
	w := worldOf(t, "Anna", "", trader("bottega", "it", "IT", lifecycle.Ecommerce), trader("charity", "en", "GB", lifecycle.Donations))
	for shop, asks := range map[string]map[string][]string{
		"bottega": {
			"survey": {"Ci manchi", "dall'ultimo ordine?", "delivery"}, "welcome_back_memory": {"Che bello ritrovarti", "Che cosa ti ha riportato da noi?", "recommended"},
			"welcome_back_news": {"Ci sono novità", "Che cosa ti ha riportato da noi?", "recommended"}, "welcome_back_stay": {"Che cosa ti farebbe restare?", "Che cosa conta di più", "range"},
			"welcome_back_check": {"Tutto bene?", "Come va con noi?", "partly"}, "cancellation_sorry": {"Ci dispiace", "Qual è il motivo?", "missing_feature"},
		},
		"charity": {
			"survey": {"We miss you", "since your last donation?", "other_cause"}, "welcome_back_memory": {"Good to see you again", "What brought you back?", "cause"},
			"welcome_back_news": {"There is news", "What brought you back?", "cause"}, "welcome_back_stay": {"What would make you stay?", "What matters most", "results"},
			"welcome_back_check": {"Is everything all right?", "How is it going", "partly"}, "cancellation_sorry": {"We are sorry", "What is the reason?", "missing_feature"},
		},
	} {
		for template, want := range asks {
			path, _ := w.leads(shop, template)
			d := parsed(t, w.get(path).is(200).Body.String())
			if got := heard(d.all("h1")[0]); !strings.Contains(got, want[0]) {
				t.Errorf("%s %s: the title is %q", shop, template, got)
			}
			if got := heard(d.all("legend")[0]); !strings.Contains(got, want[1]) {
				t.Errorf("%s %s: it asks %q", shop, template, got)
			}
			found := false
			for _, in := range d.all("input") {
				found = found || attr(in, "name") == "choice" && attr(in, "value") == want[2]
			}
			if !found {
				t.Errorf("%s %s: no choice %s", shop, template, want[2])
			}
		}
	}
}

// TestWhyTheyLeaveEntersTheRecord: the choice is an answer of the cancellation,
// and what conditions and later pages go by.
func TestWhyTheyLeaveEntersTheRecord(t *testing.T) {
	w := worldOf(t, "Anna", "it is complicated", trader("bottega", "it", "IT", lifecycle.SaaS))
	path, _ := w.leads("bottega", "cancellation_sorry")
	w.form(path+"/answer", "choice=price&text=").is(200)
	c := w.findIn("bottega", "gone")
	if n := len(c.Answers); n != 1 || c.Answers[0].Kind != lifecycle.ResponseAnswer || c.Answers[0].Choice != "price" || c.Answers[0].Journey != "cancellation" || c.Answers[0].Step != 1 {
		t.Fatalf("stored %+v", c.Answers)
	}
	rules := &w.shops[0].Rules
	if got := rules.CancelClass(&c); got != lifecycle.CancelPrice {
		t.Errorf("the reason counts as %s", got)
	}
	if env := rules.Env(&c, lifecycle.Fold{}, c.Since); env.Answer != "price" || env.CancelReasonClass != "price" {
		t.Errorf("conditions see %q and %q", env.Answer, env.CancelReasonClass)
	}
	if !strings.Contains(w.get(path).is(200).Body.String(), "abbonamento") {
		t.Error("the page does not speak of a subscription")
	}
}

// TestTheOfferFitsTheReason.
func TestTheOfferFitsTheReason(t *testing.T) {
	for reason, c := range map[string]struct {
		title, button string
		form          url.Values
		choice, text  string
		lacks         string // a form that says too little
	}{
		"too expensive":    {title: "Se vuoi tornare, costa meno"},
		"unused":           {"E se fosse solo una pausa?", "Preferisco una pausa", url.Values{"choice": {"pause"}}, "pause", "", ""},
		"customer_service": {"Vorremmo rimediare", "Vorrei una mano", url.Values{"choice": {"help"}, "text": {"il pacco"}}, "help", "il pacco", "choice=help&text=+"},
		"missing_features": {"Vorremmo rimediare", "Vorrei una mano", url.Values{"choice": {"help"}, "text": {"x"}}, "help", "x", "choice=help"},
		"":                 {"La porta resta aperta", "Invia", url.Values{"choice": {"other"}, "text": {"meno plastica"}}, "other", "meno plastica", "choice=other"},
		"cambio casa":      {"La porta resta aperta", "Invia", url.Values{"text": {"nulla"}}, "other", "nulla", ""},
		"payment_failed":   {"Il pagamento non è riuscito", "Invia", url.Values{"choice": {"free"}, "text": {"words"}}, "other", "free words", "text="},
		"<script>alert(1)": {"La porta resta aperta", "Invia", url.Values{"choice": {"other"}, "text": {"<b>"}}, "other", "<b>", ""},
	} {
		t.Run(reason, func(t *testing.T) {
			w := soonAfter(t, "Anna", reason, trader("bottega", "it", "IT", lifecycle.Ecommerce))
			path, _ := w.leads("bottega", "cancellation_offer")
			page := w.get(path).is(200).Body.String()
			d := parsed(t, page)
			if got := heard(d.all("h1")[0]); got != c.title {
				t.Errorf("the title is %q, want %q", got, c.title)
			}
			messages := w.findIn("bottega", "gone").Messages
			if code := messages[len(messages)-1].Coupon; !strings.Contains(page, code) || code == "" && reason == "too expensive" {
				t.Errorf("the page lacks the code %q", code)
			}
			if strings.Contains(page, "<script>alert") {
				t.Error("the reason stands in the page")
			}
			if c.button == "" {
				return
			}
			if got := heard(d.all("form")[0]); !strings.Contains(got, c.button) {
				t.Errorf("the form says %q, want the button %q", got, c.button)
			}
			if c.lacks != "" {
				w.form(path+"/answer", c.lacks).is(422)
			}
			w.form(path+"/answer", c.form.Encode()).is(200)
			got := w.findIn("bottega", "gone").Answers
			if len(got) != 1 || got[0].Choice != c.choice || got[0].Text != c.text {
				t.Errorf("stored %+v", got)
			}
			if st := w.findIn("bottega", "gone").State; st != lifecycle.Cancelled {
				t.Errorf("state %v, want cancelled still", st)
			}
		})
	}
}

// TestTheContestHasItsDays: before, in and after them, for those who are in
// already, and where it was taken out of the configuration.
func TestTheContestHasItsDays(t *testing.T) {
	at := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }
	w := worldOf(t, "Anna", "", trader("bottega", "it", "IT", lifecycle.Ecommerce), trader("shop", "en", "GB", lifecycle.Ecommerce))
	contest := func(shop int) *lifecycle.Contest { return w.shops[shop].Rules.Contest }
	path, _ := w.leads("bottega", "contest")
	shows := func(path, want string) {
		t.Helper()
		page := w.get(path).is(200).Body.String()
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	shows(path, "Si partecipa fino a venerdì 31 dicembre 2027.")
	*contest(0) = lifecycle.Contest{RulesURL: "https://bottega.example/rules", Registration: "1", From: at(2028, 3, 1), To: at(2028, 4, 1)}
	shows(path, "Il concorso comincia mercoledì 1 marzo 2028.")
	w.form(path+"/answer", "rules=yes").is(422)
	*contest(0) = lifecycle.Contest{RulesURL: "https://bottega.example/rules", Registration: "1", From: at(2026, 3, 1), To: at(2026, 4, 1)}
	shows(path, "Il concorso è finito")
	w.form(path+"/answer", "rules=yes").is(422)
	if got := w.findIn("bottega", "away").Answers; len(got) != 0 {
		t.Errorf("entered a contest that is over: %+v", got)
	}
	*contest(0) = lifecycle.Contest{RulesURL: "https://bottega.example/rules", Registration: "1"} // in Italy its days are missing
	shows(path, "Il concorso è finito")
	*contest(0) = lifecycle.Contest{RulesURL: "https://bottega.example/rules", Registration: "1", From: at(2026, 3, 1), To: at(2028, 4, 1)}
	for range 2 {
		w.form(path+"/answer", "rules=yes").is(200)
	}
	shows(path, "Partecipi già")
	if got := w.findIn("bottega", "away").Answers; len(got) != 1 {
		t.Errorf("entered %d times", len(got))
	}
	abroad, _ := w.leads("shop", "contest")
	*contest(1) = lifecycle.Contest{}
	shows(abroad, "you may tell me if I win")
	w.form(abroad+"/answer", "entry=1").is(422)
	w.form(abroad+"/answer", "rules=yes").is(200)
}

var leftOf = regexp.MustCompile(`data-left="(\d+)"`)

// TestACouponCountsDown from what the shop's clock says, and shows its last day
// without script.
func TestACouponCountsDown(t *testing.T) {
	w := worldOf(t, "Anna", "", trader("bottega", "it", "IT", lifecycle.Ecommerce))
	path, c := w.leads("bottega", "coupon")
	m := c.Messages[len(c.Messages)-1]
	page := w.get(path).is(200).Body.String()
	now, err := time.Parse(time.RFC3339, couponDay)
	if err != nil {
		t.Fatal(err)
	}
	got := leftOf.FindStringSubmatch(page)
	if len(got) != 2 {
		t.Fatalf("no countdown:\n%s", page)
	}
	left, err := time.ParseDuration(got[1] + "s")
	if end := m.At.Add(14 * day); err != nil || left > end.Sub(now) || left < end.Sub(now)-time.Minute {
		t.Errorf("%s are left, want until %s", left, end)
	}
	for _, want := range []string{m.Coupon, "Valido fino a ", `data-word="Scade"`, `id="over" hidden`, `role="status"`, "Vai al negozio", "Voglio restare"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestABrandColoursItsPages and nobody else's.
func TestABrandColoursItsPages(t *testing.T) {
	branded := trader("bottega", "it", "IT", lifecycle.Ecommerce)
	branded.Rules.Brand = lifecycle.Brand{Color: "#ffd400", TextColor: "#ffffff", Logo: "https://cdn.bottega.example/logo.png", Address: "Via Roma 1, Bologna", Font: "Georgia,serif"}
	plain := trader("plain", "it", "IT", lifecycle.Ecommerce)
	plain.Rules.Address = "Via Verdi 2, Parma"
	w := worldOf(t, "Anna", "", branded, plain)
	path, _ := w.leads("bottega", "survey")
	a := w.get(path).is(200)
	d := parsed(t, a.Body.String())
	sheets := d.all("link")
	if len(sheets) != 2 || !strings.HasPrefix(attr(sheets[1], "href"), "/l/static/brand-") {
		t.Fatalf("%d style sheets", len(sheets))
	}
	css := w.get(attr(sheets[1], "href")).is(200)
	for _, want := range []string{"--fill:#ffd400", "--on-fill:#000000", "--font:Georgia,serif"} {
		if !strings.Contains(css.Body.String(), want) {
			t.Errorf("the style sheet lacks %q: %s", want, css.Body)
		}
	}
	if got := css.Header().Get("Content-Type") + css.Header().Get("Cache-Control"); got != "text/css; charset=utf-8public, max-age=31536000, immutable" {
		t.Errorf("the style sheet is %s", got)
	}
	if got := a.Header().Get("Content-Security-Policy"); !strings.Contains(got, "img-src https://cdn.bottega.example;") || strings.Contains(got, "unsafe") {
		t.Errorf("policy %s", got)
	}
	if img := d.all("img"); len(img) != 1 || attr(img[0], "alt") != "Bottega Rossi & Figli" || attr(img[0], "referrerpolicy") != "no-referrer" {
		t.Errorf("%d logos", len(img))
	}
	if !strings.Contains(heard(d.all("footer")[0]), "Via Roma 1, Bologna") {
		t.Error("the page does not say who writes")
	}
	path, _ = w.leads("plain", "survey")
	a = w.get(path).is(200)
	if strings.Contains(a.Body.String(), "brand-") || strings.Contains(a.Body.String(), "<img") || !strings.Contains(a.Header().Get("Content-Security-Policy"), "img-src 'self';") {
		t.Error("a shop without a brand has one")
	}
	if !strings.Contains(heard(parsed(t, a.Body.String()).all("footer")[0]), "Via Verdi 2, Parma") {
		t.Error("a page without a brand does not say who writes")
	}
	gone := w.get("/l/aaaaaaaaaa").is(404).Body.String()
	if strings.Contains(gone, "brand-") {
		t.Error("a code that nobody knows shows a shop's colours")
	}
}

// TestLongAndStrangeNamesStayText on every page, whoever has them.
func TestLongAndStrangeNamesStayText(t *testing.T) {
	s := trader("bottega", "it", "IT", lifecycle.Ecommerce)
	s.Rules.Name = `"><script>alert(1)</script> & ` + strings.Repeat("Figli", 60)
	s.Rules.Brand.Address = `</p><img src=x onerror=alert(1)>`
	s.Rules.Contest.Registration = `<b>1</b>`
	s.Rules.Contest.RulesURL = `javascript:alert(1)`
	w := worldOf(t, `<img src=x onerror=alert(1)>`, `<img src=x onerror=alert(1)>`, s)
	for name, path := range w.paths("bottega") {
		page := w.get(path).Body.String()
		for _, bad := range []string{"<script>alert", "<img", "<b>1", `href="javascript:`} {
			if strings.Contains(page, bad) {
				t.Errorf("%s has %q", name, bad)
			}
		}
		for _, fault := range parsed(t, page).faults("it") {
			t.Errorf("%s: %s", name, fault)
		}
	}
	path, _ := w.leads("bottega", "survey")
	long := strings.Repeat("é<", 3000)
	w.form(path+"/answer", url.Values{"choice": {"price"}, "text": {long}}.Encode()).is(413)
	w.form(path+"/answer", url.Values{"choice": {"price"}, "text": {long[:3000]}}.Encode()).is(200)
	if got := w.findIn("bottega", "away").Answers; len(got) != 1 || len(got[0].Text) > 500 || !strings.HasPrefix(long, got[0].Text) {
		t.Errorf("stored %+v", got)
	}
}

// TestEveryPageIsLight: page, script and style sheets stay under 15 KB.
func TestEveryPageIsLight(t *testing.T) {
	s := trader("bottega", "it", "IT", lifecycle.SaaS)
	s.Rules.Brand = lifecycle.Brand{Color: "#b3261e", Logo: "https://cdn.bottega.example/logo.png", Address: "Via Roma 1, Bologna", Font: "'Trebuchet MS',Tahoma,sans-serif"}
	w := worldOf(t, "Anna", "", s)
	for name, path := range w.paths("bottega") {
		page := w.get(path).Body.String()
		total := len(page)
		for _, n := range parsed(t, page).all("link", "script") {
			total += w.get(attr(n, "href") + attr(n, "src")).is(200).Body.Len()
		}
		if total >= 15<<10 {
			t.Errorf("%s is %d bytes", name, total)
		}
	}
}
