//go:build !linux

package engine

import "time"

// sinceBoot is a clock that nobody can set. It may stand still while the
// machine sleeps.
func sinceBoot() time.Duration { return sinceStart() }
