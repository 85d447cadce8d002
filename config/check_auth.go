package config

import (
	"fmt"
	"net/textproto"
	"regexp"
	"slices"
)

// headerForm is the name of a header.
var headerForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]{0,63}$`)

// uses says which further keys of auth a scheme reads.
var uses = map[Scheme][]string{HMAC: {"header", "prefix", "encoding"}, Token: {"header"}, Basic: {"user"}}

func (a *Auth) verify(r *report, path string) {
	if a == nil {
		return
	}
	if a.Scheme == "" {
		r.add(path+".scheme", "is missing: give standard-webhooks, bigcommerce, hubspot-v3, hmac, bearer, basic or token")
		return
	}
	for _, key := range []string{"header", "prefix", "encoding", "user"} {
		if r.given(path+"."+key) && !slices.Contains(uses[a.Scheme], key) {
			r.add(path+"."+key, fmt.Sprintf("is not used by scheme %s: take it out", a.Scheme))
		}
	}
	switch {
	case a.Scheme == HMAC && a.Header == "":
		r.add(path+".header", "is missing: name the header that holds the signature, such as X-Signature")
	case a.Header != "" && !headerForm.MatchString(a.Header):
		r.add(path+".header", "must be the name of a header, such as X-Signature")
	case a.Scheme == Token && textproto.CanonicalMIMEHeaderKey(a.Header) == "Authorization":
		r.add(path+".header", "must be another one: for Authorization choose scheme bearer or basic")
	}
	if a.Scheme == Basic && a.User == "" {
		r.add(path+".user", "is missing: give the user name that the sender sends with the secret")
	}
}

// secret says what is wrong with a secret of the scheme, or nothing.
func (a *Auth) secret(text string) string {
	scheme := StandardWebhooks
	if a != nil && a.Scheme != "" {
		scheme = a.Scheme
	}
	switch {
	case scheme == StandardWebhooks:
		return webhookSecret(text)
	case len(text) < minToken:
		return fmt.Sprintf("must have at least %d characters: it is all that tells this sender from others; make one with: openssl rand -hex 24", minToken)
	}
	return ""
}

// secretHeader is the header that holds the secret itself; empty: none, or one
// that no mapping sees.
func (a *Auth) secretHeader() string {
	if a == nil || a.Scheme != Token {
		return ""
	}
	return a.Header
}

// InURL reports whether the source's secret is a part of the URL to paste.
func (s *Source) InURL() bool {
	return s.Kind == Webhook && s.Auth != nil && s.Auth.Scheme == Token && s.Auth.Header == ""
}
