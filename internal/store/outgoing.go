package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// What is told to others waits in queues, one for each destination and shard.
// A contact's news of one destination stays in order: only the oldest is told,
// the others wait behind it.

// How says what becomes of a piece of news.
type How string

// The ways to tell.
const (
	TellAdd  How = "add"  // one more piece of news, each told in its turn
	TellJoin How = "join" // letters that join those that wait: only the newest state is told
	TellGone How = "gone" // nothing waits any more
)

// Tell is one piece of news for one destination. It must hold no address: it
// outlives what an erasure looks at by a moment.
type Tell struct {
	To   string // destination
	How  How
	What string // TellJoin: letters from a to z
}

// Tries is how telling a contact's oldest news went so far.
type Tries struct {
	Failed int       `json:"n"`
	Since  time.Time `json:"since"` // first failure, real time
	Why    string    `json:"why"`   // last failure, without a secret or an address
	Over   bool      `json:"-"`     // given up: until somebody replays it, or more news comes
}

// Line is what one destination is to be told of one contact.
type Line struct {
	To      string
	Contact string // id
	Next    time.Time
	News    string // the oldest
	Waiting int    // pieces of news, the oldest included
	Tries   Tries

	token string // of the lease
}

const (
	lineMost = 100 // lines of one call
	// maxWhy bounds the text of a failure.
	maxWhy = 300
)

// OpenDestinations remembers destinations for good, so that what waits for one
// that left the configuration can be found.
func (s *Store) OpenDestinations(ctx context.Context, names ...string) error {
	if len(names) == 0 {
		return nil
	}
	args := make([]any, len(names))
	for i, n := range names {
		args[i] = n
	}
	_, err := s.write(ctx, "remember destinations", "sadd", s.keys.told(), args...)
	return err
}

// Destinations are all that were ever remembered and not dropped since.
func (s *Store) Destinations(ctx context.Context) ([]string, error) {
	names, err := s.rdb.SMembers(ctx, s.keys.told()).Result()
	return names, wrap("read destinations", err)
}

// ForgetDestination takes one off the list. What waits for it must be dropped
// before.
func (s *Store) ForgetDestination(ctx context.Context, name string) error {
	_, err := s.write(ctx, "forget a destination", "srem", s.keys.told(), name)
	return err
}

// ClaimLines leases up to n (100) lines of a destination that may be tried by
// now, real time, until the lease ends. Give each back with [Store.DoneLine] or
// [Store.LaterLine]; one that is not is claimed again afterwards.
func (s *Store) ClaimLines(ctx context.Context, to string, now time.Time, n int, lease time.Duration) ([]Line, error) {
	const op = "claim outgoing"
	ripe := make([]bool, s.shards)
	err := s.shardwise(ctx, op, func(i int) *redis.Cmd {
		return command(ctx, 1, "zcount", s.keys.queue(i, to), "-inf", now.UnixMilli())
	}, func(i int, c *redis.Cmd) error {
		n, err := c.Int64()
		ripe[i] = n > 0
		return err
	})
	if err != nil {
		return nil, err
	}
	var all []Line
	for shard := range s.shards {
		if left := min(n, lineMost) - len(all); ripe[shard] && left > 0 {
			some, err := s.claimLines(ctx, shard, to, now, left, lease)
			if err != nil {
				return all, err
			}
			all = append(all, some...)
		}
	}
	return all, nil
}

func (s *Store) claimLines(ctx context.Context, shard int, to string, now time.Time, n int, lease time.Duration) ([]Line, error) {
	const op = "claim outgoing"
	token := s.process + ":" + NewID()
	names := s.keys.outgoing(shard, to, "")
	reply, err := s.run(ctx, "outgoing_claim", []string{names[0], names[2]}, now.UnixMilli(), n, now.Add(lease).UnixMilli(), token)
	if err != nil {
		return nil, wrap(op, err)
	}
	lines := make([]Line, 0, len(reply))
	for _, id := range reply {
		lines = append(lines, Line{To: to, Contact: text(id), Next: now.Add(lease), token: token})
	}
	return lines, s.readLines(ctx, op, lines)
}

// readLines fills in news and tries.
func (s *Store) readLines(ctx context.Context, op string, lines []Line) error {
	if len(lines) == 0 {
		return nil
	}
	cmds, err := s.read(ctx, op, func() (cmds []*redis.Cmd) {
		for _, l := range lines {
			names := s.keys.outgoing(s.Shard(l.Contact), l.To, l.Contact)
			cmds = append(cmds, command(ctx, 1, "lindex", names[3], 0), command(ctx, 1, "llen", names[3]), command(ctx, 1, "hget", names[1], l.Contact))
		}
		return cmds
	})
	if err != nil {
		return err
	}
	for i := range lines {
		news, err1 := absent(cmds[3*i].Text())
		n, err2 := cmds[3*i+1].Int()
		state, err3 := absent(cmds[3*i+2].Text())
		if err := errors.Join(err1, err2, err3); err != nil {
			return wrap(op, err)
		}
		lines[i].News, lines[i].Waiting = news, n
		if lines[i].Tries, err = parseTries(state); err != nil {
			return wrap(op, err)
		}
	}
	return nil
}

// absent is "" for what is not there.
func absent(text string, err error) (string, error) {
	if errors.Is(err, redis.Nil) {
		return "", nil
	}
	return text, err
}

// parseTries reads "w" or "f" (given up) and JSON.
func parseTries(text string) (t Tries, err error) {
	if text == "" {
		return t, nil
	}
	if err := json.Unmarshal([]byte(text[1:]), &t); err != nil {
		return t, fmt.Errorf("stored tries: %w", err)
	}
	t.Over = text[0] == 'f'
	return t, nil
}

func (t Tries) text() (string, error) {
	t.Why = clip(t.Why, maxWhy)
	b, err := json.Marshal(t)
	if t.Over {
		return "f" + string(b), err
	}
	return "w" + string(b), err
}

// DoneLine takes the news that a line was claimed with off it: it was told, or
// there is nothing to tell. What came meanwhile may be told at once. Where the
// lease ended before, somebody else tells it again and nothing is changed.
func (s *Store) DoneLine(ctx context.Context, l Line, now time.Time) error {
	names := s.keys.outgoing(s.Shard(l.Contact), l.To, l.Contact)
	_, err := s.ask(ctx, "outgoing_done", names, l.Contact, l.token, l.News, now.UnixMilli())
	return wrap("end outgoing", err)
}

// LaterLine puts a line back until next, with how it went.
func (s *Store) LaterLine(ctx context.Context, l Line, next time.Time, t Tries) error {
	const op = "put outgoing back"
	state, err := t.text()
	if err != nil {
		return wrap(op, err)
	}
	names := s.keys.outgoing(s.Shard(l.Contact), l.To, l.Contact)
	_, err = s.ask(ctx, "outgoing_later", names[:3], l.Contact, l.token, next.UnixMilli(), state)
	return wrap(op, err)
}

// FreeLines ends the leases of other processes on a destination's lines, where
// none can be at work.
func (s *Store) FreeLines(ctx context.Context, to string) error {
	const op = "free outgoing"
	now := s.real()
	return s.shardwise(ctx, op, func(i int) *redis.Cmd {
		return command(ctx, 1, "hgetall", s.keys.outgoing(i, to, "")[2])
	}, func(i int, c *redis.Cmd) error {
		held, err := pairs(c)
		if err != nil {
			return err
		}
		for id, token := range held {
			if strings.HasPrefix(token, s.process+":") {
				continue
			}
			names := s.keys.outgoing(i, to, id)
			if _, err := s.ask(ctx, "outgoing_free", []string{names[0], names[2]}, id, token, now.UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
}

// ReplayLine lets a line be tried at now whatever happened to it. ErrNotFound:
// nothing waits there.
func (s *Store) ReplayLine(ctx context.Context, to, contact string, now time.Time) error {
	return s.onLine(ctx, "replay outgoing", "outgoing_replay", to, contact, now.UnixMilli())
}

// DropLine takes all news of a line away untold. ErrNotFound: nothing waits
// there.
func (s *Store) DropLine(ctx context.Context, to, contact string) error {
	return s.onLine(ctx, "drop outgoing", "outgoing_drop", to, contact)
}

func (s *Store) onLine(ctx context.Context, op, script, to, contact string, args ...any) error {
	if err := checkID(contact); err != nil {
		return wrap(op, err)
	}
	names := s.keys.outgoing(s.Shard(contact), to, contact)
	reply, err := s.amend(ctx, op, script, names, append([]any{contact}, args...)...)
	if err == nil && number(reply[0]) == 0 {
		err = wrap(op, ErrNotFound)
	}
	return err
}

// GetLine is one line. ErrNotFound: nothing waits there.
func (s *Store) GetLine(ctx context.Context, to, contact string) (Line, error) {
	const op = "read outgoing"
	if err := checkID(contact); err != nil {
		return Line{}, wrap(op, err)
	}
	score, err := s.rdb.ZScore(ctx, s.keys.queue(s.Shard(contact), to), contact).Result()
	if err != nil {
		return Line{}, wrap(op, err)
	}
	lines := []Line{{To: to, Contact: contact, Next: time.UnixMilli(int64(score)).UTC()}}
	err = s.readLines(ctx, op, lines)
	return lines[0], err
}

// Lines are up to n (100) lines of a destination in the order of shards and
// times, after the one of the contact before ("": from the beginning).
func (s *Store) Lines(ctx context.Context, to, before string, n int) ([]Line, error) {
	const op = "list outgoing"
	start, shard := int64(0), 0
	if before != "" {
		if err := checkID(before); err != nil {
			return nil, wrap(op, err)
		}
		shard = s.Shard(before)
		rank, err := s.rdb.ZRank(ctx, s.keys.queue(shard, to), before).Result()
		switch {
		case err == nil:
			start = rank + 1
		case !errors.Is(err, redis.Nil): // gone meanwhile: its shard is listed again
			return nil, wrap(op, err)
		}
	}
	var lines []Line
	for most := min(max(n, 1), lineMost); shard < s.shards && len(lines) < most; shard, start = shard+1, 0 {
		rows, err := s.rdb.ZRangeWithScores(ctx, s.keys.queue(shard, to), start, start+int64(most-len(lines))-1).Result()
		if err != nil {
			return nil, wrap(op+" of shard "+strconv.Itoa(shard), err)
		}
		for _, row := range rows {
			lines = append(lines, Line{To: to, Contact: fmt.Sprint(row.Member), Next: time.UnixMilli(int64(row.Score)).UTC()})
		}
	}
	return lines, s.readLines(ctx, op, lines)
}

// Waiting says how many lines of a destination wait, how many of them failed
// at least once, and how many were given up.
type Waiting struct{ Lines, Failed, Over int64 }

// WaitingFor counts the lines of a destination.
func (s *Store) WaitingFor(ctx context.Context, to string) (w Waiting, err error) {
	const op = "count outgoing"
	err = s.shardwise(ctx, op, func(i int) *redis.Cmd {
		return command(ctx, 1, "zcard", s.keys.queue(i, to))
	}, func(_ int, c *redis.Cmd) error {
		n, err := c.Int64()
		w.Lines += n
		return err
	})
	if err != nil || w.Lines == 0 {
		return w, err
	}
	err = s.shardwise(ctx, op, func(i int) *redis.Cmd {
		return command(ctx, 1, "hvals", s.keys.outgoing(i, to, "")[1])
	}, func(_ int, c *redis.Cmd) error {
		states, err := c.StringSlice()
		for _, state := range states {
			if w.Failed++; len(state) > 0 && state[0] == 'f' {
				w.Over++
			}
		}
		return err
	})
	return w, err
}
