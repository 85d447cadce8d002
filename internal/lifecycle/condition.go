package lifecycle

import (
	"strings"
	"time"

	"ritorno/internal/when"
)

// condition says whether a step's "when" holds, and the reason when not.
func (d *decision) condition(s *Step, f Fold) (bool, Reason) {
	if s.When == nil {
		return true, ""
	}
	ok, err := s.When.Eval(d.r.Env(&d.c, f, d.now))
	switch {
	case err != nil:
		return false, ReasonWhenError
	case !ok:
		return false, ReasonWhenFalse
	}
	return true, ""
}

// holds reports whether an expression is there and holds. One that cannot be
// worked out does not.
func (d *decision) holds(e *when.Expr, f Fold) bool {
	if e == nil {
		return false
	}
	ok, err := e.Eval(d.r.Env(&d.c, f, d.now))
	return err == nil && ok
}

// Env is what a step's condition sees of a contact.
func (r *Rules) Env(c *Contact, f Fold, now time.Time) when.Env {
	t := r.Totals(c)
	env := when.Env{
		Orders: t.Orders, Spent: major(t.Spent), State: c.State.String(),
		Country: c.Profile.Country, Locale: c.Profile.Locale, FirstName: c.Profile.FirstName,
		HasEmail: c.Email.Key != "", HasSMS: c.Phone.Key != "",
		CancelReason: c.CancelReason, CancelReasonClass: string(r.CancelClass(c)), MeanGapDays: t.MeanGapDays(), Plan: c.Plan,
		MayEmail: r.mayUse(c, Email, now) == "", MaySMS: r.mayUse(c, SMS, now) == "",
	}
	if !t.Last.IsZero() {
		env.DaysSinceOrder = now.Sub(t.Last).Hours() / 24
	}
	if t.LastOne != nil {
		env.LastProduct, env.LastTotal = t.LastOne.Product, major(t.LastOne.Total)
	}
	for _, o := range c.Orders {
		if o.Counts() && o.Renewal {
			env.Renewals++
		}
	}
	if c.Run != nil {
		env.Journey, env.Step, env.Trigger = c.Run.Journey, c.Run.Step+1, string(c.Run.Trigger)
		env.Holdout, env.Messages, env.DaysInJourney = c.Run.Holdout, c.Run.Got, now.Sub(c.Run.Began).Hours()/24
		if c.Run.Trigger == OnReturn {
			env.Returned = true
			env.OrdersSinceReturn = r.ordersAfter(c, f.TriggerAt)
		}
	}
	for _, run := range c.Runs {
		env.Returned = env.Returned || run.Trigger == OnReturn
	}
	for _, m := range c.Messages {
		env.OpenedAny = env.OpenedAny || m.Opened
		if c.Run != nil && m.Run == c.Run.ID {
			if m.Variant != "" {
				env.Variant = m.Variant
			}
			env.Opened, env.Responded = env.Opened || m.Opened, env.Responded || m.Responded
		}
		env.CouponUsed = env.CouponUsed || !m.CouponUsed.IsZero()
		for _, o := range c.Orders {
			env.CouponUsed = env.CouponUsed || uses(strings.Split(o.Codes, ","), m.Coupon)
		}
	}
	for _, a := range c.Answers {
		if a.Kind == ResponseAnswer {
			env.Answer = a.Choice
		}
	}
	return env
}

func (r *Rules) ordersAfter(c *Contact, t time.Time) int {
	n := 0
	for i := range c.Orders {
		if c.Orders[i].Counts() && c.Orders[i].At.After(t) {
			n++
		}
	}
	return n
}

// major is an amount in whole units, for comparisons in conditions only.
func major(m Money) float64 {
	f := float64(m.Minor)
	for range Decimals(m.Currency) {
		f /= 10
	}
	return f
}
