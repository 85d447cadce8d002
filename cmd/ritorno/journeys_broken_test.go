package main

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is expected of testdata anew")

// says begins the comment at the end of a file with what check says about it.
const says = "# check says: "

// Every file of config/testdata/journeys-broken has one mistake. The command
// finds that one, at its place, and nothing besides.
func TestEveryBrokenJourneyIsFoundOut(t *testing.T) {
	t.Chdir("../../config/testdata/journeys-broken")
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) < 80 {
		t.Fatalf("only %d files: %v", len(files), err)
	}
	texts := map[string]bool{}
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".yaml"), func(t *testing.T) {
			out, code := checked(file)
			want, src := expectedOf(t, file, out)
			if d := cmp.Diff(want, out); d != "" {
				t.Fatalf("check says something else (-want +got):\n%s", d)
			}
			if warning := strings.Contains(out, ": warning: "); warning != (code == 0) || !warning && code != exitUsage {
				t.Errorf("exit code %d", code)
			}
			pointsAtTheMistake(t, file, src, out)
			_, text, _ := strings.Cut(out, ": ")
			texts[text] = true
		})
	}
	if len(texts) < 75 {
		t.Errorf("only %d different texts", len(texts))
	}
}

// checked runs ritorno check and returns the mistakes and warnings, and the
// exit code.
func checked(file string) (string, int) {
	var out, errs bytes.Buffer
	root := newRoot()
	root.SetArgs([]string{"check", "--config", file})
	root.SetOut(&out)
	root.SetErr(&errs)
	err := root.Execute()
	var usage usageError
	switch {
	case err == nil:
		return strings.TrimSpace(errs.String()), 0
	case errors.As(err, &usage):
		return strings.TrimSpace(errs.String() + err.Error()), exitUsage
	}
	return strings.TrimSpace(errs.String() + err.Error()), exitFailed
}

// expectedOf reads the comment at the end of a file, which -update writes, and
// the lines of the file.
func expectedOf(t *testing.T, file, got string) (want string, lines []string) {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	body, want, found := strings.Cut(string(src), says)
	if *update {
		want = strings.ReplaceAll(got, "\n", "\n# ")
		if err := os.WriteFile(file, []byte(body+says+want+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !found {
		t.Fatalf("has no line %q at its end: run with -update and read what it wrote", says)
	}
	return strings.TrimSpace(strings.ReplaceAll(want, "\n# ", "\n")), strings.Split(body, "\n")
}

var finding = regexp.MustCompile(`^([^:]+):(\d+):(\d+): (?:warning: )?(?:([a-z]+)\.[^ ]+: |shop bottega: )?[^:]+`)

// pointsAtTheMistake wants one finding, with a line of the section that it is
// about, or of the owner's template.
func pointsAtTheMistake(t *testing.T, file string, src []string, out string) {
	t.Helper()
	m := finding.FindStringSubmatch(out)
	if m == nil || strings.Contains(out, "\n") {
		t.Fatalf("is not one finding with its place:\n%s", out)
	}
	if m[1] != file {
		if _, err := os.Stat(filepath.Join("templates-"+strings.TrimSuffix(file, ".yaml"), m[1])); err != nil {
			t.Errorf("points at %s: %v", m[1], err)
		}
		return
	}
	line, _ := strconv.Atoi(m[2])
	shops, journeys := slices.Index(src, "shops:")+1, slices.Index(src, "journeys:")+1
	switch {
	case shops == 0 || journeys == 0:
		t.Fatal("has no shops or journeys")
	case m[4] == "shops" && (line <= shops || line >= journeys), m[4] != "shops" && line <= journeys, line > len(src):
		t.Errorf("line %d is not in the section that is wrong", line)
	}
}
