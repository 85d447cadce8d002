package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"ritorno/connectors"
	"ritorno/internal/defect"
	"ritorno/internal/lifecycle"
	"ritorno/internal/link"
	"ritorno/internal/message"
	"ritorno/internal/store"
)

// Times of the send protocol, real time.
const (
	// beginGrace is how old a begin may be when the first byte leaves.
	beginGrace = 5 * time.Second
	// sendLimit is the longest a provider may take to answer.
	sendLimit = 45 * time.Second
)

// open reports whether a channel can be used at all.
func (e *Engine) open(ch lifecycle.Channel) bool { return e.senders[ch] != nil && e.unsafe() == "" }

// unsafe says why no message may leave at all, empty when they may.
func (e *Engine) unsafe() string {
	if ok, why := e.st.Durable(); !ok && !e.o.AllowUnsafe && !defect.On("unsafe") {
		return "the store may forget acknowledged writes (" + why + "): set appendonly yes and appendfsync always, or redis.allow_unsafe: true"
	}
	return ""
}

// Held are the reasons why messages wait that could leave; empty means that
// they leave.
func (e *Engine) Held() []string {
	var reasons []string
	if why := e.unsafe(); why != "" {
		reasons = append(reasons, why)
	}
	reasons = slices.AppendSeq(reasons, maps.Values(e.allHolds()))
	for _, ch := range []lifecycle.Channel{lifecycle.Email, lifecycle.SMS} {
		if why := e.gates[ch].faulty(); why != "" {
			reasons = append(reasons, ch.String()+": the provider refuses our account ("+why+"): mend the account, the messages wait")
		}
	}
	return reasons
}

// refused lets a step wait whose channel, or whose shop, cannot send just now.
func (e *Engine) refused(s *Shop, now time.Time, why lifecycle.Reason) func(lifecycle.Contact, store.Known) (store.Change, error) {
	return e.waits(s, now, lifecycle.Result{Outcome: lifecycle.RejectedAccount, Reason: why})
}

// waits ends a step's try before anything was begun.
func (e *Engine) waits(s *Shop, now time.Time, res lifecycle.Result) func(lifecycle.Contact, store.Known) (store.Change, error) {
	return func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
		t := s.Rules.Decide(lifecycle.Event{Type: lifecycle.StepDue, At: now}, c, now)
		if t.Send == nil {
			return e.change(s.Name, t), nil
		}
		t = s.Rules.Decide(lifecycle.Event{
			Type: lifecycle.Begin, At: now, Attempt: &lifecycle.Attempt{ID: t.Send.ID + ".none", Message: *t.Send},
			Result: &res,
		}, c, now)
		return e.change(s.Name, t), nil
	}
}

// send takes one message through the protocol: compose, begin, one request,
// record. Only a begin that was confirmed lets the bytes leave.
func (e *Engine) send(ctx context.Context, s *Shop, c store.Claimed, t lifecycle.Transition) bool {
	m := *t.Send
	e.at("claimed")
	if !e.lastLook(ctx, s, c, &t, &m) {
		return false
	}
	g := e.gates[m.Channel]
	if err := g.pass(ctx); err != nil {
		e.release(ctx, c, keep)
		return false
	}
	if !e.offer(ctx, s, c, &t.Contact, &m) {
		return false
	}
	started := time.Now() // before the look at the clock by which hours and age are judged
	wall := started.Round(0)
	real, now, err := e.st.Now(ctx) // the gate may have taken its time: what counts is the hour in which the bytes leave
	if err != nil {
		e.release(ctx, c, keep)
		return false
	}
	e.at("clock")
	if defect.On("clock_first") {
		started = time.Now()
	}
	out, err := e.compose(ctx, s, t.Contact, &m, now)
	if errors.Is(err, store.ErrUnavailable) {
		e.release(ctx, c, keep)
		return false
	}
	a := &lifecycle.Attempt{ID: m.ID + "." + ulid.Make().String(), Fence: c.Fence, Process: e.st.Process(), Started: real, Message: m}
	ev := lifecycle.Event{Type: lifecycle.Begin, At: now, Real: real, Attempt: a}
	if err != nil {
		e.log.Error("a message cannot be composed; its step is passed over", "shop", s.Name, "template", m.Template, "channel", m.Channel.String(), "error", err.Error())
		ev.Result = &lifecycle.Result{Outcome: lifecycle.RejectedContent, Reason: lifecycle.ReasonContent}
	}
	if e.beforeBegin != nil {
		e.beforeBegin(m)
	}
	e.at("begin")
	why, herr := e.heldBy(ctx, s, &t.Contact, m.Channel, real)
	if herr != nil {
		e.release(ctx, c, keep)
		return false
	}
	if why != "" {
		e.release(ctx, c, e.refused(s, now, why))
		return false
	}
	begun, err := e.begin(ctx, s, c, ev)
	switch {
	case err != nil:
		e.unbegin(ctx, s, c, a, now)
		return false
	case !begun:
		e.returnOffer(ctx, s, c.Fence, &m)
		return false
	}
	e.at("begun")
	switch {
	case e.late(started, wall):
		e.unbegin(ctx, s, c, a, now)
		return false
	}
	out.AttemptID, out.Deadline = a.ID, started.Add(beginGrace)
	e.recent.begin(s.Name, *a)
	res := e.post(ctx, m.Channel, out)
	if res.Outcome == lifecycle.NotSent {
		e.recent.forget(a.ID)
	} else {
		e.recent.end(res)
	}
	e.at("answered")
	e.record(ctx, s, c, res)
	e.at("recorded")
	return true
}

// late reports whether a begin is too old for its message to leave, by either
// clock.
func (e *Engine) late(started, wall time.Time) bool {
	if defect.On("deadline") {
		return false
	}
	return time.Since(started) > e.grace || time.Now().Round(0).Sub(wall) > e.grace
}

// keep changes nothing.
func keep(c lifecycle.Contact, _ store.Known) (store.Change, error) {
	return store.Change{Contact: c}, nil
}

// begin asks the core, on the record as it is now, whether this very message
// may leave, and stores the intent in the same step.
func (e *Engine) begin(ctx context.Context, s *Shop, c store.Claimed, ev lifecycle.Event) (bool, error) {
	var t lifecycle.Transition
	_, err := e.st.Update(ctx, store.Request{ID: c.ID, Fence: c.Fence}, func(con lifecycle.Contact, _ store.Known) (store.Change, error) {
		if con.Forward != "" {
			t = lifecycle.Transition{}
			return store.Change{Contact: con, Release: yes}, nil
		}
		if defect.On("gate") { // decides on what was claimed
			version := con.Version
			con = c.Contact
			con.Version = version
		}
		if a := con.Sending; a != nil && a.ID == ev.Attempt.ID && !defect.On("own_intent") {
			// Stored before, its answer was lost, and somebody wrote since: nothing
			// has left yet, so the intent is taken back and decided anew.
			t = s.Rules.Decide(lifecycle.Event{Type: lifecycle.Unbegin, At: ev.At, Attempt: a}, con, ev.At)
		} else {
			t = s.Rules.Decide(ev, con, ev.At)
		}
		ch := e.change(s.Name, t)
		if !t.Go {
			ch.Release = yes
		}
		return ch, nil
	})
	switch {
	case errors.Is(err, store.ErrFence), errors.Is(err, store.ErrNotFound):
		return false, nil // somebody else has it, or the person is gone
	case err != nil:
		return false, fmt.Errorf("begin: %w", err)
	}
	if !t.Go {
		e.due(t.Contact)
		return false, nil
	}
	ev.Attempt.Message = t.Contact.Sending.Message // with its receipt, should the store forget it
	return true, nil
}

var yes = func() *bool { b := true; return &b }()

// unbegin takes a begin back of which nothing was written to the wire.
func (e *Engine) unbegin(ctx context.Context, s *Shop, c store.Claimed, a *lifecycle.Attempt, now time.Time) {
	e.m.sends.WithLabelValues(a.Message.Channel.String(), "unbegun").Inc()
	e.release(ctx, c, func(con lifecycle.Contact, _ store.Known) (store.Change, error) {
		return e.change(s.Name, s.Rules.Decide(lifecycle.Event{Type: lifecycle.Unbegin, At: now, Attempt: a}, con, now)), nil
	})
}

// post makes the one request. It is not cut short by a shutdown: a request in
// flight is finished and recorded.
func (e *Engine) post(ctx context.Context, ch lifecycle.Channel, out connectors.Outgoing) lifecycle.Result {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendLimit)
	defer cancel()
	from := time.Now()
	e.at("post")
	res := e.senders[ch].Send(ctx, out)
	res.AttemptID = out.AttemptID
	if res.Outcome == lifecycle.Ambiguous && defect.On("ambiguous") {
		res.Outcome = lifecycle.NotSent
	}
	e.m.send(ch, res.Outcome, time.Since(from))
	g := e.gates[ch]
	switch res.Outcome {
	case lifecycle.NotSent, lifecycle.Ambiguous:
		g.slow(res.RetryAfter)
	case lifecycle.RejectedAccount:
		g.fault(string(res.Reason))
		e.log.Error("the provider refuses our account; the messages wait, nothing is lost: mend the account", "channel", ch.String(), "reason", string(res.Reason))
	case lifecycle.Accepted:
		g.fault("")
		g.works()
	}
	return res
}

// record stores how the attempt ended. Where the lease was lost meanwhile, the
// answer still counts as proof.
func (e *Engine) record(ctx context.Context, s *Shop, c store.Claimed, res lifecycle.Result) {
	fenced := true
	e.insist(ctx, "record", func(ctx context.Context) error {
		real, now, err := e.st.Now(ctx)
		if err != nil {
			return err
		}
		req := store.Request{ID: c.ID}
		if fenced {
			req.Fence, req.Release = c.Fence, true
		}
		ev := lifecycle.Event{Type: lifecycle.Sent, At: now, Real: real, Result: &res, Source: "provider"}
		forward := ""
		got, err := e.st.Update(ctx, req, func(con lifecycle.Contact, _ store.Known) (store.Change, error) {
			if forward = con.Forward; forward != "" {
				return store.Change{Contact: con}, nil
			}
			return e.change(s.Name, s.Rules.Decide(ev, con, now)), nil
		})
		if errors.Is(err, store.ErrFence) && fenced {
			fenced = false
			return fmt.Errorf("record without the lease: %w", store.ErrUnavailable)
		}
		if err == nil && forward != "" {
			_, err = e.ApplyTo(ctx, forward, ev)
		}
		e.due(got)
		return err
	})
}

// compose renders the message and makes its link lead somewhere before it can
// be clicked.
func (e *Engine) compose(ctx context.Context, s *Shop, c lifecycle.Contact, m *lifecycle.Message, now time.Time) (connectors.Outgoing, error) {
	m.Code = link.Code(e.derive("link", m.ID))
	in := e.input(s, c, m, now)
	msg, err := e.o.Templates.Compose(m.Template, m.Channel.String(), in)
	if err != nil {
		return connectors.Outgoing{}, err
	}
	m.Segments = msg.Segments
	if err := e.st.PutLink(ctx, m.Code, store.Link{Contact: c.ID, Message: m.ID}, linkLife); err != nil {
		return connectors.Outgoing{}, err
	}
	out := connectors.Outgoing{
		Shop: s.Name, To: m.Address, Message: msg, MessageID: m.ID, CallbackURL: e.o.PublicURL,
	}
	if m.Channel == lifecycle.Email {
		out.To, out.ToName = c.Email.Value, in.FirstName
	} else {
		out.Validity = s.Rules.MayWriteFor(&c, now, m.Channel)
	}
	return out, nil
}

// input is what the template may show.
func (e *Engine) input(s *Shop, c lifecycle.Contact, m *lifecycle.Message, now time.Time) message.Input {
	r := &s.Rules
	t := r.Totals(&c)
	in := message.Input{
		Locale: c.Profile.Locale, ShopLocale: r.Locale, Timezone: r.LocationOf(&c), Now: now,
		Business: string(r.Business),
		Shop: message.Shop{
			Name: r.Name, HomeURL: r.HomeURL, Currency: r.Currency, Country: r.Country,
			Address: r.Address, Person: r.Person, Phone: r.Phone, Brand: r.Brand,
		},
		FirstName: c.Profile.FirstName, LastName: c.Profile.LastName,
		Orders: t.Orders, Spent: t.Spent.String(), Currency: r.Currency, LastOrderAt: t.Last,
		Plan: c.Plan, CancelReason: c.CancelReason, CancelReasonClass: string(r.CancelClass(&c)),
		Last: r.Last(m), Framing: m.Framing, Offer: offerOf(s, m),
		Link: e.o.PublicURL + "/l/" + m.Code, SMSOptOut: e.o.SMSOptOut,
	}
	in.UnsubscribeURL = e.o.PublicURL + "/u/" + e.UnsubscribeToken(s.Name, c.ID)
	in.PreferencesURL = in.UnsubscribeURL
	if m.Channel == lifecycle.SMS { // short enough to stand in a text
		in.UnsubscribeURL = e.o.PublicURL + "/u/" + m.Code
	}
	if c := r.Contest; c != nil && c.RulesURL != "" {
		in.Extra = map[string]string{"rules_url": c.RulesURL}
	}
	if o := t.LastOne; o != nil {
		in.LastProduct, in.LastOrderTotal, in.Currency = o.Product, o.Total.String(), o.Total.Currency
	}
	in.Opened, in.OpenedAny = c.Opened(m.Run)
	in.Coupon = e.couponOf(s, &c, m, now)
	if in.Coupon.Code != "" && in.Coupon.Percent == "" && in.Offer.Amount == "" { // what the coupon takes off, where no offer says
		if t := termsOf(s, m); t.Amount.Minor > 0 {
			in.Offer.Amount = t.Amount.String()
		}
	}
	return in
}
