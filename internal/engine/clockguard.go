package engine

import (
	"fmt"
	"sync"
	"time"

	"ritorno/internal/defect"
)

// clockSlack is by how much two clocks may differ before sends are held.
const clockSlack = 60 * time.Second

var started = time.Now()

// sinceStart is a clock that nobody can set; it stands still while the machine
// sleeps.
func sinceStart() time.Duration { return time.Since(started) }

// clockGuard holds sends where the store's clock cannot be right: a jump ahead
// would fire the steps of months at once. Two witnesses are asked: this host's
// clock, and a clock that nobody can set.
type clockGuard struct {
	mu   sync.Mutex
	real time.Time     // the store's time when the guard began …
	boot time.Duration // … and the unsettable clock's
}

// wrong says why the store's time is not to be believed; empty: it is. host is
// this machine's time, boot the clock that nobody can set, all of one moment.
func (g *clockGuard) wrong(real, host time.Time, boot time.Duration) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.real.IsZero() {
		g.real, g.boot = real, boot
	}
	if skew := real.Sub(host); skew.Abs() > clockSlack {
		return fmt.Sprintf("the store's clock and this host's differ by %s: set both by NTP", skew.Round(time.Second))
	}
	jump := real.Sub(g.real) - (boot - g.boot)
	if jump > clockSlack && !defect.On("clock_jump") {
		return fmt.Sprintf("the clock jumped %s ahead: set it right, or restart Ritorno if the new time is the right one", jump.Round(time.Second))
	}
	if jump < 0 { // set back: nothing fires early, and what follows is counted from here
		g.real, g.boot = real, boot
	}
	return ""
}
