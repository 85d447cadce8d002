package twilio

import (
	"net/http"
	"time"

	"ritorno/internal/lifecycle"
)

// refusal is what a code of a refused request means.
type refusal struct {
	outcome lifecycle.Outcome
	reason  lifecycle.Reason
	wait    time.Duration // for NotSent: when another try makes sense
}

var (
	badNumber  = refusal{outcome: lifecycle.RejectedContact, reason: lifecycle.ReasonInvalid}
	unroutable = refusal{outcome: lifecycle.RejectedContact, reason: lifecycle.ReasonBlocked}
	optedOut   = refusal{outcome: lifecycle.RejectedContact, reason: lifecycle.ReasonOptedOut}
	content    = refusal{outcome: lifecycle.RejectedContent, reason: lifecycle.ReasonContent}
	account    = refusal{outcome: lifecycle.RejectedAccount, reason: lifecycle.ReasonAccount}
	later      = refusal{outcome: lifecycle.NotSent, reason: lifecycle.ReasonProvider, wait: 10 * time.Minute}
	tomorrow   = refusal{outcome: lifecycle.NotSent, reason: lifecycle.ReasonProvider, wait: 6 * time.Hour}
)

// refusals are the codes of a refused create request. Twilio splits codes as
// time goes by, so this only refines what the HTTP status said.
var refusals = map[int]refusal{
	21201: badNumber, // To missing
	21211: badNumber, // To is no number
	21265: badNumber, // To is a short code
	21604: badNumber, // To missing
	21614: badNumber, // not a mobile number
	21635: badNumber, // landline

	21266: unroutable, // To is From
	21612: unroutable, // not reachable from this sender
	21910: unroutable, // To and From do not fit

	21610: optedOut,

	21602: content, // empty
	21617: content, // too long
	21619: content, // missing

	20003: account, // credentials
	20005: account, // account not active
	21212: account, // From is no number
	21408: account, // country not enabled
	21601: account, // From cannot send
	21603: account, // From missing
	21606: account, // From is not ours
	21607: account, // From cannot send
	21608: account, // trial account
	21609: account, // callback URL refused: public_url
	21659: account, // From is not ours
	21660: account, // From belongs to another account
	30002: account, // suspended
	30032: account, // toll-free sender not verified
	30034: account, // sender not registered
	90010: account, // account not active

	20429: {outcome: lifecycle.NotSent, reason: lifecycle.ReasonProvider},
	21611: later,    // the sender's queue is full
	35125: later,    // too many scheduled messages
	63038: tomorrow, // the account's daily limit
}

// refine applies the code of a complete refusal. A 429 stays "not sent",
// whatever its code; refused credentials stay the account's fault.
func refine(r *lifecycle.Result, status, code int) {
	v, ok := refusals[code]
	switch {
	case code >= 21701 && code <= 21712: // the messaging service is unusable
		v, ok = account, true
	case code >= 35111 && code <= 35118, code == 35126: // scheduling
		v, ok = content, true
	}
	if !ok || status == http.StatusUnauthorized {
		return
	}
	if status == http.StatusTooManyRequests && v.outcome != lifecycle.NotSent {
		return
	}
	r.Outcome, r.Reason, r.RetryAfter = v.outcome, v.reason, v.wait
}

// verdict is what a delivery report's code means.
type verdict struct {
	reason   lifecycle.Reason
	suppress bool // this address is of no use on this channel
}

// failures are the codes of reports with the state failed or undelivered.
var failures = map[string]verdict{
	"30001": {lifecycle.ReasonProvider, false}, // queue overflow
	"30002": {lifecycle.ReasonAccount, false},  // account suspended
	"30003": {lifecycle.ReasonBounced, false},  // handset off or out of reach
	"30004": {lifecycle.ReasonBlocked, false},  // blocked, perhaps only this time
	"30005": {lifecycle.ReasonInvalid, true},   // unknown or inactive number
	"30006": {lifecycle.ReasonInvalid, true},   // landline or unreachable carrier
	"30007": {lifecycle.ReasonContent, false},  // filtered as spam
	"30008": {lifecycle.ReasonUncertain, false},
	"30034": {lifecycle.ReasonAccount, false},
	"30036": {lifecycle.ReasonExpired, false},   // validity ended in the queue
	"30410": {lifecycle.ReasonUncertain, false}, // time-out at the carrier, not repeated by Twilio
	"30450": {lifecycle.ReasonAccount, false},   // pumping protection
	"21211": {lifecycle.ReasonInvalid, true},
	"21408": {lifecycle.ReasonAccount, false},
	"21610": {lifecycle.ReasonOptedOut, true},
	"21612": {lifecycle.ReasonBlocked, false},
	"21614": {lifecycle.ReasonInvalid, true},
	"21635": {lifecycle.ReasonInvalid, true},
}

// failure names why a message was not delivered. An unknown or missing code
// suppresses nothing.
func failure(code string) (lifecycle.Reason, bool) {
	if v, ok := failures[code]; ok {
		return v.reason, v.suppress
	}
	return lifecycle.ReasonProvider, false
}
