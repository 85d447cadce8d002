package woocommerce

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
	for _, body := range []string{`[{"id":1,"status":"processing","total":"1.00","currency":"EUR","date_created_gmt":"2027-03-01T12:00:00","date_modified_gmt":"2027-03-01T12:00:00"}]`, `{"code":"rest_no_route"}`, `[1,null,"x"]`} {
		f.Add(200, []byte(body))
		f.Add(400, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		list, more, err := readList(outbound.Answer{Status: status, Body: body}, parts[0], 1)
		p := connectors.Page{Deliveries: deliveries(list, parts[0].topic)}
		if more {
			p.Next = (mark{page: 1}).behind(list).String()
			if _, ok := parseMark(p.Next); !ok {
				t.Errorf("our own mark is not read: %q", p.Next)
			}
		}
		var fault *connectors.ReadFault
		if err != nil && (!errors.As(err, &fault) || !strings.HasPrefix(fault.Text, "WooCommerce: ") || len(fault.Text) > 400 || fault.Name == "") {
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
