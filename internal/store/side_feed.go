package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Feed is how new orders came in from one source, live. Zero times: never.
type Feed struct {
	First    time.Time // program time of the first new order
	Last     time.Time // … and of the last one
	LastReal time.Time // real time at which the last one came
	Orders   int64
	Waived   time.Time      // Last of the silence that a person passed over
	Days     map[int]uint32 // day since 1970 by the shop's clock -> bit h: a new order came in hour h
}

// NewOrder is a new order that came in live.
type NewOrder struct {
	At, Real  time.Time // program and real time of its arrival
	Day, Hour int       // the same by the shop's clock: days since 1970, 0 to 23
	Keep      int       // days to keep, the new one included
}

// NoteOrder remembers that a new order came in. It is a statistic: a repeated
// call counts again.
func (s *Store) NoteOrder(ctx context.Context, shop, source string, o NewOrder) error {
	const op = "note order"
	if err := checkSource(shop, source); err != nil {
		return wrap(op, err)
	}
	if o.Hour < 0 || o.Hour > 23 || o.Keep < 1 {
		return wrap(op, fmt.Errorf("hour %d of %d days to keep: an hour is 0 to 23, and one day is the least", o.Hour, o.Keep))
	}
	_, err := s.run(ctx, "side_order", []string{s.keys.feed(shop, source)},
		o.At.UnixMilli(), o.Real.UnixMilli(), o.Day, o.Hour, o.Keep)
	return wrap(op, err)
}

// Feed reads how the orders of a source came in; its zero value is a source
// that never brought one.
func (s *Store) Feed(ctx context.Context, shop, source string) (Feed, error) {
	feeds, err := s.Feeds(ctx, [2]string{shop, source})
	if err != nil {
		return Feed{}, err
	}
	return feeds[0], nil
}

// Feeds is Feed of several sources, each a shop and a name, in one round trip.
func (s *Store) Feeds(ctx context.Context, sources ...[2]string) ([]Feed, error) {
	return hashes(ctx, s, "read the orders of sources", s.keys.feed, decodeFeed, sources)
}

// WaiveSilence passes over the silence of a source that began with the order of
// a time. The next order ends it.
func (s *Store) WaiveSilence(ctx context.Context, shop, source string, last time.Time) error {
	const op = "waive a silence"
	if err := checkSource(shop, source); err != nil {
		return wrap(op, err)
	}
	_, err := s.write(ctx, op, "hset", s.keys.feed(shop, source), "waived", last.UnixMilli())
	return err
}

// decodeFeed reads the hash that side_order.lua writes. Fields of a later
// release are passed over.
func decodeFeed(fields map[string]string) (Feed, error) {
	var f Feed
	for name, value := range fields {
		at := map[string]*time.Time{"first": &f.First, "last": &f.Last, "real": &f.LastReal, "waived": &f.Waived}[name]
		day, isDay := strings.CutPrefix(name, "d:")
		if at == nil && !isDay && name != "n" {
			continue
		}
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return Feed{}, fmt.Errorf("field %q of the orders of a source is no integer", name)
		}
		switch {
		case at != nil:
			*at = time.UnixMilli(n).UTC()
		case name == "n":
			f.Orders = n
		default:
			d, err := strconv.Atoi(day)
			if err != nil || n < 0 || n >= 1<<24 {
				return Feed{}, fmt.Errorf("field %q of the orders of a source names no day, or no hours of it", name)
			}
			if f.Days == nil {
				f.Days = map[int]uint32{}
			}
			f.Days[d] = uint32(n)
		}
	}
	return f, nil
}
