package defect_test

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ritorno/internal/defect"
)

// TestEveryRuleHasATestThatNoticesItsLack builds the packages with the rules
// made switchable and runs the named test of each rule twice: as it is, and
// with the rule switched off. A rule whose test stays green is not tested.
func TestEveryRuleHasATestThatNoticesItsLack(t *testing.T) {
	if testing.Short() {
		t.Skip("builds three packages anew")
	}
	root := "../.."
	bins := map[string]string{}
	for _, r := range defect.Table {
		if bins[r.Package] != "" {
			continue
		}
		bins[r.Package] = filepath.Join(t.TempDir(), path.Base(r.Package)+".test")
		cmd := exec.Command("go", "test", "-c", "-tags", "defects", "-o", bins[r.Package], "./"+r.Package)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", r.Package, err, out)
		}
	}
	run := func(r defect.Rule, planted string) (green bool, out string) {
		var names []string
		for _, part := range strings.Split(r.Test, "/") {
			names = append(names, "^"+part+"$")
		}
		cmd := exec.Command(bins[r.Package], "-test.run", strings.Join(names, "/"), "-test.v", "-test.timeout", "120s")
		cmd.Dir = filepath.Join(root, filepath.FromSlash(r.Package))
		cmd.Env = append(os.Environ(), "RITORNO_DEFECT="+planted)
		b, err := cmd.CombinedOutput()
		if !strings.Contains(string(b), "--- PASS: "+r.Test) && !strings.Contains(string(b), "--- FAIL: "+r.Test) && err == nil {
			t.Errorf("%s: there is no test %s in %s", r.Name, r.Test, r.Package)
		}
		return err == nil, string(b)
	}
	for _, r := range defect.Table {
		t.Run(r.Name, func(t *testing.T) {
			if green, out := run(r, ""); !green {
				t.Fatalf("%s is red as it is:\n%s", r.Test, out)
			}
			if green, _ := run(r, r.Name); green {
				t.Errorf("without the rule that %s, %s stays green", r.Says, r.Test)
			}
		})
	}
}

// TestEveryRuleInTheCodeStandsInTheTable holds table and code together.
func TestEveryRuleInTheCodeStandsInTheTable(t *testing.T) {
	var inCode []string
	for _, dir := range []string{"connectors/transport", "internal/engine", "internal/store"} {
		files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			src, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range strings.Split(string(src), `defect.On("`)[1:] {
				name, _, _ := strings.Cut(part, `"`)
				inCode = append(inCode, name)
			}
		}
	}
	var inTable []string
	for _, r := range defect.Table {
		inTable = append(inTable, r.Name)
	}
	slices.Sort(inCode)
	slices.Sort(inTable)
	if inCode = slices.Compact(inCode); !slices.Equal(inCode, inTable) {
		t.Errorf("in the code  %v\nin the table %v", inCode, inTable)
	}
}
