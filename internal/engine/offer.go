package engine

import (
	"context"
	"strconv"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/message"
	"ritorno/internal/store"
)

// offer chooses what a message gives, and makes sure that its coupon exists
// before anything is begun. False: the store or the shop could not be reached,
// and the step waits.
func (e *Engine) offer(ctx context.Context, s *Shop, c store.Claimed, con *lifecycle.Contact, m *lifecycle.Message) bool {
	if err := e.chooseOffer(ctx, s, c.Fence, con, m); err != nil {
		e.release(ctx, c, keep)
		return false
	}
	return e.coupon(ctx, s, c, con, m)
}

// chooseOffer writes into m the first offer that fits the contact and that its
// budget still bears; where there is none the message leaves with words alone.
func (e *Engine) chooseOffer(ctx context.Context, s *Shop, fence uint64, con *lifecycle.Contact, m *lifecycle.Message) error {
	if len(s.Rules.Offers) == 0 {
		return nil
	}
	_, now, err := e.st.Now(ctx)
	if err != nil {
		return err
	}
	m.Take(lifecycle.Offer{}, now)
	fit, _ := s.Rules.OffersFor(con, m, now)
	for _, o := range fit {
		taken := true
		if o.Budget.Amount.Minor > 0 && o.Cost.Minor > 0 {
			taken, _, err = e.st.TakeOffer(ctx, store.OfferTake{
				Shop: s.Name, Offer: o.Name, Message: m.ID, Cost: o.Cost.Minor, Budget: o.Budget.Amount.Minor,
				Now: now, Per: o.Budget.Per, Fence: fence,
			})
			if err != nil {
				return err
			}
			e.spent(s, o.Name, taken)
		}
		if taken {
			m.Take(o, now)
			return nil
		}
	}
	return nil
}

// spent counts how often an offer was made, and how often its budget did not
// bear it.
func (e *Engine) spent(s *Shop, offer string, taken bool) {
	outcome := "taken"
	if !taken {
		outcome = "over_budget"
	}
	e.m.offers.WithLabelValues(s.Name, offer, outcome).Inc()
}

// returnOffer gives back what a message that does not leave took of a budget.
// Where that fails the budget is lower for a while, never higher.
func (e *Engine) returnOffer(ctx context.Context, s *Shop, fence uint64, m *lifecycle.Message) {
	if o, ok := s.Rules.Offer(m.Offer); !ok || o.Budget.Amount.Minor == 0 || o.Cost.Minor == 0 {
		return
	}
	if err := e.st.ReturnOffer(ctx, s.Name, m.Offer, m.ID, fence); err != nil {
		e.log.Warn("what an offer cost could not be given back to its budget", "shop", s.Name, "offer", m.Offer, "error", err.Error())
	}
}

// offerOf is what the template may show of a message's offer.
func offerOf(s *Shop, m *lifecycle.Message) message.Offer {
	o, ok := s.Rules.Offer(m.Offer)
	if !ok {
		return message.Offer{}
	}
	out := message.Offer{Kind: string(o.Kind), Type: o.Type, Text: o.Text, Expires: m.OfferUntil}
	if o.Percent > 0 {
		out.Percent = strconv.Itoa(o.Percent)
	}
	if o.Amount.Minor > 0 {
		out.Amount = o.Amount.String()
	}
	return out
}

// previewed is a message as the shop's journeys would send it, with the first
// offer that fits the contact, whatever is left of its budget.
func previewed(s *Shop, c *lifecycle.Contact, template string, ch lifecycle.Channel, now time.Time) lifecycle.Message {
	m := s.Rules.StepWith(template, ch)
	m.ID = c.ID + "-preview"
	if fit, _ := s.Rules.OffersFor(c, &m, now); len(fit) > 0 {
		m.Take(fit[0], now)
	}
	return m
}
