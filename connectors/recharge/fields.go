package recharge

import (
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// Bounds of what is taken from a body, in bytes, and of lists.
const (
	maxName    = 100
	maxTitle   = 200
	maxCode    = 64
	maxReason  = 200
	maxAddress = 320
	maxPhone   = 64
	maxItems   = 5
)

// external is an object's id in the shop system.
type external struct {
	Ecommerce connectors.ID `json:"ecommerce"`
}

// address is a postal address: we use its names, phone, country and region only.
type address struct {
	FirstName   connectors.Text `json:"first_name"`
	LastName    connectors.Text `json:"last_name"`
	Phone       connectors.Text `json:"phone"`
	CountryCode connectors.Text `json:"country_code"`
	Province    connectors.Text `json:"province"`
	Zip         connectors.Text `json:"zip"`
}

// country is an ISO 3166 alpha-2 code or nothing.
func country(t connectors.Text) string {
	s := strings.ToUpper(strings.TrimSpace(string(t)))
	if len(s) != 2 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	return s
}

// money counts an amount of a currency; at names the amount's field.
func money(a connectors.Amount, code connectors.Text, at string) (lifecycle.Money, error) {
	currency := strings.ToUpper(strings.TrimSpace(string(code)))
	if len(currency) != 3 || strings.Trim(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return lifecycle.Money{}, connectors.Malformed("/charge/currency", "is not the code of a currency")
	}
	n, err := a.Minor(currency)
	switch {
	case err != nil:
		return lifecycle.Money{}, connectors.Malformed(at, err.Error())
	case n < 0:
		return lifecycle.Money{}, connectors.Malformed(at, "is below zero")
	}
	return lifecycle.Money{Minor: n, Currency: currency}, nil
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

// firstKnown is the first time that says something, zero if none does.
func firstKnown(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
