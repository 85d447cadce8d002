package woocommerce

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"ritorno/connectors"
	"ritorno/connectors/outbound"
)

// TellerOptions say how to reach the REST API of one shop, and what to tell it.
type TellerOptions struct {
	MakerOptions
	// Meta are the keys of the customer's meta_data by the name of what stands in
	// them.
	Meta map[string]string
}

// Teller tells one shop of its customers. It makes none.
type Teller struct{ o TellerOptions }

var _ connectors.Teller = (*Teller)(nil)

// NewTeller makes a teller.
func NewTeller(o TellerOptions) (*Teller, error) {
	if o.URL == "" || o.Key == "" || o.Secret == "" || o.Client == nil {
		return nil, errors.New("telling WooCommerce needs api_url, api_key and api_secret")
	}
	return &Teller{o}, nil
}

// written is an entry of meta_data. An entry of the same key is replaced.
type written struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Tell writes what the contact is now into the meta_data of the customer.
// https://woocommerce.github.io/woocommerce-rest-api-docs/#update-a-customer
func (t *Teller) Tell(ctx context.Context, n connectors.Telling) error {
	ids := slices.DeleteFunc(slices.Clone(n.IDs), func(id string) bool { return strings.Trim(id, "0123456789") != "" || strings.Trim(id, "0") == "" })
	values := n.Fields()
	var data []written
	for _, name := range slices.Sorted(maps.Keys(t.o.Meta)) {
		if value, told := values[name]; told {
			data = append(data, written{t.o.Meta[name], value})
		}
	}
	return connectors.TellEach(ids, func() ([]string, *connectors.TellFault) { return t.find(ctx, n.Email) }, func(id string) (bool, *connectors.TellFault) {
		if len(data) == 0 {
			return true, nil
		}
		a, fault := t.call(ctx, http.MethodPut, "/customers/"+id, map[string]any{"meta_data": data})
		return a.Status != http.StatusNotFound, fault
	})
}

// find looks a customer up by e-mail. Guests are no customers.
// https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-customers
func (t *Teller) find(ctx context.Context, email string) (ids []string, _ *connectors.TellFault) {
	if email == "" {
		return nil, nil
	}
	a, fault := t.call(ctx, http.MethodGet, "/customers?"+url.Values{"email": {email}, "role": {"all"}}.Encode(), nil)
	if fault != nil {
		return nil, fault
	}
	var got []struct {
		ID    int64  `json:"id"`
		Email string `json:"email"`
	}
	if a.Status != http.StatusOK || json.Unmarshal(a.Body, &got) != nil {
		return nil, &connectors.TellFault{Text: "WooCommerce: its answer is not that of WooCommerce's API: look at api_url, and whether the permalinks of WordPress are anything but Plain"}
	}
	for _, c := range got {
		if c.ID > 0 && strings.EqualFold(c.Email, email) {
			ids = append(ids, fmt.Sprint(c.ID))
		}
	}
	return ids, nil
}

// call makes one call. A customer that is not there (404, or the error code of
// an id that is no customer's) comes back as status 404.
func (t *Teller) call(ctx context.Context, method, path string, in any) (outbound.Answer, *connectors.TellFault) {
	header := http.Header{
		"Accept":        {"application/json"},
		"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(t.o.Key+":"+t.o.Secret))},
	}
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return outbound.Answer{}, &connectors.TellFault{Single: true, Text: "WooCommerce: what is to be told cannot be written as JSON"}
		}
		header.Set("Content-Type", "application/json")
	}
	a, err := t.o.Client.Call(ctx, method, t.o.URL+"/wp-json/wc/v3"+path, header, body)
	if err != nil {
		return a, &connectors.TellFault{Refused: errors.Is(err, outbound.ErrInternal), Text: "WooCommerce: no answer: " + err.Error()}
	}
	return judgeTold(a)
}

// noCustomer are the error codes of a customer's id that is nobody's.
var noCustomer = []string{"woocommerce_rest_invalid_id", "woocommerce_rest_customer_invalid_id"}

func judgeTold(a outbound.Answer) (outbound.Answer, *connectors.TellFault) {
	var got struct {
		Code string `json:"code"`
		ID   int64  `json:"id"`
	}
	broken := json.Unmarshal(a.Body, &got) != nil
	refuse := func(text string) (outbound.Answer, *connectors.TellFault) {
		return a, &connectors.TellFault{Refused: true, Text: "WooCommerce: " + text}
	}
	switch s := a.Status; {
	case s == http.StatusOK:
		return a, nil
	case (s == http.StatusBadRequest || s == http.StatusNotFound) && slices.Contains(noCustomer, got.Code):
		a.Status = http.StatusNotFound
		return a, nil
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return refuse(fmt.Sprintf("it refuses our key (status %d, %s): make one with the permission Read/Write for a user who may manage the shop, and look whether the web server passes Authorization on", s, word(got.Code)))
	case s == http.StatusNotFound:
		return refuse("there is no API at this address (status 404): api_url is the address of the WordPress site, whose permalinks must be anything but Plain")
	case s >= 300 && s < 400:
		return refuse(fmt.Sprintf("it leads elsewhere (status %d): api_url must be the address where the shop ends up, with or without www", s))
	case connectors.Busy(s) || broken:
		return a, &connectors.TellFault{Text: fmt.Sprintf("WooCommerce: it cannot just now (status %d)", s), RetryAfter: a.RetryAfter}
	default:
		return a, &connectors.TellFault{Single: true, Refused: true, Text: fmt.Sprintf("WooCommerce: it does not take what it is told of this customer (status %d, %s)", s, word(got.Code))}
	}
}
