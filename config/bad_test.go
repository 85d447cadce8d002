package config_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ritorno/config"
)

var update = flag.Bool("update", false, "write the expected messages of testdata/bad-*.yaml anew")

// builtins stands for the installation's templates.
type builtins struct{}

func (builtins) Has(name, channel, _ string) bool {
	switch name {
	case "survey", "contest", "coupon":
		return true
	case "welcome_back_memory", "welcome_back_news", "welcome_back_stay", "welcome_back_check",
		"cancellation_sorry", "cancellation_offer":
		return channel == "email"
	}
	return false
}

// problems is everything that check says about a file, one a line.
func problems(name string, src []byte) string {
	c, found := config.Parse(name, src, nil)
	var b strings.Builder
	for _, p := range append(found, c.Check(builtins{})...) {
		b.WriteString(p.String() + "\n")
	}
	return b.String()
}

// Every bad-*.yaml has its messages beside it, in bad-*.txt. Run with -update
// after adding one, and read what it wrote.
func TestEveryMistakeIsReportedWithItsPlaceAndMend(t *testing.T) {
	files, err := filepath.Glob("testdata/bad-*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	mistakes := 0
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := problems(filepath.Base(file), src)
			expected := strings.TrimSuffix(file, ".yaml") + ".txt"
			if *update {
				if err := os.WriteFile(expected, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(expected)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Errorf("messages differ (-want +got):\n%s", d)
			}
			if len(want) == 0 {
				t.Error("a bad file without a message")
			}
			mistakes += strings.Count(got, "\n")
		})
	}
	if mistakes < 100 {
		t.Errorf("only %d messages in all files", mistakes)
	}
}

func TestTenMistakesGiveTenProblems(t *testing.T) {
	src, err := os.ReadFile("testdata/bad-ten-mistakes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, found := config.Parse("ritorno.yaml", src, nil)
	if len(found) != 10 {
		t.Errorf("%d problems: %v", len(found), found)
	}
	lines := map[int]bool{}
	for _, p := range found {
		if p.Warning {
			t.Errorf("only a warning: %s", p)
		}
		lines[p.Line] = true
	}
	if len(lines) != 10 {
		t.Errorf("the problems stand on %d lines", len(lines))
	}
}
