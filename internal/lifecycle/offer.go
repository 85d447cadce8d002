package lifecycle

import (
	"cmp"
	"slices"
	"time"

	"ritorno/internal/when"
)

// OfferKind says what an offer appeals to.
type OfferKind string

// The kinds of offer.
const (
	Emotional OfferKind = "emotional" // thanks, an apology, attention: words, and they cost nothing
	Material  OfferKind = "material"  // a small surprise, a repair
	Financial OfferKind = "financial" // worth money: a coupon, credit, points, a gift card, a trial
)

// OfferTypes lists what an offer can be, by its kind.
var OfferTypes = map[OfferKind][]string{
	Emotional: {"thanks", "apology", "attention"},
	Material:  {"surprise", "repair"},
	Financial: {OfferCoupon, "credit", "points", "gift_card", "trial"},
}

// OfferCoupon is the type whose messages carry a code.
const OfferCoupon = "coupon"

// Offer is something a shop gives to win somebody back.
type Offer struct {
	Name     string
	Kind     OfferKind
	Type     string        // one of OfferTypes
	Percent  int           // 1 to 100; 0: Amount counts, or the shop's coupon
	Amount   Money         // what it is worth to the contact; zero: not said
	Cost     Money         // what it costs the shop, each; counted against the budget
	Life     time.Duration // how long it stands; 0: without end
	Reusable bool          // its coupon may be used more than once
	When     *when.Expr    // nil: for everybody
	Text     string        // the owner's own words for it
	Framing  string        // "loss", or "gain" (also when empty)
	Budget   Budget
}

// Budget limits what an offer may cost in a stretch of time that ends now. An
// Amount of zero sets no limit.
type Budget struct {
	Amount Money
	Per    time.Duration
}

// Offer returns the shop's offer of that name.
func (r *Rules) Offer(name string) (Offer, bool) {
	for _, o := range r.Offers {
		if o.Name == name && name != "" {
			return o, true
		}
	}
	return Offer{}, false
}

// OffersFor lists the offers that a message may bring, best first, as far as
// the contact decides it: the first of them that the budget still bears is the
// one. ask is false where neither the step nor the shop has anything to choose
// from; then an older way of giving coupons holds, see GivesCoupon.
func (r *Rules) OffersFor(c *Contact, m *Message, now time.Time) (fit []Offer, ask bool) {
	names := r.offerNames(c, m)
	if len(names) == 0 {
		return nil, false
	}
	if !r.deserves(c, m) {
		return nil, true
	}
	env := r.Env(c, r.fold(c), now)
	for _, name := range names {
		o, ok := r.Offer(name)
		if !ok {
			continue
		}
		if o.When != nil {
			// A condition that cannot be worked out does not hold: a contact whose
			// value is not known gets the next offer.
			if holds, err := o.When.Eval(env); err != nil || !holds {
				continue
			}
		}
		fit = append(fit, o)
	}
	return fit, true
}

// journeyFor is the definition of a journey that a message comes from: the one
// that its run follows.
func (r *Rules) journeyFor(c *Contact, m *Message) *Journey {
	if c.Run != nil && c.Run.ID == m.Run {
		return r.journeyOf(c.Run)
	}
	return r.named(m.Journey)
}

// offerNames are what a message's step names; where it names none, and the
// template is made for an offer, all of the shop's, the dearest first.
func (r *Rules) offerNames(c *Contact, m *Message) []string {
	if j := r.journeyFor(c, m); j != nil && m.Step >= 1 && m.Step <= len(j.Steps) && len(j.Steps[m.Step-1].Offers) > 0 {
		return j.Steps[m.Step-1].Offers
	}
	if !Offers(m.Template) {
		return nil
	}
	all := slices.Clone(r.Offers)
	slices.SortStableFunc(all, func(a, b Offer) int { return cmp.Compare(b.Cost.Minor, a.Cost.Minor) })
	var names []string
	for _, o := range all {
		names = append(names, o.Name)
	}
	return names
}

// deserves says whether an offer would fit the reason for which somebody left:
// who moved away or never meant to buy gets a good last impression, and who did
// not use it or missed something is not helped by a discount. It asks only in
// the journey after a cancellation.
func (r *Rules) deserves(c *Contact, m *Message) bool {
	if j := r.named(m.Journey); j != nil && j.Trigger != OnCancellation || j == nil && m.Template != "cancellation_offer" {
		return true
	}
	switch r.CancelClass(c) {
	case CancelMoved, CancelFraud, CancelUnused, CancelMissing, CancelPayment:
		return false
	}
	return true
}

// GivesCoupon reports whether a message carries a code: that of its offer, or,
// where there was nothing to choose from, because of its template.
func (r *Rules) GivesCoupon(c *Contact, m *Message) bool {
	if o, ok := r.Offer(m.Offer); ok {
		return o.Type == OfferCoupon
	}
	return len(r.offerNames(c, m)) == 0 && Offers(m.Template) && r.deserves(c, m)
}

// Last reports whether nothing follows a message: it is the last step of a
// journey that lets go whoever does not react.
func (r *Rules) Last(m *Message) bool {
	j := r.named(m.Journey)
	return j != nil && m.Step == len(j.Steps) && j.Finish.Otherwise == UnsubscribedState
}

// Opened reports whether a link of a run's messages was opened, and of any.
func (c *Contact) Opened(run string) (here, ever bool) {
	for i := range c.Messages {
		m := &c.Messages[i]
		here, ever = here || m.Opened && run != "" && m.Run == run, ever || m.Opened
	}
	return here, ever
}

// StepWith is the first step of a shop's journeys that has the template, as a
// message of it: for looking at one without sending it.
func (r *Rules) StepWith(template string, ch Channel) Message {
	m := Message{Template: template, Channel: ch}
	for _, j := range r.Journeys {
		for i, s := range j.Steps {
			if s.Template == template {
				m.Journey, m.Step = j.Name, i+1
				return m
			}
		}
	}
	return m
}

// Take writes an offer into a message; the zero offer takes it out.
func (m *Message) Take(o Offer, now time.Time) {
	m.Offer, m.OfferKind, m.OfferCost, m.Framing, m.OfferUntil = o.Name, o.Kind, o.Cost.Minor, o.Framing, time.Time{}
	if o.Life > 0 {
		m.OfferUntil = now.Add(o.Life).UTC().Truncate(time.Second)
	}
}

// offerCost is what the offer of a message costs, as text; empty without one.
func (r *Rules) offerCost(m *Message) string {
	if m.Offer == "" {
		return ""
	}
	return Money{m.OfferCost, r.Currency}.String()
}
