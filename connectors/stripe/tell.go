package stripe

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"ritorno/connectors"
	"ritorno/connectors/outbound"
)

// DefaultAPIURL is Stripe's own address.
const DefaultAPIURL = "https://api.stripe.com"

// TellerOptions say how to reach Stripe, and what to tell it.
type TellerOptions struct {
	URL string // without a slash at the end; empty: DefaultAPIURL
	Key string // secret or restricted key that may write customers
	// Metadata are the keys of the customer's metadata by the name of what stands
	// in them.
	Metadata map[string]string
	Client   *outbound.Client
}

// Teller tells one account of its customers. It makes none.
type Teller struct{ o TellerOptions }

var _ connectors.Teller = (*Teller)(nil)

// NewTeller makes a teller.
func NewTeller(o TellerOptions) (*Teller, error) {
	if o.Key == "" || o.Client == nil {
		return nil, errors.New("telling Stripe needs api_key")
	}
	if o.URL == "" {
		o.URL = DefaultAPIURL
	}
	return &Teller{o}, nil
}

var customerForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)

// Tell writes what the contact is now into the metadata of each customer of the
// account that the person is.
// https://docs.stripe.com/api/customers/update
func (t *Teller) Tell(ctx context.Context, n connectors.Telling) error {
	ids := slices.DeleteFunc(slices.Clone(n.IDs), func(id string) bool { return !customerForm.MatchString(id) })
	form, values := url.Values{}, n.Fields()
	for _, name := range slices.Sorted(maps.Keys(t.o.Metadata)) {
		if value, told := values[name]; told {
			form.Set("metadata["+t.o.Metadata[name]+"]", value)
		}
	}
	return connectors.TellEach(ids, func() ([]string, *connectors.TellFault) { return t.find(ctx, n.Email) }, func(id string) (bool, *connectors.TellFault) {
		if len(form) == 0 {
			return true, nil
		}
		a, fault := t.call(ctx, http.MethodPost, "/v1/customers/"+id, form, n.Key)
		var got struct {
			Deleted bool `json:"deleted"`
		}
		return a.Status != http.StatusNotFound && (json.Unmarshal(a.Body, &got) != nil || !got.Deleted), fault
	})
}

// find looks customers up by e-mail, whose letter case counts there; several
// may share one.
// https://docs.stripe.com/api/customers/list
func (t *Teller) find(ctx context.Context, email string) (ids []string, _ *connectors.TellFault) {
	if email == "" {
		return nil, nil
	}
	a, fault := t.call(ctx, http.MethodGet, "/v1/customers?"+url.Values{"email": {email}, "limit": {"10"}}.Encode(), nil, "")
	if fault != nil {
		return nil, fault
	}
	var got struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	if json.Unmarshal(a.Body, &got) != nil || got.Data == nil {
		return nil, &connectors.TellFault{Text: "Stripe: its answer is not understood; leave api_url out"}
	}
	for _, c := range got.Data {
		if customerForm.MatchString(c.ID) {
			ids = append(ids, c.ID)
		}
	}
	return ids, nil
}

// call makes one call; 404 is no fault. key, unless empty, lets a repeated call
// do nothing twice: Stripe answers the same key for a day as the first time,
// also with a failure of its own, so each try has another one.
// https://docs.stripe.com/api/idempotent_requests
func (t *Teller) call(ctx context.Context, method, path string, form url.Values, key string) (outbound.Answer, *connectors.TellFault) {
	header := http.Header{"Accept": {"application/json"}, "Authorization": {"Bearer " + t.o.Key}}
	var body []byte
	if form != nil {
		body = []byte(form.Encode())
		header.Set("Content-Type", "application/x-www-form-urlencoded")
		sum := sha256.Sum256([]byte(key + "\x00" + path + "\x00" + string(body)))
		header.Set("Idempotency-Key", "ritorno-"+hex.EncodeToString(sum[:16]))
	}
	a, err := t.o.Client.Call(ctx, method, t.o.URL+path, header, body)
	if err != nil {
		return a, &connectors.TellFault{Refused: errors.Is(err, outbound.ErrInternal), Text: "Stripe: no answer: " + err.Error()}
	}
	return a, judge(a)
}

// judge reads what the status says. https://docs.stripe.com/api/errors
func judge(a outbound.Answer) *connectors.TellFault {
	var got struct {
		Error struct {
			Type, Code string
		} `json:"error"`
	}
	_ = json.Unmarshal(a.Body, &got) // only a hint
	switch s := a.Status; {
	case s == http.StatusOK, s == http.StatusNotFound && got.Error.Code == "resource_missing":
		return nil
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return &connectors.TellFault{Refused: true, Text: fmt.Sprintf("Stripe: it refuses our key (status %d): look at api_key, which must be allowed to write customers", s)}
	case s == http.StatusNotFound, s >= 300 && s < 400:
		return &connectors.TellFault{Refused: true, Text: fmt.Sprintf("Stripe: there is no API at this address (status %d): leave api_url out", s)}
	case connectors.Busy(s):
		return &connectors.TellFault{Text: fmt.Sprintf("Stripe: it cannot just now (status %d)", s), RetryAfter: a.RetryAfter}
	default:
		return &connectors.TellFault{Single: true, Refused: true, Text: fmt.Sprintf("Stripe: it does not take what it is told of this customer (status %d, %s)", s, word(got.Error.Code))}
	}
}

var wordForm = regexp.MustCompile(`^[a-z_]{1,60}$`)

// word lets only a plain word of a stranger into our texts.
func word(text string) string {
	if wordForm.MatchString(strings.TrimSpace(text)) {
		return strings.TrimSpace(text)
	}
	return "no code"
}
