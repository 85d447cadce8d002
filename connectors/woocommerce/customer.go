package woocommerce

import (
	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// customer is an account of the shop; guests have none.
type customer struct {
	ID        connectors.ID             `json:"id"`
	Email     connectors.Text           `json:"email"`
	FirstName connectors.Text           `json:"first_name"`
	LastName  connectors.Text           `json:"last_name"`
	Created   connectors.Stamp          `json:"date_created_gmt"`
	Modified  connectors.Stamp          `json:"date_modified_gmt"`
	Billing   connectors.Maybe[address] `json:"billing"`
	Meta      connectors.List[meta]     `json:"meta_data"`
	Role      connectors.Seen           `json:"role"`
	Username  connectors.Seen           `json:"username"`
	// Fields of other objects.
	Lines  connectors.Seen `json:"line_items"`
	Status connectors.Seen `json:"status"`
}

// customerTold reads an account that was made or changed.
func customerTold(d delivery) ([]lifecycle.Event, error) {
	var c customer
	if err := connectors.Decode(d.body, &c); err != nil {
		return nil, err
	}
	id, err := objectID(c.ID)
	if err != nil {
		return nil, err
	}
	if bool(c.Lines || c.Status) || !bool(c.Role || c.Username) {
		return nil, connectors.Malformed("", "is no customer")
	}
	version := known(c.Modified.Time, c.Created.Time, d.now)
	p := personOf(c.ID, c.Billing.Value, c.Meta, d.fields)
	p.CustomerID, p.Authoritative = id, true
	p.Email = first(c.Email.Line(maxAddress), p.Email)
	p.FirstName = first(c.FirstName.Line(maxName), p.FirstName)
	p.LastName = first(c.LastName.Line(maxName), p.LastName)
	return []lifecycle.Event{{
		Type: lifecycle.ContactChanged, At: version, Version: version, Person: p,
		Consents: d.fields.recorded(c.Meta, known(c.Created.Time, version), version),
	}}, nil
}

// customerDeleted reads {id}.
func customerDeleted(d delivery) ([]lifecycle.Event, error) {
	id, err := deleted(d)
	if err != nil {
		return nil, err
	}
	return []lifecycle.Event{{
		Type: lifecycle.ContactDeleted, At: d.now, Person: lifecycle.Person{CustomerID: id, Authoritative: true},
	}}, nil
}

// deleted reads the id of what was deleted. Such a body holds nothing else, so
// that a live object under this topic is somebody's replay.
func deleted(d delivery) (string, error) {
	var gone struct {
		ID      connectors.ID   `json:"id"`
		Created connectors.Seen `json:"date_created"`
		GMT     connectors.Seen `json:"date_created_gmt"`
		Email   connectors.Seen `json:"email"`
		Status  connectors.Seen `json:"status"`
		Billing connectors.Seen `json:"billing"`
		Lines   connectors.Seen `json:"line_items"`
	}
	if err := connectors.Decode(d.body, &gone); err != nil {
		return "", err
	}
	if gone.Created || gone.GMT || gone.Email || gone.Status || gone.Billing || gone.Lines {
		return "", connectors.Malformed("", "holds more than the id of something deleted")
	}
	return objectID(gone.ID)
}
