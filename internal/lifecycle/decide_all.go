package lifecycle

import (
	"maps"
	"reflect"
	"slices"
	"time"
)

// Times are the two clocks of a decision: the program's, and the server's real
// time.
type Times struct{ Now, Real time.Time }

// Named is an event with the names of its order, worked out once.
type Named struct {
	Event
	Names OrderKeys
}

// Named works the names out.
func (r *Rules) Named(ev Event) Named { return Named{ev, r.OrderKeys(&ev)} }

// DecideAll decides on many events of one contact, one after the other, as if
// each had been stored before the next came. remembered says which digests of
// orders the store knows; those that are to be remembered are added. A reason
// is given only where nothing changed.
func (r *Rules) DecideAll(evs []*Named, c Contact, at Times, remembered map[uint64]bool) Transition {
	sum := Transition{Contact: c.clone()} // one copy for all: c is compared with at the end
	counts := map[string]int64{}
	for _, told := range evs {
		ev := *told
		if ev.Names.Own.Key != 0 {
			ev.Recall(ev.Names, &sum.Contact, remembered)
		}
		if ev.Real.IsZero() {
			ev.Real = at.Real
		}
		t := r.decideNamed(ev, sum.Contact, at.Now)
		for _, k := range t.SeenOrders {
			if !remembered[k] {
				remembered[k] = true
				sum.SeenOrders = append(sum.SeenOrders, k)
			}
		}
		sum.Contact = t.Contact
		if !t.Changed {
			continue
		}
		sum.Changed = true
		for _, n := range t.Counts {
			counts[n.Field] += n.N
		}
	}
	// Two tellings of one time may undo each other.
	sum.Changed = sum.Changed && !reflect.DeepEqual(c, sum.Contact)
	sum.Reason = ReasonStored
	if !sum.Changed {
		sum.Reason = ReasonNothingNew
	}
	for _, field := range slices.Sorted(maps.Keys(counts)) {
		if counts[field] != 0 {
			sum.Counts = append(sum.Counts, Count{field, counts[field]})
		}
	}
	return sum
}
