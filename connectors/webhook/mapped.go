package webhook

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/textproto"
	"strings"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
	"ritorno/internal/mapping"
)

// mapped turns a body of another form into events, by the owner's rules. What
// could be read stands beside the error about what could not: one bad entry of
// a batch does not hold back the others.
func (s *Source) mapped(r connectors.Request) ([]lifecycle.Event, error) {
	in, err := input(r)
	if err != nil {
		return nil, err
	}
	results, err := s.mapping.Map(in)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", connectors.ErrMalformed, err)
	}
	var all []lifecycle.Event
	var firstErr error
	failed := 0
	for _, one := range results {
		events, err := settle(r, one, len(results))
		if err != nil {
			if failed++; firstErr == nil {
				firstErr = err
			}
			continue
		}
		all = append(all, events...)
	}
	if failed > 1 {
		firstErr = fmt.Errorf("%w (and %d more events of this body)", firstErr, failed-1)
	}
	return all, firstErr
}

// input is a request as the mapping sees it.
func input(r connectors.Request) (mapping.Input, error) {
	in := mapping.Input{Header: map[string]string{}, Query: map[string]string{}}
	var err error
	if in.Body, err = read(r.Body); err != nil {
		return in, err
	}
	for name := range r.Header {
		in.Header[strings.ToLower(name)] = strings.ToValidUTF8(r.Header.Get(name), "")
	}
	for name := range r.Query {
		in.Query[name] = strings.ToValidUTF8(r.Query.Get(name), "")
	}
	for _, secret := range []string{"authorization", "cookie", "proxy-authorization"} {
		delete(in.Header, secret)
	}
	delete(in.Query, "token")
	return in, nil
}

// settle reads the body that the mapping made, by the same rules as one that a
// sender made. of is the number of events in the delivery.
func settle(r connectors.Request, one mapping.Result, of int) ([]lifecycle.Event, error) {
	events, err := settleBody(r, one, of)
	if err == nil {
		return events, nil
	}
	text := strings.TrimPrefix(err.Error(), connectors.ErrMalformed.Error()+": ")
	if of > 1 {
		text = fmt.Sprintf("event %d: %s", one.Number, text)
	}
	return nil, fmt.Errorf("%w: %s", connectors.ErrMalformed, text)
}

func settleBody(r connectors.Request, one mapping.Result, of int) ([]lifecycle.Event, error) {
	switch {
	case one.Err != nil:
		return nil, one.Err
	case one.Body == nil: // of a type that the owner wants ignored
		return nil, nil
	}
	text, err := json.Marshal(one.Body)
	if err != nil {
		return nil, connectors.Malformed("", "cannot be written as JSON")
	}
	var e envelope
	if err = connectors.Decode(text, &e); err == nil {
		key, at := delivery(r, e)
		var events []lifecycle.Event
		if events, err = e.events(keyOf(one, key, of), at); err == nil {
			return events, nil
		}
	}
	text = []byte(strings.TrimPrefix(err.Error(), connectors.ErrMalformed.Error()+": "))
	return nil, fmt.Errorf("mapping rule %d: %s", one.Rule, text)
}

// keyOf is the key of one event. An id that the rule gives goes with the type,
// so that an id of the order, given by mistake, does not make its refund a
// repetition. Without an id it is the delivery's, with the event's place in it;
// else the event's own content.
func keyOf(one mapping.Result, key string, of int) string {
	switch {
	case strings.HasPrefix(key, "webhook ") && of == 1:
		return key
	case strings.HasPrefix(key, "webhook "):
		return fmt.Sprintf("%s/%d", key, one.Number)
	case strings.HasPrefix(key, "id "):
		return "id " + one.Type + " " + strings.TrimPrefix(key, "id ")
	}
	text, _ := json.Marshal(one.Event) // a tree of plain values, its names in order
	sum := sha256.Sum256(append([]byte(one.Type+" "), text...))
	return "event " + hex.EncodeToString(sum[:16])
}

// Explanation is what a mapping makes of a body, step by step. It holds the
// body's values.
type Explanation struct {
	Events []ExplainedEvent `json:"events"`
	Error  string           `json:"error,omitempty"` // about the body as a whole
}

// ExplainedEvent is one event of the body.
type ExplainedEvent struct {
	Event  int              `json:"event"`          // its place in the body, from 1
	Rule   int              `json:"rule,omitempty"` // that fits, from 1
	Type   string           `json:"type,omitempty"`
	Tried  []mapping.Tried  `json:"rules,omitempty"`
	Fields []mapping.Filled `json:"fields,omitempty"`
	Body   map[string]any   `json:"body,omitempty"` // in the form of docs/webhook.md
	Error  string           `json:"error,omitempty"`
}

// Explain shows how the mapping reads a request; nil without a mapping.
func (s *Source) Explain(r connectors.Request) *Explanation {
	if s.mapping == nil {
		return nil
	}
	in, err := input(r)
	if err != nil {
		return &Explanation{Error: err.Error()}
	}
	results, err := s.mapping.Trace(in)
	if err != nil {
		return &Explanation{Error: err.Error()}
	}
	out := &Explanation{}
	for _, one := range results {
		e := ExplainedEvent{Event: one.Number, Rule: one.Rule, Type: one.Type, Tried: one.Tried, Fields: one.Fields, Body: one.Body}
		if _, err := settle(r, one, len(results)); err != nil {
			e.Error = err.Error()
		}
		out.Events = append(out.Events, e)
	}
	return out
}

// soapAck is what Salesforce waits for; it sends an outbound message again
// until it comes.
const soapAck = `<?xml version="1.0" encoding="UTF-8"?>` +
	`<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>` +
	`<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>` +
	`</soapenv:Body></soapenv:Envelope>`

// Answer is Salesforce's acknowledgement, where a body is one of its outbound
// messages.
func (s *Source) Answer(r connectors.Request) (contentType string, body []byte) {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	media = strings.ToLower(textproto.TrimString(media))
	text := string(r.Body)
	if s.mapping == nil || media != "text/xml" && media != "application/xml" || !strings.Contains(text, `"http://soap.sforce.com/2005/09/outbound"`) {
		return "", nil
	}
	return "text/xml; charset=utf-8", []byte(soapAck)
}

// Topics are those that every shop should send, in the words of docs/webhook.md.
func (s *Source) Topics() []connectors.Topic {
	return []connectors.Topic{
		{Name: "order.created", Seen: []string{"order.placed"}, Lost: "orders are not counted, so nobody is known as a customer, nobody goes quiet and nobody is seen to come back"},
		{Name: "consent.changed, or contact.updated with customer.consent", Seen: []string{"consent.changed", "contact.changed"}, Lost: "who agrees or objects to messages outside of an order is not known here: who never agreed is not written to, who objected only there still is"},
		{Name: "order.cancelled", Seen: []string{"order.cancelled"}, Lost: "cancelled orders go on counting"},
		{Name: "order.refunded", Seen: []string{"order.refunded"}, Lost: "money that went back goes on counting, and a refunded customer is thanked for coming back"},
		{Name: "subscription.cancelled (for shops with subscriptions)", Seen: []string{"subscription.cancelled"}, Lost: "the cancellation journey never starts"},
		{Name: "contact.erase", Seen: []string{"erase.requested"}, Lost: "a person whom you erase in your system stays here until you run ritorno erase"},
	}
}
