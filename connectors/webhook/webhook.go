// Package webhook is the source for every system without a connector of its
// own: any CRM, ERP or script that can post JSON. Requests are signed by the
// Standard Webhooks scheme (v1 and v1a, also under its older svix- names) or
// carry a bearer token; the body is described in docs/webhook.md.
package webhook

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ritorno/connectors"
)

// Tolerance is how far a request's time may lie from ours, either way.
const Tolerance = 5 * time.Minute

// Options configure one source.
type Options struct {
	// Secrets, newest first; empty ones are skipped, one at least is needed:
	// whsec_ and base64 of 24 to 64 bytes (HMAC-SHA256), whpk_ and base64 of an
	// Ed25519 public key, or any other text, which is a bearer token. A token
	// that is base64 of 24 to 64 bytes serves as an HMAC key as well.
	Secrets []string
}

// Source verifies and normalises one sender's requests.
type Source struct {
	hmac   []*standardwebhooks.Webhook
	public []ed25519.PublicKey
	tokens [][sha256.Size]byte // digests, so that comparing takes equal time for any length
}

var _ connectors.Source = (*Source)(nil)

// New makes a source. Errors name the secret by its place in the list, counted
// from 1, never by its text.
func New(o Options) (*Source, error) {
	s, n := &Source{}, 0
	for i, secret := range o.Secrets {
		secret = strings.TrimSpace(secret)
		if secret == "" {
			continue
		}
		if err := s.add(secret); err != nil {
			return nil, fmt.Errorf("webhook source, secret %d: %w", i+1, err)
		}
		n++
	}
	if n == 0 {
		return nil, errors.New("webhook source without a secret: give whsec_..., whpk_... or a bearer token")
	}
	return s, nil
}

func (s *Source) add(secret string) error {
	if text, found := strings.CutPrefix(secret, "whpk_"); found {
		key, err := decode(text)
		if err != nil || len(key) != ed25519.PublicKeySize {
			return errors.New("whpk_ needs base64 of an Ed25519 public key, 32 bytes")
		}
		s.public = append(s.public, key)
		return nil
	}
	if strings.HasPrefix(secret, "whsk_") {
		return errors.New("whsk_ is the sender's private key; give the public one, whpk_, and make a new pair")
	}
	text, prefixed := strings.CutPrefix(secret, "whsec_")
	key, err := decode(text)
	usable := err == nil && len(key) >= 24 && len(key) <= 64
	if prefixed && !usable {
		return errors.New("whsec_ needs base64 of 24 to 64 bytes")
	}
	if usable {
		hook, err := standardwebhooks.NewWebhookRaw(key)
		if err != nil {
			return errors.New("not usable as an HMAC key")
		}
		s.hmac = append(s.hmac, hook)
	}
	if !prefixed {
		s.tokens = append(s.tokens, sha256.Sum256([]byte(secret)))
	}
	return nil
}

// decode reads base64 with or without its padding.
func decode(text string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
}

// Verify accepts a request whose signature fits one of the secrets and whose
// time is at most Tolerance away from r.ReceivedAt, or one with a known bearer
// token.
func (s *Source) Verify(r connectors.Request) error {
	if s.bearer(r) {
		return nil
	}
	h, err := readHeaders(r.Header)
	if err != nil {
		return err
	}
	if away := r.ReceivedAt.Sub(h.at); away > Tolerance || away < -Tolerance {
		return fmt.Errorf("%w: webhook-timestamp is more than 5 minutes away from the time here", connectors.ErrSignature)
	}
	match := false
	for _, given := range h.signatures {
		match = s.fits(h, given, r.Body) || match
	}
	if !match {
		return connectors.ErrSignature
	}
	return nil
}

// bearer reports whether the request carries one of the tokens.
func (s *Source) bearer(r connectors.Request) bool {
	scheme, token, found := strings.Cut(r.Header.Get("Authorization"), " ")
	if !found || !strings.EqualFold(scheme, "Bearer") {
		return false
	}
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	match := 0
	for _, t := range s.tokens {
		match |= subtle.ConstantTimeCompare(t[:], sum[:])
	}
	return match == 1
}

// fits holds one signature of the header against all keys of its version.
func (s *Source) fits(h headers, given signature, body []byte) bool {
	match := false
	switch given.version {
	case "v1":
		for _, key := range s.hmac {
			text, err := key.Sign(h.id, h.at, body)
			if err != nil {
				continue
			}
			want, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "v1,"))
			match = err == nil && subtle.ConstantTimeCompare(want, given.bytes) == 1 || match
		}
	case "v1a":
		signed := append([]byte(h.id+"."+h.timestamp+"."), body...)
		for _, key := range s.public {
			match = ed25519.Verify(key, signed, given.bytes) || match
		}
	}
	return match
}
