package config

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ritorno/internal/lifecycle"
	"ritorno/internal/mapping"
	"ritorno/internal/when"
)

// Duration is a length of time, written as 90s, 15m, 36h, 30d or 6w. A day has
// 24 hours.
type Duration time.Duration

// Std is the duration for the standard library.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String is the shortest way to write it in the configuration.
func (d Duration) String() string {
	for _, u := range units {
		if unit := Duration(u.length); d != 0 && d%unit == 0 {
			return fmt.Sprintf("%d%s", d/unit, u.name)
		}
	}
	return "0s"
}

// units from long to short.
var units = []struct {
	name   string
	length time.Duration
}{
	{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second},
}

// longest is the longest duration that makes sense: 100 years.
const longest = 36525 * 24 * time.Hour

var durationForm = regexp.MustCompile(`^([0-9]{1,12})([smhdw])$`)

// ParseDuration reads a duration.
func ParseDuration(text string) (Duration, error) {
	m := durationForm.FindStringSubmatch(text)
	if m == nil {
		return 0, errors.New(`must be a duration: a whole number and one of s, m, h, d, w, such as "30d"`)
	}
	n, _ := strconv.ParseInt(m[1], 10, 64)
	for _, u := range units {
		if u.name != m[2] {
			continue
		}
		if n > int64(longest/u.length) {
			break
		}
		return Duration(n * int64(u.length)), nil
	}
	return 0, errors.New("is longer than 100 years: shorten it")
}

// Clock is a time of day, in minutes after midnight.
type Clock int

// String is the time as "21:00".
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

func parseEvery(text string) (any, error) {
	if text == "off" {
		return Every(0), nil
	}
	d, err := ParseDuration(text)
	if err != nil {
		return nil, errors.New(`must be off or a duration: a whole number and one of s, m, h, d, w, such as "15m"`)
	}
	return Every(d), nil
}

func parseClock(text string) (any, error) {
	at, err := time.Parse("15:04", text)
	if err != nil || len(text) != 5 {
		return nil, errors.New(`must be a time like "21:00"`)
	}
	return Clock(at.Hour()*60 + at.Minute()), nil
}

// Date is a day of the calendar in the shop's time zone. The zero value is no
// day.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Begins is the first instant of the day plus so many days, or the zero time.
func (d Date) begins(plus int, loc *time.Location) time.Time {
	if d == (Date{}) {
		return time.Time{}
	}
	return time.Date(d.Year, d.Month, d.Day+plus, 0, 0, 0, 0, loc).UTC()
}

func parseDate(text string) (any, error) {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return nil, errors.New("must be a date like 2026-01-31")
	}
	return Date{at.Year(), at.Month(), at.Day()}, nil
}

// ParseDormant reads none, all or a number of contacts a day.
func ParseDormant(text string) (Dormant, error) {
	switch text {
	case "none":
		return DormantNone, nil
	case "all":
		return DormantAll, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 1_000_000 {
		return 0, errors.New("must be none, all, or how many a day, from 1 to 1000000")
	}
	return Dormant(n), nil
}

// Share is a part of a whole, from 0 to 1, written as 0.1 or 10%.
type Share float64

func parseShare(text string) (any, error) {
	number, percent := strings.CutSuffix(text, "%")
	f, err := parseNumber(number)
	if percent {
		f /= 100
	}
	if err != nil || f < 0 || f >= 1 {
		return nil, errors.New("must be a share below 1, such as 0.1 or 10%")
	}
	return Share(f), nil
}

func parseNumber(text string) (float64, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, errors.New("must be a number")
	}
	return f, nil
}

// scalars are the kinds of single values. The text of the file never stands in
// an error: it may be a secret in the wrong place.
var scalars = map[reflect.Type]func(string) (any, error){
	reflect.TypeFor[string](): func(s string) (any, error) { return s, nil },
	reflect.TypeFor[Secret](): func(s string) (any, error) { return NewSecret(s), nil },
	reflect.TypeFor[bool]():   word("true", true, "false", false),
	reflect.TypeFor[int](): func(s string) (any, error) {
		n, err := strconv.Atoi(s)
		if err != nil {
			return nil, errors.New("must be a whole number")
		}
		return n, nil
	},
	reflect.TypeFor[float64]():  func(s string) (any, error) { return parseNumber(s) },
	reflect.TypeFor[Duration](): func(s string) (any, error) { return ParseDuration(s) },
	reflect.TypeFor[Every]():    parseEvery,
	reflect.TypeFor[Clock]():    parseClock,
	reflect.TypeFor[Date]():     parseDate,
	reflect.TypeFor[Share]():    parseShare,
	reflect.TypeFor[Price]():    parsePrice,
	reflect.TypeFor[Dormant]():  func(s string) (any, error) { return ParseDormant(s) },
	reflect.TypeFor[netip.Prefix](): func(s string) (any, error) {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return nil, errors.New("must be a network such as 10.0.0.0/8")
		}
		return p.Masked(), nil
	},
	reflect.TypeFor[*when.Expr]():    parseCondition,
	reflect.TypeFor[*mapping.Expr](): func(s string) (any, error) { return mapping.Compile(s) },
	reflect.TypeFor[EventType]():     own(types()...),
	reflect.TypeFor[Scheme]():        own(StandardWebhooks, BigCommerce, HubSpotV3, HMAC, Bearer, Basic, Token),
	reflect.TypeFor[Encoding]():      own(Hex, Base64),
	reflect.TypeFor[time.Weekday](): word("sun", time.Sunday, "mon", time.Monday, "tue", time.Tuesday,
		"wed", time.Wednesday, "thu", time.Thursday, "fri", time.Friday, "sat", time.Saturday),
	reflect.TypeFor[lifecycle.Channel](): word("sms", lifecycle.SMS, "email", lifecycle.Email),
	reflect.TypeFor[lifecycle.ConsentState](): word("unknown", lifecycle.Unknown,
		"subscribed", lifecycle.Subscribed),
	reflect.TypeFor[lifecycle.State](): word("unsubscribed", lifecycle.UnsubscribedState,
		"active", lifecycle.Active, "dormant", lifecycle.Dormant),
	reflect.TypeFor[lifecycle.Trigger](): own(lifecycle.OnInactivity, lifecycle.OnReturn, lifecycle.OnCancellation,
		lifecycle.OnEarlyWarning, lifecycle.OnPaymentFailed, lifecycle.OnImport, lifecycle.OnAPI),
	reflect.TypeFor[lifecycle.Business](): own(lifecycle.Businesses()...),
	reflect.TypeFor[Kind]():               own(Shopify, WooCommerce, ActiveCampaign, Stripe, Recharge, Webhook),
	reflect.TypeFor[Meaning](): own(TagCancelled, TagStarted, TagPaused, TagRenewed, TagPaymentFailed,
		TagEmailSubscribed, TagEmailUnsubscribed, TagSMSSubscribed, TagSMSUnsubscribed, TagErase),
	reflect.TypeFor[ListKind]():            own(ListEmail, ListSMS, ListSubscription, ListIgnore),
	reflect.TypeFor[OnUnknown]():           own(Hold, ResendIfNotFound),
	reflect.TypeFor[Law]():                 own(Enforce, LawOff),
	reflect.TypeFor[Brakes]():              own(BrakesOn, BrakesOff),
	reflect.TypeFor[Threshold]():           own(Fixed, Auto),
	reflect.TypeFor[TellState]():           own(TellTag, TellMeta),
	reflect.TypeFor[lifecycle.TellKind]():  own(lifecycle.TellKinds()...),
	reflect.TypeFor[lifecycle.OfferKind](): own(lifecycle.Emotional, lifecycle.Material, lifecycle.Financial),
	reflect.TypeFor[Framing]():             own(Gain, Loss),

	reflect.TypeFor[OnUnreachable](): own(SendAnyway, HoldBack),
	reflect.TypeFor[lifecycle.Reaction](): word("open", lifecycle.ReactionOpen, "click", lifecycle.ReactionClick,
		"answer", lifecycle.ReactionAnswer, "contest", lifecycle.ReactionContest, "reply", lifecycle.ReactionReply),
	reflect.TypeFor[lifecycle.Unheard](): own(lifecycle.UnheardSkip, lifecycle.UnheardGo, lifecycle.UnheardEnd),
}

// words are the single values that may stand in the place of a mapping.
var words = map[reflect.Type]func(string) (any, error){
	reflect.TypeFor[Reentry](): func(s string) (any, error) {
		switch w := ReentryWord(s); w {
		case ReentryAlways, ReentryNever:
			return Reentry{Word: w}, nil
		}
		if _, err := ParseDuration(s); err == nil {
			return nil, errors.New(`must say after what it counts: write {after: 180d}, with your time`)
		}
		return nil, errors.New(`must be never, always or a time such as {after: 180d}` + didYouMean(s, []string{"never", "always"}))
	},
}

// word reads one of some words; pairs are words and what they mean, in turn.
func word(pairs ...any) func(string) (any, error) {
	var known []string
	for i := 0; i < len(pairs); i += 2 {
		known = append(known, pairs[i].(string))
	}
	return func(text string) (any, error) {
		for i, k := range known {
			if k == text {
				return pairs[2*i+1], nil
			}
		}
		return nil, errors.New("must be " + oneOf(known) + didYouMean(text, known))
	}
}

// types are what a rule of a mapping may take an event for.
func types() (list []EventType) {
	for _, t := range mapping.Types() {
		list = append(list, EventType(t))
	}
	return list
}

// own reads words that mean themselves.
func own[T ~string](words ...T) func(string) (any, error) {
	var pairs []any
	for _, w := range words {
		pairs = append(pairs, string(w), w)
	}
	return word(pairs...)
}
