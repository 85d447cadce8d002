package message_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/message"
)

var update = flag.Bool("update", false, "write the golden files anew")

// expected are the templates that must exist, with the languages of each channel.
var expected = map[message.Channel][]string{
	message.SMS: {"contest", "coupon", "survey"},
	message.Email: {
		"cancellation_offer", "cancellation_sorry", "contest", "coupon", "survey",
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
	full.Plan, full.Module, full.CancelReason = "Mensile", "Consegne", "Troppo caro"
	full.Coupon = message.Coupon{Code: "BCDF2345", Percent: "15", Expires: time.Date(2026, time.November, 30, 23, 0, 0, 0, rome)}
	full.Extra = map[string]string{"rules_url": "https://bottega.example/concorso"}
	hostile := full
	hostile.FirstName = "<script>alert('x')</script>"
	hostile.LastName = "Rossi\r\nBcc: victim@evil.example"
	hostile.LastProduct = "{{ link }}{% raw %} [win](https://evil.example/x) www.evil.example evil.example/x \"><img src=x> \u202e\u200b\x00"
	hostile.Plan, hostile.Module = "a\r\nX-Evil: 1", "<b onmouseover=x>&amp;"
	hostile.CancelReason = strings.Repeat("Ünïcödé 🎁 ", 40)
	hostile.LastOrderTotal, hostile.Spent, hostile.Orders = "1e9999999", "<i>", -1
	hostile.Coupon = message.Coupon{Code: "<u>'\"&{{", Percent: "15%"}
	hostile.Extra = map[string]string{"rules_url": "javascript:alert(1)"}
	return map[string]message.Input{"empty": empty, "full": full, "hostile": hostile}
}

func TestBuiltinTemplatesReadAsRecorded(t *testing.T) {
	set := load(t)
	for channel, names := range expected {
		for _, name := range names {
			for _, lang := range []string{"it", "en"} {
				t.Run(fmt.Sprintf("%s.%s.%s", name, channel, lang), func(t *testing.T) {
					golden(t, fmt.Sprintf("%s.%s.%s", name, channel, lang), transcript(t, set, name, channel, lang))
				})
			}
		}
	}
}

// transcript shows one template for all contacts; an SMS also for a sender
// that cannot receive.
func transcript(t *testing.T, set *message.Set, name string, channel message.Channel, lang string) string {
	t.Helper()
	var b strings.Builder
	for _, who := range []string{"empty", "full", "hostile"} {
		modes := []string{message.OptOutStop}
		if channel == message.SMS {
			modes = append(modes, message.OptOutLink)
		}
		for _, mode := range modes {
			in := contacts()[who]
			in.Locale, in.SMSOptOut = lang, mode
			m, err := set.Compose(name, channel, in)
			if err != nil {
				t.Fatalf("%s, %s: %v", who, mode, err)
			}
			fmt.Fprintf(&b, "=== %s, %s\n", who, mode)
			if channel == message.SMS {
				fmt.Fprintf(&b, "%d segment, %d units, %s\n%s\n\n", m.Segments, m.Units, m.Encoding, m.Text)
				continue
			}
			fmt.Fprintf(&b, "Subject: %s\n\n%s\n--- HTML\n%s\n", m.Subject, m.Text, m.HTML)
		}
	}
	return b.String()
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
