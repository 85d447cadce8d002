package main

import (
	"os"
	"testing"
)

// TestMain lets tests start this very program as a child: a real process that
// can be killed.
func TestMain(m *testing.M) {
	if os.Getenv("RITORNO_TEST_RUN") == "1" {
		os.Exit(run(os.Args[1:]))
	}
	os.Exit(m.Run())
}
