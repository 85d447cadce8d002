package config

import (
	"reflect"
	"strings"

	"ritorno/internal/mapping"
)

// Mapping says how a webhook source with a body of its own is read. Its values
// are expressions, see docs/mapping.md.
type Mapping struct {
	Each   *mapping.Expr `yaml:"each"` // the list of events; nil: the body
	Events []*EventRule  `yaml:"events"`
}

// EventRule says what an event is taken for. The first rule that fits counts.
type EventRule struct {
	When      *mapping.Expr `yaml:"when"` // nil: always
	Type      EventType     `yaml:"type"`
	ID        *mapping.Expr `yaml:"id"`        // of the event, not of the order
	Timestamp *mapping.Expr `yaml:"timestamp"` // of the event
	Fields    *EventFields  `yaml:"fields"`
}

// EventType is a type of docs/webhook.md, or ignore.
type EventType string

// EventFields are those of data in docs/webhook.md, each with where it stands.
type EventFields struct {
	ID           *mapping.Expr       `yaml:"id"`
	Owner        *mapping.Expr       `yaml:"order_source"`
	Number       *mapping.Expr       `yaml:"number"`
	At           *mapping.Expr       `yaml:"at"`
	Created      *mapping.Expr       `yaml:"created_at"`
	Updated      *mapping.Expr       `yaml:"updated_at"`
	Status       *mapping.Expr       `yaml:"status"`
	Currency     *mapping.Expr       `yaml:"currency"`
	Total        *mapping.Expr       `yaml:"total"`
	Refunded     *mapping.Expr       `yaml:"refunded"`
	Reason       *mapping.Expr       `yaml:"reason"`
	Test         *mapping.Expr       `yaml:"test"`
	Codes        *mapping.Expr       `yaml:"codes"`
	Customer     *CustomerFields     `yaml:"customer"`
	Merged       *MergedFields       `yaml:"merged"`
	Items        *ItemFields         `yaml:"items"`
	Refund       *RefundFields       `yaml:"refund"`
	Subscription *SubscriptionFields `yaml:"subscription"`
}

// CustomerFields are those of customer.
type CustomerFields struct {
	ID        *mapping.Expr  `yaml:"id"`
	Email     *mapping.Expr  `yaml:"email"`
	Phone     *mapping.Expr  `yaml:"phone"`
	FirstName *mapping.Expr  `yaml:"first_name"`
	LastName  *mapping.Expr  `yaml:"last_name"`
	Locale    *mapping.Expr  `yaml:"locale"`
	Country   *mapping.Expr  `yaml:"country"`
	Region    *mapping.Expr  `yaml:"region"`
	Postcode  *mapping.Expr  `yaml:"postcode"`
	Timezone  *mapping.Expr  `yaml:"timezone"`
	Consent   *ConsentFields `yaml:"consent"`
}

// ConsentFields are the channels of customer.consent.
type ConsentFields struct {
	Email *DecisionFields `yaml:"email"`
	SMS   *DecisionFields `yaml:"sms"`
}

// DecisionFields are those of one channel.
type DecisionFields struct {
	State    *mapping.Expr `yaml:"state"`
	At       *mapping.Expr `yaml:"at"`
	Evidence *mapping.Expr `yaml:"evidence"`
}

// MergedFields name the customer that is no more.
type MergedFields struct {
	ID    *mapping.Expr `yaml:"id"`
	Email *mapping.Expr `yaml:"email"`
	Phone *mapping.Expr `yaml:"phone"`
}

// ItemFields are those of one entry of the list that Each names, called item.
type ItemFields struct {
	Each     *mapping.Expr `yaml:"each"`
	Product  *mapping.Expr `yaml:"product_id"`
	Title    *mapping.Expr `yaml:"title"`
	Category *mapping.Expr `yaml:"category"`
	Quantity *mapping.Expr `yaml:"quantity"`
}

// RefundFields are those of refund.
type RefundFields struct {
	ID     *mapping.Expr `yaml:"id"`
	Amount *mapping.Expr `yaml:"amount"`
	Full   *mapping.Expr `yaml:"full"`
}

// SubscriptionFields are those of subscription.
type SubscriptionFields struct {
	ID          *mapping.Expr `yaml:"id"`
	Reason      *mapping.Expr `yaml:"reason"`
	Plan        *mapping.Expr `yaml:"plan"`
	Involuntary *mapping.Expr `yaml:"involuntary"`
}

// Rules is the mapping as the connector wants it; nil without one.
func (m *Mapping) Rules() *mapping.Rules {
	if m == nil {
		return nil
	}
	out := &mapping.Rules{Each: m.Each}
	for _, r := range m.Events {
		out.Rules = append(out.Rules, r.rule())
	}
	return out
}

func (r *EventRule) rule() mapping.Rule {
	out := mapping.Rule{When: r.When, Type: string(r.Type), ID: r.ID, Timestamp: r.Timestamp}
	if r.Fields == nil {
		return out
	}
	fields := *r.Fields
	if i := fields.Items; i != nil {
		inner := *i
		inner.Each = nil
		out.Items = &mapping.Items{Each: i.Each, Fields: flat(reflect.ValueOf(&inner), nil)}
		fields.Items = nil
	}
	out.Fields = flat(reflect.ValueOf(&fields), nil)
	return out
}

// flat lists the expressions below a struct, by the names that they have in the
// file.
func flat(v reflect.Value, path []string) []mapping.Field {
	var out []mapping.Field
	for i := range v.Elem().NumField() {
		name, _, _ := strings.Cut(v.Elem().Type().Field(i).Tag.Get("yaml"), ",")
		at, field := append(path[:len(path):len(path)], name), v.Elem().Field(i)
		if field.IsNil() {
			continue
		}
		if e, ok := field.Interface().(*mapping.Expr); ok {
			out = append(out, mapping.Field{Path: at, From: e})
			continue
		}
		out = append(out, flat(field, at)...)
	}
	return out
}
