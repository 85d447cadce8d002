package shopify

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"ritorno/connectors"
	"ritorno/connectors/outbound"
)

// post sends one operation of GraphQL. A token that was granted and is refused
// is asked for anew once.
func (m *Maker) post(ctx context.Context, body []byte) (outbound.Answer, *connectors.CouponFault) {
	for try := 0; ; try++ {
		token, fault := m.access(ctx)
		if fault != nil {
			return outbound.Answer{}, fault
		}
		a, err := m.o.Client.Post(ctx, m.o.URL+"/admin/api/"+m.o.Version+"/graphql.json", http.Header{
			"Content-Type": {"application/json"}, "Accept": {"application/json"}, "X-Shopify-Access-Token": {token},
		}, body)
		if err != nil {
			return a, unreached(err)
		}
		if a.Status == http.StatusUnauthorized && try == 0 && m.token.forget(token) {
			continue // a token that was granted ends when the app's secret is changed
		}
		return a, nil
	}
}

// userError is why an operation was understood and not done.
type userError struct {
	Field []string `json:"field"`
	Code  string   `json:"code"`
}

// ask sends one operation and reads its data into out. scope is what the app
// must have for it.
func (t *Teller) ask(ctx context.Context, query string, variables map[string]any, scope string, out any) *connectors.TellFault {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return &connectors.TellFault{Single: true, Text: "Shopify: what is to be told cannot be written as JSON"}
	}
	a, fault := t.api.post(ctx, body)
	if fault == nil {
		fault = status(a)
	}
	if fault != nil {
		return tellFault(fault)
	}
	var got struct {
		Errors json.RawMessage `json:"errors"`
		Data   json.RawMessage `json:"data"`
	}
	if json.Unmarshal(a.Body, &got) != nil {
		return &connectors.TellFault{Text: "Shopify: its answer is not understood; is api_url the address of a Shopify shop?"}
	}
	if denied(got.Errors) {
		return &connectors.TellFault{Refused: true, Text: "Shopify: the app may not do this: give it the scope " + scope + ", and access to protected customer data, and install it again"}
	}
	if fault := topErrors(got.Errors, a.RetryAfter); fault != nil {
		return tellFault(fault)
	}
	if len(got.Data) == 0 || json.Unmarshal(got.Data, out) != nil {
		return &connectors.TellFault{Text: "Shopify: its answer does not say what was done"}
	}
	return nil
}

// denied reports whether the app lacks a scope.
func denied(raw json.RawMessage) bool {
	var list []struct {
		Extensions struct {
			Code string `json:"code"`
		} `json:"extensions"`
	}
	return json.Unmarshal(raw, &list) == nil && len(list) > 0 && list[0].Extensions.Code == "ACCESS_DENIED"
}

func tellFault(f *connectors.CouponFault) *connectors.TellFault {
	return &connectors.TellFault{Refused: f.Refused, Text: f.Text, RetryAfter: f.RetryAfter}
}

// done judges the errors of one operation. What the shop does not take of one
// customer stops nobody else.
func done(what string, list []userError) *connectors.TellFault {
	if len(list) == 0 {
		return nil
	}
	return &connectors.TellFault{Single: true, Refused: true, Text: "Shopify: it does not take " + what + " of this customer (" + word(list[0].Code) + ")"}
}

var errTeller = errors.New("telling Shopify needs api_url, and api_token or api_key with api_secret")
