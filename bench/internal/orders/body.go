package orders

import (
	"fmt"
	"time"
)

// body writes an order with the fields that Shopify documents for the topic,
// in the size that its orders have.
func (m *Maker) body(n int64, p person) []byte {
	at := m.base.Add(-time.Duration(m.chance.IntN(86_400)) * time.Second).Format(time.RFC3339)
	lines, total := m.lines(n)
	b := make([]byte, 0, 4096)
	id := 6_200_000_000_000 + n
	b = fmt.Appendf(b, `{"id":%d,"admin_graphql_api_id":"gid://shopify/Order/%d","app_id":580111,"browser_ip":"192.0.2.%d","buyer_accepts_marketing":%t,`,
		id, id, n%254+1, n%3 != 0)
	b = fmt.Appendf(b, `"cancel_reason":null,"cancelled_at":null,"cart_token":"c1-%016x","checkout_id":%d,"client_details":{"accept_language":"it-IT","browser_height":null,"browser_ip":"192.0.2.%d","session_hash":null,"user_agent":"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36"},`,
		n, 35_000_000_000_000+n, n%254+1)
	b = fmt.Appendf(b, `"closed_at":null,"confirmed":true,"contact_email":%q,"created_at":%q,"currency":"EUR",`, p.email, at)
	for _, name := range []string{"current_subtotal_price", "current_total_price", "subtotal_price", "total_line_items_price", "total_price"} {
		b = fmt.Appendf(b, `%q:%q,`, name, total)
		b = fmt.Appendf(b, `"%s_set":%s,`, name, set(total))
	}
	b = fmt.Appendf(b, `"current_total_discounts":"0.00","current_total_tax":"0.00","customer_locale":"it-IT","discount_codes":[],"email":%q,"estimated_taxes":false,"financial_status":"paid","fulfillment_status":null,"landing_site":"/","location_id":null,`, p.email)
	b = fmt.Appendf(b, `"name":"#%d","note":null,"note_attributes":[],"number":%d,"order_number":%d,"order_status_url":"https://bottega.example/orders/%016x/authenticate","payment_gateway_names":["shopify_payments"],"phone":%q,"presentment_currency":"EUR","processed_at":%q,"referring_site":null,"source_name":"web","tags":"","tax_exempt":false,"tax_lines":[],"taxes_included":true,"test":false,`,
		1001+n, 1+n, 1001+n, n*2654435761, p.phone, at)
	b = fmt.Appendf(b, `"total_discounts":"0.00","total_outstanding":"0.00","total_shipping_price_set":%s,"total_tax":"0.00","total_weight":900,"updated_at":%q,"user_id":null,`, set("0.00"), at)
	b = append(append(b, `"billing_address":`...), address(p, false)...)
	b = fmt.Appendf(b, `,"customer":{"id":%d,"email":%q,"created_at":%q,"updated_at":%q,"first_name":%q,"last_name":%q,"state":"disabled","note":null,"verified_email":true,"tax_exempt":false,"tags":"","currency":"EUR","phone":%q,"admin_graphql_api_id":"gid://shopify/Customer/%d","default_address":%s},`,
		p.id, p.email, at, at, p.first, p.last, p.phone, p.id, address(p, true))
	b = append(append(append(b, `"line_items":[`...), lines...), `],"refunds":[],"shipping_lines":[]}`...)
	return b
}

// lines are one or two products and what they cost together.
func (m *Maker) lines(n int64) (list []byte, total string) {
	cents := 0
	for i := range 1 + int(n%2) {
		price := 500 + m.chance.IntN(7500)
		cents += price
		if i > 0 {
			list = append(list, ',')
		}
		k := m.chance.IntN(len(products))
		list = fmt.Appendf(list, `{"id":%d,"admin_graphql_api_id":"gid://shopify/LineItem/%d","current_quantity":1,"fulfillable_quantity":1,"fulfillment_service":"manual","fulfillment_status":null,"gift_card":false,"grams":450,"name":%q,"price":%q,"product_exists":true,"product_id":%d,"properties":[],"quantity":1,"requires_shipping":true,"sku":"SKU-%d","taxable":true,"title":%q,"total_discount":"0.00","variant_id":%d,"variant_title":null,"vendor":"Bottega Rossi","tax_lines":[],"discount_allocations":[]}`,
			14_000_000_000_000+2*n+int64(i), 14_000_000_000_000+2*n+int64(i), products[k], euros(price), 8_000_000_000_000+int64(k), k, products[k], 44_000_000_000_000+int64(k))
	}
	return list, euros(cents)
}

func euros(cents int) string { return fmt.Sprintf("%d.%02d", cents/100, cents%100) }

func set(amount string) string {
	return fmt.Sprintf(`{"shop_money":{"amount":%q,"currency_code":"EUR"}}`, amount)
}

func address(p person, withID bool) string {
	id := ""
	if withID {
		id = fmt.Sprintf(`"id":%d,"customer_id":%d,"default":true,`, p.id+1_000_000_000, p.id)
	}
	return fmt.Sprintf(`{%s"first_name":%q,"address1":%q,"phone":%q,"city":%q,"zip":"40121","province":"Bologna","country":"Italy","last_name":%q,"address2":null,"company":null,"name":%q,"country_code":"IT","province_code":"BO"}`,
		id, p.first, p.street, p.phone, p.city, p.last, p.first+" "+p.last)
}
