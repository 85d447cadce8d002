package connectors

import (
	"context"
	"time"

	"ritorno/internal/lifecycle"
)

// Coupon is one voucher to be made in a shop: one person, one use unless it is
// reusable, the whole order.
type Coupon struct {
	Code    string          // 1 to 40 letters, digits, - and _
	Title   string          // what the shop's owner reads in the list of discounts; no personal data
	Percent int             // 1 to 100; 0: Amount counts
	Amount  lifecycle.Money // positive
	Starts  time.Time
	Expires time.Time
	// Reusable: it may be used as often as the contact likes.
	Reusable bool
}

// CouponMaker makes coupons in one shop. Implementations are safe for
// concurrent use and end within ten seconds or when ctx does.
type CouponMaker interface {
	// MakeCoupon makes c. A code that is there already counts as made: a repeated
	// call makes no second one. Every error is a *CouponFault.
	MakeCoupon(ctx context.Context, c Coupon) error
}

// CouponFault says why a coupon is not known to be made.
type CouponFault struct {
	// Refused: the shop will go on refusing until a person mends something. Else
	// it makes sense to try again.
	Refused bool
	// Text is what is wrong and the mend, without a secret.
	Text string
	// RetryAfter is the shop's wish; 0: none.
	RetryAfter time.Duration
}

// Error is the text.
func (f *CouponFault) Error() string { return f.Text }
