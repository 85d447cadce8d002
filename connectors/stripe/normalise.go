package stripe

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// envelope is what stands around the object. api_version is not needed: the
// fields' new places are read first, then the old ones.
type envelope struct {
	ID      connectors.ID   `json:"id"`
	Object  connectors.Text `json:"object"`
	Type    connectors.Text `json:"type"`
	Account connectors.Text `json:"account"`
	Live    connectors.Flag `json:"livemode"`
	Data    connectors.Seen `json:"data"`
	// Unix seconds in snapshot events, ISO 8601 in thin ones.
	Created connectors.Text `json:"created"`
}

// delivery is one verified event while it is read.
type delivery struct {
	kind    string
	created time.Time
	body    []byte
	shop    string // whose order ids stand in metadata.order_id; empty: nobody's
}

// types is what we use; everything else is ignored.
var types = map[string]func(delivery) ([]lifecycle.Event, error){
	"checkout.session.completed":               sessionTold,
	"checkout.session.async_payment_succeeded": sessionTold,

	"invoice.paid":              invoicePaid,
	"invoice.payment_succeeded": invoicePaid,
	"invoice.payment_failed":    invoiceFailed,
	"invoice_payment.paid":      invoicePaymentPaid,
	"credit_note.created":       creditNoteTold,

	"payment_intent.succeeded": intentTold,
	"charge.succeeded":         chargeTold,
	"charge.captured":          chargeTold,
	"charge.refunded":          chargeRefunded,
	"refund.created":           refundTold,
	"refund.updated":           refundTold,
	"refund.failed":            refundFailed,
	"charge.refund.updated":    refundTold,
	"charge.dispute.created":   disputeTold,
	"charge.dispute.closed":    disputeTold,

	"customer.subscription.created": subscriptionCreated,
	"customer.subscription.updated": subscriptionUpdated,
	"customer.subscription.deleted": subscriptionDeleted,
	"customer.subscription.paused":  subscriptionPaused,
	"customer.subscription.resumed": subscriptionResumed,

	"customer.created": customerTold,
	"customer.updated": customerTold,
	"customer.deleted": customerDeleted,

	"account.application.deauthorized": deauthorized,
}

// Normalise turns a verified event into ours.
func (s *Source) Normalise(r connectors.Request) ([]lifecycle.Event, error) {
	var e envelope
	if err := connectors.Decode(r.Body, &e); err != nil {
		return nil, err
	}
	switch e.Object {
	case "event":
	case "v2.core.event", "v2.event": // thin: names an object that only the API shows
		return nil, nil
	default:
		return nil, connectors.Malformed("/object", "is not event: this is no event of Stripe")
	}
	kind := string(e.Type)
	if kind == "" {
		return nil, connectors.Malformed("/type", "is missing")
	}
	read, used := types[kind]
	if !used || e.Live.Known && !e.Live.On && !s.tests {
		return nil, nil
	}
	if !e.Data {
		return nil, connectors.Malformed("/data", "is missing")
	}
	d := delivery{kind: kind, body: r.Body, shop: s.shop}
	var err error
	if d.created, err = seconds(e.Created, "/created"); err != nil {
		return nil, err
	}
	if d.created.IsZero() {
		d.created = r.Now.UTC()
	}
	events, err := read(d)
	if err != nil {
		return nil, err
	}
	for i := range events {
		events[i].Key = e.key(r.Body, i)
		events[i].Version = d.created
	}
	return events, nil
}

// seconds reads the envelope's time.
func seconds(t connectors.Text, at string) (time.Time, error) {
	text := strings.TrimSpace(string(t))
	if text == "" {
		return time.Time{}, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > 253402300799 { // the year 9999
		return time.Time{}, connectors.Malformed(at, "is not a time in seconds since 1970")
	}
	return time.Unix(n, 0).UTC(), nil
}

// key is equal for each try of one event, and for the same event through a
// second endpoint.
func (e envelope) key(body []byte, i int) string {
	name := string(e.ID)
	if name == "" {
		sum := sha256.Sum256(body)
		name = "body " + hex.EncodeToString(sum[:16])
	}
	if account := e.Account.Line(maxCode); account != "" { // a connected account counts its own events
		name = account + " " + name
	}
	return "stripe " + name + " " + strconv.Itoa(i)
}

// object reads data.object as a T. kind is its Stripe name, which keeps an
// object of another kind from being read with empty fields.
func object[T any](d delivery, kind string) (T, error) {
	var body struct {
		Data struct {
			Object connectors.Maybe[T] `json:"object"`
		} `json:"data"`
	}
	var head struct {
		Data struct {
			Object connectors.Maybe[struct {
				Object connectors.Text `json:"object"`
			}] `json:"object"`
		} `json:"data"`
	}
	if err := connectors.Decode(d.body, &head); err != nil {
		return body.Data.Object.Value, err
	}
	if got := head.Data.Object.Value.Object; string(got) != kind {
		return body.Data.Object.Value, connectors.Malformed("/data/object/object", "is not "+kind)
	}
	err := connectors.Decode(d.body, &body)
	return body.Data.Object.Value, err
}

// deauthorized: a connected account took its permission back.
func deauthorized(d delivery) ([]lifecycle.Event, error) {
	return []lifecycle.Event{{Type: lifecycle.SourceGone, At: d.created, Text: "account disconnected in Stripe"}}, nil
}
