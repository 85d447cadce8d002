package shopify

import (
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// marketing is one channel's consent in Shopify's words.
type marketing struct {
	State   connectors.Text  `json:"state"`
	Level   connectors.Text  `json:"opt_in_level"`
	Updated connectors.Stamp `json:"consent_updated_at"`
}

// read is the consent in our words. ok is false when there is no information;
// note is for people, where our words are too few.
func (m marketing) read(channel lifecycle.Channel, fallback time.Time, at string) (change lifecycle.ConsentChange, note string, ok bool, err error) {
	change = lifecycle.ConsentChange{Channel: channel, At: timeOf(m.Updated.Time, fallback)}
	state := strings.ToLower(strings.TrimSpace(string(m.State)))
	change.Evidence = m.evidence(state)
	switch state {
	case "":
		return change, "", false, nil
	case "subscribed":
		change.State = lifecycle.Subscribed
	case "unsubscribed":
		change.State = lifecycle.Unsubscribed
	case "pending":
		change.State = lifecycle.Pending
	case "not_subscribed":
		change.State = lifecycle.Unknown // never opted in; no opt-out either
	case "redacted":
		change.State, note = lifecycle.Unsubscribed, channel.String()+" address erased in the shop"
	case "invalid":
		// Nothing can be delivered, but nobody opted out: pending is the state
		// that sends nothing and gives way to the next decision.
		change.State, note = lifecycle.Pending, channel.String()+" address invalid, says the shop"
	default:

		return change, "", false, connectors.Malformed(at+"/state", "is a state of consent that is not known")
	}
	return change, note, true, nil
}

// evidence says where the decision stands and how firm it is. It repeats none
// but known words of the body.
func (m marketing) evidence(state string) string {
	text := "Shopify customer record: " + state
	switch level := strings.ToLower(string(m.Level)); level {
	case "single_opt_in", "confirmed_opt_in":
		text += ", " + level
	}
	return text
}

// emailConsent reads a change of the e-mail consent.
func emailConsent(d delivery) ([]lifecycle.Event, error) {
	var c struct {
		Customer connectors.ID               `json:"customer_id"`
		Email    connectors.Text             `json:"email_address"`
		Box      connectors.Maybe[marketing] `json:"email_marketing_consent"`
	}
	if err := connectors.Decode(d.body, &c); err != nil {
		return nil, err
	}
	who := lifecycle.Person{CustomerID: string(c.Customer), Email: c.Email.Line(maxAddress)}
	return consentTold(d, lifecycle.Email, c.Box, who)
}

// smsConsent reads a change of the SMS consent. Here the customer's id is
// called id.
func smsConsent(d delivery) ([]lifecycle.Event, error) {
	var c struct {
		Customer connectors.ID               `json:"id"`
		Phone    connectors.Text             `json:"phone"`
		Box      connectors.Maybe[marketing] `json:"sms_marketing_consent"`
		Created  connectors.Seen             `json:"created_at"` // a whole customer has one
	}
	if err := connectors.Decode(d.body, &c); err != nil {
		return nil, err
	}
	if c.Created {
		return nil, connectors.Malformed("", "is a customer, not a change of consent")
	}
	who := lifecycle.Person{CustomerID: string(c.Customer), Phone: phone(number{phone: c.Phone.Line(maxPhone)})}
	return consentTold(d, lifecycle.SMS, c.Box, who)
}

// consentTold is the event of one channel's change; a null state is none.
func consentTold(d delivery, channel lifecycle.Channel, box connectors.Maybe[marketing], who lifecycle.Person) ([]lifecycle.Event, error) {
	at := "/" + channel.String() + "_marketing_consent"
	if !box.Present {
		return nil, connectors.Malformed(at, "is missing")
	}
	change, note, ok, err := box.Value.read(channel, d.triggered, at)
	if err != nil || !ok {
		return nil, err
	}
	switch {
	case who.CustomerID != "" && !allDigits(who.CustomerID):
		return nil, connectors.Malformed("", "the customer's id is not a number")
	case who == lifecycle.Person{}:
		return nil, connectors.Malformed("", "names no customer")
	}
	who.Authoritative = true
	return []lifecycle.Event{{
		Type:     lifecycle.ConsentChanged,
		At:       change.At,
		Version:  d.triggered,
		Person:   who,
		Consents: []lifecycle.ConsentChange{change},
		Text:     note,
	}}, nil
}
