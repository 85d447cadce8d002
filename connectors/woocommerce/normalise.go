package woocommerce

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// delivery is one verified call. Its headers are not signed.
type delivery struct {
	topic  string
	shop   string // the shop's address
	id     string // hash of webhook and second: not unique
	now    time.Time
	body   []byte
	fields Fields
}

// topics is what we use; everything else is ignored. subscription.deleted is
// not among them because it names nobody, and the shop cancels a subscription
// before it deletes it. Nor is subscription.switched: both subscriptions tell
// their new state in subscription.updated.
var topics = map[string]func(delivery) ([]lifecycle.Event, error){
	"order.created":  orderTold,
	"order.updated":  orderTold,
	"order.restored": orderTold,
	"order.deleted":  orderDeleted,

	"customer.created": customerTold,
	"customer.updated": customerTold,
	"customer.deleted": customerDeleted,

	"subscription.created": subscriptionTold,
	"subscription.updated": subscriptionTold,
}

// Normalise turns a verified delivery into events.
func (s *Source) Normalise(r connectors.Request) ([]lifecycle.Event, error) {
	d := delivery{
		topic:  topicOf(r),
		shop:   strings.TrimSpace(r.Header.Get("X-WC-Webhook-Source")),
		id:     r.Header.Get("X-WC-Webhook-Delivery-ID"),
		now:    r.Now.UTC(),
		body:   r.Body,
		fields: s.fields,
	}
	if d.topic == "" {
		return nil, connectors.Malformed("", "the header X-WC-Webhook-Topic is missing")
	}
	read, used := topics[d.topic]
	if !used {
		return nil, nil
	}
	if err := refusal(d.body); err != nil {
		return nil, err
	}
	events, err := read(d)
	if err != nil {
		return nil, err
	}
	for i := range events {
		events[i].Key = d.key(i)
	}
	return events, nil
}

// topicOf is the topic, or its two halves put together.
func topicOf(r connectors.Request) string {
	topic := r.Header.Get("X-WC-Webhook-Topic")
	if resource, event := r.Header.Get("X-WC-Webhook-Resource"), r.Header.Get("X-WC-Webhook-Event"); topic == "" && resource != "" && event != "" {
		topic = resource + "." + event
	}
	return strings.ToLower(strings.TrimSpace(topic))
}

// refusal finds the body that the shop signs where it could not read the object
// when it came to deliver: an error of its REST interface.
func refusal(body []byte) error {
	var e struct {
		Code connectors.Text `json:"code"`
		ID   connectors.Seen `json:"id"`
		Data connectors.Maybe[struct {
			Status connectors.Count `json:"status"`
		}] `json:"data"`
	}
	if err := connectors.Decode(body, &e); err != nil || bool(e.ID) || !strings.HasPrefix(string(e.Code), "woocommerce_rest_") {
		return nil // what is wrong with it, the topic's own reader says
	}
	if n := e.Data.Value.Status; n == 401 || n == 403 {
		return connectors.Malformed("/code", "the shop sent an error in place of the object: the user who made this webhook may not read it; let an administrator save the webhook again")
	}
	return connectors.Malformed("/code", "the shop sent an error in place of the object: it was gone before the delivery")
}

// key is equal for the same body under the same topic. WooCommerce has no
// delivery id that can be trusted, and saves an object often: each save has
// another body. Of a deletion there is nothing but the id, so that a second one,
// after the order was restored, is told apart by its delivery.
func (d delivery) key(i int) string {
	parts := []string{d.shop, d.topic, string(d.body)}
	if strings.HasSuffix(d.topic, ".deleted") {
		parts = append(parts, d.id)
	}
	h := sha256.New()
	for _, part := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return "woocommerce " + hex.EncodeToString(h.Sum(nil)[:16]) + " " + strconv.Itoa(i)
}
