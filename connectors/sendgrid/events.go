package sendgrid

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// maxField bounds a value taken from an event.
const maxField = 256

// Event is one event about a message of ours.
type Event struct {
	lifecycle.News
	Shop    string    // of the message
	EventID string    // the same event told twice has the same id; empty: SendGrid gave none
	At      time.Time // when it happened, UTC; zero: not told
	// OptOut: the contact wants no more e-mail. News is then about the
	// delivery that this proves.
	OptOut bool
}

// Events verifies a call of the event webhook and returns what it says about
// messages of ours, in its order, which means nothing. Events without our
// attempt id are other people's and are left out. The error wraps
// ErrSignature, or ErrMalformed.
func (c *Callbacks) Events(r connectors.Request) ([]Event, error) {
	if err := c.verify(r); err != nil {
		return nil, err
	}
	var list []map[string]any
	if err := json.Unmarshal(r.Body, &list); err != nil {
		return nil, fmt.Errorf("want a JSON array of objects: %w", connectors.ErrMalformed)
	}
	var events []Event
	for _, o := range list {
		if e, ok := read(o); ok {
			events = append(events, e)
		}
	}
	return events, nil
}

// read turns one event into ours. False: not ours, or of no use.
func read(o map[string]any) (Event, bool) {
	e := Event{Shop: text(o, argShop), EventID: text(o, "sg_event_id"), At: at(o["timestamp"])}
	e.AttemptID, e.MessageID = text(o, argAttempt), text(o, argMessage)
	if e.AttemptID == "" {
		return Event{}, false
	}
	e.ProviderID, _, _ = strings.Cut(text(o, "sg_message_id"), ".")
	switch text(o, "event") {
	case "processed", "deferred":
		e.Status = lifecycle.SentStatus
	case "delivered", "open", "click": // the last two come from tracking that is off for ours
		e.Status = lifecycle.Delivered
	case "bounce":
		bounce(&e, text(o, "type"))
	case "blocked":
		bounce(&e, "blocked")
	case "dropped":
		reason, _ := o["reason"].(string)
		drop(&e, reason)
	case "spamreport":
		e.Status, e.Reason, e.OptOut, e.Suppress = lifecycle.Delivered, lifecycle.ReasonSpam, true, true
	case "unsubscribe", "group_unsubscribe":
		e.Status, e.Reason, e.OptOut = lifecycle.Delivered, lifecycle.ReasonOptedOut, true
	default:
		return Event{}, false
	}
	return e, true
}

// bounce: only the type "bounce" is for good. "blocked" means that the
// receiving server refused this time, for its policy or our reputation.
func bounce(e *Event, kind string) {
	e.Status = lifecycle.Failed
	switch kind {
	case "bounce":
		e.Reason, e.Suppress = lifecycle.ReasonBounced, true
	case "blocked":
		e.Reason = lifecycle.ReasonBlocked
	default:
		e.Reason = lifecycle.ReasonBounced
	}
}

// drop: SendGrid took the message and did not send it. The reasons are its
// documented texts.
func drop(e *Event, reason string) {
	e.Status, e.Reason = lifecycle.Failed, lifecycle.ReasonProvider
	reason = strings.ToLower(reason)
	has := func(s string) bool { return strings.Contains(reason, s) }
	switch {
	case has("spam reporting"):
		e.Reason, e.OptOut, e.Suppress = lifecycle.ReasonSpam, true, true
	case has("unsubscribed"):
		e.Reason, e.OptOut = lifecycle.ReasonOptedOut, true
	case has("bounced"):
		e.Reason, e.Suppress = lifecycle.ReasonBounced, true
	case has("spam content"), has("smtpapi"):
		e.Reason = lifecycle.ReasonContent
	case has("quota"), has("credit"):
		e.Reason = lifecycle.ReasonAccount
	case has("invalid"):
		e.Reason, e.Suppress = lifecycle.ReasonBounced, true
	}
}

// text reads a field that should hold text. Anything else, and what is too
// long to be an id or a word, is nothing.
func text(o map[string]any, name string) string {
	s, ok := o[name].(string)
	if !ok || len(s) > maxField {
		return ""
	}
	return s
}

// at reads seconds since 1970, as a number or as text.
func at(v any) time.Time {
	var seconds float64
	switch v := v.(type) {
	case float64:
		seconds = v
	case string:
		n, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return time.Time{}
		}
		seconds = n
	}
	if !(seconds >= 1 && seconds < 1<<38) {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}
