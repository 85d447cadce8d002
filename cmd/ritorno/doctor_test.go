package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/embedded"
	"ritorno/internal/store"
)

// TestDoctorBesideAService: the whole way, on the store that a service works
// on: broken by hand, found, repaired, found well.
func TestDoctorBesideAService(t *testing.T) {
	t.Parallel()
	in := newInstance(t, "")
	in.serve()
	if !postUntilTaken(t.Context(), in.url, 1, 1) {
		t.Fatal("the order was not taken")
	}
	out, errs, code := in.run("doctor")
	if code != 0 || strings.Contains(out, "fault  ") || strings.Contains(out, "nobody_works") || !strings.Contains(out, "records: 1 records") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	db := redis.NewClient(&redis.Options{Network: "unix", Addr: embedded.SocketPath(filepath.Join(in.dir, "data"))})
	t.Cleanup(func() { _ = db.Close() })
	found, err := db.Keys(t.Context(), "rit:{s*}:due:*").Result()
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	who := db.ZRange(t.Context(), found[0], 0, 0).Val()
	if err := db.ZIncrBy(t.Context(), found[0], 1, who[0]).Err(); err != nil {
		t.Fatal(err)
	}

	out, errs, code = in.run("doctor")
	if code != 1 || !strings.Contains(out, "fault    due_time: shop bottega, shard ") || !strings.Contains(out, "contact "+who[0]) || !strings.Contains(errs, "1 fault(s)") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	out, errs, code = in.run("doctor", "--repair")
	if code != 0 || !strings.Contains(out, "repaired due_time: shop bottega, shard ") || !strings.Contains(out, "0 fault(s)") || !strings.Contains(out, "1 repaired") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	var report struct {
		OK       bool
		Faults   int
		Findings []store.Finding
	}
	out, errs, code = in.run("doctor", "--json")
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 0 || !report.OK || report.Faults != 0 || len(report.Findings) == 0 {
		t.Errorf("exit %d, %v\n%s%s", code, err, out, errs)
	}
}

// TestAFullDiskIsTold: the room for a second copy of the file is missing.
func TestAFullDiskIsTold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		used, free uint64
		want       store.Level
	}{{1 << 20, 1 << 30, store.LevelOK}, {1 << 30, 1 << 30, store.LevelWarning}, {0, 1 << 20, store.LevelWarning}} {
		f := &store.Findings{}
		addRoom(f, c.used, c.free)
		if len(f.List) != 1 || f.List[0].Level != c.want {
			t.Errorf("%d used, %d free: %+v", c.used, c.free, f.List)
		}
	}
	if n, err := sizeOf("testdata"); err != nil || n == 0 {
		t.Errorf("testdata has %d bytes, %v", n, err)
	}
}

// TestMoreOfTheSameAreCounted: the list is bounded, and says so.
func TestMoreOfTheSameAreCounted(t *testing.T) {
	t.Parallel()
	f := &store.Findings{}
	for range 25 {
		f.Add(store.Finding{Kind: store.DueOrphan, Text: "x"})
	}
	cmd := newDoctor(&globals{})
	var out strings.Builder
	cmd.SetOut(&out)
	if err := printFindings(cmd, &globals{}, f); err != nil || !strings.Contains(out.String(), "fault    due_orphan: and 5 more like these\n") || strings.Count(out.String(), "\n") != 23 {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// TestEveryFindingIsDocumented: the table of docs/operations.md has each kind,
// and no other.
func TestEveryFindingIsDocumented(t *testing.T) {
	t.Parallel()
	root := moduleRootOf(t)
	text := func(name string) string {
		b, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	named := regexp.MustCompile(`(?m)^\s*(?:\w+\s+(?:store\.)?Kind|Fault\w+)\s+= "([a-z_]+)"`)
	kinds := map[string]bool{}
	for _, name := range []string{"internal/store/audit_kinds.go", "internal/lifecycle/audit.go", "internal/engine/audit.go", "cmd/ritorno/doctor.go"} {
		for _, m := range named.FindAllStringSubmatch(text(name), -1) {
			kinds[m[1]] = true
		}
	}
	for _, level := range []store.Level{store.LevelFault, store.LevelWarning, store.LevelOK} {
		delete(kinds, string(level))
	}
	_, section, _ := strings.Cut(text("docs/operations.md"), "\n## Doctor\n")
	section, _, _ = strings.Cut(section, "\n## ")
	told := map[string]bool{}
	for row := range strings.Lines(section) {
		cell, _, ok := strings.Cut(strings.TrimPrefix(row, "|"), "|")
		if !ok || !strings.HasPrefix(row, "| `") {
			continue
		}
		for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cell, -1) {
			told[m[1]] = true
		}
	}
	if len(kinds) < 50 || len(told) < 50 {
		t.Fatalf("%d kinds in the code, %d in the table: one of them is not read rightly", len(kinds), len(told))
	}
	for k := range kinds {
		if !told[k] {
			t.Errorf("%s is missing in the table", k)
		}
	}
	for k := range told {
		if !kinds[k] {
			t.Errorf("%s is in the table and is never found", k)
		}
	}
}

func moduleRootOf(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}
