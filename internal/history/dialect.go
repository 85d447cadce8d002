package history

import (
	"errors"
	"strings"
	"unicode"
)

// Kind is whose export a file is.
type Kind string

// The kinds of file.
const (
	Orders      Kind = "orders"      // our own columns: customer_id, order_id, ordered_at, total
	Contacts    Kind = "contacts"    // what ritorno export writes
	Shopify     Kind = "shopify"     // the admin's export of orders
	WooCommerce Kind = "woocommerce" // order exports of the common plugins
	Analytics   Kind = "woocommerce analytics"
	Stripe      Kind = "stripe" // the dashboard's export of payments
)

// The fields of an order or contact, whatever a file calls them.
const (
	fCustomer = iota
	fRefs
	fEmail
	fPhone
	fFirst
	fLast
	fName
	fCountry
	fLocale
	fZone
	fOrder
	fOrder2 // another id of the order, which wins where it is given
	fNumber
	fAt
	fCancelled
	fStatus
	fTotal
	fCurrency
	fRefunded
	fProduct
	fCategory
	fPrice
	fQuantity
	fCode
	fAccepts
	fCaptured
	fConsent // email_consent, then _at, _source, _evidence; then the same for sms
	fields   = fConsent + 8
)

// dialect is one kind of file. Names of columns are compared by key.
type dialect struct {
	kind  Kind
	must  [][]int        // of each list one must be there
	mark  []string       // columns that no other kind has: one must be there, where there is one
	names [fields]string // names of each field, separated by blanks, the best first
}

var dialects = []dialect{
	{
		kind: Contacts, must: [][]int{{fAt}, {fRefs}, {fEmail}}, mark: []string{"customer_ids"},
		names: with(consents, map[int]string{
			fRefs: "customer_ids", fEmail: "email", fPhone: "phone", fFirst: "first_name", fLast: "last_name",
			fCountry: "country", fLocale: "locale", fZone: "timezone", fAt: "created_at",
		}),
	},
	{
		kind: Shopify, must: [][]int{{fNumber}, {fAt}, {fTotal}, {fEmail, fPhone}}, mark: []string{"financial_status"},
		names: with(nil, map[int]string{
			fCustomer: "customer_id", fEmail: "email", fPhone: "phone billing_phone shipping_phone", fName: "billing_name shipping_name",
			fCountry: "billing_country shipping_country", fOrder: "name", fOrder2: "id", fNumber: "name", fAt: "created_at",
			fCancelled: "cancelled_at canceled_at", fStatus: "financial_status", fTotal: "total", fCurrency: "currency",
			fRefunded: "refunded_amount", fProduct: "lineitem_name", fPrice: "lineitem_price", fQuantity: "lineitem_quantity",
			fCode: "discount_code", fAccepts: "accepts_marketing",
		}),
	},
	{
		kind: Stripe, must: [][]int{{fOrder}, {fAt}, {fTotal}, {fCurrency}, {fCustomer, fEmail}},
		mark: []string{"created_utc", "created_date_utc"},
		names: with(nil, map[int]string{
			fCustomer: "customer_id", fEmail: "customer_email customer_email_metadata receipt_email billing_email", fName: "customer_name card_name",
			fCountry: "card_address_country", fOrder: "id paymentintent_id payment_intent_id", fOrder2: "invoice_id paymentintent_id payment_intent_id",
			fAt: "created_utc created_date_utc", fStatus: "status", fTotal: "amount", fCurrency: "currency",
			fRefunded: "amount_refunded", fProduct: "description", fCaptured: "captured",
		}),
	},
	{
		kind: Analytics, must: [][]int{{fOrder}, {fAt}, {fStatus}, {fTotal}}, mark: []string{"n_revenue", "net_revenue"},
		names: with(nil, map[int]string{
			fCustomer: "customer_id user_id", fEmail: "email customer_email billing_email", fPhone: "phone customer_phone billing_phone", fName: "customer customer_name",
			fCountry: "country billing_country", fOrder: "order order_number order_id", fNumber: "order order_number",
			fAt: "date order_date", fStatus: "status", fTotal: "n_revenue net_revenue", fCurrency: "currency", fProduct: "product_s products", fCode: "coupon_s coupons",
		}),
	},
	{
		kind: Orders, must: [][]int{{fOrder}, {fAt}, {fTotal}, {fCustomer, fEmail, fPhone}}, mark: []string{"ordered_at"},
		names: with(consents, map[int]string{
			fCustomer: "customer_id", fEmail: "email", fPhone: "phone", fFirst: "first_name", fLast: "last_name", fCountry: "country", fLocale: "locale",
			fZone: "timezone", fOrder: "order_id", fAt: "ordered_at", fTotal: "total", fCurrency: "currency", fProduct: "product", fCategory: "category", fCode: "discount_code",
		}),
	},
	{
		kind: WooCommerce, must: [][]int{{fOrder}, {fAt}, {fStatus}, {fTotal}, {fCustomer, fEmail, fPhone}},
		names: with(nil, map[int]string{
			fCustomer: "customer_id customer_user customer_user_id user_id", fEmail: "billing_email email_billing customer_email email customer_user_email",
			fPhone:   "billing_phone phone_billing customer_phone phone",
			fFirst:   "billing_first_name first_name_billing first_name",
			fLast:    "billing_last_name last_name_billing last_name",
			fName:    "billing_name full_name_billing billing_full_name customer_name",
			fCountry: "billing_country country_code_billing billing_country_code country",
			fOrder:   "order_id order_number id", fNumber: "order_number order_number_formatted",
			fAt: "order_date date date_created date_created_gmt created_at post_date", fStatus: "order_status status post_status",
			fTotal: "order_total order_total_amount total", fCurrency: "order_currency currency currency_code",
			fRefunded: "refunded_total order_refund_amount total_refunded refund_total order_total_refunded", fProduct: "item_name name product_name product line_item_1_name",
			fPrice: "item_cost item_total order_line_total", fQuantity: "quantity item_quantity",
			fCode: "coupon_code coupons_used coupons coupon_items",
		}),
	},
}

var consents = map[int]string{
	fConsent: "email_consent", fConsent + 1: "email_consent_at", fConsent + 2: "email_consent_source", fConsent + 3: "email_consent_evidence",
	fConsent + 4: "sms_consent", fConsent + 5: "sms_consent_at", fConsent + 6: "sms_consent_source", fConsent + 7: "sms_consent_evidence",
}

func with(some, more map[int]string) (names [fields]string) {
	for _, m := range []map[int]string{some, more} {
		for f, n := range m {
			names[f] = n
		}
	}
	return names
}

// key is a column's name as it is compared: small letters and digits, what
// stands between them as one underscore. "N. Revenue" is n_revenue.
func key(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return strings.Join(words, "_")
}

// columnsOf finds the columns of a dialect in a header: of each field the
// positions, the best first. false: the file is of another kind.
func (d *dialect) columnsOf(header []string) (at [fields][]int, ok bool) {
	place := map[string]int{}
	for i, name := range header {
		if k := key(name); k != "" {
			if _, twice := place[k]; !twice {
				place[k] = i
			}
		}
	}
	for f, names := range d.names {
		for name := range strings.FieldsSeq(names) {
			if i, ok := place[name]; ok {
				at[f] = append(at[f], i)
			}
		}
	}
	for _, any := range d.must {
		found := false
		for _, f := range any {
			found = found || len(at[f]) > 0
		}
		if !found {
			return at, false
		}
	}
	for _, m := range d.mark {
		if _, ok := place[m]; ok {
			return at, true
		}
	}
	return at, len(d.mark) == 0
}

var errUnknown = errors.New("order history: line 1 names the columns of no export that is known: " +
	"customer_id (or email), order_id, ordered_at and total; or the order export of Shopify or WooCommerce, the payments export of Stripe, or what ritorno export writes; " +
	"separated by commas, semicolons or tabs. See docs/import.md")

var errNobody = errors.New("order history: this export of WooCommerce Analytics names no customer's address, so nobody can be told from it: " +
	"use an order export with the column Email (Billing), see docs/import.md")
