package store

import (
	"context"
	"errors"
	"strconv"
	"time"
)

// maxBudget is the largest budget in minor units that scripts count exactly.
const maxBudget = 1 << 53

// OfferTake is a message that wants an offer of a shop.
type OfferTake struct {
	Shop, Offer, Message string
	Cost, Budget         int64 // minor units, of one currency
	Now                  time.Time
	Per                  time.Duration // what was taken longer ago does not count any more
	Fence                uint64        // of the claim on the contact
}

// TakeOffer takes an offer for a message where its budget bears the cost, and
// reports whether it does and what is left then. The same message takes it once,
// however often it is called. What processes take together never exceeds the
// budget.
func (s *Store) TakeOffer(ctx context.Context, t OfferTake) (taken bool, left int64, err error) {
	const op = "take an offer"
	if err := errors.Join(checkLength("shop", t.Shop, 1, maxName), checkLength("offer", t.Offer, 1, maxName)); err != nil {
		return false, 0, wrap(op, err)
	}
	if t.Cost < 0 || t.Budget < 0 || t.Cost >= maxBudget || t.Budget >= maxBudget {
		return false, 0, wrap(op, errors.New("cost and budget must be from 0 to 2^53"))
	}
	key, costs := s.keys.offer(t.Shop, t.Offer)
	reply, err := s.amend(ctx, op, "side_offer_take", []string{key, costs}, couponField(t.Message),
		t.Cost, t.Budget, t.Now.UnixMilli(), t.Now.Add(-t.Per).UnixMilli(), strconv.FormatUint(t.Fence, 10))
	if err != nil {
		return false, 0, err
	}
	return number(reply[0]) == 1, number(reply[1]), nil
}

// ReturnOffer gives back what a message took under a fence, because it did not
// leave. Where another process took it for the same message since, it stays.
func (s *Store) ReturnOffer(ctx context.Context, shop, offer, message string, fence uint64) error {
	const op = "give an offer back"
	key, costs := s.keys.offer(shop, offer)
	_, err := s.amend(ctx, op, "side_offer_return", []string{key, costs}, couponField(message), strconv.FormatUint(fence, 10))
	return err
}
