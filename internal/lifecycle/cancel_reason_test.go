package lifecycle_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
)

// The table of docs/templates.md: what sources, surveys and people say, by the
// class that it comes to.
func TestReasonsOfTheDocumentedTable(t *testing.T) {
	page, err := os.ReadFile("../../docs/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [^|]+ \\| ([^|]+) \\| ([^|]+) \\|$")
	quoted := regexp.MustCompile("`([^`]+)`|\"([^\"]+)\"")
	seen := map[string]int{}
	for _, m := range row.FindAllStringSubmatch(string(page), -1) {
		for _, q := range quoted.FindAllStringSubmatch(m[2]+m[3], -1) {
			seen[m[1]]++
			if got := lifecycle.ClassOfReason(q[1] + q[2]); string(got) != m[1] {
				t.Errorf("%q is %q, the page says %q", q[1]+q[2], got, m[1])
			}
		}
	}
	for _, c := range []lifecycle.CancelClass{
		lifecycle.CancelPrice, lifecycle.CancelMissing, lifecycle.CancelUnused, lifecycle.CancelService,
		lifecycle.CancelMoved, lifecycle.CancelFraud, lifecycle.CancelPayment, lifecycle.CancelOther,
	} {
		if seen[string(c)] < 2 {
			t.Errorf("the page has %d examples of %s", seen[string(c)], c)
		}
	}
}

func TestReasonsAsPeopleWriteThem(t *testing.T) {
	for words, want := range map[string]lifecycle.CancelClass{
		"": "", "  \n": "", "…": "",
		"Troppo CARO!":                                            lifecycle.CancelPrice,
		"È troppo caro per quello che offre":                      lifecycle.CancelPrice,
		"non posso più permettermelo":                             lifecycle.CancelPrice,
		"too_expensive: I cannot afford it":                       lifecycle.CancelPrice,
		"Motivi economici":                                        lifecycle.CancelPrice,
		"spesso dimentico di ordinare":                            lifecycle.CancelOther,
		"Non lo uso abbastanza":                                   lifecycle.CancelUnused,
		"Il servizio non mi serve più":                            lifecycle.CancelUnused,
		"ho finito il corso":                                      lifecycle.CancelUnused,
		"Mi manca il tempo":                                       lifecycle.CancelUnused,
		"I don't have time":                                       lifecycle.CancelUnused,
		"I don’t need it any more":                                lifecycle.CancelUnused,
		"Manca l'integrazione con il gestionale":                  lifecycle.CancelMissing,
		"switched_service":                                        lifecycle.CancelMissing,
		"Ho trovato di meglio":                                    lifecycle.CancelMissing,
		"L'app non funziona mai":                                  lifecycle.CancelService,
		"mancano delle funzioni":                                  lifecycle.CancelMissing,
		"pacco arrivato in ritardo":                               lifecycle.CancelService,
		"il servizio clienti non ha mai risposto, e costa troppo": lifecycle.CancelService,
		"Mi trasferisco all'estero":                               lifecycle.CancelMoved,
		"We are closing the business":                             lifecycle.CancelMoved,
		"mia madre è deceduta":                                    lifecycle.CancelMoved,
		"I never authorised this, it is fraud":                    lifecycle.CancelFraud,
		"payment_disputed":                                        lifecycle.CancelFraud,
		"payment_failed":                                          lifecycle.CancelPayment,
		"Max number of charge attempts reached":                   lifecycle.CancelPayment,
		"cancellation_requested":                                  lifecycle.CancelOther,
		"purtroppo devo":                                          lifecycle.CancelOther,
		"搬家了":                                                     lifecycle.CancelOther,
	} {
		if got := lifecycle.ClassOfReason(words); got != want {
			t.Errorf("%q is %q, want %q", words, got, want)
		}
	}
}

func TestAnAnswerSaysMoreThanTheSource(t *testing.T) {
	day := time.Date(2026, time.May, 1, 9, 0, 0, 0, time.UTC)
	r := lifecycle.Rules{Journeys: []lifecycle.Journey{{Name: "cancellation", Trigger: lifecycle.OnCancellation}, {Name: "reactivation", Trigger: lifecycle.OnInactivity}}}
	answer := func(journey, choice, text string, at time.Time) lifecycle.Answer {
		return lifecycle.Answer{At: at, Kind: lifecycle.ResponseAnswer, Journey: journey, Choice: choice, Text: text}
	}
	for name, tc := range map[string]struct {
		told    string
		answers []lifecycle.Answer
		want    lifecycle.CancelClass
	}{
		"nothing is known":              {"", nil, ""},
		"the source's words":            {"too_expensive", nil, lifecycle.CancelPrice},
		"the answer counts more":        {"too_expensive", []lifecycle.Answer{answer("cancellation", "", "la consegna è sempre in ritardo", day.Add(time.Hour))}, lifecycle.CancelService},
		"an answer that says less":      {"too_expensive", []lifecycle.Answer{answer("cancellation", "", "boh", day.Add(time.Hour))}, lifecycle.CancelPrice},
		"a choice before words":         {"", []lifecycle.Answer{answer("cancellation", "price", "e la consegna è in ritardo", day.Add(time.Hour))}, lifecycle.CancelPrice},
		"words beside an open choice":   {"too_expensive", []lifecycle.Answer{answer("cancellation", "other", "la consegna è in ritardo", day.Add(time.Hour))}, lifecycle.CancelService},
		"an answer alone":               {"", []lifecycle.Answer{answer("cancellation", "", "boh", day.Add(time.Hour))}, lifecycle.CancelOther},
		"the newest answer":             {"", []lifecycle.Answer{answer("cancellation", "", "caro", day.Add(time.Hour)), answer("cancellation", "", "mi trasferisco", day.Add(2*time.Hour))}, lifecycle.CancelMoved},
		"an answer of another journey":  {"unused", []lifecycle.Answer{answer("reactivation", "price", "", day.Add(time.Hour))}, lifecycle.CancelUnused},
		"an answer of the time before":  {"unused", []lifecycle.Answer{answer("cancellation", "", "caro", day.Add(-time.Hour))}, lifecycle.CancelUnused},
		"a journey that is gone by now": {"unused", []lifecycle.Answer{answer("farewell", "", "caro", day.Add(time.Hour))}, lifecycle.CancelUnused},
	} {
		t.Run(name, func(t *testing.T) {
			c := lifecycle.Contact{State: lifecycle.Cancelled, Since: day, CancelReason: tc.told, Answers: tc.answers}
			if got := r.CancelClass(&c); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

// FuzzClassOfReason holds that the class depends on words alone, and that a
// reason is never taken for no reason.
func FuzzClassOfReason(f *testing.F) {
	for _, s := range []string{"", "Troppo caro", "missing_features: no API", "non funziona\x00", "\xff\xfe", "È FRODE", "İ", strings.Repeat("a ", 200)} {
		f.Add(s)
	}
	known := []lifecycle.CancelClass{
		"", lifecycle.CancelPrice, lifecycle.CancelMissing, lifecycle.CancelUnused, lifecycle.CancelService,
		lifecycle.CancelMoved, lifecycle.CancelFraud, lifecycle.CancelPayment, lifecycle.CancelOther,
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := lifecycle.ClassOfReason(s)
		if !slices.Contains(known, got) {
			t.Fatalf("%q", got)
		}
		if again := lifecycle.ClassOfReason("  " + s + " .. "); again != got {
			t.Errorf("%q, with blanks around %q", got, again)
		}
	})
}
