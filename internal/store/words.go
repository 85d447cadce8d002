package store

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// table holds the words that records repeat, most frequent first (the first 63
// take one byte). Numbers are stored: append only, and let a release that can
// read a new word go out before the one that writes it. What is not in here is
// written once into the record itself, so every release can read it.
var table = [...]string{
	"order.placed", "EUR", "message.result", "step.due", "message.begin", "message.delivery",
	"contact.changed", "consent.changed", "link.opened", "responded", "noted", "paused",
	"order.cancelled", "order.refunded", "subscription.renewed", "subscription.started",
	"subscription.cancelled", "subscription.paused", "payment.failed", "contact.deleted",
	"contact.merged", "import", "ritorno", "twilio", "sendgrid", "page", "sms", "one-click", "owner",
	"stored", "nothing new", "step planned", "journey entered", "begun", "due", "waits", "not due yet",
	"step dropped", "journey finished", "inactive", "inactivity", "return", "cancellation",
	"won_by_order", "won_by_response", "came_back", "second_order", "no_response", "opt_out",
	"cancelled", "renewed", "resubscribed", "welcome_back_done", "quiet_hours", "capped",
	"shopify", "woocommerce", "stripe", "recharge", "activecampaign", "it", "en", "IT",
	"Europe/Rome", "US", "USD", "GBP", "CHF", "de", "DE", "fr", "FR", "es", "ES", "GB", "en-US", "it-IT",
	"stale attempt", "counted, but newer news is known", "message.unbegin", "message.lost",
	"source.gone", "erase.requested", "data.requested", "spared", "unreachable", "bought",
	"opted_out", "expired", "no_consent", "no_address", "condition_false", "condition_error",
	"invalid_number", "bounced", "spam_report", "content_rejected", "provider_account",
	"provider_unavailable", "outcome_unknown", "journey_changed", "erased", "imported", "refunded",
	"in_flight", "merged", "blocked", "early_warning", "payment_failed", "api",
	"seen", "answer", "contest", "reply",
}

var numbers = func() map[string]uint32 {
	n := make(map[string]uint32, len(table))
	for i, w := range table {
		n[w] = uint32(i + 1)
	}
	return n
}()

// strange stands for a word of a newer release's table until the record is
// written again: then it becomes the same number.
const strange = "\x00word "

// word is the number of s: of the table, else of the record's own words.
func (w *writer) word(s string) uint32 {
	if s == "" {
		return 0
	}
	if n, ok := numbers[s]; ok {
		return 2 * n
	}
	if rest, ok := strings.CutPrefix(s, strange); ok {
		if n, err := strconv.ParseUint(rest, 10, 31); err == nil && int(n) > len(table) && rest == strconv.FormatUint(n, 10) {
			return 2 * uint32(n)
		}
	}
	for i, known := range w.rec.Words {
		if string(known) == s {
			return 2*uint32(i) + 1
		}
	}
	w.rec.Words = append(w.rec.Words, []byte(s))
	return 2*uint32(len(w.rec.Words)-1) + 1
}

// word is the text of number n.
func (r *reader) word(n uint32) string {
	switch {
	case n == 0:
		return ""
	case n%2 == 0 && int(n/2) <= len(table):
		return table[n/2-1]
	case n%2 == 0:
		return strange + strconv.FormatUint(uint64(n/2), 10)
	case int(n/2) < len(r.words):
		return r.words[n/2]
	}
	r.fail(fmt.Errorf("word %d of %d", n/2, len(r.words)))
	return ""
}

// plain is the number that id writes in decimal, if writing it again gives id.
func plain(id string) (uint64, bool) {
	if len(id) == 0 || len(id) > 19 || id[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseUint(id, 10, 64)
	return n, err == nil && strconv.FormatUint(n, 10) == id
}

// pack gives either the text or the number of an id.
func pack(id string) ([]byte, uint64) {
	if n, ok := plain(id); ok {
		return nil, n
	}
	return raw(id), 0
}

func unpack(id []byte, n uint64) string {
	if n != 0 {
		return strconv.FormatUint(n, 10)
	}
	return string(id)
}

// hexID is the length of ids like Twilio's: two letters and 32 hexadecimal digits.
const hexID = 34

// packHex gives either the text or, for ids like Twilio's, half as many bytes.
func packHex(id string) (plain, packed []byte) {
	if len(id) != hexID {
		return raw(id), nil
	}
	digits, err := hex.DecodeString(id[2:])
	if err != nil || hex.EncodeToString(digits) != id[2:] {
		return raw(id), nil
	}
	return nil, append([]byte(id[:2]), digits...)
}

func unpackHex(plain, packed []byte) string {
	if len(packed) > 2 {
		return string(packed[:2]) + hex.EncodeToString(packed[2:])
	}
	return string(plain)
}

// raw is s as bytes, nil when empty.
func raw(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}
