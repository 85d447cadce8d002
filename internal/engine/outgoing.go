package engine

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
	"ritorno/internal/store"
)

// Destination is somebody who is told what becomes of a shop's contacts: a shop
// or CRM, or a webhook of the owner's. Either Teller or Notifier is set.
type Destination struct {
	Name string // within the shop: "source.NAME" or "webhook.NAME"

	Teller   connectors.Teller
	Source   string // of the configuration; what it told us itself is not told back
	State    bool   // it is told the lifecycle state
	Consent  bool   // and decisions about channels
	Messages bool   // and the last message
	OneByOne bool   // it allows few calls a second

	Notifier connectors.Notifier
	Events   []lifecycle.TellKind // of a webhook; empty: all
}

// queueOf is the name of a destination's queue.
func queueOf(shop, name string) string { return shop + "/" + name }

// What a shop or CRM is to be told anew, as letters that join.
const (
	aboutEmail   = "e" // the e-mail consent
	aboutMessage = "m" // the last message
	aboutSMS     = "p" // the SMS consent
	aboutState   = "s"
)

// tells are what a change puts into the queues of the shop's destinations.
func (e *Engine) tells(s *Shop, t lifecycle.Transition) []store.Tell {
	var out []store.Tell
	gone := t.Contact.Erasing != nil && t.Changed
	var facts []fact
	for i := range s.Destinations {
		d := &s.Destinations[i]
		to := queueOf(s.Name, d.Name)
		switch {
		case gone:
			out = append(out, store.Tell{To: to, How: store.TellGone})
		case d.Notifier == nil:
			if letters := d.letters(t.Tells); letters != "" {
				out = append(out, store.Tell{To: to, How: store.TellJoin, What: letters})
			}
		default:
			if facts == nil {
				facts = factsOf(t.Tells)
			}
			for _, f := range facts {
				if len(d.Events) == 0 || slices.Contains(d.Events, f.Type) {
					out = append(out, store.Tell{To: to, How: store.TellAdd, What: f.text()})
				}
			}
		}
	}
	if len(out) > 0 {
		e.wakeTellers(s)
	}
	return out
}

// tellsJoined let the shops and CRMs know that two records are one: what was
// told of the other's customer id may not be so any more.
func (e *Engine) tellsJoined(s *Shop, is, gone lifecycle.State) (out []store.Tell) {
	for i := range s.Destinations {
		if d := &s.Destinations[i]; d.State && d.Notifier == nil && gone != lifecycle.None && gone != is {
			out = append(out, store.Tell{To: queueOf(s.Name, d.Name), How: store.TellJoin, What: aboutState})
		}
	}
	return out
}

// letters say what of the news concerns a shop or CRM; "": nothing.
func (d *Destination) letters(tells []lifecycle.Tell) string {
	about := map[string]bool{}
	for _, n := range tells {
		switch {
		case n.Kind == lifecycle.TellState && d.State && (n.From != "" || n.To != lifecycle.Active.String()):
			about[aboutState] = true // a new contact is active: that is no news
		case n.Kind == lifecycle.TellConsent && d.Consent && n.Source != d.Source && decided(n.To):
			about[letterOf(n.Channel)] = true
		case n.Kind == lifecycle.TellSent && d.Messages:
			about[aboutMessage] = true
		}
	}
	var b strings.Builder
	for _, letter := range []string{aboutEmail, aboutMessage, aboutSMS, aboutState} {
		if about[letter] {
			b.WriteString(letter)
		}
	}
	return b.String()
}

func letterOf(ch lifecycle.Channel) string {
	if ch == lifecycle.SMS {
		return aboutSMS
	}
	return aboutEmail
}

func decided(consent string) bool {
	return consent == lifecycle.Subscribed.String() || consent == lifecycle.Unsubscribed.String()
}

// fact is one event of an outgoing webhook as it waits: without any address.
type fact struct {
	ID       string             `json:"id"`
	Type     lifecycle.TellKind `json:"type"`
	At       time.Time          `json:"at"`
	From     string             `json:"from,omitempty"`
	To       string             `json:"to,omitempty"`
	Reason   lifecycle.Reason   `json:"reason,omitempty"`
	Channel  string             `json:"channel,omitempty"`
	Source   string             `json:"source,omitempty"`
	Journey  string             `json:"journey,omitempty"`
	Step     int                `json:"step,omitempty"`
	Messages int                `json:"messages,omitempty"`
	Template string             `json:"template,omitempty"`
	Message  string             `json:"message,omitempty"`
	Coupon   string             `json:"coupon,omitempty"`
	Order    string             `json:"order,omitempty"`
}

func factsOf(tells []lifecycle.Tell) []fact {
	facts := make([]fact, len(tells))
	for i, n := range tells {
		facts[i] = fact{
			ID: "evt_" + store.NewID() + store.NewID(), Type: n.Kind, At: n.At.UTC(), From: n.From, To: n.To, Reason: n.Reason,
			Source: n.Source, Journey: n.Journey, Step: n.Step, Messages: n.Messages, Template: n.Template,
			Message: n.Message, Coupon: n.Coupon, Order: n.Order,
		}
		if n.Kind == lifecycle.TellConsent || n.Kind == lifecycle.TellSent {
			facts[i].Channel = n.Channel.String()
		}
	}
	return facts
}

func (f fact) text() string {
	b, err := json.Marshal(f)
	if err != nil {
		return "" // text, numbers and a time of this millennium: cannot be
	}
	return string(b)
}

// eventBody is what a webhook gets. docs/telling-back.md shows one of each type.
type eventBody struct {
	Type      lifecycle.TellKind `json:"type"`
	Timestamp time.Time          `json:"timestamp"`
	Data      eventData          `json:"data"`
}

type eventData struct {
	Shop    string       `json:"shop"`
	Contact eventContact `json:"contact"`

	From     *string          `json:"from,omitempty"`
	To       string           `json:"to,omitempty"`
	Reason   lifecycle.Reason `json:"reason,omitempty"`
	Channel  string           `json:"channel,omitempty"`
	Source   string           `json:"source,omitempty"`
	Journey  string           `json:"journey,omitempty"`
	Step     int              `json:"step,omitempty"`
	Messages *int             `json:"messages,omitempty"`
	Template string           `json:"template,omitempty"`
	Message  string           `json:"message_id,omitempty"`
	Coupon   string           `json:"coupon,omitempty"`
	Order    string           `json:"order_id,omitempty"`
}

type eventContact struct {
	ID    string          `json:"id"`
	Email string          `json:"email"`
	Phone string          `json:"phone"`
	Name  string          `json:"name"`
	IDs   []lifecycle.Ref `json:"customer_ids"`
}

// notice is the event with who it is about, as the record knows them now.
func notice(c *lifecycle.Contact, waiting string) (connectors.Notice, error) {
	var f fact
	if err := json.Unmarshal([]byte(waiting), &f); err != nil {
		return connectors.Notice{}, err
	}
	b := eventBody{Type: f.Type, Timestamp: f.At, Data: eventData{
		Shop: c.Shop,
		Contact: eventContact{
			ID: c.ID, Email: c.Email.Value, Phone: c.Phone.Value, Name: strings.TrimSpace(c.Profile.FirstName + " " + c.Profile.LastName),
			IDs: append([]lifecycle.Ref{}, c.Refs...),
		},
		To: f.To, Reason: f.Reason, Channel: f.Channel, Source: f.Source, Journey: f.Journey, Step: f.Step, Template: f.Template,
		Message: f.Message, Coupon: f.Coupon, Order: f.Order,
	}}
	switch f.Type {
	case lifecycle.TellState, lifecycle.TellConsent:
		b.Data.From = &f.From
	case lifecycle.TellWon:
		b.Data.Messages = &f.Messages
	}
	body, err := json.Marshal(b)
	return connectors.Notice{ID: f.ID, Body: body}, err
}
