package config

import (
	"errors"
	"regexp"

	"github.com/govalues/decimal"
)

// Price is an amount with its currency. It may be finer than the currency's
// coins: what an SMS costs is.
type Price struct {
	Value    decimal.Decimal // not below 0
	Currency string          // ISO 4217
}

var priceForm = regexp.MustCompile(`^([0-9]{1,6}(?:\.[0-9]{1,6})?) ([A-Z]{3})$`)

func parsePrice(text string) (any, error) {
	bad := errors.New(`must be an amount and a currency, such as "0.0825 EUR"`)
	m := priceForm.FindStringSubmatch(text)
	if m == nil {
		return nil, bad
	}
	d, err := decimal.Parse(m[1])
	if err != nil {
		return nil, bad
	}
	return Price{d, m[2]}, nil
}

// Times is what n of them cost, as text such as "0.165 EUR".
func (p Price) Times(n int) string {
	count, err := decimal.New(int64(n), 0)
	if err != nil {
		return ""
	}
	sum, err := p.Value.Mul(count)
	if err != nil { // more digits than there are in any price
		return ""
	}
	return sum.Trim(2).String() + " " + p.Currency
}
