package when

import (
	"reflect"
	"strings"
)

// Env is what an expression sees: names and values, not the contact itself.
// A field that is not known yet is its zero value; the comment of each field
// stands in docs/when.md too, and a test holds the two together.
type Env struct {
	Orders            int     `expr:"orders"`              // counted orders of the contact
	Spent             float64 `expr:"spent"`               // money spent, in the shop's currency (49.9)
	DaysSinceOrder    float64 `expr:"days_since_order"`    // days since the last order; 0 without one
	OrdersSinceReturn int     `expr:"orders_since_return"` // further orders after the one that brought the contact back
	Returned          bool    `expr:"returned"`            // came back at least once
	State             string  `expr:"state"`               // lifecycle state, such as "dormant"
	Journey           string  `expr:"journey"`             // name of the journey under way
	Step              int     `expr:"step"`                // number of this step, counted from 1
	Country           string  `expr:"country"`             // ISO 3166 alpha-2, such as "IT"
	Locale            string  `expr:"locale"`              // language, such as "it"
	FirstName         string  `expr:"first_name"`          // empty when unknown
	LastProduct       string  `expr:"last_product"`        // title of the last order's first product
	HasEmail          bool    `expr:"has_email"`           // an e-mail address is known
	HasSMS            bool    `expr:"has_sms"`             // a phone number is known
	Opened            bool    `expr:"opened"`              // a link of this journey's messages was opened
	Responded         bool    `expr:"responded"`           // reacted to a message of this journey
	OpenedAny         bool    `expr:"opened_any"`          // opened a link of any message on record
	Answer            string  `expr:"answer"`              // choice of the last survey answer
	CancelReason      string  `expr:"cancel_reason"`       // why the subscription was cancelled, in the source's words
	CancelReasonClass string  `expr:"cancel_reason_class"` // what kind of reason that is, such as "price"; empty where none is known
	MeanGapDays       float64 `expr:"mean_gap_days"`       // mean days between orders; 0 with fewer than two
	Segment           string  `expr:"segment"`             // segment name; empty until scores are known
	PBuy90            float64 `expr:"p_buy_90"`            // probability of an order in 90 days, 0 to 1; 0 until known
	Holdout           bool    `expr:"holdout"`             // in the group that gets no messages
	CouponUsed        bool    `expr:"coupon_used"`         // used a coupon of ours
	Renewals          int     `expr:"renewals"`            // counted renewals
	Trigger           string  `expr:"trigger"`             // what started the journey, such as "payment_failed"
	DaysInJourney     float64 `expr:"days_in_journey"`     // days since the contact entered the journey
	Messages          int     `expr:"messages"`            // messages of this entry that a provider accepted
	Variant           string  `expr:"variant"`             // variant of the last message of this entry that had any
	LastTotal         float64 `expr:"last_total"`          // total of the last order, in its currency
	Plan              string  `expr:"plan"`                // subscription plan, if a source told one
	MayEmail          bool    `expr:"may_email"`           // an e-mail may be sent: address, consent, nothing bounced
	MaySMS            bool    `expr:"may_sms"`             // the same for SMS
}

// Names lists the names that an expression may use, in the order of Env.
func Names() []string {
	t := reflect.TypeFor[Env]()
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = t.Field(i).Tag.Get("expr")
	}
	return names
}

// nearest is the known name with the fewest letters changed, or empty when
// none is near.
func nearest(word string) string {
	best, distance := "", len(word)/3+1
	for _, n := range Names() {
		if d := changes(strings.ToLower(word), n); d <= distance {
			if d < distance || best == "" {
				best, distance = n, d
			}
		}
	}
	return best
}

// changes counts the letters to add, drop or replace between two words.
func changes(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
