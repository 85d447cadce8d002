// Package recharge reads Recharge's webhooks, of API version 2021-11 and of
// 2021-01, under both of its signatures.
package recharge

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// Window is how far a request's time may lie from ours, either way: Recharge
// repeats a delivery for 48 hours. It holds for the newer signature alone; the
// older one knows no time.
const Window = 48 * time.Hour

// Options configure one shop's source.
type Options struct {
	// Secrets are the API client secrets (not the token), newest first. Empty
	// ones are skipped; one at least is needed.
	Secrets []string
	// OrdersOf is whose order ids external_order_id names: a source of the shop,
	// or a system. Empty: Shopify's.
	OrdersOf string
}

// Source verifies and normalises one shop's deliveries.
type Source struct {
	secrets [][]byte
	shop    string // whose order ids external_order_id names
}

var _ connectors.Source = (*Source)(nil)

// New makes a source. It fails when no secret is left.
func New(o Options) (*Source, error) {
	s := &Source{shop: first(o.OrdersOf, lifecycle.OwnerShopify)}
	for _, secret := range o.Secrets {
		if secret = strings.TrimSpace(secret); secret != "" {
			s.secrets = append(s.secrets, []byte(secret))
		}
	}
	if len(s.secrets) == 0 {
		return nil, errors.New("recharge source without a secret: set the API client secret of the token, from Recharge's API token page")
	}
	return s, nil
}

// Names of the headers.
const (
	newer  = "X-Recharge-Webhook-Signature"
	legacy = "X-Recharge-Hmac-Sha256"
)

// Verify holds the signature against the raw body. Recharge sends two: where
// the newer one is there, it alone counts, so that a wrong one cannot be
// replaced by the older.
func (s *Source) Verify(r connectors.Request) error {
	if text := r.Header.Get(newer); text != "" {
		return s.verifyNewer(r, text)
	}
	text := r.Header.Get(legacy)
	if text == "" {
		return bad(newer, "is missing, as is "+legacy)
	}
	given, err := hex.DecodeString(text)
	if err != nil || len(given) != sha256.Size {
		return bad(legacy, "is not 32 bytes in hexadecimal")
	}
	return s.match([][]byte{given}, func(secret []byte) []byte {
		h := sha256.New() // plain SHA-256 over secret and body: whatever its name says, no HMAC
		h.Write(secret)
		h.Write(r.Body)
		return h.Sum(nil)
	})
}

// verifyNewer reads t=1763625621,v1=hex: HMAC-SHA256 over time, dot and body.
func (s *Source) verifyNewer(r connectors.Request, text string) error {
	timestamp, given := "", [][]byte(nil)
	for part := range strings.SplitSeq(text, ",") {
		name, value, found := strings.Cut(part, "=")
		if !found {
			return bad(newer, "has a part without =")
		}
		switch strings.TrimSpace(name) {
		case "t":
			if timestamp != "" {
				return bad(newer, "has two times")
			}
			timestamp = value
		case "v1":
			if sum, err := hex.DecodeString(value); err == nil && len(given) < 8 {
				given = append(given, sum)
			}
		}
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != timestamp {
		return bad(newer, "has no time in seconds")
	}
	if away := r.ReceivedAt.Sub(time.Unix(seconds, 0)); away > Window || away < -Window {
		return bad(newer, "has a time more than 48 hours away from the time here")
	}
	return s.match(given, func(secret []byte) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(timestamp + "."))
		mac.Write(r.Body)
		return mac.Sum(nil)
	})
}

// match compares what was given with what each secret makes, all of them, so
// that time does not tell which.
func (s *Source) match(given [][]byte, sum func(secret []byte) []byte) error {
	found := false
	for _, secret := range s.secrets {
		want := sum(secret)
		for _, g := range given {
			found = hmac.Equal(want, g) || found
		}
	}
	if !found {
		return connectors.ErrSignature
	}
	return nil
}

func bad(header, why string) error {
	return fmt.Errorf("%w: the header %s %s", connectors.ErrSignature, header, why)
}
