package message

import (
	"strings"

	"github.com/govalues/decimal"
)

// numberStyle is how a language writes numbers and money.
type numberStyle struct {
	group, point string
	symbolFirst  bool // "€1,234.50" instead of "1.234,50 €"
}

// styleOf falls back to the continental form, which most languages here share.
func styleOf(lang string) numberStyle {
	if lang == "en" {
		return numberStyle{group: ",", point: ".", symbolFirst: true}
	}
	return numberStyle{group: ".", point: ","}
}

var symbols = map[string]string{
	"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "AUD": "A$", "CAD": "CA$", "NZD": "NZ$",
	"BRL": "R$", "MXN": "MX$", "INR": "₹", "CNY": "CN¥", "KRW": "₩", "ILS": "₪", "VND": "₫",
}

// minorDigits are the currencies that do not have two decimals.
var minorDigits = map[string]int{
	"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "ISK": 0, "PYG": 0, "UGX": 0, "XAF": 0, "XOF": 0, "XPF": 0,
	"BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}

// amount is money as a template sees it; printed, it is already formatted.
type amount struct {
	value    decimal.Decimal
	currency string
	lang     string
}

// newAmount reports false for text that is no decimal number.
func newAmount(text, currency, lang string) (amount, bool) {
	d, err := decimal.Parse(strings.TrimSpace(text))
	if err != nil {
		return amount{}, false
	}
	return amount{value: d, currency: strings.ToUpper(strings.TrimSpace(currency)), lang: lang}, true
}

// String formats the amount with its currency, such as "1.234,50 €". The space
// does not break.
func (a amount) String() string { return a.signed(a.number()) }

// short leaves ",00" out: "10 €", but "10,50 €".
func (a amount) short() string {
	if a.value.IsInt() {
		return a.signed(formatNumber(a.value.Abs().Rescale(0).String(), styleOf(a.lang)))
	}
	return a.String()
}

// withCode has the letters of the currency instead of its sign: "1.234,50 EUR".
func (a amount) withCode() string { return strings.TrimSuffix(a.bare()+"\u00a0"+a.currency, "\u00a0") }

// bare is the number alone: "1.234,50".
func (a amount) bare() string {
	if a.value.IsNeg() {
		return "-" + a.number()
	}
	return a.number()
}

// number is the amount without sign and currency, with the decimals of its
// currency.
func (a amount) number() string {
	digits, ok := minorDigits[a.currency]
	if !ok {
		digits = 2
	}
	return formatNumber(a.value.Abs().Rescale(digits).String(), styleOf(a.lang))
}

// signed puts sign and currency around a number.
func (a amount) signed(number string) string {
	sign := ""
	if a.value.IsNeg() {
		sign = "-"
	}
	symbol := a.currency
	if s, ok := symbols[a.currency]; ok {
		symbol = s
	}
	first := styleOf(a.lang).symbolFirst
	switch {
	case symbol == "":
		return sign + number
	case first && symbol == a.currency:
		return sign + symbol + "\u00a0" + number
	case first:
		return sign + symbol + number
	}
	return sign + number + "\u00a0" + symbol
}

// formatNumber groups the digits of a plain decimal without sign.
func formatNumber(plain string, style numberStyle) string {
	whole, fraction, _ := strings.Cut(plain, ".")
	var b strings.Builder
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(style.group)
		}
		b.WriteRune(r)
	}
	if fraction != "" {
		b.WriteString(style.point + fraction)
	}
	return b.String()
}

// formatPercent shows "12.5" as the language writes it; "" where it is no
// number above 0 and up to 100.
func formatPercent(text, lang string) string {
	d, err := decimal.Parse(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "%")))
	if err != nil || !d.IsPos() || d.Cmp(decimal.Hundred) > 0 {
		return ""
	}
	return formatNumber(d.Trim(0).String(), styleOf(lang))
}
