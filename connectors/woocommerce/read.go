package woocommerce

import (
	"context"
	"encoding/base64"
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
	pageOrders   = 50      // an order with its lines and meta_data may have 20 KiB and more
	newestOrders = 5       // of one customer
	maxRead      = 8 << 20 // bytes of an answer
)

// Reader reads orders and subscriptions from one shop's REST API. A key with the
// permission Read will do.
type Reader struct{ o MakerOptions }

var _ connectors.Reader = (*Reader)(nil)

// NewReader makes a reader. It takes the same access as a maker of coupons.
func NewReader(o MakerOptions) (*Reader, error) {
	if _, err := NewMaker(o); err != nil {
		return nil, err
	}
	return &Reader{o}, nil
}

// part is one of the lists that are read in turn.
type part struct {
	name  string // in marks
	path  string
	query url.Values
	topic string // of the webhook that would have told it
	// extension: the list is a plugin's, so that a shop may have none.
	extension bool
}

// parts: a list of any status leaves the trash out.
var parts = []part{
	{name: "orders", path: "orders", query: url.Values{"status": {"any"}}, topic: "order.updated"},
	{name: "trash", path: "orders", query: url.Values{"status": {"trash"}}, topic: "order.updated"},
	{name: "subscriptions", path: "subscriptions", query: url.Values{"status": {"any"}}, topic: "subscription.updated", extension: true},
}

// Changes reads what was changed at since or later, oldest first. The next page
// begins one second before the last change that was seen, and not at a number:
// what changes meanwhile moves to the end, and nothing slips over the edge of a
// page. Whole pages of one second are counted through.
// https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-orders
func (r *Reader) Changes(ctx context.Context, since time.Time, next string) (connectors.Page, error) {
	m := mark{part: 0, after: since.UTC().Truncate(time.Second).Add(-time.Second), page: 1}
	if next != "" {
		var ok bool
		if m, ok = parseMark(next); !ok {
			return connectors.Page{}, &connectors.ReadFault{Restart: true, Name: "not_understood", Text: "WooCommerce: the mark of the next page cannot be read"}
		}
	}
	what := parts[m.part]
	q := url.Values{
		"modified_after": {m.after.Format(gmtLayout)}, "dates_are_gmt": {"true"}, "orderby": {"modified"}, "order": {"asc"},
		"per_page": {strconv.Itoa(pageOrders)}, "page": {strconv.Itoa(m.page)},
	}
	for k, v := range what.query {
		q[k] = v
	}
	list, more, err := r.list(ctx, what, q, m.page)
	if err != nil {
		return connectors.Page{}, err
	}
	p := connectors.Page{Deliveries: deliveries(list, what.topic)}
	switch {
	case more:
		p.Next = m.behind(list).String()
	case m.part+1 < len(parts):
		p.Next = mark{part: m.part + 1, after: since.UTC().Truncate(time.Second).Add(-time.Second), page: 1}.String()
	}
	return p, nil
}

// Purchases reads the newest orders of one customer: by their id, else by a
// search for the e-mail address, which also finds those of guests. What the
// search finds beside it are other people's orders: they are left out.
func (r *Reader) Purchases(ctx context.Context, who connectors.Customer, since time.Time) (connectors.Page, error) {
	q := url.Values{"orderby": {"date"}, "order": {"desc"}, "per_page": {strconv.Itoa(newestOrders)}, "status": {"any"}}
	if !since.IsZero() {
		q.Set("after", since.UTC().Add(-time.Second).Format(gmtLayout))
		q.Set("dates_are_gmt", "true")
	}
	var id string
	for _, known := range who.IDs {
		if allDigits(known) && known != "0" {
			id = known
		}
	}
	var list []entry
	for _, by := range [][2]string{{"customer", id}, {"search", who.Email}} {
		if by[1] == "" || len(by[1]) > maxAddress {
			continue
		}
		q.Del("customer")
		q.Set(by[0], by[1])
		found, _, err := r.list(ctx, parts[0], q, 1)
		if err != nil {
			return connectors.Page{}, err
		}
		for _, e := range found {
			if by[0] == "customer" || strings.EqualFold(strings.TrimSpace(e.Billing.Email), who.Email) {
				list = append(list, e)
			}
		}
	}
	return connectors.Page{Deliveries: deliveries(list, parts[0].topic)}, nil
}

// entry is one object of a list, with what is needed to go on.
type entry struct {
	raw      json.RawMessage
	Modified string `json:"date_modified_gmt"`
	Billing  struct {
		Email string `json:"email"`
	} `json:"billing"`
}

// list makes one call. more says that there is another page behind it.
func (r *Reader) list(ctx context.Context, what part, q url.Values, page int) (list []entry, more bool, err error) {
	a, err := r.o.Client.Get(ctx, r.o.URL+"/wp-json/wc/v3/"+what.path+"?"+q.Encode(), http.Header{
		"Accept":        {"application/json"},
		"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(r.o.Key+":"+r.o.Secret))},
	}, maxRead)
	switch {
	case ctx.Err() != nil:
		return nil, false, ctx.Err()
	case errors.Is(err, outbound.ErrBusy):
		return nil, false, &connectors.ReadFault{Name: "busy", Text: "WooCommerce: " + err.Error()}
	case err != nil:
		return nil, false, &connectors.ReadFault{Refused: errors.Is(err, outbound.ErrInternal), Name: "unreachable", Text: "WooCommerce: no answer: " + err.Error()}
	}
	return readList(a, what, page)
}

// readList reads an answer.
func readList(a outbound.Answer, what part, page int) (list []entry, more bool, err error) {
	if a.Status != http.StatusOK {
		if what.extension && a.Status == http.StatusNotFound {
			return nil, false, nil // the shop has no such plugin
		}
		return nil, false, readFault(a)
	}
	var raw []json.RawMessage
	if json.Unmarshal(a.Body, &raw) != nil {
		return nil, false, &connectors.ReadFault{Name: "not_understood", Text: "WooCommerce: its answer is no list: look at api_url, and whether the permalinks of WordPress are anything but Plain"}
	}
	for _, one := range raw {
		e := entry{raw: one}
		_ = json.Unmarshal(one, &e) // what is odd about it, the topic's own reader says
		list = append(list, e)
	}
	return list, morePages(a.Header, page, len(list)), nil
}

// morePages reads how many pages there are; some of the objects may be hidden
// from our key's user, so the length of this one says little.
func morePages(h http.Header, page, n int) bool {
	if n == 0 {
		return false
	}
	if total, err := strconv.Atoi(h.Get("X-WP-TotalPages")); err == nil {
		return page < total
	}
	return n >= pageOrders
}

// readFault judges an answer that is no list.
func readFault(a outbound.Answer) *connectors.ReadFault {
	var got struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(a.Body, &got)
	switch s := a.Status; {
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return readRefused(fmt.Sprintf("it refuses our key (status %d, %s): make one with the permission Read for a user who may manage the shop, and look whether the web server passes Authorization on", s, word(got.Code)))
	case s == http.StatusNotFound:
		return readRefused("there is no API at this address (status 404): api_url is the address of the WordPress site, whose permalinks must be anything but Plain")
	case s >= 300 && s < 400:
		return readRefused(fmt.Sprintf("it leads elsewhere (status %d): api_url must be the address where the shop ends up, with or without www", s))
	case s == http.StatusTooManyRequests:
		return &connectors.ReadFault{Name: "throttled", Text: "WooCommerce: it asks to slow down (status 429)", RetryAfter: a.RetryAfter}
	case s == http.StatusRequestTimeout, s == http.StatusTooEarly, s >= 500:
		return &connectors.ReadFault{Name: "unreachable", Text: fmt.Sprintf("WooCommerce: it cannot just now (status %d)", s), RetryAfter: a.RetryAfter}
	default:
		return readRefused(fmt.Sprintf("it does not understand us (status %d, %s): reading by the time of a change needs WooCommerce 5.8 or later", s, word(got.Code)))
	}
}

func readRefused(text string) *connectors.ReadFault {
	return &connectors.ReadFault{Refused: true, Name: "refused", Text: "WooCommerce: " + text}
}

// deliveries are the objects as the webhook of a topic brings them: its body is
// the very object of the REST API.
func deliveries(list []entry, topic string) []connectors.Request {
	var out []connectors.Request
	for _, e := range list {
		out = append(out, connectors.Request{Method: http.MethodPost, Body: e.raw, Header: http.Header{
			"X-Wc-Webhook-Topic": {topic}, "Content-Type": {"application/json"},
		}})
	}
	return out
}

// gmtLayout is a time as the REST API writes and takes it: UTC, without a zone.
const gmtLayout = "2006-01-02T15:04:05"

// mark is where the next page begins.
type mark struct {
	part  int
	after time.Time // exclusive
	page  int       // from 1; above only where whole pages were changed in one second
}

func (m mark) String() string {
	return parts[m.part].name + " " + m.after.Format(gmtLayout) + " " + strconv.Itoa(m.page)
}

// behind is where the page behind list begins.
func (m mark) behind(list []entry) mark {
	last, err := connectors.ParseTime(list[len(list)-1].Modified)
	if after := last.Add(-time.Second); err == nil && after.After(m.after) {
		return mark{part: m.part, after: after, page: 1}
	}
	return mark{part: m.part, after: m.after, page: m.page + 1}
}

func parseMark(text string) (mark, bool) {
	words := strings.Fields(text)
	if len(words) != 3 {
		return mark{}, false
	}
	for i, p := range parts {
		after, err := time.Parse(gmtLayout, words[1])
		page, err2 := strconv.Atoi(words[2])
		if p.name == words[0] && err == nil && err2 == nil && page >= 1 {
			return mark{part: i, after: after, page: page}, true
		}
	}
	return mark{}, false
}
