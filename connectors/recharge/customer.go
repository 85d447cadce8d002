package recharge

import (
	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// customer is a customer on its own, beside another object or within one.
// Version 2021-01 has the billing names flat in it.
type customer struct {
	ID           connectors.ID    `json:"id"`
	Email        connectors.Text  `json:"email"`
	Phone        connectors.Text  `json:"phone"`
	FirstName    connectors.Text  `json:"first_name"`
	LastName     connectors.Text  `json:"last_name"`
	BillingFirst connectors.Text  `json:"billing_first_name"`
	BillingLast  connectors.Text  `json:"billing_last_name"`
	BillingPhone connectors.Text  `json:"billing_phone"`
	Created      connectors.Stamp `json:"created_at"`
	Updated      connectors.Stamp `json:"updated_at"`
}

func (c customer) person() lifecycle.Person {
	return lifecycle.Person{
		CustomerID: string(c.ID),
		Email:      c.Email.Line(maxAddress),
		Phone:      first(c.Phone.Line(maxPhone), c.BillingPhone.Line(maxPhone)),
		FirstName:  first(c.FirstName.Line(maxName), c.BillingFirst.Line(maxName)),
		LastName:   first(c.LastName.Line(maxName), c.BillingLast.Line(maxName)),
	}
}

// customerTold reads a customer that was made, changed or deleted. A
// deactivated one has no subscription left: those are told by themselves.
func customerTold(d delivery) ([]lifecycle.Event, error) {
	if !d.Customer.Set || d.Subscription.Set || d.Charge.Set || d.Order.Set {
		return nil, unfit("/customer")
	}
	c := d.Customer.Value
	if c.ID == "" {
		return nil, connectors.Malformed("/customer/id", "is missing")
	}
	p := c.person()
	p.Authoritative = true
	at := firstKnown(c.Updated.Time, c.Created.Time, d.now)
	ev := lifecycle.Event{Type: lifecycle.ContactChanged, At: at, Version: at, Person: p}
	if d.is("deleted") {
		ev.Type, ev.Person = lifecycle.ContactDeleted, lifecycle.Person{CustomerID: p.CustomerID, Authoritative: true}
	}
	return []lifecycle.Event{ev}, nil
}
