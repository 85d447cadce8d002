package shopify

import (
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// customer is a customer on its own or within an order.
type customer struct {
	ID        connectors.ID               `json:"id"`
	GID       connectors.Text             `json:"admin_graphql_api_id"`
	Email     connectors.Text             `json:"email"`
	Phone     connectors.Text             `json:"phone"`
	FirstName connectors.Text             `json:"first_name"`
	LastName  connectors.Text             `json:"last_name"`
	State     connectors.Text             `json:"state"` // of the login, not of consent
	Created   connectors.Stamp            `json:"created_at"`
	Updated   connectors.Stamp            `json:"updated_at"`
	Address   connectors.Maybe[address]   `json:"default_address"`
	EmailBox  connectors.Maybe[marketing] `json:"email_marketing_consent"`
	SMSBox    connectors.Maybe[marketing] `json:"sms_marketing_consent"`
}

// id is the customer's id within another object, empty for guests.
func (c customer) id() string {
	id, err := objectID(c.ID, c.GID, "Customer")
	if err != nil || id == "0" {
		return ""
	}
	return id
}

// customerTold reads a customer that was made or changed.
func customerTold(d delivery) ([]lifecycle.Event, error) {
	var c struct {
		customer `json:",inline"`
		// Fields of other objects.
		Lines    connectors.Seen `json:"line_items"`
		Customer connectors.Seen `json:"customer"`
		Order    connectors.Seen `json:"order_id"`
		Plan     connectors.Seen `json:"plan_name"`
	}
	if err := connectors.Decode(d.body, &c); err != nil {
		return nil, err
	}
	id, err := objectID(c.ID, c.GID, "Customer")
	if err != nil {
		return nil, err
	}
	dated := !c.Created.IsZero() || !c.Updated.IsZero() || c.State != ""
	if c.Lines || c.Customer || c.Order || c.Plan || !connectors.Seen(dated) {
		return nil, connectors.Malformed("", "is no customer")
	}
	home := c.Address.Value
	version := timeOf(c.Updated.Time, d.triggered)
	ev := lifecycle.Event{
		Type:    lifecycle.ContactChanged,
		At:      version,
		Version: version,
		Person: lifecycle.Person{
			CustomerID:    id,
			Email:         c.Email.Line(maxAddress),
			FirstName:     first(c.FirstName.Line(maxName), home.FirstName.Line(maxName)),
			LastName:      first(c.LastName.Line(maxName), home.LastName.Line(maxName)),
			Country:       country(home.CountryCode),
			Region:        home.region(),
			Authoritative: true,
		},
	}
	// The number in the customer's address book may be somebody else's.
	ev.Person.Phone = phone(number{c.Phone.Line(maxPhone), ev.Person.Country})
	ev.Consents, ev.Text = c.consents(version)
	return []lifecycle.Event{ev}, nil
}

// customerDeleted reads {id, admin_graphql_api_id, tax_exemptions}.
func customerDeleted(d delivery) ([]lifecycle.Event, error) {
	id, err := deleted(d, "Customer")
	if err != nil {
		return nil, err
	}
	return []lifecycle.Event{{
		Type:   lifecycle.ContactDeleted,
		At:     d.triggered,
		Person: lifecycle.Person{CustomerID: id, Authoritative: true},
	}}, nil
}

// orderDeleted reads {id}. What is deleted was cancelled or never paid.
func orderDeleted(d delivery) ([]lifecycle.Event, error) {
	id, err := deleted(d, "Order")
	if err != nil {
		return nil, err
	}
	return []lifecycle.Event{{
		Type:  lifecycle.OrderCancelled,
		At:    d.triggered,
		Order: &lifecycle.Order{ID: id, Status: lifecycle.OrderVoid, Partial: true},
		Text:  "deleted in the shop",
	}}, nil
}

// deleted reads the id of what was deleted. Such a body holds nothing else, so
// that a live object under this topic is somebody's replay.
func deleted(d delivery, kind string) (string, error) {
	var gone struct {
		ID       connectors.ID   `json:"id"`
		GID      connectors.Text `json:"admin_graphql_api_id"`
		Created  connectors.Seen `json:"created_at"`
		Email    connectors.Seen `json:"email"`
		Phone    connectors.Seen `json:"phone"`
		Status   connectors.Seen `json:"status"`
		Customer connectors.Seen `json:"customer"`
		Owner    connectors.Seen `json:"customer_id"`
		Order    connectors.Seen `json:"order_id"`
		Shop     connectors.Seen `json:"shop_id"`
		Lines    connectors.Seen `json:"line_items"`
	}
	if err := connectors.Decode(d.body, &gone); err != nil {
		return "", err
	}
	if gone.Created || gone.Email || gone.Phone || gone.Status || gone.Customer || gone.Owner || gone.Order || gone.Shop || gone.Lines {
		return "", connectors.Malformed("", "holds more than the id of something deleted")
	}
	return objectID(gone.ID, gone.GID, kind)
}

// customersMerged reads a merge; only a completed one counts.
func customersMerged(d delivery) ([]lifecycle.Event, error) {
	var m struct {
		Kept   connectors.Text `json:"admin_graphql_api_customer_kept_id"`
		Gone   connectors.Text `json:"admin_graphql_api_customer_deleted_id"`
		Status connectors.Text `json:"status"`
	}
	if err := connectors.Decode(d.body, &m); err != nil {
		return nil, err
	}
	kept, named, err := gidDigits(m.Kept, "Customer")
	if err != nil || !named {
		return nil, connectors.Malformed("/admin_graphql_api_customer_kept_id", "does not name a Shopify Customer")
	}
	gone, named, err := gidDigits(m.Gone, "Customer")
	if err != nil || !named {
		return nil, connectors.Malformed("/admin_graphql_api_customer_deleted_id", "does not name a Shopify Customer")
	}
	if !strings.EqualFold(string(m.Status), "completed") || kept == gone {
		return nil, nil
	}
	return []lifecycle.Event{{
		Type:   lifecycle.ContactMerged,
		At:     d.triggered,
		Person: lifecycle.Person{CustomerID: kept, Authoritative: true},
		Merged: &lifecycle.Person{CustomerID: gone},
	}}, nil
}

// consents are the customer's consents as payloads up to API version 2024-10
// carry them; later ones have none. fallback is when the record was true. A state
// that we do not know says nothing here; the topics of consent do report it.
func (c customer) consents(fallback time.Time) (out []lifecycle.ConsentChange, note string) {
	for channel, box := range [...]marketing{lifecycle.Email: c.EmailBox.Value, lifecycle.SMS: c.SMSBox.Value} {
		change, more, ok, err := box.read(lifecycle.Channel(channel), fallback, "")
		if err == nil && ok {
			out, note = append(out, change), first(note, more)
		}
	}
	return out, note
}
