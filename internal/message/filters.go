package message

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/osteele/liquid"
)

var (
	errLong = fmt.Errorf("text longer than %d KiB", maxText>>10)
	errList = fmt.Errorf("list longer than %d", maxList)
	errDate = errors.New("not a date")
	errSum  = errors.New("not an amount")

	errNumber = errors.New("not a number")
)

// filterNames are all filters a template may use: those below and, of the
// library's own, the ones that calculate and default.
var filterNames = func() map[string]bool {
	names := map[string]bool{}
	for name := range textFilters("en") {
		names[name] = true
	}
	for _, name := range []string{"default", "plus", "minus", "times", "divided_by", "modulo", "round", "ceil", "floor", "abs", "size", "first", "last"} {
		names[name] = true
	}
	return names
}()

func registerFilters(lib *liquid.Engine, lang string) {
	for name, fn := range textFilters(lang) {
		lib.RegisterFilter(name, fn)
	}
}

// textFilters act on text. A missing value stays missing, so that strict
// rendering notices it and "Ciao ," cannot happen.
func textFilters(lang string) map[string]any {
	return map[string]any{
		"date":  dateFilter(lang),
		"money": moneyFilter(lang, amount.String),
		// Shopify's other forms of it.
		"money_with_currency":          moneyFilter(lang, amount.withCode),
		"money_without_currency":       moneyFilter(lang, amount.bare),
		"money_without_trailing_zeros": moneyFilter(lang, amount.short),
		"pluralize":                    pluralize,
		"at_least":                     bound(math.Max),
		"at_most":                      bound(math.Min),
		"append":                       joined(func(s, arg string) string { return s + arg }),
		"prepend":                      joined(func(s, arg string) string { return arg + s }),
		"remove":                       joined(func(s, arg string) string { return strings.ReplaceAll(s, arg, "") }),
		"remove_first":                 joined(func(s, arg string) string { return strings.Replace(s, arg, "", 1) }),
		"replace":                      replaced(-1),
		"replace_first":                replaced(1),
		"replace_last":                 onLast(func(s string, at, n int, with string) string { return s[:at] + with + s[at+n:] }),
		"remove_last":                  joined(removeLast),
		"url_decode":                   mapped(urlDecode),
		"handleize":                    mapped(handle),
		"handle":                       mapped(handle),
		"capitalize":                   mapped(capitalize),
		"upcase":                       mapped(strings.ToUpper),
		"downcase":                     mapped(strings.ToLower),
		"strip":                        mapped(strings.TrimSpace),
		"lstrip":                       mapped(func(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) }),
		"rstrip":                       mapped(func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }),
		"strip_newlines":               mapped(func(s string) string { return strings.ReplaceAll(s, "\n", "") }),
		"strip_html":                   mapped(func(s string) string { return htmlTag.ReplaceAllString(s, "") }),
		"url_encode":                   mapped(url.QueryEscape),
		// Compose escapes for the channel itself: a second time would show.
		"escape":        mapped(func(s string) string { return s }),
		"escape_once":   mapped(func(s string) string { return s }),
		"truncate":      truncate,
		"truncatewords": truncateWords,
		"slice":         slice,
		"split":         split,
		"join":          join,
	}
}

var htmlTag = regexp.MustCompile(`<[^>]*>`)

func mapped(fn func(string) string) any {
	return func(v any) (any, error) {
		if v == nil {
			return nil, nil
		}
		return bounded(fn(fmt.Sprint(v)))
	}
}

func joined(fn func(s, arg string) string) any {
	return func(v any, arg string) (any, error) {
		if v == nil {
			return nil, nil
		}
		return bounded(fn(fmt.Sprint(v), arg))
	}
}

// replaced counts the length first: replacing each letter by a long text
// would otherwise be built before it is refused.
func replaced(n int) any {
	return func(v any, old, with string) (any, error) {
		if v == nil {
			return nil, nil
		}
		s := fmt.Sprint(v)
		hits := strings.Count(s, old)
		if n > 0 {
			hits = min(hits, n)
		}
		if len(s)+hits*len(with) > maxText {
			return nil, errLong
		}
		return strings.Replace(s, old, with, n), nil
	}
}

func bounded(s string) (any, error) {
	if len(s) > maxText {
		return nil, errLong
	}
	return s, nil
}

// capitalize makes the first letter large and the others small, as in shops'
// own templates.
func capitalize(s string) string {
	runes := []rune(strings.ToLower(s))
	if len(runes) > 0 {
		runes[0] = unicode.ToUpper(runes[0])
	}
	return string(runes)
}

// truncate shortens to n characters with the ellipsis counted in.
func truncate(v any, length func(int) int, ellipsis func(string) string) (any, error) {
	if v == nil {
		return nil, nil
	}
	runes, n, dots := []rune(fmt.Sprint(v)), length(50), []rune(ellipsis("..."))
	if len(runes) <= n {
		return string(runes), nil
	}
	return bounded(string(runes[:max(0, min(n-len(dots), len(runes)))]) + string(dots))
}

func truncateWords(v any, count func(int) int, ellipsis func(string) string) (any, error) {
	if v == nil {
		return nil, nil
	}
	list, n := strings.Fields(fmt.Sprint(v)), max(1, count(15))
	if len(list) <= n {
		return fmt.Sprint(v), nil
	}
	return bounded(strings.Join(list[:n], " ") + ellipsis("..."))
}

func join(list []any, separator func(string) string) (any, error) {
	parts := make([]string, 0, len(list))
	for _, v := range list {
		if v != nil {
			parts = append(parts, fmt.Sprint(v))
		}
	}
	return bounded(strings.Join(parts, separator(" ")))
}

func slice(v any, start int, length func(int) int) any {
	if v == nil {
		return nil
	}
	runes := []rune(fmt.Sprint(v))
	if start < 0 {
		start += len(runes)
	}
	if start < 0 || start >= len(runes) {
		return ""
	}
	n := max(0, min(length(1), len(runes)-start))
	return string(runes[start : start+n])
}

func split(v any, sep string) (any, error) {
	if v == nil {
		return nil, nil
	}
	s := fmt.Sprint(v)
	if strings.Count(s, sep) > maxList {
		return nil, errList
	}
	list := strings.Split(s, sep)
	if sep == " " {
		list = strings.Fields(s)
	}
	return list, nil
}

func dateFilter(lang string) any {
	return func(v any, layout func(string) string) (any, error) {
		m, ok := v.(moment)
		if !ok {
			if v == nil {
				return nil, nil
			}
			at, err := parseDate(fmt.Sprint(v))
			if err != nil {
				return nil, err
			}
			m = moment{at: at, now: at, lang: lang}
		}
		if f := layout(""); f != "" {
			return m.format(f), nil
		}
		return m.String(), nil
	}
}

func parseDate(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateTime, time.DateOnly} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, nil
		}
	}
	return time.Time{}, errDate
}

// moneyFilter shows an amount in one form; a plain number may name its currency.
func moneyFilter(lang string, form func(amount) string) any {
	return func(v any, currency func(string) string) (any, error) {
		switch v := v.(type) {
		case nil:
			return nil, nil
		case amount:
			if c := currency(""); c != "" {
				v.currency = strings.ToUpper(c)
			}
			return form(v), nil
		}
		a, ok := newAmount(fmt.Sprint(v), currency(""), lang)
		if !ok {
			return nil, errSum
		}
		return form(a), nil
	}
}

// pluralize chooses between a word for one and one for any other number.
func pluralize(v any, one, many string) (any, error) {
	if v == nil {
		return nil, nil
	}
	n, err := strconv.ParseFloat(fmt.Sprint(v), 64)
	switch {
	case err != nil:
		return nil, errNumber
	case n == 1:
		return one, nil
	}
	return many, nil
}

// bound keeps a number on one side of another.
func bound(choose func(a, b float64) float64) any {
	return func(v any, limit float64) (any, error) {
		if v == nil {
			return nil, nil
		}
		n, err := strconv.ParseFloat(fmt.Sprint(v), 64)
		if err != nil {
			return nil, errNumber
		}
		return choose(n, limit), nil
	}
}

func removeLast(s, arg string) string {
	if i := strings.LastIndex(s, arg); i >= 0 {
		return s[:i] + s[i+len(arg):]
	}
	return s
}

func onLast(change func(s string, at, n int, with string) string) any {
	return func(v any, old, with string) (any, error) {
		if v == nil {
			return nil, nil
		}
		s := fmt.Sprint(v)
		if i := strings.LastIndex(s, old); i >= 0 {
			return bounded(change(s, i, len(old), with))
		}
		return s, nil
	}
}

// urlDecode leaves what is not encoded well as it is.
func urlDecode(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return strings.ToValidUTF8(plain, "")
	}
	return s
}

// handle is a text as it stands in addresses of Shopify: "100% M & Ms!!!" is
// "100-m-ms".
func handle(s string) string {
	return strings.Trim(notHandle.ReplaceAllString(strings.ToLower(unaccent(s)), "-"), "-")
}

var notHandle = regexp.MustCompile(`[^\pL\d]+`)
