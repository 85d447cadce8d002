// Package webhook is the source for every system without a connector of its
// own: any CRM, ERP or script that can post JSON, a form or XML. Requests are
// signed by the Standard Webhooks scheme (v1 and v1a, also under its older
// svix- names) or prove in another way who sends (see [Scheme]). The body is
// described in docs/webhook.md; one of another form is read by a mapping, see
// docs/mapping.md.
package webhook

import (
	"errors"
	"fmt"
	"net/textproto"
	"strings"

	"ritorno/connectors"
	"ritorno/internal/mapping"
)

// Options configure one source.
type Options struct {
	// Secrets, newest first; empty ones are skipped, one at least is needed.
	// What they are depends on the scheme.
	Secrets []string
	Auth    Auth
	Mapping *mapping.Rules // nil: the body is that of docs/webhook.md
}

// Source verifies and normalises one sender's requests.
type Source struct {
	proof   proof
	mapping *mapping.Rules
	secret  string // the header that holds a token, in canonical form; empty: none
}

var (
	_ connectors.Source      = (*Source)(nil)
	_ connectors.Answerer    = (*Source)(nil)
	_ connectors.Recommender = (*Source)(nil)
	_ connectors.HeaderUser  = (*Source)(nil)
)

// New makes a source. Errors name the secret by its place in the list, counted
// from 1, never by its text.
func New(o Options) (*Source, error) {
	p, err := o.Auth.proof()
	if err != nil {
		return nil, err
	}
	n := 0
	for i, secret := range o.Secrets {
		secret = strings.TrimSpace(secret)
		if secret == "" {
			continue
		}
		if err := p.add(secret); err != nil {
			return nil, fmt.Errorf("webhook source, secret %d: %w", i+1, err)
		}
		n++
	}
	if n == 0 {
		return nil, errors.New("webhook source without a secret: give whsec_..., whpk_..., or what the scheme of auth needs")
	}
	s := &Source{proof: p, mapping: o.Mapping}
	if o.Auth.Scheme == Token {
		s.secret = textproto.CanonicalMIMEHeaderKey(o.Auth.Header)
	}
	return s, nil
}

// Verify accepts a request that proves its sender by the source's scheme.
func (s *Source) Verify(r connectors.Request) error { return s.proof.verify(r) }

// Headers are those that the mapping reads, and the one that holds a token.
func (s *Source) Headers() (read []string, secret string) {
	if s.mapping != nil {
		read = s.mapping.Headers()
	}
	return read, s.secret
}

// bad is a refusal with its reason, which holds nothing of the request.
func bad(why string) error { return fmt.Errorf("%w: %s", connectors.ErrSignature, why) }
