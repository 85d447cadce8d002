package shopify

import (
	"encoding/json"
	"net/http"
	"strings"

	"ritorno/connectors"
)

// ordersQuery asks for what order (the webhook's body) has as well. An object
// costs a point, what a list may hold at most is counted: 25 orders of 12
// objects and 5 lines of 4 are about 800.
const ordersQuery = `query RitornoOrders($first: Int!, $after: String, $query: String!, $sort: OrderSortKeys!, $reverse: Boolean!) {
  orders(first: $first, after: $after, query: $query, sortKey: $sort, reverse: $reverse) {
    pageInfo { hasNextPage endCursor }
    nodes {
      id name email phone customerLocale createdAt processedAt updatedAt cancelledAt cancelReason test
      currencyCode displayFinancialStatus sourceName customerAcceptsMarketing discountCodes
      totalPriceSet { shopMoney { amount currencyCode } }
      currentTotalPriceSet { shopMoney { amount currencyCode } }
      customer { id firstName lastName defaultEmailAddress { emailAddress } defaultPhoneNumber { phoneNumber } }
      billingAddress { firstName lastName phone countryCodeV2 }
      shippingAddress { firstName lastName phone countryCodeV2 }
      totalRefundedSet { shopMoney { amount currencyCode } }
      lineItems(first: 5) { nodes { title quantity product { id } originalUnitPriceSet { shopMoney { amount currencyCode } } } }
    }
  }
}`

// node is an order as the Admin API tells it.
type node struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Email     string   `json:"email"`
	Phone     string   `json:"phone"`
	Locale    string   `json:"customerLocale"`
	Created   string   `json:"createdAt"`
	Processed string   `json:"processedAt"`
	Updated   string   `json:"updatedAt"`
	Cancelled string   `json:"cancelledAt"`
	Reason    string   `json:"cancelReason"`
	Test      bool     `json:"test"`
	Currency  string   `json:"currencyCode"`
	Status    string   `json:"displayFinancialStatus"`
	Origin    string   `json:"sourceName"`
	OptIn     bool     `json:"customerAcceptsMarketing"`
	Codes     []string `json:"discountCodes"`
	Total     *bag     `json:"totalPriceSet"`
	Current   *bag     `json:"currentTotalPriceSet"`
	Customer  *struct {
		ID        string `json:"id"`
		FirstName string `json:"firstName"`
		LastName  string `json:"lastName"`
		Email     *struct {
			Address string `json:"emailAddress"`
		} `json:"defaultEmailAddress"`
		Phone *struct {
			Number string `json:"phoneNumber"`
		} `json:"defaultPhoneNumber"`
	} `json:"customer"`
	Billing  *place `json:"billingAddress"`
	Shipping *place `json:"shippingAddress"`
	Lines    struct {
		Nodes []struct {
			Title    string `json:"title"`
			Quantity int    `json:"quantity"`
			Product  *struct {
				ID string `json:"id"`
			} `json:"product"`
			Price *bag `json:"originalUnitPriceSet"`
		} `json:"nodes"`
	} `json:"lineItems"`
	Refunded *bag `json:"totalRefundedSet"`
}

// bag is an amount in the shop's currency.
type bag struct {
	Shop struct {
		Amount   string `json:"amount"`
		Currency string `json:"currencyCode"`
	} `json:"shopMoney"`
}

type place struct {
	FirstName string `json:"firstName"`
	LastName  string `json:"lastName"`
	Phone     string `json:"phone"`
	Country   string `json:"countryCodeV2"`
}

// delivery is the order as orders/updated would bring it. The GraphQL API writes
// enumerations in capitals and ids as addresses; orderTold takes both.
func (n node) delivery(domain string) (connectors.Request, error) {
	o := map[string]any{
		"admin_graphql_api_id": n.ID, "name": n.Name, "email": n.Email, "phone": n.Phone, "customer_locale": n.Locale,
		"created_at": n.Created, "processed_at": n.Processed, "updated_at": n.Updated, "cancelled_at": n.Cancelled,
		"cancel_reason": strings.ToLower(n.Reason), "test": n.Test, "currency": n.Currency,
		"financial_status": strings.ToLower(n.Status), "source_name": n.Origin, "buyer_accepts_marketing": n.OptIn,
		"line_items": n.lines(), "discount_codes": n.codes(), "refunds": n.refunds(),
	}
	n.Total.put(o, "total_price")
	n.Current.put(o, "current_total_price")
	n.Billing.put(o, "billing_address")
	n.Shipping.put(o, "shipping_address")
	if c := n.Customer; c != nil {
		told := map[string]any{"admin_graphql_api_id": c.ID, "first_name": c.FirstName, "last_name": c.LastName}
		if c.Email != nil {
			told["email"] = c.Email.Address
		}
		if c.Phone != nil {
			told["phone"] = c.Phone.Number
		}
		o["customer"] = told
	}
	body, err := json.Marshal(o)
	return connectors.Request{Method: http.MethodPost, Body: body, Header: http.Header{
		"X-Shopify-Topic": {"orders/updated"}, "X-Shopify-Shop-Domain": {domain}, "Content-Type": {"application/json"},
	}}, err
}

// put writes an amount under its key, and the set that names its currency.
func (b *bag) put(to map[string]any, key string) {
	if b == nil {
		return
	}
	to[key] = b.Shop.Amount
	to[key+"_set"] = map[string]any{"shop_money": map[string]any{"amount": b.Shop.Amount, "currency_code": b.Shop.Currency}}
}

func (p *place) put(to map[string]any, key string) {
	if p != nil {
		to[key] = map[string]any{"first_name": p.FirstName, "last_name": p.LastName, "phone": p.Phone, "country_code": p.Country}
	}
}

func (n node) lines() []any {
	out := []any{}
	for _, l := range n.Lines.Nodes {
		line := map[string]any{"title": l.Title, "quantity": l.Quantity}
		if l.Product != nil {
			digits, _, err := gidDigits(connectors.Text(l.Product.ID), "Product")
			if err == nil {
				line["product_id"] = digits
			}
		}
		if l.Price != nil {
			line["price"] = l.Price.Shop.Amount
		}
		out = append(out, line)
	}
	return out
}

func (n node) codes() []any {
	out := []any{}
	for _, c := range n.Codes {
		out = append(out, map[string]any{"code": c})
	}
	return out
}

// refunds is what was given back in all, as one refund.
func (n node) refunds() []any {
	if n.Refunded == nil {
		return []any{}
	}
	back := n.Refunded.Shop
	return []any{map[string]any{"transactions": []any{
		map[string]any{"kind": "refund", "status": "success", "amount": back.Amount, "currency": back.Currency},
	}}}
}
