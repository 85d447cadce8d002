package config

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// reserved are names under which events are recorded that come from no shop
// system.
var reserved = []string{"ritorno", "twilio", "sendgrid", "page", "import", "owner", "sms"}

// minToken is the least length of a token that stands in a URL.
const minToken = 16

func (s *Source) verify(r *report, path string) {
	if slices.Contains(reserved, s.Name) {
		r.add(path, "must have another name: this one is used for events that come from no shop system")
	}
	if s.Kind == "" {
		r.add(path+".kind", "is missing: give shopify, woocommerce, activecampaign, stripe, recharge or webhook")
		return
	}
	s.verifyFields(r, path)
	s.verifyReads(r, path)
	if s.Kind != Stripe && r.given(path+".test_events") {
		r.add(path+".test_events", fmt.Sprintf("is not used by kind %s: take it out", s.Kind))
	}
	if s.Kind == Stripe && s.TestEvents {
		r.warn(path+".test_events", "is on: payments of Stripe's test mode count as real ones, so take it out before real customers are written to")
	}
	if s.Kind == ActiveCampaign {
		s.verifyActiveCampaign(r, path)
		s.verifyMapping(r, path)
		s.refuseKeys(r, path, "api_secret", "api_token", "api_version")
		s.verifyTelling(r, path)
		return
	}
	s.refuseKeys(r, path, "token", "tags", "lists")
	s.verifyAPI(r, path)
	s.verifyTelling(r, path)
	if len(s.Secrets) == 0 {
		r.add(path+".secret", "is empty: at least one secret is needed, else anybody could send events")
	}
	if s.Kind == Webhook {
		s.verifyWebhook(r, path)
		return
	}
	for _, key := range []string{"auth", "mapping"} {
		if r.given(path + "." + key) {
			r.add(path+"."+key, fmt.Sprintf("is not used by kind %s: take it out", s.Kind))
		}
	}
}

func (s *Source) verifyWebhook(r *report, path string) {
	s.Auth.verify(r, path+".auth")
	for _, secret := range s.Secrets {
		if mend := s.Auth.secret(secret.Reveal()); mend != "" && !r.known(path+".auth.scheme") {
			r.add(path+".secret", mend)
		}
	}
	if s.Mapping != nil {
		s.Mapping.verify(r, path+".mapping", s.Auth)
	}
}

func (s *Source) verifyActiveCampaign(r *report, path string) {
	for _, key := range []string{"auth", "mapping"} {
		if r.given(path + "." + key) {
			r.add(path+"."+key, "is not used by kind activecampaign: take it out")
		}
	}
	if r.given(path + ".secret") {
		r.add(path+".secret", "is not used by kind activecampaign, which signs nothing: give a token instead")
	}
	if len(s.Token.Reveal()) < minToken {
		r.add(path+".token", fmt.Sprintf("must have at least %d characters: it is all that protects the webhook URL", minToken))
	}
	if r.given(path + ".api_url") {
		needBase(r, path+".api_url", s.APIURL)
	}
	switch url, key := s.APIURL != "", !s.APIKey.Empty(); {
	case url && !key:
		r.add(path+".api_key", "is missing or empty: api_url needs it")
	case key && !url:
		r.add(path+".api_url", "is missing or empty: api_key needs it")
	}
}

// verifyMapping checks what tags and lists are said to mean.
func (s *Source) verifyMapping(r *report, path string) {
	seen := map[string]bool{}
	for _, tag := range slices.Sorted(maps.Keys(s.Tags)) {
		folded := strings.ToLower(strings.TrimSpace(tag))
		switch {
		case folded == "":
			r.add(path+".tags", "has a tag without a name")
		case seen[folded]:
			r.add(path+".tags."+tag, "is given twice in different letter case: ActiveCampaign takes both for one tag, so take one away")
		}
		seen[folded] = true
	}
	for _, id := range slices.Sorted(maps.Keys(s.Lists)) {
		if strings.Trim(id, "0123456789") != "" || strings.Trim(id, "0") == "" || len(id) > 10 {
			r.add(path+".lists."+id, "must be the number of a list, such as 3: ActiveCampaign shows it in the address of the list's page")
		}
	}
}

// verifyFields checks which own fields are named, and whether the kind has them.
func (s *Source) verifyFields(r *report, path string) {
	fields := map[string][]string{
		"email_consent": s.Fields.EmailConsent, "sms_consent": s.Fields.SMSConsent, "locale": s.Fields.Locale, "cancel_reason": s.Fields.CancelReason,
	}
	if s.Kind != WooCommerce && s.Kind != ActiveCampaign && r.given(path+".fields") {
		r.add(path+".fields", fmt.Sprintf("is not used by kind %s: take it out", s.Kind))
		return
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		at := path + ".fields." + key
		switch {
		case s.Kind == ActiveCampaign && strings.HasSuffix(key, "_consent") && r.given(at):
			r.add(at, "is not used by kind activecampaign, whose fields do not tell when somebody agreed: use lists or tags")
		case slices.ContainsFunc(fields[key], func(name string) bool { return strings.TrimSpace(name) == "" }):
			r.add(at, "has a field without a name")
		}
	}
}

// webhookSecret says what is wrong with a secret of the Standard Webhooks
// scheme, or nothing.
func webhookSecret(text string) string {
	encoded, symmetric := strings.CutPrefix(text, "whsec_")
	public, asymmetric := strings.CutPrefix(text, "whpk_")
	switch {
	case symmetric:
		key, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return "must be whsec_ and base64 with its = signs at the end: copy the whole secret"
		}
		if len(key) < 24 || len(key) > 64 {
			return "must be whsec_ and base64 of 24 to 64 bytes: make one with: echo whsec_$(openssl rand -base64 32)"
		}
	case asymmetric:
		key, err := base64.StdEncoding.DecodeString(public)
		if err != nil || len(key) != 32 {
			return "must be whpk_ and base64 of an Ed25519 public key of 32 bytes: copy the whole key"
		}
	default:
		return "must begin with whsec_ (a shared secret) or whpk_ (the sender's public key): copy it with its beginning; for a sender that cannot sign so, choose another scheme under auth"
	}
	return ""
}
