package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets tests start this very program as a child: a real process that
// can be killed, and the command that scripts call ritorno.
func TestMain(m *testing.M) {
	if os.Getenv("RITORNO_TEST_RUN") == "1" {
		os.Exit(run(os.Args[1:]))
	}
	testscript.Main(m, map[string]func(){"ritorno": func() { os.Exit(run(os.Args[1:])) }})
}
