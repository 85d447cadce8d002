package history

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"ritorno/internal/lifecycle"
)

// maxID is the longest id in bytes.
const maxID = 200

// row reads the fields of a record.
func (r *Reader) row(n int, fields []string) (Row, error) {
	out := Row{Line: n}
	if len(fields) > r.width {
		return out, &BadLine{Line: n, Reason: fmt.Sprintf("has %d fields, the header has %d: put quotes around a field that holds the separator", len(fields), r.width)}
	}
	currency := ""
	for _, column := range known {
		text, err := r.field(fields, column)
		switch {
		case err != "":
		case column == "customer_id":
			out.CustomerID, err = id(text)
		case column == "order_id":
			out.OrderID, err = id(text)
		case column == "ordered_at":
			out.At, err = instant(text, r.Zone)
		case column == "currency":
			currency, err = code(text, r.Currency)
		case column == "product":
			out.Product = text
		case column == "category":
			out.Category = text
		case column == "discount_code":
			out.DiscountCode = text
		}
		if err != "" {
			return out, &BadLine{n, column, err}
		}
	}
	text, _ := r.field(fields, "total")
	minor, fault := amount(text, lifecycle.Decimals(currency))
	if fault != "" {
		return out, &BadLine{n, "total", fault}
	}
	out.Total = lifecycle.Money{Minor: minor, Currency: currency}
	out.Cancellation = minor < 0 || strings.HasPrefix(out.OrderID, "C")
	return out, nil
}

// field is the trimmed text of a column; empty where there is none.
func (r *Reader) field(fields []string, column string) (text, fault string) {
	at, ok := r.at[column]
	if !ok || at >= len(fields) {
		return "", ""
	}
	if !utf8.ValidString(fields[at]) {
		return "", "is not UTF-8: save the file as CSV UTF-8"
	}
	return strings.TrimSpace(fields[at]), ""
}

func id(text string) (_, fault string) {
	switch {
	case text == "":
		return "", "is missing"
	case len(text) > maxID:
		return "", fmt.Sprintf("is longer than %d bytes", maxID)
	case strings.ContainsFunc(text, func(x rune) bool { return unicode.IsControl(x) || x == utf8.RuneError }):
		return "", "holds characters that cannot be seen"
	}
	return text, ""
}

func code(text, standard string) (_, fault string) {
	if text == "" {
		text = standard
	}
	if text == "" {
		return "", "is missing"
	}
	text = strings.ToUpper(text)
	if len(text) != 3 || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "", "is no ISO 4217 code, such as EUR"
	}
	return text, ""
}

// layouts of times: local ones, and with an offset of their own.
var (
	local  = []string{"2006-01-02", "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"}
	offset = []string{"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00"}
)

func instant(text string, zone *time.Location) (_ time.Time, fault string) {
	if zone == nil {
		zone = time.UTC
	}
	if text == "" {
		return time.Time{}, "is missing"
	}
	const day = len(time.DateOnly)
	layouts, zoned := local, len(text) > day && strings.ContainsAny(text[day:], "Z+-")
	if zoned {
		layouts = offset
	}
	for _, layout := range layouts {
		if len(text) > 40 || (len(text) > day) != (len(layout) > day) || len(text) > day && text[day] != layout[day] {
			continue // a try that fails costs more than one that does not
		}
		at, err := time.Parse(layout, text)
		switch {
		case err != nil:
		case zoned:
			return plausible(at.In(zone))
		default:
			return plausible(lifecycle.OnWall(at, zone))
		}
	}
	return time.Time{}, "is no time such as 2026-11-20 or 2026-11-20T08:00:21"
}

func plausible(at time.Time) (_ time.Time, fault string) {
	if y := at.Year(); y < 1900 || y > 2200 {
		return time.Time{}, "lies outside the years 1900 to 2200"
	}
	return at, ""
}

// amount reads a decimal number as minor units. A comma may stand for the
// point where it cannot be a mark between thousands.
func amount(text string, decimals int) (minor int64, fault string) {
	const shape = "is no decimal number such as 49.90"
	digits, negative := strings.CutPrefix(text, "-")
	whole, fraction, pointed := strings.Cut(digits, ".")
	if !pointed {
		whole, fraction, pointed = strings.Cut(digits, ",")
		if len(fraction) > 2 {
			return 0, "has a comma that may divide thousands: write 1234.50"
		}
	}
	switch {
	case text == "":
		return 0, "is missing"
	case !allDigits(whole), pointed && !allDigits(fraction):
		return 0, shape
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > decimals {
		return 0, fmt.Sprintf("has more than the %d decimal places of its currency", decimals)
	}
	whole = strings.TrimLeft(whole, "0")
	if len(whole) > 12 {
		return 0, "is larger than any order"
	}
	minor, err := strconv.ParseInt("0"+whole+fraction+strings.Repeat("0", decimals-len(fraction)), 10, 64)
	if err != nil {
		return 0, shape
	}
	if negative {
		minor = -minor
	}
	return minor, ""
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
