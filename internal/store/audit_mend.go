package store

import (
	"context"
	"time"
)

// Every repair is one script in one shard. It looks again itself: where the
// record, the lease or the entry is not what was judged, it changes nothing,
// and a second run finds nothing left to do.

// amended runs a repair in a shard and confirms it; true: it changed something.
func (s *Store) amended(ctx context.Context, op string, shard int, name string, names []string, args ...any) (bool, error) {
	at, err := s.sealOf(ctx, s.keys.ready(shard))
	if err != nil {
		return false, wrap(op, err)
	}
	reply, err := s.ask(ctx, name, names, args...)
	if err == nil {
		err = s.confirm(ctx, at)
	}
	if err != nil {
		return false, wrap(op, err)
	}
	return number(reply[0]) == 1, nil
}

// mendDue puts a contact where its record says.
func (s *Store) mendDue(p *snap) func(context.Context) (bool, error) {
	due, hour, offset := s.slot(p.shard, p.contact.Due)
	return func(ctx context.Context) (bool, error) {
		return s.amended(ctx, "repair due entry", p.shard, "mend_due", []string{
			s.keys.contact(p.shard, p.id), s.keys.lease(p.shard), due, s.keys.hours(p.shard), s.keys.meta(p.shard),
		}, p.id, p.stored, hour, offset)
	}
}

// mendStray removes a due entry that does not belong there.
func (s *Store) mendStray(p *snap) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		due, hour := s.dueKey(p)
		return s.amended(ctx, "remove due entry", p.shard, "mend_stray", []string{
			s.keys.contact(p.shard, p.id), s.keys.lease(p.shard), due, s.keys.hours(p.shard), s.keys.meta(p.shard),
		}, p.id, p.stored, p.lease, hour, *p.due)
	}
}

// nobody is the process in whose name doctor leases: it never says that it
// lives, so that others take the lease over.
const nobody = "doctor"

// mendLease gives a contact with a message under way a lease of nobody.
func (s *Store) mendLease(p *snap) func(context.Context) (bool, error) {
	due, hour, _ := s.slot(p.shard, p.contact.Due)
	return func(ctx context.Context) (bool, error) {
		return s.amended(ctx, "repair lease", p.shard, "mend_lease", []string{
			s.keys.contact(p.shard, p.id), s.keys.lease(p.shard), due, s.keys.hours(p.shard), s.keys.meta(p.shard),
		}, p.id, p.stored, nobody+":0", hour)
	}
}

// mendOrphanLease removes the lease of a contact that does not exist.
func (s *Store) mendOrphanLease(p *snap) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		return s.amended(ctx, "remove lease", p.shard, "release", []string{
			s.keys.contact(p.shard, p.id), s.keys.lease(p.shard), s.keys.meta(p.shard),
		}, p.id, p.lease)
	}
}

// mendTimes makes an index of times say what the record says.
func (s *Store) mendTimes(p *snap, key string, want time.Time) func(context.Context) (bool, error) {
	score := any("")
	if !want.IsZero() {
		score = want.UnixMilli()
	}
	return func(ctx context.Context) (bool, error) {
		return s.amended(ctx, "repair index of times", p.shard, "mend_times", []string{
			s.keys.contact(p.shard, p.id), key, s.keys.meta(p.shard),
		}, p.id, p.stored, score)
	}
}

// mendOrder adds a remembered order to those known for good.
func (s *Store) mendOrder(p *snap, d uint64) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		return s.amended(ctx, "repair known orders", p.shard, "mend_order", []string{
			s.keys.contact(p.shard, p.id), s.keys.orders(p.shard, d), s.keys.meta(p.shard),
		}, p.stored, digest(d))
	}
}

// mendHour lists an hour, or takes it off the list.
func (s *Store) mendHour(h dueHour, hour string) func(context.Context) (bool, error) {
	return func(ctx context.Context) (bool, error) {
		return s.amended(ctx, "repair list of hours", h.shard, "mend_hour", []string{
			s.keys.hours(h.shard), s.keys.due(h.shard, h.hour), s.keys.meta(h.shard),
		}, hour)
	}
}
