package process_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"ritorno/bench/internal/process"
)

func TestAProgramIsHeardMeasuredAndEnded(t *testing.T) {
	ctx := context.Background()
	p, err := process.Start(ctx, "shell", "/bin/sh", "-c", "trap 'exit 0' TERM; echo it listens on 127.0.0.1:7; while :; do :; done")
	if err != nil {
		t.Fatal(err)
	}
	if p.Addr != "127.0.0.1:7" {
		t.Errorf("heard %q", p.Addr)
	}
	limit := time.Now().Add(10 * time.Second)
	for used := time.Duration(0); used == 0; {
		if used, err = process.CPU(p.Pid(), false); err != nil || time.Now().After(limit) {
			t.Fatalf("a busy program used %v, error %v", used, err)
		}
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(p.Pid(), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the program is still there: %v", err)
	}
}

func TestAProgramThatEndsAtStartIsQuoted(t *testing.T) {
	_, err := process.Start(context.Background(), "shell", "/bin/sh", "-c", "echo no room >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("error %v, want one with its last words", err)
	}
}

func TestOwnTimeAgreesWithTheSystem(t *testing.T) {
	own, err := process.Own()
	if err != nil {
		t.Fatal(err)
	}
	proc, err := process.CPU(os.Getpid(), false)
	if err != nil {
		t.Fatal(err)
	}
	if d := proc - own; d < -100*time.Millisecond || d > time.Second {
		t.Errorf("getrusage says %v, /proc %v", own, proc)
	}
}
