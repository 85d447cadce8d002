package engine

import (
	"time"

	"golang.org/x/sys/unix"
)

// sinceBoot is a clock that nobody can set, and that goes on while the machine
// sleeps, which the monotonic clock of package time does not.
func sinceBoot() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return sinceStart()
	}
	return time.Duration(t.Nano())
}
