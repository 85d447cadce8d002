package message_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/message"
)

// own loads one operator's file beside the built-in ones.
func own(t *testing.T, file, text string) *message.Set {
	t.Helper()
	set, problems := message.Load(fstest.MapFS{file: {Data: []byte(text)}})
	if len(problems) > 0 {
		t.Fatalf("%v", problems)
	}
	return set
}

// say composes an SMS template of one line and returns its text without the
// way out.
func say(t *testing.T, text string, in message.Input) string {
	t.Helper()
	in.Locale = "it"
	m, err := own(t, "own.sms.it.liquid", text).Compose("own", message.SMS, in)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(m.Text, " STOP per uscire")
}

func TestNamesInGreetings(t *testing.T) {
	const greeting = "Ciao{% if first_name %} {{ first_name }}{% endif %}!"
	for name, tc := range map[string]struct{ raw, want string }{
		"a plain name":                               {"Anna", "Ciao Anna!"},
		"apostrophe, hyphen, dot and digit stay":     {"D'Arc-en-J. 3", "Ciao D'Arc-en-J. 3!"},
		"a curly apostrophe becomes a straight one":  {"Nicolo’", "Ciao Nicolo'!"},
		"spaces around and inside are tidied":        {"  Anna \t Maria\n", "Ciao Anna Maria!"},
		"a decomposed accent is composed":            {"Nicolo\u0300", "Ciao Nicolò!"},
		"letters from mathematical alphabets":        {"𝐀𝐧𝐧𝐚", "Ciao Anna!"},
		"a heart beside the name is dropped":         {"Anna ❤️", "Ciao Anna!"},
		"invisible characters are dropped":           {"An\u200bna\u202e", "Ciao Anna!"},
		"markup leaves the name out":                 {"<b>Anna</b>", "Ciao!"},
		"Liquid leaves the name out":                 {"{{ link }}", "Ciao!"},
		"a header leaves the name out":               {"Anna\r\nBcc: x@evil.example", "Ciao!"},
		"an address with a path leaves the name out": {"evil.example/x", "Ciao!"},
		"a domain alone cannot be tapped":            {"evil.example", "Ciao evil example!"},
		"a domain with a wide dot cannot either":     {"evil．example", "Ciao evil example!"},
		"an e-mail address leaves the name out":      {"anna@evil.example", "Ciao!"},
		"a number alone is no name":                  {"3331234567", "Ciao!"},
		"punctuation alone is no name":               {"-.-", "Ciao!"},
		"nothing is no name":                         {"", "Ciao!"},
		"only emoji is no name":                      {"🎁🎁", "Ciao!"},
		"a long name ends at a word within 40":       {strings.Repeat("Anna ", 20), "Ciao Anna Anna Anna Anna Anna Anna Anna Anna!"},
		"broken bytes are dropped":                   {"An\xffna", "Ciao Anna!"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := say(t, greeting, message.Input{FirstName: tc.raw}); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestValuesFromShopsLoseWhatCouldBeTapped(t *testing.T) {
	for name, tc := range map[string]struct{ raw, want string }{
		"a product stays":                      {"Maglione \"Alba\" n. 5 (rosso)", "Maglione \"Alba\" n. 5 (rosso)"},
		"an https address goes":                {"Sconto https://evil.example/x qui", "Sconto qui"},
		"www goes":                             {"Vai su www.evil.example", "Vai su"},
		"a bare domain is broken up":           {"Vai su evil.example ora", "Vai su evil example ora"},
		"a short domain is broken up":          {"t.me", "t me"},
		"a domain with path goes":              {"vedi t.me/x", "vedi"},
		"an e-mail address goes":               {"da anna@evil.example", "da"},
		"an address in numbers goes":           {"su 10.0.0.1/x", "su"},
		"a scheme goes":                        {"javascript:alert(1) Tazza", "Tazza"},
		"a version number stays":               {"Tazza 2.0", "Tazza 2.0"},
		"single letters with dots stay":        {"Olio D.O.P.", "Olio D.O.P."},
		"tags go":                              {"<b>Tazza</b>", "Tazza"},
		"Liquid goes":                          {"{{ link }}Tazza{% if %}", "Tazza"},
		"line breaks become spaces":            {"Tazza\r\nblu\u2028rossa", "Tazza blu rossa"},
		"zero-width joints do not hide a dot":  {"evil\u200b.\u200bexample", "evil example"},
		"ideographic dots are dots":            {"evil。example", "evil example"},
		"a long product ends at a word":        {"Maglione di lana merino fatto a mano in Toscana", "Maglione di lana merino fatto a mano in"},
		"square brackets cannot make a link":   {"[x](y)", "(x)(y)"},
		"trade marks are dropped in an SMS":    {"Tazza™ Blu®", "Tazza Blu"},
		"typographic signs become plain":       {"“Tazza” – l’unica…", "\"Tazza\" - l'unica..."},
		"Italian capitals take an apostrophe":  {"È Più", "E' Più"},
		"a no-break space becomes a plain one": {"Tazza\u00a0blu", "Tazza blu"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := say(t, `{{ last_product | default: "" }}`, message.Input{LastProduct: tc.raw}); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestThePostalAddressStandsBelowAnEmail(t *testing.T) {
	set, problems := message.Load(nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	in := message.Input{
		Locale: "en", Now: time.Now(), Link: "https://r.example/l/AbCdEfGhIj", UnsubscribeURL: "https://r.example/u/x",
		Shop: message.Shop{Name: "B & Sons", Address: "1 Main Street, <Springfield>"},
	}
	m, err := set.Compose("survey", message.Email, in)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(m.Text, "1 Main Street, ") || !strings.Contains(m.HTML, "1 Main Street, ") || strings.Contains(m.HTML, "<Springfield>") {
		t.Errorf("text:\n%s\nHTML:\n%s", m.Text, m.HTML)
	}
}

func TestAnSMSOverItsLimitDropsNameThenProduct(t *testing.T) {
	const text = "{% if first_name %}N={{ first_name }} {% endif %}{% if last_product %}P={{ last_product }} {% endif %}{% if brief %}breve{% else %}"
	pad := func(n int) string { return text + strings.Repeat("x", n) + "{% endif %}" }
	in := message.Input{FirstName: "Anna", LastProduct: "Tazza blu", Locale: "it", Shop: message.Shop{Name: "B"}}
	way := len(" STOP per uscire")
	foreign := in
	foreign.FirstName = "安娜"
	for name, tc := range map[string]struct {
		text   string
		in     message.Input
		prefix string
	}{
		"what fits stays":                           {pad(160 - way - 19), in, "N=Anna P=Tazza blu x"},
		"one character more drops the name":         {pad(160 - way - 18), in, "P=Tazza blu x"},
		"then the product":                          {pad(160 - way - 11), in, "x"},
		"then the template's own short text":        {pad(160 - way + 1), in, "breve"},
		"a name that forces UCS-2 is dropped first": {pad(100), foreign, "P=Tazza blu x"},
		"a name that forces UCS-2 and fits stays":   {pad(20), foreign, "N=安娜 P=Tazza blu x"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := own(t, "own.sms.it.liquid", tc.text).Compose("own", message.SMS, tc.in)
			if err != nil {
				t.Fatal(err)
			}
			if m.Segments != 1 || !strings.HasPrefix(m.Text, tc.prefix) {
				t.Errorf("%d segments, %q; want the beginning %q", m.Segments, m.Text, tc.prefix)
			}
		})
	}
}

func TestAccentsOfTheShopGoOnlyWhereTheySaveASegment(t *testing.T) {
	set := own(t, "own.sms.it.liquid", "{{ shop.name }}"+strings.Repeat("x", 100))
	m, err := set.Compose("own", message.SMS, message.Input{Locale: "it", Shop: message.Shop{Name: "Łódź Café"}})
	if err != nil || !strings.HasPrefix(m.Text, "Lodz Caféx") || m.Encoding != "GSM-7" {
		t.Errorf("%q %s, %v", m.Text, m.Encoding, err)
	}
	set = own(t, "own.sms.it.liquid", "{{ shop.name }}")
	m, err = set.Compose("own", message.SMS, message.Input{Locale: "it", Shop: message.Shop{Name: "Łódź Café"}})
	if err != nil || !strings.HasPrefix(m.Text, "Łódź Café") || !cmp.Equal(m.Culprits, []string{"Ł", "ó", "ź"}) {
		t.Errorf("%q %q, %v", m.Text, m.Culprits, err)
	}
}

func TestAnSMSThatCannotFitIsRefused(t *testing.T) {
	set := own(t, "own.sms.it.liquid", "{{ shop.name }}"+strings.Repeat("x", 100))
	_, err := set.Compose("own", message.SMS, message.Input{Locale: "it", Shop: message.Shop{Name: strings.Repeat("安", 40)}})
	var long *message.TooLongError
	if !errors.As(err, &long) || !errors.Is(err, message.ErrTooLong) {
		t.Fatalf("%v", err)
	}
	want := message.TooLongError{Template: "own", Locale: "it", Segments: 3, Limit: 1, Encoding: "UCS-2"}
	if *long != want || !strings.Contains(err.Error(), "own.sms.it") {
		t.Errorf("%+v, want %+v: %v", *long, want, err)
	}
}

func TestATemplateMayDeclareMoreSegments(t *testing.T) {
	set := own(t, "own.sms.it.liquid", "---\nsegments: 2\n---\n"+strings.Repeat("x", 200))
	m, err := set.Compose("own", message.SMS, message.Input{Locale: "it"})
	if err != nil || m.Segments != 2 || m.Units != 216 {
		t.Errorf("%d segments, %d units, %v", m.Segments, m.Units, err)
	}
}

func TestBuiltinSMSFitOneSegmentForEveryShop(t *testing.T) {
	set := load(t)
	for _, shop := range []string{"B", strings.Repeat("M", 60), "Žižkov Łódź Übermaß"} {
		for _, mode := range []string{message.OptOutStop, message.OptOutLink} {
			base := contacts()["full"]
			base.Shop.Name, base.SMSOptOut = shop, mode
			for _, base.Business = range businesses() {
				if len(shop) < 40 && base.Business != "ecommerce" {
					continue // the long names show it
				}
				if problems := set.Check(base); len(problems) > 0 {
					t.Errorf("shop %q, %s, %s: %v", shop, mode, base.Business, problems)
				}
			}
		}
	}
}

// Loading tries a file with every sample; the built-in ones are not tried when a
// service starts, but here.
func TestBuiltinTemplatesRenderForEverySample(t *testing.T) {
	for _, lang := range []string{"it", "en"} {
		if _, problems := message.Load(os.DirFS(filepath.Join("builtin", lang))); len(problems) > 0 {
			t.Errorf("%v", problems)
		}
	}
}

func TestEverySMSNamesTheWayOut(t *testing.T) {
	set := own(t, "own.sms.it.liquid", "Ci manchi")
	in := contacts()["full"]
	in.Locale = "it"
	for mode, want := range map[string]string{
		"":                 "Ci manchi STOP per uscire",
		message.OptOutStop: "Ci manchi STOP per uscire",
		message.OptOutLink: "Ci manchi Stop: https://ritorno.example.com/u/AbCdEfGhIj",
	} {
		in.SMSOptOut = mode
		if m, err := set.Compose("own", message.SMS, in); err != nil || m.Text != want {
			t.Errorf("%q: %q, %v", mode, m.Text, err)
		}
	}
	in.SMSOptOut, in.UnsubscribeURL = message.OptOutLink, ""
	if _, err := set.Compose("own", message.SMS, in); !errors.Is(err, message.ErrNoWayOut) {
		t.Errorf("without a link: %v", err)
	}
}

func TestAnEmailNeedsAUsableWayOut(t *testing.T) {
	set := load(t)
	for _, bad := range []string{"", "/u/x", "javascript:alert(1)", "mailto:x@example.com", "https://", "https://x.example/\r\nBcc: y", "https://x.example/>,<https://evil.example", "https://user:secret@x.example/u"} {
		in := contacts()["full"]
		in.UnsubscribeURL = bad
		if _, err := set.Compose("survey", message.Email, in); !errors.Is(err, message.ErrNoWayOut) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	in := contacts()["full"]
	m, err := set.Compose("survey", message.Email, in)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"List-Unsubscribe":      "<https://ritorno.example.com/u/AbCdEfGhIj>",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	}
	if diff := cmp.Diff(want, m.Headers); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(m.HTML, `href="`+in.UnsubscribeURL+`"`) || !strings.Contains(m.Text, in.UnsubscribeURL) {
		t.Error("a part lacks the visible link")
	}
}

func TestTheLanguageFallsBack(t *testing.T) {
	set, problems := message.Load(fstest.MapFS{
		"own.sms.de.liquid":       {Data: []byte("Hallo")},
		"two.sms.it.liquid":       {Data: []byte("Ciao")},
		"two.sms.de.liquid":       {Data: []byte("Hallo")},
		"survey.sms.en-gb.liquid": {Data: []byte("Hello there")},
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for name, tc := range map[string]struct{ template, locale, shop, want string }{
		"the contact's language":              {"survey", "it", "en", "it"},
		"a region is more exact":              {"survey", "en_GB", "it", "en-gb"},
		"a region without own text":           {"survey", "it-CH", "en", "it"},
		"then the shop's language":            {"survey", "fr", "it-IT", "it"},
		"then English":                        {"survey", "fr", "", "en"},
		"then whatever there is":              {"own", "it", "it", "de"},
		"the shop's before any":               {"two", "fr", "it", "it"},
		"among any the first by the alphabet": {"two", "fr", "fr", "de"},
	} {
		t.Run(name, func(t *testing.T) {
			in := contacts()["empty"]
			in.Locale, in.ShopLocale = tc.locale, tc.shop
			if m, err := set.Compose(tc.template, message.SMS, in); err != nil || m.Locale != tc.want {
				t.Errorf("%q, %v; want %q", m.Locale, err, tc.want)
			}
		})
	}
	if _, err := set.Compose("nothing", message.SMS, message.Input{}); !errors.Is(err, message.ErrNoTemplate) {
		t.Errorf("%v", err)
	}
	if _, err := set.Compose("own", message.Email, message.Input{}); !errors.Is(err, message.ErrNoTemplate) {
		t.Errorf("%v", err)
	}
	if !set.Has("own", message.SMS, "") || set.Has("own", message.Email, "") || set.Has("nothing", message.SMS, "") {
		t.Error("Has disagrees with Compose")
	}
}

func TestValuesInLiquid(t *testing.T) {
	in := contacts()["full"]
	for name, tc := range map[string]struct{ text, it, en string }{
		"a date in the contact's zone":   {"{{ last_order_at | default: '' }}", "3 settembre", "3 September"},
		"a date with a format":           {"{{ last_order_at | date: '%A %-d %B %Y, %H:%M %b %d/%m/%y' | default: '' }}", "giovedì 3 settembre 2026, 00:30 set 03/09/26", "Thursday 3 September 2026, 00:30 Sep 03/09/26"},
		"a date of another year":         {"{{ '2025-01-05' | date }}", "5 gennaio", "5 January"},
		"money":                          {"{{ spent | default: '' }}", "1.149,70 €", "€1,149.70"},
		"money with the filter":          {"{{ last_order_total | money | default: '' }}", "49,90 €", "€49.90"},
		"money in another currency":      {"{{ 1234567.5 | money: 'USD' }}", "1.234.567,50 $", "$1,234,567.50"},
		"a currency without decimals":    {"{{ '1500' | money: 'jpy' }}", "1.500 ¥", "¥1,500"},
		"a currency without a sign":      {"{{ '12.5' | money: 'CHF' }}", "12,50 CHF", "CHF 12.50"},
		"negative money":                 {"{{ '-3' | money: 'EUR' }}", "-3,00 €", "-€3.00"},
		"a condition on money":           {"{% if spent_number > 1000 %}yes{% endif %}", "yes", "yes"},
		"a condition on orders":          {"{% if orders >= 3 and first_name == 'Anna' %}yes{% endif %}", "yes", "yes"},
		"capitalize as in shops":         {"{{ 'perché NO' | capitalize }}{{ 'òtto' | capitalize | downcase }}", "Perché noòtto", "Perché noòtto"},
		"truncate counts its dots":       {"{{ 'Perché no, domani?' | truncate: 9 }}", "Perché...", "Perché..."},
		"truncate with own dots":         {"{{ 'Perché no' | truncate: 7, '' }}", "Perché", "Perché"},
		"truncatewords":                  {"{{ 'uno due tre' | truncatewords: 2, '!' }}", "uno due!", "uno due!"},
		"slice":                          {"{{ 'Perché' | slice: -3, 2 }}{{ 'abc' | slice: 9 }}", "ch", "ch"},
		"lists":                          {"{% assign l = 'a,b,c' | split: ',' %}{% for x in l reversed %}{{ x }}{% unless forloop.last %}-{% endunless %}{% endfor %}{{ l | join: '+' }}{{ l | size }}", "c-b-aa+b+c3", "c-b-aa+b+c3"},
		"replace and remove":             {"{{ 'abcabc' | replace: 'b', 'x' | remove_first: 'a' | append: '!' | prepend: '?' }}", "?xcaxc!", "?xcaxc!"},
		"escape is left to the program":  {"{{ 'a & b' | escape }}", "a & b", "a & b"},
		"arithmetic":                     {"{{ 7 | minus: 2 | times: 3 | divided_by: 5 | round }}", "3", "3"},
		"case and comment":               {"{% comment %}no {{ x %}{% endcomment %}{% case orders %}{% when 3 %}three{% else %}other{% endcase %}", "three", "three"},
		"coupon":                         {"{{ coupon.percent | default: '' }}% {{ coupon.expires | date: '%d/%m' | default: '' }}", "15% 30/11", "15% 30/11"},
		"extra":                          {"{{ extra.rules_url | default: '-' }} {{ extra.none | default: '-' }}", "https://bottega.example/concorso -", "https://bottega.example/concorso -"},
		"a gap before a comma is closed": {"Ciao {{ extra.none | default: '' }}, ok", "Ciao, ok", "Ciao, ok"},
	} {
		t.Run(name, func(t *testing.T) {
			for lang, want := range map[string]string{"it": tc.it, "en": tc.en} {
				set := own(t, "own.sms."+lang+".liquid", tc.text)
				in.Locale = lang
				m, err := set.Compose("own", message.SMS, in)
				if err != nil {
					t.Fatal(err)
				}
				got := strings.TrimSuffix(strings.TrimSuffix(m.Text, " STOP per uscire"), " Reply STOP to opt out")
				if got != want {
					t.Errorf("%s: %q, want %q", lang, got, want)
				}
			}
		})
	}
}

func TestADateOfAnotherYearShowsIt(t *testing.T) {
	in := message.Input{Now: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), LastOrderAt: time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC)}
	if got := say(t, "{{ last_order_at | default: '' }}", in); got != "1 dicembre 2025" {
		t.Error(got)
	}
}

func TestErrorsAndComposeKeepDataPrivate(t *testing.T) {
	set := own(t, "own.sms.it.liquid", "{% if extra.kind %}{{ first_name | default: 'x' | plus: 1 }}{% endif %}")
	_, err := set.Compose("own", message.SMS, message.Input{Locale: "it", FirstName: "Segretissima", Extra: map[string]string{"kind": "a"}})
	if err == nil || strings.Contains(err.Error(), "Segretissima") || !strings.Contains(err.Error(), "own.sms.it.liquid") {
		t.Errorf("%v", err)
	}
}

func TestManyMayComposeAtOnce(t *testing.T) {
	set := load(t)
	want, err := set.Compose("coupon", message.Email, contacts()["full"])
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				got, err := set.Compose("coupon", message.Email, contacts()["full"])
				if err != nil || got.HTML != want.HTML {
					t.Errorf("differs: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

var doubleGap = regexp.MustCompile(`  | [,.;:?!)]|\( |<nil>|%!|\bnil\b|\[\]`)

func TestNoMissingDataShows(t *testing.T) {
	set := load(t)
	for channel, names := range expected {
		for _, name := range names {
			for who, in := range contacts() {
				for _, in.Business = range businesses() {
					for _, in.Locale = range []string{"it", "en"} {
						m, err := set.Compose(name, channel, in)
						if err != nil {
							t.Fatal(err)
						}
						text, _, _ := strings.Cut(m.Text, "\n-- \n")
						if gap := doubleGap.FindString(text + "\n" + m.Subject); gap != "" && who != "hostile" {
							t.Errorf("%s %s %s %s %s: %q in %q", name, in.Business, channel, in.Locale, who, gap, text)
						}
					}
				}
			}
		}
	}
}
