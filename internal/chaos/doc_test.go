// Package chaos_test runs the real program under faults: two serve processes,
// a real Redis, real HTTP and a provider that keeps a ledger. It kills the
// processes, cuts the power of the store, fails it over, and then holds the
// ledger against the records. docs/reliability.md has the figures of a full
// run. Everything here is test code: nothing of it can end up in the program.
package chaos_test

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

var (
	fullRun    = flag.Bool("full", false, "the whole table instead of its small version")
	killsFlag  = flag.Int("kills", 0, "kills of the first row; 0: 100, or 2000 in full")
	cutsFlag   = flag.Int("cuts", 0, "power cuts; 0: 5, or 200 in full")
	failsFlag  = flag.Int("failovers", 0, "failovers; 0: 2, or 50 in full")
	sendsFlag  = flag.Int("sends", 0, "messages of the first row, of which those who buy or stop get fewer; 0: 2000, or 300000 in full")
	racesFlag  = flag.Int("races", 0, "purchases and STOPs that race with a message; 0: 200, or 10000 in full")
	seedFlag   = flag.Uint64("seed", 1, "of what the runner draws; processes and machine draw their own")
	onlyFlag   = flag.String("row", "", "only the row of this name")
	tableToOut = func(s string) { fmt.Fprintln(os.Stdout, s) }
)

func TestMain(m *testing.M) {
	if os.Getenv(plainEnv) != "" {
		os.Exit(plainWorker())
	}
	os.Exit(m.Run())
}
