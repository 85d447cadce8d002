package store

import (
	"strconv"
	"time"
)

// deliveryLife is the life of a set of delivery digests in seconds: its own
// generation and the next, with room for clocks that differ.
const deliveryLife = int64((2*generation + 48*time.Hour) / time.Second)

// slot is the due key for t, its hour, and t's place in it. Without a time the
// key is any of the shard and the hour is empty.
func (s *Store) slot(shard int, t time.Time) (key, hour string, offset int64) {
	if t.IsZero() {
		return s.keys.hours(shard), "", 0
	}
	n := hourOf(t.UnixMilli())
	return s.keys.due(shard, n), strconv.FormatInt(n, 10), t.UnixMilli() - n*hourLong
}

func slotOffset(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli() - hourOf(t.UnixMilli())*hourLong
}

// hourLong is an hour in milliseconds.
const hourLong = int64(time.Hour / time.Millisecond)

// hourOf is the hour since 1970 of a time in milliseconds, also before 1970.
func hourOf(ms int64) int64 {
	n := ms / hourLong
	if ms%hourLong < 0 {
		n--
	}
	return n
}

// deliverySets are the sets to look a delivery up in, the one to write first.
// Near the turn of a generation that of a process whose clock is ahead counts, too.
func (s *Store) deliverySets(shard int, d uint64) []string {
	if d == 0 {
		return nil
	}
	const turn = 10 * time.Minute
	now := s.real()
	n := now.Unix() / int64(generation/time.Second)
	sets := []string{s.keys.seen(shard, n, d), s.keys.seen(shard, n-1, d)}
	if now.Add(turn).Unix()/int64(generation/time.Second) > n {
		sets = append(sets, s.keys.seen(shard, n+1, d))
	}
	return sets
}

// digest writes d as integer sets take it: signed, in decimal; "" for none.
func digest(d uint64) string {
	if d == 0 {
		return ""
	}
	return strconv.FormatInt(int64(d), 10)
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return ""
}
