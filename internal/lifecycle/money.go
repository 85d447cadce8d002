package lifecycle

import (
	"strconv"
	"strings"
)

// Money is an exact amount in minor units (cents) of an ISO 4217 currency.
type Money struct {
	Minor    int64
	Currency string // upper case
}

// Decimals is the number of decimal places of a currency, by ISO 4217.
func Decimals(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

// String is the amount as decimal text without the currency, such as "49.90".
func (m Money) String() string {
	d := Decimals(m.Currency)
	neg := m.Minor < 0
	n := uint64(m.Minor)
	if neg {
		n = -n
	}
	s := strconv.FormatUint(n, 10)
	if d > 0 {
		if len(s) <= d {
			s = strings.Repeat("0", d-len(s)+1) + s
		}
		s = s[:len(s)-d] + "." + s[len(s)-d:]
	}
	if neg {
		s = "-" + s
	}
	return s
}
