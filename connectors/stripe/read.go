package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/outbound"
)

// DefaultAPI is where Stripe's API is.
const DefaultAPI = "https://api.stripe.com"

// Bounds of one read.
const (
	pageEvents = 100
	newest     = 5 // payments, and paid invoices, of one customer
	maxRead    = 8 << 20
	// kept is how long Stripe lists an event, less a day to be sure.
	kept = 29 * 24 * time.Hour
)

// ReaderOptions say how to reach one account.
type ReaderOptions struct {
	URL    string // empty: DefaultAPI; without a slash at the end
	Key    string // a restricted key that may read events, charges, invoices and customers
	Client *outbound.Client
}

// Reader reads one account's events: the very bodies of its webhooks.
type Reader struct{ o ReaderOptions }

var _ connectors.Reader = (*Reader)(nil)

// NewReader makes a reader.
func NewReader(o ReaderOptions) (*Reader, error) {
	if o.Key == "" || o.Client == nil {
		return nil, errors.New("access to Stripe's API needs api_key")
	}
	if o.URL == "" {
		o.URL = DefaultAPI
	}
	return &Reader{o}, nil
}

// Changes reads events, newest first: they are complete, whatever was changed,
// and the only list that tells of cancellations and refunds too. What happens
// meanwhile stands in front of the first page, where the next round finds it.
// https://docs.stripe.com/api/events/list
func (r *Reader) Changes(ctx context.Context, since time.Time, next string) (connectors.Page, error) {
	q := url.Values{"limit": {strconv.Itoa(pageEvents)}, "created[gte]": {strconv.FormatInt(since.Unix(), 10)}}
	if next != "" {
		q.Set("starting_after", next)
	}
	list, more, err := r.list(ctx, "/v1/events", q)
	if err != nil {
		return connectors.Page{}, err
	}
	var p connectors.Page
	for _, o := range list {
		p.Deliveries = append(p.Deliveries, delivered(o.raw))
	}
	if more && len(list) > 0 {
		p.Next = list[len(list)-1].ID
	}
	return p, nil
}

// Reach is how far back Changes can read.
func (r *Reader) Reach() time.Duration { return kept }

// Purchases reads the newest payments and paid invoices of one customer, and
// tells each as its event would. Guests are no customers to Stripe: they are
// found by e-mail only where a customer was made for them.
func (r *Reader) Purchases(ctx context.Context, who connectors.Customer, since time.Time) (connectors.Page, error) {
	id, err := r.customer(ctx, who)
	if err != nil || id == "" {
		return connectors.Page{}, err
	}
	var p connectors.Page
	for _, of := range []struct{ path, event, status string }{
		{"/v1/charges", "charge.succeeded", ""}, {"/v1/invoices", "invoice.paid", "paid"},
	} {
		q := url.Values{"customer": {id}, "limit": {strconv.Itoa(newest)}}
		if of.status != "" {
			q.Set("status", of.status)
		}
		if !since.IsZero() {
			q.Set("created[gte]", strconv.FormatInt(since.Unix(), 10))
		}
		list, _, err := r.list(ctx, of.path, q)
		if err != nil {
			return connectors.Page{}, err
		}
		for _, o := range list {
			if body, ok := o.event(of.event); ok {
				p.Deliveries = append(p.Deliveries, delivered(body))
			}
		}
	}
	return p, nil
}

var customerID = regexp.MustCompile(`^cus_[A-Za-z0-9]{1,60}$`)

// customer is the id to search by; empty: there is none.
func (r *Reader) customer(ctx context.Context, who connectors.Customer) (string, error) {
	for i := len(who.IDs) - 1; i >= 0; i-- {
		if customerID.MatchString(who.IDs[i]) {
			return who.IDs[i], nil
		}
	}
	if who.Email == "" || len(who.Email) > maxAddress {
		return "", nil
	}
	list, _, err := r.list(ctx, "/v1/customers", url.Values{"email": {who.Email}, "limit": {"1"}})
	if err != nil || len(list) == 0 || !customerID.MatchString(list[0].ID) {
		return "", err
	}
	return list[0].ID, nil
}

// listed is one object of a list.
type listed struct {
	raw     json.RawMessage
	ID      string `json:"id"`
	Status  string `json:"status"`
	Created int64  `json:"created"`
	Live    bool   `json:"livemode"`
}

// event is the object as its event would have told it.
func (o listed) event(kind string) ([]byte, bool) {
	if kind == "charge.succeeded" && o.Status != "succeeded" {
		return nil, false
	}
	body, err := json.Marshal(map[string]any{
		"object": "event", "type": kind, "created": o.Created, "livemode": o.Live, "data": map[string]any{"object": o.raw},
	})
	return body, err == nil
}

// delivered is an event as a webhook brings it.
func delivered(body []byte) connectors.Request {
	return connectors.Request{Method: http.MethodPost, Body: body, Header: http.Header{"Content-Type": {"application/json"}}}
}

// list makes one call. more says that there is another page behind it.
func (r *Reader) list(ctx context.Context, path string, q url.Values) (list []listed, more bool, err error) {
	a, err := r.o.Client.Get(ctx, r.o.URL+path+"?"+q.Encode(), http.Header{
		"Accept": {"application/json"}, "Authorization": {"Bearer " + r.o.Key},
	}, maxRead)
	switch {
	case ctx.Err() != nil:
		return nil, false, ctx.Err()
	case errors.Is(err, outbound.ErrBusy):
		return nil, false, &connectors.ReadFault{Name: "busy", Text: "Stripe: " + err.Error()}
	case err != nil:
		return nil, false, &connectors.ReadFault{Refused: errors.Is(err, outbound.ErrInternal), Name: "unreachable", Text: "Stripe: no answer: " + err.Error()}
	}
	return readList(a, path)
}

// readList reads an answer.
func readList(a outbound.Answer, path string) (list []listed, more bool, err error) {
	if a.Status != http.StatusOK {
		return nil, false, readFault(a, path)
	}
	var got struct {
		Object string            `json:"object"`
		More   bool              `json:"has_more"`
		Data   []json.RawMessage `json:"data"`
	}
	if json.Unmarshal(a.Body, &got) != nil || got.Object != "list" {
		return nil, false, &connectors.ReadFault{Name: "not_understood", Text: "Stripe: its answer is no list"}
	}
	for _, raw := range got.Data {
		o := listed{raw: raw}
		if json.Unmarshal(raw, &o) != nil || o.ID == "" || len(o.ID) > 255 {
			return nil, false, &connectors.ReadFault{Name: "not_understood", Text: "Stripe: an object of its list has no id"}
		}
		list = append(list, o)
	}
	return list, got.More, nil
}

// readFault judges an answer that is no list. https://docs.stripe.com/api/errors
func readFault(a outbound.Answer, path string) *connectors.ReadFault {
	var got struct {
		Error struct {
			Param string `json:"param"`
			Code  string `json:"code"`
		} `json:"error"`
	}
	_ = json.Unmarshal(a.Body, &got)
	what := strings.TrimPrefix(path, "/v1/")
	switch s := a.Status; {
	case s == http.StatusUnauthorized:
		return readRefused("it does not know our key (status 401): look at api_key")
	case s == http.StatusForbidden:
		return readRefused("our key may not read " + what + " (status 403): give the restricted key the permission Read for events, charges, invoices and customers")
	case s == http.StatusBadRequest && got.Error.Param == "starting_after", s == http.StatusNotFound && got.Error.Param == "starting_after":
		return &connectors.ReadFault{Restart: true, Name: "not_understood", Text: "Stripe: the event at which the next page begins is no longer there"}
	case s == http.StatusTooManyRequests:
		return &connectors.ReadFault{Name: "throttled", Text: "Stripe: it asks to slow down (status 429)", RetryAfter: a.RetryAfter}
	case s == http.StatusConflict, s >= 500:
		return &connectors.ReadFault{Name: "unreachable", Text: fmt.Sprintf("Stripe: it cannot just now (status %d)", s), RetryAfter: a.RetryAfter}
	default:
		return readRefused(fmt.Sprintf("it does not understand us (status %d)", s))
	}
}

func readRefused(text string) *connectors.ReadFault {
	return &connectors.ReadFault{Refused: true, Name: "refused", Text: "Stripe: " + text}
}
