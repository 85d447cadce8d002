package stripe

import (
	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

type customer struct {
	details `json:",inline"`
	ID      connectors.ID                    `json:"id"`
	Created connectors.Unix                  `json:"created"`
	Locales connectors.List[connectors.Text] `json:"preferred_locales"`
}

// customerTold reads a customer that was made or changed.
func customerTold(d delivery) ([]lifecycle.Event, error) {
	c, err := object[customer](d, "customer")
	if err != nil {
		return nil, err
	}
	if c.ID == "" {
		return nil, connectors.Malformed("/data/object/id", "is missing")
	}
	p := c.person(c.ID)
	p.Authoritative = true
	if len(c.Locales) > 0 {
		p.Locale = locale(c.Locales[0])
	}
	return []lifecycle.Event{{Type: lifecycle.ContactChanged, At: d.created, Person: p}}, nil
}

// customerDeleted: what the body still says about the customer is of no use.
func customerDeleted(d delivery) ([]lifecycle.Event, error) {
	c, err := object[customer](d, "customer")
	if err != nil {
		return nil, err
	}
	if c.ID == "" {
		return nil, connectors.Malformed("/data/object/id", "is missing")
	}
	return []lifecycle.Event{{
		Type: lifecycle.ContactDeleted, At: d.created,
		Person: lifecycle.Person{CustomerID: string(c.ID), Authoritative: true},
	}}, nil
}
