package guard

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"ritorno/internal/lifecycle"
)

// LeastSent is how many messages must have left in 24 hours before shares say
// anything.
const LeastSent = 200

// Window is how many hours the brakes look at, the one at hand included.
const Window = 24

// surely is the one-sided confidence, in standard deviations, with which a
// share must be over its limit: 99 %.
const surely = 2.326

// Share is what became of the messages that left in the window.
type Share [lifecycle.TallyKinds]int64

// limits are the shares from which on a kind of harm is too much, by channel;
// docs/guards.md has the sources.
var limits = map[lifecycle.TallyKind][2]float64{
	lifecycle.TallyFailed:   {lifecycle.Email: 0.05, lifecycle.SMS: 0.10},
	lifecycle.TallyContent:  {lifecycle.Email: 0.02, lifecycle.SMS: 0.02},
	lifecycle.TallySpam:     {lifecycle.Email: 0.003, lifecycle.SMS: 0.003},
	lifecycle.TallyOptedOut: {lifecycle.Email: 0.05, lifecycle.SMS: 0.05},
}

// what names a harm for the operator.
var what = map[lifecycle.TallyKind]string{
	lifecycle.TallyFailed:   "failed for good",
	lifecycle.TallyContent:  "were refused or filtered for their content",
	lifecycle.TallySpam:     "were reported as spam",
	lifecycle.TallyOptedOut: "made their reader opt out",
}

// Harm is a share over its limit.
type Harm struct {
	Kind      lifecycle.TallyKind
	Channel   lifecycle.Channel
	Bad, Sent int64
	Limit     float64
}

// String says it to the operator.
func (h Harm) String() string {
	return fmt.Sprintf("%s: %d of %d messages of the last 24 hours (%s) %s; the limit is %s",
		h.Channel, h.Bad, h.Sent, percent(float64(h.Bad)/float64(h.Sent)), what[h.Kind], percent(h.Limit))
}

func percent(share float64) string {
	text := fmt.Sprintf("%.2f", 100*share)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + " %"
}

// Judge says which harm is too much: the share of at least 200 messages is over
// the limit with 99 % confidence (lower bound of Wilson's score interval), so
// that two bounces of a quiet day stop nobody. The worst, by how far it is over
// its limit, comes first; false: none.
func (s Share) Judge(ch lifecycle.Channel) (Harm, bool) {
	var found Harm
	worst := 1.0
	sent := s[lifecycle.TallySent]
	for k := lifecycle.TallySent + 1; k < lifecycle.TallyKinds; k++ {
		limit := limits[k][ch]
		if over := lowerBound(s[k], sent) / limit; sent >= LeastSent && over > worst {
			worst, found = over, Harm{k, ch, s[k], sent, limit}
		}
	}
	return found, worst > 1
}

// lowerBound is the lower end of Wilson's score interval for a share (E. B.
// Wilson, Probable inference, 1927).
func lowerBound(bad, of int64) float64 {
	if of <= 0 {
		return 0
	}
	n := float64(of)
	p := min(1, float64(bad)/n)
	z2 := surely * surely
	mid := p + z2/(2*n)
	half := surely * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	return max(0, (mid-half)/(1+z2/n))
}

// JudgeAccount says whether all that leaves through one provider account does
// too much harm, whichever shop it is for: the messages of all shops together,
// and also without any one of them. What one shop does is its own affair.
func JudgeAccount(shops map[string]Share, ch lifecycle.Channel) (Harm, bool) {
	if len(shops) < 2 {
		return Harm{}, false
	}
	var all Share
	for _, s := range shops {
		all = all.plus(s, 1)
	}
	found, bad := all.Judge(ch)
	if !bad {
		return Harm{}, false
	}
	for _, name := range slices.Sorted(maps.Keys(shops)) {
		if h, still := all.plus(shops[name], -1).Judge(ch); !still || h.Kind != found.Kind {
			return Harm{}, false
		}
	}
	return found, true
}

func (s Share) plus(o Share, sign int64) Share {
	for i := range s {
		s[i] += sign * o[i]
	}
	return s
}
