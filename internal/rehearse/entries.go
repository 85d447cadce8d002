package rehearse

import (
	"fmt"
	"slices"
	"time"

	"ritorno/internal/lifecycle"
)

// places are those that a journey has for entries, as the store keeps them.
type places struct {
	taken map[int]int // by day since 1970 in the shop's zone
	last  time.Time   // the last place
	full  int         // the first day that was not full when last looked at; 0: not known
}

// limited reports whether customers may have to wait for each other: some
// journey takes only so many a day.
func limited(r *lifecycle.Rules) bool {
	return slices.ContainsFunc(r.Journeys, func(j lifecycle.Journey) bool { return j.PerDay > 0 })
}

// due lets a contact's timer fire, as engine.stepDue does: where an entry asks
// for a place among the day's, it is taken here.
func (st *stage) due(s *soul, now time.Time) (lifecycle.Transition, error) {
	ev := lifecycle.Event{Type: lifecycle.StepDue, At: now}
	if !st.p.limited {
		return st.p.o.Rules.DecideInPlace(ev, s.c, now), nil
	}
	t := st.p.o.Rules.Decide(ev, s.c, now)
	if t.Ask == nil {
		return t, nil
	}
	at, err := st.p.place(*t.Ask, now)
	if err != nil {
		return t, err
	}
	ev.Grant = &lifecycle.Grant{Run: t.Ask.Run, At: at}
	return st.p.o.Rules.Decide(ev, s.c, now), nil
}

// place takes a place: today if there is one, else on the next day with room.
func (p *player) place(ask lifecycle.Ask, now time.Time) (time.Time, error) {
	if p.places == nil {
		p.places = map[string]*places{}
	}
	in := p.places[ask.Journey]
	if in == nil {
		in = &places{taken: map[int]int{}}
		p.places[ask.Journey] = in
	}
	today := lifecycle.DayOf(now.In(p.zone))
	for day := max(today, in.full); day < today+lifecycle.EntryDays; day++ {
		if in.taken[day] < ask.PerDay {
			in.full = max(in.full, day)
			return in.take(day, ask.PerDay, now, p.zone), nil
		}
	}
	return time.Time{}, fmt.Errorf("journey %s has no place for an entry in the next %d days: raise entries_per_day", ask.Journey, lifecycle.EntryDays)
}

// take is the next place of a day that has one: the first entry of a day need
// not wait, the others are spread over what is left of it, one more part than
// there are places, so that the last one fits. In whole milliseconds, as the
// store reckons (side_entry).
func (in *places) take(day, perDay int, now time.Time, zone *time.Location) time.Time {
	from, over := lifecycle.Midnight(day, zone).UnixMilli(), lifecycle.Midnight(day+1, zone).UnixMilli()
	at, taken, ms := max(now.UnixMilli(), from), in.taken[day], now.UnixMilli()
	if last := in.last.UnixMilli(); taken > 0 && last >= from {
		at = max(ms, last+(over-max(ms, last))/int64(perDay-taken+1))
	}
	in.taken[day], in.last = taken+1, time.UnixMilli(at).UTC()
	return in.last
}
