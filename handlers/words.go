package handlers

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"ritorno/internal/lifecycle"
)

// choice is one answer that a page offers: a word for programs, a text for
// people.
type choice struct{ Value, Text string }

// question is a page with one question: choices, a few words besides, or both.
type question struct {
	Title, Lead string
	Ask         string
	Choices     []choice
	More        string // what may be added in free words
}

// heading is what stands on top of a page.
type heading struct{ Title, Lead string }

// invitation is an offer to somebody who cancelled, fitting the reason.
type invitation struct{ Title, Lead, Field, Button string }

// words are all texts of the pages in one language. Every text of a page stands
// here; a test holds that none is empty and none unused.
type words struct {
	Lang         string
	Hello        string
	Days, Months []string // of the week from Sunday, of the year from January

	Survey, Back, Stay, Check, Leave question
	News                             heading // asks what Back does
	SendAnswer, MissingChoice, Wrong string
	Thanks, AnswerIn                 string

	Discount          heading // offers after a cancellation
	Pause, Help, Open invitation
	Payment           invitation // after a payment that failed
	MissingText       string

	ContestTitle, ContestLead, ContestRules, ContestAccept, ContestAgree, ContestEnter string
	MissingRules, ContestRegistration, ContestUntil, ContestIn, ContestAlready         string
	ContestSoonTitle, ContestSoon, ContestOverTitle, ContestOver                       string

	CouponTitle, CouponCode, CouponCopy, CouponCopied, CouponUntil, CouponEnds, CouponOver string
	StayTitle, StayLead, StayButton, StayNoted                                             string

	PlainTitle, PlainLead, ToShop, Preferences string

	GoneTitle, GoneText, BusyTitle, BusyText, AwayTitle, AwayText string

	PrefTitle, PrefLead, PrefChannels, PrefAt, PrefEmail, PrefSMS, PrefNone, PrefSave string
	PrefSaved, PrefOut, PrefKeepTitle, PrefKeepLead                                   string
	PauseTitle, PauseLead, PauseUntil, PauseStart, PauseShorter, PauseLonger          string
	PauseEnd, PauseSaved, PauseEnded                                                  string
	LeaveTitle, LeaveWhy, LeaveAll, LeaveSend, LeaveNoted                             string
	LeaveReasons                                                                      []choice

	OutTitle, OutText, TakenTitle, TakenText string
}

// byBusiness are the words of one language for each kind of business.
type byBusiness map[lifecycle.Business]*words

var texts = map[string]byBusiness{"it": fitted(&italian, italianFor), "en": fitted(&english, englishFor)}

// fitted puts what is said differently in the place of the words of a shop that
// sells goods.
func fitted(base *words, other map[lifecycle.Business]words) byBusiness {
	all := byBusiness{}
	for _, b := range lifecycle.Businesses() {
		w := *base
		overlay(reflect.ValueOf(&w).Elem(), reflect.ValueOf(other[b]))
		all[b] = &w
	}
	return all
}

// overlay sets the fields of w that are not empty in o.
func overlay(w, o reflect.Value) {
	for i := range w.NumField() {
		switch f := o.Field(i); {
		case f.Kind() == reflect.Struct:
			overlay(w.Field(i), f)
		case !f.IsZero():
			w.Field(i).Set(f)
		}
	}
}

// wordsFor are the words of a language for a kind of business. Languages that
// we do not have get English.
func wordsFor(locale string, b lifecycle.Business) *words {
	base, _, _ := strings.Cut(strings.ToLower(locale), "-")
	all, ok := texts[base]
	if !ok {
		all = texts["en"]
	}
	if w, ok := all[b]; ok {
		return w
	}
	return all[lifecycle.Ecommerce]
}

// day writes a day as people of the language do. With the day of the week
// Italian needs no article, which would hang on the number.
func (w *words) day(t time.Time, loc *time.Location) string {
	t = t.In(loc)
	return fmt.Sprintf("%s %d %s %d", w.Days[t.Weekday()], t.Day(), w.Months[t.Month()-1], t.Year())
}
