package config

import (
	"fmt"
	"slices"
	"strings"

	"ritorno/internal/lifecycle"
	"ritorno/internal/when"
)

// Offer is something a shop gives to win somebody back.
type Offer struct {
	Name      string              `yaml:"-,key"`
	Kind      lifecycle.OfferKind `yaml:"kind"`
	Type      string              `yaml:"type"`       // one of lifecycle.OfferTypes
	Percent   int                 `yaml:"percent"`    // coupon only, 1 to 100; 0: Amount counts
	Amount    string              `yaml:"amount"`     // what it is worth, in the shop's currency, such as 5.00
	Cost      string              `yaml:"cost"`       // what it costs the shop each time, default 0
	Expires   Duration            `yaml:"expires"`    // how long it stands; default 14d for a coupon, else without end
	SingleUse bool                `yaml:"single_use"` // of a coupon made in the shop, default true
	When      *when.Expr          `yaml:"when"`       // nil: for everybody
	Text      string              `yaml:"text"`       // the owner's own words for it
	Framing   Framing             `yaml:"framing"`    // default gain
	Budget    *Budget             `yaml:"budget"`     // nil: no limit
}

// Budget limits what an offer may cost in a stretch of time that ends now.
type Budget struct {
	Amount string   `yaml:"amount"` // in the shop's currency, such as 500.00
	Per    Duration `yaml:"per"`
}

// Framing is how an offer is worded.
type Framing string

// The ways to word it.
const (
	Gain Framing = "gain" // what there is to win
	Loss Framing = "loss" // what will be lost
)

// maxOfferText is the longest text of an offer, in characters.
const maxOfferText = 80

func (o *Offer) complete(r *report, path string) {
	unless(r, path+".single_use", &o.SingleUse, true)
	unless(r, path+".framing", &o.Framing, Gain)
	unless(r, path+".cost", &o.Cost, "0")
	if o.Type == lifecycle.OfferCoupon {
		unless(r, path+".expires", &o.Expires, 14*day)
	}
}

// verifyOffers checks the shop's offers.
func (c *Config) verifyOffers(r *report, s *Shop) {
	for _, o := range s.Offers {
		path := "shops." + s.ID + ".offers." + o.Name
		o.verifyKind(r, path)
		o.verifyWorth(r, path, s)
		o.verifyBudget(r, path, s.Currency)
		verifySense(r, path+".when", o.When, "nobody gets this offer; take it out", "it chooses nobody; take it out")
		if r.given(path+".expires") || o.Type == lifecycle.OfferCoupon {
			if o.Expires < day || o.Expires <= c.Delivery.Expires {
				r.add(path+".expires", "must be at least 1d and longer than delivery.expires ("+c.Delivery.Expires.String()+"): a step that waited that long must not bring an offer that is over")
			}
		}
		if strings.ContainsAny(o.Text, "\r\n") || len([]rune(o.Text)) > maxOfferText {
			r.add(path+".text", fmt.Sprintf("must be one line of at most %d characters", maxOfferText))
		}
	}
}

func (o *Offer) verifyKind(r *report, path string) {
	types := lifecycle.OfferTypes[o.Kind]
	switch {
	case o.Kind == "" && !r.given(path+".kind"):
		r.add(path+".kind", "is missing: give emotional, material or financial")
	case o.Kind == "": // told already
	case o.Type == "":
		r.add(path+".type", "is missing: give "+oneOf(types))
	case !slices.Contains(types, o.Type):
		r.add(path+".type", fmt.Sprintf("is none of kind %s: use %s", o.Kind, oneOf(types)+didYouMean(o.Type, types)))
	}
}

// verifyWorth checks what the offer gives.
func (o *Offer) verifyWorth(r *report, path string, s *Shop) {
	coupon := o.Type == lifecycle.OfferCoupon
	percent, worth := r.given(path+".percent"), r.given(path+".amount")
	pool := s.Coupon != nil && s.Coupon.From == Pool
	switch {
	case percent && worth:
		r.add(path+".amount", "cannot stand beside percent: keep one of the two")
	case percent && !coupon && o.Type != "":
		r.add(path+".percent", "is only for coupons: take it out")
	case percent && (o.Percent < 1 || o.Percent > 100):
		r.add(path+".percent", "must be a whole number from 1 to 100")
	case coupon && !percent && !worth && !pool:
		r.add(path+".percent", "is missing: say what the coupon gives, such as percent: 10 or amount: \"5.00\"")
	case !worth && (o.Type == "credit" || o.Type == "gift_card"):
		r.add(path+".amount", "is missing: say what it is worth, such as \"5.00\"")
	}
	if m, ok := moneyOf(o.Amount, s.Currency); worth && (!ok || m.Minor == 0) {
		r.add(path+".amount", "must be an amount above 0 in the shop's currency, such as \"5.00\"")
	}
	if _, ok := moneyOf(o.Cost, s.Currency); !ok {
		r.add(path+".cost", "must be an amount in the shop's currency, such as \"5.00\"")
	}
	if r.given(path + ".single_use") {
		switch {
		case !coupon && o.Type != "":
			r.add(path+".single_use", "is only for coupons: take it out")
		case !o.SingleUse && (s.Coupon == nil || pool):
			r.add(path+".single_use", "can be false only where coupon.from names a shop that makes the codes: codes of a file are what they are")
		}
	}
}

func (o *Offer) verifyBudget(r *report, path, currency string) {
	cost, _ := moneyOf(o.Cost, currency)
	if o.Budget == nil {
		if o.Kind == lifecycle.Financial && cost.Minor == 0 && !r.given(path+".cost") {
			r.warn(path+".cost", "is left out: the offer counts as if it cost nothing")
		}
		return
	}
	limit, ok := moneyOf(o.Budget.Amount, currency)
	switch {
	case !ok || limit.Minor == 0:
		r.add(path+".budget.amount", "must be an amount above 0 in the shop's currency, such as \"500.00\"")
	case cost.Minor == 0:
		r.add(path+".cost", "is missing or 0: a budget needs to know what the offer costs each time")
	case limit.Minor < cost.Minor:
		r.add(path+".budget.amount", "is less than the cost: the offer would never be made")
	}
	positive(r, path+".budget.per", o.Budget.Per)
}

// verifyOffersOf checks that a shop has the offers that its journeys' steps name.
func (c *Config) verifyOffersOf(r *report, s *Shop) {
	var known []string
	for _, o := range s.Offers {
		known = append(known, o.Name)
	}
	for _, name := range s.Journeys {
		j := c.Journey(name)
		if j == nil {
			continue
		}
		for i, step := range j.Steps {
			for _, offer := range step.Offers {
				if !slices.Contains(known, offer) {
					r.add(fmt.Sprintf("journeys.%s.steps[%d].offer", name, i),
						fmt.Sprintf("names an offer that shop %s does not have: describe it under shops.%s.offers%s", s.ID, s.ID, didYouMean(offer, known)))
				}
			}
		}
	}
}

func (s *Shop) offers() []lifecycle.Offer {
	var list []lifecycle.Offer
	for _, o := range s.Offers {
		out := lifecycle.Offer{
			Name: o.Name, Kind: o.Kind, Type: o.Type, Percent: o.Percent, Life: o.Expires.Std(), Reusable: !o.SingleUse,
			When: o.When, Text: o.Text, Framing: string(o.Framing),
		}
		out.Amount, _ = moneyOf(o.Amount, s.Currency)
		out.Cost, _ = moneyOf(o.Cost, s.Currency)
		if o.Budget != nil {
			out.Budget.Per = o.Budget.Per.Std()
			out.Budget.Amount, _ = moneyOf(o.Budget.Amount, s.Currency)
		}
		list = append(list, out)
	}
	return list
}
