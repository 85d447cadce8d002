package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Brakes are all brakes, by scope: a name that the caller chooses.
type Brakes struct {
	On       map[string]string    // scope -> why, in the caller's form
	Released map[string]time.Time // scope -> program time of its last release
}

// Brakes reads all of them.
func (s *Store) Brakes(ctx context.Context) (Brakes, error) {
	const op = "read the brakes"
	all, err := s.hash(ctx, op, s.keys.brakes())
	if err != nil {
		return Brakes{}, err
	}
	b := Brakes{On: map[string]string{}, Released: map[string]time.Time{}}
	for field, value := range all {
		if scope, on := strings.CutPrefix(field, "on:"); on {
			b.On[scope] = value
		} else if scope, released := strings.CutPrefix(field, "off:"); released {
			ms, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return Brakes{}, wrap(op, fmt.Errorf("the release of brake %q is no time", scope))
			}
			b.Released[scope] = time.UnixMilli(ms).UTC()
		}
	}
	return b, nil
}

// Brake puts a brake on, unless it is on or one of the scopes of known was
// released at another time than known says: then why was judged by old numbers.
// It reports whether it was put on.
func (s *Store) Brake(ctx context.Context, scope, why string, known map[string]time.Time) (bool, error) {
	const op = "put a brake on"
	if err := checkLength("scope", scope, 1, 2*maxName); err != nil {
		return false, wrap(op, err)
	}
	if err := checkLength("reason", why, 1, maxFlag); err != nil {
		return false, wrap(op, err)
	}
	args := []any{scope, why}
	for name, at := range known {
		ms := ""
		if !at.IsZero() {
			ms = strconv.FormatInt(at.UnixMilli(), 10)
		}
		args = append(args, name, ms)
	}
	reply, err := s.amend(ctx, op, "side_brake", []string{s.keys.brakes()}, args...)
	if err != nil {
		return false, err
	}
	return number(reply[0]) == 1, nil
}

// Release lets a brake go, and remembers when.
func (s *Store) Release(ctx context.Context, scope string, at time.Time) error {
	const op = "release a brake"
	if err := checkLength("scope", scope, 1, 2*maxName); err != nil {
		return wrap(op, err)
	}
	_, err := s.amend(ctx, op, "side_release", []string{s.keys.brakes()}, scope, at.UnixMilli())
	return err
}

// Holding reads in one round trip what may hold a message: a flag, and the
// brakes of some scopes; "" for what does not.
func (s *Store) Holding(ctx context.Context, flag string, scopes ...string) (text string, brakes []string, err error) {
	places := []place{{key: s.keys.flag(flag)}}
	for _, scope := range scopes {
		places = append(places, place{s.keys.brakes(), "on:" + scope})
	}
	found, err := s.values(ctx, "read what holds a message", places...)
	if err != nil {
		return "", nil, err
	}
	return found[0], found[1:], nil
}

// hash reads a whole hash.
func (s *Store) hash(ctx context.Context, op, key string) (map[string]string, error) {
	cmds, err := s.read(ctx, op, func() []*redis.Cmd { return []*redis.Cmd{command(ctx, 1, "hgetall", key)} })
	if err != nil {
		return nil, err
	}
	all, err := pairs(cmds[0])
	return all, wrap(op, err)
}
