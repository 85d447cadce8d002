package activecampaign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"ritorno/connectors"
	"ritorno/connectors/outbound"
)

// call makes one call of API v3 and reads the answer into out, unless that is
// nil. gone: there is no such object (404).
// https://developers.activecampaign.com/reference/overview
func (t *Teller) call(ctx context.Context, method, path string, query url.Values, in, out any) (gone bool, _ *connectors.TellFault) {
	target := t.o.URL + "/api/3" + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	header := http.Header{"Api-Token": {t.o.Key}, "Accept": {"application/json"}}
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return false, &connectors.TellFault{Single: true, Text: "ActiveCampaign: what is to be told cannot be written as JSON"}
		}
		header.Set("Content-Type", "application/json")
	}
	a, err := t.o.Client.Call(ctx, method, target, header, body)
	if err != nil {
		return false, &connectors.TellFault{Refused: errors.Is(err, outbound.ErrInternal), Text: "ActiveCampaign: no answer: " + err.Error()}
	}
	if a.Status == http.StatusNotFound {
		return true, nil
	}
	if fault := status(a); fault != nil {
		return false, fault
	}
	if out != nil && connectors.Decode(a.Body, out) != nil {
		return false, notAnAnswer()
	}
	return false, nil
}

func notAnAnswer() *connectors.TellFault {
	return &connectors.TellFault{Text: "ActiveCampaign: its answer is not understood; is api_url the address of Settings > Developer?"}
}

// status judges what the HTTP status alone says.
func status(a outbound.Answer) *connectors.TellFault {
	s := a.Status
	fault := func(text string) *connectors.TellFault {
		return &connectors.TellFault{Refused: true, Text: fmt.Sprintf("ActiveCampaign: %s (status %d)", text, s)}
	}
	switch {
	case s >= 200 && s < 300:
		return nil
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return fault("it refuses our key: look at api_key, and whether its user may change contacts")
	case s == http.StatusPaymentRequired:
		return fault("the account is not paid")
	case s >= 300 && s < 400:
		return fault("it leads elsewhere: api_url must be the address of Settings > Developer")
	case connectors.Busy(s):
		return &connectors.TellFault{Text: fmt.Sprintf("ActiveCampaign: it cannot just now (status %d)", s), RetryAfter: a.RetryAfter}
	}
	f := fault("it does not take what it is told of this contact: look at the fields of tell_back")
	f.Single = true
	return f
}
