package store

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// EntryDay is a day of a shop in which contacts enter a journey.
type EntryDay struct {
	Day        int       // since 1970 by the shop's clock
	From, Over time.Time // its first instant, and the first after it
}

// Enter takes one of the places that a journey has for entries in a day, and
// says when it is. Where none is left, ok is false and next is the day to try
// next. A place that is not used stays empty.
func (s *Store) Enter(ctx context.Context, shop, journey string, d EntryDay, now time.Time, perDay int) (at time.Time, next int, ok bool, err error) {
	const op = "enter a journey"
	if err := checkSource(shop, journey); err != nil {
		return at, 0, false, wrap(op, err)
	}
	if perDay < 1 {
		return at, 0, false, wrap(op, fmt.Errorf("%d entries a day: at least 1", perDay))
	}
	reply, err := s.amend(ctx, op, "side_entry", []string{s.keys.entries(shop, journey)},
		d.Day, d.From.UnixMilli(), d.Over.UnixMilli(), now.UnixMilli(), perDay)
	if err != nil {
		return at, 0, false, err
	}
	if len(reply) != 2 {
		return at, 0, false, wrap(op, fmt.Errorf("%d answers instead of 2", len(reply)))
	}
	if number(reply[0]) == 0 {
		return at, int(number(reply[1])), false, nil
	}
	text, _ := reply[1].(string)
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return at, 0, false, wrap(op, fmt.Errorf("the place is no time: %w", err))
	}
	return time.UnixMilli(ms).UTC(), 0, true, nil
}
