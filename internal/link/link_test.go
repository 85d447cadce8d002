package link_test

import (
	"errors"
	"math/rand"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ritorno/internal/link"
)

var key = []byte("a test key of thirty-two bytes..")

// source is a repeatable random source; tests need no secret.
func source(seed int64) func([]byte) {
	r := rand.New(rand.NewSource(seed))
	return func(b []byte) { r.Read(b) }
}

func TestCodesAreTenLettersWithoutBias(t *testing.T) {
	random, seen, counts := source(1), map[string]bool{}, map[byte]int{}
	const n = 20000
	for range n {
		code := link.Code(random)
		if !link.ValidCode(code) || seen[code] {
			t.Fatalf("code %q is malformed or repeated", code)
		}
		seen[code] = true
		for i := range len(code) {
			counts[code[i]]++
		}
	}
	if len(counts) != 62 {
		t.Fatalf("%d different letters, want 62", len(counts))
	}
	mean := float64(n*10) / 62
	for c, got := range counts {
		if d := float64(got)/mean - 1; d < -0.1 || d > 0.1 {
			t.Errorf("letter %c appears %d times, expected about %.0f", c, got, mean)
		}
	}
}

func TestBytesPastTheLastFullRoundAreThrownAway(t *testing.T) {
	calls := 0
	random := func(b []byte) {
		for i := range b {
			b[i] = 248 // the first byte that would favour a letter
			if calls > 0 {
				b[i] = 247 // the last that may be used: 247 % 62 = 61
			}
		}
		calls++
	}
	if got := link.Code(random); got != "zzzzzzzzzz" || calls != 2 {
		t.Errorf("%q after %d calls", got, calls)
	}
}

func TestABrokenRandomSourceIsNoticed(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a source of nothing but 255 made a code")
		}
	}()
	link.Code(func(b []byte) {
		for i := range b {
			b[i] = 255
		}
	})
}

func TestOtherTextsAreNoCodes(t *testing.T) {
	for _, s := range []string{"", "AbCdEfGhI", "AbCdEfGhIjk", "AbCdEfGh-j", "AbCdEfGh/j", "AbCdEfGh\x00j", "AbCdEfGhè", "AbCdEfGhI "} {
		if link.ValidCode(s) {
			t.Errorf("%q passes", s)
		}
	}
}

func TestCouponCodesHaveNoLookAlikes(t *testing.T) {
	form := regexp.MustCompile(`^[2-9B-DF-HJKMNP-TV-XZ]{8}$`)
	random, seen := source(2), map[string]bool{}
	for range 20000 {
		code := link.CouponCode(random)
		if !form.MatchString(code) || strings.ContainsAny(code, "01IOLUAEY") || seen[code] {
			t.Fatalf("coupon code %q is malformed or repeated", code)
		}
		seen[code] = true
	}
}

func TestATokenComesBackAsItWasSigned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := link.Token{Shop: rapid.StringN(1, 30, 60).Draw(t, "shop"), Contact: rapid.StringN(1, 40, 80).Draw(t, "contact")}
		s := link.Sign(key, want)
		if !regexp.MustCompile(`^[A-Za-z0-9_-]+$`).MatchString(s) {
			t.Fatalf("%q does not fit a URL", s)
		}
		got, err := link.Verify(key, s)
		if err != nil || got != want {
			t.Fatalf("%v, %v; want %v", got, err, want)
		}
		if _, err := link.Verify([]byte("another key"), s); !errors.Is(err, link.ErrToken) {
			t.Fatalf("another key: %v", err)
		}
	})
}

// The token stands in messages already sent: this text must verify for ever.
func TestAnOldTokenStillVerifies(t *testing.T) {
	const old = "AQdib3R0ZWdhMDFKQkNEMjM0Nae6rHkFuzt2Igy3bVtgWUU"
	want := link.Token{Shop: "bottega", Contact: "01JBCD2345"}
	if s := link.Sign(key, want); s != old {
		t.Errorf("signed as %q, in old messages it is %q", s, old)
	}
	if got, err := link.Verify(key, old); err != nil || got != want {
		t.Errorf("%v, %v", got, err)
	}
}

func TestEveryChangeOfATokenIsRefused(t *testing.T) {
	s := link.Sign(key, link.Token{Shop: "bottega", Contact: "01JBCD2345"})
	for i := range len(s) {
		for _, c := range []byte("Ab9_") {
			if changed := s[:i] + string(c) + s[i+1:]; changed != s {
				if _, err := link.Verify(key, changed); !errors.Is(err, link.ErrToken) {
					t.Fatalf("position %d as %c: %v", i, c, err)
				}
			}
		}
		if _, err := link.Verify(key, s[:i]); !errors.Is(err, link.ErrToken) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	for _, other := range []string{"", s + "A", s + "=", s + "\n", s[:8] + "\n" + s[8:], s + s, strings.Repeat("A", 1<<16)} {
		if _, err := link.Verify(key, other); !errors.Is(err, link.ErrToken) {
			t.Errorf("%.40q: %v", other, err)
		}
	}
	if _, err := link.Verify(nil, s); !errors.Is(err, link.ErrToken) {
		t.Errorf("without a key: %v", err)
	}
}

func TestShopAndContactCannotBeShifted(t *testing.T) {
	a := link.Sign(key, link.Token{Shop: "ab", Contact: "cd"})
	b := link.Sign(key, link.Token{Shop: "a", Contact: "bcd"})
	if a == b {
		t.Error("two contacts share a token")
	}
}

func TestAnEmptyKeyCannotSign(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("signed without a key")
		}
	}()
	link.Sign(nil, link.Token{Shop: "a", Contact: "b"})
}

func FuzzVerify(f *testing.F) {
	f.Add(link.Sign(key, link.Token{Shop: "bottega", Contact: "1"}))
	f.Add("")
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := link.Verify(key, s)
		if err == nil && link.Sign(key, got) != s {
			t.Errorf("%q verifies as %v but is not its token", s, got)
		}
	})
}

// FuzzValidCode: only ten letters and digits are worth a look into the store.
func FuzzValidCode(f *testing.F) {
	for _, s := range []string{"Ab3dE6gH9j", "", "Ab3dE6gH9", "Ab3dE6gH9jj", "Ab3dE6gH9/", "\x00b3dE6gH9j", "*b3dE6gH9j", "Аb3dE6gH9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		if got, want := link.ValidCode(s), len(s) == 10 && strings.Trim(s, letters) == ""; got != want && !(want && strings.ContainsFunc(s, func(r rune) bool { return r > 127 })) {
			t.Errorf("ValidCode(%q) = %v", s, got)
		}
	})
}
