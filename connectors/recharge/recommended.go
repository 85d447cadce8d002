package recharge

import (
	"strings"

	"ritorno/connectors"
)

var (
	_ connectors.Recommender = (*Source)(nil)
	_ connectors.Namer       = (*Source)(nil)
)

// Topics are those that every shop should make a webhook for. Where a delivery
// does not name its topic, it is counted by what it means.
func (s *Source) Topics() []connectors.Topic {
	return []connectors.Topic{
		{Name: "charge/paid", Seen: []string{"charge/paid", "charge/success", "charge/updated", "subscription.renewed", "order.placed"}, Lost: "renewals are not known: who renews after a cancellation is not welcomed back"},
		{Name: "charge/refunded", Seen: []string{"charge/refunded", "charge/updated"}, Lost: "money that Recharge gives back goes on counting, unless the shop tells it as well"},
		{Name: "charge/failed", Seen: []string{"charge/failed", "charge/max_retries_reached", "payment.failed"}, Lost: "support does not see that a renewal was not paid"},
		{Name: "subscription/created", Seen: []string{"subscription/created", "subscription/activated", "subscription/updated", "subscription.started"}, Lost: "who subscribes is known only by the first payment"},
		{Name: "subscription/activated", Seen: []string{"subscription/activated", "subscription/updated", "subscription.started"}, Lost: "who takes a cancellation back is not seen to come back"},
		{Name: "subscription/cancelled", Seen: []string{"subscription/cancelled", "subscription.cancelled"}, Lost: "the cancellation journey never starts"},
		{Name: "customer/created", Seen: []string{"customer/created", "customer/updated", "contact.changed"}, Lost: "subscriptions name their customer by an id alone, and wait until an order tells the address"},
		{Name: "customer/updated", Seen: []string{"customer/updated", "contact.changed"}, Lost: "changed addresses and phone numbers are not known here"},
	}
}

// Topic is what the URL says where no header does.
func (s *Source) Topic(r connectors.Request) string {
	topic := strings.ToLower(strings.TrimSpace(r.Query.Get("topic")))
	if _, used := topics[topic]; !used {
		return ""
	}
	return topic
}
