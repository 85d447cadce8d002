// Package stripe reads Stripe's webhooks: snapshot events of every API version,
// those before and those since 2025-03-31 (basil).
package stripe

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
)

// Tolerance is how far a request's time may lie from ours, either way: the
// default of Stripe's own libraries.
const Tolerance = 5 * time.Minute

// maxSignatures bounds the work that one request can ask for.
const maxSignatures = 16

// Options configure one shop's source.
type Options struct {
	// Secrets are the signing secrets of the webhook endpoint (whsec_...),
	// newest first. Empty ones are skipped; one at least is needed.
	Secrets []string
	// TestEvents takes events of Stripe's test mode as if they were real.
	TestEvents bool
	// OrdersOf is whose order ids stand in metadata.order_id of payments: a source
	// of the shop, or a system. Empty: nobody's that we know.
	OrdersOf string
}

// Source verifies and normalises one shop's deliveries.
type Source struct {
	secrets [][]byte
	tests   bool
	shop    string // whose order ids stand in metadata.order_id; empty: they are not read
}

var _ connectors.Source = (*Source)(nil)

// New makes a source. It fails when no secret is left.
func New(o Options) (*Source, error) {
	s := &Source{tests: o.TestEvents, shop: o.OrdersOf}
	for _, secret := range o.Secrets {
		if secret = strings.TrimSpace(secret); secret != "" {
			s.secrets = append(s.secrets, []byte(secret)) // the whole text is the key, whsec_ and all
		}
	}
	if len(s.secrets) == 0 {
		return nil, errors.New("stripe source without a secret: set the signing secret (whsec_...) that Stripe shows beside the webhook endpoint")
	}
	return s, nil
}

// Verify holds the header's signatures against time and raw body. While a
// secret is rolled Stripe sends one signature for each: one that fits is enough.
func (s *Source) Verify(r connectors.Request) error {
	h, err := readHeader(r.Header.Get("Stripe-Signature"))
	if err != nil {
		return err
	}
	if away := r.ReceivedAt.Sub(h.at); away > Tolerance || away < -Tolerance {
		return bad("its time is more than 5 minutes away from the time here")
	}
	match := false
	for _, secret := range s.secrets { // all of them, so that time does not tell which
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(h.timestamp + "."))
		mac.Write(r.Body)
		sum := mac.Sum(nil)
		for _, given := range h.signatures {
			match = hmac.Equal(sum, given) || match
		}
	}
	if !match {
		return connectors.ErrSignature
	}
	return nil
}

// signed is the header Stripe-Signature: t=1763625621,v1=hex,v1=hex,v0=hex.
type signed struct {
	timestamp  string // as received: it is part of what is signed
	at         time.Time
	signatures [][]byte // of scheme v1 alone; v0 is of test mode and proves nothing
}

func readHeader(text string) (signed, error) {
	var h signed
	if text == "" {
		return h, bad("it is missing")
	}
	for part := range strings.SplitSeq(text, ",") {
		name, value, found := strings.Cut(part, "=")
		if !found {
			return h, bad("a part of it has no =")
		}
		switch strings.TrimSpace(name) {
		case "t":
			if h.timestamp != "" {
				return h, bad("it has two times")
			}
			h.timestamp = value
		case "v1":
			sum, err := hex.DecodeString(value)
			if err != nil || len(sum) != sha256.Size {
				continue // not ours to judge: another one may fit
			}
			if len(h.signatures) == maxSignatures {
				return h, bad("it has more than 16 signatures")
			}
			h.signatures = append(h.signatures, sum)
		}
	}
	seconds, err := strconv.ParseInt(h.timestamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != h.timestamp {
		return h, bad("it has no time in seconds")
	}
	h.at = time.Unix(seconds, 0).UTC()
	if len(h.signatures) == 0 {
		return h, bad("it has no signature of scheme v1")
	}
	return h, nil
}

func bad(why string) error {
	return fmt.Errorf("%w: the header Stripe-Signature: %s", connectors.ErrSignature, why)
}
