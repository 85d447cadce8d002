package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// Now is the server's real time and the program's own, which the offset moves
// away from it. Both UTC.
func (s *Store) Now(ctx context.Context) (real, program time.Time, err error) {
	start := time.Now()
	real, offset, _, err := s.clock(ctx)
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	s.offset.Store(offset)
	half := time.Since(start) / 2
	s.skew.Store(int64(time.Until(real.Add(half))))
	return real, real.Add(time.Duration(offset) * time.Millisecond), nil
}

func (s *Store) clock(ctx context.Context) (real time.Time, offset int64, moved bool, err error) {
	r, err := s.ask(ctx, "now", []string{s.keys.clock()})
	if err != nil {
		return time.Time{}, 0, false, wrap("read the clock", err)
	}
	return time.Unix(number(r[0]), number(r[1])*1000).UTC(), number(r[2]), number(r[3]) == 1, nil
}

// real is the server's real time as far as this process knows without asking.
func (s *Store) real() time.Time { return time.Now().Add(time.Duration(s.skew.Load())) }

// Offset is the offset of the program's clock as last read or set.
func (s *Store) Offset() time.Duration { return time.Duration(s.offset.Load()) * time.Millisecond }

// SetOffset moves the program's clock to real time plus d (whole milliseconds).
// Any other d than 0 marks the store for good: see ClockMoved.
func (s *Store) SetOffset(ctx context.Context, d time.Duration) error {
	args := []any{"hset", s.keys.clock(), "offset", d.Milliseconds()}
	if d.Milliseconds() != 0 {
		args = append(args, "moved", 1)
	}
	at, err := s.sealOf(ctx, s.keys.clock())
	if err != nil {
		return wrap("set the clock", err)
	}
	if err := s.do(ctx, command(ctx, 1, args...)); err != nil {
		return wrap("set the clock", err)
	}
	s.offset.Store(d.Milliseconds())
	return wrap("set the clock", s.confirm(ctx, at))
}

// ClockMoved reports whether the clock of this store was ever moved: then its
// contacts' times are not of this world, and serve refuses it without
// --dev-clock.
func (s *Store) ClockMoved(ctx context.Context) (bool, error) {
	_, _, moved, err := s.clock(ctx)
	return moved, err
}

// ResetMarks forgets how far the claims had come, so that an earlier program
// time counts. Only for a clock set back while the store holds no contact:
// otherwise what was fired would fire again.
func (s *Store) ResetMarks(ctx context.Context) error {
	cmds := make([]*redis.Cmd, s.shards)
	for i := range cmds {
		cmds[i] = command(ctx, 1, "hdel", s.keys.meta(i), metaMark)
	}
	return wrap("reset the high-water marks", s.do(ctx, cmds...))
}
