package stripe

import (
	"errors"
	"strings"
	"testing"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/outbound"
)

// FuzzReadAnswers: no answer of a shop's API panics or reaches our texts, and
// what it brings can be read or refused as a webhook can.
func FuzzReadAnswers(f *testing.F) {
	src, err := New(Options{Secrets: []string{"x"}})
	if err != nil {
		f.Fatal(err)
	}
	for _, body := range []string{`{"object":"list","has_more":true,"data":[{"id":"evt_1","object":"event","type":"charge.succeeded","created":1788249600,"livemode":true,"data":{"object":{"id":"ch_1","object":"charge","amount":100,"currency":"eur","captured":true}}}]}`, `{"error":{"param":"starting_after"}}`, `{"object":"list","data":[{}]}`} {
		f.Add(200, []byte(body))
		f.Add(400, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		list, more, err := readList(outbound.Answer{Status: status, Body: body}, "/v1/events")
		var p connectors.Page
		for _, o := range list {
			p.Deliveries = append(p.Deliveries, delivered(o.raw))
			if body, ok := o.event("charge.succeeded"); ok {
				p.Deliveries = append(p.Deliveries, delivered(body))
			}
			if more {
				p.Next = o.ID
			}
		}
		var fault *connectors.ReadFault
		if err != nil && (!errors.As(err, &fault) || !strings.HasPrefix(fault.Text, "Stripe: ") || len(fault.Text) > 400 || fault.Name == "") {
			t.Errorf("told as %q", err)
		}
		if len(p.Next) > 1024 {
			t.Errorf("a mark of %d bytes", len(p.Next))
		}
		for _, d := range p.Deliveries {
			d.Now = time.Unix(1788249600, 0)
			if _, err := src.Normalise(d); err != nil && !errors.Is(err, connectors.ErrMalformed) {
				t.Errorf("%v", err)
			}
		}
	})
}
