// Package activecampaign reads what ActiveCampaign posts: its webhooks, and the
// action "webhook" of its automations. Both are forms, neither is signed.
package activecampaign

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"ritorno/connectors"
)

// Options configure one account's source.
type Options struct {
	// Token stands in the webhook's URL as ?token=… and is all that protects it.
	Token string
	// Tags says what having a tag means, by its name without regard to case.
	Tags map[string]Meaning
	// Lists says what being on a list stands for, by its id; a list that is not
	// in it stands for e-mail.
	Lists  map[string]List
	Fields Fields
	// Zone is the account's time zone, for times without one. Nil: UTC.
	Zone *time.Location
}

// Fields name the account's own fields of contacts: a number as webhooks have it,
// or a personalisation tag as automations do. Several of one kind are tried in
// turn.
type Fields struct {
	Locale       []string
	CancelReason []string
}

// Source verifies and normalises one account's posts.
type Source struct {
	token  [sha256.Size]byte // a digest, so that comparing takes equal time for any length
	tags   map[string]Meaning
	lists  map[string]List
	fields Fields
	zone   *time.Location
}

var _ connectors.Source = (*Source)(nil)

// New makes a source. It fails without a token, or on a meaning that it does
// not know.
func New(o Options) (*Source, error) {
	if o.Token == "" {
		return nil, errors.New("activecampaign source without a token: make one with: openssl rand -hex 24")
	}
	s := &Source{token: sha256.Sum256([]byte(o.Token)), tags: map[string]Meaning{}, lists: o.Lists, fields: o.Fields, zone: o.Zone}
	if s.zone == nil {
		s.zone = time.UTC
	}
	for tag, m := range o.Tags {
		if _, known := meanings[m]; !known {
			return nil, fmt.Errorf("activecampaign source: tags: %q is no meaning", m)
		}
		s.tags[foldTag(tag)] = m
	}
	for _, l := range o.Lists {
		if l != ListEmail && l != ListSMS && l != ListSubscription && l != ListIgnore {
			return nil, fmt.Errorf("activecampaign source: lists: %q is no kind of list", l)
		}
	}
	return s, nil
}

// Verify compares the URL's token. ActiveCampaign signs nothing.
func (s *Source) Verify(r connectors.Request) error {
	given := r.Query["token"]
	if len(given) != 1 {
		return fmt.Errorf("%w: the URL needs ?token= once", connectors.ErrSignature)
	}
	sum := sha256.Sum256([]byte(given[0]))
	if subtle.ConstantTimeCompare(sum[:], s.token[:]) != 1 {
		return connectors.ErrSignature
	}
	return nil
}

// foldTag makes tags equal that differ in letter case only, as ActiveCampaign
// takes them.
func foldTag(name string) string {
	return strings.ToLower(strings.ToUpper(strings.TrimSpace(name)))
}
