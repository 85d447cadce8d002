package store

import "crypto/rand"

// letters of ids: 32, lower case, without those that look like others (i, l, o, u).
const letters = "0123456789abcdefghjkmnpqrstvwxyz"

// NewID is a new contact id: 12 letters, 60 random bits.
func NewID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails; see crypto/rand
	for i := range b {
		b[i] = letters[b[i]&31]
	}
	return string(b[:])
}
