// Package woocommerce reads the webhooks of WooCommerce shops: the core's own
// topics, and those of the official Subscriptions extension.
package woocommerce

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"strings"

	"ritorno/connectors"
)

// Options configure one shop's source.
type Options struct {
	// Secrets are what stands in the webhook's field "Secret", newest first.
	// Empty ones are skipped; one at least is needed.
	Secrets []string
	Fields  Fields
}

// Fields name the meta_data keys in which the shop's plugins keep what the core
// has no field for. Several keys of one kind are tried in turn.
type Fields struct {
	EmailConsent []string // of orders and customers: a ticked box
	SMSConsent   []string
	Locale       []string // of orders, customers and subscriptions
	CancelReason []string // of subscriptions
}

// Source verifies and normalises one shop's deliveries.
type Source struct {
	secrets [][]byte
	fields  Fields
}

var _ connectors.Source = (*Source)(nil)

// New makes a source. It fails when no secret is left.
func New(o Options) (*Source, error) {
	s := &Source{fields: o.Fields}
	for _, secret := range o.Secrets {
		if secret != "" {
			s.secrets = append(s.secrets, []byte(secret))
		}
	}
	if len(s.secrets) == 0 {
		return nil, errors.New("woocommerce source without a secret: set the text of the webhook's field Secret; older shops may have an empty one, so save a new one there")
	}
	return s, nil
}

// signature is the header that holds the proof.
const signature = "X-WC-Webhook-Signature"

// Verify holds the header's HMAC-SHA256 against the raw body. WooCommerce signs
// neither a time nor the topic: Normalise checks that the body fits the topic.
// The first call of a new webhook is a ping without signature.
func (s *Source) Verify(r connectors.Request) error {
	text := r.Header.Get(signature)
	if text == "" {
		if ping(r) {
			return connectors.ErrPing
		}
		return fmt.Errorf("%w: the header %s is missing", connectors.ErrSignature, signature)
	}
	given, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(given) != sha256.Size {
		return fmt.Errorf("%w: the header %s is not base64 of 32 bytes", connectors.ErrSignature, signature)
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

// ping reports whether this is what WooCommerce posts when a webhook is saved
// for the first time: webhook_id=17 as a form, without any header of its own.
func ping(r connectors.Request) bool {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	id, found := strings.CutPrefix(strings.TrimRight(string(r.Body), "\r\n"), "webhook_id=")
	return found && allDigits(id) && media == "application/x-www-form-urlencoded" && r.Header.Get("X-WC-Webhook-Topic") == ""
}
