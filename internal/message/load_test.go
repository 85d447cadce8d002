package message_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/message"
)

func TestTheBuiltinTemplates(t *testing.T) {
	set := load(t)
	seen := map[string]bool{}
	for channel, names := range expected {
		for _, name := range names {
			seen[name] = true
			if !set.Has(name, channel, "") {
				t.Errorf("%s for %s is missing", name, channel)
			}
		}
	}
	if names := set.Names(); len(names) != len(seen) {
		t.Errorf("names %v, want those of %v", names, seen)
	}
	if problems := set.Check(contacts()["empty"]); len(problems) > 0 {
		t.Errorf("%v", problems)
	}
}

func TestMistakesInTemplatesAreNamedWithTheirPlace(t *testing.T) {
	const email = "---\nsubject: S\n---\n"
	for name, tc := range map[string]struct {
		file, text   string
		line, column int
		says         string
	}{
		"a wrong name":                         {"survey.it.liquid", "x", 0, 0, "NAME.CHANNEL.LANGUAGE.liquid"},
		"a channel nobody knows":               {"survey.fax.it.liquid", "x", 0, 0, "NAME.CHANNEL.LANGUAGE.liquid"},
		"another ending":                       {"survey.sms.it.txt", "x", 0, 0, "NAME.CHANNEL.LANGUAGE.liquid"},
		"no UTF-8":                             {"a.sms.it.liquid", "perch\xe9", 0, 0, "UTF-8"},
		"too long a file":                      {"a.sms.it.liquid", strings.Repeat("x", 65<<10), 0, 0, "64 KiB"},
		"an empty file":                        {"a.sms.it.liquid", " \n", 1, 1, "no text"},
		"an e-mail without head":               {"a.email.it.liquid", "Ciao", 1, 1, "subject"},
		"a head that is not closed":            {"a.sms.it.liquid", "---\nsegments: 2\nCiao", 1, 1, "not closed"},
		"an unknown key in the head":           {"a.sms.it.liquid", "---\nsegmets: 2\n---\nCiao", 2, 1, "segments"},
		"a subject in an SMS":                  {"a.sms.it.liquid", "---\nsubject: x\n---\nCiao", 2, 1, "segments"},
		"a key twice":                          {"a.email.it.liquid", "---\nsubject: x\nsubject: y\n---\nCiao", 3, 1, "twice"},
		"segments that are no number":          {"a.sms.it.liquid", "---\nsegments: many\n---\nCiao", 2, 11, "1 to 6"},
		"too many segments":                    {"a.sms.it.liquid", "---\nsegments: 7\n---\nCiao", 2, 11, "1 to 6"},
		"an expression that is not closed":     {"a.sms.it.liquid", "Ciao\nè {{ link", 2, 3, "not closed"},
		"one that is closed a line later":      {"a.sms.it.liquid", "Ciao {{ link\n}}", 1, 6, "not closed"},
		"a tag that is not closed":             {"a.sms.it.liquid", "{% if link", 1, 1, "not closed"},
		"closing braces alone":                 {"a.sms.it.liquid", "Ciao link }}", 1, 11, "without an opening"},
		"an empty expression":                  {"a.sms.it.liquid", "Ciao {{ }}", 1, 6, "empty"},
		"a tag without a name":                 {"a.sms.it.liquid", "Ciao {% %}", 1, 6, "name of a tag"},
		"a comment that is not closed":         {"a.sms.it.liquid", "x {% comment %} y", 1, 3, "endcomment"},
		"a block that is not closed":           {"a.sms.it.liquid", "x {% if link %} y", 1, 3, "endif"},
		"a block closed by another's end":      {"a.sms.it.liquid", "{% if link %}{% endfor %}{% endif %}", 1, 14, "closes nothing"},
		"an else alone":                        {"a.sms.it.liquid", "{% else %}", 1, 1, "outside"},
		"include":                              {"a.sms.it.liquid", "x {% include 'survey.sms.it.liquid' %}", 1, 3, `"include" is not known`},
		"render":                               {"a.sms.it.liquid", "{% render 'x' %}", 1, 1, "not known"},
		"raw":                                  {"a.sms.it.liquid", "{% raw %}{{ x }}{% endraw %}", 1, 1, "not known"},
		"capture":                              {"a.sms.it.liquid", "{% capture x %}{% endcapture %}", 1, 1, "not known"},
		"tablerow":                             {"a.sms.it.liquid", "{% tablerow x in extra %}{% endtablerow %}", 1, 1, "not known"},
		"a name with a typing error":           {"a.sms.it.liquid", "Ciao {{ frist_name }}", 1, 9, `did you mean "first_name"?`},
		"an unknown name in a condition":       {"a.sms.it.liquid", "{% if lnik %}x{% endif %}", 1, 7, `did you mean "link"?`},
		"an unknown field":                     {"a.sms.it.liquid", "{{ shop.nmae }}", 1, 4, `did you mean "shop.name"?`},
		"an unknown filter":                    {"a.sms.it.liquid", "{% if false %}{{ link | upcas }}{% endif %}", 1, 25, `did you mean "upcase"?`},
		"a filter the library has and we not":  {"a.sms.it.liquid", "{{ link | inspect }}", 1, 11, "unknown filter"},
		"a value of the program that is set":   {"a.sms.it.liquid", "{% assign link = 'https://evil.example' %}{{ link }}", 1, 1, "cannot be set"},
		"a range":                              {"a.sms.it.liquid", "{% for i in (1..1000000000) %}{% endfor %}", 1, 15, "ranges"},
		"three loops inside each other":        {"a.sms.it.liquid", "{% assign l = 'a' | split: ',' %}{% for a in l %}{% for b in l %}{% for c in l %}x{% endfor %}{% endfor %}{% endfor %}", 1, 66, "deep"},
		"a syntax error":                       {"a.sms.it.liquid", "Ciao\n{{ link link }}", 2, 1, "syntax error"},
		"a value that may be missing":          {"a.sms.it.liquid", "Ciao {{ first_name }}", 1, 6, "{% if first_name %}"},
		"missing after a filter":               {"a.sms.it.liquid", "Ciao {{ first_name | upcase | append: ',' }}", 1, 6, "{% if first_name %}"},
		"missing where another is known":       {"a.sms.it.liquid", "{% if first_name %}{{ last_product }}{% endif %}", 1, 20, "last_product"},
		"a coupon that may be missing":         {"a.sms.it.liquid", "x\n{{ coupon.code }}", 2, 1, "coupon.code"},
		"an extra that may be missing":         {"a.sms.it.liquid", "{{ extra.x }}", 1, 1, "extra.x"},
		"a filter with a wrong value":          {"a.sms.it.liquid", "{{ shop.name | date }}", 1, 1, `"date"`},
		"text too long for the limit":          {"a.sms.it.liquid", strings.Repeat("x", 145), 1, 1, "2 segments"},
		"text too long by one foreign letter":  {"a.sms.it.liquid", "你" + strings.Repeat("x", 90), 1, 1, "UCS-2"},
		"output without end":                   {"a.sms.it.liquid", "{% assign l = 'a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a' | split: ',' %}{% for a in l %}{% for b in l %}" + strings.Repeat("x", 60) + "{% endfor %}{% endfor %}", 1, 1, "64 KiB"},
		"a text that doubles":                  {"a.sms.it.liquid", "{% assign l = 'a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a' | split: ',' %}{% assign s = 'xxxxxxxx' %}{% for a in l %}{% assign s = s | append: s %}{% endfor %}{{ s }}", 1, 109, "append"},
		"a replacement that explodes":          {"a.sms.it.liquid", "{% assign s = '" + strings.Repeat("x", 4000) + "' %}{{ s | replace: 'x', s }}", 1, 4020, "replace"},
		"a list too long":                      {"a.sms.it.liquid", "{{ '" + strings.Repeat("a,", 60) + "' | split: ',' }}", 1, 1, "split"},
		"a link to nowhere in an e-mail":       {"a.email.it.liquid", email + "[tap](javascript:alert(1))", 4, 1, "https://"},
		"an e-mail that is empty for somebody": {"a.email.it.liquid", email + "{% if first_name %}x{% endif %}", 4, 1, "empty"},
		"an empty subject for somebody":        {"a.email.it.liquid", "---\nsubject: \"{{ first_name | default: '' }}\"\n---\nx", 1, 1, "subject is empty"},
		"a mistake in the subject":             {"a.email.it.liquid", "---\nsubject: \"{{ frist_name }}\"\n---\nx", 2, 14, "first_name"},
		"a windows file":                       {"a.sms.it.liquid", "\ufeffCiao\r\n{{ lnik }}\r\n", 2, 4, "link"},
	} {
		t.Run(name, func(t *testing.T) {
			set, problems := message.Load(fstest.MapFS{tc.file: {Data: []byte(tc.text)}})
			if len(problems) == 0 {
				t.Fatal("loads without a problem")
			}
			p := problems[0]
			if p.File != tc.file || p.Line != tc.line || p.Column != tc.column || !strings.Contains(p.Text, tc.says) {
				t.Errorf("%s\nwant %s:%d:%d: …%s…", p, tc.file, tc.line, tc.column, tc.says)
			}
			if len(p.Text) > 700 || set.Has("a", message.SMS, "") || set.Has("a", message.Email, "") {
				t.Errorf("the broken template can be used, or its problem is too long: %s", p)
			}
		})
	}
}

func TestAllMistakesComeAtOnce(t *testing.T) {
	_, problems := message.Load(fstest.MapFS{
		"a.sms.it.liquid":     {Data: []byte("{{ frist_name }}\n{{ link | upcas }}\n{% if link %}")},
		"b.email.it.liquid":   {Data: []byte("---\nfoo: x\n---\n}}")},
		"c.sms.xx.txt":        {Data: []byte("x")},
		"README.md":           {Data: []byte("not a template")},
		".hidden":             {Data: []byte("nor this")},
		"old/a.sms.it.liquid": {Data: []byte("nor this {{")},
	})
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column))
	}
	want := []string{
		"a.sms.it.liquid:1:4", "a.sms.it.liquid:2:11", "a.sms.it.liquid:3:1",
		"b.email.it.liquid:2:1", "b.email.it.liquid:1:1", "b.email.it.liquid:4:1", "c.sms.xx.txt:0:0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s\n%v", diff, problems)
	}
}

func TestAnOwnFileReplacesTheBuiltinOne(t *testing.T) {
	set := own(t, "survey.sms.it.liquid", "Il mio testo {{ link }}")
	in := contacts()["full"]
	in.Locale = "it"
	m, err := set.Compose("survey", message.SMS, in)
	if err != nil || m.Text != "Il mio testo "+in.Link+" STOP per uscire" {
		t.Errorf("%q, %v", m.Text, err)
	}
	in.Locale = "en"
	if m, err = set.Compose("survey", message.SMS, in); err != nil || !strings.HasPrefix(m.Text, "Hi Anna! We miss you") {
		t.Errorf("the English one changed too: %q, %v", m.Text, err)
	}
	if m, err = load(t).Compose("survey", message.SMS, contacts()["full"]); err != nil || !strings.HasPrefix(m.Text, "Ciao Anna!") {
		t.Errorf("another set changed too: %q, %v", m.Text, err)
	}
}

func TestABrokenFileDoesNotFallBackToTheBuiltinText(t *testing.T) {
	set, problems := message.Load(fstest.MapFS{"survey.sms.it.liquid": {Data: []byte("{{ x }}")}})
	if len(problems) != 1 {
		t.Fatalf("%v", problems)
	}
	in := contacts()["full"]
	in.Locale = "it"
	if m, err := set.Compose("survey", message.SMS, in); err == nil && m.Locale == "it" {
		t.Errorf("the built-in text went out: %q", m.Text)
	}
}

func TestCheckUsesTheShopsOwnData(t *testing.T) {
	set := own(t, "own.sms.it.liquid", "{{ shop.name }} {{ link }} "+strings.Repeat("x", 60))
	base := contacts()["empty"]
	if problems := set.Check(base); len(problems) > 0 {
		t.Fatalf("fits with a number: %v", problems)
	}
	base.SMSOptOut = message.OptOutLink
	problems := set.Check(base)
	if len(problems) != 1 || problems[0].File != "own.sms.it.liquid" || !strings.Contains(problems[0].Text, "2 segments") {
		t.Errorf("%v", problems)
	}
}
