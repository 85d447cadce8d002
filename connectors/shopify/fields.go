package shopify

import (
	"strings"

	"ritorno/connectors"
	"ritorno/internal/identity"
	"ritorno/internal/lifecycle"
)

// Bounds of what is taken from a body, in bytes.
const (
	maxName    = 100
	maxTitle   = 200
	maxCode    = 64
	maxReason  = 200
	maxAddress = 320 // of e-mail; identity refuses what is longer anyway
	maxPhone   = 64
)

// address is a postal address: we use its names, phone and country only.
type address struct {
	FirstName   connectors.Text `json:"first_name"`
	LastName    connectors.Text `json:"last_name"`
	Phone       connectors.Text `json:"phone"`
	CountryCode connectors.Text `json:"country_code"`
	Province    connectors.Text `json:"province_code"`
	Zip         connectors.Text `json:"zip"`
}

// region is the part of its country in which an address lies.
func (a address) region() string {
	return lifecycle.RegionOf(country(a.CountryCode), a.Province.Line(maxName), a.Zip.Line(maxPhone))
}

// country is an ISO 3166 alpha-2 code or nothing.
func country(t connectors.Text) string {
	s := strings.ToUpper(strings.TrimSpace(string(t)))
	if len(s) != 2 || s[0] < 'A' || s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z' {
		return ""
	}
	return s
}

// locale is a BCP 47 tag or nothing.
func locale(t connectors.Text) string {
	s := strings.ReplaceAll(strings.TrimSpace(string(t)), "_", "-")
	if len(s) < 2 || len(s) > 35 {
		return ""
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return ""
		}
	}
	return s
}

// first is the first text that says something.
func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// number is a phone number and the country it was written in.
type number struct{ phone, country string }

// phone picks the first number that its country's numbering plan knows, in
// E.164, else the first one as it was written.
func phone(numbers ...number) string {
	written := ""
	for _, n := range numbers {
		if e164, ok := identity.Phone(n.phone, n.country); ok {
			return e164
		}
		written = first(written, n.phone)
	}
	return written
}

// objectID is the id of an object of one kind ("Order"): its id, else the digits
// of its GraphQL id. A GraphQL id of another kind means that the body belongs to
// another topic.
func objectID(id connectors.ID, gid connectors.Text, kind string) (string, error) {
	digits, named, err := gidDigits(gid, kind)
	if err != nil {
		return "", connectors.Malformed("/admin_graphql_api_id", err.Error())
	}
	if id == "" && named {
		return digits, nil
	}
	if !allDigits(string(id)) {
		return "", connectors.Malformed("/id", "is missing or not a number")
	}
	return string(id), nil
}

// gidDigits reads gid://shopify/Kind/123. Other URLs say nothing.
func gidDigits(gid connectors.Text, kind string) (digits string, named bool, err error) {
	rest, found := strings.CutPrefix(string(gid), "gid://shopify/")
	if !found {
		return "", false, nil
	}
	got, digits, _ := strings.Cut(rest, "/")
	digits, _, _ = strings.Cut(digits, "?")
	if got != kind || !allDigits(digits) {
		return "", false, wrongKind(kind)
	}
	return digits, true, nil
}

// wrongKind is the reason for a GraphQL id of another kind of object.
type wrongKind string

func (k wrongKind) Error() string { return "does not name a Shopify " + string(k) }

// allDigits also bounds the length: Shopify's ids have 64 bits.
func allDigits(s string) bool {
	if s == "" || len(s) > 20 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// moneySet is an amount in the shop's and in the buyer's currency.
type moneySet struct {
	Shop connectors.Maybe[money] `json:"shop_money"`
}

type money struct {
	Amount   connectors.Amount `json:"amount"`
	Currency connectors.Text   `json:"currency_code"`
}

// currency is an ISO 4217 code or nothing.
func currency(t connectors.Text) string {
	s := strings.ToUpper(strings.TrimSpace(string(t)))
	if len(s) != 3 {
		return ""
	}
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return ""
		}
	}
	return s
}

// amount counts an amount of one currency; at names the field for the error.
func amount(a connectors.Amount, code, at string) (lifecycle.Money, error) {
	if code == "" {
		return lifecycle.Money{}, connectors.Malformed("/currency", "is not the code of a currency")
	}
	n, err := a.Minor(code)
	if err != nil {
		return lifecycle.Money{}, connectors.Malformed(at, err.Error())
	}
	return lifecycle.Money{Minor: n, Currency: code}, nil
}
