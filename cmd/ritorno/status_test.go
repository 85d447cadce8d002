package main

import (
	"encoding/json"

	"ritorno/internal/lifecycle"
)

// status asks the running service's store through the command line.
func (in *instance) status(who string) lifecycle.Status {
	in.t.Helper()
	out, errs, code := in.run("status", who, "--json")
	if code != 0 {
		in.t.Fatalf("status %s: exit %d: %s", who, code, errs)
	}
	var st lifecycle.Status
	if err := json.Unmarshal([]byte(out), &st); err != nil {
		in.t.Fatalf("status %s: %v\n%s", who, err, out)
	}
	return st
}
