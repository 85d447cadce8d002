package lifecycle

import (
	"fmt"
	"slices"
	"strings"
)

// Changes says in words what an edit of a journey changes for those who enter
// from now on. Steps are told apart by what they send.
func Changes(old, now *Journey) (list []string) {
	say := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	matched := map[int]bool{}
	for i := range old.Steps {
		a := &old.Steps[i]
		n := slices.IndexFunc(now.Steps, func(b Step) bool { return b.sends() == a.sends() })
		for n >= 0 && matched[n] {
			if next := slices.IndexFunc(now.Steps[n+1:], func(b Step) bool { return b.sends() == a.sends() }); next >= 0 {
				n += 1 + next
			} else {
				n = -1
			}
		}
		if n < 0 {
			say("step %d (%s) is removed", i+1, a.sends())
			continue
		}
		matched[n] = true
		if diff := a.changes(&now.Steps[n]); len(diff) > 0 {
			say("step %d (%s) changes: %s", n+1, a.sends(), strings.Join(diff, ", "))
		}
	}
	for n := range now.Steps {
		if !matched[n] {
			say("step %d (%s, %s) is added", n+1, now.Steps[n].sends(), now.Steps[n].when())
		}
	}
	if old.StopIf.String() != now.StopIf.String() {
		say("stop_if changes")
	}
	if old.Trigger != now.Trigger {
		say("the trigger was %s", old.Trigger)
	}
	if old.Finish != now.Finish {
		say("the ending was %s after %s", old.Finish.Otherwise, Length(old.Finish.After))
	}
	return list
}

// sends is what a step sends, in words.
func (s *Step) sends() string {
	return strings.Join(s.Templates(), " or ")
}

// Templates are all that a step may send.
func (s *Step) Templates() []string {
	if len(s.Variants) == 0 {
		return []string{s.Template}
	}
	var list []string
	for _, v := range s.Variants {
		list = append(list, v.Template)
	}
	return list
}

func (s *Step) when() string {
	if s.Previous {
		return Length(s.After) + " after the step before"
	}
	return "after " + Length(s.After)
}

// changes names what differs between two steps that send the same.
func (s *Step) changes(now *Step) (list []string) {
	if s.After != now.After || s.Previous != now.Previous {
		list = append(list, "was "+s.when())
	}
	for _, part := range []struct {
		differs bool
		name    string
	}{
		{!slices.Equal(s.Channels, now.Channels), "channel"},
		{!slices.Equal(s.Variants, now.Variants), "variants"},
		{s.When.String() != now.When.String(), "when"},
		{s.StopIf.String() != now.StopIf.String(), "stop_if"},
		{(s.WaitFor == nil) != (now.WaitFor == nil) || s.WaitFor != nil && *s.WaitFor != *now.WaitFor, "wait_for"},
		{s.Expires != now.Expires, "expires"},
		{!slices.Equal(s.Offers, now.Offers), "offer"},
	} {
		if part.differs {
			list = append(list, part.name)
		}
	}
	return list
}
