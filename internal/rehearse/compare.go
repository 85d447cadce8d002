package rehearse

import (
	"cmp"
	"slices"
)

// Difference is how two configurations treat the same customers.
type Difference struct {
	Same      int // customers with the same messages at the same times
	Different int
	OnlyFirst int // of these, only the first configuration writes to them
	OnlyOther int
	Examples  []Example // the first few
}

// Example is one customer whom the two treat differently.
type Example struct {
	Customer     string
	First, Other []Decision

	group, n int
}

// examples is how many are kept.
const examples = 5

// Compare plays a history by two configurations of the same shop.
func Compare(h *History, a, b Options) (first, other *Result, diff *Difference, err error) {
	rs, diff, err := play(h, []Options{a, b})
	if err != nil {
		return nil, nil, nil, err
	}
	return rs[0], rs[1], diff, nil
}

// hold holds the customers of one group against each other. Who is whom does
// not depend on the journeys, so both have the same customers in the same order.
func (d *Difference) hold(group int, first, other []*soul) {
	for i := range first {
		a, b := first[i], other[i]
		if a.gone != nil || a.c.MadeAt.IsZero() {
			continue
		}
		if slices.EqualFunc(a.messages, b.messages, sameDecision) {
			d.Same++
			continue
		}
		d.Different++
		switch {
		case b.got == 0 && a.got > 0:
			d.OnlyFirst++
		case a.got == 0 && b.got > 0:
			d.OnlyOther++
		}
		if len(d.Examples) < examples {
			d.Examples = append(d.Examples, Example{a.label, a.messages, b.messages, group, i})
		}
	}
}

func sameDecision(a, b Decision) bool { return a == b }

// add joins what another worker saw. Each worker meets its groups in order, so
// the first of all are among the first of each.
func (d *Difference) add(o *Difference) {
	d.Same += o.Same
	d.Different += o.Different
	d.OnlyFirst += o.OnlyFirst
	d.OnlyOther += o.OnlyOther
	d.Examples = append(d.Examples, o.Examples...)
	slices.SortFunc(d.Examples, func(a, b Example) int { return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(a.n, b.n)) })
	d.Examples = d.Examples[:min(len(d.Examples), examples)]
}
