package connectors

import (
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/govalues/decimal"

	"ritorno/internal/lifecycle"
)

// maxMinor bounds an amount, in minor units: ten million millions of a
// currency with two decimals. A thousand times a thousand of them still fit
// an int64.
const maxMinor = 1_000_000_000_000_000

// Amount is money as a source writes it: a decimal number or the same as text,
// such as 44.1 or "44.10". Absent is the empty Amount.
type Amount string

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (a *Amount) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	s, _, err := scalarText(dec)
	if err != nil {
		return err
	}
	if s = strings.TrimSpace(s); s != "" {
		if _, err := parseDecimal(s); err != nil {
			return err
		}
	}
	*a = Amount(s)
	return nil
}

// Known reports whether there is an amount at all; 0.00 is one.
func (a Amount) Known() bool { return a != "" }

// Minor is the amount in minor units of a currency (ISO 4217, upper case),
// exact as far as the currency has decimals. Further decimals, as binary
// fractions leave them, are rounded to the nearest unit, halves to even. The
// empty Amount is 0. The error's text is a reason for [Malformed].
func (a Amount) Minor(currency string) (int64, error) {
	if a == "" {
		return 0, nil
	}
	d, err := parseDecimal(string(a))
	if err != nil {
		return 0, err
	}
	return minor(d, lifecycle.Decimals(currency))
}

// minor counts the units of 10^-places in d.
func minor(d decimal.Decimal, places int) (int64, error) {
	d = d.Rescale(places)
	if d.Scale() != places || d.Prec() > 18 {
		return 0, badValue("an amount that no shop takes")
	}
	n := int64(d.Coef())
	if n > maxMinor {
		return 0, badValue("an amount that no shop takes")
	}
	if d.IsNeg() {
		n = -n
	}
	return n, nil
}

// parseDecimal reads plain decimal text. Its errors hold no value.
func parseDecimal(s string) (decimal.Decimal, error) {
	if len(s) > 64 {
		return decimal.Decimal{}, badValue("not a decimal amount")
	}
	d, err := decimal.Parse(s)
	if err != nil {
		return decimal.Decimal{}, badValue("not a decimal amount")
	}
	return d, nil
}

// LooseAmount is an Amount of systems without rules of their own: text may have
// a decimal comma, thousands separators, and the currency's name or sign beside
// it ("1.234,50", "€ 44,10"). What could be read in two ways, such as "1,234",
// is refused.
type LooseAmount struct{ Amount }

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (a *LooseAmount) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	s, kind, err := scalarText(dec)
	if err != nil {
		return err
	}
	if kind == '"' {
		if s, err = plainAmount(s); err != nil {
			return err
		}
	}
	if s != "" {
		if _, err := parseDecimal(s); err != nil {
			return err
		}
	}
	a.Amount = Amount(s)
	return nil
}

// plainAmount rewrites text with separators as a plain decimal number.
func plainAmount(s string) (string, error) {
	if s = strings.TrimSpace(s); s == "" {
		return "", nil
	}
	digit := func(r rune) bool { return r >= '0' && r <= '9' }
	from, to := strings.IndexFunc(s, digit), strings.LastIndexFunc(s, digit)
	if from < 0 {
		return "", badValue("not a decimal amount")
	}
	sign, ok := beside(s[:from])
	if behind, fine := beside(s[to+1:]); !ok || !fine || behind != "" {
		return "", badValue("not a decimal amount")
	}
	s = sign + s[from:to+1]
	for _, blank := range []string{" ", "\u00a0", "\u202f", "'", "’"} {
		s = strings.ReplaceAll(s, blank, "")
	}
	dots, commas := strings.Count(s, "."), strings.Count(s, ",")
	switch {
	case commas == 0 && dots <= 1:
		return s, nil
	case dots == 0 && commas == 1:
		if i := strings.IndexByte(s, ','); len(s)-i-1 == 3 {
			return "", badValue("an amount that can be read in two ways; write it with a decimal point")
		}
		return strings.Replace(s, ",", ".", 1), nil
	case dots == 0:
		return ungroup(s, ",")
	case commas == 0:
		return ungroup(s, ".")
	}
	if strings.LastIndexByte(s, ',') > strings.LastIndexByte(s, '.') {
		return mixed(s, ".", ",")
	}
	return mixed(s, ",", ".")
}

// beside reads what stands in front of or behind the digits: a sign, and the
// currency's name or sign of at most three letters.
func beside(s string) (sign string, ok bool) {
	s = strings.Trim(s, " \u00a0\u202f")
	if n := strings.Count(s, "-"); n == 1 && (strings.HasPrefix(s, "-") || strings.HasSuffix(s, "-")) {
		sign, s = "-", strings.Trim(s, "- \u00a0\u202f")
	}
	letters := 0
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.Is(unicode.Sc, r) {
			return "", false
		}
		letters++
	}
	return sign, letters <= 3
}

// mixed reads an amount with both separators: the last one is the decimal one.
func mixed(s, group, point string) (string, error) {
	if strings.Count(s, point) != 1 {
		return "", badValue("not a decimal amount")
	}
	whole, frac, _ := strings.Cut(s, point)
	whole, err := ungroup(whole, group)
	return whole + "." + frac, err
}

// ungroup takes thousands separators out, if they stand where they belong.
func ungroup(s, group string) (string, error) {
	parts := strings.Split(s, group)
	for i, p := range parts {
		if i > 0 && len(p) != 3 || i == 0 && len(strings.TrimLeft(p, "-+")) > 3 {
			return "", badValue("not a decimal amount")
		}
	}
	return strings.Join(parts, ""), nil
}
