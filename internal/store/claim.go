package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/defect"
	"ritorno/internal/lifecycle"
)

// Claimed is a contact whose timer fired, or whose holder is gone, leased to
// this process. Give it back with Update(Fence, Release).
type Claimed struct {
	ID      string
	Fence   uint64
	Due     time.Time // when the timer was to fire, program time
	Contact lifecycle.Contact
	Missing bool // an index entry without a record: already removed and counted

	token string // the lease, whole
}

const (
	claimMost  = 100 // contacts of one call: a script blocks the node
	claimHours = 8   // hours that one call looks into
	quiet      = 15 * time.Second
)

// Claim leases at most n (100) contacts of the shard whose timer fired by now,
// program time; earlier ones first. A now that is before an earlier claim's
// counts as that one's.
func (s *Store) Claim(ctx context.Context, shard int, now time.Time, n int) ([]Claimed, error) {
	op := "claim shard " + strconv.Itoa(shard)
	if !s.beaten.Load() {
		if err := s.Heartbeat(ctx); err != nil {
			return nil, err
		}
	}
	names, args, err := s.ripe(ctx, shard, now)
	if err != nil || len(names) == 0 {
		return nil, err
	}
	names = append([]string{s.keys.lease(shard), s.keys.hours(shard), s.keys.meta(shard)}, names...)
	tail := s.tail()
	args = append([]any{now.UnixMilli(), min(n, claimMost), tail}, args...)
	seen := s.seq[shard].Load()
	reply, err := s.run(ctx, "claim", names, args...)
	if err != nil {
		return nil, wrap(op, err)
	}
	s.count(shard, seen, number(reply[0]))
	var all []Claimed
	for i := 1; i+2 < len(reply); i += 3 {
		all = append(all, Claimed{
			ID: text(reply[i]), Fence: uint64(number(reply[i+1])), Due: time.UnixMilli(number(reply[i+2])).UTC(),
			token: token(number(reply[i+1]), tail),
		})
	}
	return all, s.fill(ctx, shard, all)
}

// ripe are the due keys that may hold something to claim, and their hours.
func (s *Store) ripe(ctx context.Context, shard int, now time.Time) (names []string, hours []any, err error) {
	cmds, err := s.read(ctx, "read the due hours of shard "+strconv.Itoa(shard), func() []*redis.Cmd {
		return []*redis.Cmd{
			command(ctx, 1, "hget", s.keys.meta(shard), metaMark),
			command(ctx, 1, "zrange", s.keys.hours(shard), 0, claimHours-1),
		}
	})
	if err != nil {
		return nil, nil, err
	}
	last := now.UnixMilli()
	if mark, err := cmds[0].Int64(); err == nil {
		last = max(last, mark)
	}
	list, err := cmds[1].StringSlice()
	if err != nil {
		return nil, nil, wrap("read the due hours", err)
	}
	for _, text := range list {
		hour, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, nil, fmt.Errorf("due hour %q of shard %d: %w", text, shard, err)
		}
		if hour*hourLong <= last {
			names, hours = append(names, s.keys.due(shard, hour)), append(hours, text)
		}
	}
	return names, hours, nil
}

func token(fence int64, tail string) string { return strconv.FormatInt(fence, 10) + ":" + tail }

// tail is the end of a lease taken now.
func (s *Store) tail() string { return s.process + ":" + strconv.FormatInt(s.real().UnixMilli(), 10) }

// fill loads the contacts, removes leases of those that do not exist, and
// notes the others as held.
func (s *Store) fill(ctx context.Context, shard int, all []Claimed) error {
	ids := make([]string, len(all))
	for i := range all {
		ids[i] = all[i].ID
	}
	contacts, err := s.LoadMany(ctx, ids)
	if err != nil {
		return err
	}
	for i := range all {
		c := &all[i]
		c.Contact = contacts[i]
		if c.Missing = c.Contact.Version == 0; c.Missing {
			if err := s.abandon(ctx, shard, c); err != nil {
				return err
			}
			continue
		}
		s.held.add(c.ID, c.Fence, c.token)
	}
	return nil
}

// abandon gives up the lease of a contact that does not exist.
func (s *Store) abandon(ctx context.Context, shard int, c *Claimed) error {
	_, err := s.run(ctx, "release",
		[]string{s.keys.contact(shard, c.ID), s.keys.lease(shard), s.keys.meta(shard)},
		c.ID, c.token)
	return wrap("remove the lease of a missing contact", err)
}

// Recover takes over at most 100 leases of the shard whose holder is not alive,
// or, when all is true (nobody else can be at work), of any other process. Also
// leases of this process that it knows nothing of, because the answer to its
// claim got lost. The caller settles each with Update(Fence, Release).
func (s *Store) Recover(ctx context.Context, shard int, all bool) ([]Claimed, error) {
	op := "recover shard " + strconv.Itoa(shard)
	rows, err := s.leased(ctx, shard)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	now, alive, err := s.alive(ctx)
	if err != nil {
		return nil, err
	}
	var args []any
	for _, l := range rows {
		if len(args) < 2*claimMost && s.orphaned(l, now, alive, all) {
			args = append(args, l.id, l.value)
		}
	}
	if len(args) == 0 {
		return nil, nil
	}
	seen := s.seq[shard].Load()
	tail := s.tail()
	reply, err := s.run(ctx, "recover", []string{s.keys.lease(shard), s.keys.meta(shard)}, append([]any{tail}, args...)...)
	if err != nil {
		return nil, wrap(op, err)
	}
	s.count(shard, seen, number(reply[0]))
	var taken []Claimed
	for i := 1; i+1 < len(reply); i += 2 {
		taken = append(taken, Claimed{ID: text(reply[i]), Fence: uint64(number(reply[i+1])), token: token(number(reply[i+1]), tail)})
	}
	if err := s.fill(ctx, shard, taken); err != nil {
		return nil, err
	}
	for i := range taken {
		taken[i].Due = taken[i].Contact.Due
	}
	return taken, nil
}

// lease is one entry of a shard's leases.
type lease struct {
	id, value string
	fence     uint64
	process   string
	since     time.Time // real
}

// orphaned reports whether nobody works on l any more. A lease from far ahead
// is from before the clock was set back: its time will not come for long.
func (s *Store) orphaned(l lease, now time.Time, alive map[string]bool, all bool) bool {
	if l.process == s.process {
		return !s.held.has(l.id, l.value) && now.Sub(l.since).Abs() > quiet
	}
	return all || !alive[l.process] || defect.On("heartbeat")
}

func (s *Store) leased(ctx context.Context, shard int) ([]lease, error) {
	cmds, err := s.read(ctx, "read the leases of shard "+strconv.Itoa(shard), func() []*redis.Cmd {
		return []*redis.Cmd{command(ctx, 1, "hgetall", s.keys.lease(shard))}
	})
	if err != nil {
		return nil, err
	}
	rows, err := pairs(cmds[0])
	if err != nil {
		return nil, wrap("read the leases", err)
	}
	list := make([]lease, 0, len(rows))
	for id, value := range rows {
		list = append(list, parseLease(id, value))
	}
	return list, nil
}

// parseLease reads "fence:process:realms"; what cannot be read is nobody's.
func parseLease(id, value string) lease {
	l := lease{id: id, value: value}
	fence, rest, _ := strings.Cut(value, ":")
	l.fence, _ = strconv.ParseUint(fence, 10, 64)
	if i := strings.LastIndexByte(rest, ':'); i >= 0 {
		l.process = rest[:i]
		ms, _ := strconv.ParseInt(rest[i+1:], 10, 64)
		l.since = time.UnixMilli(ms)
	}
	return l
}

// pairs reads the answer to HGETALL, in either protocol.
func pairs(c *redis.Cmd) (map[string]string, error) {
	v, err := c.Result()
	if err != nil {
		return nil, err
	}
	all := make(map[string]string)
	switch list := v.(type) {
	case map[any]any:
		for field, value := range list {
			all[text(field)] = text(value)
		}
	case []any:
		for i := 0; i+1 < len(list); i += 2 {
			all[text(list[i])] = text(list[i+1])
		}
	default:
		return nil, fmt.Errorf("answer of type %T", v)
	}
	return all, nil
}
