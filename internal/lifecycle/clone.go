package lifecycle

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clone makes a copy that shares nothing Decide writes to.
func (c Contact) clone() Contact {
	c.Refs = slices.Clone(c.Refs)
	c.Ledger = slices.Clone(c.Ledger)
	c.History = slices.Clone(c.History)
	c.Former = slices.Clone(c.Former)
	c.Joined = slices.Clone(c.Joined)
	c.Orders = slices.Clone(c.Orders)
	for i := range c.Orders {
		c.Orders[i].Refunds = slices.Clone(c.Orders[i].Refunds)
	}
	c.Links = slices.Clone(c.Links)
	c.Marks = slices.Clone(c.Marks)
	c.Runs = slices.Clone(c.Runs)
	c.Messages = slices.Clone(c.Messages)
	c.Looks = slices.Clone(c.Looks)
	c.Told = slices.Clone(c.Told)
	c.Timeline = slices.Clone(c.Timeline)
	c.Answers = slices.Clone(c.Answers)
	c.Base.Gone, c.Base.Grounds = slices.Clone(c.Base.Gone), slices.Clone(c.Base.Grounds)
	c.Entered = slices.Clone(c.Entered)
	if c.Run != nil {
		run := *c.Run
		c.Run = &run
	}
	if c.Sending != nil {
		a := *c.Sending
		c.Sending = &a
	}
	if c.Erasing != nil {
		g := *c.Erasing
		c.Erasing = &g
	}
	return c
}

// digest is a 63-bit digest of some text; 63 so that it fits a signed integer
// set of the store.
func digest(parts ...string) uint64 {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return binary.BigEndian.Uint64(sum[:8]) &^ (1 << 63)
}

// OrderKey is the digest under which an order is remembered for good whose
// id's owner nobody knows; see [Rules.OrderKeys].
func OrderKey(shop, id string) uint64 { return digest("order", shop, id) }

// OffKey is the digest under which it is remembered that an order was taken
// back after it had rolled out of the record.
func OffKey(key uint64) uint64 { return offKey(key) }

// clip makes text from outside fit to be kept: no control characters, at most
// n bytes, whole runes.
func clip(s string, n int) string {
	s = strings.Map(func(x rune) rune {
		if unicode.IsControl(x) || x == utf8.RuneError || unicode.Is(unicode.Bidi_Control, x) {
			return ' '
		}
		return x
	}, s)
	s = strings.TrimSpace(s)
	for len(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}
