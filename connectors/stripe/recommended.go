package stripe

import "ritorno/connectors"

var (
	_ connectors.Recommender = (*Source)(nil)
	_ connectors.Namer       = (*Source)(nil)
)

// Topics are those that every shop should tick. Payments of a form of one's own
// are not among them: where a shop system tells the orders they must be left out.
func (s *Source) Topics() []connectors.Topic {
	orders := []string{"checkout.session.completed", "invoice.paid", "invoice.payment_succeeded", "payment_intent.succeeded", "charge.succeeded"}
	return []connectors.Topic{
		{Name: "invoice.paid", Seen: orders, Lost: "orders and renewals are not counted: nobody is known to have bought, and nobody is seen to come back"},
		{Name: "charge.refunded", Seen: []string{"charge.refunded", "refund.created", "refund.updated", "credit_note.created"}, Lost: "money that went back goes on counting, and a refunded customer is thanked for coming back"},
		{Name: "invoice_payment.paid", Lost: "with API versions since 2025-03-31 a refund of an invoice is not taken off: nothing else says which invoice was paid back"},
		{Name: "invoice.payment_failed", Seen: []string{"invoice.payment_failed", "customer.subscription.updated"}, Lost: "support does not see that a renewal was not paid"},
		{Name: "customer.subscription.created", Lost: "who subscribes, or subscribes again after a cancellation, is known only by the first payment"},
		{Name: "customer.subscription.updated", Lost: "the decision to leave is known only when the paid period ends: the cancellation journey starts weeks too late"},
		{Name: "customer.subscription.deleted", Lost: "subscriptions that end at once, or because payments failed, go on as if they ran"},
		{Name: "customer.created", Seen: []string{"customer.created", "customer.updated"}, Lost: "subscriptions name their customer by an id alone, and wait until an order tells the address"},
		{Name: "customer.updated", Lost: "changed addresses and phone numbers are not known here"},
	}
}

// Topic is the event's type.
func (s *Source) Topic(r connectors.Request) string {
	var e struct {
		Type connectors.Text `json:"type"`
	}
	if err := connectors.Decode(r.Body, &e); err != nil {
		return ""
	}
	if _, used := types[string(e.Type)]; !used {
		return "" // a name from outside is kept only where it is one that we know
	}
	return string(e.Type)
}
