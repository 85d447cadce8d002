package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Bounds of what is kept of a reading.
const (
	maxMark     = 1 << 10 // of the next page
	maxReadText = 400     // of what is wrong
)

// ErrLeased: another process has the lease. Try again later.
var ErrLeased = errors.New("another process has the lease")

// Reading is how far a source was read through its shop's own API. All times
// are real. Zero times: never.
type Reading struct {
	Since    time.Time // the round under way, or the next, reads what changed at this time or later
	Next     string    // page at which the round goes on; empty: the first
	Began    time.Time // of the round under way; zero: none is
	Whole    time.Time // begin of the last round that was read to its end
	Tried    time.Time // last try, good or bad
	Error    string    // name of what is wrong; empty: nothing
	Text     string    // … and the mend
	FailedAt time.Time // when it went wrong last
	Rounds   int64     // that were read to their end
	Read     int64     // deliveries
	Found    int64     // new orders among them, that no webhook had told by then
}

// Step is what one call did to a reading.
type Step struct {
	Reading
	Read, Found int  // in this step
	Finished    bool // it ended a round
}

// TakeReading takes the lease on reading a source and says how far it was read,
// with the server's time. The lease ends by itself, so that another process goes
// on where one was killed. ErrLeased: another has it; force takes it all the
// same, where no other process can be alive.
func (s *Store) TakeReading(ctx context.Context, shop, source string, lease time.Duration, force bool) (Reading, time.Time, error) {
	const op = "take a reading"
	if err := checkSource(shop, source); err != nil {
		return Reading{}, time.Time{}, wrap(op, err)
	}
	reply, err := s.run(ctx, "side_read_take", []string{s.keys.reading(shop, source)}, s.process, lease.Milliseconds(), force)
	if err != nil {
		return Reading{}, time.Time{}, wrap(op, err)
	}
	now := time.UnixMilli(number(reply[0])).UTC()
	if len(reply) == 1 {
		return Reading{}, now, wrap(op, ErrLeased)
	}
	fields := map[string]string{}
	for i := 1; i+1 < len(reply); i += 2 {
		fields[text(reply[i])] = text(reply[i+1])
	}
	r, err := decodeReading(fields)
	return r, now, wrap(op, err)
}

// SaveReading keeps how far a source was read, and the lease for as long again;
// 0 gives it back. ErrLeased: it ended and another process took it, nothing was
// kept. The counts are a statistic: a repeated call counts again.
func (s *Store) SaveReading(ctx context.Context, shop, source string, st Step, lease time.Duration) error {
	const op = "save a reading"
	if err := checkSource(shop, source); err != nil {
		return wrap(op, err)
	}
	if err := checkLength("mark of the next page", st.Next, 0, maxMark); err != nil {
		return wrap(op, err)
	}
	finished := 0
	if st.Finished {
		finished = 1
	}
	reply, err := s.amend(ctx, op, "side_read_save", []string{s.keys.reading(shop, source)},
		s.process, lease.Milliseconds(), st.Read, st.Found, finished,
		"since", milli(st.Since), "began", milli(st.Began), "whole", milli(st.Whole), "tried", milli(st.Tried),
		"error_at", milli(st.FailedAt), "next", st.Next, "error", clip(st.Error, maxReason), "text", clip(st.Text, maxReadText))
	if err == nil && number(reply[0]) == 0 {
		err = wrap(op, ErrLeased)
	}
	return err
}

// milli is a time as the hash has it; "0" is none.
func milli(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

// Readings is how far several sources were read, each a shop and a name, in one
// round trip. The zero value is a source that never was.
func (s *Store) Readings(ctx context.Context, sources ...[2]string) ([]Reading, error) {
	return hashes(ctx, s, "read how far sources were read", s.keys.reading, decodeReading, sources)
}

// decodeReading reads the hash that side_read_save.lua writes. Fields of a later
// release are passed over.
func decodeReading(fields map[string]string) (Reading, error) {
	r := Reading{Next: fields["next"], Error: fields["error"], Text: fields["text"]}
	for name, to := range map[string]*time.Time{
		"since": &r.Since, "began": &r.Began, "whole": &r.Whole, "tried": &r.Tried, "error_at": &r.FailedAt,
	} {
		n, err := integer(fields, name)
		if err != nil {
			return Reading{}, err
		}
		if n != 0 {
			*to = time.UnixMilli(n).UTC()
		}
	}
	for name, to := range map[string]*int64{"rounds": &r.Rounds, "read": &r.Read, "found": &r.Found} {
		var err error
		if *to, err = integer(fields, name); err != nil {
			return Reading{}, err
		}
	}
	return r, nil
}

// integer is a field of a hash, 0 where it is absent.
func integer(fields map[string]string, name string) (int64, error) {
	value, there := fields[name]
	if !there {
		return 0, nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("field %q of a reading is no integer", name)
	}
	return n, nil
}
