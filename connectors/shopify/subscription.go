package shopify

import (
	"strings"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// contract reads the topics of subscription contracts. Only the app that owns a
// contract gets them. The bodies are alike, so the status in the body must be
// the one that the topic speaks of; a body without one is taken by its topic.
func contract(status string, kind lifecycle.Type) func(delivery) ([]lifecycle.Event, error) {
	return func(d delivery) ([]lifecycle.Event, error) {
		var c struct {
			ID         connectors.ID   `json:"id"`
			GID        connectors.Text `json:"admin_graphql_api_id"`
			Status     connectors.Text `json:"status"`
			CustomerID connectors.ID   `json:"customer_id"`
			Customer   connectors.Text `json:"admin_graphql_api_customer_id"`
			Billing    connectors.Seen `json:"billing_policy"`
		}
		if err := connectors.Decode(d.body, &c); err != nil {
			return nil, err
		}
		id, err := objectID(c.ID, c.GID, "SubscriptionContract")
		if err != nil {
			return nil, err
		}
		if !c.Billing {
			return nil, connectors.Malformed("/billing_policy", "is missing: this is no subscription contract")
		}
		if got := strings.ToLower(string(c.Status)); got != "" && got != status {
			return nil, connectors.Malformed("/status", "does not fit the topic, which needs "+status)
		}
		owner, err := objectID(c.CustomerID, c.Customer, "Customer")
		if err != nil {
			return nil, connectors.Malformed("/customer_id", "is missing or not a number")
		}
		ev := lifecycle.Event{
			Type:         kind,
			At:           d.triggered,
			Person:       lifecycle.Person{CustomerID: owner},
			Subscription: &lifecycle.Subscription{ID: id},
		}
		switch status {
		case "expired": // ran to its last cycle; nobody decided to leave
			ev.Subscription.Reason = "expired"
		case "failed":
			ev.Subscription.Involuntary = true
		}
		return []lifecycle.Event{ev}, nil
	}
}

// attempted reads the topics of billing attempts. Their bodies are alike
// whether the payment went through or not: the topic alone tells.
func attempted(paid bool) func(delivery) ([]lifecycle.Event, error) {
	return func(d delivery) ([]lifecycle.Event, error) {
		var a struct {
			Contract    connectors.ID   `json:"subscription_contract_id"`
			ContractGID connectors.Text `json:"admin_graphql_api_subscription_contract_id"`
			Order       connectors.ID   `json:"order_id"`
			OrderGID    connectors.Text `json:"admin_graphql_api_order_id"`
			ErrorCode   connectors.Text `json:"error_code"`
		}
		if err := connectors.Decode(d.body, &a); err != nil {
			return nil, err
		}
		id, err := objectID(a.Contract, a.ContractGID, "SubscriptionContract")
		if err != nil {
			return nil, connectors.Malformed("/subscription_contract_id", "is missing or not a number")
		}
		ev := lifecycle.Event{
			Type:         lifecycle.PaymentFailed,
			At:           d.triggered,
			Subscription: &lifecycle.Subscription{ID: id},
			Text:         a.ErrorCode.Line(maxCode),
		}
		status := lifecycle.OrderOpen
		if paid {
			ev.Type, status = lifecycle.Renewed, lifecycle.OrderPaid
		} else {
			ev.Subscription.Involuntary = true
		}
		// The order leads to the customer, whom the body does not name.
		if order, err := objectID(a.Order, a.OrderGID, "Order"); err == nil {
			ev.Order = &lifecycle.Order{ID: order, At: d.triggered, Status: status, Renewal: true, Partial: true}
		}
		return []lifecycle.Event{ev}, nil
	}
}
