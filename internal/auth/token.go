// Package auth knows API tokens, what their roles may do, and how often one
// caller may try. It is about values alone: tokens are kept by the store,
// routes and answers belong to the handlers.
package auth

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/big"
	"strings"
)

const (
	// prefix lets secret scanners find a leaked token.
	prefix = "rit_"
	// tokenBytes is 256 bits: nobody guesses it, so a plain SHA-256 is enough to
	// keep.
	tokenBytes = 32
	// digits is the length of 256 bits in base62.
	digits = 43
	base   = 62
)

// NewToken makes a token of 256 random bits: plain is shown to a person once,
// hash is what may be stored. random is crypto/rand.Reader outside tests; an
// error means that it could not be read.
func NewToken(random io.Reader) (plain string, hash [32]byte, err error) {
	var raw [tokenBytes]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", hash, fmt.Errorf("read random bytes for a token: %w", err)
	}
	number := new(big.Int).SetBytes(raw[:]).Text(base)
	plain = prefix + strings.Repeat("0", digits-len(number)) + number
	return plain, Hash(plain), nil
}

// Hash is how a token is stored and found: SHA-256 of the whole text.
func Hash(plain string) [32]byte { return sha256.Sum256([]byte(plain)) }

// WellFormed reports whether plain could be a token at all, before anybody
// looks it up.
func WellFormed(plain string) bool {
	text, found := strings.CutPrefix(plain, prefix)
	if !found || len(text) != digits {
		return false
	}
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
