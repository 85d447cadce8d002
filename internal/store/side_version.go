package store

import (
	"context"
)

const maxVersion = 256 << 10

// KeepVersion remembers the definition of a journey under its digest, once.
func (s *Store) KeepVersion(ctx context.Context, shop, digest string, definition []byte) error {
	const op = "keep a version of a journey"
	if err := checkSource(shop, digest); err != nil {
		return wrap(op, err)
	}
	if err := checkLength("definition", string(definition), 1, maxVersion); err != nil {
		return wrap(op, err)
	}
	_, err := s.write(ctx, op, "hsetnx", s.keys.versions(shop), digest, definition)
	return err
}

// KeptVersions are all definitions of a shop's journeys by digest.
func (s *Store) KeptVersions(ctx context.Context, shop string) (map[string]string, error) {
	const op = "read the versions of journeys"
	if err := checkLength("shop", shop, 1, maxName); err != nil {
		return nil, wrap(op, err)
	}
	return s.hash(ctx, op, s.keys.versions(shop))
}

// DropVersion forgets a definition that nobody follows any more.
func (s *Store) DropVersion(ctx context.Context, shop, digest string) error {
	const op = "drop a version of a journey"
	if err := checkSource(shop, digest); err != nil {
		return wrap(op, err)
	}
	_, err := s.write(ctx, op, "hdel", s.keys.versions(shop), digest)
	return err
}
