package mapping

import (
	"net/textproto"
	"slices"
)

// Ignore is the type of rules for events that are of no use.
const Ignore = "ignore"

// who are the fields by one of which somebody is found.
var who = []string{"customer.id", "customer.email", "customer.phone"}

// needed says which fields a rule of each type must fill: of each list one at
// least.
var needed = map[string][][]string{
	"order.created":          {{"id"}, {"total"}, {"currency"}},
	"order.paid":             {{"id"}, {"total"}, {"currency"}},
	"order.updated":          {{"id"}, {"total"}, {"currency"}, {"created_at"}},
	"order.cancelled":        {{"id"}},
	"order.refunded":         {{"id"}, {"refund.amount", "refund.full"}},
	"subscription.renewed":   {{"id", "subscription.id"}, who},
	"subscription.started":   {{"subscription.id", "id"}, who},
	"subscription.cancelled": {{"subscription.id", "id"}, who},
	"subscription.paused":    {{"subscription.id", "id"}, who},
	"payment.failed":         {{"subscription.id", "id"}, who},
	"contact.created":        {who},
	"contact.updated":        {who},
	"contact.deleted":        {who},
	"contact.merged":         {who, {"merged.id", "merged.email", "merged.phone"}},
	"contact.erase":          {who},
	"consent.changed":        {who, {"customer.consent.email.state", "customer.consent.sms.state"}},
	Ignore:                   nil,
}

// Types lists what a rule may take an event for, in the order of the alphabet.
func Types() []string {
	var list []string
	for name := range needed {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// Missing lists what a rule of the type must fill and does not: of each entry
// one field is enough.
func (r Rule) Missing() [][]string {
	var out [][]string
	for _, choice := range needed[r.Type] {
		if !slices.ContainsFunc(choice, r.fills) {
			out = append(out, choice)
		}
	}
	money := r.fills("total") || r.fills("refunded") || r.fills("refund.amount")
	if money && !r.fills("currency") && !slices.ContainsFunc(out, func(c []string) bool { return c[0] == "currency" }) {
		out = append(out, []string{"currency"})
	}
	return out
}

func (r Rule) fills(name string) bool {
	return slices.ContainsFunc(r.Fields, func(f Field) bool { return f.Name() == name && f.From != nil })
}

// Exprs are all expressions of a rule.
func (r Rule) Exprs() []*Expr {
	list := []*Expr{r.When, r.ID, r.Timestamp}
	for _, f := range r.Fields {
		list = append(list, f.From)
	}
	if r.Items != nil {
		list = append(list, r.Items.Each)
		for _, f := range r.Items.Fields {
			list = append(list, f.From)
		}
	}
	return slices.DeleteFunc(list, func(e *Expr) bool { return e == nil })
}

// Headers are the headers that the rules read, in canonical form.
func (r Rules) Headers() []string {
	var list []string
	if r.Each != nil {
		list = append(list, r.Each.headers...)
	}
	for _, rule := range r.Rules {
		for _, e := range rule.Exprs() {
			list = append(list, e.headers...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Reads reports whether an expression reads a header. The empty name is none.
func (r *Rules) Reads(header string) bool {
	return header != "" && slices.Contains(r.Headers(), textproto.CanonicalMIMEHeaderKey(header))
}
