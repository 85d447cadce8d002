package woocommerce

import (
	"strings"
	"time"

	"ritorno/internal/lifecycle"
)

// answer is what a box of a plugin says.
type answer uint8

const (
	silent answer = iota
	yes
	no
	optOut // in so many words
)

func answerOf(l loose) answer {
	switch strings.ToLower(strings.TrimSpace(string(l))) {
	case "yes", "true", "1", "on", "y", "subscribed", "opt_in", "opt-in", "optin":
		return yes
	case "no", "false", "0", "off", "n":
		return no
	case "unsubscribed", "opt_out", "opt-out", "optout":
		return optOut
	}
	return silent
}

// boxes are the configured boxes of each channel.
func (f Fields) boxes() [2][]string {
	return [2][]string{lifecycle.Email: f.EmailConsent, lifecycle.SMS: f.SMSConsent}
}

// ticked is what a checkout says about consent, at the time of the order. A box
// left empty says nothing about earlier consent.
func (f Fields) ticked(list []meta, at time.Time, where string) (out []lifecycle.ConsentChange) {
	for channel, keys := range f.boxes() {
		change := lifecycle.ConsentChange{Channel: lifecycle.Channel(channel), At: at, Evidence: "checkout box of " + where}
		switch answerOf(valueOf(list, keys...)) {
		case yes:
			change.State = lifecycle.Subscribed
		case optOut:
			change.State = lifecycle.Unsubscribed
		default:
			continue
		}
		out = append(out, change)
	}
	return out
}

// recorded is what a customer's record says. It does not tell when the customer
// decided, and it is told again with each change of an address: a yes counts
// from when the account was made, so that it never outlives a later opt-out. A no
// means that nothing is allowed from now on; it is no opt-out.
func (f Fields) recorded(list []meta, made, told time.Time) (out []lifecycle.ConsentChange) {
	for channel, keys := range f.boxes() {
		change := lifecycle.ConsentChange{Channel: lifecycle.Channel(channel), At: told, Evidence: "customer record"}
		switch answerOf(valueOf(list, keys...)) {
		case yes:
			change.State, change.At = lifecycle.Subscribed, made
		case no:
			change.State = lifecycle.Unknown
		case optOut:
			change.State = lifecycle.Unsubscribed
		default:
			continue
		}
		out = append(out, change)
	}
	return out
}
