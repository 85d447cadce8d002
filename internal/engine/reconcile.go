package engine

import (
	"context"
	"errors"
	"runtime/debug"
	"time"

	"ritorno/connectors"
	"ritorno/internal/defect"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// Pace of the questions to providers' records.
const (
	reconcileEvery = time.Second
	lookBatch      = 50
	lookLimit      = 60 * time.Second // one question, with its repetitions
	// provenAfter is how much newer than the attempt the newest message in the
	// records must be before "not found" proves anything: our own limits allow
	// the first byte 5 s and the answer 45 s, and the provider may be at work on
	// it a while longer.
	provenAfter = 2 * time.Minute
)

// Reconcile asks the providers' records about the messages that are due to be
// asked about at the real time given, and settles what they prove.
func (e *Engine) Reconcile(ctx context.Context, real time.Time) error {
	ids, err := e.st.DueLooks(ctx, real, lookBatch)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := e.lookAt(ctx, id, real); err != nil {
			return err
		}
	}
	return e.countUncertain(ctx, real)
}

func (e *Engine) reconcile(ctx context.Context) error {
	real, _, err := e.st.Now(ctx)
	if err != nil {
		return err
	}
	return e.Reconcile(ctx, real)
}

// lookAt asks about one contact's messages. A panic over one contact stops
// neither the others nor the process.
func (e *Engine) lookAt(ctx context.Context, id string, real time.Time) (err error) {
	defer func() {
		if p := recover(); p != nil {
			e.m.errors.WithLabelValues("panic").Inc()
			e.log.Error("the provider's records could not be compared with one contact", "contact", id, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	c, err := e.st.Load(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if c.Erasing != nil {
		return e.goOn(ctx, c)
	}
	s, ok := e.shops[c.Shop]
	if !ok {
		return nil // its shop is not in the configuration: nobody's credentials reach that far
	}
	if c.Forward != "" {
		_, err := e.load(ctx, id) // finishes the merge, which takes the questions along
		return gone(err)
	}
	for _, l := range c.Looks {
		if l.Next.IsZero() || l.Next.After(real) {
			continue
		}
		m, ok := c.Message(l.Message)
		if !ok {
			continue
		}
		v := e.question(ctx, c, m, l)
		e.at("looked")
		if _, err := e.settle(ctx, s, c.ID, v, real); err != nil {
			return err
		}
	}
	return nil
}

// question asks the provider's records about one message.
func (e *Engine) question(ctx context.Context, c lifecycle.Contact, m lifecycle.Message, l lifecycle.Look) lifecycle.Verdict {
	v := lifecycle.Verdict{Message: m.ID, Asked: l.Next, Kind: lifecycle.RecordSilent}
	f, ok := e.senders[m.Channel].(connectors.Finder)
	if !ok {
		v.Found = "this channel has no records to ask"
		return v
	}
	if err := e.gates[m.Channel].looks.Wait(ctx); err != nil {
		v.Found = "not asked"
		return v
	}
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	got, err := f.Find(ctx, connectors.Attempted{
		Attempt: l.Attempt, MessageID: m.ID, To: sentTo(c, m), Code: m.Code, Started: l.Started, ProviderID: m.ProviderID,
	})
	outcome := "silent"
	defer func() { e.m.looks.WithLabelValues(m.Channel.String(), outcome).Inc() }()
	switch {
	case err != nil:
		outcome = "error"
		v.Found = err.Error()
		var failed *connectors.LookupError
		if errors.As(err, &failed) {
			v.Wait = failed.Wait
		}
	case got.Found:
		outcome = "found"
		v.Kind, v.Found = lifecycle.RecordFound, got.What
		v.News = lifecycle.News{ProviderID: got.ProviderID, Status: got.Status, Reason: got.Reason, Suppress: got.Suppress}
	case got.Fresh && !got.Newest.Before(l.Started.Add(provenAfter)):
		outcome = "absent"
		v.Kind, v.Found = lifecycle.RecordAbsent, got.What
	case got.Fresh:
		v.Found = "not in the records, which do not reach far enough beyond the attempt yet"
	case defect.On("proof"):
		v.Kind = lifecycle.RecordAbsent
	default:
		v.Found = got.What
	}
	return v
}

// sentTo is the address as it was handed to the provider, whose records know it
// in no other form.
func sentTo(c lifecycle.Contact, m lifecycle.Message) string {
	if m.Channel == lifecycle.Email && c.Email.Key == m.Address {
		return c.Email.Value
	}
	return m.Address
}

// settle stores a verdict.
func (e *Engine) settle(ctx context.Context, s *Shop, contact string, v lifecycle.Verdict, real time.Time) (lifecycle.Reason, error) {
	ev := lifecycle.Event{Type: lifecycle.Settled, Source: "ritorno", Verdict: &v, Real: real}
	out, _, err := e.update(ctx, s, contact, ev, false)
	return out.Reason, gone(err)
}

// countUncertain keeps the numbers that an operator watches.
func (e *Engine) countUncertain(ctx context.Context, real time.Time) error {
	n, oldest, err := e.st.UncertainCount(ctx)
	if err != nil {
		return err
	}
	e.m.uncertain.Set(float64(n))
	age := 0.0
	if n > 0 {
		age = real.Sub(oldest).Seconds()
	}
	e.m.oldestUncertain.Set(age)
	return nil
}
