package auth_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"

	"ritorno/internal/auth"
)

func TestNewToken(t *testing.T) {
	seen := make(map[string]bool)
	for range 1000 {
		plain, hash, err := auth.NewToken(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if !auth.WellFormed(plain) {
			t.Fatalf("token of %d characters is not well formed", len(plain))
		}
		if hash != auth.Hash(plain) || hash != sha256.Sum256([]byte(plain)) {
			t.Fatal("hash is not the SHA-256 of the token")
		}
		if seen[plain] {
			t.Fatal("the same token twice")
		}
		seen[plain] = true
	}
}

func TestNewTokenKeepsAllBits(t *testing.T) {
	for name, c := range map[string]struct {
		bits []byte
		want string
	}{
		"zeros are padded to full length": {make([]byte, 32), "rit_" + strings.Repeat("0", 43)},
		"the last bit shows":              {append(make([]byte, 31), 1), "rit_" + strings.Repeat("0", 42) + "1"},
		"the largest number fits":         {bytes.Repeat([]byte{0xff}, 32), "rit_" + "YHJSKWDa6oz1al1yMhwzwM8llg7hJNUca2J5RoW8xP1"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _, err := auth.NewToken(bytes.NewReader(c.bits))
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNewTokenNeedsRandomness(t *testing.T) {
	plain, hash, err := auth.NewToken(strings.NewReader("too short"))
	if !errors.Is(err, io.ErrUnexpectedEOF) || plain != "" || hash != [32]byte{} {
		t.Errorf("got %q, %x, %v; want no token", plain, hash, err)
	}
}

func TestWellFormed(t *testing.T) {
	good := strings.Repeat("aZ9", 14) + "0"
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"a token":             {"rit_" + good, true},
		"nothing":             {"", false},
		"no prefix":           {good, false},
		"another prefix":      {"RIT_" + good, false},
		"too short":           {"rit_" + good[1:], false},
		"too long":            {"rit_" + good + "0", false},
		"a sign in it":        {"rit_" + good[1:] + "-", false},
		"a letter of another": {"rit_" + good[2:] + "é", false},
		"a line break behind": {"rit_" + good[1:] + "\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := auth.WellFormed(c.text); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func FuzzWellFormed(f *testing.F) {
	f.Add("rit_0000000000000000000000000000000000000000000")
	f.Add("rit_")
	f.Add("Bearer rit_x")
	f.Fuzz(func(t *testing.T, text string) {
		if auth.WellFormed(text) && (len(text) != 47 || strings.ContainsAny(text, " \r\n\x00{}")) {
			t.Errorf("%q counts as a token", text)
		}
	})
}
