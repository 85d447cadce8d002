package identity_test

import (
	"fmt"
	"math"
	"testing"

	"ritorno/internal/identity"
)

func TestKeysKeepPurposesShopsAndInstallationsApart(t *testing.T) {
	k := identity.NewKeys([]byte("0123456789abcdef"))
	other := identity.NewKeys([]byte("0123456789abcdeg"))
	seen := map[identity.Digest]string{}
	for name, d := range map[string]identity.Digest{
		"e-mail":                         k.Email("bottega", "ada@example.com"),
		"e-mail in another shop":         k.Email("osteria", "ada@example.com"),
		"e-mail of another installation": other.Email("bottega", "ada@example.com"),
		"phone of the same text":         k.Phone("bottega", "ada@example.com"),
		"source id":                      k.Ref("bottega", "shopify", "1"),
		"parts shifted":                  k.Ref("bottegas", "hopify", "1"),
		"order of the same id":           k.Order("bottega", "shopify", "1"),
		"suppressed e-mail":              k.Suppression("bottega", "email", "ada@example.com"),
		"suppressed SMS":                 k.Suppression("bottega", "sms", "ada@example.com"),
	} {
		if twin, found := seen[d]; found {
			t.Errorf("%s has the digest of %s", name, twin)
		}
		seen[d] = name
		if len(d.String()) != 32 {
			t.Errorf("%s prints as %q, want 32 hexadecimal digits", name, d)
		}
	}
}

// The digests are stored: another release must find the same people.
func TestDigestsNeverChange(t *testing.T) {
	k := identity.NewKeys([]byte("0123456789abcdef"))
	for name, tt := range map[string]struct{ got, want string }{
		"e-mail":   {k.Email("bottega", "ada@example.com").String(), "8b3720fced580d76193b544200bfa9dc"},
		"phone":    {k.Phone("bottega", "+33639980102").String(), "c6ab5df50a0844c79d43428f3a4dd497"},
		"ref":      {k.Ref("bottega", "shopify", "115310627314723954").String(), "5850d8456f9d6ba0803a058d0d55791e"},
		"order":    {fmt.Sprint(identity.OrderKey("820982911946154508")), "8824398035519499226"},
		"delivery": {fmt.Sprint(identity.DeliveryKey("shopify", "a")), "6019317970031888225"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s digest is %s, was %s in every release before", name, tt.got, tt.want)
		}
	}
}

func TestShortKeysFitASignedInteger(t *testing.T) {
	seen := map[uint64]bool{}
	for i := range 20000 {
		for _, n := range []uint64{identity.OrderKey(fmt.Sprint(i)), identity.DeliveryKey("s", fmt.Sprint(i))} {
			if n == 0 || n > math.MaxInt64 {
				t.Fatalf("key %d does not fit", n)
			}
			if seen[n] {
				t.Fatalf("key %d twice", n)
			}
			seen[n] = true
		}
	}
	if identity.DeliveryKey("ab", "c") == identity.DeliveryKey("a", "bc") {
		t.Error("source and key run into each other")
	}
}
