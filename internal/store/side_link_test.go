package store_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/store"
)

func TestLinks(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		l := store.Link{Contact: contactID(1), Message: "m1-a"}
		ok(t, s.PutLink(ctx, "aZ09bcdefg", l, time.Hour))
		ok(t, s.PutLink(ctx, "aZ09bcdefg", l, 2*time.Hour))
		if diff := cmp.Diff(l, must[store.Link](t)(s.GetLink(ctx, "aZ09bcdefg"))); diff != "" {
			t.Errorf("link (-want +got):\n%s", diff)
		}
		if ttl := s.Client().PTTL(ctx, s.LinkKey("aZ09bcdefg")).Val(); ttl <= 0 || ttl > time.Hour {
			t.Errorf("link lives %v, want at most an hour", ttl)
		}
		for _, other := range []store.Link{{Contact: contactID(2), Message: "m1-a"}, {Contact: contactID(1), Message: "m2"}} {
			err := s.PutLink(ctx, "aZ09bcdefg", other, time.Hour)
			if !errors.Is(err, store.ErrTaken) {
				t.Errorf("another link under the code: got %v, want ErrTaken", err)
			}
		}
		ok(t, s.PutLink(ctx, "other", l, time.Hour))
		ok(t, s.DropLinks(ctx, "aZ09bcdefg", "never made"))
		ok(t, s.DropLinks(ctx))
		if _, err := s.GetLink(ctx, "aZ09bcdefg"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("dropped link: got %v, want ErrNotFound", err)
		}
		if got := must[store.Link](t)(s.GetLink(ctx, "other")); got != l {
			t.Errorf("the other link is %+v", got)
		}
	})
}

func TestACodeHasOneOwner(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		var won atomic.Int64
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				err := s.PutLink(ctx, "contended", store.Link{Contact: contactID(i), Message: "m"}, time.Hour)
				switch {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, store.ErrTaken):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d callers won, want 1", won.Load())
		}
	})
}

func TestACodeThatCannotBeIsUnknown(t *testing.T) {
	s, ctx := oneStore(t), ctxOf(t)
	for _, code := range []string{"", "a b", "a}", "{x}", "ä", "a/b", "a\x00", strings.Repeat("a", 65)} {
		_, err := s.GetLink(ctx, code)
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("GetLink(%q): got %v, want ErrNotFound", code, err)
		}
		if code != "" && strings.Contains(err.Error(), code) {
			t.Errorf("GetLink(%q): the error names the code", code)
		}
		if err := s.PutLink(ctx, code, store.Link{Contact: contactID(1), Message: "m"}, time.Hour); err == nil || errors.Is(err, store.ErrTaken) {
			t.Errorf("PutLink(%q): got %v, want a refusal", code, err)
		}
	}
}

func TestLinksAreChecked(t *testing.T) {
	s, ctx := oneStore(t), ctxOf(t)
	good := store.Link{Contact: contactID(1), Message: "m"}
	for name, c := range map[string]struct {
		link store.Link
		ttl  time.Duration
	}{
		"no contact":         {store.Link{Message: "m"}, time.Hour},
		"no message":         {store.Link{Contact: contactID(1)}, time.Hour},
		"a space in an id":   {store.Link{Contact: contactID(1), Message: "m n"}, time.Hour},
		"an endless id":      {store.Link{Contact: contactID(1), Message: strings.Repeat("m", 129)}, time.Hour},
		"no lifetime":        {good, 0},
		"a negative one":     {good, -time.Second},
		"below the server's": {good, time.Microsecond},
	} {
		if err := s.PutLink(ctx, "code", c.link, c.ttl); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	if _, err := s.GetLink(ctx, "code"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("something was stored: %v", err)
	}
}

func FuzzDecodeLink(f *testing.F) {
	f.Add("c00000000001 m1")
	f.Add(" m")
	f.Add("c m n")
	f.Fuzz(func(t *testing.T, value string) {
		l, err := store.DecodeLink(value)
		if err != nil {
			if value != "" && len(value) > 12 && strings.Contains(err.Error(), value) {
				t.Error("the error shows what is stored")
			}
			return
		}
		if l.Contact+" "+l.Message != value {
			t.Errorf("%q was read as %+v", value, l)
		}
		if again, err := store.EncodeLink(l); err == nil && again != value {
			t.Errorf("%q was written back as %q", value, again)
		}
	})
}
