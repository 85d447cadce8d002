package lifecycle

import (
	"cmp"
	"slices"
)

// ledger keeps consent news as evidence, whether it changes what is in force
// or not: late news is evidence, too. The ledger is ordered by the times of the
// decisions; the same news told again is kept once. What finds no room rolls
// into the history.
func (d *decision) ledger(n ConsentChange) {
	n.Evidence = clip(n.Evidence, 120)
	i, known := slices.BinarySearchFunc(d.c.Ledger, n, compareChanges)
	if known || slices.ContainsFunc(d.c.History, func(h ConsentSpan) bool { return h.covers(n) }) {
		return
	}
	d.c.Ledger = slices.Insert(d.c.Ledger, i, n)
	d.changed = true
	for len(d.c.Ledger) > MaxLedger {
		d.c.History = addSpan(d.c.History, ConsentSpan{d.c.Ledger[0], d.c.Ledger[0].At, 1})
		d.c.Ledger = slices.Delete(d.c.Ledger, 0, 1)
	}
}

// compareChanges orders by time; at the same instant the narrower consent comes
// last, for it is the one in force.
func compareChanges(a, b ConsentChange) int {
	return cmp.Or(
		a.At.Compare(b.At), cmp.Compare(a.Channel, b.Channel), cmp.Compare(consentRank(a.State), consentRank(b.State)),
		cmp.Compare(a.Source, b.Source), cmp.Compare(a.Evidence, b.Evidence),
	)
}

// same reports whether two tellings say the same with the same evidence, at
// whatever time.
func (n ConsentChange) same(o ConsentChange) bool {
	return n.Channel == o.Channel && n.State == o.State && n.Source == o.Source && n.Evidence == o.Evidence
}

// covers reports whether n is among what the span stands for.
func (h ConsentSpan) covers(n ConsentChange) bool {
	return h.same(n) && !n.At.Before(h.At) && !n.At.After(h.Until)
}

// addSpan puts s into the history, in the order of time. It joins with the
// span before or after it on its channel where that says the same. At the
// bound the oldest goes.
func addSpan(hs []ConsentSpan, s ConsentSpan) []ConsentSpan {
	i, _ := slices.BinarySearchFunc(hs, s, func(a, b ConsentSpan) int { return compareChanges(a.ConsentChange, b.ConsentChange) })
	onChannel := func(h ConsentSpan) bool { return h.Channel == s.Channel }
	if j := slices.IndexFunc(hs[i:], onChannel); j >= 0 && hs[i+j].same(s.ConsentChange) {
		s.Until, s.Times = maxTime(s.Until, hs[i+j].Until), s.Times+hs[i+j].Times
		hs = slices.Delete(hs, i+j, i+j+1)
	}
	for j := i - 1; j >= 0; j-- {
		if !onChannel(hs[j]) {
			continue
		}
		if hs[j].same(s.ConsentChange) {
			hs[j].Until, hs[j].Times = maxTime(s.Until, hs[j].Until), hs[j].Times+s.Times
			return hs
		}
		break
	}
	hs = slices.Insert(hs, i, s)
	if n := len(hs) - MaxHistory; n > 0 {
		hs = slices.Delete(hs, 0, n)
	}
	return hs
}

// absorbLedger takes over the evidence of another record of the person.
func (d *decision) absorbLedger(gone Contact) {
	for _, h := range gone.History {
		if !slices.ContainsFunc(d.c.History, func(o ConsentSpan) bool { return o.covers(h.ConsentChange) && !h.Until.After(o.Until) }) {
			d.c.History = addSpan(d.c.History, h)
		}
	}
	for _, n := range gone.Ledger {
		d.ledger(n)
	}
}
