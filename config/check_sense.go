package config

import (
	"fmt"
	"strings"

	"ritorno/internal/lifecycle"
	"ritorno/internal/when"
)

// parseCondition compiles a condition and refuses texts that a name of ours is
// never equal to, such as a state with a letter too few.
func parseCondition(src string) (any, error) {
	e, err := when.Compile(src)
	if err != nil {
		return nil, err
	}
	if wrong := e.Misspelt(vocabulary); wrong != nil {
		return nil, wrong
	}
	return e, nil
}

// vocabulary says what is wrong with a text that one of our names is compared
// with, for names whose texts are ours.
var vocabulary = map[string]func(string) string{
	"state":               among("state", states()...),
	"trigger":             among("trigger", lifecycle.OnInactivity, lifecycle.OnReturn, lifecycle.OnCancellation, lifecycle.OnEarlyWarning, lifecycle.OnPaymentFailed, lifecycle.OnImport, lifecycle.OnAPI),
	"cancel_reason_class": among("cancel_reason_class", "", lifecycle.CancelPrice, lifecycle.CancelMissing, lifecycle.CancelUnused, lifecycle.CancelService, lifecycle.CancelMoved, lifecycle.CancelFraud, lifecycle.CancelPayment, lifecycle.CancelOther),
	"country": func(text string) string {
		if text == "" || countryForm.MatchString(text) {
			return ""
		}
		return `country is never this: write two capital letters (ISO 3166), such as "IT"`
	},
}

// verifySense warns of a condition that comes out the same for everybody.
func verifySense(r *report, path string, e *when.Expr, never, always string) {
	if !r.given(path) || e == nil {
		return
	}
	switch e.Verdict() {
	case when.Never:
		r.warn(path, "never holds, whoever the contact is: "+never)
	case when.Always:
		r.warn(path, "always holds, whoever the contact is: "+always)
	}
}

// verifySense checks the conditions of a journey and of its steps.
func (j *Journey) verifySense(r *report, path string) {
	verifySense(r, path+".stop_if", j.StopIf, "it stops nothing; take it out", "the journey ends before its first message; take it out")
	for i, s := range j.Steps {
		at := fmt.Sprintf("%s.steps[%d]", path, i)
		verifySense(r, at+".when", s.When, "this step is never sent; take it out", "it chooses nobody; take it out")
		verifySense(r, at+".stop_if", s.StopIf, "it stops nothing; take it out", "the journey ends before this step; take it out")
	}
}

func states() (list []string) {
	for _, s := range []lifecycle.State{lifecycle.Active, lifecycle.Dormant, lifecycle.Cancelled, lifecycle.Returning, lifecycle.UnsubscribedState} {
		list = append(list, s.String())
	}
	return list
}

// among accepts some words; an empty one stands for "not known".
func among[T ~string](name string, words ...T) func(string) string {
	var list []string
	for _, w := range words {
		list = append(list, string(w))
	}
	named := list
	if list[0] == "" {
		named = list[1:]
	}
	return func(text string) string {
		for _, w := range list {
			if w == text {
				return ""
			}
		}
		if near := didYouMean(text, named); near != "" {
			return name + " is never this" + near
		}
		return name + " is never this: use one of " + strings.Join(named, ", ")
	}
}
