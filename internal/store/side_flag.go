package store

import (
	"context"
	"time"
)

const maxFlag = 4 << 10

// Flag is a small value of the installation, such as the hold of a provider or
// the pause of a shop; "" when it is not set.
func (s *Store) Flag(ctx context.Context, name string) (string, error) {
	const op = "read flag"
	if err := checkLength("name", name, 1, maxName); err != nil {
		return "", wrap(op, err)
	}
	found, err := s.values(ctx, op, place{key: s.keys.flag(name)})
	if err != nil {
		return "", err
	}
	return found[0], nil
}

// Flags are several of them in one round trip.
func (s *Store) Flags(ctx context.Context, names ...string) ([]string, error) {
	const op = "read flags"
	places := make([]place, len(names))
	for i, name := range names {
		if err := checkLength("name", name, 1, maxName); err != nil {
			return nil, wrap(op, err)
		}
		places[i].key = s.keys.flag(name)
	}
	return s.values(ctx, op, places...)
}

// SetFlag sets a value (at most 4 KiB) for ttl of real time, 0: until it is
// set again. The value "" removes the flag.
func (s *Store) SetFlag(ctx context.Context, name, value string, ttl time.Duration) error {
	const op = "set flag"
	if err := checkLength("name", name, 1, maxName); err != nil {
		return wrap(op, err)
	}
	if err := checkLength("value", value, 0, maxFlag); err != nil {
		return wrap(op, err)
	}
	key := s.keys.flag(name)
	var err error
	switch {
	case value == "":
		_, err = s.write(ctx, op, "unlink", key)
	case ttl == 0:
		_, err = s.write(ctx, op, "set", key, value)
	default: // the server counts whole milliseconds and refuses 0
		_, err = s.write(ctx, op, "set", key, value, "px", max(ttl, time.Millisecond).Milliseconds())
	}
	return err
}
