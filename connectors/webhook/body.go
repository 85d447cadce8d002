package webhook

import (
	"ritorno/connectors"
)

// envelope is the body: what happened, when, and to whom. docs/webhook.md
// describes every field.
type envelope struct {
	ID        connectors.ID             `json:"id"`
	Type      connectors.Text           `json:"type"`
	Timestamp connectors.Stamp          `json:"timestamp"`
	Data      connectors.Maybe[payload] `json:"data"`
}

// payload is the data of every type. An order's own fields stand in it directly.
type payload struct {
	ID       connectors.ID          `json:"id"`
	Owner    connectors.Text        `json:"order_source"`
	Number   connectors.Text        `json:"number"`
	At       connectors.Stamp       `json:"at"`
	Created  connectors.Stamp       `json:"created_at"`
	Updated  connectors.Stamp       `json:"updated_at"`
	Status   connectors.Text        `json:"status"`
	Currency connectors.Text        `json:"currency"`
	Total    connectors.LooseAmount `json:"total"`
	Refunded connectors.LooseAmount `json:"refunded"`
	Reason   connectors.Text        `json:"reason"`
	Test     connectors.Flag        `json:"test"`

	Customer     connectors.Maybe[customer]       `json:"customer"`
	Merged       connectors.Maybe[customer]       `json:"merged"`
	Items        connectors.List[item]            `json:"items"`
	Codes        connectors.List[connectors.Text] `json:"codes"`
	Refund       connectors.Maybe[refund]         `json:"refund"`
	Subscription connectors.Maybe[subscription]   `json:"subscription"`
	Consent      connectors.Maybe[consents]       `json:"consent"`
}

type customer struct {
	ID        connectors.ID              `json:"id"`
	Email     connectors.Text            `json:"email"`
	Phone     connectors.Text            `json:"phone"`
	FirstName connectors.Text            `json:"first_name"`
	LastName  connectors.Text            `json:"last_name"`
	Locale    connectors.Text            `json:"locale"`
	Country   connectors.Text            `json:"country"`
	Region    connectors.Text            `json:"region"`
	Postcode  connectors.Text            `json:"postcode"`
	Timezone  connectors.Text            `json:"timezone"`
	Consent   connectors.Maybe[consents] `json:"consent"`
}

type item struct {
	Product  connectors.Text  `json:"product_id"`
	Title    connectors.Text  `json:"title"`
	Category connectors.Text  `json:"category"`
	Quantity connectors.Count `json:"quantity"`
}

type refund struct {
	ID     connectors.ID          `json:"id"`
	Amount connectors.LooseAmount `json:"amount"`
	Full   connectors.Flag        `json:"full"`
}

type subscription struct {
	ID          connectors.ID   `json:"id"`
	Reason      connectors.Text `json:"reason"`
	Plan        connectors.Text `json:"plan"`
	Involuntary connectors.Flag `json:"involuntary"`
}

type consents struct {
	Email connectors.Maybe[decision] `json:"email"`
	SMS   connectors.Maybe[decision] `json:"sms"`
}

// decision is what a contact allows on one channel.
type decision struct {
	State    connectors.Text  `json:"state"`
	At       connectors.Stamp `json:"at"`
	Evidence connectors.Text  `json:"evidence"`
}
