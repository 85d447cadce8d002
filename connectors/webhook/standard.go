package webhook

import (
	"crypto/ed25519"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"ritorno/connectors"
)

// Tolerance is how far a request's time may lie from ours, either way, in the
// schemes that sign one.
const Tolerance = 5 * time.Minute

// standard is the Standard Webhooks scheme. Its secrets are whsec_ and base64
// of 24 to 64 bytes (HMAC-SHA256) or whpk_ and base64 of an Ed25519 public
// key; with plain, any text, whose bytes are the HMAC key.
type standard struct {
	plain  bool
	hmac   []*standardwebhooks.Webhook
	public []ed25519.PublicKey
}

func (s *standard) add(secret string) error {
	key := []byte(secret)
	if !s.plain {
		text, public := strings.CutPrefix(secret, "whpk_")
		if public {
			return s.addPublic(text)
		}
		var err error
		if key, err = symmetric(secret); err != nil {
			return err
		}
	}
	hook, err := standardwebhooks.NewWebhookRaw(key)
	if err != nil {
		return errors.New("not usable as an HMAC key")
	}
	s.hmac = append(s.hmac, hook)
	return nil
}

func (s *standard) addPublic(text string) error {
	key, err := decode(text)
	if err != nil || len(key) != ed25519.PublicKeySize {
		return errors.New("whpk_ needs base64 of an Ed25519 public key, 32 bytes")
	}
	s.public = append(s.public, key)
	return nil
}

func symmetric(secret string) ([]byte, error) {
	if strings.HasPrefix(secret, "whsk_") {
		return nil, errors.New("whsk_ is the sender's private key; give the public one, whpk_, and make a new pair")
	}
	text, found := strings.CutPrefix(secret, "whsec_")
	if !found {
		return nil, errors.New("needs whsec_ or whpk_ at its beginning; a token needs auth: {scheme: bearer}")
	}
	key, err := decode(text)
	if err != nil || len(key) < 24 || len(key) > 64 {
		return nil, errors.New("whsec_ needs base64 of 24 to 64 bytes")
	}
	return key, nil
}

// decode reads base64 with or without its padding.
func decode(text string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
}

// verify accepts a request whose signature fits one of the secrets and whose
// time is at most Tolerance away from r.ReceivedAt.
func (s *standard) verify(r connectors.Request) error {
	h, err := readHeaders(r.Header)
	if err != nil {
		return err
	}
	if away := r.ReceivedAt.Sub(h.at); away > Tolerance || away < -Tolerance {
		return bad("webhook-timestamp is more than 5 minutes away from the time here")
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

// fits holds one signature of the header against all keys of its version.
func (s *standard) fits(h headers, given signature, body []byte) bool {
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
