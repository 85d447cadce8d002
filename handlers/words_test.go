package handlers

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"ritorno/internal/lifecycle"
)

// eachText calls f with every text of words and with its place.
func eachText(v reflect.Value, path string, f func(path, text string)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			eachText(v.Field(i), path+"."+v.Type().Field(i).Name, f)
		}
	case reflect.Slice:
		if v.Len() == 0 {
			f(path, "")
		}
		for i := range v.Len() {
			switch e := v.Index(i).Interface().(type) {
			case choice:
				f(path+"["+e.Value+"]", e.Text)
			case string:
				f(fmt.Sprintf("%s[%d]", path, i), e)
			}
		}
	default:
		f(path, v.String())
	}
}

func textsOf(w *words) map[string]string {
	all := map[string]string{}
	eachText(reflect.ValueOf(*w), "", func(path, text string) { all[path] = text })
	return all
}

// TestEveryTextIsThereInEveryLanguage: no language lacks a key of another, a
// choice has the same value everywhere, and none was left untranslated.
func TestEveryTextIsThereInEveryLanguage(t *testing.T) {
	same := map[string]bool{".PrefEmail": true} // the word is the same
	for _, b := range lifecycle.Businesses() {
		en, it := textsOf(texts["en"][b]), textsOf(texts["it"][b])
		if len(en) < 100 {
			t.Fatalf("only %d texts were found", len(en))
		}
		for path, text := range en {
			switch other, ok := it[path]; {
			case !ok:
				t.Errorf("%s: Italian lacks %s", b, path)
			case text == "" || other == "":
				t.Errorf("%s: %s is empty", b, path)
			case text == other && !same[path]:
				t.Errorf("%s: %s is %q in both languages", b, path, text)
			}
		}
		for path := range it {
			if _, ok := en[path]; !ok {
				t.Errorf("%s: English lacks %s", b, path)
			}
		}
	}
	if len(texts) != 2 {
		t.Errorf("%d languages: compare the others, too", len(texts))
	}
}

// TestEveryBusinessHasItsOwnWords where the words must differ: an order is no
// donation, no course and no subscription.
func TestEveryBusinessHasItsOwnWords(t *testing.T) {
	for lang, word := range map[string]map[lifecycle.Business]string{
		"it": {lifecycle.Ecommerce: "ordine", lifecycle.SaaS: "abbonamento", lifecycle.Education: "corso", lifecycle.Donations: "donazione"},
		"en": {lifecycle.Ecommerce: "order", lifecycle.SaaS: "subscription", lifecycle.Education: "course", lifecycle.Donations: "donation"},
	} {
		for b, own := range word {
			w := wordsFor(lang, b)
			if !strings.Contains(w.Survey.Ask, own) {
				t.Errorf("%s %s: the survey asks %q", lang, b, w.Survey.Ask)
			}
			for other, not := range word {
				for path, text := range textsOf(w) {
					if other != b && regexp.MustCompile(`(?i)\b`+not+`\b`).MatchString(text) {
						t.Errorf("%s %s: %s speaks of %q: %s", lang, b, path, not, text)
					}
				}
			}
		}
	}
	if got := wordsFor("de-AT", "circus"); got != texts["en"][lifecycle.Ecommerce] {
		t.Errorf("an unknown language and business speak %s", got.Lang)
	}
}

// TestTheReasonsForLeavingAreTheClassesOfReasons, so that an answer says the
// same as a source's words would.
func TestTheReasonsForLeavingAreTheClassesOfReasons(t *testing.T) {
	for lang, all := range texts {
		for b, w := range all {
			for _, c := range w.Leave.Choices {
				if got := lifecycle.ClassOfReason(c.Value); string(got) != c.Value {
					t.Errorf("%s %s: %s counts as %s", lang, b, c.Value, got)
				}
			}
			if len(w.Leave.Choices) != 6 {
				t.Errorf("%s %s: %d reasons", lang, b, len(w.Leave.Choices))
			}
		}
	}
}

func TestChoicesAreToldApart(t *testing.T) {
	for lang, all := range texts {
		for b, w := range all {
			for _, list := range [][]choice{w.Survey.Choices, w.Back.Choices, w.Stay.Choices, w.Check.Choices, w.Leave.Choices, w.LeaveReasons} {
				values, said := map[string]bool{}, map[string]bool{}
				for _, c := range list {
					if values[c.Value] || said[c.Text] || !regexp.MustCompile(`^[a-z_]{1,64}$`).MatchString(c.Value) {
						t.Errorf("%s %s: the choice %q stands there twice, or is no word", lang, b, c)
					}
					values[c.Value], said[c.Text] = true, true
				}
			}
		}
	}
}

// TestNoTextIsUnused: every key stands in a page or in the code that fills it.
func TestNoTextIsUnused(t *testing.T) {
	var used strings.Builder
	for _, pattern := range []string{"*.go", "pages/*.html"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			if strings.HasPrefix(file, "words") || strings.HasSuffix(file, "_test.go") {
				continue
			}
			src, err := fs.ReadFile(os.DirFS("."), file)
			if err != nil {
				t.Fatal(err)
			}
			used.Write(src)
		}
	}
	keys := map[string]bool{"Days": true, "Months": true} // these are read by day itself
	for _, m := range regexp.MustCompile(`\b(?:T|w|Question|Invite|question|Discount|News|i|Back|Survey|Stay|Check|Leave)\.(\w+)`).FindAllStringSubmatch(used.String(), -1) {
		keys[m[1]] = true
	}
	for path := range textsOf(&english) {
		for key := range strings.SplitSeq(strings.TrimPrefix(path, "."), ".") {
			if key, _, _ = strings.Cut(key, "["); !keys[key] {
				t.Errorf("%s is used nowhere", path)
			}
		}
	}
}
