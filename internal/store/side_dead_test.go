package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"

	"ritorno/internal/store"
)

func letter(source, body string) store.DeadLetter {
	return store.DeadLetter{
		Shop: "bottega", Source: source, Reason: "wrong_shape", Method: "POST", Query: "v=1",
		Header: map[string]string{"X-Shopify-Topic": "orders/create"},
		Body:   []byte(body), At: time.Date(2026, 3, 1, 12, 0, 0, 5, time.UTC), Tries: 2,
	}
}

func TestDeadLetters(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx, now := ctxOf(t), time.Now()
		var want []store.DeadLetter
		for i, source := range []string{"main", "crm", "main"} {
			l := letter(source, fmt.Sprintf("line one\nline two \x00 of %d", i))
			l.ID = must[string](t)(s.PutDeadAt(ctx, l, now.Add(time.Duration(i)*time.Second)))
			want = append([]store.DeadLetter{l}, want...)
		}
		for _, l := range want {
			got := must[store.DeadLetter](t)(s.GetDead(ctx, "bottega", l.ID))
			if diff := cmp.Diff(l, got); diff != "" {
				t.Errorf("letter (-want +got):\n%s", diff)
			}
		}
		heads := append([]store.DeadLetter(nil), want...)
		for i := range heads {
			heads[i].Body = nil
		}
		got := must[[]store.DeadLetter](t)(s.ListDead(ctx, "bottega", "", 10))
		if diff := cmp.Diff(heads, got); diff != "" {
			t.Errorf("list (-want +got):\n%s", diff)
		}
		page := must[[]store.DeadLetter](t)(s.ListDead(ctx, "bottega", "", 2))
		next := must[[]store.DeadLetter](t)(s.ListDead(ctx, "bottega", page[1].ID, 2))
		if diff := cmp.Diff(heads, append(page, next...)); diff != "" {
			t.Errorf("two pages (-want +got):\n%s", diff)
		}
		wantDead(t, s, "bottega", 3)

		ok(t, s.DeleteDead(ctx, "bottega", want[1].ID))
		if err := s.DeleteDead(ctx, "bottega", want[1].ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("deleted twice: got %v, want ErrNotFound", err)
		}
		if _, err := s.GetDead(ctx, "bottega", want[1].ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("read after deletion: got %v, want ErrNotFound", err)
		}
		wantDead(t, s, "bottega", 2)
		if n := s.Client().Exists(ctx, s.DeadSourceKey("bottega", "crm")).Val(); n != 0 {
			t.Error("the index of a source without letters stayed")
		}
	})
}

func wantDead(t *testing.T, s *store.Store, shop string, want int64) {
	t.Helper()
	if n := must[int64](t)(s.CountDead(ctxOf(t), shop)); n != want {
		t.Errorf("shop %s has %d dead letters, want %d", shop, n, want)
	}
}

func TestDeadLettersOfAnotherShopAreOutOfReach(t *testing.T) {
	s, ctx := oneStore(t), ctxOf(t)
	id := must[string](t)(s.PutDead(ctx, letter("main", "x")))
	for _, shop := range []string{"teashop", "bottega}", "bottega:", "*", ""} {
		if _, err := s.GetDead(ctx, shop, id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("shop %q reads it: %v", shop, err)
		}
		if err := s.DeleteDead(ctx, shop, id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("shop %q deletes it: %v", shop, err)
		}
		if got := must[[]store.DeadLetter](t)(s.ListDead(ctx, shop, "", 10)); len(got) != 0 {
			t.Errorf("shop %q lists it", shop)
		}
		wantDead(t, s, shop, 0)
	}
	for _, id := range []string{"", "x", id[:25], id + "0", id + ":main", "*"} {
		if _, err := s.GetDead(ctx, "bottega", id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("id %q: got %v, want ErrNotFound", id, err)
		}
		if err := s.DeleteDead(ctx, "bottega", id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("delete id %q: got %v, want ErrNotFound", id, err)
		}
	}
	wantDead(t, s, "bottega", 1)
}

func TestADeadLetterIsReplacedUnderItsID(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		l := letter("main", "a body")
		l.ID = must[string](t)(s.PutDead(ctx, l))
		before := s.Client().PExpireTime(ctx, s.DeadLetterKey("bottega", l.ID)).Val()
		l.Tries, l.Body = 3, []byte("a longer body than before")
		for range 2 {
			if id := must[string](t)(s.PutDead(ctx, l)); id != l.ID {
				t.Fatalf("id changed to %s", id)
			}
		}
		if diff := cmp.Diff(l, must[store.DeadLetter](t)(s.GetDead(ctx, "bottega", l.ID))); diff != "" {
			t.Errorf("letter (-want +got):\n%s", diff)
		}
		wantDead(t, s, "bottega", 1)
		wantBytes(t, s, "main")
		if after := s.Client().PExpireTime(ctx, s.DeadLetterKey("bottega", l.ID)).Val(); after != before {
			t.Errorf("expiry moved by %v", after-before)
		}
	})
}

// wantBytes compares the count of bytes with what is stored.
func wantBytes(t *testing.T, s *store.Store, source string) {
	t.Helper()
	ctx := ctxOf(t)
	var sum int64
	for _, m := range s.Client().ZRange(ctx, s.DeadSourceKey("bottega", source), 0, -1).Val() {
		id, size, _ := strings.Cut(m, ":")
		n := s.Client().StrLen(ctx, s.DeadLetterKey("bottega", id)).Val()
		if fmt.Sprint(n) != size {
			t.Errorf("letter %s has %d bytes, its entry says %s", id, n, size)
		}
		sum += n
	}
	if n, err := s.Client().Get(ctx, s.DeadBytesKey("bottega", source)).Int64(); err != nil || n != sum {
		t.Errorf("bytes of the source are counted as %d (%v), want %d", n, err, sum)
	}
}

func TestTheOldestDeadLettersMakeRoom(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx, now := ctxOf(t), time.Now()
		other := must[string](t)(s.PutDead(ctx, letter("crm", "of another source")))
		var ids []string
		for i := range 1005 {
			at := now.Add(time.Duration(i) * time.Millisecond)
			ids = append(ids, must[string](t)(s.PutDeadAt(ctx, letter("main", "small"), at)))
		}
		wantDead(t, s, "bottega", 1001)
		for i, id := range ids[:6] {
			_, err := s.GetDead(ctx, "bottega", id)
			if gone := errors.Is(err, store.ErrNotFound); gone != (i < 5) {
				t.Errorf("letter %d: %v", i, err)
			}
		}
		// 16 bodies of 1 MiB need the room of all small letters: several rounds.
		for i := range 17 {
			at := now.Add(time.Hour + time.Duration(i)*time.Millisecond)
			must[string](t)(s.PutDeadAt(ctx, letter("main", strings.Repeat("x", 1<<20)), at))
		}
		wantDead(t, s, "bottega", 15+1)
		wantBytes(t, s, "main")
		if _, err := s.GetDead(ctx, "bottega", other); err != nil {
			t.Errorf("the other source paid: %v", err)
		}
	})
}

func TestDeadLettersAreForgottenAfter30Days(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx, now := ctxOf(t), time.Now()
		old := letter("main", "old")
		old.ID = must[string](t)(s.PutDeadAt(ctx, old, now))
		crm := must[string](t)(s.PutDeadAt(ctx, letter("crm", "old"), now))
		for _, id := range []string{old.ID, crm} {
			if ttl := s.Client().PTTL(ctx, s.DeadLetterKey("bottega", id)).Val(); ttl > 30*sideDay || ttl < 30*sideDay-time.Hour {
				t.Errorf("letter lives %v, want 30 days", ttl)
			}
		}
		last, end := now.Add(30*sideDay-time.Millisecond), now.Add(30*sideDay)
		for when, want := range map[time.Time]int64{last: 2, end: 0} {
			if n := must[int64](t)(s.CountDeadAt(ctx, "bottega", when)); n != want {
				t.Errorf("on %v: %d letters, want %d", when, n, want)
			}
			if list := must[[]store.DeadLetter](t)(s.ListDeadAt(ctx, "bottega", "", 10, when)); len(list) != int(want) {
				t.Errorf("on %v: list of %d, want %d", when, len(list), want)
			}
		}
		if _, err := s.PutDeadAt(ctx, old, end); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("replaced after its end: got %v, want ErrNotFound", err)
		}
		// The next letter of any source sweeps.
		must[string](t)(s.PutDeadAt(ctx, letter("main", "new"), end))
		if n := s.Client().ZCard(ctx, s.DeadSourceKey("bottega", "main")).Val(); n != 1 {
			t.Errorf("%d entries of the source, want 1", n)
		}
		if n := must[int64](t)(s.CountDeadAt(ctx, "bottega", now)); n != 1 {
			t.Errorf("%d entries of the shop, want 1", n)
		}
		wantBytes(t, s, "main")
	})
}

func TestALostCountOfBytesMendsItself(t *testing.T) {
	s, ctx := oneStore(t), ctxOf(t)
	ok(t, s.Client().Set(ctx, s.DeadBytesKey("bottega", "main"), 1<<40, 0).Err())
	must[string](t)(s.PutDead(ctx, letter("main", "x")))
	wantBytes(t, s, "main")
}

func TestDeadLettersAreBounded(t *testing.T) {
	s, ctx := oneStore(t), ctxOf(t)
	for name, change := range map[string]func(*store.DeadLetter){
		"no shop":            func(l *store.DeadLetter) { l.Shop = "" },
		"no source":          func(l *store.DeadLetter) { l.Source = "" },
		"an endless source":  func(l *store.DeadLetter) { l.Source = strings.Repeat("x", 129) },
		"a body over 1 MiB":  func(l *store.DeadLetter) { l.Body = make([]byte, 1<<20+1) },
		"a giant header":     func(l *store.DeadLetter) { l.Header["A"] = strings.Repeat("x", 64<<10) },
		"an id that is none": func(l *store.DeadLetter) { l.ID = "01ARZ3NDEKTSV4RRFFQ69G5FA:" },
	} {
		l := letter("main", "x")
		change(&l)
		if _, err := s.PutDead(ctx, l); err == nil {
			t.Errorf("%s: taken", name)
		} else if strings.Contains(err.Error(), "wrong_shape") || strings.Contains(err.Error(), "xxx") {
			t.Errorf("%s: the error shows content: %v", name, err)
		}
	}
	wantDead(t, s, "bottega", 0)
}

func TestADamagedDeadLetterIsShownAndCanBeDeleted(t *testing.T) {
	s, ctx := oneStore(t), ctxOf(t)
	id := must[string](t)(s.PutDead(ctx, letter("main", "x")))
	ok(t, s.Client().Set(ctx, s.DeadLetterKey("bottega", id), "{damaged", time.Hour).Err())
	got := must[[]store.DeadLetter](t)(s.ListDead(ctx, "bottega", "", 0))
	want := []store.DeadLetter{{ID: id, Shop: "bottega", Source: "main", Reason: "unreadable"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	if _, err := s.GetDead(ctx, "bottega", id); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("read: got %v, want the damage", err)
	}
	ok(t, s.DeleteDead(ctx, "bottega", id))
	wantDead(t, s, "bottega", 0)
}

func TestConcurrentPutsOfAFullSourceAllSucceed(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		body := strings.Repeat("x", 1<<20)
		var all sync.WaitGroup
		for range 24 {
			all.Go(func() {
				if _, err := s.PutDead(ctx, letter("main", body)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		wantDead(t, s, "bottega", 15)
		wantBytes(t, s, "main")
	})
}

func FuzzDecodeDead(f *testing.F) {
	good, err := store.EncodeDead(letter("main", "a body\nof lines"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"v":1,"at":"0000-01-01T00:00:00Z"}` + "\n"))
	f.Add([]byte(""))
	f.Fuzz(func(t *testing.T, blob []byte) {
		l, err := store.DecodeDead(blob)
		if err != nil {
			return
		}
		if !bytes.HasSuffix(blob, l.Body) {
			t.Fatal("the body is not the end of what is stored")
		}
		l.Shop, l.ID = "bottega", ulid.MustNewDefault(time.Now()).String()
		again, err := store.EncodeDead(l)
		if err != nil {
			return // out of bounds
		}
		back, err := store.DecodeDead(again)
		if err != nil {
			t.Fatalf("what we wrote is not read: %v", err)
		}
		if !bytes.Equal(back.Body, l.Body) || back.Source != l.Source || back.Reason != l.Reason || !back.At.Equal(l.At) {
			t.Errorf("got %+v, want %+v", back, l)
		}
	})
}
