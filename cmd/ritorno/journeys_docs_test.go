package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ritorno/config"
	"ritorno/internal/message"
)

// journeysPage is docs/journeys.md and its blocks of one language.
func journeysPage(t *testing.T, language string) (page string, blocks []string) {
	t.Helper()
	raw, err := os.ReadFile("../../docs/journeys.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(raw), -1) {
		blocks = append(blocks, m[1])
	}
	return string(raw), blocks
}

// journeyExamples are the configurations of the page: blocks that are journeys alone
// take the place of those of the first.
func journeyExamples(t *testing.T) []string {
	t.Helper()
	_, blocks := journeysPage(t, "yaml")
	if len(blocks) < 7 {
		t.Fatalf("only %d blocks", len(blocks))
	}
	head, _, _ := strings.Cut(blocks[0], "\njourneys:\n")
	for i, b := range blocks {
		if strings.HasPrefix(b, "journeys:\n") {
			blocks[i] = head + "\n" + b
		}
	}
	return blocks
}

// What an owner copies from the page must be without a mistake, and without a
// warning about the journey itself.
func TestEveryJourneyOfThePageIsRight(t *testing.T) {
	set, bad := message.Load(nil)
	if len(bad) > 0 {
		t.Fatal(bad)
	}
	for i, src := range journeyExamples(t) {
		c, problems := config.Parse("journeys.md", []byte(src), nil)
		for _, p := range append(problems, c.Check(written{set})...) {
			if !p.Warning || strings.HasPrefix(p.Path, "journeys.") || strings.Contains(p.Path, ".offers.") {
				t.Errorf("block %d: %s\n%s", i+1, p, src)
			}
		}
		if len(c.Journeys) != 1 {
			t.Errorf("block %d: %d journeys", i+1, len(c.Journeys))
		}
	}
}

// What the page prints of journey show is what the command prints.
func TestThePageShowsJourneysAsTheCommandDoes(t *testing.T) {
	page, _ := journeysPage(t, "text")
	examples := journeyExamples(t)
	for name, src := range map[string]string{"gentle": examples[0], "welcome_vip": examples[len(examples)-1]} {
		var out strings.Builder
		if err := printJourney(&out, lookedAt(t, src, name)); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(page, "```text\n"+out.String()+"```") {
			t.Errorf("the page does not show %s so:\n%s", name, out.String())
		}
	}
}

// The page quotes the Italian words of every built-in journey.
func TestThePageQuotesEveryBuiltInMessage(t *testing.T) {
	page, _ := journeysPage(t, "text")
	src := journeyExamples(t)[0]
	for _, name := range []string{"reactivation", "welcome_back", "cancellation", "cancellation_door", "early_warning", "payment_failed"} {
		_, section, found := strings.Cut(page, "\n### `"+name+"`")
		if !found {
			t.Errorf("the page has no section on %s", name)
			continue
		}
		section, _, _ = strings.Cut(section, "\n##")
		for _, s := range lookedAt(t, src, name).Steps {
			for _, w := range s.Words {
				words, _, _ := strings.Cut(w.Subject+w.Text, " https://")
				if !strings.Contains(section, `"`+words+`"`) {
					t.Errorf("%s, step %d by %s: the page does not quote %q", name, s.Step, w.Channel, words)
				}
			}
		}
	}
}

// lookedAt is what journey show knows of a journey.
func lookedAt(t *testing.T, src, name string) journeyView {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ritorno.yaml")
	if err := os.WriteFile(file, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := (&journeyOptions{}).view(&globals{config: file}, name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Every message of check that the page quotes is one that check really says.
func TestThePageQuotesCheckTruly(t *testing.T) {
	page, _ := journeysPage(t, "text")
	quoted := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z-]+\.yaml):\d+:\d+: .*$`).FindAllStringSubmatch(page, -1) {
		raw, err := os.ReadFile(filepath.Join("../../config/testdata/journeys-broken", m[1]))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(raw), says+m[0]+"\n") {
			t.Errorf("check does not say: %s", m[0])
		}
		quoted[m[1]] = true
	}
	if len(quoted) < 10 {
		t.Errorf("only %d messages are quoted: %v", len(quoted), slices.Sorted(maps.Keys(quoted)))
	}
}
