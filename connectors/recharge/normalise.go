package recharge

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

// body is the envelope: one object under its name, and what included_objects
// adds beside it.
type body struct {
	Subscription connectors.Maybe[subscription] `json:"subscription"`
	Charge       connectors.Maybe[charge]       `json:"charge"`
	Order        connectors.Maybe[order]        `json:"order"`
	Customer     connectors.Maybe[customer]     `json:"customer"`
	// Objects that we do not use, known so that their bodies are not taken for
	// mistakes.
	Address  connectors.Seen `json:"address"`
	Onetime  connectors.Seen `json:"onetime"`
	Checkout connectors.Seen `json:"checkout"`
	Shop     connectors.Seen `json:"shop"`
	Store    connectors.Seen `json:"store"`
}

// delivery is one verified call while it is read. Its topic is not signed: the
// body alone decides, and a topic that does not fit it is refused.
type delivery struct {
	topic string // empty: not told
	now   time.Time
	shop  string // whose the order ids beside Recharge's own are
	body
}

// topics is what we use, and the object that each needs. Others are ignored.
// charge/success is an old name of charge/paid.
var topics = map[string]func(delivery) ([]lifecycle.Event, error){
	"subscription/created":   subscriptionTold,
	"subscription/updated":   subscriptionTold,
	"subscription/activated": subscriptionTold,
	"subscription/cancelled": subscriptionTold,
	"subscription/deleted":   subscriptionTold,
	"subscription/paused":    subscriptionTold,
	"subscription/skipped":   subscriptionTold,

	"charge/created":             chargeTold,
	"charge/paid":                chargeTold,
	"charge/success":             chargeTold,
	"charge/updated":             chargeTold,
	"charge/failed":              chargeTold,
	"charge/max_retries_reached": chargeTold,
	"charge/refunded":            chargeTold,

	"order/cancelled": orderTold,

	"customer/created":     customerTold,
	"customer/updated":     customerTold,
	"customer/activated":   customerTold,
	"customer/deactivated": customerTold,
	"customer/deleted":     customerTold,

	"recharge/uninstalled": uninstalled,
}

// Normalise turns a verified delivery into events.
func (s *Source) Normalise(r connectors.Request) ([]lifecycle.Event, error) {
	d := delivery{now: r.Now.UTC(), shop: s.shop, topic: r.Header.Get("X-Recharge-Topic")}
	if d.topic == "" {
		d.topic = r.Query.Get("topic")
	}
	d.topic = strings.ToLower(strings.TrimSpace(d.topic))
	read, used := topics[d.topic]
	if d.topic != "" && !used {
		return nil, nil
	}
	if err := connectors.Decode(r.Body, &d.body); err != nil {
		return nil, err
	}
	if d.topic == "" {
		if read = d.infer(); read == nil {
			if bool(d.Address || d.Onetime || d.Checkout || d.Shop || d.Store) || d.Order.Set {
				return nil, nil
			}
			return nil, connectors.Malformed("", "holds none of subscription, charge, order, customer")
		}
	}
	events, err := read(d)
	if err != nil {
		return nil, err
	}
	for i := range events {
		events[i].Key = d.key(r.Body, i)
	}
	return events, nil
}

// infer finds the reader by the object in the body, where nobody tells the
// topic. customer may stand beside another object, so it comes last.
func (d delivery) infer() func(delivery) ([]lifecycle.Event, error) {
	switch {
	case d.Subscription.Set:
		return subscriptionTold
	case d.Charge.Set:
		return chargeTold
	case d.Order.Set && strings.EqualFold(string(d.Order.Value.Status), "cancelled"):
		return orderTold
	case d.Customer.Set && !d.Order.Set && !bool(d.Address || d.Onetime || d.Checkout):
		return customerTold
	}
	return nil
}

// key is equal for each try of one delivery. Recharge names none: the body
// tells, together with the topic.
func (d delivery) key(raw []byte, i int) string {
	h := sha256.New()
	for _, part := range []string{d.topic, string(raw)} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return "recharge " + hex.EncodeToString(h.Sum(nil)[:16]) + " " + strconv.Itoa(i)
}

// is reports whether the topic is one of these events of its object.
func (d delivery) is(events ...string) bool {
	_, event, _ := strings.Cut(d.topic, "/")
	for _, e := range events {
		if event == e {
			return true
		}
	}
	return false
}

// unfit refuses a body under a topic that it does not belong to.
func unfit(at string) error {
	return connectors.Malformed(at, "does not fit the topic")
}

func uninstalled(d delivery) ([]lifecycle.Event, error) {
	if d.Subscription.Set || d.Charge.Set || d.Order.Set || d.Customer.Set || bool(d.Address || d.Onetime || d.Checkout) {
		return nil, unfit("")
	}
	return []lifecycle.Event{{Type: lifecycle.SourceGone, At: d.now, Text: "Recharge uninstalled"}}, nil
}
