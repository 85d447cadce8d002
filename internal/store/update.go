package store

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"ritorno/internal/defect"
	"ritorno/internal/lifecycle"
)

// Request says what an update is about.
type Request struct {
	ID       string
	Delivery uint64   // digest of the delivery key; 0: none
	Orders   []uint64 // order digests whose membership fn wants to know
	Create   bool     // a missing contact is handed to fn as a zero Contact with ID set; else ErrNotFound
	Fence    uint64   // >0: the lease must be held with this fence by this process, else ErrFence
	Release  bool     // give the lease back (when held with Fence); the due timer is indexed again from the record
}

// Known is what the store knows besides the contact.
type Known struct {
	Orders map[uint64]bool // of Request.Orders: those that were counted before
}

// Count adds N to an exact counter of a shop.
type Count struct {
	Shop, Field string
	N           int64
}

// Change is what to store.
type Change struct {
	Contact    lifecycle.Contact
	Write      bool     // false: nothing changed; the delivery key and counts are still noted
	Remove     bool     // erase: record, due entry and lease go
	SeenOrders []uint64 // kept for good
	Counts     []Count  // exact counters, incremented in the same script
	Tallies    []Tally  // counters of one hour, incremented in the same script
	Tells      []Tell   // what others are told of it, put into their queues by the same script
	Log        []byte   // nil or one entry for the shard's bounded stream
	Release    *bool    // overrides Request.Release
}

const (
	tries    = 50   // decisions that others overtook, before giving up
	losses   = 3    // answers that got lost, before giving up
	logBound = 4096 // entries of a shard's stream, roughly
)

// Update changes one contact in one step. fn decides on what it is given and
// may be called again, when another writer was faster. The returned contact is
// the one stored, confirmed to survive a power cut if the store is durable.
// ErrNotFound, ErrDuplicate, ErrFence: nothing was changed. ErrUnavailable: not
// confirmed, perhaps stored; call again with the same delivery key. An error of
// fn is returned as it is and nothing was changed.
func (s *Store) Update(ctx context.Context, r Request, fn func(lifecycle.Contact, Known) (Change, error)) (lifecycle.Contact, error) {
	u := update{s: s, r: r, fn: fn, shard: s.Shard(r.ID)}
	op := "update contact " + r.ID
	if r.Fence > 0 && !defect.On("fence") {
		var held bool
		if u.lease, held = s.held.token(r.ID, r.Fence); !held {
			return lifecycle.Contact{}, wrap(op, ErrFence)
		}
	}
	free, err := s.busy.take(ctx, r.ID)
	if err != nil {
		return lifecycle.Contact{}, wrap(op, err)
	}
	seal, err := s.sealOf(ctx, s.keys.ready(u.shard))
	if err != nil {
		free()
		return lifecycle.Contact{}, wrap(op, err)
	}
	c, err := u.settle(ctx)
	free()
	// A duplicate is answered like a success: what was applied before must be as safe.
	if (err == nil && u.touched) || u.duplicate {
		if sure := s.confirm(ctx, seal); sure != nil {
			return lifecycle.Contact{}, wrap(op, sure)
		}
	}
	if err != nil && u.failed {
		return lifecycle.Contact{}, err
	}
	return c, wrap(op, err)
}

// update is one call of Update.
type update struct {
	s     *Store
	r     Request
	fresh bool // nothing is to be read at first; see Job
	fn    func(lifecycle.Contact, Known) (Change, error)
	shard int
	lease string // the lease that must be held, whole; empty: none

	stored []byte            // the record decided on, nil: none
	old    lifecycle.Contact // the same, decoded
	change Change            // what fn decided
	record []byte            // what to store for a write

	lost      int    // answers that got lost so far
	doubt     []byte // a record that was perhaps stored
	gone      bool   // the record was perhaps removed
	touched   bool   // something was changed
	duplicate bool
	failed    bool // fn said no
}

// settle tries until something is certain.
func (u *update) settle(ctx context.Context) (lifecycle.Contact, error) {
	for try := 1; try <= tries; try++ {
		done, err := u.attempt(ctx)
		if done || err != nil {
			return u.change.Contact, err
		}
		if err := pause(ctx, try); err != nil {
			return lifecycle.Contact{}, err
		}
	}
	return lifecycle.Contact{}, fmt.Errorf("%w: others changed it %d times meanwhile", ErrUnavailable, tries)
}

// attempt reads, decides and stores once. done is false when to try again.
func (u *update) attempt(ctx context.Context) (done bool, err error) {
	known, err := u.look(ctx)
	if err != nil {
		return false, err
	}
	if done, err := u.consider(known); done || err != nil {
		return done, err
	}
	return u.store(ctx)
}

// consider decides on what was read. done: there is nothing to tell the server.
func (u *update) consider(known *Known) (done bool, err error) {
	if u.doubt != nil && bytes.Equal(u.doubt, u.stored) || u.gone && u.stored == nil {
		return u.applied(), nil // the answer got lost, the change did not
	}
	if known == nil {
		u.duplicate = true
		return false, ErrDuplicate
	}
	if u.stored == nil && !u.r.Create {
		return false, ErrNotFound
	}
	if u.old, err = read(u.r.ID, u.stored); err != nil {
		return false, err
	}
	if u.change, err = u.fn(u.old, *known); err != nil {
		u.failed = true
		return false, err
	}
	if err := u.prepare(); err != nil {
		return false, err
	}
	return u.idle(), nil
}

// look reads the record and what is known about it. known is nil when the
// delivery was applied before.
func (u *update) look(ctx context.Context) (*Known, error) {
	if u.r.Delivery == 0 && len(u.r.Orders) == 0 {
		records, err := u.s.records(ctx, []string{u.r.ID})
		if err != nil {
			return nil, err
		}
		u.stored = records[0]
		return &Known{Orders: map[uint64]bool{}}, nil
	}
	names, args := u.question()
	reply, err := u.s.ask(ctx, "look", names, args...)
	if err != nil {
		return nil, err
	}
	return u.heard(reply), nil
}

// question is keys and arguments of lua/look.lua.
func (u *update) question() ([]string, []any) {
	seen := u.s.deliverySets(u.shard, u.r.Delivery)
	names := append([]string{u.s.keys.contact(u.shard, u.r.ID)}, seen...)
	args := []any{len(seen), digest(u.r.Delivery)}
	for _, o := range u.r.Orders {
		names = append(names, u.s.keys.orders(u.shard, o))
		args = append(args, digest(o))
	}
	return names, args
}

// heard takes the answer of lua/look.lua in.
func (u *update) heard(reply []any) *Known {
	u.stored = nil
	if record, ok := reply[0].(string); ok {
		u.stored = []byte(record)
	}
	if number(reply[1]) == 1 {
		return nil
	}
	known := &Known{Orders: make(map[uint64]bool, len(u.r.Orders))}
	for i, o := range u.r.Orders {
		known.Orders[o] = number(reply[2+i]) == 1
	}
	return known
}

// prepare completes what fn decided.
func (u *update) prepare() error {
	c := &u.change.Contact
	if !u.change.Write || u.change.Remove {
		if !u.change.Remove {
			*c = u.old
		}
		u.record = nil
		return nil
	}
	c.ID, c.Version = u.r.ID, u.old.Version+1
	var nonce [4]byte
	_, _ = rand.Read(nonce[:]) // never fails; see crypto/rand
	var err error
	u.record, err = encode(c, binary.BigEndian.Uint32(nonce[:]))
	return err
}

// idle reports whether there is nothing to tell the server.
func (u *update) idle() bool {
	c := u.change
	return !c.Write && !c.Remove && len(c.SeenOrders) == 0 && len(c.Counts) == 0 && len(c.Tallies) == 0 && len(c.Tells) == 0 && len(c.Log) == 0 &&
		u.r.Delivery == 0 && u.r.Fence == 0
}

func (u *update) release() bool {
	if u.change.Release != nil {
		return *u.change.Release && u.r.Fence > 0
	}
	return u.r.Release && u.r.Fence > 0
}

// store runs the transition.
func (u *update) store(ctx context.Context) (done bool, err error) {
	names, args := u.call()
	seen := u.s.seq[u.shard].Load()
	reply, err := u.s.run(ctx, "transition", names, args...)
	return u.stores(ctx, reply, seen, err)
}

// stores takes the answer of lua/transition.lua in; seen is the shard's
// mutation number before the call.
func (u *update) stores(ctx context.Context, reply []any, seen int64, err error) (done bool, _ error) {
	if err != nil {
		return false, u.unsure(ctx, err)
	}
	switch number(reply[0]) {
	case 0:
		u.s.stats.conflicts.Add(1)
		return false, nil
	case -1:
		u.duplicate = true
		return false, ErrDuplicate
	case -2:
		u.s.held.drop(u.r.ID, u.r.Fence)
		return false, ErrFence
	}
	u.s.count(u.shard, seen, number(reply[1]))
	return u.applied(), nil
}

// applied notes what a stored change means for this process.
func (u *update) applied() bool {
	u.touched = true
	if u.r.Fence > 0 && (u.release() || u.change.Remove) {
		u.s.held.drop(u.r.ID, u.r.Fence)
	}
	return true
}

// unsure decides what an error of the transition means: nil is "look again".
func (u *update) unsure(ctx context.Context, err error) error {
	if !lost(err) {
		return err
	}
	u.s.stats.lost.Add(1)
	u.lost++
	blind := u.record == nil && !u.change.Remove && u.r.Delivery == 0 && len(u.change.Counts)+len(u.change.Tallies)+len(u.change.Tells) > 0
	if u.lost >= losses || blind || ctx.Err() != nil {
		return err
	}
	if !defect.On("lost_answer") {
		u.doubt, u.gone = u.record, u.change.Remove
	}
	return nil
}

// call is keys and arguments of lua/transition.lua.
func (u *update) call() ([]string, []any) {
	k, c := u.s.keys, u.change
	was, wasHour, _ := u.s.slot(u.shard, u.old.Due)
	will, hour, offset := was, wasHour, slotOffset(u.old.Due)
	what := "k"
	switch {
	case c.Remove:
		what, will, hour, offset = "r", was, "", 0
	case c.Write:
		what = "w"
		will, hour, offset = u.s.slot(u.shard, c.Contact.Due)
	}
	var base []byte
	if u.stored != nil {
		base = u.stored[:8]
	}
	seen := u.s.deliverySets(u.shard, u.r.Delivery)
	names := append([]string{
		k.contact(u.shard, u.r.ID), k.lease(u.shard), k.hours(u.shard), k.meta(u.shard), k.log(u.shard), was, will,
		k.looks(u.shard), k.uncertain(u.shard),
	}, seen...)
	args := []any{
		u.r.ID, base, what, u.record, wasHour, hour, offset, u.lease, flag(u.release()), u.live(), c.Log, logBound,
		digest(u.r.Delivery), deliveryLife, len(seen), len(c.SeenOrders),
		u.score((*lifecycle.Contact).NextLook), u.score((*lifecycle.Contact).UncertainSince),
		len(c.Tells), u.s.real().UnixMilli(),
	}
	for _, o := range c.SeenOrders {
		if defect.On("orders") {
			args[15] = 0
			break
		}
		names, args = append(names, k.orders(u.shard, o)), append(args, digest(o))
	}
	for _, n := range c.Counts {
		names, args = append(names, k.counts(u.shard, n.Shop)), append(args, n.Field, n.N, 0)
	}
	for _, n := range c.Tallies {
		names, args = append(names, k.tally(u.shard, n.Hour)), append(args, n.Field, n.N, tallyLife)
	}
	for _, t := range c.Tells {
		names, args = append(names, k.outgoing(u.shard, t.To, u.r.ID)...), append(args, string(t.How), t.What)
	}
	return names, args
}

// score is what an index of times says of the contact from now on: "" as
// before, "0" nothing.
func (u *update) score(at func(*lifecycle.Contact) time.Time) string {
	if !u.change.Write && !u.change.Remove {
		return ""
	}
	was, will := at(&u.old), time.Time{}
	if !u.change.Remove {
		will = at(&u.change.Contact)
	}
	switch {
	case was.Equal(will), defect.On("look_index"):
		return ""
	case will.IsZero():
		return "0"
	}
	return strconv.FormatInt(will.UnixMilli(), 10)
}

// live is by how much the change moves the number of contacts.
func (u *update) live() int {
	count := func(stored bool, c *lifecycle.Contact) int {
		if stored && c.Forward == "" && c.Erasing == nil {
			return 1
		}
		return 0
	}
	was := count(u.stored != nil, &u.old)
	switch {
	case u.change.Remove:
		return -was
	case u.change.Write:
		return count(true, &u.change.Contact) - was
	}
	return 0
}
