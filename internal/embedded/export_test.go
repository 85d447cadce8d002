package embedded

import (
	"log/slog"
	"time"
)

// WithLockWait shortens the wait for LOCK.
func WithLockWait(o Options, d time.Duration) Options {
	o.lockWait = d
	return o
}

// NewLogWriter gives tests the writer the child's output goes through.
func NewLogWriter(log *slog.Logger) *logWriter { return newLogWriter(log) }

// Settled tells it that the server has started.
func (w *logWriter) Settled() { w.settled() }

// NextPause is the pause before the next restart.
var NextPause = nextPause

// Spans of the supervisor that tests compare with.
const (
	FirstPause  = firstPause
	LongestWait = longestWait
	Steady      = steady
)
