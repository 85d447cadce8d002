package lifecycle

import (
	"slices"
	"time"
)

// Ground is the reason for a journey that stands beside the contact's state.
type Ground struct {
	Trigger Trigger
	Key     uint64
	At      time.Time // the journey's steps count from here
	Last    time.Time // payment_failed: the last failure of the same payment
	Sub     uint64    // payment_failed: digest of the subscription
	Journey string    // api: the one that was asked for
	Over    Reason    // why it is none any more; empty: it stands
}

const (
	maxGrounds = 8
	// sameFailure is how soon after the last failure of a payment another one
	// counts as the same, tried again.
	sameFailure = 21 * 24 * time.Hour
)

var (
	warnedSalt = digest("early_warning")
	importKey  = digest("import")
)

// warnedKey tells the gap that began with an order.
func warnedKey(last time.Time) uint64 { return warnedSalt ^ uint64(last.UnixMilli()) }

// ground finds a ground by its key.
func (f *Fold) ground(key uint64) *Ground {
	for i := range f.Grounds {
		if f.Grounds[i].Key == key {
			return &f.Grounds[i]
		}
	}
	return nil
}

// stand adds a ground. Of too many the oldest that is over goes, or the oldest.
func (f *Fold) stand(g Ground) {
	if len(f.Grounds) >= maxGrounds {
		i := max(0, slices.IndexFunc(f.Grounds, func(g Ground) bool { return g.Over != "" }))
		f.Grounds = slices.Delete(f.Grounds, i, i+1)
	}
	f.Grounds = append(f.Grounds, g)
}

// close ends the grounds of some triggers, of all where none is named.
func (f *Fold) close(why Reason, triggers ...Trigger) {
	for i := range f.Grounds {
		g := &f.Grounds[i]
		if g.Over == "" && (len(triggers) == 0 || slices.Contains(triggers, g.Trigger)) {
			g.Over = why
		}
	}
}

// closeWith ends what a new state leaves no ground for.
func (f *Fold) closeWith(s State) {
	switch s {
	case Dormant:
		f.close(ReasonInactive, OnEarlyWarning, OnImport)
	case Cancelled:
		f.close(ReasonCancelledSub)
	case UnsubscribedState:
		f.close(ReasonNoResponse)
	}
}

// paid ends the failure of a subscription's payment, of any where it is not
// known which.
func (f *Fold) paid(sub uint64, why Reason) {
	for i := range f.Grounds {
		g := &f.Grounds[i]
		if g.Trigger == OnPaymentFailed && g.Over == "" && (g.Sub == sub || g.Sub == noSubscription || sub == noSubscription) {
			g.Over = why
		}
	}
}

// applyGround takes in a fact that may be the reason for a journey beside the
// state.
func (f *Fold) applyGround(m *Mark) {
	switch m.Kind {
	case MarkFailed:
		f.applyFailed(m)
	case MarkWarned:
		f.applyWarned(m)
	case MarkImported:
		f.applyImported(m)
	case MarkStarted:
		f.applyStarted(m)
	}
}

func (f *Fold) applyFailed(m *Mark) {
	if f.State == Cancelled || f.State == UnsubscribedState {
		return
	}
	for i := range f.Grounds {
		g := &f.Grounds[i]
		if g.Trigger == OnPaymentFailed && g.Sub == m.Key && (g.Over == "" || g.Over.ended()) && m.At.Sub(g.Last) <= sameFailure {
			g.Last = m.At
			return
		}
	}
	f.stand(Ground{Trigger: OnPaymentFailed, Key: m.Key ^ uint64(m.At.UnixMilli()), At: m.At, Last: m.At, Sub: m.Key})
}

// applyWarned holds while the gap that was too long goes on.
func (f *Fold) applyWarned(m *Mark) {
	quiet := f.State == Active || f.State == Returning
	if !quiet || m.Reason != "" || !m.Anchor.Equal(f.LastOrder) || f.ground(m.Key) != nil {
		return
	}
	f.stand(Ground{Trigger: OnEarlyWarning, Key: m.Key, At: m.At})
}

func (f *Fold) applyImported(m *Mark) {
	if f.State > Active && f.State != Returning || f.ground(m.Key) != nil {
		return
	}
	f.stand(Ground{Trigger: OnImport, Key: m.Key, At: m.At})
}

func (f *Fold) applyStarted(m *Mark) {
	if f.State == UnsubscribedState || f.ground(m.Key) != nil {
		return
	}
	f.stand(Ground{Trigger: OnAPI, Key: m.Key, At: m.At, Journey: m.Journey})
}

// applyGroundEnded takes in that a journey beside the state ran to its end.
func (f *Fold) applyGroundEnded(g *Ground, m *Mark) {
	if g.Over != "" {
		return
	}
	g.Over = m.Reason
	moves := f.State == Active || f.State == Returning || f.State == None
	switch {
	case m.Outcome == UnsubscribedState && f.State != Cancelled:
		f.to(UnsubscribedState, m.Reason, m.At)
	case m.Outcome == Dormant && moves:
		f.to(Dormant, m.Reason, m.At)
		f.Anchor = m.At // the reactivation counts from this moment
	}
}
