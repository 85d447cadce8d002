// Package message turns a template and what is known about a contact into one
// SMS or one e-mail, ready for a provider. It owns the templates (built-in and
// the operator's), the rules for values that land in a message, the counting
// of SMS segments, and the HTML and text parts of an e-mail.
//
// The package is pure: time, links and addresses come in as arguments.
package message

import (
	"errors"
	"fmt"
	"time"

	"ritorno/internal/lifecycle"
)

// Channel is the way a message travels: SMS or Email.
type Channel = string

// The channels a template can be written for.
const (
	SMS   Channel = "sms"
	Email Channel = "email"
)

// How the receiver of an SMS gets out, see Input.SMSOptOut.
const (
	OptOutStop = "stop" // the sender has a number: answering STOP works
	OptOutLink = "link" // the sender is a name: only a link works
)

// Input is everything a template can see. Text from shops and customers is
// passed raw; Compose cleans it. Zero values mean "not known".
type Input struct {
	Business   string         // kind of the shop's business; empty: the general words
	Locale     string         // the contact's language, such as "it" or "en-GB"; may be empty
	ShopLocale string         // used where no template exists in Locale
	Timezone   *time.Location // zone in which dates are shown; nil is UTC
	Now        time.Time      // dates of another year than this are shown with their year

	Shop Shop

	FirstName, LastName string

	LastProduct    string
	LastOrderAt    time.Time
	LastOrderTotal string // decimal with a point, "49.90"
	Orders         int
	Spent          string // decimal with a point
	Currency       string // of LastOrderTotal and Spent; empty: the shop's

	Plan, Module      string // of a subscription
	CancelReason      string
	CancelReasonClass string // what kind of reason that is, see lifecycle.CancelClass

	Opened    bool   // a link of this journey's messages was opened
	OpenedAny bool   // a link of any message was opened
	Last      bool   // nothing follows: who does not react is let go
	Framing   string // FramingLoss or FramingGain (also when empty): how an offer is worded

	Link           string // the message's short link, a full http(s) URL
	UnsubscribeURL string // full http(s) URL; must be short where SMSOptOut is "link"
	PreferencesURL string

	Coupon Coupon
	Offer  Offer

	// SMSOptOut says how an SMS names the way out: OptOutStop (also when empty)
	// or OptOutLink, which puts UnsubscribeURL into the text.
	SMSOptOut string

	// Extra is shown as extra.NAME. Values are cleaned like the others, except
	// those of names that end in "_url", which must be http(s) URLs.
	Extra map[string]string
}

// How an offer is worded.
const (
	FramingGain = "gain" // what there is to win
	FramingLoss = "loss" // what will be lost
)

// Shop is what a message says about the shop.
type Shop struct {
	Name, HomeURL, Currency, Country string
	Address                          string // postal, one line; may be empty
	Person, Phone                    string // whom to call, where the shop names somebody
	Brand                            lifecycle.Brand
}

// Offer is what a message offers besides words; without a Kind there is none.
// Where a coupon stands for it, Input.Coupon has its code.
type Offer struct {
	Kind    string    // see lifecycle.OfferKind
	Type    string    // see lifecycle.Offer.Type
	Percent string    // as in Coupon
	Amount  string    // decimal with a point, in the shop's currency
	Text    string    // the owner's own words for it
	Expires time.Time // zero: no end
}

// Coupon is a personal voucher; without a Code there is none.
type Coupon struct {
	Code    string
	Percent string    // "15" or "12.5", without the sign; may be empty
	Expires time.Time // zero: no end
}

// Message is one composed SMS or e-mail.
type Message struct {
	Channel, Template string
	Locale            string // language of the template that was used

	Subject string // e-mail only, one line
	Text    string // the SMS, or the text part of the e-mail
	HTML    string // e-mail only

	// For SMS: parts the operator bills, septets or UTF-16 units, the encoding
	// ("GSM-7" or "UCS-2") and the characters that forced UCS-2.
	Segments, Units int
	Encoding        string
	Culprits        []string

	// Headers of an e-mail that give the receiver the one-click way out.
	// Values never hold CR, LF or NUL.
	Headers map[string]string
}

var (
	// ErrNoTemplate is returned when no language of the template exists for the channel.
	ErrNoTemplate = errors.New("no such template")
	// ErrTooLong is matched by a *TooLongError: the SMS needs more segments than
	// its template allows, even without name and product. Do not send it.
	ErrTooLong = errors.New("SMS over its segment limit")
	// ErrNoWayOut is returned when the URL for leaving is missing or no http(s)
	// URL: an e-mail, and an SMS from a sender name, must carry it.
	ErrNoWayOut = errors.New("no usable unsubscribe URL")
)

// TooLongError says which SMS is over its limit and by how much.
type TooLongError struct {
	Template, Locale string
	Segments, Limit  int
	Encoding         string
}

// Error names the template, its length and the mend.
func (e *TooLongError) Error() string {
	return fmt.Sprintf("template %s.sms.%s: %d segments (%s), the limit is %d: shorten the text, or declare segments: %d in its head",
		e.Template, e.Locale, e.Segments, e.Encoding, e.Limit, e.Segments)
}

// Unwrap makes errors.Is(err, ErrTooLong) true.
func (e *TooLongError) Unwrap() error { return ErrTooLong }

// Compose renders a template for one contact. It may be called by many
// goroutines. Errors name the template and line, never a contact's data.
func (s *Set) Compose(template string, channel Channel, in Input) (Message, error) {
	t := s.find(template, channel, in)
	if t == nil {
		return Message{}, fmt.Errorf("template %q for %q: %w", template, channel, ErrNoTemplate)
	}
	return t.compose(in)
}

func (t *template) compose(in Input) (Message, error) {
	if t.channel == SMS {
		return t.composeSMS(in)
	}
	return t.composeEmail(in)
}
