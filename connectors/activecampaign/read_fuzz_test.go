package activecampaign

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
	src, err := New(Options{Token: "0123456789abcdef"})
	if err != nil {
		f.Fatal(err)
	}
	for _, body := range []string{`{"contacts":[{"id":"7","email":"anna@example.com","udate":"2027-03-01T12:00:00Z"}],"contactLists":[{"contact":"7","list":"3","status":"2","udate":"2027-03-01T12:00:00Z"}],"ecomOrders":[{"externalid":"1","email":"anna@example.com","state":"1","totalPrice":"4990","currency":"eur","externalCreatedDate":"2027-03-01T12:00:00Z"}]}`, `{"contacts":[{"id":5},{"id":4}]}`, `[]`} {
		f.Add(200, []byte(body))
		f.Add(400, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		var got struct {
			contactPage
			Orders []apiOrder `json:"ecomOrders"`
		}
		err := readAnswer(outbound.Answer{Status: status, Body: body}, &got)
		var p connectors.Page
		if err == nil {
			p, err = got.page(0)
		}
		for _, o := range got.Orders {
			p.Deliveries = append(p.Deliveries, o.delivery())
		}
		var fault *connectors.ReadFault
		if err != nil && (!errors.As(err, &fault) || !strings.HasPrefix(fault.Text, "ActiveCampaign: ") || len(fault.Text) > 400 || fault.Name == "") {
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
