package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"ritorno/internal/lifecycle"
)

var (
	accountForm = regexp.MustCompile(`^AC[0-9A-Za-z]{32}$`)
	serviceForm = regexp.MustCompile(`^MG[0-9A-Za-z]{32}$`)
	e164Form    = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	aliasForm   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9 ]{0,10}$`)
	letter      = regexp.MustCompile(`[A-Za-z]`)
)

// alias reports whether an SMS sender is a name, which cannot be replied to.
func alias(from string) bool { return aliasForm.MatchString(from) && letter.MatchString(from) }

func (t *Twilio) verify(r *report) {
	if !accountForm.MatchString(t.AccountSID) {
		r.add("twilio.account_sid", "must be AC and 32 letters or digits: copy it from the Twilio console")
	}
	if t.AuthToken.Empty() {
		r.add("twilio.auth_token", "is empty: copy it from the Twilio console")
	}
	from, service := r.given("twilio.from") && t.From != "", r.given("twilio.messaging_service_sid") && t.MessagingServiceSID != ""
	switch {
	case from && service:
		r.add("twilio.messaging_service_sid", "cannot stand beside from: keep one of the two")
	case !from && !service:
		r.add("twilio.from", "is missing: give a sender number such as \"+390600000000\", or a messaging_service_sid")
	}
	if from && !e164Form.MatchString(t.From) && !alias(t.From) {
		r.add("twilio.from", `must be a number such as "+390600000000", or a name of at most 11 letters, digits and spaces with a letter in it`)
	}
	if service && !serviceForm.MatchString(t.MessagingServiceSID) {
		r.add("twilio.messaging_service_sid", "must be MG and 32 letters or digits: copy it from the Twilio console")
	}
	if t.Rate <= 0 || t.Rate > 1000 {
		r.add("twilio.rate", "must be more than 0 and at most 1000 messages a second")
	}
	for country := range t.Price {
		if !countryForm.MatchString(country) {
			r.add("twilio.price."+country, "must be named by a country in two capital letters (ISO 3166), such as IT")
		}
	}
	needBase(r, "twilio.base_url", t.BaseURL)
}

func (s *SendGrid) verify(r *report) {
	if s.APIKey.Empty() {
		r.add("sendgrid.api_key", "is empty: make one in SendGrid with the right to send mail")
	}
	switch {
	case s.From.Email == "":
		r.add("sendgrid.from.email", "is missing: give the address that e-mails come from")
	case !address(s.From.Email):
		r.add("sendgrid.from.email", "must be an e-mail address, such as ciao@shop.example.com")
	}
	if strings.ContainsAny(s.From.Name, "\r\n") {
		r.add("sendgrid.from.name", "must be one line")
	}
	if s.Rate <= 0 || s.Rate > 10000 {
		r.add("sendgrid.rate", "must be more than 0 and at most 10000 messages a second")
	}
	needBase(r, "sendgrid.base_url", s.BaseURL)
	switch {
	case s.WebhookPublicKey == "":
		r.warn("sendgrid.webhook_public_key", "is left out or empty: delivery reports cannot be verified, so e-mails stay sent and bounces are not noticed")
	case !p256(s.WebhookPublicKey):
		r.add("sendgrid.webhook_public_key", "must be the key of SendGrid's signed event webhook: base64 of an ECDSA P-256 public key, beginning with MFkw")
	}
}

// p256 reports whether text is base64 DER of an ECDSA P-256 public key.
func p256(text string) bool {
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return false
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return false
	}
	k, ok := parsed.(*ecdsa.PublicKey)
	return ok && k.Curve == elliptic.P256()
}

// verifySenders warns where a journey needs a provider that is not there, and
// about names as SMS senders in Italy.
func (c *Config) verifySenders(r *report) {
	if c.Twilio == nil && !r.given("twilio") {
		c.warnWithout(r, lifecycle.SMS, "twilio")
	}
	if c.SendGrid == nil && !r.given("sendgrid") {
		c.warnWithout(r, lifecycle.Email, "sendgrid")
	}
	italian := slices.ContainsFunc(c.Shops, func(s *Shop) bool { return s.Country == "IT" })
	if c.Twilio != nil && italian && alias(c.Twilio.From) {
		r.warn("twilio.from", "is a name: in Italy it must be in AGCOM's register before use, and contacts cannot reply STOP to it")
	}
}

func (c *Config) warnWithout(r *report, ch lifecycle.Channel, section string) {
	for _, s := range c.Shops {
		for _, name := range s.Journeys {
			j := c.Journey(name)
			if j == nil || !slices.ContainsFunc(j.Steps, func(s *Step) bool { return slices.Contains(s.Channels, ch) }) {
				continue
			}
			r.warn(section, fmt.Sprintf("is left out, so no %s can be sent, but journey %s has steps for it: add the section, or take the channel out", ch, j.Name))
			return
		}
	}
}
