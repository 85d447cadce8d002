package lifecycle

import "time"

// Fold is where a contact stands after the facts so far.
type Fold struct {
	State  State
	Reason Reason
	Since  time.Time

	Orders    int       // counted orders so far
	LastOrder time.Time // time of the last counted order
	Anchor    time.Time // last order or interaction: inactivity counts from here
	// What the journey of this state hangs on. Zero Trigger: nothing, the
	// contact is active and only the inactivity timer runs.
	Trigger    Trigger
	TriggerKey uint64
	TriggerAt  time.Time
	Over       bool      // that journey has run to its end
	Joined     bool      // the return has its order
	Upto       time.Time // what lies before was folded for good: older news is counted, but moves no state
	Grounds    []Ground  // reasons for journeys beside the state, also those that are over
	Gone       []uint64  // subscriptions whose cancellation was taken in, not resumed since
}

// waiting reports whether only the inactivity timer runs.
func (f *Fold) waiting() bool {
	return f.State == Active || f.State == Returning || f.State == Dormant && f.Trigger == ""
}
