package engine_test

import (
	"flag"
	"os"
	"testing"

	"ritorno/internal/redistest"
)

// TestMain keeps the random tests short unless -rapid.checks says otherwise:
// each of their checks is a life of months on a real store.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		_ = f.Value.Set("15")
	}
	os.Exit(redistest.Main(m))
}
