package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Coupon is a code that belongs to one message.
type Coupon struct {
	Code    string
	Expires time.Time // zero: never
	Made    bool      // the shop has it; codes of a pool always are
}

// KeepCoupon remembers for ttl of real time which coupon a message carries and
// returns the one that is remembered: the first that anybody kept for it.
func (s *Store) KeepCoupon(ctx context.Context, message string, c Coupon, ttl time.Duration) (Coupon, error) {
	const op = "keep coupon"
	value, err := encodeCoupon(c)
	if err != nil {
		return Coupon{}, wrap(op, err)
	}
	old, err := s.write(ctx, op, "set", s.keys.coupon(message), value, "nx", "get", "px", max(ttl, time.Millisecond).Milliseconds())
	if err != nil {
		return Coupon{}, err
	}
	if old == nil {
		return c, nil
	}
	c, err = decodeCoupon(text(old))
	return c, wrap(op, err)
}

// CouponMade remembers that the shop has a message's coupon. Nothing hangs on
// it but a call that need not be made again.
func (s *Store) CouponMade(ctx context.Context, message string, c Coupon, ttl time.Duration) error {
	const op = "note coupon"
	c.Made = true
	value, err := encodeCoupon(c)
	if err != nil {
		return wrap(op, err)
	}
	_, err = s.write(ctx, op, "set", s.keys.coupon(message), value, "px", max(ttl, time.Millisecond).Milliseconds())
	return err
}

// TakeCoupon takes a code out of a shop's pool for a message, and the same one
// whenever it is called again for it. Codes that end before least are passed
// over. left is how many free ones there are then; ok is false where there was
// none.
func (s *Store) TakeCoupon(ctx context.Context, shop, message string, least time.Time) (c Coupon, left int64, ok bool, err error) {
	const op = "take coupon"
	if err := checkLength("shop", shop, 1, maxName); err != nil {
		return Coupon{}, 0, false, wrap(op, err)
	}
	free, taken, _ := s.keys.pool(shop)
	for {
		reply, err := s.amend(ctx, op, "side_coupon_take", []string{free, taken}, couponField(message), least.UnixMilli())
		if err != nil {
			return Coupon{}, 0, false, err
		}
		left = number(reply[1])
		if value := text(reply[0]); value != "" {
			c, err = decodeCoupon(value)
			c.Made = true
			return c, left, err == nil, wrap(op, err)
		}
		if number(reply[2]) == 0 {
			return Coupon{}, left, false, nil
		}
	}
}

// poolBatch is how many codes one call adds.
const poolBatch = 500

// AddCoupons adds codes to a shop's pool and returns how many of them it never
// had. After an error repeat it: what was added is not added again.
func (s *Store) AddCoupons(ctx context.Context, shop string, codes []Coupon) (added int64, err error) {
	const op = "add coupons"
	if err := checkLength("shop", shop, 1, maxName); err != nil {
		return 0, wrap(op, err)
	}
	free, _, known := s.keys.pool(shop)
	for len(codes) > 0 {
		some := codes[:min(len(codes), poolBatch)]
		codes = codes[len(some):]
		args := make([]any, 0, 2*len(some))
		for _, c := range some {
			if !isCode(c.Code) {
				return added, wrap(op, errors.New("a code must be 1 to 64 letters, digits, - and _"))
			}
			args = append(args, c.Code, untilMilli(c.Expires))
		}
		reply, err := s.amend(ctx, op, "side_coupon_add", []string{free, known}, args...)
		if err != nil {
			return added, err
		}
		added += number(reply[0])
	}
	return added, nil
}

// Pool is how a shop's pool of codes stands.
type Pool struct {
	Free  int64 // codes left, those that ended meanwhile included
	Taken int64 // codes given to a message
	Known int64 // codes that were ever added
}

// CouponPool reads how a shop's pool stands; its zero value is a shop without.
func (s *Store) CouponPool(ctx context.Context, shop string) (Pool, error) {
	const op = "read coupon pool"
	if err := checkLength("shop", shop, 1, maxName); err != nil {
		return Pool{}, wrap(op, err)
	}
	free, taken, known := s.keys.pool(shop)
	cmds, err := s.read(ctx, op, func() []*redis.Cmd {
		return []*redis.Cmd{command(ctx, 1, "llen", free), command(ctx, 1, "hlen", taken), command(ctx, 1, "scard", known)}
	})
	if err != nil {
		return Pool{}, err
	}
	var n [3]int64
	for i, c := range cmds {
		if n[i], err = c.Int64(); err != nil {
			return Pool{}, wrap(op, err)
		}
	}
	return Pool{Free: n[0], Taken: n[1], Known: n[2]}, nil
}

func untilMilli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// encodeCoupon writes "code unix-ms", and " made" behind it.
func encodeCoupon(c Coupon) (string, error) {
	if !isCode(c.Code) {
		return "", errors.New("a code must be 1 to 64 letters, digits, - and _")
	}
	value := c.Code + " " + strconv.FormatInt(untilMilli(c.Expires), 10)
	if c.Made {
		value += " made"
	}
	return value, nil
}

func decodeCoupon(value string) (Coupon, error) {
	parts := strings.Split(value, " ")
	if len(parts) < 2 || !isCode(parts[0]) {
		return Coupon{}, fmt.Errorf("stored coupon of %d bytes is damaged", len(value))
	}
	n, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || n < 0 {
		return Coupon{}, errors.New("stored coupon has no time")
	}
	c := Coupon{Code: parts[0], Made: len(parts) > 2 && parts[2] == "made"}
	if n > 0 {
		c.Expires = time.UnixMilli(n).UTC()
	}
	return c, nil
}
