package shopify

import (
	"time"

	"ritorno/internal/lifecycle"
)

// person is who placed the order. The order's own address wins over the
// customer's: it is the one used at checkout.
func (o order) person() lifecycle.Person {
	c, billing, shipping := o.Customer.Value, o.Billing.Value, o.Shipping.Value
	home := c.Address.Value
	p := lifecycle.Person{
		CustomerID: c.id(),
		Email:      first(o.Email.Line(maxAddress), o.ContactEmail.Line(maxAddress), c.Email.Line(maxAddress)),
		FirstName:  first(c.FirstName.Line(maxName), billing.FirstName.Line(maxName)),
		LastName:   first(c.LastName.Line(maxName), billing.LastName.Line(maxName)),
		Locale:     locale(o.Locale),
		Country:    first(country(billing.CountryCode), country(shipping.CountryCode), country(home.CountryCode)),
	}
	for _, a := range [...]address{billing, shipping, home} {
		if country(a.CountryCode) != "" { // the address that gave the country
			p.Region = a.region()
			break
		}
	}
	p.Phone = phone(
		number{o.Phone.Line(maxPhone), p.Country},
		number{c.Phone.Line(maxPhone), p.Country},
		number{billing.Phone.Line(maxPhone), first(country(billing.CountryCode), p.Country)},
		number{shipping.Phone.Line(maxPhone), first(country(shipping.CountryCode), p.Country)},
	)
	return p
}

// consents are what the order says about consent: the e-mail box at checkout
// and, up to API version 2024-10, the customer's own record. An empty box says
// nothing about earlier consent.
func (o order) consents(told *lifecycle.Order, version time.Time) []lifecycle.ConsentChange {
	record, _ := o.Customer.Value.consents(version)
	if !o.OptIn.On {
		return record
	}
	box := lifecycle.ConsentChange{
		Channel:  lifecycle.Email,
		State:    lifecycle.Subscribed,
		At:       told.At,
		Evidence: "checkout box of order " + first(told.Number, told.ID),
	}
	out := []lifecycle.ConsentChange{box}
	for _, r := range record {
		// "Never opted in" was written before the box was ticked in the same
		// checkout; a dated decision stands beside it.
		if r.Channel != lifecycle.Email || r.State != lifecycle.Unknown {
			out = append(out, r)
		}
	}
	return out
}
