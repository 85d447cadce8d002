package store

import "context"

const maxReason = 64

// Suppress puts an address on the suppression list, for good: there is no
// expiry, and erasing the contact leaves it. The list knows nothing but d and
// reason (a constant of ours, 1 to 64 bytes). The last reason holds.
func (s *Store) Suppress(ctx context.Context, d Digest, reason string) error {
	const op = "suppress address"
	if err := checkLength("reason", reason, 1, maxReason); err != nil {
		return wrap(op, err)
	}
	key, field := s.keys.suppress(d)
	_, err := s.write(ctx, op, "hset", key, field, reason)
	return err
}

// Suppressed returns the reason of each digest, "" where it is not suppressed.
func (s *Store) Suppressed(ctx context.Context, ds ...Digest) ([]string, error) {
	if len(ds) == 0 {
		return nil, nil
	}
	places := make([]place, len(ds))
	for i, d := range ds {
		places[i].key, places[i].field = s.keys.suppress(d)
	}
	return s.values(ctx, "read suppression", places...)
}

// Unsuppress takes an address off the list. Only a new consent of the person
// justifies it.
func (s *Store) Unsuppress(ctx context.Context, d Digest) error {
	key, field := s.keys.suppress(d)
	_, err := s.write(ctx, "unsuppress address", "hdel", key, field)
	return err
}
