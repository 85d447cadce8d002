package mapping

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"ritorno/internal/lifecycle"
)

// function is one word of the vocabulary. docs/mapping.md describes each; a
// test holds the two together.
type function struct {
	name string
	form any // a nil function of the form, for the check of the number of arguments
	call func(args ...any) (any, error)
}

// of1 and of2 are forms with one and two arguments.
var (
	of1  = new(func(any) any)
	of2  = new(func(any, any) any)
	some = new(func(...any) any)
)

// functions are ours. None of them makes its result longer than what it was
// given, but for a few bytes: an expression stays as bounded as its body.
var functions = []function{
	{"text", of1, func(a ...any) (any, error) { return textOr(a[0], nil) }},
	{"number", of1, func(a ...any) (any, error) { return number(a[0]) }},
	{"yes", of1, func(a ...any) (any, error) { v, _ := truth(a[0]); return v, nil }},
	{"first", some, first},
	{"lower", of1, func(a ...any) (any, error) { return onText(a[0], strings.ToLower) }},
	{"upper", of1, func(a ...any) (any, error) { return onText(a[0], strings.ToUpper) }},
	{"trim", of1, func(a ...any) (any, error) { return onText(a[0], strings.TrimSpace) }},
	{"before", of2, before},
	{"after", of2, after},
	{"opted_in", of1, func(a ...any) (any, error) { return decided(a[0], "subscribed", "unsubscribed") }},
	{"opted_out", of1, func(a ...any) (any, error) { return decided(a[0], "unsubscribed", nil) }},
	{"unix", of1, func(a ...any) (any, error) { return since1970(a[0], time.Second) }},
	{"unix_ms", of1, func(a ...any) (any, error) { return since1970(a[0], time.Millisecond) }},
	{"date", of2, date},
	{"local", of2, local},
}

// Functions lists the functions that an expression may call.
func Functions() []string { return functionNames }

var functionNames = func() []string {
	var list []string
	for _, f := range functions {
		list = append(list, f.name)
	}
	list = append(list, builtins...)
	slices.Sort(list)
	return list
}()

// scalar is a single value as text. Nothing is no text.
func scalar(v any) (string, bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case bool:
		return strconv.FormatBool(x), true
	case int:
		return strconv.Itoa(x), true
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64), true
	}
	return "", false
}

func textOr(v, otherwise any) (any, error) {
	if v == nil {
		return otherwise, nil
	}
	if s, ok := scalar(v); ok {
		return s, nil
	}
	return nil, fault("is an object or a list where a single value is needed")
}

func onText(v any, f func(string) string) (any, error) {
	t, err := textOr(v, nil)
	if s, ok := t.(string); ok {
		return f(s), err
	}
	return nil, err
}

// number reads plain digits with a decimal point; nothing stays nothing.
func number(v any) (any, error) {
	switch x := v.(type) {
	case nil, int, float64:
		return x, nil
	case string:
		if strings.TrimSpace(x) == "" {
			return nil, nil
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(x), 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, fault("is no number such as 49.90")
		}
		return f, nil
	}
	return nil, fault("is no number such as 49.90")
}

// truth reads a yes or no; known is false for everything else.
func truth(v any) (on, known bool) {
	s, _ := scalar(v)
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "true", "yes", "on", "1":
		return true, true
	case "false", "no", "off", "0":
		return false, true
	}
	return false, false
}

func decided(v, yes, no any) (any, error) {
	if said(v) == nil {
		return nil, nil
	}
	on, known := truth(v)
	switch {
	case !known:
		return nil, fault("is neither yes nor no")
	case on:
		return yes, nil
	}
	return no, nil
}

// said is nil for what says nothing.
func said(v any) any {
	if s, ok := v.(string); ok && strings.TrimSpace(s) == "" {
		return nil
	}
	return v
}

// first is the first of the values that says something.
func first(args ...any) (any, error) {
	for _, v := range args {
		if said(v) != nil {
			return v, nil
		}
	}
	return nil, nil
}

func before(args ...any) (any, error) {
	return cut(args, func(head, _ string, _ bool) string { return head })
}

func after(args ...any) (any, error) {
	return cut(args, func(_, tail string, _ bool) string { return tail })
}

// cut takes a text apart at the first place of another.
func cut(args []any, part func(head, tail string, found bool) string) (any, error) {
	at, _ := scalar(args[1])
	if at == "" {
		return nil, fault("needs a text to cut at, such as a blank")
	}
	return onText(args[0], func(s string) string { return strings.TrimSpace(part(strings.Cut(strings.TrimSpace(s), at))) })
}

// maxUnix is the last second of the year 9999.
const maxUnix = 253402300799

// since1970 writes a count of seconds or milliseconds as a time in ISO 8601.
func since1970(v any, unit time.Duration) (any, error) {
	s, _ := scalar(v)
	if s = strings.TrimSpace(s); v == nil || s == "" || s == "0" {
		return nil, nil
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n >= 0 && n*unit.Seconds() <= maxUnix) {
		return nil, fault("is no time counted since 1970, in this unit")
	}
	whole := int64(n)
	if unit == time.Millisecond {
		return time.UnixMilli(whole).UTC().Format(time.RFC3339Nano), nil
	}
	return time.Unix(whole, 0).UTC().Format(time.RFC3339), nil
}

// forms of the letters in a date's form.
var forms = strings.NewReplacer("YYYY", "2006", "YY", "06", "MM", "01", "DD", "02", "hh", "15", "mm", "04", "ss", "05")

// date reads a time in a form of one's own, such as DD/MM/YYYY hh:mm.
func date(args ...any) (any, error) {
	form, _ := scalar(args[1])
	layout := forms.Replace(form)
	if layout == form || len(form) > 40 {
		return nil, fault("needs a form such as DD/MM/YYYY hh:mm")
	}
	s, ok := scalar(args[0])
	if s = strings.TrimSpace(s); !ok || s == "" {
		return nil, nil
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return nil, fault("is no time in the form that is given")
	}
	return t.Format("2006-01-02T15:04:05"), nil
}

// local reads a time without an offset as the clocks of a zone showed it. One
// with an offset stays as it is.
func local(args ...any) (any, error) {
	name, _ := scalar(args[1])
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, fault("needs a time zone such as Europe/Rome")
	}
	s, ok := scalar(args[0])
	if s = strings.TrimSpace(s); !ok || s == "" {
		return nil, nil
	}
	s = strings.Replace(s, " ", "T", 1)
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if wall, err := time.Parse(layout, s); err == nil {
			return lifecycle.OnWall(wall, zone).Format(time.RFC3339Nano), nil
		}
	}
	return s, nil
}
