package activecampaign

import (
	"maps"
	"slices"
	"strings"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// Meaning is what a tag, or an automation's post, stands for.
type Meaning string

// The meanings. Those of consent and of a subscription are states: taking the
// tag away ends them.
const (
	Cancelled         Meaning = "subscription.cancelled"
	Started           Meaning = "subscription.started"
	Paused            Meaning = "subscription.paused"
	Renewed           Meaning = "subscription.renewed"
	PaymentFailed     Meaning = "payment.failed"
	EmailSubscribed   Meaning = "email.subscribed"
	EmailUnsubscribed Meaning = "email.unsubscribed"
	SMSSubscribed     Meaning = "sms.subscribed"
	SMSUnsubscribed   Meaning = "sms.unsubscribed"
	ContactChanged    Meaning = "contact.changed"
	Erase             Meaning = "contact.erase"
)

// List is what being on a list stands for.
type List string

// The kinds of list.
const (
	ListEmail        List = "email"        // consent to e-mail
	ListSMS          List = "sms"          // consent to SMS
	ListSubscription List = "subscription" // a running subscription
	ListIgnore       List = "ignore"       // nothing
)

// news is what a meaning becomes.
type news struct {
	kind    lifecycle.Type
	consent bool
	channel lifecycle.Channel
	state   lifecycle.ConsentState
	undone  Meaning // what taking the tag away means; empty: nothing
}

var meanings = map[Meaning]news{
	Cancelled:         {kind: lifecycle.SubscriptionCancelled, undone: Started},
	Started:           {kind: lifecycle.SubscriptionStarted, undone: Cancelled},
	Paused:            {kind: lifecycle.SubscriptionPaused},
	Renewed:           {kind: lifecycle.Renewed},
	PaymentFailed:     {kind: lifecycle.PaymentFailed},
	EmailSubscribed:   {kind: lifecycle.ConsentChanged, consent: true, channel: lifecycle.Email, state: lifecycle.Subscribed, undone: emailForgotten},
	EmailUnsubscribed: {kind: lifecycle.ConsentChanged, consent: true, channel: lifecycle.Email, state: lifecycle.Unsubscribed},
	SMSSubscribed:     {kind: lifecycle.ConsentChanged, consent: true, channel: lifecycle.SMS, state: lifecycle.Subscribed, undone: smsForgotten},
	SMSUnsubscribed:   {kind: lifecycle.ConsentChanged, consent: true, channel: lifecycle.SMS, state: lifecycle.Unsubscribed},
	ContactChanged:    {kind: lifecycle.ContactChanged},
	Erase:             {kind: lifecycle.EraseRequested},
}

// What a tag of consent leaves behind: nothing is allowed any more, and nobody
// opted out. Nobody can configure them.
const (
	emailForgotten Meaning = "email.unknown"
	smsForgotten   Meaning = "sms.unknown"
)

// newsOf is what a meaning becomes, those of our own included.
func newsOf(m Meaning) (news, bool) {
	switch m {
	case emailForgotten:
		return news{kind: lifecycle.ConsentChanged, consent: true, channel: lifecycle.Email}, true
	case smsForgotten:
		return news{kind: lifecycle.ConsentChanged, consent: true, channel: lifecycle.SMS}, true
	}
	n, known := meanings[m]
	return n, known
}

// asked is the meaning that the owner wrote into the URL (?event=…) of an
// automation's action. The subscription's may go without their first word.
func asked(text string) (Meaning, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	for _, m := range []Meaning{Meaning(text), Meaning("subscription." + text)} {
		if _, known := meanings[m]; known {
			return m, nil
		}
	}
	var names []string
	for _, m := range slices.Sorted(maps.Keys(meanings)) {
		names = append(names, string(m))
	}
	return "", connectors.Malformed("", "?event= of the URL is none of "+strings.Join(names, ", "))
}
