package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestWhatNeedsADecision runs the commands as an operator does, with no service
// running.
func TestWhatNeedsADecision(t *testing.T) {
	t.Parallel()
	in := newInstance(t, "")
	for _, c := range []struct {
		args   string
		code   int
		stdout string // a part of it
		stderr string // a part of it
	}{
		{"uncertain list", 0, "MESSAGE", ""},
		{"uncertain resolve nobody-1 --sent", 1, "", "ids stand in ritorno uncertain list"},
		{"uncertain resolve nobody-1", 2, "", "say one of --sent"},
		{"uncertain resolve nobody-1 --sent --drop", 2, "", "say one of --sent"},
		{"uncertain resolve nobody-1 --drop --provider-id SM1", 2, "", "say one of --sent"},
		{"uncertain resolve", 2, "", "ritorno uncertain resolve: wants 1 argument"},
		{"uncertain", 2, "", ""},
		{"pause --shop nobody", 2, "", "no shop"},
		{"resume", 0, "was not paused", ""},
		{"pause --shop bottega --reason stocktaking", 0, "sends nothing", ""},
		{"resume --shop bottega", 0, "sends again", ""},
	} {
		out, errs, code := in.run(strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(out, c.stdout) || !strings.Contains(errs, c.stderr) {
			t.Errorf("%s: exit %d\n%s%s", c.args, code, out, errs)
		}
	}
	var list []any
	out, _, code := in.run("--json", "uncertain", "list")
	if err := json.Unmarshal([]byte(out), &list); err != nil || code != 0 || list == nil {
		t.Errorf("exit %d, %s: %v", code, out, err)
	}
	var p struct {
		Paused bool
		Reason string
	}
	out, _, _ = in.run("--json", "pause", "--reason", "stocktaking")
	if err := json.Unmarshal([]byte(out), &p); err != nil || !p.Paused || p.Reason != "stocktaking" {
		t.Errorf("%s: %v", out, err)
	}
}
