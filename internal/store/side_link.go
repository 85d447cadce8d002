package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// ErrTaken: the code or token leads elsewhere already. Make another one.
var ErrTaken = errors.New("taken")

const maxLinkPart = 128

// Link is what a short code stands for.
type Link struct {
	Contact string // id
	Message string // id
}

// PutLink lets code lead to l for ttl of real time. Repeating it changes
// nothing, also not the time that is left. A code that leads elsewhere answers
// [ErrTaken].
func (s *Store) PutLink(ctx context.Context, code string, l Link, ttl time.Duration) error {
	const op = "put link"
	value, err := encodeLink(l)
	switch {
	case err != nil:
		return wrap(op, err)
	case !isCode(code):
		return wrap(op, fmt.Errorf("code of %d bytes: it must be 1 to 64 letters, digits, - and _", len(code)))
	case ttl < time.Millisecond:
		return wrap(op, fmt.Errorf("lifetime of %v: it must be positive", ttl))
	}
	old, err := s.write(ctx, op, "set", s.keys.link(code), value, "nx", "get", "px", ttl.Milliseconds())
	if err == nil && old != nil && text(old) != value {
		err = wrap(op, ErrTaken)
	}
	return err
}

// GetLink returns what code stands for. A code that was never made looks like
// one that expired: [ErrNotFound].
func (s *Store) GetLink(ctx context.Context, code string) (Link, error) {
	const op = "read link"
	if !isCode(code) {
		return Link{}, wrap(op, ErrNotFound)
	}
	found, err := s.values(ctx, op, place{key: s.keys.link(code)})
	if err != nil {
		return Link{}, err
	}
	if found[0] == "" {
		return Link{}, wrap(op, ErrNotFound)
	}
	l, err := decodeLink(found[0])
	return l, wrap(op, err)
}

// DropLinks forgets codes, when their contact is erased.
func (s *Store) DropLinks(ctx context.Context, codes ...string) error {
	const op = "drop links"
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for _, c := range codes {
		if !isCode(c) {
			continue
		}
		g.Go(func() error {
			_, err := s.write(ctx, op, "unlink", s.keys.link(c))
			return err
		})
	}
	return g.Wait()
}

// encodeLink writes "contact message": ids have no space.
func encodeLink(l Link) (string, error) {
	for what, id := range map[string]string{"contact": l.Contact, "message": l.Message} {
		if err := checkLength(what, id, 1, maxLinkPart); err != nil {
			return "", err
		}
		if strings.Contains(id, " ") {
			return "", fmt.Errorf("%s id has a space", what)
		}
	}
	return l.Contact + " " + l.Message, nil
}

func decodeLink(value string) (Link, error) {
	contact, message, found := strings.Cut(value, " ")
	if !found || contact == "" || message == "" || strings.Contains(message, " ") {
		return Link{}, errors.New("stored link is damaged; it works no more")
	}
	return Link{Contact: contact, Message: message}, nil
}

// isCode keeps strange input away from the keys.
func isCode(code string) bool {
	for _, c := range []byte(code) {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_':
		default:
			return false
		}
	}
	return len(code) >= 1 && len(code) <= 64
}
