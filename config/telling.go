package config

import (
	"slices"

	"ritorno/internal/lifecycle"
)

// TellBack is what is written back into a shop or CRM. Nothing is unless the
// owner says so.
type TellBack struct {
	State   TellState  `yaml:"state"`   // empty: not told
	Consent bool       `yaml:"consent"` // decisions about channels that were made with us
	Fields  TellFields `yaml:"fields"`  // where values stand, in the words of the shop or CRM
}

// TellState is how the lifecycle state is told.
type TellState string

// The ways to tell it.
const (
	TellTag  TellState = "tag"  // shopify, activecampaign
	TellMeta TellState = "meta" // woocommerce, stripe
)

// TellFields are where the owner wants values: ids of an ActiveCampaign
// account's fields, keys of WooCommerce's meta_data or Stripe's metadata.
type TellFields struct {
	State        string `yaml:"state"`
	Reason       string `yaml:"reason"`
	Since        string `yaml:"since"`
	LastMessage  string `yaml:"last_message"`
	Coupon       string `yaml:"coupon"`
	EmailConsent string `yaml:"email_consent"`
	SMSConsent   string `yaml:"sms_consent"`
}

// byName are the fields that are named, by their key in the file.
func (f TellFields) byName() map[string]string {
	all := map[string]string{
		"state": f.State, "reason": f.Reason, "since": f.Since, "last_message": f.LastMessage, "coupon": f.Coupon,
		"email_consent": f.EmailConsent, "sms_consent": f.SMSConsent,
	}
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	return all
}

// OutgoingHook is an address of the owner's that is told of events.
type OutgoingHook struct {
	Name    string               `yaml:"-,key"`
	URL     string               `yaml:"url"`
	Secrets []Secret             `yaml:"secret,one"` // each signs; none empty
	Events  []lifecycle.TellKind `yaml:"events"`     // empty: all
}

// Places are where each value is told, by its name: what the owner named, else
// what is usual for the kind. Shopify has none.
func (s *Source) Places() map[string]string {
	t := s.TellBack
	if t == nil || s.Kind == Shopify {
		return nil
	}
	places := t.Fields.byName()
	prefix := map[Kind]string{WooCommerce: "_ritorno_", Stripe: "ritorno_"}[s.Kind]
	usual := func(names ...string) {
		for _, name := range names {
			if places[name] == "" && prefix != "" {
				places[name] = prefix + name
			}
		}
	}
	if t.State == TellMeta {
		usual("state", "reason", "since")
	}
	if t.Consent {
		usual("email_consent", "sms_consent")
	}
	return places
}

// TellsState reports whether the source is told the lifecycle state.
func (s *Source) TellsState() bool {
	p := s.Places()
	return s.TellBack != nil && (s.TellBack.State == TellTag || p["state"] != "" || p["reason"] != "" || p["since"] != "")
}

// TellsMessages reports whether the source is told the last message.
func (s *Source) TellsMessages() bool {
	p := s.Places()
	return p["last_message"] != "" || p["coupon"] != ""
}

// ListsOf are the numbers of the lists of a kind.
func (s *Source) ListsOf(kinds ...ListKind) (ids []string) {
	for id, kind := range s.Lists {
		if slices.Contains(kinds, kind) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
