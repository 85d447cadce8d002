package woocommerce

import "ritorno/connectors"

var _ connectors.Recommender = (*Source)(nil)

// Topics are those that every shop should switch on. Those of subscriptions need
// an extension, and say so.
func (s *Source) Topics() []connectors.Topic {
	return []connectors.Topic{
		{Name: "order.created", Seen: []string{"order.created", "order.updated"}, Lost: "orders are not counted: nobody is known as a customer, nobody goes quiet and nobody is seen to come back"},
		{Name: "order.updated", Lost: "payments, refunds and cancellations are missed: an order that is paid after its making never counts"},
		{Name: "order.deleted", Lost: "orders in the trash go on counting"},
		{Name: "customer.updated", Seen: []string{"customer.updated", "customer.created"}, Lost: "changed addresses and phone numbers are not known here"},
		{Name: "customer.deleted", Lost: "who closes an account is written to as before"},
		{Name: "subscription.updated (for shops with subscriptions)", Seen: []string{"subscription.updated"}, Lost: "the cancellation journey never starts, and who takes a cancellation back is not welcomed"},
	}
}
