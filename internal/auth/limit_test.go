package auth_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ritorno/internal/auth"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func count(l *auth.Limiter, key string, times int, at func(i int) time.Time) int {
	n := 0
	for i := range times {
		if l.Allow(key, at(i)) {
			n++
		}
	}
	return n
}

func atOnce(int) time.Time { return noon }

func TestFailuresAreNeverBelow300AMinute(t *testing.T) {
	for name, c := range map[string]struct{ asked, want int }{
		"a smaller wish is raised": {10, 300},
		"zero is raised":           {0, 300},
		"a larger wish holds":      {1000, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			if got := count(auth.Failures(c.asked), "192.0.2.1", 5000, atOnce); got != c.want {
				t.Errorf("at once: got %d allowed, want %d", got, c.want)
			}
			l := auth.Failures(c.asked)
			count(l, "192.0.2.1", 5000, atOnce)
			spread := func(i int) time.Time { return noon.Add(time.Duration(i+1) * time.Minute / 5000) }
			if got := count(l, "192.0.2.1", 5000, spread); got < c.want-1 {
				t.Errorf("in the minute after a burst: got %d allowed, want about %d", got, c.want)
			}
		})
	}
}

func TestRequestsAre100ASecondAndToken(t *testing.T) {
	l := auth.Requests()
	if got := count(l, "a", 1000, atOnce); got != 100 {
		t.Errorf("got %d allowed at once, want 100", got)
	}
	if got := count(l, "b", 1000, atOnce); got != 100 {
		t.Errorf("another token: got %d, want 100", got)
	}
	later := func(int) time.Time { return noon.Add(500 * time.Millisecond) }
	if got := count(l, "a", 1000, later); got != 50 {
		t.Errorf("half a second later: got %d, want 50", got)
	}
}

func TestWaitSaysWhen(t *testing.T) {
	l := auth.NewLimiter(2, 1, 10)
	if got := l.Wait("a", noon); got != 0 {
		t.Errorf("unknown caller waits %v, want 0", got)
	}
	l.Allow("a", noon)
	wait := l.Wait("a", noon)
	if wait != 500*time.Millisecond {
		t.Errorf("got %v, want 500ms", wait)
	}
	if l.Allow("a", noon.Add(wait-time.Millisecond)) {
		t.Error("allowed before the wait was over")
	}
	if !l.Allow("a", noon.Add(wait)) {
		t.Error("refused after the wait")
	}
}

func TestAClockThatGoesBackLocksNobodyOut(t *testing.T) {
	l := auth.NewLimiter(1, 1, 10)
	l.Allow("a", noon)
	back := noon.Add(-time.Hour)
	l.Allow("a", back)
	if !l.Allow("a", back.Add(time.Second)) {
		t.Error("refused a second after the clock went back")
	}
}

func TestMemoryIsBoundedAndTheSilentGoFirst(t *testing.T) {
	l := auth.NewLimiter(0.001, 1, 3)
	for _, key := range []string{"a", "b", "c"} {
		l.Allow(key, noon)
	}
	if l.Allow("a", noon) {
		t.Fatal("the second of a was allowed")
	}
	l.Allow("d", noon) // b is the one silent longest now
	if l.Len() != 3 {
		t.Errorf("remembers %d callers, want 3", l.Len())
	}
	if l.Allow("a", noon) || l.Allow("c", noon) || l.Allow("d", noon) {
		t.Error("a caller heard lately was forgotten")
	}
	if !l.Allow("b", noon) {
		t.Error("b was not forgotten")
	}
	for i := range 1000 {
		l.Allow(strconv.Itoa(i), noon)
	}
	if l.Len() != 3 {
		t.Errorf("remembers %d callers, want 3", l.Len())
	}
}

func TestConcurrentCallersShareOneLimit(t *testing.T) {
	l := auth.NewLimiter(0.001, 50, 2)
	var allowed atomic.Int64
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 10 {
				if l.Allow("a", noon) {
					allowed.Add(1)
				}
				l.Wait("a", noon)
			}
		})
	}
	all.Wait()
	if allowed.Load() != 50 {
		t.Errorf("got %d allowed, want 50", allowed.Load())
	}
}
