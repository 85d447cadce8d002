package transport

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"
)

func TestTheGuardComparesBothClocks(t *testing.T) {
	began := time.Now()
	deadline := began.Add(5 * time.Second)
	for name, c := range map[string]struct {
		deadline, now time.Time
		late          bool
	}{
		"in time by both": {deadline, began.Add(4 * time.Second), false},
		"at the deadline": {deadline, deadline, true},
		"the machine slept: only the wall clock says so": {deadline, began.Round(0).Add(time.Hour), true},
		"a deadline without monotonic reading":           {deadline.Round(0), began.Add(6 * time.Second), true},
		"the same, in time":                              {deadline.Round(0), began.Add(4 * time.Second), false},
		"a deadline before the beginning":                {began.Add(-time.Second), began, true},
		"no deadline":                                    {time.Time{}, began.Add(time.Hour), false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := newGuard(c.deadline, began).late(c.now); got != c.late {
				t.Errorf("late: %v, want %v", got, c.late)
			}
		})
	}
	set := newGuard(deadline, began)
	set.deadline = deadline.Add(time.Hour) // as if the wall clock had been set back by an hour
	if !set.late(began.Add(6 * time.Second)) {
		t.Error("the wall clock was set back: the monotonic one must still say late")
	}
}

func TestTheGuardKnowsWhatWasWritten(t *testing.T) {
	now := time.Now()
	g := newGuard(time.Time{}, now)
	if err := g.pass(now); err != nil { // the TLS handshake
		t.Fatal(err)
	}
	if g.wrote {
		t.Error("bytes of the handshake are not bytes of the request")
	}
	g.connected()
	if err := g.pass(now); err != nil || !g.wrote {
		t.Errorf("after the connection: %v, wrote %v", err, g.wrote)
	}
	if conn, wrote := g.seal(); !conn || !wrote {
		t.Errorf("sealed with %v, %v", conn, wrote)
	}
	if err := g.pass(now); !errors.Is(err, errSealed) {
		t.Errorf("after the end: %v, want errSealed", err)
	}
}

func TestAConnectionWithoutASendIsRefused(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	if _, err := guarded(context.Background(), ours); !errors.Is(err, errUnguarded) {
		t.Errorf("got %v, want errUnguarded", err)
	}
	if _, err := ours.Write([]byte("x")); err == nil {
		t.Error("the connection is still open")
	}
}

func TestTheEnvironmentsProxiesAreNotUsed(t *testing.T) {
	if New(Options{}).base.Proxy != nil {
		t.Error("a proxy is asked for")
	}
}
