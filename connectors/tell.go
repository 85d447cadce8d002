package connectors

import (
	"context"
	"errors"
	"net/http"
	"time"

	"ritorno/internal/lifecycle"
)

// ErrNobody: the shop or CRM does not know the contact. Nobody is made there:
// there is nothing more to tell.
var ErrNobody = errors.New("the contact is not known there")

// Telling is what a shop or CRM is told of one contact: how it is now. Telling
// it twice changes nothing.
type Telling struct {
	IDs   []string // the source's own ids of the contact, oldest first; none: it is looked for by e-mail
	Email string   // may be empty

	State *TellingState    // nil: not told
	Out   []TellingConsent // what the contact decided anew; the source did not tell it itself

	// LastMessage and Coupon of the newest message; empty: none. They are told
	// where the owner named a field for them.
	LastMessage string
	Coupon      string

	// Key is the same for each repetition of a call that got no answer, and
	// another one for each try after an answer.
	Key string
}

// TellingState is the lifecycle state.
type TellingState struct {
	State  lifecycle.State
	Reason lifecycle.Reason
	Since  time.Time
}

// TellingConsent is one decision. Subscribed is told only of somebody who
// opted in with us: it must not undo a later opt-out that only the other side
// knows of.
type TellingConsent struct {
	Channel lifecycle.Channel
	State   lifecycle.ConsentState // Subscribed or Unsubscribed
	At      time.Time
}

// Teller tells one shop or CRM. Implementations are safe for concurrent use and
// end when ctx does.
type Teller interface {
	// Tell returns ErrNobody, or else a *TellFault. It may be repeated.
	Tell(ctx context.Context, t Telling) error
}

// Notice is one event for a webhook of the owner's.
type Notice struct {
	ID   string // the same for each repetition
	Body []byte // JSON
}

// Notifier posts notices to one address. Implementations are safe for
// concurrent use and end when ctx does.
type Notifier interface {
	// Notify returns nil when the receiver took it, else a *TellFault. now is
	// real time, for the signature.
	Notify(ctx context.Context, n Notice, now time.Time) error
}

// TellFault says why somebody was not told.
type TellFault struct {
	// Single: the trouble is with this contact; others may be told meanwhile.
	Single bool
	// Refused: it goes on until a person mends something.
	Refused bool
	// Text is what is wrong and the mend, without a secret or an address.
	Text string
	// RetryAfter is the other side's wish; 0: none.
	RetryAfter time.Duration
}

// Error is the text.
func (f *TellFault) Error() string { return f.Text }

// TellEach tells each of the ids under which the contact is known there, or,
// where there is none, each that find finds by other means. tell reports whether
// the id is anybody's. ErrNobody: none was; else a *TellFault.
func TellEach(ids []string, find func() ([]string, *TellFault), tell func(id string) (known bool, _ *TellFault)) error {
	if len(ids) == 0 {
		var fault *TellFault
		if ids, fault = find(); fault != nil {
			return fault
		}
	}
	known := false
	for _, id := range ids {
		is, fault := tell(id)
		if fault != nil {
			return fault
		}
		known = known || is
	}
	if !known {
		return ErrNobody
	}
	return nil
}

// Busy reports whether a status says that the other side cannot just now.
func Busy(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusConflict:
		return true
	}
	return status >= 500
}

// Names of what can be told in fields of the owner's choice.
const (
	FieldState        = "state"
	FieldReason       = "reason"
	FieldSince        = "since"
	FieldLastMessage  = "last_message"
	FieldCoupon       = "coupon"
	FieldEmailConsent = "email_consent"
	FieldSMSConsent   = "sms_consent"
)

// TellingFields are all of them.
func TellingFields() []string {
	return []string{FieldState, FieldReason, FieldSince, FieldLastMessage, FieldCoupon, FieldEmailConsent, FieldSMSConsent}
}

// Fields are the values that there are, by name.
func (t Telling) Fields() map[string]string {
	values := map[string]string{}
	if s := t.State; s != nil {
		values[FieldState], values[FieldReason] = s.State.String(), string(s.Reason)
		values[FieldSince] = s.Since.UTC().Format(time.RFC3339)
	}
	if t.LastMessage != "" {
		values[FieldLastMessage] = t.LastMessage
	}
	if t.Coupon != "" {
		values[FieldCoupon] = t.Coupon
	}
	for _, c := range t.Out {
		name := FieldEmailConsent
		if c.Channel == lifecycle.SMS {
			name = FieldSMSConsent
		}
		values[name] = c.State.String()
	}
	return values
}
