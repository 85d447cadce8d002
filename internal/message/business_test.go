package message_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/message"
)

func files(texts map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range texts {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestABusinessHasItsOwnWordsFirst(t *testing.T) {
	const marked = "Segno "
	for name, tc := range map[string]struct {
		own      map[string]string
		business string
		want     string // a beginning; of the built-in words some part
	}{
		"the general words":               {nil, "ecommerce", "ci manchi"},
		"the business's":                  {nil, "saas", "non usi"},
		"no business is the general one":  {nil, "", "ci manchi"},
		"an own file for every business":  {map[string]string{"survey.sms.it.liquid": marked + "tutti"}, "saas", marked + "tutti"},
		"an own file of the business":     {map[string]string{"survey.sms.it.liquid": marked + "tutti", "survey.saas.sms.it.liquid": marked + "saas"}, "saas", marked + "saas"},
		"an own file in its folder":       {map[string]string{"saas/survey.sms.it.liquid": marked + "cartella"}, "saas", marked + "cartella"},
		"of another business":             {map[string]string{"saas/survey.sms.it.liquid": marked + "cartella"}, "education", "ci manchi"},
		"an own file of the general kind": {map[string]string{"ecommerce/survey.sms.it.liquid": marked + "bottega"}, "ecommerce", marked + "bottega"},
	} {
		t.Run(name, func(t *testing.T) {
			set, problems := message.Load(files(tc.own))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			in := contacts()["empty"]
			in.Locale, in.Business = "it", tc.business
			m, err := set.Compose("survey", message.SMS, in)
			if err != nil || !strings.Contains(m.Text, tc.want) {
				t.Errorf("%q, %v; want %q", m.Text, err, tc.want)
			}
		})
	}
	set, problems := message.Load(files(map[string]string{"saas/mine.sms.it.liquid": "x"}))
	if len(problems) > 0 || !set.Has("mine", message.SMS, "saas") || set.Has("mine", message.SMS, "ecommerce") || set.Has("mine", message.SMS, "") {
		t.Errorf("a template of one business is there for others: %v", problems)
	}
}

func TestMistakesInTheNamesOfBusinesses(t *testing.T) {
	for name, tc := range map[string]struct {
		own        map[string]string
		file, says string
	}{
		"a business nobody knows": {map[string]string{"survey.shop.sms.it.liquid": "x"}, "survey.shop.sms.it.liquid", "ecommerce saas education donations"},
		"named twice":             {map[string]string{"saas/survey.saas.sms.it.liquid": "x"}, "saas/survey.saas.sms.it.liquid", "take it out"},
		"there twice":             {map[string]string{"survey.saas.sms.it.liquid": "x", "saas/survey.sms.it.liquid": "y"}, "saas/survey.sms.it.liquid", "survey.saas.sms.it.liquid"},
		"a broken file":           {map[string]string{"saas/survey.sms.it.liquid": "{{ x }}"}, "saas/survey.sms.it.liquid", "unknown name"},
	} {
		_, problems := message.Load(files(tc.own))
		if len(problems) != 1 || problems[0].File != tc.file || !strings.Contains(problems[0].Text, tc.says) {
			t.Errorf("%s: %v", name, problems)
		}
	}
	if _, problems := message.Load(files(map[string]string{"old/survey.sms.it.liquid": "{{ x }}"})); len(problems) > 0 {
		t.Errorf("a folder of another name is read: %v", problems)
	}
}

func TestWhichFilesReplaceWhich(t *testing.T) {
	set, problems := message.Load(files(map[string]string{
		"coupon.sms.it.liquid": "x", "saas/survey.sms.it.liquid": "x", "contest.saas.sms.it.liquid": "x", "mine.sms.it.liquid": "x", "coupon.sms.de.liquid": "x",
	}))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := []message.Replacement{
		{File: "contest.saas.sms.it.liquid", Instead: []string{"contest.sms.it.liquid"}},
		{File: "coupon.sms.de.liquid", Instead: []string{}},
		{File: "coupon.sms.it.liquid", Instead: []string{"coupon.sms.it.liquid", "donations/coupon.sms.it.liquid", "education/coupon.sms.it.liquid", "saas/coupon.sms.it.liquid"}},
		{File: "mine.sms.it.liquid", Instead: []string{}},
		{File: "saas/survey.sms.it.liquid", Instead: []string{"saas/survey.sms.it.liquid"}},
	}
	if d := cmp.Diff(want, set.Replaced()); d != "" {
		t.Error(d)
	}
	if none := load(t).Replaced(); none != nil {
		t.Errorf("built-in templates replace %v", none)
	}
}

func TestFiltersOfShops(t *testing.T) {
	in := contacts()["full"]
	for name, tc := range map[string]struct{ text, it, en string }{
		"a round sum without its zeros": {"{{ 10 | money_without_trailing_zeros: 'EUR' }} {{ '10.50' | money_without_trailing_zeros: 'EUR' }}", "10 € 10,50 €", "€10 €10.50"},
		"a sum with its letters":        {"{{ spent | money_with_currency | default: '' }}", "1.149,70 EUR", "1,149.70 EUR"},
		"a sum alone":                   {"{{ spent | money_without_currency | default: '' }}", "1.149,70", "1,149.70"},
		"one and many":                  {"{{ 1 | pluralize: 'ordine', 'ordini' }} {{ orders | pluralize: 'ordine', 'ordini' }} {{ 0 | pluralize: 'ordine', 'ordini' }}", "ordine ordini ordini", "ordine ordini ordini"},
		"bounds":                        {"{{ 3 | at_least: 5 }} {{ 3 | at_most: 2 }} {{ 3 | at_least: 1 }}", "5 2 3", "5 2 3"},
		"the last of several":           {"{{ 'a-b-c' | replace_last: '-', '+' }} {{ 'a-b-c' | remove_last: '-' }} {{ 'abc' | replace_last: 'x', 'y' }}", "a-b+c a-bc abc", "a-b+c a-bc abc"},
		"a handle":                      {"{{ 'Perché no? 100% M & Ms!!!' | handleize }}", "perché-no-100-m-ms", "perché-no-100-m-ms"},
		"an address read":               {"{{ 'a%20b' | url_decode }} {{ '%zz' | url_decode }}", "a b %zz", "a b %zz"},
		"a date in words":               {"{{ coupon.expires | date: '%A %-d %B %Y' | default: '' }}", "lunedì 30 novembre 2026", "Monday 30 November 2026"},
		"the offer in one phrase":       {"{{ offer_line | default: '' }}", "uno sconto del 15% con il codice BCDF2345, fino al 30 novembre", "15% off with the code BCDF2345, until 30 November"},
		"the offer in short":            {"{{ offer_short | default: '' }}", "-15% con BCDF2345 fino al 30/11", "-15% with BCDF2345 until 30/11"},
	} {
		for lang, want := range map[string]string{"it": tc.it, "en": tc.en} {
			in.Locale = lang
			m, err := own(t, "own.sms."+lang+".liquid", tc.text).Compose("own", message.SMS, in)
			if text, _, _ := strings.Cut(m.Text, " "+map[string]string{"it": "STOP per", "en": "Reply STOP"}[lang]); err != nil || text != want {
				t.Errorf("%s, %s: %q, %v; want %q", name, lang, text, err, want)
			}
		}
	}
}

func TestWhatAnOfferIsCalled(t *testing.T) {
	base := contacts()["empty"]
	for name, tc := range map[string]struct {
		offer  message.Offer
		coupon message.Coupon
		it, en string
	}{
		"nothing":                   {message.Offer{}, message.Coupon{}, "", ""},
		"thanks are words alone":    {message.Offer{Kind: "emotional", Type: "thanks"}, message.Coupon{}, "", ""},
		"a surprise":                {message.Offer{Kind: "material", Type: "surprise"}, message.Coupon{}, "una piccola sorpresa", "a small surprise"},
		"a repair":                  {message.Offer{Kind: "material", Type: "repair"}, message.Coupon{}, "il nostro impegno a rimediare", "our promise to put it right"},
		"a credit":                  {message.Offer{Kind: "financial", Type: "credit", Amount: "5"}, message.Coupon{}, "un credito di 5\u00a0€", "a credit of €5"},
		"a gift card":               {message.Offer{Kind: "financial", Type: "gift_card", Amount: "10.50"}, message.Coupon{}, "una carta regalo da 10,50\u00a0€", "a gift card worth €10.50"},
		"a trial":                   {message.Offer{Kind: "financial", Type: "trial"}, message.Coupon{}, "un periodo di prova gratuito", "a free trial"},
		"points":                    {message.Offer{Kind: "financial", Type: "points"}, message.Coupon{}, "un regalo in punti", "a gift in points"},
		"a coupon of a sum":         {message.Offer{Amount: "5.00"}, message.Coupon{Code: "ABC"}, "uno sconto di 5\u00a0€ con il codice ABC", "€5 off with the code ABC"},
		"a coupon of we know what":  {message.Offer{}, message.Coupon{Code: "ABC"}, "un regalo con il codice ABC", "a gift with the code ABC"},
		"the owner's own words":     {message.Offer{Kind: "material", Type: "surprise", Text: "una tazza"}, message.Coupon{}, "una tazza", "una tazza"},
		"a credit without a sum":    {message.Offer{Kind: "financial", Type: "credit", Amount: "x"}, message.Coupon{}, "un regalo", "a gift"},
		"a type that nobody knows":  {message.Offer{Kind: "financial", Type: "{{"}, message.Coupon{}, "", ""},
		"a code that cannot be one": {message.Offer{}, message.Coupon{Code: "<b>"}, "", ""},
	} {
		for lang, want := range map[string]string{"it": tc.it, "en": tc.en} {
			in := base
			in.Locale, in.Offer, in.Coupon = lang, tc.offer, tc.coupon
			set := own(t, "own.email."+lang+".liquid", "---\nsubject: S\n---\n{{ offer_line | default: 'nulla' }}")
			m, err := set.Compose("own", message.Email, in)
			if want == "" {
				want = "nulla"
			}
			if text, _, _ := strings.Cut(m.Text, "\n"); err != nil || strings.ReplaceAll(text, "\u00a0", " ") != strings.ReplaceAll(want, "\u00a0", " ") {
				t.Errorf("%s, %s: %q, %v; want %q", name, lang, text, err, want)
			}
		}
	}
}

func TestABrandThatCouldLeaveItsPlaceIsNotUsed(t *testing.T) {
	set := load(t)
	in := contacts()["full"]
	in.Locale = "it"
	plain, err := set.Compose("survey", message.Email, in)
	if err != nil {
		t.Fatal(err)
	}
	in.Shop.Brand.Color, in.Shop.Brand.TextColor = "red;background:url(https://evil.example)", "#ffffff"
	in.Shop.Brand.Font = "x;}</style><script>"
	in.Shop.Brand.Logo = "javascript:alert(1)"
	got, err := set.Compose("survey", message.Email, in)
	if err != nil || got.HTML != plain.HTML {
		t.Errorf("%v\n%s", err, cmp.Diff(plain.HTML, got.HTML))
	}
	if strings.Contains(plain.HTML, "ZgotmplZ") {
		t.Error("the page holds a value that the escaper refused")
	}
}
