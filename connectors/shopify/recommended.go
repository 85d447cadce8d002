package shopify

import "ritorno/connectors"

var _ connectors.Recommender = (*Source)(nil)

// Topics are those that every shop should switch on. Subscription topics are
// not among them: they reach only the app that owns the contracts.
func (s *Source) Topics() []connectors.Topic {
	return []connectors.Topic{
		{Name: "orders/create", Seen: []string{"orders/create", "orders/paid"}, Lost: "orders are counted only once they change, or never: nobody is seen to come back at once"},
		{Name: "orders/updated", Lost: "payments, edits and cancellations of orders that are known already are missed"},
		{Name: "refunds/create", Lost: "money that went back goes on counting, and a refunded customer is thanked for coming back"},
		{Name: "customers/update", Lost: "changed addresses and phone numbers are not known here"},
		{
			Name: "customers_email_marketing_consent/update", Seen: []string{"customers_email_marketing_consent/update", "customers/update"},
			Lost: "who agrees or objects to e-mail outside of an order is not known here",
		},
		{Name: "customers_marketing_consent/update", Lost: "who agrees or objects to SMS is not known here"},
		{Name: "customers/merge", Lost: "two accounts of one person that Shopify merges stay two contacts"},
		{Name: "customers/redact", Lost: "a person whom Shopify erases stays here until you run ritorno erase"},
	}
}
