package webhook_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/internal/lifecycle"
)

// told posts one body and returns its event.
func told(t *testing.T, body string) (lifecycle.Event, error) {
	t.Helper()
	events, err := bearer(t, "token").Normalise(connectors.Request{Header: http.Header{}, Body: []byte(body), Now: day(9)})
	if len(events) == 0 {
		return lifecycle.Event{}, err
	}
	return events[0], err
}

func TestWrongBodies(t *testing.T) {
	const who = `"customer":{"id":"C-1"}`
	for name, tt := range map[string]struct{ body, want string }{
		"no type":                       {`{"data":{}}`, "/type: is missing"},
		"no data":                       {`{"type":"order.created"}`, "/data: is missing"},
		"an array of them":              {`[{"type":"order.created"}]`, "/: want an object, got an array"},
		"data as text":                  {`{"type":"order.created","data":"{}"}`, "/data: want an object, got text"},
		"an order without id":           {`{"type":"order.created","data":{"total":1,"currency":"EUR"}}`, "/data/id: is missing"},
		"an order without total":        {`{"type":"order.created","data":{"id":1,"currency":"EUR"}}`, "/data/total: is missing"},
		"an order without currency":     {`{"type":"order.created","data":{"id":1,"total":"1.00"}}`, "/data/currency"},
		"a currency sign":               {`{"type":"order.created","data":{"id":1,"total":"1.00","currency":"€"}}`, "/data/currency"},
		"a total in words":              {`{"type":"order.created","data":{"id":1,"total":"one","currency":"EUR"}}`, "/data/total: not a decimal amount"},
		"a total to be read two ways":   {`{"type":"order.created","data":{"id":1,"total":"1,234","currency":"EUR"}}`, "/data/total: an amount that can be read in two ways"},
		"a total below zero":            {`{"type":"order.created","data":{"id":1,"total":-1,"currency":"EUR"}}`, "/data/total: is below zero"},
		"a total that nobody pays":      {`{"type":"order.created","data":{"id":1,"total":1e15,"currency":"EUR"}}`, "/data/total: an amount that no shop takes"},
		"a status of one's own":         {`{"type":"order.created","data":{"id":1,"total":1,"currency":"EUR","status":"shipped"}}`, "/data/status"},
		"an update without its order":   {`{"type":"order.updated","timestamp":"2026-09-01T08:00:00Z","data":{"id":1,"total":1,"currency":"EUR"}}`, "/data/created_at: is missing"},
		"a refund without one":          {`{"type":"order.refunded","data":{"id":1}}`, "/data/refund: is missing"},
		"a refund without amount":       {`{"type":"order.refunded","data":{"id":1,"refund":{"id":2}}}`, "/data/refund/amount: is missing"},
		"a refund below zero":           {`{"type":"order.refunded","data":{"id":1,"currency":"EUR","refund":{"amount":"-5"}}}`, "/data/refund/amount: is below zero"},
		"a renewal of nothing":          {`{"type":"subscription.renewed","data":{` + who + `}}`, "/data/id: is missing"},
		"a renewal that failed":         {`{"type":"subscription.renewed","data":{"id":1,"total":1,"currency":"EUR","status":"open",` + who + `}}`, "/data/status: of a renewal is always paid"},
		"a subscription of nobody":      {`{"type":"subscription.cancelled","data":{"subscription":{"id":1}}}`, "/data/customer: needs an id, email or phone"},
		"a cancellation of nothing":     {`{"type":"subscription.cancelled","data":{` + who + `}}`, "/data/subscription/id: is missing"},
		"a contact of nobody":           {`{"type":"contact.created","data":{"customer":{"first_name":"Anna"}}}`, "/data/customer: needs an id, email or phone"},
		"a merge with nobody":           {`{"type":"contact.merged","data":{` + who + `}}`, "/data/merged: needs an id, email or phone"},
		"a consent to nothing":          {`{"type":"consent.changed","data":{` + who + `}}`, "/data/consent: is missing"},
		"a consent in one's own words":  {`{"type":"consent.changed","data":{` + who + `,"consent":{"sms":{"state":"maybe"}}}}`, "/data/consent/sms/state"},
		"a consent within the customer": {`{"type":"contact.created","data":{"customer":{"id":1,"consent":{"email":{"state":"yes"}}}}}`, "/data/customer/consent/email/state"},
		"a consent as text":             {`{"type":"consent.changed","data":{` + who + `,"consent":"subscribed"}}`, "/data/consent: want an object, got text"},
		"a time in words":               {`{"type":"contact.created","timestamp":"now","data":{` + who + `}}`, "/timestamp: not a time in ISO 8601"},
		"items that are not a list":     {`{"type":"order.created","data":{"id":1,"total":1,"currency":"EUR","items":{"0":{}}}}`, "/data/items: want an array, got an object"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := told(t, tt.body)
			if !errors.Is(err, connectors.ErrMalformed) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("err = %v, want %q", err, tt.want)
			}
		})
	}
}

func TestIgnored(t *testing.T) {
	for name, body := range map[string]string{
		"a type that we don't use":     `{"type":"invoice.created"}`,
		"a test order":                 `{"type":"order.created","data":{"id":1,"test":true}}`,
		"a type of the same beginning": `{"type":"order.created.v2","data":{}}`,
	} {
		if ev, err := told(t, body); err != nil || ev.Type != "" {
			t.Errorf("%s: %+v, %v, want nothing", name, ev, err)
		}
	}
}

func TestTimes(t *testing.T) {
	const placed, at, sent = `"created_at":"2026-09-01T08:00:00Z"`, `"at":"2026-09-02T08:00:00Z"`, `"timestamp":"2026-09-03T08:00:00Z"`
	const order = `"id":1,"total":1,"currency":"EUR"`
	first, second, third := day(1), day(2), day(3)
	for name, tt := range map[string]struct {
		body                string
		event, order, newer time.Time
	}{
		"an order knows when it was placed":     {`{"type":"order.created",` + sent + `,"data":{` + order + `,` + placed + `}}`, first, first, third},
		"at serves as well":                     {`{"type":"order.created",` + sent + `,"data":{` + order + `,` + at + `}}`, second, second, third},
		"else the message's time":               {`{"type":"order.created",` + sent + `,"data":{` + order + `}}`, third, third, third},
		"paid later, placed before":             {`{"type":"order.paid",` + sent + `,"data":{` + order + `,` + placed + `,` + at + `}}`, second, first, third},
		"updated_at is the version":             {`{"type":"order.updated","data":{` + order + `,` + placed + `,"updated_at":"2026-09-03T08:00:00Z"}}`, first, first, third},
		"a cancellation has a time of its own":  {`{"type":"order.cancelled",` + sent + `,"data":{"id":1,` + placed + `,` + at + `}}`, second, first, third},
		"a cancellation that names only the id": {`{"type":"order.cancelled",` + sent + `,"data":{"id":1}}`, third, time.Time{}, third},
		"nothing known but the time of arrival": {`{"type":"order.created","data":{` + order + `}}`, day(9), day(9), day(9)},
	} {
		t.Run(name, func(t *testing.T) {
			ev, err := told(t, tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if !ev.At.Equal(tt.event) || !ev.Order.At.Equal(tt.order) || !ev.Version.Equal(tt.newer) {
				t.Errorf("event %v, order %v, version %v\nwant  %v,       %v,         %v", ev.At, ev.Order.At, ev.Version, tt.event, tt.order, tt.newer)
			}
		})
	}
}

func day(n int) time.Time { return time.Date(2026, 9, n, 8, 0, 0, 0, time.UTC) }
