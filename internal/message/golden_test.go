package message_test

import (
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/lifecycle"
	"ritorno/internal/message"
)

var update = flag.Bool("update", false, "write the golden files anew")

// expected are the templates that must exist, with the languages of each channel.
var expected = map[message.Channel][]string{
	message.SMS: {"contest", "coupon", "early_warning", "payment_failed", "survey"},
	message.Email: {
		"cancellation_door", "cancellation_offer", "cancellation_sorry", "contest", "coupon", "early_warning", "payment_failed", "survey",
		"welcome_back_check", "welcome_back_memory", "welcome_back_news", "welcome_back_stay",
	},
}

func load(t testing.TB) *message.Set {
	t.Helper()
	set, problems := message.Load(nil)
	if len(problems) > 0 {
		t.Fatalf("built-in templates: %v", problems)
	}
	return set
}

// contacts are the three that every built-in template is shown for.
func contacts() map[string]message.Input {
	rome, err := time.LoadLocation("Europe/Rome")
	if err != nil {
		panic(err)
	}
	empty := message.Input{
		ShopLocale:     "it",
		Timezone:       rome,
		Now:            time.Date(2026, time.November, 2, 9, 0, 0, 0, time.UTC),
		Shop:           message.Shop{Name: "Bottega Rossi", HomeURL: "https://bottega.example", Currency: "EUR", Country: "IT"},
		Link:           "https://ritorno.example.com/l/AbCdEfGhIj",
		UnsubscribeURL: "https://ritorno.example.com/u/AbCdEfGhIj",
		PreferencesURL: "https://ritorno.example.com/u/AbCdEfGhIj?show=all",
	}
	full := empty
	full.FirstName, full.LastName = "Anna", "De Santis"
	full.LastProduct = "Maglione rosso"
	full.LastOrderAt = time.Date(2026, time.September, 2, 22, 30, 0, 0, time.UTC) // the 3rd in Rome
	full.LastOrderTotal, full.Orders, full.Spent, full.Currency = "49.90", 3, "1149.70", "EUR"
	full.Plan, full.Module, full.CancelReason, full.CancelReasonClass = "Mensile", "Consegne", "Troppo caro", "price"
	full.Coupon = message.Coupon{Code: "BCDF2345", Percent: "15", Expires: time.Date(2026, time.November, 30, 23, 0, 0, 0, rome)}
	full.Extra = map[string]string{"rules_url": "https://bottega.example/concorso"}
	hostile := full
	hostile.FirstName = "<script>alert('x')</script>"
	hostile.LastName = "Rossi\r\nBcc: victim@evil.example"
	hostile.LastProduct = "{{ link }}{% raw %} [win](https://evil.example/x) www.evil.example evil.example/x \"><img src=x> \u202e\u200b\x00"
	hostile.Plan, hostile.Module = "a\r\nX-Evil: 1", "<b onmouseover=x>&amp;"
	hostile.CancelReason = strings.Repeat("Ünïcödé 🎁 ", 40)
	hostile.LastOrderTotal, hostile.Spent, hostile.Orders = "1e9999999", "<i>", -1
	hostile.CancelReasonClass, hostile.Framing, hostile.Business = "<b>", "{{", "../saas"
	hostile.Offer = message.Offer{Kind: "<b>", Type: "{{ link }}", Percent: "999", Amount: "NaN", Text: "<script>[x](https://evil.example)", Expires: time.Time{}.Add(1)}
	hostile.Shop.Person, hostile.Shop.Phone = "<i>", "tel:+39 02\r\n"
	hostile.Coupon = message.Coupon{Code: "<u>'\"&{{", Percent: "15%"}
	hostile.Extra = map[string]string{"rules_url": "javascript:alert(1)"}
	goodbye := full
	goodbye.Last, goodbye.Opened, goodbye.Framing = true, true, message.FramingLoss
	goodbye.Shop.Person, goodbye.Shop.Phone = "Giulia", "+39 02 1234567"
	unopened := full
	unopened.Last, unopened.Coupon, unopened.CancelReasonClass = true, message.Coupon{}, "service"
	unopened.Offer = message.Offer{Kind: "material", Type: "surprise", Expires: full.Coupon.Expires}
	return map[string]message.Input{"empty": empty, "full": full, "goodbye": goodbye, "unopened": unopened, "hostile": hostile}
}

// who are the contacts in the order of the transcripts; the last ones are the
// full one as others meet it.
func who() []string { return []string{"empty", "full", "goodbye", "unopened", "hostile"} }

// businesses are the kinds of business that the built-in words are for.
func businesses() []string {
	var list []string
	for _, b := range lifecycle.Businesses() {
		list = append(list, string(b))
	}
	return list
}

// Every template of every business in both languages, for each of the
// contacts: what is read in the golden files is what people get.
func TestBuiltinTemplatesReadAsRecorded(t *testing.T) {
	set := load(t)
	for _, business := range businesses() {
		for channel, names := range expected {
			for _, name := range names {
				for _, lang := range []string{"it", "en"} {
					file := fmt.Sprintf("%s.%s.%s.%s", name, business, channel, lang)
					t.Run(file, func(t *testing.T) {
						golden(t, file, transcript(t, set, name, business, channel, lang))
					})
				}
			}
		}
	}
}

// The words for each reason of a cancellation.
func TestBuiltinWordsForEachReason(t *testing.T) {
	set := load(t)
	for _, business := range businesses() {
		for _, lang := range []string{"it", "en"} {
			var b strings.Builder
			for _, name := range []string{"cancellation_sorry", "cancellation_offer"} {
				for _, class := range []string{"price", "missing_feature", "unused", "service", "moved", "fraud", "payment", "other", ""} {
					in := contacts()["full"]
					in.Business, in.Locale, in.CancelReasonClass, in.Coupon = business, lang, class, message.Coupon{}
					in.Shop.Person, in.Shop.Phone = "Giulia", "+39 02 1234567"
					m, err := set.Compose(name, message.Email, in)
					if err != nil {
						t.Fatal(err)
					}
					fmt.Fprintf(&b, "=== %s, reason %q\n", name, class)
					written(&b, m)
				}
			}
			golden(t, "reasons."+business+"."+lang, b.String())
		}
	}
}

// The page of an e-mail as mail programs get it, with and without a brand.
func TestThePageOfAnEmailIsAsRecorded(t *testing.T) {
	set := load(t)
	for who, in := range contacts() {
		in.Locale = "it"
		for name, brand := range map[string]lifecycle.Brand{"plain": {}, "brand": {
			Color: "#ffd100", TextColor: "#000000", Logo: "https://bottega.example/logo.png?a=1&b=2",
			Address: "Bottega \"Rossi\" & figli, Via Roma 1, 20121 Milano", Font: "Georgia,'Times New Roman',serif",
		}} {
			if who != "full" && name == "brand" {
				continue
			}
			in.Shop.Brand = brand
			m, err := set.Compose("coupon", message.Email, in)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "page."+who+"."+name, m.HTML)
		}
	}
}

// transcript shows one template for all contacts; an SMS also for a sender
// that cannot receive.
func transcript(t *testing.T, set *message.Set, name, business string, channel message.Channel, lang string) string {
	t.Helper()
	var b strings.Builder
	for _, who := range who() {
		modes := []string{message.OptOutStop}
		if channel == message.SMS {
			modes = append(modes, message.OptOutLink)
		}
		for _, mode := range modes {
			in := contacts()[who]
			in.Locale, in.SMSOptOut, in.Business = lang, mode, business
			m, err := set.Compose(name, channel, in)
			if err != nil {
				t.Fatalf("%s, %s: %v", who, mode, err)
			}
			if channel == message.SMS {
				fmt.Fprintf(&b, "=== %s, %s\n%d segment, %d units, %s\n%s\n\n", who, mode, m.Segments, m.Units, m.Encoding, m.Text)
				if m.Segments != 1 || m.Encoding != "GSM-7" {
					t.Errorf("%s, %s: %d segments of %s: %q", who, mode, m.Segments, m.Encoding, m.Text)
				}
				continue
			}
			fmt.Fprintf(&b, "=== %s\n", who)
			written(&b, m)
		}
	}
	return b.String()
}

var preheader = regexp.MustCompile(`mso-hide:all[^>]*>([^<\x{200c}]*)`)

// written is an e-mail as it is read, without what stands below every one.
func written(b *strings.Builder, m message.Message) {
	text, _, _ := strings.Cut(m.Text, "\n-- \n")
	fmt.Fprintf(b, "Subject: %s\nPreheader: %s\n\n%s\n", m.Subject, html.UnescapeString(preheader.FindStringSubmatch(m.HTML)[1]), text)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: run the test with -update", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("differs from %s (run with -update when it should):\n%s", file, diff)
	}
}
