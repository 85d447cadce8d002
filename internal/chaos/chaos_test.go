package chaos_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func pick(given, small, full int) int {
	switch {
	case given > 0:
		return given
	case *fullRun:
		return full
	}
	return small
}

// rows are the table. Those that may lose and double are there to compare with.
func rows() []row {
	cuts, fails := pick(*cutsFlag, 5, 200), pick(*failsFlag, 2, 50)
	list := []row{
		{
			name: "protocol", fsync: "always", sends: pick(*sendsFlag, 2000, 310_000), kills: pick(*killsFlag, 100, 2000),
			// A long run would meet the quarter of an hour after which a backlog is
			// spread: its steps fall due over time instead, as in a shop.
			pace:  pick(0, 2, 60),
			stops: pick(0, 0, 4), races: pick(*racesFlag, 200, 10_000),
		},
		{name: "protocol, power cuts", fsync: "always", sends: pick(0, 1000, 20_000), cuts: cuts, kills: pick(0, 5, 200), races: pick(0, 50, 1000)},
		{name: "protocol, failovers", fsync: "always", replicas: 1, sends: pick(0, 1000, 20_000), failovers: fails, races: pick(0, 50, 1000)},
	}
	if *fullRun {
		list = append(list,
			row{name: "protocol, failovers, no WAIT", fsync: "always", replicas: 0, sends: 10_000, failovers: 15, races: 500, may: true},
			row{name: "protocol, power cuts", fsync: "everysec", sends: 10_000, cuts: 30, races: 500, may: true},
		)
	}
	return list
}

// TestChaos plays the table. Its small version is part of every test run.
func TestChaos(t *testing.T) {
	if testing.Short() {
		t.Skip("real processes under faults take minutes")
	}
	dir := t.TempDir()
	bin, shim := filepath.Join(dir, "ritorno"), filepath.Join(dir, "fsync.so")
	build(t, "../..", "go", "build", "-tags", "chaos", "-o", bin, "./cmd/ritorno")
	if _, err := exec.LookPath("cc"); err != nil {
		t.Fatal("a C compiler is needed for the power cuts: scripts/need-cc.sh installs one")
	}
	build(t, "../..", "cc", "-shared", "-fPIC", "-O1", "-o", shim, "scripts/chaos-fsync.c", "-ldl")
	lines := []string{
		"| design | fsync | faults | due | sent | dropped for a reason | lost | doubled | after \"prevented\" | uncertain: settled, open |",
		"|---|---|---|---|---|---|---|---|---|---|",
	}
	for _, r := range rows() {
		if *onlyFlag != "" && *onlyFlag != r.name+" "+r.fsync {
			continue
		}
		v := r.play(t, bin, shim, *seedFlag)
		lines = append(lines, v.line())
		tableToOut(v.line())
		for _, e := range v.examples {
			t.Logf("%s: %s", r.name, e)
		}
		if !r.may && (v.lost+v.doubled+v.after > 0 || v.broken > 0) {
			t.Errorf("%s: %d lost, %d doubled, %d after prevented, %d invariants of the store broken", r.name, v.lost, v.doubled, v.after, v.broken)
		}
	}
	for _, p := range plains() {
		if *onlyFlag != "" && *onlyFlag != p.name {
			continue
		}
		line := p.play(t)
		lines = append(lines, line)
		tableToOut(line)
	}
	t.Logf("seed %d\n%s", *seedFlag, strings.Join(lines, "\n"))
}

func (v verdict) line() string {
	var faults []string
	add := func(n int, what string) {
		if n > 0 {
			faults = append(faults, fmt.Sprintf("%d %s", n, what))
		}
	}
	add(v.killed, "kills")
	add(v.cuts, "power cuts")
	add(v.failovers, "failovers")
	add(v.stops, "stops of 17 s")
	add(v.raced, "races")
	if v.cutBytes > 0 {
		faults = append(faults, fmt.Sprintf("%d bytes cut off", v.cutBytes))
	}
	add(v.refused, "starts mended by hand")
	return fmt.Sprintf("| %s | %s | %s, in %s | %d | %d | %d | %d | %d | %d | %d, %d |", v.name, v.fsync, strings.Join(faults, ", "), v.took.Round(time.Second),
		v.due, v.sent, v.dropped, v.lost, v.doubled, v.after, v.settled, v.open)
}
