package lifecycle

import "time"

// Basis is why a contact may be written to on a channel.
type Basis uint8

// The bases. Their values are stored.
const (
	NoBasis   Basis = iota
	OptIn           // the contact subscribed
	SoftOptIn       // a buyer who never said anything, about similar products, by e-mail
	Assumed         // the shop's consent.assume, where no source tells consent
)

// String is the word of the API.
func (b Basis) String() string {
	return [...]string{"", "opt_in", "soft_opt_in", "assumed"}[b]
}

// Soft is the owner's statement that addresses are collected at the sale with
// notice of their use and of the right to object, so that buyers may be written
// to about similar products. It counts for e-mail only.
type Soft struct {
	Email  bool
	Months int // an order older than this is no ground; 0 means 24
}

func (s Soft) months() int {
	if s.Months > 0 {
		return s.Months
	}
	return 24
}

// Basis is on what ground the contact may be written to on a channel, NoBasis
// for none.
func (r *Rules) Basis(c *Contact, ch Channel, now time.Time) Basis {
	b, _, _ := r.basis(c, ch, now)
	return b
}

// basis is on what ground the channel may be used, or why there is none. The
// order is that of a soft opt-in.
func (r *Rules) basis(c *Contact, ch Channel, now time.Time) (Basis, *OrderMark, Reason) {
	con := c.Consent[ch]
	switch con.State() {
	case Subscribed:
		return OptIn, nil, ""
	case Unsubscribed:
		return NoBasis, nil, ReasonOptedOut
	case Pending: // asked, and has not said yes
		return NoBasis, nil, ReasonNoConsent
	}
	if con.virgin() && r.Assume[ch] == Subscribed {
		return Assumed, nil, ""
	}
	if o := r.softly(c, ch, now); o != nil {
		return SoftOptIn, o, ""
	}
	return NoBasis, nil, ReasonNoConsent
}

// softly is the newest sale that lets a buyer be written to who never said
// anything himself, nil where none does: a paid order of some value, not older
// than the shop says, at which the address of today was known. A consent that
// was taken back by its source is no silence: only a later sale counts.
func (r *Rules) softly(c *Contact, ch Channel, now time.Time) *OrderMark {
	if ch != Email || !r.Soft.Email {
		return nil
	}
	country := r.places(c, ch)[0].country
	if l, ok := LawOf(country, ch); !ok || !l.Soft {
		return nil
	}
	since := maxTime(now.AddDate(0, -r.Soft.months(), 0), c.Email.Since)
	if con := c.Consent[ch]; con.Decided != Unknown {
		since = maxTime(since, con.UnknownAt)
	}
	for i := len(c.Orders) - 1; i >= 0; i-- {
		o := &c.Orders[i]
		if o.Counts() && o.Status == OrderPaid && o.Total.Minor > 0 && !o.At.Before(since) && !o.At.After(now) {
			return o
		}
	}
	return nil
}
