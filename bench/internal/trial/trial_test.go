package trial_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ritorno/bench/internal/baseline"
	"ritorno/bench/internal/trial"
)

// TestMain lets this test program serve as a baseline, as the bench does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == baseline.Command {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		err := baseline.Main(ctx, os.Args[2:], os.Stdout)
		stop()
		if err != nil {
			_, _ = os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestASmallRunMeasuresEverythingAndLeavesNoProgramBehind(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	dir := t.TempDir()
	program := filepath.Join(dir, "ritorno")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "./cmd/ritorno")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build ritorno: %v\n%s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	r, err := trial.Run(ctx, trial.Options{
		Ritorno: program, Self: self, Dir: data, Log: &log,
		Requests: 300, Warmup: 250, Rounds: 2, Conns: 8, Contacts: 300, Claims: 200, Rows: 400,
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	for _, name := range r.Ingest.Names {
		rounds := r.Ingest.Rounds[name]
		if len(rounds) != 2 || rounds[0].Requests != 300 || rounds[0].PerSecond() <= 0 || rounds[0].P99 < rounds[0].P50 {
			t.Errorf("%s: %+v", name, rounds)
		}
		stores := !strings.HasPrefix(name, "echo")
		if cpu := rounds[0].Redis + rounds[1].Redis; (cpu > 0) != stores {
			t.Errorf("%s: its redis used %v µs for each request", name, cpu)
		}
	}
	for _, name := range r.History.Names {
		rounds := r.History.Rounds[name]
		if len(rounds) != 2 || rounds[0].PerSecond <= 0 || r.History.Ratio(name) <= 0 {
			t.Errorf("%s: %+v", name, rounds)
		}
	}
	for i, m := range r.Memory {
		sum := 0.0
		for _, f := range m.Families {
			sum += f.Bytes
		}
		// The server's own tables of keys belong to no key.
		if m.PerContact < 200 || m.Keys < 1 || sum > 1.5*m.PerContact || sum < m.PerContact/3 {
			t.Errorf("memory %d: %+v, families %v", i, m, sum)
		}
	}
	if len(r.Claims.Ours) != 2 || len(r.Claims.Asynq) != 2 || r.Claims.Ratio() <= 0 {
		t.Errorf("claims: %+v", r.Claims)
	}
	var out bytes.Buffer
	if err := r.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"WHOLE INGEST", "MEMORY", "CLAIMS", "records", "asynq tasks"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the report lacks %q:\n%s", part, out.String())
		}
	}
	if left := programsIn(t, dir); len(left) > 0 {
		t.Errorf("still running: %v", left)
	}
}

// programsIn are the command lines of programs that work in dir.
func programsIn(t *testing.T, dir string) (left []string) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err == nil && bytes.Contains(text, []byte(dir)) {
			left = append(left, strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
	return left
}
