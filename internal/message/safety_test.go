package message_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"pgregory.net/rapid"

	"ritorno/internal/message"
)

// skeleton is the structure of a page without its words: tags, attributes, and
// the values of all attributes.
func skeleton(t interface{ Fatalf(string, ...any) }, page string) []string {
	var out []string
	z := html.NewTokenizer(strings.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(out) < 20 {
				t.Fatalf("only %d tags in the page", len(out))
			}
			return out
		case html.TextToken:
		default:
			tok := z.Token()
			if tok.Type == html.CommentToken && !strings.HasPrefix(tok.Data, "[if mso]>") {
				t.Fatalf("a comment: %q", tok.Data)
			}
			out = append(out, fmt.Sprint(tok.Data, tok.Attr))
		}
	}
}

// nasty draws values that try to get out of their place.
var nasty = rapid.OneOf(
	rapid.String(),
	rapid.StringN(1, 60, 240),
	rapid.SampledFrom([]string{
		"<script>alert(1)</script>", "\"><img src=x onerror=1>", "{{ link }}", "{% if %}", "[a](https://evil.example)",
		"](https://evil.example)[", "a\r\nBcc: x@evil.example", "a\n\n[x](http://evil.example)\n\nb", "\u202eabc", "evil.example/x",
		"<", "&lt;b&gt;", "'\"`", "\x00", "\xff\xfe", "--- \n", "%7B%7B", "{", "}}", "a\u0085b", "𝗲𝘃𝗶𝗹.example",
	}),
)

func hostileInput(t *rapid.T) message.Input {
	in := contacts()["full"]
	in.FirstName, in.LastName = "", nasty.Draw(t, "last name")
	in.LastProduct, in.Plan = "x"+nasty.Draw(t, "product"), "x"+nasty.Draw(t, "plan")
	in.Module, in.CancelReason = "x"+nasty.Draw(t, "module"), "x"+nasty.Draw(t, "reason")
	in.Shop.Name = "x" + nasty.Draw(t, "shop")
	return in
}

func TestNoValueChangesTheStructureOfAnEmail(t *testing.T) {
	set := load(t)
	plain := contacts()["full"]
	plain.FirstName, plain.LastProduct, plain.Plan, plain.Module, plain.CancelReason = "", "x", "x", "x", "x"
	rapid.Check(t, func(t *rapid.T) {
		in := hostileInput(t)
		name := rapid.SampledFrom(expected[message.Email]).Draw(t, "template")
		got, err := set.Compose(name, message.Email, in)
		if err != nil {
			t.Fatal(err)
		}
		want, err := set.Compose(name, message.Email, plain)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(skeleton(t, want.HTML), skeleton(t, got.HTML)); diff != "" {
			t.Fatal(diff)
		}
		// The owner's own name for the shop may hold an address.
		if !strings.Contains(in.Shop.Name, "http") && strings.Count(got.Text, "http") != strings.Count(want.Text, "http") {
			t.Fatalf("another address in the text part:\n%s", got.Text)
		}
		safeLines(t, got)
	})
}

var clickable = regexp.MustCompile(`(?i)[\pL\d]\.\pL{2,}|//|www\.|@`)

// safeLines checks what must hold for every message.
func safeLines(t interface{ Fatalf(string, ...any) }, m message.Message) {
	for k, v := range m.Headers {
		if strings.ContainsAny(k+v, "\r\n\x00") {
			t.Fatalf("header %q: %q", k, v)
		}
	}
	for _, r := range m.Subject {
		if unicode.Is(unicode.C, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) {
			t.Fatalf("%U in the subject %q", r, m.Subject)
		}
	}
	for _, r := range m.Text {
		if r != '\n' && unicode.Is(unicode.C, r) {
			t.Fatalf("%U in the text %q", r, m.Text)
		}
	}
	if strings.Contains(m.Text, "{{") || strings.Contains(m.Text, "{%") {
		t.Fatalf("Liquid left over: %q", m.Text)
	}
}

func TestNoValueMakesASecondLinkInAnSMS(t *testing.T) {
	set := load(t)
	rapid.Check(t, func(t *rapid.T) {
		in := hostileInput(t)
		in.FirstName = nasty.Draw(t, "first name")
		in.Shop.Name = "Bottega" // its owner may name it after its domain
		in.SMSOptOut = rapid.SampledFrom([]string{message.OptOutStop, message.OptOutLink}).Draw(t, "mode")
		in.Locale = rapid.SampledFrom([]string{"it", "en"}).Draw(t, "locale")
		m, err := set.Compose(rapid.SampledFrom(expected[message.SMS]).Draw(t, "template"), message.SMS, in)
		if err != nil {
			t.Fatal(err)
		}
		if m.Segments != 1 {
			t.Fatalf("%d segments", m.Segments)
		}
		rest := strings.NewReplacer(in.Link, "", in.UnsubscribeURL, "").Replace(m.Text)
		if found := clickable.FindString(rest); found != "" {
			t.Fatalf("%q can be tapped in %q", found, rest)
		}
		if strings.Contains(m.Text, "\n") {
			t.Fatalf("a line break in %q", m.Text)
		}
		safeLines(t, m)
	})
}

func FuzzCompose(f *testing.F) {
	set, problems := message.Load(fstest.MapFS{
		"all.sms.it.liquid":   {Data: []byte("---\nsegments: 6\n---\n{{ first_name | default: 'x' }} {{ last_name | default: 'x' }} {{ last_product | truncate: 10 | default: 'x' }} {{ extra.k | capitalize | default: 'x' }} {{ spent | default: 0 }}")},
		"all.email.it.liquid": {Data: []byte("---\nsubject: \"{{ first_name | default: 'x' }} {{ extra.k | default: 'x' }}\"\npreheader: \"{{ last_product | default: 'x' }}\"\n---\n{{ first_name | default: 'x' }}\n\n[{{ last_product | default: 'x' }}]({{ link }})\n\n{{ extra.k | slice: 1, 5 | default: 'x' }} [a]({{ extra.k_url | default: link }})")},
	})
	if len(problems) > 0 {
		f.Fatal(problems)
	}
	for _, in := range contacts() {
		f.Add(in.FirstName, in.LastName, in.LastProduct, in.Spent, in.Shop.Name, in.CancelReason)
	}
	f.Add("Anna", "a\r\nb", "evil.example/x", "1e400", "\u202e", "https://x.example/a,b(c)>d")
	f.Fuzz(func(t *testing.T, first, last, product, spent, shop, extra string) {
		in := contacts()["full"]
		in.Locale, in.FirstName, in.LastName, in.LastProduct, in.Spent, in.Shop.Name = "it", first, last, product, spent, shop
		in.Extra = map[string]string{"k": extra, "k_url": extra}
		for _, channel := range []message.Channel{message.SMS, message.Email} {
			m, err := set.Compose("all", channel, in)
			if err != nil {
				t.Fatalf("%s: %v", channel, err)
			}
			safeLines(t, m)
			if channel == message.Email {
				skeleton(t, m.HTML)
			}
		}
	})
}

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"Ciao {{ first_name | default: 'x' }}", "{% if link %}{{ link }}{% else %}{% endif %}", "---\nsegments: 2\n---\n{% for a in extra %}{{ a }}{% endfor %}",
		"{% case orders %}{% when 1, 2 %}{% endcase %}", "{{ '}}' }}", "{{-}}{%-%}", "{% comment %}{{ x {% endcomment %}", "{{ (((link))) | slice: -1, -1 | truncate: -5 }}", "{% assign a = 'x' | split: '' %}{{ a[0] }}{{ a['x'] }}", "{% if link contains %}", "{{ coupon.code.size | divided_by: 0 }}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		set, problems := message.Load(fstest.MapFS{
			"fuzz.sms.it.liquid":   {Data: []byte(text)},
			"fuzz.email.it.liquid": {Data: []byte("---\nsubject: S\n---\n" + text)},
		})
		for _, p := range problems {
			if p.File == "" || p.Text == "" {
				t.Errorf("a problem without file or text: %+v", p)
			}
		}
		for _, in := range contacts() {
			in.Locale = "it"
			if m, err := set.Compose("fuzz", message.SMS, in); err == nil {
				safeLines(t, m)
			}
			if m, err := set.Compose("fuzz", message.Email, in); err == nil {
				skeleton(t, m.HTML)
				safeLines(t, m)
			}
		}
	})
}
