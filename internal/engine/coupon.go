package engine

import (
	"context"
	"errors"
	"strconv"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
	"ritorno/internal/link"
	"ritorno/internal/message"
	"ritorno/internal/store"
)

// Coupons is how the coupons of a shop come to be.
type Coupons struct {
	Maker   connectors.CouponMaker // makes them in the shop; nil: codes come from the pool
	Percent int                    // 1 to 100; 0: Amount counts
	Amount  lifecycle.Money
	Life    time.Duration // how long a coupon can be used, where no file says
}

// Times of coupons, real time.
const (
	// couponLimit is the longest a shop may take to make one.
	couponLimit = 12 * time.Second
	// couponKept is how long it is remembered what a message carries, beyond the
	// coupon's own life.
	couponKept = 30 * 24 * time.Hour
)

// coupon makes sure that the coupon of a message exists before anything is
// begun. False: it does not, and the step waits. A try that is repeated, also by
// another process after a crash, brings the same code with the same last day.
func (e *Engine) coupon(ctx context.Context, s *Shop, c store.Claimed, con *lifecycle.Contact, m *lifecycle.Message) bool {
	if s.Coupon == nil || !s.Rules.GivesCoupon(con, m) {
		return true
	}
	now, res, err := e.prepare(ctx, s, con, m)
	switch {
	case err != nil:
		e.release(ctx, c, keep)
		return false
	case res != nil:
		e.release(ctx, c, e.waits(s, now, *res))
		return false
	}
	e.at("coupon")
	return true
}

// prepare puts the coupon into m, or says why the step must wait.
func (e *Engine) prepare(ctx context.Context, s *Shop, con *lifecycle.Contact, m *lifecycle.Message) (now time.Time, res *lifecycle.Result, err error) {
	real, now, err := e.st.Now(ctx)
	if err != nil {
		return now, nil, err
	}
	why, err := e.heldBy(ctx, s, con, m.Channel, real) // no coupon for a message that may not leave
	if err != nil {
		return now, nil, err
	}
	if why != "" {
		return now, &lifecycle.Result{Outcome: lifecycle.RejectedAccount, Reason: why}, nil
	}
	if s.Coupon.Maker == nil {
		res, err = e.takeCoupon(ctx, s, m, now)
	} else {
		res, err = e.makeCoupon(ctx, s, m, now)
	}
	return now, res, err
}

// takeCoupon takes a code out of the shop's pool. One that the day after ends
// already is no gift.
func (e *Engine) takeCoupon(ctx context.Context, s *Shop, m *lifecycle.Message, now time.Time) (*lifecycle.Result, error) {
	got, left, ok, err := e.st.TakeCoupon(ctx, s.Name, m.ID, now.Add(24*time.Hour))
	if err != nil {
		return nil, err
	}
	e.m.pool.WithLabelValues(s.Name).Set(float64(left))
	if !ok {
		e.couponFault(s, "exhausted", emptyPool(s.Name))
		return &lifecycle.Result{Outcome: lifecycle.RejectedAccount, Reason: lifecycle.ReasonCouponsOut}, nil
	}
	e.couponWorks(s, "taken")
	m.Coupon, m.CouponUntil = got.Code, got.Expires
	return nil, nil
}

// makeCoupon makes the message's own code in the shop. The code and its last
// day are remembered first: whoever is killed in between makes the same again,
// which the shop takes for made.
func (e *Engine) makeCoupon(ctx context.Context, s *Shop, m *lifecycle.Message, now time.Time) (*lifecycle.Result, error) {
	p, id := termsOf(s, m), couponID(m)
	want := store.Coupon{Code: link.CouponCode(e.derive("coupon", id)), Expires: now.Add(p.Life).Truncate(time.Second)}
	got, err := e.st.KeepCoupon(ctx, id, want, p.Life+couponKept)
	if err != nil {
		return nil, err
	}
	m.Coupon, m.CouponUntil = got.Code, got.Expires
	if got.Made {
		return nil, nil
	}
	d := e.desks[s.Name]
	if !got.Expires.After(now) { // the step waited longer than its coupon lives
		return &lifecycle.Result{Outcome: lifecycle.RejectedAccount, Reason: lifecycle.ReasonCouponAway}, nil
	}
	if res := d.shut(); res != nil && !e.moving { // a clock that jumps must not outrun the shop
		return res, nil
	}
	limited, cancel := context.WithTimeout(ctx, couponLimit)
	err = p.Maker.MakeCoupon(limited, connectors.Coupon{
		Code: got.Code, Title: "Ritorno " + m.Journey + " " + strconv.Itoa(m.Step) + " " + got.Code,
		Percent: p.Percent, Amount: p.Amount, Starts: got.Expires.Add(-p.Life), Expires: got.Expires,
		Reusable: p.reusable,
	})
	cancel()
	var fault *connectors.CouponFault
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err() // a shutdown says nothing about the shop
	case err == nil:
		e.couponWorks(s, "made")
		e.at("coupon made")
		return nil, e.st.CouponMade(ctx, id, got, p.Life+couponKept)
	case errors.As(err, &fault) && fault.Refused:
		e.couponFault(s, "refused", "no coupon can be made, so messages with one wait until it is mended: "+fault.Text)
		return d.fail(lifecycle.Result{Outcome: lifecycle.RejectedAccount, Reason: lifecycle.ReasonCouponRefused}), nil
	}
	e.couponFault(s, "unavailable", "no coupon can be made just now, so messages with one wait and are tried again: "+err.Error())
	res := lifecycle.Result{Outcome: lifecycle.NotSent, Reason: lifecycle.ReasonCouponAway}
	if fault != nil {
		res.RetryAfter = fault.RetryAfter
	}
	return d.fail(res), nil
}

// terms are what the coupon of one message gives: the shop's own, unless its
// offer says otherwise.
type terms struct {
	Coupons
	reusable bool
}

func termsOf(s *Shop, m *lifecycle.Message) terms {
	t := terms{Coupons: Coupons{Life: couponLife}}
	if s.Coupon != nil {
		t.Coupons = *s.Coupon
	}
	o, ok := s.Rules.Offer(m.Offer)
	if !ok {
		return t
	}
	if o.Percent > 0 || o.Amount.Minor > 0 {
		t.Percent, t.Amount = o.Percent, o.Amount
	}
	if o.Life > 0 {
		t.Life = o.Life
	}
	t.reusable = o.Reusable
	return t
}

// couponID is what a message's coupon hangs on. With another offer it is
// another coupon: the one that was made for the first would give something else.
func couponID(m *lifecycle.Message) string {
	if m.Offer == "" {
		return m.ID
	}
	return m.ID + "." + m.Offer
}

// couponOf is what the template may show of a message's coupon. Without a way
// to make one, and in a preview, it is a code of our own.
func (e *Engine) couponOf(s *Shop, c *lifecycle.Contact, m *lifecycle.Message, now time.Time) message.Coupon {
	if !s.Rules.GivesCoupon(c, m) {
		return message.Coupon{}
	}
	t := termsOf(s, m)
	if m.Coupon == "" || s.Coupon == nil {
		m.Coupon, m.CouponUntil = link.CouponCode(e.derive("coupon", couponID(m))), now.Add(t.Life)
	}
	out := message.Coupon{Code: m.Coupon, Expires: m.CouponUntil}
	if t.Percent > 0 {
		out.Percent = strconv.Itoa(t.Percent)
	}
	return out
}
