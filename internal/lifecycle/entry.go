package lifecycle

import (
	"slices"
	"strconv"
	"time"
)

// Entered is when a contact entered a journey last, of those whose first step
// was handled.
type Entered struct {
	Journey string
	At      time.Time
}

// Delay is an entry that waits for a place in the day's number of entries.
type Delay struct {
	Run     string // id of the run that would begin
	Journey string
	To      time.Time
	Granted bool // To is its place; else it has none yet
}

// Ask wants a place for an entry; the answer comes as a Grant with the next
// StepDue.
type Ask struct {
	Run     string
	Journey string
	PerDay  int
}

// Grant is the place of one entry.
type Grant struct {
	Run string
	At  time.Time
}

// runID names the run that hangs on a trigger; the same trigger gives the same
// id, so that a run that comes to life again knows what it did.
func runID(t Trigger, key uint64) string {
	letter := string(t[:1])
	if t == OnImport {
		letter = "m"
	}
	return letter + strconv.FormatUint(key, 36)
}

// keyOf is the key of the trigger that a run hangs on.
func keyOf(run string) uint64 {
	n, err := strconv.ParseUint(run[1:], 36, 64)
	if err != nil {
		return 0
	}
	return n
}

// claim is a journey that wants the contact now.
type claim struct {
	id string
	at time.Time
	j  *Journey
}

// claimed is the journey that has the contact: of those whose reason stands the
// one with the highest priority.
func (d *decision) claimed(f Fold) (best claim) {
	consider := func(t Trigger, key uint64, at time.Time, name string) {
		id := runID(t, key)
		if j := d.enters(t, id, at, name); j != nil && (best.j == nil || j.Rank() > best.j.Rank()) {
			best = claim{id, at, j}
		}
	}
	if f.Trigger != "" && !f.Over {
		consider(f.Trigger, f.TriggerKey, f.TriggerAt, "")
	}
	for i := range f.Grounds {
		if g := &f.Grounds[i]; g.Over == "" {
			consider(g.Trigger, g.Key, g.At, g.Journey)
		}
	}
	return best
}

// enters is the journey that a run of this id is in, or would enter; nil: none.
func (d *decision) enters(t Trigger, id string, at time.Time, name string) *Journey {
	if run := d.run(id); run != nil {
		if j := d.r.named(run.Journey); j != nil && j.Trigger == t {
			return j
		}
		return d.r.journey(t)
	}
	if t == OnAPI {
		if j := d.r.named(name); j != nil && j.Trigger == t && d.mayReenter(j, at) {
			return j
		}
		return nil
	}
	if t == OnInactivity { // whether it may begin was looked at when it did
		at = d.now
	}
	return d.permitted(t, at)
}

// permitted is the first journey with a trigger that lets the contact in.
func (d *decision) permitted(t Trigger, at time.Time) (best *Journey) {
	for i := range d.r.Journeys {
		j := &d.r.Journeys[i]
		if j.Trigger == t && (best == nil || j.Rank() > best.Rank()) && d.mayReenter(j, at) {
			best = j
		}
	}
	return best
}

func (d *decision) mayReenter(j *Journey, at time.Time) bool { return !d.reentry(j).After(at) }

// never is later than anything.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// reentry is from when on the contact may enter a journey; zero: always.
func (d *decision) reentry(j *Journey) time.Time {
	if !j.Reentry.Never && j.Reentry.After <= 0 {
		return time.Time{}
	}
	i := slices.IndexFunc(d.c.Entered, func(e Entered) bool { return e.Journey == j.Name })
	switch {
	case i < 0:
		return time.Time{}
	case j.Reentry.Never:
		return never
	}
	return d.c.Entered[i].At.Add(j.Reentry.After)
}

// remember notes that a run handled its first step.
func (d *decision) remember(run *Run) {
	i := slices.IndexFunc(d.c.Entered, func(e Entered) bool { return e.Journey == run.Journey })
	if i < 0 {
		d.c.Entered = append(d.c.Entered, Entered{run.Journey, run.Began})
		if len(d.c.Entered) > MaxEntered {
			d.c.Entered = d.c.Entered[1:]
		}
		return
	}
	d.c.Entered[i].At = maxTime(d.c.Entered[i].At, run.Began)
}

// admitted reports whether an entry may begin now; where the journey takes only
// so many a day, it asks for a place first and waits for it.
func (d *decision) admitted(j *Journey, id string) bool {
	if j.PerDay <= 0 {
		return true
	}
	w := &d.c.Delay
	if w.Run != id {
		*w, d.changed = Delay{Run: id, Journey: j.Name, To: d.now}, true
	}
	if g := d.ev.Grant; g != nil && g.Run == id && !w.Granted {
		w.To, w.Granted, d.changed = g.At.UTC(), true, true
		if w.To.After(d.now) {
			d.t.count("postponed:" + j.Name)
		}
	}
	if !w.Granted {
		d.t.Ask, d.t.Reason = &Ask{Run: id, Journey: j.Name, PerDay: j.PerDay}, ReasonPerDay
		return false
	}
	if w.To.After(d.now) {
		d.t.Reason = ReasonPerDay
		return false
	}
	return true
}

// has reports whether the shop has a journey with this trigger.
func (r *Rules) has(t Trigger) bool {
	for i := range r.Journeys {
		if r.Journeys[i].Trigger == t {
			return true
		}
	}
	return false
}
