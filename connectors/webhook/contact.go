package webhook

import (
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// person is the customer in data.
func (t told) person() lifecycle.Person { return t.Customer.Value.person() }

func (c customer) person() lifecycle.Person {
	return lifecycle.Person{
		CustomerID: string(c.ID),
		Email:      c.Email.Line(maxAddress),
		Phone:      c.Phone.Line(maxPhone),
		FirstName:  c.FirstName.Line(maxName),
		LastName:   c.LastName.Line(maxName),
		Locale:     locale(c.Locale),
		Country:    country(c.Country),
		Region:     lifecycle.RegionOf(country(c.Country), c.Region.Line(maxName), c.Postcode.Line(maxCode)),
		Timezone:   c.Timezone.Line(maxCode),
	}
}

// somebody is a person that can be found.
func somebody(c connectors.Maybe[customer], at string) (lifecycle.Person, error) {
	p := c.Value.person()
	if p.CustomerID == "" && p.Email == "" && p.Phone == "" {
		return p, connectors.Malformed(at, "needs an id, email or phone")
	}
	return p, nil
}

// country is an ISO 3166 alpha-2 code or nothing: systems that write names of
// countries are no reason to lose an order.
func country(t connectors.Text) string {
	s := strings.ToUpper(strings.TrimSpace(string(t)))
	if len(s) != 2 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	return s
}

// locale is a BCP 47 tag or nothing.
func locale(t connectors.Text) string {
	s := strings.ReplaceAll(strings.TrimSpace(string(t)), "_", "-")
	if len(s) < 2 || len(s) > 35 || strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) {
		return ""
	}
	return s
}

// contact reads news about the customer itself.
func contact(kind lifecycle.Type) func(told) (lifecycle.Event, error) {
	return func(t told) (lifecycle.Event, error) {
		p, err := somebody(t.Customer, "/data/customer")
		if err != nil {
			return lifecycle.Event{}, err
		}
		p.Authoritative = kind != lifecycle.EraseRequested
		return lifecycle.Event{
			Type:   kind,
			At:     firstKnown(t.At.Time, t.Updated.Time, t.at),
			Person: p,
			Text:   t.Reason.Line(maxReason),
		}, nil
	}
}

// merged reads two customers that turned out to be one: customer stays, merged
// goes.
func merged(t told) (lifecycle.Event, error) {
	ev, err := contact(lifecycle.ContactMerged)(t)
	if err != nil {
		return ev, err
	}
	gone, err := somebody(t.Merged, "/data/merged")
	if err != nil {
		return ev, err
	}
	ev.Merged = &gone
	return ev, nil
}

// consentChanged reads a decision about consent; Normalise adds it.
func consentChanged(t told) (lifecycle.Event, error) { return contact(lifecycle.ConsentChanged)(t) }

// consents are the decisions in data.consent and data.customer.consent, each
// with its own time, else that of the event.
func (t told) consents(at time.Time) ([]lifecycle.ConsentChange, error) {
	var out []lifecycle.ConsentChange
	for _, place := range []struct {
		given connectors.Maybe[consents]
		at    string
	}{{t.Consent, "/data/consent"}, {t.Customer.Value.Consent, "/data/customer/consent"}} {
		for _, c := range []struct {
			channel lifecycle.Channel
			given   connectors.Maybe[decision]
		}{{lifecycle.Email, place.given.Value.Email}, {lifecycle.SMS, place.given.Value.SMS}} {
			if !c.given.Set {
				continue
			}
			d := c.given.Value
			state, ok := lifecycle.ParseConsent(strings.ToLower(strings.TrimSpace(string(d.State))))
			if !ok {
				return nil, connectors.Malformed(place.at+"/"+c.channel.String()+"/state", "is none of subscribed, unsubscribed, pending, unknown")
			}
			out = append(out, lifecycle.ConsentChange{
				Channel:  c.channel,
				State:    state,
				At:       firstKnown(d.At.Time, at),
				Evidence: d.Evidence.Line(maxReason),
			})
		}
	}
	return out, nil
}
