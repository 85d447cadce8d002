package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// LastLook is whom to ask right before a message leaves to somebody because
// they have not bought.
type LastLook struct {
	Asks   []Ask
	Within time.Duration // longest wait for all answers together
	Hold   bool          // where a shop does not answer: the step waits; else the message leaves
}

// Ask is one source that can be asked.
type Ask struct {
	Source string // its name
	Reader connectors.Reader
	Reads  connectors.Source // turns what the reader brings into events
	Rate   float64           // questions a second that the reader lets through
}

// Times of the last look, real time.
const (
	// lookHold is how long a step waits where the shop does not answer.
	lookHold = 3 * time.Minute
	// lookMoving is how long a question may wait for its turn while the clock is
	// moved: it must not outrun the shop.
	lookMoving = 30 * time.Second
	// lookShut is the longest a shop that does not answer is not asked at all.
	lookShut = time.Minute
	// lookAhead bounds how far steps that wait for their turn are spread.
	lookAhead = 50 * time.Minute
)

// lookout is how asking one source goes, in this process.
type lookout struct {
	mu    sync.Mutex
	until time.Time // real time before which it is not asked
	row   int       // failures in a row
	why   string    // what the operator was told; empty: all is well
	turn  time.Time // when the last of those that wait for their turn may come
}

func lookoutOf(shop, source string) string { return shop + "/" + source }

// lastLook asks the shop whether the contact has bought meanwhile, where their
// message says that they have not, and takes in what it tells. False: the
// message does not leave now. It changes t and m where the news leaves the
// message right, but not as it was.
func (e *Engine) lastLook(ctx context.Context, s *Shop, c store.Claimed, t *lifecycle.Transition, m *lifecycle.Message) bool {
	if s.LastLook == nil || t.Contact.Run == nil || !t.Contact.Run.Trigger.AwaitsOrder() {
		return true
	}
	real, now, err := e.st.Now(ctx)
	if err != nil {
		e.release(ctx, c, keep)
		return false
	}
	why, err := e.heldBy(ctx, s, &t.Contact, m.Channel, real) // no question for a message that may not leave
	switch {
	case err != nil:
		e.release(ctx, c, keep)
		return false
	case why != "":
		e.release(ctx, c, e.refused(s, now, why))
		return false
	}
	told, res, err := e.ask(ctx, s, &t.Contact, now)
	switch {
	case err != nil:
		e.release(ctx, c, keep)
		return false
	case told: // also where another source did not answer: the news comes first
		return e.decideAnew(ctx, s, c, t, m, now)
	case res != nil:
		e.release(ctx, c, e.waits(s, now, *res))
		return false
	}
	e.at("looked")
	return true
}

// ask asks all sources in turn. told: something was taken in. res: the step must
// wait for an answer.
func (e *Engine) ask(ctx context.Context, s *Shop, c *lifecycle.Contact, now time.Time) (told bool, res *lifecycle.Result, err error) {
	within := s.LastLook.Within
	if e.moving {
		within = max(within, lookMoving)
	}
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	since := s.Rules.Totals(c).Last
	for _, a := range s.LastLook.Asks {
		o := e.lookouts[lookoutOf(s.Name, a.Source)]
		page, err := o.purchases(limited, a, customerOf(c, a.Source), since)
		if ctx.Err() != nil {
			return told, nil, ctx.Err() // a shutdown says nothing about the shop
		}
		if err != nil {
			if wait := e.unanswered(s, a, o, err); wait != nil {
				res = wait
			}
			continue
		}
		news, err := e.takeIn(ctx, s, a, page, now)
		if err != nil {
			return told, nil, err
		}
		told = told || news
		outcome := "clear"
		if news {
			outcome = "told"
		}
		e.m.looked.WithLabelValues(s.Name, a.Source, outcome).Inc()
		e.answered(s, a, o)
	}
	return told, res, nil
}

// errShut: the source did not answer a moment ago and is not asked.
var errShut = errors.New("it did not answer a moment ago")

// purchases asks one source, unless it is shut.
func (o *lookout) purchases(ctx context.Context, a Ask, who connectors.Customer, since time.Time) (connectors.Page, error) {
	o.mu.Lock()
	shut := time.Now().Before(o.until)
	o.mu.Unlock()
	if shut {
		return connectors.Page{}, errShut
	}
	return a.Reader.Purchases(ctx, who, since)
}

// customerOf is what a source knows the contact by.
func customerOf(c *lifecycle.Contact, source string) connectors.Customer {
	who := connectors.Customer{Email: c.Email.Value}
	for _, r := range c.Refs {
		if r.Source == source {
			who.IDs = append(who.IDs, r.ID)
		}
	}
	return who
}

// unanswered is how the step must wait because a source did not tell; nil: it
// need not.
func (e *Engine) unanswered(s *Shop, a Ask, o *lookout, err error) *lifecycle.Result {
	outcome, fault := "unreachable", (*connectors.ReadFault)(nil)
	switch {
	case errors.As(err, &fault) && fault.Name == "busy": // our own pace: it waits for its turn, whatever else holds
		e.m.looked.WithLabelValues(s.Name, a.Source, "busy").Inc()
		return &lifecycle.Result{Outcome: lifecycle.NotSent, Reason: lifecycle.ReasonLastLook, RetryAfter: o.next(a.Rate)}
	case errors.Is(err, errShut):
		outcome = "shut"
	case fault != nil:
		outcome = fault.Name
	default: // the time was over
		err = fmt.Errorf("no answer within %s", s.LastLook.Within)
	}
	e.m.looked.WithLabelValues(s.Name, a.Source, outcome).Inc()
	if outcome != "shut" {
		e.shut(s, a, o, err, fault)
	}
	if !s.LastLook.Hold {
		return nil
	}
	return &lifecycle.Result{Outcome: lifecycle.NotSent, Reason: lifecycle.ReasonLastLook, RetryAfter: lookHold}
}

// next is how far away the next free turn is, so that steps which all came due
// at once come back one after the other.
func (o *lookout) next(perSecond float64) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if o.turn.Before(now) {
		o.turn = now
	}
	o.turn = o.turn.Add(time.Duration(float64(time.Second) / max(perSecond, 0.01)))
	wait := o.turn.Sub(now)
	if wait > lookAhead { // beyond, they come back together and are spread again
		o.turn = now
	}
	return wait
}

// shut lets a source alone for a while, which doubles from one second on, and
// tells the operator once.
func (e *Engine) shut(s *Shop, a Ask, o *lookout, err error, fault *connectors.ReadFault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	pause := time.Second << min(o.row, 6)
	if fault != nil {
		pause = max(pause, fault.RetryAfter)
	}
	o.row++
	o.until = time.Now().Add(min(pause, lookShut))
	if why := err.Error(); o.why != why {
		o.why = why
		what := "messages leave without it"
		if s.LastLook.Hold {
			what = "messages to people because they have not bought wait"
		}
		e.log.Error("a shop cannot be asked whether people have bought; "+what, "shop", s.Name, "source", a.Source, "reason", why)
	}
}

// answered ends what failures before began.
func (e *Engine) answered(s *Shop, a Ask, o *lookout) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.why != "" {
		e.log.Info("the shop can be asked again", "shop", s.Name, "source", a.Source)
	}
	o.why, o.row, o.until = "", 0, time.Time{}
}

// lookFaults are the reasons why messages wait for the last look, by shop.
func (e *Engine) lookFaults() []string {
	var reasons []string
	for i := range e.o.Shops {
		s := &e.o.Shops[i]
		if s.LastLook == nil || !s.LastLook.Hold {
			continue
		}
		for _, a := range s.LastLook.Asks {
			o := e.lookouts[lookoutOf(s.Name, a.Source)]
			o.mu.Lock()
			if o.why != "" {
				reasons = append(reasons, "shop "+s.Name+": "+a.Source+" cannot be asked whether people have bought, so messages that say they have not wait: "+o.why)
			}
			o.mu.Unlock()
		}
	}
	return reasons
}

// takeIn applies what a shop told. What cannot be read is left to its webhooks
// and to catching up, which keep it.
func (e *Engine) takeIn(ctx context.Context, s *Shop, a Ask, page connectors.Page, now time.Time) (news bool, err error) {
	for _, r := range page.Deliveries {
		r.ReceivedAt, r.Now = time.Now(), now
		events, err := a.Reads.Normalise(r)
		if err != nil {
			e.log.Warn("what a shop told of a customer is not understood", "shop", s.Name, "source", a.Source, "error", err.Error())
		}
		for _, ev := range events {
			ev.Source = a.Source
			out, err := e.Apply(ctx, s.Name, ev)
			if err != nil {
				return news, err
			}
			news = news || !out.Duplicate && !out.Ignored
		}
	}
	return news, nil
}

// decideAnew holds the message against the record as it is after the news.
// False: it must not leave; that is recorded with the reason.
func (e *Engine) decideAnew(ctx context.Context, s *Shop, c store.Claimed, t *lifecycle.Transition, m *lifecycle.Message, now time.Time) bool {
	con, err := e.st.Load(ctx, c.ID)
	if err != nil || con.Forward != "" { // away, erased, or merged: whoever it is now is claimed again
		e.release(ctx, c, keep)
		return false
	}
	fresh := s.Rules.Decide(lifecycle.Event{Type: lifecycle.StepDue, At: now}, con, now)
	if got := fresh.Send; got != nil && got.ID == m.ID && got.Template == m.Template && got.Address == m.Address {
		*t, *m = fresh, *got
		return true
	}
	e.m.prevented.WithLabelValues(s.Name).Inc()
	e.release(ctx, c, func(con lifecycle.Contact, _ store.Known) (store.Change, error) {
		return e.change(s.Name, s.Rules.Decide(lifecycle.Event{
			Type: lifecycle.Begin, At: now, Attempt: &lifecycle.Attempt{ID: m.ID + ".none", Message: *m},
			// For the case that the message became right once more: it is asked again.
			Result: &lifecycle.Result{Outcome: lifecycle.NotSent, Reason: lifecycle.ReasonLastLook},
		}, con, now)), nil
	})
	return false
}
