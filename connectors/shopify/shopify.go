// Package shopify reads Shopify's webhooks, those made by hand in the shop's
// admin and those of an app, in both families of headers.
package shopify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"ritorno/connectors"
)

// Options configure one shop's source.
type Options struct {
	// Secrets are the app's client secret or the signing key that the admin's
	// page on webhooks shows, newest first. Empty ones are skipped; one at
	// least is needed. For an hour after a change Shopify may sign with the old
	// one.
	Secrets []string
}

// Source verifies and normalises one shop's deliveries.
type Source struct {
	secrets [][]byte
}

var _ connectors.Source = (*Source)(nil)

// New makes a source. It fails when no secret is left.
func New(o Options) (*Source, error) {
	s := &Source{}
	for _, secret := range o.Secrets {
		if secret != "" {
			s.secrets = append(s.secrets, []byte(secret))
		}
	}
	if len(s.secrets) == 0 {
		return nil, errors.New("shopify source without a secret: set the signing key from Settings > Notifications > Webhooks, or the app's client secret")
	}
	return s, nil
}

// Verify holds the header's HMAC-SHA256 against the raw body. Shopify signs
// neither a time nor the topic: Normalise checks that the body fits the topic.
func (s *Source) Verify(r connectors.Request) error {
	text := header(r.Header, "Hmac-Sha256")
	if text == "" {
		return fmt.Errorf("%w: the header X-Shopify-Hmac-Sha256 is missing", connectors.ErrSignature)
	}
	given, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(given) != sha256.Size {
		return fmt.Errorf("%w: the header X-Shopify-Hmac-Sha256 is not base64 of 32 bytes", connectors.ErrSignature)
	}
	match := false
	for _, secret := range s.secrets { // all of them, so that time does not tell which
		mac := hmac.New(sha256.New, secret)
		mac.Write(r.Body)
		match = hmac.Equal(mac.Sum(nil), given) || match
	}
	if !match {
		return connectors.ErrSignature
	}
	return nil
}

// header reads one of Shopify's headers under its old or its new name.
func header(h http.Header, name string) string {
	if v := h.Get("X-Shopify-" + name); v != "" {
		return v
	}
	return h.Get("Shopify-" + name)
}
