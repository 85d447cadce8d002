// Package link makes and checks the opaque names in Ritorno's public URLs: the
// short code of /l/{code}, the signed token of /u/{token}, and voucher codes.
//
// The package is pure: random bytes come in as an argument, so a caller passes
// a cryptographic source in production and a fixed one in tests.
package link

// codeLength gives 62^10 codes (59.5 bits): with ten million live ones and a
// hundred guesses a second, the first hit takes about 27 years.
const codeLength = 10

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// couponAlphabet leaves out what is read as something else (0 O, 1 I L, U)
// and the vowels, so that no word appears by chance.
const couponAlphabet = "23456789BCDFGHJKMNPQRSTVWXZ"

const couponLength = 8

// Code makes the code of a short link. random must fill its argument with
// cryptographically random bytes.
func Code(random func([]byte)) string { return pick(random, base62, codeLength) }

// ValidCode reports whether s has the form of a code; anything else needs no
// look-up.
func ValidCode(s string) bool {
	if len(s) != codeLength {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// CouponCode makes a voucher code that can be read aloud and typed: eight
// capital letters and digits without look-alikes. Codes are not checked against
// each other; random is as for Code.
func CouponCode(random func([]byte)) string { return pick(random, couponAlphabet, couponLength) }

// maxRefills stops a broken random source: with a working one, needing even
// four refills has a chance below one in 10^20.
const maxRefills = 1000

// pick draws letters without bias: bytes past the last full round of the
// alphabet (248 of 256 for base62) are thrown away.
func pick(random func([]byte), alphabet string, length int) string {
	limit := 256 - 256%len(alphabet)
	out := make([]byte, 0, length)
	var pool [32]byte
	for range maxRefills {
		random(pool[:])
		for _, x := range pool {
			if int(x) >= limit {
				continue
			}
			if out = append(out, alphabet[int(x)%len(alphabet)]); len(out) == length {
				return string(out)
			}
		}
	}
	panic("link: the random source gives no usable bytes")
}
