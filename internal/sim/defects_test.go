package sim_test

import (
	"slices"
	"testing"
)

// planted are rules of the protocol switched off one at a time. Each must be
// found within most seeds, as one of the broken promises named; a simulation
// that does not find them proves nothing.
var planted = []struct {
	name string
	opt  options
	most int // seeds
	invs []string
}{
	{"the store does not look at the fence", options{noFence: true}, 20, []string{"I9"}},
	{"the store does not look at the version", options{noVersion: true}, 20, []string{"I1", "I2", "I3", "I4", "I6"}},
	{"the store does not look at delivery keys", options{noDigest: true}, 20, []string{"I1"}},
	{"nobody looks at the clock before the first byte", options{noDeadline: true}, 60, []string{"I4"}},
	{"the deadline counts from begin only", options{lateClock: true, shape: alone}, 60, []string{"I8"}},
	{"a lost answer is decided anew without looking for the write", options{noRelook: true, beginForgets: true}, 60, []string{"I6"}},
	{"begin does not know its own intent again", options{beginForgets: true}, 200, []string{"I6"}},
	{"begin does not decide again", options{blindBegin: true}, 20, []string{"I4", "I8"}},
	{"nobody looks at quiet hours", options{skipQuiet: true}, 20, []string{"I8"}},
	{"nobody looks at the cap", options{looseCap: true}, 60, []string{"I8"}},
	{"an unknown outcome is taken for not sent", options{retryAmbiguous: true}, 20, []string{"I2", "I3"}},
	{"what a dead process had begun falls due again", options{requeueBegun: true}, 20, []string{"I2"}},
	{"a begin whose write failed is sent all the same", options{unbeginFaults: true}, 100, []string{"I2", "I4", "I5"}},
	{"claim takes the timer away and leaves no lease", options{popThenSend: true}, 20, []string{"I1", "I3", "I6"}},
	{"giving a lease back does not set the timer", options{noReindex: true}, 5, []string{"I6"}},
	{"events are acknowledged before they are stored", options{ackFirst: true}, 20, []string{"I1", "I4"}},
	{"everysec, and nobody waits for the disk", options{noBarrier: true}, 20, []string{"I1", "I2", "I4", "I5"}},
	{"everysec, and only begin does not wait for the disk", options{beginNoBarrier: true}, 20, []string{"I2", "I5"}},
	{"everysec, and the barrier does not ask whether the server restarted", options{looseBarrier: true, shape: cuts}, 400, []string{"I1", "I2", "I4", "I5"}},
	{"a lease is known by fence and process alone", options{shortToken: true, shape: cuts}, 400, []string{"I6"}},
	{"records that lag are believed", options{trustSilence: true, shape: doubtful}, 60, []string{"I2", "I3"}},
	{"news in the middle of an erasure brings its id back", options{reuseErased: true, shape: cuts}, 400, []string{"I1"}},
	{"nobody goes on with an erasure that stands still", options{abandonErased: true}, 400, []string{"I10", "livelock"}},
}

// cuts is a machine room in which the power fails all the time and processes
// stand still, under a store that syncs every second.
func cuts(f *faults) {
	f.mode, f.barrier, f.processes, f.exclusive, f.suspends = everysec, true, 3, false, false
	f.crash, f.cutBefore, f.cutAfter, f.pause, f.race = 0, 0.01, 0.01, 0.06, 0.9
}

// doubtful is a provider whose answers get lost and whose reports never come.
func doubtful(f *faults) {
	f.resend, f.storeJump, f.callbacks, f.provider, f.late = true, 0, 1, 0.6, 0.2
}

// alone is one machine that often stands still: nobody takes its leases over.
func alone(f *faults) {
	f.mode, f.processes, f.exclusive, f.crash, f.pause = always, 1, true, 0, 0.06
}

func TestPlantedDefectsAreFound(t *testing.T) {
	if *oneSeed >= 0 {
		t.Skip("replaying one seed of the protocol")
	}
	for _, d := range planted {
		t.Run(d.name, func(t *testing.T) {
			for seed := range uint64(d.most) {
				w := newWorld(seed, rules(), d.opt)
				bad := w.run()
				if bad == nil || knownFaults[bad.Known] {
					continue
				}
				if !slices.Contains(d.invs, bad.Inv) {
					t.Fatalf("seed %d: %s; expected one of %v", seed, bad, d.invs)
				}
				t.Logf("seed %d: %s", seed, bad)
				return
			}
			t.Errorf("not found in %d seeds: the simulation is blind for it", d.most)
		})
	}
}
