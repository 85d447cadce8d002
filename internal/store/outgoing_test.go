package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

const (
	crm      = "anna/source.crm"
	receiver = "anna/webhook.erp: {x}" // no name may leave its tag
)

// tellsNews stores a change with what it tells.
func tellsNews(t *testing.T, s *store.Store, id string, tells ...store.Tell) {
	t.Helper()
	_, err := s.Update(t.Context(), store.Request{ID: id, Create: true}, func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
		c.Shop, c.MadeAt = "anna", noon
		return store.Change{Contact: c, Write: true, Tells: tells}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// claimed are the lines that may be tried at a time.
func claimed(t *testing.T, s *store.Store, to string, at time.Time) []store.Line {
	t.Helper()
	lines, err := s.ClaimLines(t.Context(), to, at, 100, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(lines, func(a, b store.Line) int { return strings.Compare(a.Contact, b.Contact) })
	return lines
}

func soon() time.Time { return time.Now().Add(time.Minute) }

func TestNewsIsToldInItsTurn(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		tellsNews(t, s, "a00000000000", store.Tell{To: receiver, How: store.TellAdd, What: "one"}, store.Tell{To: receiver, How: store.TellAdd, What: "two"})
		tellsNews(t, s, "a00000000000", store.Tell{To: receiver, How: store.TellAdd, What: "three"})
		tellsNews(t, s, "b00000000000", store.Tell{To: receiver, How: store.TellAdd, What: "other"})
		now := soon()
		lines := claimed(t, s, receiver, now)
		if len(lines) != 2 || lines[0].News != "one" || lines[0].Waiting != 3 || lines[1].News != "other" {
			t.Fatalf("%+v", lines)
		}
		if again := claimed(t, s, receiver, now); len(again) != 0 {
			t.Fatalf("claimed twice: %+v", again)
		}
		for _, want := range []string{"one", "two", "three"} {
			if lines[0].News != want {
				t.Fatalf("%q, want %q", lines[0].News, want)
			}
			for range 2 { // an answer that got lost is asked for again
				if err := s.DoneLine(t.Context(), lines[0], now); err != nil {
					t.Fatal(err)
				}
			}
			lines = append(claimed(t, s, receiver, now), store.Line{})
		}
		if lines[0].Contact != "" {
			t.Fatalf("told and there again: %+v", lines)
		}
		if w, err := s.WaitingFor(t.Context(), receiver); err != nil || w != (store.Waiting{Lines: 1}) {
			t.Errorf("waiting %+v, %v", w, err)
		}
	})
}

func TestOnlyTheNewestStateIsTold(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s, now := open(t, where), soon()
		const id = "a00000000000"
		join := func(letters string) { tellsNews(t, s, id, store.Tell{To: crm, How: store.TellJoin, What: letters}) }
		join("s")
		join("pe")
		l := claimed(t, s, crm, now)
		if len(l) != 1 || l[0].News != "eps:2" || l[0].Waiting != 1 {
			t.Fatalf("%+v", l)
		}
		join("s") // while it is being told: what is told may be older than this
		if err := s.DoneLine(t.Context(), l[0], now); err != nil {
			t.Fatal(err)
		}
		l = claimed(t, s, crm, now)
		if len(l) != 1 || l[0].News != "eps:3" {
			t.Fatalf("the newer state is lost: %+v", l)
		}
		if err := s.DoneLine(t.Context(), l[0], now); err != nil {
			t.Fatal(err)
		}
		if l = claimed(t, s, crm, now); len(l) != 0 {
			t.Fatalf("%+v", l)
		}
	})
}

func TestTriesAreRemembered(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s, now := open(t, where), soon()
		const id = "a00000000000"
		tellsNews(t, s, id, store.Tell{To: receiver, How: store.TellAdd, What: "one"})
		tries := store.Tries{Failed: 3, Since: now.UTC().Truncate(time.Millisecond), Why: "no answer" + strings.Repeat("!", 400)}
		later := now.Add(24 * time.Hour)
		if err := s.LaterLine(t.Context(), claimed(t, s, receiver, now)[0], later, tries); err != nil {
			t.Fatal(err)
		}
		tellsNews(t, s, id, store.Tell{To: receiver, How: store.TellAdd, What: "two"}) // more news waits behind it
		if l := claimed(t, s, receiver, later.Add(-time.Second)); len(l) != 0 {
			t.Fatalf("too early: %+v", l)
		}
		l := claimed(t, s, receiver, later)
		if len(l) != 1 || l[0].News != "one" || l[0].Tries.Failed != 3 || !l[0].Tries.Since.Equal(tries.Since) || len(l[0].Tries.Why) != 300 || l[0].Tries.Over {
			t.Fatalf("%+v", l)
		}
		tries.Over = true
		if err := s.LaterLine(t.Context(), l[0], later.Add(30*24*time.Hour), tries); err != nil {
			t.Fatal(err)
		}
		if w, err := s.WaitingFor(t.Context(), receiver); err != nil || w != (store.Waiting{Lines: 1, Failed: 1, Over: 1}) {
			t.Errorf("waiting %+v, %v", w, err)
		}
		got, err := s.GetLine(t.Context(), receiver, id)
		if err != nil || !got.Tries.Over || got.Waiting != 2 {
			t.Fatalf("%+v, %v", got, err)
		}
		tellsNews(t, s, id, store.Tell{To: receiver, How: store.TellAdd, What: "three"}) // more news begins anew
		if l = claimed(t, s, receiver, now); len(l) != 1 || l[0].Tries.Failed != 0 || l[0].Waiting != 3 {
			t.Fatalf("%+v", l)
		}
	})
}

func TestALeaseOfOutgoingEnds(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s, now := open(t, where), soon()
		tellsNews(t, s, "a00000000000", store.Tell{To: receiver, How: store.TellAdd, What: "one"})
		first := claimed(t, s, receiver, now)[0]
		second := claimed(t, s, receiver, now.Add(time.Minute))
		if len(second) != 1 {
			t.Fatal("the lease does not end")
		}
		if err := s.DoneLine(t.Context(), first, now); err != nil { // too late: nothing of it counts
			t.Fatal(err)
		}
		if err := s.LaterLine(t.Context(), first, now.Add(time.Hour), store.Tries{Failed: 9}); err != nil {
			t.Fatal(err)
		}
		got, err := s.GetLine(t.Context(), receiver, "a00000000000")
		if err != nil || got.News != "one" || got.Tries.Failed != 0 {
			t.Fatalf("%+v, %v", got, err)
		}
		where.Process = "another"
		other := open(t, where)
		if err := other.FreeLines(t.Context(), receiver); err != nil { // where nobody else can be at work
			t.Fatal(err)
		}
		if l := claimed(t, other, receiver, soon()); len(l) != 1 {
			t.Fatal("it is still held")
		}
		if err := s.FreeLines(t.Context(), receiver); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTwoProcessesNeverHoldTheSameLine(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		where.Process = "one"
		a := open(t, where)
		where.Process = "two"
		b := open(t, where)
		const lines = 60
		for i := range lines {
			tellsNews(t, a, fmt.Sprintf("c%011d", i), store.Tell{To: crm, How: store.TellJoin, What: "s"})
		}
		now := soon()
		var mu sync.Mutex
		seen := map[string]int{}
		var wait sync.WaitGroup
		for _, s := range []*store.Store{a, b, a, b} {
			wait.Go(func() {
				for {
					got, err := s.ClaimLines(t.Context(), crm, now, 7, time.Minute)
					if err != nil {
						t.Error(err)
					}
					if len(got) == 0 {
						return
					}
					mu.Lock()
					for _, l := range got {
						seen[l.Contact]++
					}
					mu.Unlock()
				}
			})
		}
		wait.Wait()
		if len(seen) != lines {
			t.Errorf("%d of %d claimed", len(seen), lines)
		}
		for id, n := range seen {
			if n != 1 {
				t.Errorf("%s claimed %d times", id, n)
			}
		}
	})
}

func TestTheQueueIsListedReplayedAndDropped(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s, now := open(t, where), soon()
		var want []string
		for i := range 7 {
			id := fmt.Sprintf("c%011d", i)
			want = append(want, id)
			tellsNews(t, s, id, store.Tell{To: crm, How: store.TellJoin, What: "s"}, store.Tell{To: receiver, How: store.TellAdd, What: "x"})
		}
		var got []string
		for before := ""; ; {
			page, err := s.Lines(t.Context(), crm, before, 3)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, l := range page {
				got = append(got, l.Contact)
			}
			before = page[len(page)-1].Contact
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("listed %v", got)
		}
		held := claimed(t, s, crm, now)[0]
		if err := s.LaterLine(t.Context(), held, now.Add(time.Hour), store.Tries{Failed: 1, Since: now, Why: "x"}); err != nil {
			t.Fatal(err)
		}
		if err := s.ReplayLine(t.Context(), crm, held.Contact, now); err != nil {
			t.Fatal(err)
		}
		if l := claimed(t, s, crm, now); len(l) != 1 || l[0].Contact != held.Contact || l[0].Tries.Failed != 0 {
			t.Errorf("replayed %+v", l)
		}
		if err := s.DropLine(t.Context(), receiver, want[2]); err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"drop": s.DropLine(t.Context(), receiver, want[2]), "replay": s.ReplayLine(t.Context(), receiver, want[2], now),
			"read": second(s.GetLine(t.Context(), receiver, want[2])),
		} {
			if !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s what is gone: %v", name, err)
			}
		}
		// An erasure takes what waits with it, in the same step.
		tellsNews(t, s, want[3], store.Tell{To: crm, How: store.TellGone}, store.Tell{To: receiver, How: store.TellGone})
		for _, to := range []string{crm, receiver} {
			if _, err := s.GetLine(t.Context(), to, want[3]); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s: %v", to, err)
			}
		}
		if err := s.OpenDestinations(t.Context(), crm, receiver); err != nil {
			t.Fatal(err)
		}
		if err := s.ForgetDestination(t.Context(), crm); err != nil {
			t.Fatal(err)
		}
		if names, err := s.Destinations(t.Context()); err != nil || !slices.Equal(names, []string{receiver}) {
			t.Errorf("destinations %v, %v", names, err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

// What is told rides on the same step as the record: both or neither.
func TestNewsComesWithTheRecordOrNotAtAll(t *testing.T) {
	onBoth(t, func(t *testing.T, where store.Options) {
		s := open(t, where)
		const id = "a00000000000"
		tell := store.Tell{To: receiver, How: store.TellAdd, What: "one"}
		tellsNews(t, s, id, tell)
		req := store.Request{ID: id, Delivery: 7}
		change := func(c lifecycle.Contact, _ store.Known) (store.Change, error) {
			c.Plan += "x"
			return store.Change{Contact: c, Write: true, Tells: []store.Tell{tell}, Counts: []store.Count{{Shop: "anna", Field: "f", N: 1}}}, nil
		}
		if _, err := s.Update(t.Context(), req, change); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Update(t.Context(), req, change); !errors.Is(err, store.ErrDuplicate) {
			t.Fatal(err)
		}
		calls := 0
		_, err := s.Update(t.Context(), store.Request{ID: id}, func(c lifecycle.Contact, k store.Known) (store.Change, error) {
			if calls++; calls == 1 { // somebody is faster
				if _, err := s.UpdateMany(t.Context(), []store.Job{{Request: store.Request{ID: id}, Decide: change}}); err != nil && !errors.Is(err, store.ErrDuplicate) {
					return store.Change{}, err
				}
			}
			return change(c, k)
		})
		if err != nil || calls != 2 {
			t.Fatalf("%d calls, %v", calls, err)
		}
		c, err := s.Load(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		l, err := s.GetLine(t.Context(), receiver, id)
		counts, err2 := s.Counts(t.Context(), "anna")
		if err != nil || err2 != nil || c.Plan != "xxx" || l.Waiting != 4 || counts["f"] != 3 {
			t.Errorf("plan %q, %d pieces of news, %v, %v %v", c.Plan, l.Waiting, counts, err, err2)
		}
	})
}
