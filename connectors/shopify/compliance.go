package shopify

import (
	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// uninstalled reads app/uninstalled, whose body is the shop. Which shop it is
// stands in the header; the body's domains may be null.
func uninstalled(d delivery) ([]lifecycle.Event, error) {
	var shop struct {
		Plan   connectors.Seen `json:"plan_name"`
		Domain connectors.Seen `json:"myshopify_domain"`
		Owner  connectors.Seen `json:"shop_owner"`
	}
	if err := connectors.Decode(d.body, &shop); err != nil {
		return nil, err
	}
	if !shop.Plan && !shop.Domain && !shop.Owner {
		return nil, connectors.Malformed("", "is no shop")
	}
	return gone(d, "app uninstalled"), nil
}

// compliance is the body of the three topics that privacy law asks for.
type compliance struct {
	ShopID    connectors.ID              `json:"shop_id"`
	Shop      connectors.Text            `json:"shop_domain"`
	Customer  connectors.Maybe[customer] `json:"customer"`
	Requested connectors.Seen            `json:"orders_requested"`
	Request   connectors.Seen            `json:"data_request"`
	Redact    connectors.Seen            `json:"orders_to_redact"`
}

func (c compliance) read(d delivery) (compliance, error) {
	if err := connectors.Decode(d.body, &c); err != nil {
		return c, err
	}
	if c.ShopID == "" && c.Shop == "" {
		return c, connectors.Malformed("/shop_id", "is missing, as is shop_domain")
	}
	return c, nil
}

// person is the customer whom a request is about; e-mail and phone may be
// missing.
func (c compliance) person() (lifecycle.Person, error) {
	p := lifecycle.Person{
		CustomerID: c.Customer.Value.id(),
		Email:      c.Customer.Value.Email.Line(maxAddress),
		Phone:      phone(number{phone: c.Customer.Value.Phone.Line(maxPhone)}),
	}
	if p == (lifecycle.Person{}) {
		return p, connectors.Malformed("/customer", "names nobody")
	}
	return p, nil
}

func shopRedacted(d delivery) ([]lifecycle.Event, error) {
	c, err := compliance{}.read(d)
	if err != nil {
		return nil, err
	}
	if c.Customer.Present || c.Requested || c.Request || c.Redact {
		return nil, connectors.Malformed("/customer", "belongs to another topic")
	}
	return gone(d, "Shopify asks to erase the shop's data"), nil
}

func customerRedacted(d delivery) ([]lifecycle.Event, error) {
	c, err := compliance{}.read(d)
	if err != nil {
		return nil, err
	}
	if c.Requested || c.Request {
		return nil, connectors.Malformed("/data_request", "belongs to another topic")
	}
	who, err := c.person()
	if err != nil {
		return nil, err
	}
	return []lifecycle.Event{{
		Type: lifecycle.EraseRequested, At: d.triggered, Person: who,
		Text: "customers/redact",
	}}, nil
}

func dataRequested(d delivery) ([]lifecycle.Event, error) {
	c, err := compliance{}.read(d)
	if err != nil {
		return nil, err
	}
	if c.Redact {
		return nil, connectors.Malformed("/orders_to_redact", "belongs to another topic")
	}
	who, err := c.person()
	if err != nil {
		return nil, err
	}
	return []lifecycle.Event{{
		Type: lifecycle.DataRequested, At: d.triggered, Person: who,
		Text: "customers/data_request",
	}}, nil
}

// gone tells that the source is no more; the owner has to confirm.
func gone(d delivery, why string) []lifecycle.Event {
	text := why
	if d.shop != "" {
		text += ": " + connectors.Text(d.shop).Line(maxName)
	}
	return []lifecycle.Event{{Type: lifecycle.SourceGone, At: d.triggered, Text: text}}
}
