package sim_test

import (
	"math/rand/v2"
	"time"
)

// options switch one rule of the protocol off. The zero value is the protocol
// as it is built.
type options struct {
	noFence        bool // the store does not look at the fence
	noVersion      bool // the store does not look at the version
	noDigest       bool // the store does not look at delivery keys
	noDeadline     bool // nobody looks at the clock before the first byte
	noRelook       bool // a write whose answer got lost is decided anew without looking for it
	blindBegin     bool // begin writes the intent without deciding again
	retryAmbiguous bool // an unknown outcome is taken for "not sent"
	requeueBegun   bool // what a dead process had begun falls due again
	unbeginFaults  bool // a begin whose write failed is sent all the same
	popThenSend    bool // claim takes the timer away and leaves no lease
	noReindex      bool // giving a lease back does not set the timer again
	ackFirst       bool // events are acknowledged before they are stored
	noBarrier      bool // everysec, and nobody waits for the disk
	beginNoBarrier bool // everysec, and only begin does not wait for the disk
	skipQuiet      bool // nobody looks at quiet hours
	looseCap       bool // nobody looks at the cap
	lateClock      bool // the deadline counts from begin, not from the look at the clock before it
	beginForgets   bool // a begin whose answer got lost does not know its own intent again
	reuseErased    bool // news that comes in the middle of an erasure may bring its id back
	abandonErased  bool // nobody goes on with an erasure that stands still
	looseBarrier   bool // the barrier does not ask whether the server restarted since the write
	trustSilence   bool // records that do not show a message are believed, however old they are
	shortToken     bool // a lease is known by fence and process, and a power cut hands fences out again

	shape func(*faults) // draws attention to one kind of fault
}

// fsync is when the disk has what was written.
type fsync uint8

const (
	always fsync = iota
	everysec
	never // the kernel writes back when it likes
)

func (f fsync) String() string { return [...]string{"always", "everysec", "no"}[f] }

// faults are what goes wrong in one run, as chances at each opportunity. Each
// run draws which kinds occur at all: few kinds at high rates find more than
// all kinds at low ones.
type faults struct {
	mode      fsync
	barrier   bool // a write is confirmed only when the disk has it
	processes int
	suspends  bool // pauses may be a machine's sleep, in which its monotonic clock stands
	exclusive bool // one process, which takes all leases over at its start

	crash, pause, hostJump float64 // at each step of a process
	loseRequest, loseReply float64 // for each call of the store
	cutBefore, cutAfter    float64 // power cut, for each script
	slow                   float64 // a call that takes long
	outages                int     // windows in which the store is away
	storeJump              int     // steps of the store's clock
	provider               float64 // chance that the provider does anything but accept
	late                   float64 // it accepts long after the request
	callbacks              float64 // chance that a callback is lost, doubled or swapped
	race                   float64 // for each claim: news about the contact at hand
	client                 float64 // an answer to a client that gets lost
	resend                 bool    // what the provider's records, looked at twice, do not know is sent again
	downtime               time.Duration
	shopSkew               time.Duration // how far the shop's clock may be off
}

func drawFaults(r *rand.Rand, opt options) faults {
	f := faults{processes: 1 + r.IntN(3), barrier: true, downtime: 2 * time.Minute}
	if r.Float64() < 0.3 {
		f.mode = everysec
	}
	if opt.noBarrier || opt.beginNoBarrier {
		f.mode, f.barrier = everysec, opt.beginNoBarrier
	}
	f.suspends = r.IntN(2) == 0
	f.exclusive = f.processes == 1 && r.IntN(2) == 0
	some := func(most float64) float64 {
		x := r.Float64()
		if r.IntN(2) == 0 {
			return 0
		}
		return most * x
	}
	f.crash, f.pause, f.hostJump = some(0.02), some(0.02), some(0.01)
	f.loseRequest, f.loseReply = some(0.03), some(0.05)
	f.cutBefore, f.cutAfter = some(0.002), some(0.004)
	f.slow, f.provider, f.late = some(0.05), some(0.6), some(0.2)
	f.callbacks, f.race, f.client = some(0.6), some(0.7), some(0.4)
	if r.IntN(3) == 0 {
		f.outages = 1 + r.IntN(6)
	}
	if r.IntN(4) == 0 {
		f.storeJump = 1 + r.IntN(4)
	}
	if r.IntN(6) == 0 {
		f.downtime = 5 * day
	}
	// The provider dates its records by its own clock: where the store's steps,
	// nobody may send again on their word.
	f.resend = f.storeJump == 0 && r.IntN(2) == 0
	if opt.shape != nil {
		opt.shape(&f)
	}
	return f
}
