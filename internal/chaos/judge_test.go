package chaos_test

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

func admin(m *machine) *redis.Client {
	return redis.NewClient(&redis.Options{Addr: m.addr(), MaxRetries: -1})
}

// verdict is one line of the table.
type verdict struct {
	row
	killed             int
	cutBytes           int64
	refused            int
	took               time.Duration
	due, sent, dropped int
	lost, doubled      int
	after, raced       int
	open, settled      int
	broken             int64 // invariants of the store
	examples           []string
}

func (v *verdict) note(format string, args ...any) {
	if len(v.examples) < 20 {
		v.examples = append(v.examples, fmt.Sprintf(format, args...))
	}
}

// records reads every contact.
func (s *storm) records() []lifecycle.Contact {
	s.t.Helper()
	st, err := store.Open(context.Background(), store.Options{URL: "redis://" + s.redis.addr() + "/0", Shards: 16, AllowUnsafe: true})
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	var all []lifecycle.Contact
	seen := map[string]bool{}
	if err := st.Scan(context.Background(), func(c lifecycle.Contact) error {
		if c.Forward == "" && !seen[c.ID] {
			seen[c.ID] = true
			all = append(all, c)
		}
		return nil
	}); err != nil {
		s.t.Fatal(err)
	}
	return all
}

// done reports whether nothing of a contact's journey is left to be sent, and
// nothing of it is left to be settled by itself.
func done(c *lifecycle.Contact) bool {
	if c.Sending != nil || !c.Due.IsZero() && !c.Due.After(time.Now()) { // a dead process' lease may keep what is due for a while
		return false
	}
	if c.Run != nil && c.Run.Journey == "storm" && c.Run.Step < stepsEach {
		return false
	}
	return !*fullRun || c.UncertainSince().IsZero()
}

// drain waits until every journey is over: what is pending is not lost. In a
// full run new contacts come meanwhile, as in a shop: the provider's records
// prove that they do not know a message only by newer ones.
func (s *storm) drain() {
	least, quiet := -1, time.Now()
	for {
		left := s.contacts
		for _, c := range s.records() {
			if s.isMain(&c) && done(&c) {
				left--
			}
		}
		if left == 0 {
			return
		}
		if left != least {
			least, quiet = left, time.Now()
		}
		if time.Since(quiet) > s.patience() {
			s.t.Logf("%d contacts do not come to an end", left)
			return
		}
		if *fullRun {
			s.order(s.contacts+s.extra, "old", time.Now().Add(-30*24*time.Hour))
			s.extra++
		}
		time.Sleep(3 * time.Second)
	}
}

func (s *storm) patience() time.Duration {
	if *fullRun {
		return 10 * time.Minute
	}
	return 4 * time.Minute
}

// isMain reports whether a contact counts, and did not come only while the rest
// came to its end.
func (s *storm) isMain(c *lifecycle.Contact) bool { return c.Phone.Key < phone(s.contacts) }

// judge holds the ledger against the records.
func (s *storm) judge(listed map[string]bool) verdict {
	s.t.Helper()
	v := verdict{row: s.row, killed: s.killed, cutBytes: s.cutBytes, refused: s.redis.refused, took: time.Since(s.began), raced: len(s.prevented)}
	times, arrived := s.led.counts()
	byPhone := map[string]lifecycle.Contact{}
	known := map[string]bool{}
	extra := 0
	for _, c := range s.records() {
		if s.isMain(&c) {
			byPhone[c.Phone.Key] = c
			continue
		}
		for _, m := range c.Messages {
			known[m.ID] = true
			extra += min(times[m.ID], 1)
		}
	}
	for i := range s.contacts {
		c, ok := byPhone[phone(i)]
		if !ok {
			v.due += stepsEach
			v.lost += stepsEach
			v.note("contact %d was acknowledged and is gone", i)
			continue
		}
		s.judgeOne(&v, i, &c, times, arrived, known)
		for _, m := range c.Messages {
			if m.Status == lifecycle.Uncertain && !listed[m.ID] {
				s.t.Errorf("%s: %s is uncertain and not on the operator's list", s.name, m.ID)
			}
		}
	}
	for id, n := range times {
		if n > 1 {
			v.doubled += n - 1
			v.note("%s was taken %d times", id, n)
		}
		if !known[id] {
			v.note("%s was taken and stands in no record", id)
		}
	}
	v.sent = len(times) - extra
	s.audit(&v)
	return v
}

// excused are the reasons for which a message may end without having left: its
// own reason went away.
var excused = map[lifecycle.Reason]bool{lifecycle.ReasonBought: true, lifecycle.ReasonOptedOut: true, lifecycle.ReasonResponded: true}

// audit holds the store against what must always be true of it, as doctor does.
func (s *storm) audit(v *verdict) {
	s.t.Helper()
	st, err := store.Open(context.Background(), store.Options{URL: "redis://" + s.redis.addr() + "/0", Shards: 16, AllowUnsafe: true})
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	f, err := st.Audit(context.Background(), store.AuditOptions{})
	if err != nil {
		s.t.Fatal(err)
	}
	v.broken = f.Faults
	for _, x := range f.List {
		if x.Level == store.LevelFault {
			v.note("the store: %s of %s: %s", x.Kind, x.Contact, x.Text)
		}
	}
}

func (s *storm) judgeOne(v *verdict, i int, c *lifecycle.Contact, times map[string]int, arrived map[string]time.Time, known map[string]bool) {
	at, stopped := s.prevented[i]
	steps := map[int]bool{}
	for _, m := range c.Messages {
		if m.Journey != "storm" {
			continue
		}
		known[m.ID] = true
		steps[m.Step] = true
		n := times[m.ID]
		switch m.Status {
		case lifecycle.SentStatus, lifecycle.Delivered:
			if n == 0 {
				v.lost++
				v.note("%s is %s and was never taken", m.ID, m.Status)
			}
		case lifecycle.Uncertain:
			v.open++
		case lifecycle.Dropped, lifecycle.Failed:
			if n > 0 {
				v.note("%s is %s (%s) and was taken", m.ID, m.Status, m.Error)
			}
			if excused[m.Error] {
				v.dropped++
			} else {
				v.lost++
				v.note("%s is %s (%s)", m.ID, m.Status, m.Error)
			}
		default:
			v.lost++
			v.note("%s is still %s, due %s for %s", m.ID, m.Status, c.Due, c.DueWhy)
		}
		if when := arrived[m.ID]; stopped && n > 0 && (m.At.After(at) || when.After(at.Add(5*time.Second+500*time.Millisecond))) {
			v.after++
			v.note("%s was begun %s and taken %s, prevented %s", m.ID, m.At, when, at)
		}
	}
	for _, e := range c.Timeline {
		if e.Type == "message.settled" {
			v.settled++
		}
	}
	if stopped {
		v.due += len(steps)
		return
	}
	v.due += stepsEach
	for step := 1; step <= stepsEach; step++ {
		if !steps[step] {
			v.lost++
			v.note("step %d of contact %d (%s) left no trace; %s %+v due %s %s", step, i, c.ID, c.State, c.Run, c.Due, c.DueWhy)
		}
	}
}
