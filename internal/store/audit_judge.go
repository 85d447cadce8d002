package store

import (
	"context"
	"fmt"
	"time"

	"ritorno/internal/lifecycle"
)

// fault is what is wrong at a spot, and how it is mended, if it can be.
type fault struct {
	Finding
	mend func(context.Context) (bool, error)
}

// verdict collects the faults of one snap.
type verdict struct {
	s    *Store
	p    *snap
	list []fault
}

func (v *verdict) add(kind Kind, mend func(context.Context) (bool, error), format string, args ...any) {
	shard := v.p.shard
	f := Finding{Kind: kind, Shard: &shard, Contact: v.p.id, Shop: v.p.contact.Shop, Text: fmt.Sprintf(format, args...)}
	v.list = append(v.list, fault{f, mend})
}

// judge holds one snap against what must be true of it.
func (s *Store) judge(p *snap) []fault {
	v := verdict{s: s, p: p}
	switch {
	case p.unstable:
	case p.side == sideRecord:
		v.record()
	case p.side == sideDue:
		v.dueEntry()
	case p.stored == nil:
		v.orphan()
	}
	return v.list
}

// record judges a record and the entries it should have.
func (v *verdict) record() {
	p, c := v.p, &v.p.contact
	switch {
	case p.stored == nil:
		return // erased meanwhile
	case v.s.Shard(p.id) != p.shard:
		v.add(RecordMisplaced, nil, "it belongs to shard %d", v.s.Shard(p.id))
		return
	case p.broken != nil:
		v.add(RecordUnreadable, nil, "%v", p.broken)
		return
	}
	for _, f := range c.Faults() {
		v.add(Kind(f.Kind), nil, "%s", f.Text)
	}
	if c.Erasing != nil {
		v.add(ErasureWaits, nil, "erased, and not everything that led to it is removed yet")
	}
	v.timer()
	v.times(LookIndex, v.s.keys.looks(p.shard), p.look, c.NextLook(), "the next question to the provider's records")
	v.times(UncertainIndex, v.s.keys.uncertain(p.shard), p.unc, c.UncertainSince(), "its oldest uncertain message")
	if c.Sending != nil && c.Forward == "" && p.lease == "" {
		v.add(LeaseMissing, v.s.mendLease(p), "message %s is under way and nobody holds the contact", c.Sending.Message.ID)
	}
}

// timer: a record with a due time stands in the due index or in the lease.
func (v *verdict) timer() {
	p := v.p
	if p.contact.Due.IsZero() || p.lease != "" {
		return // entries that should not be are met from the index's side
	}
	switch want := slotOffset(p.contact.Due); {
	case p.due == nil:
		v.add(DueMissing, v.s.mendDue(p), "due %s and in no index: its timer never fires", at(p.contact.Due))
	case *p.due != want:
		v.add(DueTime, v.s.mendDue(p), "due %s, and the index says %v later", at(p.contact.Due), time.Duration(*p.due-want)*time.Millisecond)
	}
}

// times: an index of times says what the record says.
func (v *verdict) times(kind Kind, key string, have *int64, want time.Time, what string) {
	mend := v.s.mendTimes(v.p, key, want)
	switch {
	case have == nil && !want.IsZero():
		v.add(kind, mend, "%s (%s) is not in the index", what, at(want))
	case have != nil && want.IsZero():
		v.add(kind, mend, "the index says %s for %s, and there is none", at(time.UnixMilli(*have)), what)
	case have != nil && *have != want.UnixMilli():
		v.add(kind, mend, "the index says %s for %s, which is %s", at(time.UnixMilli(*have)), what, at(want))
	}
}

// dueEntry judges an entry of the due index.
func (v *verdict) dueEntry() {
	p := v.p
	if p.due == nil || p.broken != nil {
		return // worked off meanwhile; or told from the record's side
	}
	when := at(time.UnixMilli(p.hour*hourLong + *p.due))
	mend := v.s.mendStray(p)
	_, hour, _ := v.s.slot(p.shard, p.contact.Due)
	_, mine := v.s.dueKey(p)
	switch {
	case p.stored == nil:
		v.add(DueOrphan, mend, "due %s, and there is no record", when)
	case p.lease != "":
		v.add(DueLeased, mend, "due %s, and somebody works on it", when)
	case p.contact.Due.IsZero():
		v.add(DueStray, mend, "due %s, and its record has no timer", when)
	case hour != mine:
		v.add(DueStray, mend, "due %s, and its record says %s", when, at(p.contact.Due))
	}
}

// orphan judges an entry of the other indexes whose record is not there.
func (v *verdict) orphan() {
	p := v.p
	switch {
	case p.side == sideLease && p.lease != "":
		v.add(LeaseOrphan, v.s.mendOrphanLease(p), "leased, and there is no record")
	case p.side == sideLook && p.look != nil:
		v.add(LookOrphan, v.s.mendTimes(p, v.s.keys.looks(p.shard), time.Time{}), "a question about its messages is open, and there is no record")
	case p.side == sideUncertain && p.unc != nil:
		v.add(UncertainOrphan, v.s.mendTimes(p, v.s.keys.uncertain(p.shard), time.Time{}), "listed as uncertain, and there is no record")
	}
}

func at(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999Z") }

// ends follows forwarding addresses from c: to the record at the end, or why
// there is none.
func (s *Store) ends(ctx context.Context, c lifecycle.Contact) (lifecycle.Contact, Kind, error) {
	for range 8 {
		if c.Forward == "" {
			return c, "", nil
		}
		next, err := s.readable(ctx, c.Forward)
		switch {
		case err != nil:
			return c, "", err
		case next == nil:
			return c, ForwardNowhere, nil
		}
		c = *next
	}
	return c, ForwardCircle, nil
}

// readable reads a contact; nil: there is none, or it cannot be read, which is
// told where its own record is judged.
func (s *Store) readable(ctx context.Context, id string) (*lifecycle.Contact, error) {
	records, err := s.records(ctx, []string{id})
	if err != nil || records[0] == nil {
		return nil, err
	}
	if c, err := decode(id, records[0]); err == nil {
		return &c, nil
	}
	return nil, nil
}
