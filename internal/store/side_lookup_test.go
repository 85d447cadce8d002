package store_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/store"
)

func TestLookup(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		mail, phone, none := digestOf("mail"), digestOf("phone"), digestOf("none")
		ok(t, s.Point(ctx, mail, contactID(2)))
		ok(t, s.Point(ctx, mail, contactID(1)))
		ok(t, s.Point(ctx, mail, contactID(2)))
		ok(t, s.Point(ctx, phone, contactID(1)))

		got := must[[][]string](t)(s.Lookup(ctx, mail, none, phone))
		want := [][]string{{contactID(2), contactID(1)}, nil, {contactID(1)}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("look-ups (-want +got):\n%s", diff)
		}

		ok(t, s.Unpoint(ctx, mail, contactID(2)))
		ok(t, s.Unpoint(ctx, mail, contactID(2)))
		ok(t, s.Unpoint(ctx, none, contactID(2)))
		got = must[[][]string](t)(s.Lookup(ctx, mail))
		if diff := cmp.Diff([][]string{{contactID(1)}}, got); diff != "" {
			t.Errorf("after Unpoint (-want +got):\n%s", diff)
		}

		ok(t, s.DropLookups(ctx, contactID(1), []store.Digest{mail, phone, none}))
		got = must[[][]string](t)(s.Lookup(ctx, mail, phone))
		if diff := cmp.Diff([][]string{nil, nil}, got); diff != "" {
			t.Errorf("after DropLookups (-want +got):\n%s", diff)
		}
		key, _ := s.LookupKey(mail)
		if n := s.Client().Exists(ctx, key).Val(); n != 0 {
			t.Error("an empty bucket stayed")
		}
	})
}

func TestLookupOfNothing(t *testing.T) {
	s := oneStore(t)
	if got, err := s.Lookup(ctxOf(t)); err != nil || got != nil {
		t.Errorf("got %v, %v; want nothing", got, err)
	}
}

func TestPointAnswersCrowdedAt64Contacts(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx, d := ctxOf(t), digestOf("switchboard")
		for i := range 64 {
			ok(t, s.Point(ctx, d, contactID(i)))
		}
		for range 3 {
			if err := s.Point(ctx, d, contactID(64)); !errors.Is(err, store.ErrCrowded) {
				t.Fatalf("65th contact: got %v, want ErrCrowded", err)
			}
		}
		ok(t, s.Point(ctx, d, contactID(63))) // there already
		if got := must[[][]string](t)(s.Lookup(ctx, d))[0]; len(got) != 64 {
			t.Errorf("got %d contacts, want 64", len(got))
		}
		if n := must[int64](t)(s.Crowd(ctx, d)); n != 3 {
			t.Errorf("crowd is %d, want 3", n)
		}
		if n := must[int64](t)(s.Crowd(ctx, digestOf("quiet"))); n != 0 {
			t.Errorf("crowd of an unknown digest is %d, want 0", n)
		}
		ok(t, s.Unpoint(ctx, d, contactID(0)))
		ok(t, s.Point(ctx, d, contactID(64)))
	})
}

func TestClaimLookupHasOneWinner(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx, d := ctxOf(t), digestOf("new")
		winners := make([]string, 100)
		var all sync.WaitGroup
		for i := range winners {
			all.Go(func() {
				w, err := s.ClaimLookup(ctx, d, contactID(i))
				if err != nil {
					t.Error(err)
				}
				winners[i] = w
			})
		}
		all.Wait()
		for i, w := range winners {
			if w != winners[0] {
				t.Fatalf("caller %d got winner %s, caller 0 got %s", i, w, winners[0])
			}
		}
		if diff := cmp.Diff([][]string{{winners[0]}}, must[[][]string](t)(s.Lookup(ctx, d))); diff != "" {
			t.Errorf("look-up (-want +got):\n%s", diff)
		}
		if again := must[string](t)(s.ClaimLookup(ctx, d, winners[0])); again != winners[0] {
			t.Errorf("the winner's repetition got %s", again)
		}
	})
}

func TestConcurrentPointsLoseNothing(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx, d := ctxOf(t), digestOf("family")
		var all sync.WaitGroup
		for i := range 60 {
			all.Go(func() {
				if err := s.Point(ctx, d, contactID(i)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := must[[][]string](t)(s.Lookup(ctx, d))[0]; len(got) != 60 {
			t.Errorf("got %d contacts, want 60", len(got))
		}
	})
}

func TestLookupsTakeOnlyContactIDs(t *testing.T) {
	s, ctx, d := oneStore(t), ctxOf(t), digestOf("x")
	for _, id := range []string{"", "short", "longer than twelve"} {
		if _, err := s.ClaimLookup(ctx, d, id); err == nil {
			t.Errorf("ClaimLookup took an id of %d characters", len(id))
		}
		if s.Point(ctx, d, id) == nil || s.Unpoint(ctx, d, id) == nil || s.PointOrder(ctx, d, id, time.Now()) == nil {
			t.Errorf("an id of %d characters was taken", len(id))
		}
	}
	if got := must[[][]string](t)(s.Lookup(ctx, d))[0]; got != nil {
		t.Errorf("stored %v", got)
	}
}

func TestADamagedLookupIsNamed(t *testing.T) {
	s, ctx, d := oneStore(t), ctxOf(t), digestOf("x")
	key, field := s.LookupKey(d)
	ok(t, s.Client().HSet(ctx, key, field, "thirteen char").Err())
	_, lookup := s.Lookup(ctx, d)
	_, claim := s.ClaimLookup(ctx, d, contactID(1))
	for what, err := range map[string]error{
		"Lookup": lookup, "ClaimLookup": claim,
		"Point": s.Point(ctx, d, contactID(1)), "Unpoint": s.Unpoint(ctx, d, contactID(1)),
	} {
		if err == nil || !strings.Contains(err.Error(), "rebuild the look-ups") {
			t.Errorf("%s: got %v, want the mend", what, err)
		}
		if errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: damage counts as a store that is away", what)
		}
	}
}

func TestSmallBucketsStayListpacks(t *testing.T) {
	s, ctx := oneStore(t), ctxOf(t)
	d := digestOf("x")
	for i := range 100 {
		d[2] = byte(i) // the same bucket
		for n := range 5 {
			ok(t, s.Point(ctx, d, contactID(n)))
		}
	}
	key, _ := s.LookupKey(d)
	if e := s.Client().ObjectEncoding(ctx, key).Val(); e != "listpack" {
		t.Errorf("100 digests with 5 contacts each are a %s, want listpack", e)
	}
}

func FuzzSplitIDs(f *testing.F) {
	f.Add("")
	f.Add(contactID(1) + contactID(2))
	f.Add("odd")
	f.Fuzz(func(t *testing.T, value string) {
		ids, err := store.SplitIDs(value)
		if (err == nil) != (len(value)%12 == 0) {
			t.Fatalf("%d bytes: error %v", len(value), err)
		}
		if err == nil && strings.Join(ids, "") != value {
			t.Errorf("%q came back as %q", value, ids)
		}
	})
}
