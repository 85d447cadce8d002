package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ritorno/internal/store"
)

var made = time.Date(2026, 3, 1, 12, 0, 0, 7, time.UTC)

func token(n int) store.Token {
	return store.Token{
		ID: fmt.Sprintf("tok%03d", n), Name: "desk", Role: "support", Shop: "bottega",
		Hash: sha256.Sum256(fmt.Appendf(nil, "rit_%d", n)), Made: made.Add(time.Duration(n) * time.Second),
	}
}

func TestTokens(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx := ctxOf(t)
		all := []store.Token{token(1), token(2), token(3)}
		all[2].Shop = ""
		for _, i := range []int{2, 0, 1, 0} {
			ok(t, s.PutToken(ctx, all[i]))
		}
		if diff := cmp.Diff(all, must[[]store.Token](t)(s.ListTokens(ctx))); diff != "" {
			t.Errorf("list (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(all[1], must[store.Token](t)(s.FindToken(ctx, all[1].Hash))); diff != "" {
			t.Errorf("found (-want +got):\n%s", diff)
		}
		if _, err := s.FindToken(ctx, token(9).Hash); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("unknown token: got %v, want ErrNotFound", err)
		}
		other := token(9)
		other.Hash = all[0].Hash
		if err := s.PutToken(ctx, other); !errors.Is(err, store.ErrTaken) {
			t.Errorf("another token under the hash: got %v, want ErrTaken", err)
		}

		ok(t, s.TouchToken(ctx, all[0].Hash, made))
		ok(t, s.RevokeToken(ctx, all[0].ID))
		if err := s.RevokeToken(ctx, all[0].ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("revoked twice: got %v, want ErrNotFound", err)
		}
		if _, err := s.FindToken(ctx, all[0].Hash); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("revoked token: got %v, want ErrNotFound", err)
		}
		if err := s.TouchToken(ctx, all[0].Hash, made); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("touch of a revoked token: got %v, want ErrNotFound", err)
		}
		if diff := cmp.Diff(all[1:], must[[]store.Token](t)(s.ListTokens(ctx))); diff != "" {
			t.Errorf("list after revocation (-want +got):\n%s", diff)
		}
		if _, used := s.TokenKeys(); s.Client().Exists(ctx, used).Val() != 0 {
			t.Error("the last use of a revoked token stayed")
		}
	})
}

func TestTokensAreTouchedOnceAMinute(t *testing.T) {
	everyStore(t, func(t *testing.T, s *store.Store) {
		ctx, tok := ctxOf(t), token(1)
		ok(t, s.PutToken(ctx, tok))
		for _, step := range []struct{ at, want time.Duration }{
			{0, 0},
			{59*time.Second + 999*time.Millisecond, 0},
			{time.Minute, time.Minute},
			{30 * time.Second, time.Minute},
			{3 * time.Hour, 3 * time.Hour},
		} {
			start := made.Truncate(time.Millisecond)
			ok(t, s.TouchToken(ctx, tok.Hash, start.Add(step.at)))
			if got := must[store.Token](t)(s.FindToken(ctx, tok.Hash)).LastUsed; !got.Equal(start.Add(step.want)) {
				t.Errorf("touched at %v: last used %v, want %v", step.at, got.Sub(start), step.want)
			}
		}
		ok(t, s.PutToken(ctx, tok)) // a repetition keeps the last use
		if got := must[[]store.Token](t)(s.ListTokens(ctx)); len(got) != 1 || got[0].LastUsed.IsZero() {
			t.Errorf("list is %+v, want one used token", got)
		}
	})
}

func TestTokensAreBounded(t *testing.T) {
	s, ctx := oneStore(t), ctxOf(t)
	for i := range 1000 {
		ok(t, s.PutToken(ctx, token(i)))
	}
	if err := s.PutToken(ctx, token(1000)); !errors.Is(err, store.ErrCrowded) {
		t.Errorf("token 1,001: got %v, want ErrCrowded", err)
	}
	ok(t, s.PutToken(ctx, token(999))) // there already
	for name, change := range map[string]func(*store.Token){
		"no id":           func(l *store.Token) { l.ID = "" },
		"no name":         func(l *store.Token) { l.Name = "" },
		"no role":         func(l *store.Token) { l.Role = "" },
		"no hash":         func(l *store.Token) { l.Hash = [32]byte{} },
		"an endless shop": func(l *store.Token) { l.Shop = strings.Repeat("x", 129) },
	} {
		tok := token(1)
		change(&tok)
		if err := s.PutToken(ctx, tok); err == nil || errors.Is(err, store.ErrCrowded) {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
	}
}

func TestADamagedTokenOpensNothingAndCanBeRevoked(t *testing.T) {
	s, ctx, good, bad := oneStore(t), ctxOf(t), token(1), token(2)
	ok(t, s.PutToken(ctx, good))
	tokens, _ := s.TokenKeys()
	field := hex.EncodeToString(bad.Hash[:])
	ok(t, s.Client().HSet(ctx, tokens, field, `{"v":1,"role":"owner"}`).Err())
	_, err := s.FindToken(ctx, bad.Hash)
	if err == nil || strings.Contains(err.Error(), field) {
		t.Errorf("got %v, want the damage without the hash", err)
	}
	var id string
	for _, tok := range must[[]store.Token](t)(s.ListTokens(ctx)) {
		if tok.ID != good.ID {
			id = tok.ID
			if tok.Role != "" {
				t.Errorf("the damaged token has role %q", tok.Role)
			}
		}
	}
	ok(t, s.RevokeToken(ctx, id))
	if diff := cmp.Diff([]store.Token{good}, must[[]store.Token](t)(s.ListTokens(ctx))); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
}

func FuzzDecodeToken(f *testing.F) {
	field := hex.EncodeToString(make([]byte, 32))
	f.Add(field, `{"v":1,"id":"a","name":"b","role":"owner","made":"2026-03-01T00:00:00Z"}`, "1772366400000")
	f.Add("zz", "{}", "")
	f.Add(field, "null", "x")
	f.Fuzz(func(t *testing.T, field, value, last string) {
		tok, err := store.DecodeToken(field, value, last)
		if err != nil {
			if tok.Role != "" || tok.ID != "" {
				t.Errorf("a damaged token is %+v", tok)
			}
			return
		}
		if len(field) < 64 || tok.ID == "" {
			t.Errorf("field of %d bytes became token %q", len(field), tok.ID)
		}
	})
}
