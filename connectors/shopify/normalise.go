package shopify

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"mime"
	"strconv"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// delivery is one verified call. Its headers are not signed.
type delivery struct {
	topic     string
	shop      string    // name.myshopify.com
	triggered time.Time // now, if the header is missing or unreadable
	body      []byte
	id        string // of the event, else of the delivery
}

// topics is what we use; everything else is ignored. orders/edited is not
// among them because it has no totals: those come with orders/updated. Nor is
// subscription_contracts/update: each change of state has a topic of its own.
var topics = map[string]func(delivery) ([]lifecycle.Event, error){
	"orders/create":              orderTold,
	"orders/updated":             orderTold,
	"orders/paid":                orderTold,
	"orders/cancelled":           orderTold,
	"orders/fulfilled":           orderTold,
	"orders/partially_fulfilled": orderTold,
	"orders/delete":              orderDeleted,
	"refunds/create":             refunded,

	"customers/create":                         customerTold,
	"customers/update":                         customerTold,
	"customers/enable":                         customerTold,
	"customers/disable":                        customerTold,
	"customers/delete":                         customerDeleted,
	"customers/merge":                          customersMerged,
	"customers_email_marketing_consent/update": emailConsent,
	"customers_marketing_consent/update":       smsConsent,

	"subscription_contracts/create":   contract("active", lifecycle.SubscriptionStarted),
	"subscription_contracts/activate": contract("active", lifecycle.SubscriptionStarted),
	"subscription_contracts/pause":    contract("paused", lifecycle.SubscriptionPaused),
	"subscription_contracts/cancel":   contract("cancelled", lifecycle.SubscriptionCancelled),
	"subscription_contracts/expire":   contract("expired", lifecycle.SubscriptionCancelled),
	"subscription_contracts/fail":     contract("failed", lifecycle.PaymentFailed),

	"subscription_billing_attempts/success":    attempted(true),
	"subscription_billing_attempts/failure":    attempted(false),
	"subscription_billing_attempts/challenged": attempted(false),

	"app/uninstalled":        uninstalled,
	"shop/redact":            shopRedacted,
	"customers/redact":       customerRedacted,
	"customers/data_request": dataRequested,
}

// Normalise turns a verified delivery into events.
func (s *Source) Normalise(r connectors.Request) ([]lifecycle.Event, error) {
	d := delivery{
		topic: strings.ToLower(strings.TrimSpace(header(r.Header, "Topic"))),
		shop:  strings.ToLower(strings.TrimSpace(header(r.Header, "Shop-Domain"))),
		body:  r.Body,
	}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); strings.HasSuffix(media, "xml") {
		return nil, connectors.Malformed("", "the webhook is set to XML; choose JSON as its format in the shop's settings")
	}
	if d.topic == "" {
		return nil, connectors.Malformed("", "the header X-Shopify-Topic is missing")
	}
	read, used := topics[d.topic]
	if !used {
		return nil, nil
	}
	// Not signed and only a fallback, so an unreadable time is as good as none.
	triggered, _ := connectors.ParseTime(header(r.Header, "Triggered-At"))
	d.triggered = timeOf(triggered, r.Now.UTC())
	if id := header(r.Header, "Event-Id"); id != "" {
		d.id = "event " + id
	} else if id := header(r.Header, "Webhook-Id"); id != "" {
		d.id = "webhook " + id
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

// key is equal for each try of one delivery and for the same event through a
// second subscription. The body is part of it, because nothing else is signed:
// whoever knows an id in advance cannot make us miss the real news.
func (d delivery) key(i int) string {
	h := sha256.New()
	for _, part := range []string{d.shop, d.topic, d.id, string(d.body)} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return "shopify " + hex.EncodeToString(h.Sum(nil)[:16]) + " " + strconv.Itoa(i)
}
