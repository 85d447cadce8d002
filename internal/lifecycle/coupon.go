package lifecycle

import (
	"slices"
	"strings"
)

// Offers reports whether messages of a template carry a coupon.
func Offers(template string) bool {
	return template == "coupon" || template == "cancellation_offer" || template == "cancellation_door" || template == "welcome_back_stay"
}

// uses reports whether a coupon is among the codes of an order. Shops do not
// mind the letter case, and WooCommerce writes small letters whatever was made.
func uses(codes []string, coupon string) bool {
	return coupon != "" && slices.ContainsFunc(codes, func(code string) bool {
		return strings.EqualFold(strings.TrimSpace(code), coupon)
	})
}

// redeem notes which coupons of ours an order used, each once, however often
// and in whatever order the orders are told.
func (d *decision) redeem(o OrderMark) {
	if d.ev.Order == nil || o.Partial {
		return
	}
	codes := append(strings.Split(o.Codes, ","), d.ev.Order.Codes...)
	for i := range d.c.Messages {
		m := &d.c.Messages[i]
		if !uses(codes, m.Coupon) {
			continue
		}
		was := m.CouponUsed
		if was.IsZero() || o.At.Before(was) {
			m.CouponUsed, d.changed = o.At, true
		}
		if was.IsZero() {
			at := d.ev.At
			d.ev.At = o.At
			d.noteWhy("coupon.used", "", m.Coupon+", order "+o.ID)
			d.ev.At = at
			d.t.tell(Tell{Kind: TellCoupon, At: o.At, Journey: m.Journey, Step: m.Step, Message: m.ID, Coupon: m.Coupon, Order: o.ID})
			d.t.count("coupon_used:" + m.Journey + ":" + itoa(m.Step))
		}
	}
}
