package message

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"ritorno/internal/lifecycle"
)

// sampleBase is the shop that templates are tried with while loading.
func sampleBase() Input {
	return Input{
		Timezone:       time.UTC,
		Now:            time.Date(2026, time.November, 2, 9, 0, 0, 0, time.UTC),
		Shop:           Shop{Name: "Bottega Rossi", HomeURL: "https://bottega.example", Currency: "EUR", Country: "IT"},
		Link:           "https://ritorno.example.com/l/AbCdEfGhIj",
		UnsubscribeURL: "https://ritorno.example.com/u/AbCdEfGhIj",
		PreferencesURL: "https://ritorno.example.com/u/AbCdEfGhIj",
	}
}

// knowledge are the things known of some contacts and not of others, each with
// a way to set it.
var knowledge = []func(in *Input){
	func(in *Input) { in.FirstName = "Alessandra" },
	func(in *Input) { in.LastName = "De Santis" },
	func(in *Input) { in.LastProduct = "Maglione di lana merino" },
	func(in *Input) { in.LastOrderAt = in.Now.AddDate(0, 0, -60) },
	func(in *Input) { in.LastOrderTotal = "1249.90" },
	func(in *Input) { in.Orders, in.Spent = 7, "3480.50" },
	func(in *Input) { in.Plan = "Mensile" },
	func(in *Input) { in.Module = "Consegne" },
	func(in *Input) { in.CancelReason, in.CancelReasonClass = "Troppo caro", string(lifecycle.CancelPrice) },
	func(in *Input) { in.Coupon.Code, in.Coupon.Percent = "ABCD2345", "15" },
	func(in *Input) { in.Coupon.Code, in.Coupon.Expires = "ABCD2345", in.Now.AddDate(0, 0, 28) },
	func(in *Input) { in.Coupon.Code = "ABCD2345" },
	func(in *Input) { in.Offer = Offer{Kind: "material", Type: "surprise"} },
	func(in *Input) { in.Offer = Offer{Kind: "emotional", Type: "thanks"} },
	func(in *Input) { in.Shop.Person, in.Shop.Phone = "Giulia", "+39 02 1234567" },
	func(in *Input) { in.Opened, in.OpenedAny = true, true },
	func(in *Input) { in.Framing = FramingLoss },
	func(in *Input) { in.Last = true },
}

// classes are reasons that a template may tell apart.
var classes = []lifecycle.CancelClass{
	lifecycle.CancelMissing, lifecycle.CancelUnused, lifecycle.CancelService, lifecycle.CancelMoved,
	lifecycle.CancelFraud, lifecycle.CancelPayment, lifecycle.CancelOther,
}

// samples are contacts that together take most branches of a template: all
// known, nothing known, hostile, all but one thing, one thing alone, and each
// reason for a cancellation.
func samples(base Input) []Input {
	list := []Input{known(base, func(int) bool { return true }), known(base, func(int) bool { return false }), hostile(base)}
	for i := range knowledge {
		list = append(list,
			known(base, func(j int) bool { return j != i }),
			known(base, func(j int) bool { return j == i }))
	}
	for _, class := range classes {
		for _, all := range []bool{true, false} {
			in := known(base, func(int) bool { return all })
			in.CancelReasonClass = string(class)
			list = append(list, in)
		}
	}
	return list
}

func known(base Input, has func(i int) bool) Input {
	in := Input{
		Timezone: base.Timezone, Now: base.Now, Shop: base.Shop, ShopLocale: base.ShopLocale,
		Link: base.Link, UnsubscribeURL: base.UnsubscribeURL, PreferencesURL: base.PreferencesURL,
		SMSOptOut: base.SMSOptOut, Extra: base.Extra, Business: base.Business,
	}
	if in.Now.IsZero() {
		in.Now = sampleBase().Now
	}
	for i, set := range knowledge {
		if has(i) {
			set(&in)
		}
	}
	return in
}

// hostile tries what people put into the name field of a shop.
func hostile(base Input) Input {
	in := known(base, func(int) bool { return true })
	in.FirstName = strings.Repeat("Žofie Łucja ", 9)
	in.LastName = "<script>alert(1)</script>"
	in.LastProduct = "{{ 7 | times: 7 }}{% if %} [win](https://evil.example) evil.example/x \"><b>\r\nBcc: x@evil.example"
	in.Plan, in.Module, in.CancelReason = "\u202egnp.exe", "a\u0000b\u200bc", strings.Repeat("🎁", 60)
	in.LastOrderTotal, in.Spent, in.Orders = "<b>1</b>", "NaN", -5
	in.CancelReasonClass, in.Framing = "<b>{{ x }}", "\x00"
	in.Offer = Offer{Kind: "<i>", Type: "{{", Percent: "200", Amount: "1e99", Text: "[x](javascript:y)\n\n", Expires: in.Now.AddDate(-400, 0, 0)}
	in.Coupon = Coupon{Code: "<i>'\"{{", Percent: "15%<b>", Expires: in.Now.AddDate(400, 0, 0)}
	return in
}

// check composes the template for every sample and reports each mistake once.
func (t *template) check(base Input) []Problem {
	var problems []Problem
	seen := map[Problem]bool{}
	for _, in := range samples(base) {
		_, err := t.compose(in)
		if err == nil {
			continue
		}
		p := t.problem(err)
		if !seen[p] {
			seen[p] = true
			problems = append(problems, p)
		}
	}
	return problems
}

// problem turns an error of Compose into one of a file.
func (t *template) problem(err error) Problem {
	var long *TooLongError
	var broken *renderError
	switch {
	case errors.As(err, &long):
		return Problem{t.file, t.body.line, 1, fmt.Sprintf("the SMS takes %d segments (%s) even without name and product, the limit is %d: shorten it, or declare segments: %d in its head",
			long.Segments, long.Encoding, long.Limit, long.Segments)}
	case errors.As(err, &broken):
		return Problem{t.file, broken.line, broken.column, broken.text}
	}
	return Problem{File: t.file, Text: err.Error()}
}
