package activecampaign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"ritorno/connectors"
	"ritorno/connectors/outbound"
)

// Bounds of one read.
const (
	pageSize     = 100 // the API's most
	newestOrders = 5   // of one contact
	maxRead      = 8 << 20
	// orderLag is how late an order may reach ActiveCampaign after it was placed in
	// the shop: its list can be sorted by the latter only.
	orderLag = 48 * time.Hour
)

// ReaderOptions say how to reach one account.
type ReaderOptions struct {
	URL    string // of the account, such as https://x.api-us1.com, without a slash at the end
	Key    string // of the account: Settings, Developer
	Client *outbound.Client
}

// Reader reads contacts with their lists, and orders where a shop syncs its own
// there ("deep data").
type Reader struct{ o ReaderOptions }

var _ connectors.Reader = (*Reader)(nil)

// NewReader makes a reader.
func NewReader(o ReaderOptions) (*Reader, error) {
	if o.URL == "" || o.Key == "" || o.Client == nil {
		return nil, errors.New("access to ActiveCampaign's API needs api_url and api_key")
	}
	return &Reader{o}, nil
}

// Changes reads contacts by their ids, so that one that changes meanwhile stays
// where it is, then orders.
// https://developers.activecampaign.com/reference/list-all-contacts
func (r *Reader) Changes(ctx context.Context, since time.Time, next string) (connectors.Page, error) {
	kind, at, _ := strings.Cut(next, " ")
	switch n, err := strconv.ParseUint(at, 10, 63); {
	case next == "":
		return r.contacts(ctx, since, 0)
	case err == nil && kind == "contacts":
		return r.contacts(ctx, since, n)
	case err == nil && kind == "orders" && n < 1_000_000:
		return r.orders(ctx, since, int(n))
	}
	return connectors.Page{}, &connectors.ReadFault{Restart: true, Name: "not_understood", Text: "ActiveCampaign: the mark of the next page cannot be read"}
}

// Purchases reads a contact's newest orders, which are found by e-mail only.
func (r *Reader) Purchases(ctx context.Context, who connectors.Customer, since time.Time) (connectors.Page, error) {
	if who.Email == "" || len(who.Email) > maxAddress {
		return connectors.Page{}, nil
	}
	list, err := r.orderList(ctx, url.Values{"filters[email]": {who.Email}, "limit": {strconv.Itoa(newestOrders)}})
	var p connectors.Page
	for _, o := range list {
		if !o.placed().Before(since) {
			p.Deliveries = append(p.Deliveries, o.delivery())
		}
	}
	return p, err
}

// text is a value that the API writes as text, as a number or not at all.
type text string

// UnmarshalJSON implements [json.Unmarshaler].
func (t *text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(t))
	}
	if s := string(b); s != "null" && b[0] != '{' && b[0] != '[' {
		*t = text(s)
	}
	return nil
}

// apiContact is a contact as the API tells it.
type apiContact struct {
	ID        text `json:"id"`
	Email     text `json:"email"`
	Phone     text `json:"phone"`
	FirstName text `json:"firstName"`
	LastName  text `json:"lastName"`
	Updated   text `json:"udate"`
}

// apiListed is one contact's place on one list.
type apiListed struct {
	Contact text `json:"contact"`
	List    text `json:"list"`
	Status  text `json:"status"` // 1 subscribed, 2 unsubscribed; 0 unconfirmed, 3 bounced
	Since   text `json:"sdate"`
	Until   text `json:"udate"`
	Reason  text `json:"unsubreason"`
}

func (r *Reader) contacts(ctx context.Context, since time.Time, behind uint64) (connectors.Page, error) {
	var got contactPage
	q := url.Values{
		"filters[updated_after]": {since.UTC().Format(time.RFC3339)}, "orders[id]": {"ASC"}, "include": {"contactLists"},
		"limit": {strconv.Itoa(pageSize)},
	}
	if behind > 0 {
		q.Set("id_greater", strconv.FormatUint(behind, 10))
	}
	if err := r.get(ctx, "contacts", q, &got); err != nil {
		return connectors.Page{}, err
	}
	return got.page(behind)
}

// contactPage is an answer with contacts.
type contactPage struct {
	Contacts []apiContact `json:"contacts"`
	Listed   []apiListed  `json:"contactLists"`
}

// page is what webhooks would have told of the contacts behind an id.
func (got contactPage) page(behind uint64) (connectors.Page, error) {
	var p connectors.Page
	last := behind
	for _, c := range got.Contacts {
		id, err := strconv.ParseUint(string(c.ID), 10, 63)
		if err != nil || id <= last {
			return connectors.Page{}, notUnderstood("the contacts of its list have no rising ids")
		}
		last = id
		p.Deliveries = append(p.Deliveries, c.delivery("update", c.Updated, nil))
		for _, l := range got.Listed {
			if l.Contact != c.ID {
				continue
			}
			if d, ok := c.listed(l); ok {
				p.Deliveries = append(p.Deliveries, d)
			}
		}
	}
	if p.Next = "orders 0"; len(got.Contacts) >= pageSize {
		p.Next = "contacts " + strconv.FormatUint(last, 10)
	}
	return p, nil
}

// delivery is the contact as a webhook tells it.
func (c apiContact) delivery(kind string, at text, more url.Values) connectors.Request {
	form := url.Values{
		"type": {kind}, "contact[id]": {string(c.ID)}, "contact[email]": {string(c.Email)}, "contact[phone]": {string(c.Phone)},
		"contact[first_name]": {string(c.FirstName)}, "contact[last_name]": {string(c.LastName)},
	}
	if at != "" {
		form.Set("date_time", string(at))
	}
	for k, v := range more {
		form[k] = v
	}
	return posted(form)
}

// listed is a place on a list as the webhooks subscribe and unsubscribe tell
// it. Without a time of its own it says nothing new.
func (c apiContact) listed(l apiListed) (connectors.Request, bool) {
	switch {
	case l.Status == "1" && l.Since != "":
		return c.delivery("subscribe", l.Since, url.Values{"list": {string(l.List)}}), true
	case l.Status == "2" && l.Until != "":
		return c.delivery("unsubscribe", l.Until, url.Values{"list": {string(l.List)}, "unsubscribe[reason]": {string(l.Reason)}}), true
	}
	return connectors.Request{}, false
}

func posted(form url.Values) connectors.Request {
	return connectors.Request{
		Method: http.MethodPost, Query: url.Values{}, Body: []byte(form.Encode()),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
	}
}

// get makes one call and reads the answer.
func (r *Reader) get(ctx context.Context, path string, q url.Values, to any) error {
	a, err := r.o.Client.Get(ctx, r.o.URL+"/api/3/"+path+"?"+q.Encode(), http.Header{"Accept": {"application/json"}, "Api-Token": {r.o.Key}}, maxRead)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, outbound.ErrBusy):
		return &connectors.ReadFault{Name: "busy", Text: "ActiveCampaign: " + err.Error()}
	case err != nil:
		return &connectors.ReadFault{Refused: errors.Is(err, outbound.ErrInternal), Name: "unreachable", Text: "ActiveCampaign: no answer: " + err.Error()}
	}
	return readAnswer(a, to)
}

// readAnswer reads an answer.
func readAnswer(a outbound.Answer, to any) error {
	switch s := a.Status; {
	case s == http.StatusOK:
		if json.Unmarshal(a.Body, to) != nil {
			return notUnderstood("its answer is not understood: look at api_url, which Settings, Developer shows")
		}
		return nil
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return &connectors.ReadFault{Refused: true, Name: "refused", Text: fmt.Sprintf("ActiveCampaign: it refuses our key (status %d): look at api_key, and at what its user may see", s)}
	case s == http.StatusNotFound, s >= 300 && s < 400:
		return &connectors.ReadFault{Refused: true, Name: "refused", Text: fmt.Sprintf("ActiveCampaign: there is no API at this address (status %d): api_url is the one that Settings, Developer shows", s)}
	case s == http.StatusTooManyRequests:
		return &connectors.ReadFault{Name: "throttled", Text: "ActiveCampaign: it asks to slow down (status 429)", RetryAfter: a.RetryAfter}
	case s == http.StatusRequestTimeout, s >= 500:
		return &connectors.ReadFault{Name: "unreachable", Text: fmt.Sprintf("ActiveCampaign: it cannot just now (status %d)", s), RetryAfter: a.RetryAfter}
	default:
		return &connectors.ReadFault{Refused: true, Name: "refused", Text: fmt.Sprintf("ActiveCampaign: it does not understand us (status %d)", s)}
	}
}

func notUnderstood(text string) *connectors.ReadFault {
	return &connectors.ReadFault{Name: "not_understood", Text: "ActiveCampaign: " + text}
}
